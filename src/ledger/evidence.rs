//! Evidence: all of one contact's ledger in one file, to be verified by whoever trusts nobody.

mod facts;
mod page;
mod plain;
mod proof;
mod visible;
mod words;

use alloc::{string::String, vec::Vec};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::{Deserialize, Serialize};

pub use self::{
    facts::Facts,
    page::content_security_policy,
    proof::{BadEvidence, Proof},
};
use super::{
    archive::{Disclosed, Ledger, SealedRow},
    checkpoint::{BadCheckpoint, Checkpoint},
    encoding::Sealed,
    hash::Hash,
    merkle::inclusion,
    note::NoteKey,
    publish::{CheckpointSink, Directory},
    seal::Salts,
    stored,
    tile::{BadTile, TiledLog},
};
use crate::consent::{contact::Contact, id::AccountId};

/// What the file says of itself.
const FORMAT: &str = "optin evidence";
const VERSION: u32 = 1;
/// Entries read at a time.
const PAGE: usize = 500;

/// One contact's whole ledger: what it was shown and answered, when, under which settings, and the
/// proof of it. **Personal data**: who may have it is the host's decision.
///
/// As JSON it is one object, described in [`SCHEMA`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Evidence {
    /// `optin evidence`.
    format: String,
    /// The version of the format: 1.
    version: u32,
    /// The account.
    pub account: AccountId,
    /// The chain's name: 32 hexadecimal digits.
    pub chain: String,
    /// The hash of the chain's last entry.
    pub head: String,
    /// Its entries, in their order.
    pub entries: Vec<EvidenceEntry>,
    /// How far the account's log goes, signed; absent where nothing was published yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<String>,
}

/// The file, field by field.
pub const SCHEMA: &str = include_str!("evidence/SCHEMA.md");

/// One entry of the bundle.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct EvidenceEntry {
    /// The sealed bytes, in base64.
    pub sealed: String,
    /// Their hash, in hexadecimal.
    pub hash: String,
    /// The entry as JSON, byte by byte; absent where it was erased or pruned, or left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    /// The salts of its commitments, in hexadecimal: number, received, sent, entry; null where
    /// there is no commitment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub salts: Option<[Option<String>; 4]>,
    /// Its place in the account's log, where it is under the checkpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leaf: Option<u64>,
    /// The hashes that lead from there to the checkpoint's root, in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inclusion: Option<Vec<String>>,
}

impl core::fmt::Debug for EvidenceEntry {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("EvidenceEntry").field("hash", &self.hash).finish_non_exhaustive()
    }
}

/// Why evidence could not be gathered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GatherError<S, K> {
    /// The storage failed; try again.
    #[error("the storage failed")]
    Storage(#[source] S),
    /// What is published could not be read; try again.
    #[error("what is published could not be read")]
    Sink(#[source] K),
    /// What is published is not signed by a key that is known, or is no checkpoint.
    #[error("the published checkpoint is not believed")]
    Published(#[source] BadCheckpoint),
    /// A published tile is missing or cut off; bring it back from a copy.
    #[error("a published tile is missing or cut off")]
    BadTile,
    /// A stored entry is no sealed entry: the ledger was changed. Audit it.
    #[error("a stored entry is no sealed entry")]
    BadEntry,
    /// The chain that the storage has of the contact is about somebody else: the ledger was
    /// changed. Audit it.
    #[error("entry {sequence} of the contact's chain is about another number")]
    OtherContact {
        /// Which, from 0.
        sequence: u64,
    },
}

/// A file that is no evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotEvidence {
    /// Not JSON of this form.
    #[error("the file is no evidence: line {line}, column {column}")]
    Bad {
        /// The line of the first mistake, from 1.
        line: usize,
        /// Its column.
        column: usize,
    },
    /// Of a later version. Use a later version of this crate.
    #[error("version {0} of the file is not known")]
    UnknownVersion(u32),
}

type Failed<S, K> = GatherError<<S as crate::Storage>::Error, <K as super::TileSource>::Error>;

impl Evidence {
    /// The evidence of a contact, its chain alone; `None` where the contact has no record.
    ///
    /// # Errors
    /// [`GatherError::Storage`], [`GatherError::BadEntry`] and [`GatherError::OtherContact`].
    pub async fn gather<S: Ledger>(
        storage: &S,
        contact: &Contact,
    ) -> Result<Option<Self>, Failed<S, Directory>> {
        Self::gathered::<S, Directory>(storage, contact, (None, None)).await
    }

    /// The same with the checkpoint that was published last, believed by one of these keys, and
    /// the proof that each entry under it is in the log.
    ///
    /// # Errors
    /// [`GatherError`].
    pub async fn gather_published<S: Ledger, K: CheckpointSink>(
        storage: &S,
        contact: &Contact,
        sink: &K,
        keys: &[NoteKey],
    ) -> Result<Option<Self>, Failed<S, K>> {
        Self::gathered(storage, contact, checkpoint(sink, keys)?).await
    }

    async fn gathered<S: Ledger, K: CheckpointSink>(
        storage: &S,
        contact: &Contact,
        (note, log): Published<'_, K>,
    ) -> Result<Option<Self>, Failed<S, K>> {
        let head = storage.head(contact).await.map_err(GatherError::Storage)?;
        let Some(head) = head else { return Ok(None) };
        let mut entries = Vec::new();
        loop {
            let from = entries.len() as u64;
            let page = storage.sealed(contact.account(), head.chain, from, PAGE).await;
            let page = page.map_err(GatherError::Storage)?;
            if page.is_empty() {
                break;
            }
            for (sequence, row) in (from..).zip(page) {
                check_whose(contact, &row, sequence)?;
                entries.push(entry(row, log.as_ref())?);
            }
        }
        // Some may have come since the head was read.
        let last = entries.last().map_or_else(|| head.hash.to_hex(), |last| last.hash.clone());
        Ok(Some(Self {
            format: FORMAT.into(),
            version: VERSION,
            account: contact.account().clone(),
            chain: head.chain.to_hex(),
            head: last,
            entries,
            checkpoint: note,
        }))
    }

    /// Reads the JSON of [`to_json`](Self::to_json). Nothing is verified by that.
    ///
    /// # Errors
    /// [`NotEvidence`].
    pub fn from_json(json: &str) -> Result<Self, NotEvidence> {
        let read = serde_json::from_str::<Self>(json);
        let bad = |error: serde_json::Error| NotEvidence::Bad {
            line: error.line(),
            column: error.column(),
        };
        let evidence = read.map_err(bad)?;
        if evidence.version != VERSION {
            return Err(NotEvidence::UnknownVersion(evidence.version));
        }
        if evidence.format != FORMAT {
            return Err(NotEvidence::Bad { line: 1, column: 1 });
        }
        Ok(evidence)
    }

    /// The file: one object of JSON, a field a line.
    ///
    /// # Errors
    /// None that serde_json has for such an object.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self)
    }
}

type Published<'a, K> = (Option<String>, Option<(TiledLog<'a, K>, u64)>);

fn checkpoint<'a, S, K: CheckpointSink>(
    sink: &'a K,
    keys: &[NoteKey],
) -> Result<Published<'a, K>, GatherError<S, K::Error>> {
    let note = sink.checkpoint().map_err(GatherError::Sink)?;
    let Some(note) = note else { return Ok((None, None)) };
    let size = Checkpoint::open(&note, keys).map_err(GatherError::Published)?.size;
    Ok((Some(note), Some((TiledLog::new(sink, size), size))))
}

/// What is disclosed must be about the contact: chains may have been exchanged.
fn check_whose<S, K>(
    contact: &Contact,
    row: &SealedRow,
    sequence: u64,
) -> Result<(), GatherError<S, K>> {
    let Some(shown) = &row.disclosed else { return Ok(()) };
    let entry = stored::decode_entry(&shown.json).map_err(|_| GatherError::BadEntry)?;
    if entry.number == Some(contact.number()) {
        Ok(())
    } else {
        Err(GatherError::OtherContact { sequence })
    }
}

fn entry<S, K: CheckpointSink>(
    row: SealedRow,
    log: Option<&(TiledLog<'_, K>, u64)>,
) -> Result<EvidenceEntry, GatherError<S, K::Error>> {
    let mut leaf = row.leaf;
    let mut path = None;
    if let (Some(index), Some((log, size))) = (row.leaf, log) {
        let proof = inclusion(log, index, *size).map_err(|bad| match bad {
            BadTile::Source(error) => GatherError::Sink(error),
            BadTile::Missing(_) => GatherError::BadTile,
        })?;
        path = proof.map(|proof| proof.into_iter().map(Hash::to_hex).collect());
    }
    if path.is_none() {
        leaf = None;
    }
    let (json, salts) = match row.disclosed {
        Some(Disclosed { json, salts: Salts(salts) }) => {
            let sealed = Sealed::decode(&row.bytes).map_err(|_| GatherError::BadEntry)?;
            let mut shown = salts.map(|salt| Some(Hash(salt).to_hex()));
            for (salt, commitment) in shown.iter_mut().zip(sealed.commitments) {
                *salt = salt.take().filter(|_| commitment.is_some());
            }
            (Some(json), Some(shown))
        }
        None => (None, None),
    };
    Ok(EvidenceEntry {
        sealed: BASE64_STANDARD.encode(row.bytes),
        hash: row.hash.to_hex(),
        entry: json,
        salts,
        leaf,
        inclusion: path,
    })
}
