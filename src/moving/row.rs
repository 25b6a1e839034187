//! What a storage holds, row by row, and the key of each.

use alloc::{string::String, sync::Arc};
use core::fmt;

use chrono::{DateTime, Utc};

use crate::{
    consent::{
        contact::PhoneNumber,
        id::{InboxId, MessageId},
        outgoing::Outgoing,
        policy::Policy,
        record::{Record, Revision},
    },
    ledger::{ChainId, Head, SealedRow},
    storage::{Mark, Place},
};

/// One thing that a storage holds of an account. All of them are all that it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "a storage must keep each")]
pub enum Row {
    /// Settings, the present ones or earlier ones, which entries of the ledger name.
    Settings {
        /// Their revision, from 1.
        revision: Revision,
        /// The settings.
        policy: Arc<Policy>,
    },
    /// The account's own chain and its log, where either has an entry.
    Account {
        /// The head of the chain; absent where the chain has no entry.
        head: Option<Head>,
        /// Entries that have a place in the log.
        log_size: u64,
    },
    /// A contact.
    Contact {
        /// Its number.
        number: PhoneNumber,
        /// Its record.
        record: Record,
        /// The head of its chain.
        head: Head,
    },
    /// The chain of a contact that was erased.
    Erased {
        /// Its head.
        head: Head,
    },
    /// That somebody was erased ([`SuppressionKey`](crate::ledger::SuppressionKey)).
    Suppressed {
        /// The mark of whom.
        mark: [u8; 32],
    },
    /// An entry of one of these chains.
    Entry {
        /// The chain.
        chain: ChainId,
        /// Its place there, from 0.
        sequence: u64,
        /// What is sealed, its place in the log, and what it commits to.
        sealed: SealedRow,
        /// What is left of it where its words were pruned: then nothing of it is disclosed.
        pruned: Option<Pruned>,
    },
    /// A mark.
    Mark {
        /// What must not act again.
        mark: Mark,
        /// When it was made.
        at: DateTime<Utc>,
    },
    /// A message that is not finished.
    Outgoing {
        /// The message.
        outgoing: Outgoing,
        /// Where it stands in its line; not claimed where it is set aside.
        place: Place,
        /// Whether it waits for a person.
        set_aside: bool,
    },
}

/// An entry without its words ([`prune_texts`](crate::Archive::prune_texts)), as JSON: personal
/// data.
#[derive(Clone, PartialEq, Eq)]
pub struct Pruned(pub String);

impl fmt::Debug for Pruned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pruned({} bytes)", self.0.len())
    }
}

/// What tells the rows of an account apart. They are in the order of their keys: a chain's head is
/// before its entries, and messages come last. A text is compared byte by byte.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(clippy::exhaustive_enums, reason = "a storage must find each")]
pub enum Key {
    /// Settings of this revision.
    Settings(Revision),
    /// The account's own chain and its log.
    Account,
    /// A contact.
    Contact(PhoneNumber),
    /// The chain of a contact that was erased.
    Erased(ChainId),
    /// That somebody was erased.
    Suppressed([u8; 32]),
    /// An entry: its chain, and its place there.
    Entry(ChainId, u64),
    /// A mark: its inbox, absent for a host's request, and its id.
    Mark(Option<InboxId>, MessageId),
    /// A message: its contact's number, the name of its destination, and the rest of its id.
    Outgoing(PhoneNumber, &'static str, Revision, u8),
}

impl Row {
    /// Its key.
    pub fn key(&self) -> Key {
        match self {
            Self::Settings { revision, .. } => Key::Settings(*revision),
            Self::Account { .. } => Key::Account,
            Self::Contact { number, .. } => Key::Contact(*number),
            Self::Erased { head } => Key::Erased(head.chain),
            Self::Suppressed { mark } => Key::Suppressed(*mark),
            Self::Entry { chain, sequence, .. } => Key::Entry(*chain, *sequence),
            Self::Mark { mark: Mark::Text { inbox, id }, .. } => {
                Key::Mark(Some(inbox.clone()), id.clone())
            }
            Self::Mark { mark: Mark::Request { id }, .. } => Key::Mark(None, id.clone()),
            Self::Outgoing { outgoing, .. } => {
                let id = &outgoing.id;
                let destination = outgoing.destination().name();
                Key::Outgoing(id.contact.number(), destination, id.revision, id.n)
            }
        }
    }
}

/// Without numbers and ids.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Settings(revision) => write!(f, "settings {}", revision.number()),
            Self::Account => f.write_str("the account's own chain"),
            Self::Contact(_) => f.write_str("a contact"),
            Self::Erased(chain) => write!(f, "erased chain {}", chain.to_hex()),
            Self::Suppressed(_) => f.write_str("the mark of somebody erased"),
            Self::Entry(chain, sequence) => write!(f, "chain {}: entry {sequence}", chain.to_hex()),
            Self::Mark(Some(_), _) => f.write_str("the mark of a text"),
            Self::Mark(None, _) => f.write_str("the mark of a request"),
            Self::Outgoing(_, destination, revision, n) => {
                write!(f, "message {n} of revision {} to {destination}", revision.number())
            }
        }
    }
}
