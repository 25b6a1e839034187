//! The checkpointer: gives entries their places, publishes tiles, and signs how far the log goes.

use alloc::{string::String, vec::Vec};

use super::{
    archive::Ledger,
    checkpoint::{BadCheckpoint, Checkpoint},
    hash::Hash,
    merkle::{Hashes, consistency, inclusion, is_consistent, is_included, leaf_hash, root},
    note::{NoteKey, NoteSigner},
    publish::CheckpointSink,
    tile::{BadTile, Tile, TiledLog, WIDTH, top},
};
use crate::consent::id::AccountId;

/// Entries read, or given their places, at a time.
const BATCH: usize = 1_024;
/// Times that a run begins again because others published meanwhile.
const MAX_TRIES: u32 = 16;

/// Publishes one account's log, run after run.
///
/// Any number may run at once, on any machine: places are given by the storage, one after the
/// other, and what is published of them is the same whoever does it. A run that ended midway is
/// taken up by the next. It publishes no checkpoint that does not go on from the one published before,
/// which it replaces in one step, so that a storage that went back to an older copy is found, not
/// signed for.
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
    #[error(
        "the storage is older than what was published: it has fewer than the {published} \
         entries that were signed, or others. Stop using it, and go back to a later copy: in this one \
         opt-outs may be missing, and texts may act again"
    )]
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
    /// Other bytes are published where a tile of this log goes: those of another copy of the
    /// storage, or of one that went back before it was signed for. Find out which copy people
    /// were messaged from; then take away, or put elsewhere, what was published of the other.
    #[error("{path} is published, and is another log's")]
    OtherTile {
        /// Where it is.
        path: String,
    },
    /// Others publish all the time; run again.
    #[error("others published meanwhile")]
    Contended,
    /// No signer was given.
    #[error("there is nobody to sign")]
    NoSigner,
    /// With this origin, or so many signers, a checkpoint could not be read again: an origin has one
    /// line, is not empty, and the whole note no more than [`note`](super::note) reads.
    #[error("a checkpoint of this origin by these signers cannot be read")]
    Unreadable(#[source] BadCheckpoint),
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

impl<'a, S: Ledger, K: CheckpointSink> Checkpointer<'a, S, K> {
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
    /// [`CheckpointError`]: nothing was published that is signed. Those of storage and sink pass; the others need a
    /// person.
    pub async fn run_once(&self) -> Result<Checkpoint, Failed<S, K>> {
        if self.signers.is_empty() {
            return Err(CheckpointError::NoSigner);
        }
        let longest = Checkpoint::new(&self.origin, u64::MAX, Hash::default());
        match Checkpoint::open(&self.sign(&longest), &self.known) {
            Ok(read) if read.origin == self.origin => {}
            Ok(_) => return Err(CheckpointError::Unreadable(BadCheckpoint::NotACheckpoint)),
            Err(bad) => return Err(CheckpointError::Unreadable(bad)),
        }
        for _ in 0..MAX_TRIES {
            if let Some(checkpoint) = self.go_on().await? {
                return Ok(checkpoint);
            }
        }
        Err(CheckpointError::Contended)
    }

    /// Goes on from what is published; `None` where somebody else did meanwhile.
    async fn go_on(&self) -> Result<Option<Checkpoint>, Failed<S, K>> {
        let note = self.sink.checkpoint().map_err(CheckpointError::Sink)?;
        let published = note.as_deref().map(|note| self.believe(note)).transpose()?;
        let before = published.as_ref().map_or(0, |published| published.size);
        let size = self.place_all(published.as_ref()).await?;
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
                return Ok(Some(published));
            }
        }
        let replaced = self.sink.publish_checkpoint(note.as_deref(), &self.sign(&checkpoint));
        Ok(replaced.map_err(CheckpointError::Sink)?.then_some(checkpoint))
    }

    fn sign(&self, checkpoint: &Checkpoint) -> String {
        let signers: Vec<_> = self.signers.iter().collect();
        checkpoint.sign(&signers)
    }

    fn believe(&self, note: &str) -> Result<Checkpoint, Failed<S, K>> {
        let published = Checkpoint::open(note, &self.known).map_err(CheckpointError::Published)?;
        if published.origin == self.origin { Ok(published) } else { Err(CheckpointError::OtherLog) }
    }

    /// The size of the log once nobody waits for a place.
    async fn place_all(&self, published: Option<&Checkpoint>) -> Result<u64, Failed<S, K>> {
        let mut size =
            self.storage.log_size(&self.account).await.map_err(CheckpointError::Storage)?;
        if let Some(published) = published {
            if size < published.size {
                return Err(CheckpointError::WentBack { published: published.size });
            }
            self.check_last_leaves(published).await?;
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

    /// The leaves that were published last are still what the storage has there.
    ///
    /// All of them would be read again at each run; of a storage that went back the last differ,
    /// unless hundreds had waited for a place in its copy. Auditing reads all.
    async fn check_last_leaves(&self, published: &Checkpoint) -> Result<(), Failed<S, K>> {
        let size = published.size;
        let went_back = CheckpointError::WentBack { published: size };
        let first = (size / WIDTH).saturating_sub(1) * WIDTH;
        let count = size - first;
        // At most two tiles.
        let leaves = self.storage.leaves(&self.account, first, count as usize).await;
        let leaves = leaves.map_err(CheckpointError::Storage)?;
        let log = TiledLog::new(self.sink, size);
        for (index, leaf) in (first..size).zip(&leaves) {
            let signed = Hashes::subtree(&log, 0, index)?;
            if signed != leaf_hash(leaf) {
                let proof = inclusion(&log, index, size)?.unwrap_or_default();
                let is_signed = is_included(&proof, index, signed, size, published.root);
                return Err(if is_signed { went_back } else { CheckpointError::ChangedTiles });
            }
        }
        if leaves.len() as u64 == count { Ok(()) } else { Err(went_back) }
    }

    /// Publishes the leaves themselves, and the tiles of their hashes.
    async fn publish_leaves(&self, before: u64, size: u64) -> Result<(), Failed<S, K>> {
        let tiles = Tile::between(before, size).filter(|tile| tile.level == 0);
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
            self.put(tile.entries_path(), &bundle)?;
            self.put(tile.path(), &hashes)?;
        }
        Ok(())
    }

    /// Publishes the tiles above, each hash over a whole tile below it.
    fn publish_nodes(&self, before: u64, size: u64) -> Result<(), Failed<S, K>> {
        let tiles = Tile::between(before, size).filter(|tile| tile.level > 0);
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
            self.put(tile.path(), &hashes)?;
        }
        Ok(())
    }

    fn put(&self, path: String, bytes: &[u8]) -> Result<(), Failed<S, K>> {
        if self.sink.publish(&path, bytes).map_err(CheckpointError::Sink)? {
            Ok(())
        } else {
            Err(CheckpointError::OtherTile { path })
        }
    }
}
