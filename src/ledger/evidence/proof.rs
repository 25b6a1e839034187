//! Verifying evidence: a proof, or the first thing that is wrong.

use alloc::vec::Vec;

use base64::{Engine, prelude::BASE64_STANDARD};

use super::{Evidence, EvidenceEntry, Facts};
use crate::{
    consent::{
        contact::PhoneNumber,
        id::AccountId,
        ledger::Entry,
        record::{Record, Revision},
    },
    ledger::{
        checkpoint::{BadCheckpoint, Checkpoint},
        encoding::{Field, Sealed},
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
    /// Whose entries they are.
    pub account: AccountId,
    /// Whom the entries are about, by those that are shown; absent where none is.
    pub number: Option<PhoneNumber>,
    /// The entries, in their order; absent ones are not shown: erased, pruned, or left out of the
    /// file by whoever passed it on. See [`hidden`](Self::hidden).
    pub entries: Vec<Option<Entry>>,
    /// What was sealed of each entry, of those too that are not shown.
    pub facts: Vec<Facts>,
    /// Entries that the checkpoint vouches for; those after them nobody does.
    pub included: usize,
    /// The checkpoint, where there is one, signed by a key that is known.
    pub checkpoint: Option<Checkpoint>,
    /// Whether a checkpoint came along that was passed over: no key was given to believe it by.
    pub is_unbelieved: bool,
    /// Whether the whole log was looked through
    /// ([`PublishedLog`](crate::ledger::audit::PublishedLog)): then no entry of this chain under
    /// the checkpoint is missing here.
    pub is_complete: bool,
    /// The record that the entries lead to; absent where none changed it, or the last that did is
    /// not shown.
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
    /// The evidence has no entries: it says nothing.
    #[error("there are no entries")]
    Empty,
    /// The entry is about another number than those before it, or about none: a chain is of one
    /// contact.
    #[error("entry {sequence} is about another number than those before it")]
    OtherNumber {
        /// Which, from 0.
        sequence: u64,
    },
    /// The log has more entries of this chain than the evidence: it was cut off, or is of an
    /// earlier day. Ask for all of it.
    #[error("entry {sequence} is missing: the log that was signed has {logged} of this chain")]
    LeftOut {
        /// The first that is missing, from 0.
        sequence: u64,
        /// Entries of this chain in the log.
        logged: u64,
    },
    /// The log is of another account.
    #[error("the log is of another account")]
    OtherAccount,
    /// The entries do not follow from one another as records do.
    #[error("the entries do not lead from one record to the next")]
    BrokenLedger,
    /// A key was given, and no checkpoint came with the evidence: nobody has signed it. Ask for
    /// one, or see what the chain alone proves: [`verify_chain`](Evidence::verify_chain).
    #[error("no checkpoint came with it: nobody has signed it")]
    NoCheckpoint,
    /// The checkpoint is not signed by a key that is known, or is of another log.
    #[error("the checkpoint is not believed")]
    Checkpoint(#[source] BadCheckpoint),
}

impl Evidence {
    /// Checks everything that can be, with the public keys of those whose signature counts: a
    /// checkpoint that one of them signed must have come with it. Without any key the chain alone
    /// is checked, as by [`verify_chain`](Self::verify_chain): a checkpoint that came along is
    /// passed over, and the proof says so.
    ///
    /// The keys must come from elsewhere than the evidence: from the business long before, from
    /// its web site, from a court's file. Which log it is, the proof's checkpoint says: where its
    /// name is known too, [`verify_in_log`](Self::verify_in_log).
    ///
    /// # Errors
    /// [`BadEvidence`]: the first thing that is wrong. Then none of it proves anything.
    pub fn verify(&self, keys: &[NoteKey]) -> Result<Proof, BadEvidence> {
        match &self.checkpoint {
            Some(_) if keys.is_empty() => self.verify_chain(),
            Some(_) => self.verify_signed(keys),
            None if keys.is_empty() => self.verified(None),
            None => Err(BadEvidence::NoCheckpoint),
        }
    }

    /// The same, but that a checkpoint must be there, and signed by one of the keys.
    pub(in crate::ledger) fn verify_signed(&self, keys: &[NoteKey]) -> Result<Proof, BadEvidence> {
        let note = self.checkpoint.as_deref().ok_or(BadEvidence::NoCheckpoint)?;
        let checkpoint = Checkpoint::open(note, keys).map_err(BadEvidence::Checkpoint)?;
        self.verified(Some(checkpoint))
    }

    /// The same, in the log of this name alone: whoever has a key can sign any number of logs, and
    /// show each reader another.
    ///
    /// # Errors
    /// As [`verify`](Self::verify); [`NoCheckpoint`](BadEvidence::NoCheckpoint) without a
    /// checkpoint, [`OtherLog`](BadCheckpoint::OtherLog) where it is of another log.
    pub fn verify_in_log(&self, origin: &str, keys: &[NoteKey]) -> Result<Proof, BadEvidence> {
        let note = self.checkpoint.as_deref().ok_or(BadEvidence::NoCheckpoint)?;
        let checkpoint = Checkpoint::open(note, keys).and_then(|it| it.of_log(origin));
        self.verified(Some(checkpoint.map_err(BadEvidence::Checkpoint)?))
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
        let proof = Self { entries, checkpoint: None, ..self.clone() }.verified(None)?;
        Ok(Proof { is_unbelieved: self.checkpoint.is_some(), ..proof })
    }

    fn verified(&self, checkpoint: Option<Checkpoint>) -> Result<Proof, BadEvidence> {
        let chain = ChainId::from_hex(&self.chain).ok_or(BadEvidence::OtherChain)?;
        let mut verifier = Verifier::new(self.account.as_str()).of_chain(chain);
        let mut proof = Proof {
            account: self.account.clone(),
            number: None,
            entries: Vec::new(),
            facts: Vec::new(),
            included: 0,
            checkpoint,
            is_unbelieved: false,
            is_complete: false,
            record: None,
        };
        let mut last = Revision::default();
        for (sequence, entry) in (0..).zip(&self.entries) {
            let unreadable = BadEvidence::Unreadable { sequence };
            let bytes = BASE64_STANDARD.decode(&entry.sealed).map_err(|_| unreadable)?;
            let hash = Hash::from_hex(&entry.hash).ok_or(unreadable)?;
            let sealed = verifier.entry(&bytes, hash)?;
            let facts = Facts::of(&sealed).ok_or(unreadable)?;
            let shown = disclosed(&sealed, entry, unreadable)?;
            let number = shown.as_ref().and_then(|entry| entry.number);
            let is_another = number.is_some_and(|it| *proof.number.get_or_insert(it) != it);
            if is_another || sealed.commitment(Field::Number).is_none() {
                return Err(BadEvidence::OtherNumber { sequence });
            }
            if is_in_log(entry, &bytes, proof.checkpoint.as_ref(), sequence)? {
                if proof.included as u64 != sequence {
                    return Err(BadEvidence::OutOfOrder { sequence });
                }
                proof.included += 1;
            }
            if facts.is_change() {
                if facts.revision != Some(last.next().number()) {
                    return Err(BadEvidence::BrokenLedger);
                }
                last = last.next();
                proof.record = shown.as_ref().and_then(Entry::record).copied();
            }
            proof.entries.push(shown);
            proof.facts.push(facts);
        }
        if proof.entries.is_empty() {
            return Err(BadEvidence::Empty);
        }
        if verifier.hash().to_hex() != self.head {
            return Err(BadEvidence::OtherChain);
        }
        Ok(proof)
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
