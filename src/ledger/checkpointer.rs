//! The checkpointer: gives entries their places, publishes tiles, and signs how far the log goes.

use alloc::{string::String, vec::Vec};

use super::{
    archive::Ledger,
    checkpoint::{BadCheckpoint, Checkpoint},
    hash::Hash,
    merkle::{Hashes, consistency, is_consistent, leaf_hash, root},
    note::{NoteKey, NoteSigner},
    publish::Sink,
    tile::{BadTile, Tile, TiledLog, WIDTH, top},
};
use crate::consent::id::AccountId;

/// Entries read, or given their places, at a time.
const BATCH: usize = 1_024;

/// Publishes one account's log, run after run.
///
/// Any number may run at once, on any machine: places are given by the storage, one after the
/// other, and what is published of them is the same whoever does it. A run that ended midway is
/// taken up by the next. It signs no checkpoint that does not go on from the one published before,
/// so that a storage that went back to an older copy is found, not signed.
///
/// What was committed since the last checkpoint is protected by its chain alone: run it as often
/// as that may matter, and publish where whoever runs the storage cannot change it.
#[derive(Debug)]
pub struct Checkpointer<'a, S, K> {
    storage: &'a S,
    sink: &'a K,
    account: AccountId,
    origin: String,
    signers: &'a [NoteSigner],
    known: Vec<NoteKey>,
}

/// Why a log was not published.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError<S, K> {
    /// The storage failed; run again.
    #[error("the storage failed")]
    Storage(#[source] S),
    /// What is published could not be read or written; run again.
    #[error("what is published could not be read or written")]
    Sink(#[source] K),
    /// What is published is not signed by a key that is known, or is no checkpoint. Somebody
    /// changed it, or a key is missing: see
    /// [`with_known_key`](Checkpointer::with_known_key).
    #[error("the published checkpoint is not believed")]
    Published(#[source] BadCheckpoint),
    /// What is published is another log's.
    #[error("the published checkpoint is of another log")]
    OtherLog,
    /// The storage has fewer entries than were published, or others: it went back to an older
    /// copy. Do not go on from it without knowing what is missing: texts may act again, and
    /// opt-outs be lost.
    #[error("the storage went back: {published} entries were published, and it has others")]
    WentBack {
        /// Entries under the published checkpoint.
        published: u64,
    },
    /// A published tile is missing or cut off; bring it back from a copy.
    #[error("{} is missing or cut off", .0.path())]
    BadTile(Tile),
    /// The published tiles are not those under the published checkpoint.
    #[error("the published tiles are not those that were signed")]
    ChangedTiles,
    /// No signer was given.
    #[error("there is nobody to sign")]
    NoSigner,
}

impl<S, K> From<BadTile<K>> for CheckpointError<S, K> {
    fn from(bad: BadTile<K>) -> Self {
        match bad {
            BadTile::Source(error) => Self::Sink(error),
            BadTile::Missing(tile) => Self::BadTile(tile),
        }
    }
}

type Failed<S, K> = CheckpointError<<S as crate::Storage>::Error, <K as super::TileSource>::Error>;

impl<'a, S: Ledger, K: Sink> Checkpointer<'a, S, K> {
    /// A checkpointer of this account's log under this name, which checkpoints begin with:
    /// `example.com/consent/acme`, say. It signs with all of `signers`.
    pub fn new(
        storage: &'a S,
        sink: &'a K,
        account: AccountId,
        origin: &str,
        signers: &'a [NoteSigner],
    ) -> Self {
        let known = signers.iter().map(NoteSigner::key).collect();
        Self { storage, sink, account, origin: origin.into(), signers, known }
    }

    /// The same, which goes on from checkpoints signed by this key too, after a change of keys.
    #[must_use]
    pub fn with_known_key(mut self, key: NoteKey) -> Self {
        self.known.push(key);
        self
    }

    /// Gives every entry that was committed by now its place, publishes the tiles, then the
    /// checkpoint, and says what it is.
    ///
    /// # Errors
    /// [`CheckpointError`]: nothing was signed. Those of storage and sink pass; the others need a
    /// person.
    pub async fn run_once(&self) -> Result<Checkpoint, Failed<S, K>> {
        if self.signers.is_empty() {
            return Err(CheckpointError::NoSigner);
        }
        let published = self.published()?;
        let before = published.as_ref().map_or(0, |published| published.size);
        let size = self.place_all(before).await?;
        self.publish_leaves(before, size).await?;
        self.publish_nodes(before, size)?;

        let log = TiledLog::new(self.sink, size);
        let checkpoint = Checkpoint::new(&self.origin, size, root(&log, size)?);
        if let Some(published) = published {
            let proof = consistency(&log, before, size)?.unwrap_or_default();
            let goes_on = is_consistent(&proof, before, published.root, size, checkpoint.root);
            if !goes_on {
                return Err(CheckpointError::ChangedTiles);
            }
            if published.size == size {
                return Ok(published);
            }
        }
        // Somebody else may have come further meanwhile.
        if let Some(further) = self.published()?.filter(|published| published.size > size) {
            return Ok(further);
        }
        let signers: Vec<_> = self.signers.iter().collect();
        let note = checkpoint.sign(&signers);
        self.sink.publish_checkpoint(&note).map_err(CheckpointError::Sink)?;
        Ok(checkpoint)
    }

    fn published(&self) -> Result<Option<Checkpoint>, Failed<S, K>> {
        let note = self.sink.checkpoint().map_err(CheckpointError::Sink)?;
        let Some(note) = note else { return Ok(None) };
        let published = Checkpoint::open(&note, &self.known).map_err(CheckpointError::Published)?;
        if published.origin == self.origin {
            Ok(Some(published))
        } else {
            Err(CheckpointError::OtherLog)
        }
    }

    /// The size of the log once nobody waits for a place.
    async fn place_all(&self, published: u64) -> Result<u64, Failed<S, K>> {
        let mut size =
            self.storage.log_size(&self.account).await.map_err(CheckpointError::Storage)?;
        if size < published || !self.is_same_log(published).await? {
            return Err(CheckpointError::WentBack { published });
        }
        loop {
            let placed = self.storage.sequence(&self.account, size, BATCH).await;
            let placed = placed.map_err(CheckpointError::Storage)?;
            if placed == size {
                return Ok(size);
            }
            size = placed;
        }
    }

    /// Whether the leaves that were published last are still what the storage has there.
    ///
    /// All of them would be read again at each run; of a storage that went back the last differ,
    /// unless hundreds had waited for a place in its copy. Auditing reads all.
    async fn is_same_log(&self, published: u64) -> Result<bool, Failed<S, K>> {
        let first = (published / WIDTH).saturating_sub(1) * WIDTH;
        let count = published - first;
        // At most two tiles.
        let leaves = self.storage.leaves(&self.account, first, count as usize).await;
        let leaves = leaves.map_err(CheckpointError::Storage)?;
        let log = TiledLog::new(self.sink, published);
        for (index, leaf) in (first..published).zip(&leaves) {
            if Hashes::subtree(&log, 0, index)? != leaf_hash(leaf) {
                return Ok(false);
            }
        }
        Ok(leaves.len() as u64 == count)
    }

    /// Publishes the leaves themselves, and the tiles of their hashes.
    async fn publish_leaves(&self, before: u64, size: u64) -> Result<(), Failed<S, K>> {
        let tiles = Tile::between(before, size).into_iter().filter(|tile| tile.level == 0);
        for tile in tiles {
            let (first, width) = (tile.index * WIDTH, usize::from(tile.width));
            let leaves = self.storage.leaves(&self.account, first, width).await;
            let leaves = leaves.map_err(CheckpointError::Storage)?;
            if leaves.len() != width {
                return Err(CheckpointError::WentBack { published: size });
            }
            let mut bundle = Vec::new();
            for leaf in &leaves {
                // A sealed entry is far shorter than 64 KiB.
                let length = u16::try_from(leaf.len()).unwrap_or(u16::MAX);
                bundle.extend_from_slice(&length.to_be_bytes());
                bundle.extend_from_slice(leaf);
            }
            let hashes: Vec<u8> = leaves.iter().flat_map(|leaf| leaf_hash(leaf).0).collect();
            self.sink.publish(&tile.entries_path(), &bundle).map_err(CheckpointError::Sink)?;
            self.sink.publish(&tile.path(), &hashes).map_err(CheckpointError::Sink)?;
        }
        Ok(())
    }

    /// Publishes the tiles above, each hash over a whole tile below it.
    fn publish_nodes(&self, before: u64, size: u64) -> Result<(), Failed<S, K>> {
        let tiles = Tile::between(before, size).into_iter().filter(|tile| tile.level > 0);
        for tile in tiles {
            let first = tile.index * WIDTH;
            let mut hashes = Vec::with_capacity(32 * usize::from(tile.width));
            for index in first..first + u64::from(tile.width) {
                let below = Tile { level: tile.level - 1, index, width: 256 };
                let bytes = self.sink.tile(below).map_err(CheckpointError::Sink)?;
                let bytes = bytes.filter(|bytes| bytes.len() == 32 * 256);
                let bytes = bytes.ok_or(CheckpointError::BadTile(below))?;
                let row =
                    bytes.chunks_exact(32).map(|hash| Hash(hash.try_into().unwrap_or_default()));
                hashes.extend_from_slice(&top(row.collect()).unwrap_or_default().0);
            }
            self.sink.publish(&tile.path(), &hashes).map_err(CheckpointError::Sink)?;
        }
        Ok(())
    }
}
