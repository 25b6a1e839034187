//! Verifying evidence: what was proven, and what was not.

use alloc::{format, string::String, vec::Vec};

use base64::{Engine, prelude::BASE64_STANDARD};

use super::{Evidence, EvidenceEntry};
use crate::{
    consent::{
        ledger::{Entry, fold},
        record::Record,
    },
    ledger::{
        checkpoint::{BadCheckpoint, Checkpoint},
        encoding::Sealed,
        hash::Hash,
        merkle::{is_included, leaf_hash},
        note::NoteKey,
        seal::{ChainId, Salts},
        verify::{BadEntry, Verifier},
    },
};

/// What evidence proves. All of it was checked; what was not is in
/// [`not_proven`](Self::not_proven).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Proof {
    /// The entries, in their order; absent ones were erased or pruned.
    pub entries: Vec<Option<Entry>>,
    /// Entries that the checkpoint vouches for; those after them nobody does.
    pub included: usize,
    /// The checkpoint, where there is one, signed by a key that is known.
    pub checkpoint: Option<Checkpoint>,
    /// The record that the entries lead to, where all of them are there.
    pub record: Option<Record>,
}

/// Why evidence is not believed: the first thing that is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadEvidence {
    /// An entry is not what was sealed.
    #[error(transparent)]
    Entry(#[from] BadEntry),
    /// The bytes, hashes, salts or text of an entry cannot be read.
    #[error("entry {sequence} cannot be read")]
    Unreadable {
        /// Which, from 0.
        sequence: u64,
    },
    /// The entry is not in the log under the checkpoint.
    #[error("entry {sequence} is not in the log that was signed")]
    NotIncluded {
        /// Which, from 0.
        sequence: u64,
    },
    /// An entry under the checkpoint comes after one that is not: one between was left out of the
    /// log, or the places are wrong.
    #[error("entry {sequence} is in the log that was signed, and one before it is not")]
    OutOfOrder {
        /// Which, from 0.
        sequence: u64,
    },
    /// The name of the chain, or the hash of its last entry, is not that of the entries.
    #[error("the entries are not those of this chain, or end elsewhere")]
    OtherChain,
    /// The entries do not follow from one another as records do.
    #[error("the entries do not lead from one record to the next")]
    BrokenLedger,
    /// The checkpoint is not signed by a key that is known.
    #[error("the checkpoint is not believed")]
    Checkpoint(#[source] BadCheckpoint),
}

impl Evidence {
    /// Checks everything that can be, with the public keys of those whose signature counts.
    ///
    /// The keys must come from elsewhere than the evidence: from the business long before, from
    /// its web site, from a court's file.
    ///
    /// # Errors
    /// [`BadEvidence`]: the first thing that is wrong. Then none of it proves anything.
    pub fn verify(&self, keys: &[NoteKey]) -> Result<Proof, BadEvidence> {
        let checkpoint = self.checkpoint.as_deref().map(|note| Checkpoint::open(note, keys));
        let checkpoint = checkpoint.transpose().map_err(BadEvidence::Checkpoint)?;
        self.verified(checkpoint)
    }

    /// Checks the chain and what is disclosed of it, and passes over checkpoint and log: for who
    /// has no key, or was the one who gathered it.
    ///
    /// # Errors
    /// As [`verify`](Self::verify).
    pub fn verify_chain(&self) -> Result<Proof, BadEvidence> {
        let without_log =
            |entry: &EvidenceEntry| EvidenceEntry { leaf: None, inclusion: None, ..entry.clone() };
        let entries = self.entries.iter().map(without_log).collect();
        Self { entries, checkpoint: None, ..self.clone() }.verified(None)
    }

    fn verified(&self, checkpoint: Option<Checkpoint>) -> Result<Proof, BadEvidence> {
        let chain = ChainId::from_hex(&self.chain).ok_or(BadEvidence::OtherChain)?;
        let mut verifier = Verifier::new(self.account.as_str()).of_chain(chain);
        let mut entries = Vec::new();
        let mut included = 0;
        for (sequence, entry) in (0..).zip(&self.entries) {
            let unreadable = BadEvidence::Unreadable { sequence };
            let bytes = BASE64_STANDARD.decode(&entry.sealed).map_err(|_| unreadable)?;
            let hash = Hash::from_hex(&entry.hash).ok_or(unreadable)?;
            let sealed = verifier.entry(&bytes, hash)?;
            entries.push(disclosed(&sealed, entry, unreadable)?);
            if is_in_log(entry, &bytes, checkpoint.as_ref(), sequence)? {
                if included != entries.len() - 1 {
                    return Err(BadEvidence::OutOfOrder { sequence });
                }
                included += 1;
            }
        }
        if verifier.hash().to_hex() != self.head {
            return Err(BadEvidence::OtherChain);
        }
        let known: Option<Vec<&Entry>> = entries.iter().map(Option::as_ref).collect();
        let record = match known {
            Some(known) => fold(known).map_err(|_| BadEvidence::BrokenLedger)?,
            None => None,
        };
        Ok(Proof { entries, included, checkpoint, record })
    }
}

impl Proof {
    /// What was proven, a sentence each.
    pub fn proven(&self) -> Vec<String> {
        let count = self.entries.len();
        let shown = self.entries.iter().flatten().count();
        let mut proven = Vec::from([
            format!("{count} entries are one chain: none was changed, removed or put between them"),
            format!("the words, numbers and times of {shown} of them are those that were sealed"),
        ]);
        if let Some(checkpoint) = &self.checkpoint {
            proven.push(format!(
                "the first {} were in the log {} when {} entries of it were signed",
                self.included, checkpoint.origin, checkpoint.size
            ));
        }
        if let Some(record) = &self.record {
            proven.push(format!(
                "they lead to the state {} at revision {}",
                record.state.name(),
                record.revision.number()
            ));
        }
        proven
    }

    /// What was not proven, a sentence each.
    pub fn not_proven(&self) -> Vec<String> {
        let count = self.entries.len();
        let hidden = count - self.entries.iter().flatten().count();
        let mut not_proven = Vec::new();
        if self.checkpoint.is_none() {
            not_proven.push(String::from(
                "that the chain is as it was written: no checkpoint came with it, and whoever \
                 keeps the ledger could have made all of it anew",
            ));
        } else if self.included < count {
            not_proven.push(format!(
                "that the last {} entries are as they were written: they came after the checkpoint",
                count - self.included
            ));
        }
        if hidden > 0 {
            not_proven.push(format!("what {hidden} entries say: that was erased"));
        }
        not_proven.push(String::from(
            "that no entry came after the last one here, and that the clock of the business was right",
        ));
        not_proven.push(String::from("whose number it is, and who held the phone"));
        not_proven
    }
}

fn disclosed(
    sealed: &Sealed<'_>,
    entry: &EvidenceEntry,
    unreadable: BadEvidence,
) -> Result<Option<Entry>, BadEvidence> {
    let (json, salts) = match (&entry.entry, &entry.salts) {
        (Some(json), Some(salts)) => (json, salts),
        (None, None) => return Ok(None),
        (Some(_) | None, _) => return Err(unreadable),
    };
    let mut bytes = [[0; 32]; 4];
    for ((salt, hex), commitment) in bytes.iter_mut().zip(salts).zip(sealed.commitments) {
        *salt = match (hex, commitment) {
            (Some(hex), Some(_)) => Hash::from_hex(hex).ok_or(unreadable)?.0,
            (None, None) => [0; 32],
            (Some(_) | None, _) => return Err(unreadable),
        };
    }
    Ok(Some(sealed.discloses_json(json, &Salts(bytes))?))
}

fn is_in_log(
    entry: &EvidenceEntry,
    bytes: &[u8],
    checkpoint: Option<&Checkpoint>,
    sequence: u64,
) -> Result<bool, BadEvidence> {
    let (leaf, path) = match (entry.leaf, &entry.inclusion) {
        (Some(leaf), Some(path)) => (leaf, path),
        (None, None) => return Ok(false),
        (Some(_) | None, _) => return Err(BadEvidence::NotIncluded { sequence }),
    };
    let path: Option<Vec<_>> = path.iter().map(|hash| Hash::from_hex(hash)).collect();
    let is_included = path.zip(checkpoint).is_some_and(|(path, checkpoint)| {
        is_included(&path, leaf, leaf_hash(bytes), checkpoint.size, checkpoint.root)
    });
    if is_included { Ok(true) } else { Err(BadEvidence::NotIncluded { sequence }) }
}
