//! A commit with its JSON and commitments made, so that the transaction waits for little.

use std::{string::String, vec::Vec};

use super::row::{self, BadRow};
use crate::{
    consent::{
        id::AccountId,
        ledger::Entry,
        outgoing::{Content, Outgoing},
        record::Record,
    },
    ledger::{ChainId, Head, NoRandomness, Salts, SuppressionKey, Unsealed},
    storage::{Change, Commit, Mark},
};

/// A commit, ready to be written.
pub(super) struct Prepared {
    pub(super) commit: Commit,
    /// The JSON of the record that must be stored.
    expected: Option<String>,
    /// The mark of the contact's erasure, where there must be no record and the host has a key.
    pub(super) erasure: Option<[u8; 32]>,
    /// The record's JSON, where there is a new one.
    pub(super) record: Option<String>,
    pub(super) entry: Option<PreparedEntry>,
    /// The messages' JSON, in their order.
    pub(super) outgoing: Vec<String>,
}

impl Prepared {
    pub(super) fn new<E>(commit: Commit, suppression: Option<&SuppressionKey>) -> Result<Self, E>
    where
        E: From<BadRow> + From<NoRandomness>,
    {
        let record = match &commit.change {
            Change::Keep => None,
            Change::Put(record) => Some(row::encode("record", record)?),
        };
        let expected = commit.expected.as_ref();
        let entry = commit.entry.as_ref();
        let outgoing = commit.outgoing.iter();
        Ok(Self {
            expected: expected.map(|record| row::encode("record", record)).transpose()?,
            erasure: suppression
                .filter(|_| expected.is_none())
                .map(|key| key.mark(&commit.contact)),
            record,
            entry: entry.map(PreparedEntry::new::<E>).transpose()?,
            outgoing: outgoing
                .map(|outgoing| row::encode("message", outgoing))
                .collect::<Result<_, _>>()?,
            commit,
        })
    }

    /// Whether the record that stands in a row, its revision and JSON, is the one that must.
    ///
    /// Another spelling of it is, too; one that cannot be read is not.
    pub(super) fn expects(&self, revision: i64, json: &str) -> bool {
        let (Some(record), Some(expected)) = (&self.commit.expected, &self.expected) else {
            return false;
        };
        let is_it = |stored: Record| stored == *record;
        revision == row::to_i64(record.revision.number())
            && (json == expected || row::decode("record", json).is_ok_and(is_it))
    }
}

/// An entry that only needs the head of its chain.
pub(super) struct PreparedEntry {
    unsealed: Unsealed,
    pub(super) json: String,
    pub(super) salts: Vec<u8>,
    pub(super) at: i64,
    /// Whom it names, if anybody.
    pub(super) number: Option<i64>,
    /// The name of its chain, should it be the first entry.
    spare: ChainId,
}

impl PreparedEntry {
    pub(super) fn new<E>(entry: &Entry) -> Result<Self, E>
    where
        E: From<BadRow> + From<NoRandomness>,
    {
        let json = row::encode("entry", entry)?;
        let (salts, spare) = Salts::draw_with_chain()?;
        Ok(Self {
            unsealed: Unsealed::new(entry, &json, &salts),
            json,
            salts: salts.to_bytes(),
            at: entry.at.timestamp_millis(),
            number: entry.number.map(|number| row::to_i64(number.to_digits())),
            spare,
        })
    }

    /// Its bytes as the next of a chain, which is new where it has no head; then that head, and
    /// how far the chain goes with it.
    pub(super) fn seal(&self, account: &AccountId, head: Option<Head>) -> (Vec<u8>, Head, Head) {
        let head = head.unwrap_or_else(|| Head::new(self.spare));
        let (bytes, next) = self.unsealed.seal(account, &head);
        (bytes, head, next)
    }
}

/// The chain of a first record without an entry.
pub(super) fn new_chain() -> Result<Head, NoRandomness> {
    ChainId::draw().map(Head::new)
}

/// The columns `inbox` and `id` of a mark.
pub(super) fn mark_key(mark: &Mark) -> (&str, &str) {
    match mark {
        Mark::Text { inbox, id } => (inbox.as_str(), id.as_str()),
        Mark::Request { id } => ("", id.as_str()),
    }
}

/// The column `kind` of a message.
pub(super) fn kind(outgoing: &Outgoing) -> &'static str {
    match &outgoing.content {
        Content::Text(text) => text.kind.name(),
        Content::Status(_) => "status",
    }
}
