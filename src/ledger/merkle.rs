//! The Merkle tree of RFC 6962: roots, proofs that an entry is in a log, and that a log only grew.

use alloc::vec::Vec;

use super::hash::Hash;

/// The hash of a leaf with this data.
pub fn leaf_hash(data: &[u8]) -> Hash {
    Hash::of_parts(&[&[0], data])
}

/// The hash of a node over these two.
pub fn node_hash(left: Hash, right: Hash) -> Hash {
    Hash::of_parts(&[&[1], &left.0, &right.0])
}

/// Where the hashes of whole subtrees come from.
pub trait Hashes {
    /// Why one could not be read.
    type Error;

    /// The hash over leaves `index << level` up to `(index + 1) << level`, all of which there are.
    ///
    /// # Errors
    /// Its own, where it is not there or cannot be read.
    fn subtree(&self, level: u8, index: u64) -> Result<Hash, Self::Error>;
}

/// Leaf hashes in a row.
impl Hashes for [Hash] {
    type Error = NoSuchLeaf;

    fn subtree(&self, level: u8, index: u64) -> Result<Hash, NoSuchLeaf> {
        if level == 0 {
            let index = usize::try_from(index).map_err(|_| NoSuchLeaf)?;
            return self.get(index).copied().ok_or(NoSuchLeaf);
        }
        let left = index.checked_mul(2).ok_or(NoSuchLeaf)?;
        let right = left.checked_add(1).ok_or(NoSuchLeaf)?;
        Ok(node_hash(self.subtree(level - 1, left)?, self.subtree(level - 1, right)?))
    }
}

/// A leaf, or a size, past the end of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the log has no such leaf")]
#[non_exhaustive]
pub struct NoSuchLeaf;

/// The root over the first `size` leaves.
///
/// # Errors
/// Those of `hashes`.
pub fn root<H: Hashes + ?Sized>(hashes: &H, size: u64) -> Result<Hash, H::Error> {
    if size == 0 { Ok(Hash::of(&[])) } else { over(hashes, 0, size) }
}

/// The proof that leaf `index` is among the first `size`: at most 64 hashes.
///
/// # Errors
/// Those of `hashes`. `None` when `index` is not below `size`.
pub fn inclusion<H: Hashes + ?Sized>(
    hashes: &H,
    index: u64,
    size: u64,
) -> Result<Option<Vec<Hash>>, H::Error> {
    if index >= size {
        return Ok(None);
    }
    let mut proof = Vec::new();
    let (mut first, mut count) = (0, size);
    // From the root down; a proof goes from the leaf up.
    while count > 1 {
        let left = split(count);
        if index < first + left {
            proof.push(over(hashes, first + left, count - left)?);
            count = left;
        } else {
            proof.push(over(hashes, first, left)?);
            first += left;
            count -= left;
        }
    }
    proof.reverse();
    Ok(Some(proof))
}

/// The proof that the log of `old` leaves is the beginning of that of `size`: at most 65 hashes,
/// none where they are the same or the old one is empty.
///
/// # Errors
/// Those of `hashes`. `None` when `old` is above `size`.
pub fn consistency<H: Hashes + ?Sized>(
    hashes: &H,
    old: u64,
    size: u64,
) -> Result<Option<Vec<Hash>>, H::Error> {
    if old > size {
        return Ok(None);
    }
    let mut proof = Vec::new();
    if old == 0 || old == size {
        return Ok(Some(proof));
    }
    let (mut first, mut count, mut rest, mut is_whole) = (0, size, old, true);
    while rest < count {
        let left = split(count);
        if rest <= left {
            proof.push(over(hashes, first + left, count - left)?);
            count = left;
        } else {
            proof.push(over(hashes, first, left)?);
            first += left;
            count -= left;
            rest -= left;
            is_whole = false;
        }
    }
    if !is_whole {
        proof.push(over(hashes, first, count)?);
    }
    proof.reverse();
    Ok(Some(proof))
}

/// Whether `proof` shows that a leaf with this hash is number `index` of the `size` under `root`.
pub fn is_included(proof: &[Hash], index: u64, leaf: Hash, size: u64, root: Hash) -> bool {
    if index >= size {
        return false;
    }
    let mut hash = leaf;
    let is_whole = climb(proof, index, size - 1, |sibling, side| hash = side.join(sibling, hash));
    is_whole && hash == root
}

/// Whether `proof` shows that the log of `old` leaves under `old_root` is the beginning of that of
/// `size` under `root`.
pub fn is_consistent(proof: &[Hash], old: u64, old_root: Hash, size: u64, root: Hash) -> bool {
    if old > size {
        return false;
    }
    if old == size {
        return proof.is_empty() && old_root == root;
    }
    if old == 0 {
        return proof.is_empty() && old_root == Hash::of(&[]);
    }
    let (mut node, mut last) = (old - 1, size - 1);
    while node & 1 == 1 {
        node >>= 1;
        last >>= 1;
    }
    // A log of a power of two is a whole subtree: its root stands for the first hash.
    let (first, proof) = match proof.split_first() {
        _ if node == 0 => (old_root, proof),
        Some((first, proof)) => (*first, proof),
        None => return false,
    };
    let (mut old_hash, mut hash) = (first, first);
    let is_whole = climb(proof, node, last, |sibling, side| {
        if side == Side::Left {
            old_hash = side.join(sibling, old_hash);
        }
        hash = side.join(sibling, hash);
    });
    is_whole && old_hash == old_root && hash == root
}

/// On which side of a node its sibling is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Right,
}

impl Side {
    /// The hash over a node and its sibling.
    fn join(self, sibling: Hash, hash: Hash) -> Hash {
        match self {
            Self::Left => node_hash(sibling, hash),
            Self::Right => node_hash(hash, sibling),
        }
    }
}

/// Goes up from a node of a tree whose last node of that level is `last`, with a sibling a level;
/// says whether the last sibling was the root's.
fn climb(proof: &[Hash], mut node: u64, mut last: u64, mut step: impl FnMut(Hash, Side)) -> bool {
    for &sibling in proof {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            step(sibling, Side::Left);
            // On the right edge a node without a sibling goes up as it is.
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            step(sibling, Side::Right);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0
}

/// The hash over `count` leaves from `first` on: a subtree, or the right edge of one.
fn over<H: Hashes + ?Sized>(hashes: &H, first: u64, count: u64) -> Result<Hash, H::Error> {
    if count.is_power_of_two() {
        let level = count.trailing_zeros();
        // At most 63: there are fewer than 2^64 leaves.
        return hashes.subtree(level as u8, first >> level);
    }
    let left = split(count);
    Ok(node_hash(over(hashes, first, left)?, over(hashes, first + left, count - left)?))
}

/// The largest power of two below `count`, which is at least 2.
fn split(count: u64) -> u64 {
    1 << (u64::BITS - 1 - (count - 1).leading_zeros())
}
