//! A published log read whole: each leaf the next entry of its chain, all of it under the checkpoint.

use alloc::{collections::BTreeMap, vec::Vec};

use super::{Audit, BadLedger};
use crate::{
    consent::id::AccountId,
    ledger::{
        checkpoint::{BadCheckpoint, Checkpoint},
        encoding::Sealed,
        evidence::{BadEvidence, Evidence, Proof},
        hash::Hash,
        merkle::{leaf_hash, root},
        note::NoteKey,
        publish::{CheckpointSink, Directory, DirectoryError},
        seal::{ChainId, Head},
        tile::{BadTile, Tile, TileSource, TiledLog, WIDTH, top},
        verify::Flaw,
    },
};

type Bad = BadLedger<DirectoryError>;

/// A published log that was read whole and holds: evidence can be judged against it.
///
/// It is read a tile at a time; what is kept is the head of each chain, some 60 bytes, whatever the
/// size of the log.
///
/// ```
/// # use optin::{AccountId, Contact, Engine, Event, Handover, Outbox, Outgoing, PhoneNumber, Source};
/// use optin::blocking::block_on;
/// use optin::ledger::{Checkpointer, Directory, Evidence, NoteSigner, audit::PublishedLog};
/// # use optin::store::MemoryStorage;
/// # struct Quiet;
/// # impl Outbox for Quiet {
/// #     async fn send(&self, _: &Outgoing) -> Handover { Handover::Unknown }
/// # }
/// # let (storage, account) = (MemoryStorage::new(), AccountId::new("acme")?);
/// # let contact = Contact::new(account.clone(), PhoneNumber::parse("+12065550100")?);
/// # let engine = Engine::new(&storage, Quiet, || chrono::DateTime::UNIX_EPOCH);
/// # block_on(engine.handle(&contact, Event::Added { source: Source::Csv, opted_out: None }))?;
/// # let path = std::env::temp_dir().join(format!("optin-doc-log-{}", std::process::id()));
/// let (directory, signers) = (Directory::new(&path), [NoteSigner::new("example.com", [7; 32])?]);
/// let name = "example.com/acme";
/// block_on(Checkpointer::new(&storage, &directory, account, name, &signers).run_once())?;
///
/// let keys = [signers[0].key()];
/// let evidence = block_on(Evidence::gather(&storage, &contact))?.unwrap();
/// let log = PublishedLog::read(&directory, &keys)?;
/// let proof = log.judge(&evidence, &keys)?;
/// assert!(proof.is_complete && proof.included == 1);
/// # std::fs::remove_dir_all(path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct PublishedLog<'a> {
    directory: &'a Directory,
    checkpoint: Checkpoint,
    account: Option<AccountId>,
    heads: BTreeMap<ChainId, Head>,
}

impl<'a> PublishedLog<'a> {
    /// Reads all of it: the checkpoint is signed by one of these keys, leaves and tiles lead to its
    /// root, and the leaves are entries of one account, each the next of its chain.
    ///
    /// # Errors
    /// [`BadLedger`]: the first thing that does not hold.
    pub fn read(directory: &'a Directory, keys: &[NoteKey]) -> Result<Self, Bad> {
        let note = directory.checkpoint().map_err(BadLedger::Read)?;
        let note = note.ok_or_else(|| BadLedger::BadTile { path: "checkpoint".into() })?;
        let checkpoint = Checkpoint::open(&note, keys).map_err(BadLedger::Checkpoint)?;
        let size = checkpoint.size;
        let mut log = Self { directory, checkpoint, account: None, heads: BTreeMap::new() };
        let mut above = Above { directory, levels: Vec::new() };
        for index in 0..size.div_ceil(WIDTH) {
            // At most 256.
            let width = (size - index * WIDTH).min(WIDTH) as u16;
            let tile = Tile { level: 0, index, width };
            let leaves = directory.entries(tile).map_err(BadLedger::Read)?;
            let leaves = leaves.ok_or_else(|| BadLedger::BadTile { path: tile.entries_path() })?;
            let hashes: Vec<Hash> = leaves.iter().map(|leaf| leaf_hash(leaf)).collect();
            check(directory, tile, &hashes)?;
            for (leaf, bytes) in (index * WIDTH..).zip(&leaves) {
                log.entry(bytes).map_err(|flaw| BadLedger::BadLeaf { leaf, flaw })?;
            }
            if u64::from(width) == WIDTH {
                above.put(1, hashes)?;
            }
        }
        above.end()?;
        if log.root_of(size)? != log.checkpoint.root {
            return Err(BadLedger::OtherRoot);
        }
        Ok(log)
    }

    /// The next leaf.
    fn entry(&mut self, bytes: &[u8]) -> Result<(), Flaw> {
        let sealed = Sealed::decode(bytes).map_err(|_| Flaw::NotSealed)?;
        if self.account.is_none() {
            self.account = Some(AccountId::new(sealed.account).map_err(|_| Flaw::NotSealed)?);
        }
        if self.account.as_ref().is_none_or(|account| account.as_str() != sealed.account) {
            return Err(Flaw::OtherAccount);
        }
        let chain = ChainId(sealed.chain);
        let head = self.heads.entry(chain).or_insert(Head::new(chain));
        if sealed.sequence != head.length {
            return Err(Flaw::OutOfPlace { found: sealed.sequence });
        }
        if sealed.previous != head.hash {
            return Err(Flaw::DoesNotFollow);
        }
        *head = Head { chain, length: head.length + 1, hash: Hash::of(bytes) };
        Ok(())
    }

    fn root_of(&self, size: u64) -> Result<Hash, Bad> {
        let hashes = TiledLog::new(self.directory, self.checkpoint.size);
        root(&hashes, size).map_err(|bad| match bad {
            BadTile::Source(error) => BadLedger::Read(error),
            BadTile::Missing(tile) => BadLedger::BadTile { path: tile.path() },
        })
    }

    /// How far it goes.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// How far a chain goes in it; `None` where it has no entry of it.
    pub fn head(&self, chain: ChainId) -> Option<Head> {
        self.heads.get(&chain).copied()
    }

    /// What was looked at.
    pub fn audit(&self) -> Audit {
        let (size, chains) = (self.checkpoint.size, self.heads.len() as u64);
        Audit { chains, entries: size, logged: size, signed: size, ..Audit::default() }
    }

    /// Verifies evidence against this log: its chain is in it, and no later entry of it is. A
    /// checkpoint of its own, which these keys must have signed, must be one of this log's past.
    ///
    /// # Errors
    /// [`BadLedger::Evidence`] where it is not believed by itself, or the log says otherwise;
    /// [`BadLedger::WentBack`] where it is of a later day than this copy of the log: fetch a later
    /// one; [`BadLedger::OtherRoot`] where another history was signed for it.
    pub fn judge(&self, evidence: &Evidence, keys: &[NoteKey]) -> Result<Proof, Bad> {
        let bad = BadLedger::Evidence;
        let is_signed = evidence.checkpoint.is_some();
        let proof = if is_signed { evidence.verify_signed(keys) } else { evidence.verify_chain() };
        let mut proof = proof.map_err(bad)?;
        if self.account.as_ref().is_some_and(|account| *account != proof.account) {
            return Err(bad(BadEvidence::OtherAccount));
        }
        if let Some(theirs) = proof.checkpoint.take() {
            let Checkpoint { size: signed, root, .. } = theirs;
            let of_this = theirs.of_log(&self.checkpoint.origin);
            of_this.map_err(|other: BadCheckpoint| bad(BadEvidence::Checkpoint(other)))?;
            if signed > self.checkpoint.size {
                return Err(BadLedger::WentBack { found: self.checkpoint.size, signed });
            }
            if self.root_of(signed)? != root {
                return Err(BadLedger::OtherRoot);
            }
        }
        let head = ChainId::from_hex(&evidence.chain).and_then(|chain| self.head(chain));
        let logged = head.map_or(0, |head| head.length);
        let count = evidence.entries.len() as u64;
        if count < logged {
            return Err(bad(BadEvidence::LeftOut { sequence: count, logged }));
        }
        // At most as many as the evidence has.
        let included = usize::try_from(logged).unwrap_or(evidence.entries.len());
        let last = included.checked_sub(1).and_then(|last| evidence.entries.get(last));
        if last.map(|last| last.hash.clone()) != head.map(|head| head.hash.to_hex()) {
            return Err(bad(BadEvidence::NotIncluded { sequence: logged.saturating_sub(1) }));
        }
        Ok(Proof {
            included,
            checkpoint: Some(self.checkpoint.clone()),
            is_complete: true,
            ..proof
        })
    }
}

/// The tiles above the leaves, as they become whole: one begun a level.
struct Above<'a> {
    directory: &'a Directory,
    /// From level 1 up: the number of the tile, and its hashes so far.
    levels: Vec<(u64, Vec<Hash>)>,
}

impl Above<'_> {
    /// The next whole tile below this level.
    fn put(&mut self, level: u8, below: Vec<Hash>) -> Result<(), Bad> {
        let place = usize::from(level) - 1;
        if self.levels.len() == place {
            self.levels.push((0, Vec::new()));
        }
        let (index, hashes) = &mut self.levels[place];
        hashes.push(top(below).unwrap_or_default());
        if (hashes.len() as u64) < WIDTH {
            return Ok(());
        }
        let (tile, whole) = (Tile { level, index: *index, width: 256 }, core::mem::take(hashes));
        *index += 1;
        check(self.directory, tile, &whole)?;
        self.put(level + 1, whole)
    }

    /// The tiles that did not become whole.
    fn end(self) -> Result<(), Bad> {
        for (level, (index, hashes)) in (1..).zip(&self.levels) {
            if !hashes.is_empty() {
                // Below 256.
                let tile = Tile { level, index: *index, width: hashes.len() as u16 };
                check(self.directory, tile, hashes)?;
            }
        }
        Ok(())
    }
}

/// The published tile has these hashes.
fn check(directory: &Directory, tile: Tile, hashes: &[Hash]) -> Result<(), Bad> {
    let expected: Vec<u8> = hashes.iter().flat_map(|hash| hash.0).collect();
    let found = directory.tile(tile).map_err(BadLedger::Read)?;
    if found.is_some_and(|found| found == expected) {
        Ok(())
    } else {
        Err(BadLedger::BadTile { path: tile.path() })
    }
}
