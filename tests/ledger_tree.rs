//! The log's tree is that of RFC 6962, and its tiles are those of C2SP tlog-tiles.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::collections::HashMap;

use optin::ledger::{
    Hash, Tile, TileSource, TiledLog,
    merkle::{consistency, inclusion, is_consistent, is_included, leaf_hash, root},
};
use proptest::prelude::*;

fn hash(hex: &str) -> Hash {
    Hash::from_hex(hex).unwrap()
}

/// The leaves and roots that the tests of Certificate Transparency's own implementations share.
#[test]
fn roots_and_paths_are_those_of_the_published_vectors() {
    let data: [&[u8]; 8] = [
        b"",
        &[0x00],
        &[0x10],
        &[0x20, 0x21],
        &[0x30, 0x31],
        &[0x40, 0x41, 0x42, 0x43],
        &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
        b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
    ];
    let roots = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let leaves: Vec<_> = data.iter().map(|data| leaf_hash(data)).collect();
    for (size, expected) in (0..).zip(roots) {
        assert_eq!(root(&leaves[..], size), Ok(hash(expected)), "{size} leaves");
    }
    let path = inclusion(&leaves[..], 0, 8).unwrap().unwrap();
    assert_eq!(
        path,
        [
            hash("96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"),
            hash("5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"),
            hash("6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"),
        ]
    );
    let path = inclusion(&leaves[..], 5, 8).unwrap().unwrap();
    assert_eq!(
        path,
        [
            hash("bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"),
            hash("ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"),
            hash("d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"),
        ]
    );
}

fn leaves(count: u64) -> Vec<Hash> {
    (0..count).map(|n| leaf_hash(&n.to_be_bytes())).collect()
}

#[test]
fn every_leaf_of_small_logs_is_shown_to_be_in_its_place_alone() {
    let leaves = leaves(24);
    for size in 0..=24 {
        let top = root(&leaves[..], size).unwrap();
        assert_eq!(inclusion(&leaves[..], size, size), Ok(None));
        for index in 0..size {
            let proof = inclusion(&leaves[..], index, size).unwrap().unwrap();
            let leaf = leaves[index as usize];
            assert!(is_included(&proof, index, leaf, size, top));
            for other in 0..size {
                let is_own = other == index;
                let other_leaf = leaves[other as usize];
                assert_eq!(is_included(&proof, index, other_leaf, size, top), is_own);
                assert_eq!(is_included(&proof, other, leaf, size, top), is_own);
            }
            for n in 0..proof.len() {
                let mut wrong = proof.clone();
                wrong[n].0[n % 32] ^= 1;
                assert!(!is_included(&wrong, index, leaf, size, top));
                wrong.remove(n);
                assert!(!is_included(&wrong, index, leaf, size, top));
            }
            let longer = [&proof[..], &[leaf]].concat();
            assert!(!is_included(&longer, index, leaf, size, top));
            assert!(!is_included(&proof, index, leaf, size, leaf_hash(b"other")));
            assert!(!is_included(&proof, size, leaf, size, top));
        }
    }
}

#[test]
fn every_small_log_is_shown_to_begin_every_longer_one() {
    let leaves = leaves(24);
    let roots: Vec<_> = (0..=24).map(|size| root(&leaves[..], size).unwrap()).collect();
    for size in 0..=24 {
        for old in 0..=size {
            let proof = consistency(&leaves[..], old, size).unwrap().unwrap();
            let (old_root, new_root) = (roots[old as usize], roots[size as usize]);
            assert!(is_consistent(&proof, old, old_root, size, new_root), "{old} of {size}");
            let other = leaf_hash(b"other");
            assert!(!is_consistent(&proof, old, other, size, new_root), "{old} of {size}");
            // The empty log begins every other one.
            if old > 0 {
                assert!(!is_consistent(&proof, old, old_root, size, other), "{old} of {size}");
            }
            for n in 0..proof.len() {
                let mut wrong = proof.clone();
                wrong[n].0[n % 32] ^= 1;
                assert!(!is_consistent(&wrong, old, old_root, size, new_root));
                wrong.remove(n);
                assert!(!is_consistent(&wrong, old, old_root, size, new_root));
            }
            let longer = [&proof[..], &[other]].concat();
            assert!(!is_consistent(&longer, old, old_root, size, new_root));
        }
        assert_eq!(consistency(&leaves[..], size + 1, size), Ok(None));
    }
}

#[test]
fn a_tile_has_the_path_of_the_format() {
    let tile = |level, index, width| Tile { level, index, width };
    assert_eq!(tile(0, 0, 256).path(), "tile/0/000");
    assert_eq!(tile(0, 999, 1).path(), "tile/0/999.p/1");
    assert_eq!(tile(3, 1_000, 256).path(), "tile/3/x001/000");
    assert_eq!(tile(1, 1_234_067, 8).path(), "tile/1/x001/x234/067.p/8");
    assert_eq!(tile(0, 1_234_067, 256).entries_path(), "tile/entries/x001/x234/067");
    assert_eq!(tile(0, u64::MAX, 256).path(), "tile/0/x018/x446/x744/x073/x709/x551/615");
}

/// Tiles in memory, as a log of this size has them.
#[derive(Default)]
struct Shelf(HashMap<String, Vec<u8>>);

impl Shelf {
    /// Writes the tiles that a log has which grew from `old` to all of `leaves`.
    fn grow(&mut self, leaves: &[Hash], old: u64) {
        for tile in Tile::between(old, leaves.len() as u64) {
            let span = 256_u64.pow(u32::from(tile.level));
            let first = tile.index * 256;
            let hashes = (first..first + u64::from(tile.width)).map(|node| {
                let own = &leaves[(node * span) as usize..((node + 1) * span) as usize];
                root(own, span).unwrap().0
            });
            self.0.insert(tile.path(), hashes.collect::<Vec<_>>().concat());
        }
    }
}

impl TileSource for Shelf {
    type Error = std::convert::Infallible;

    fn tile(&self, tile: Tile) -> Result<Option<Vec<u8>>, Self::Error> {
        Ok(self.0.get(&tile.path()).cloned())
    }
}

#[test]
fn proofs_from_tiles_are_those_from_leaves() {
    let all = leaves(66_000);
    let mut shelf = Shelf::default();
    let mut old = 0;
    for size in [1, 2, 255, 256, 257, 511, 512, 600, 65_535, 65_536, 65_537, 66_000] {
        shelf.grow(&all[..size as usize], old);
        old = size;
        let log = TiledLog::new(&shelf, size);
        let top = root(&all[..], size).unwrap();
        assert_eq!(root(&log, size), Ok(top), "{size} leaves");
        for index in [0, 1, size / 3, size / 2, size - 1].into_iter().filter(|&n| n < size) {
            let proof = inclusion(&log, index, size).unwrap().unwrap();
            assert_eq!(Ok(Some(proof)), inclusion(&all[..], index, size));
        }
        for old in [1, size / 3, size / 2, size - 1].into_iter().filter(|&n| n > 0) {
            let proof = consistency(&log, old, size).unwrap().unwrap();
            assert_eq!(Ok(Some(proof)), consistency(&all[..], old, size));
        }
    }
}

#[test]
fn a_tile_that_is_missing_or_cut_off_is_named() {
    let all = leaves(600);
    let mut shelf = Shelf::default();
    shelf.grow(&all, 0);
    for tile in Tile::between(0, 600) {
        let whole = shelf.0[&tile.path()].clone();
        for cut in [None, Some(0), Some(31), Some(whole.len() - 1), Some(whole.len() - 32)] {
            shelf.0.remove(&tile.path());
            if let Some(cut) = cut {
                shelf.0.insert(tile.path(), whole[..cut].to_vec());
            }
            let log = TiledLog::new(&shelf, 600);
            let proofs = (0..600).map(|index| inclusion(&log, index, 600));
            let failed = proofs.filter_map(Result::err).next().unwrap();
            assert!(failed.to_string().starts_with(&tile.path()), "{failed}");
        }
        shelf.0.insert(tile.path(), whole);
    }
    let log = TiledLog::new(&shelf, 600);
    assert!((0..600).all(|index| inclusion(&log, index, 600).is_ok()));
}

proptest! {
    #[test]
    fn a_log_of_any_size_proves_what_it_holds(size in 1_u64..3_000, at in 0.0..1.0, from in 0.0..1.0) {
        let all = leaves(size);
        let top = root(&all[..], size).unwrap();
        let index = (at * size as f64) as u64;
        let proof = inclusion(&all[..], index, size).unwrap().unwrap();
        prop_assert!(is_included(&proof, index, all[index as usize], size, top));
        let old = (from * size as f64) as u64;
        let old_root = root(&all[..], old).unwrap();
        let proof = consistency(&all[..], old, size).unwrap().unwrap();
        prop_assert!(is_consistent(&proof, old, old_root, size, top));
    }

    #[test]
    fn no_proof_whatever_makes_it_panic(
        size: u64,
        index: u64,
        old: u64,
        proof in proptest::collection::vec(any::<[u8; 32]>().prop_map(Hash), 0..70),
    ) {
        let it = leaf_hash(b"it");
        prop_assert!(!is_included(&proof, index, it, size, leaf_hash(b"other")));
        prop_assert!(!is_consistent(&proof, old, it, size, leaf_hash(b"other")));
    }
}
