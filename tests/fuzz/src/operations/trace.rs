//! What can be seen from outside while a script is played.

use chrono::{DateTime, Utc};
use optin::{Contact, Entry, Event, Handover, Outcome, Outgoing, Record, Refusal};

#[derive(Debug, PartialEq)]
pub(super) struct Trace {
    pub(super) seen: Vec<Seen>,
    /// What is stored of each contact in the end, and its ledger.
    pub(super) left: Vec<(Option<Record>, Vec<Entry>)>,
}

#[derive(Debug, PartialEq)]
pub(super) enum Seen {
    /// An event was given to the engine, perhaps not for the first time.
    Began { at: DateTime<Utc>, who: usize, event: Event<'static> },
    /// That is done.
    Handled { at: DateTime<Utc>, who: usize, event: Event<'static>, how: How },
    /// Settings were given to it.
    PolicyBegan { account: usize, policy: usize },
    /// They are in force.
    PolicySet { account: usize, policy: usize },
    /// The outbox was given a message.
    HandedOver(HandedOver),
}

#[derive(Debug, PartialEq)]
pub(super) enum How {
    Decided(Outcome),
    Refused(Refusal),
    /// The machine stopped on the way, or the storage failed: it is not known.
    Unknown,
}

#[derive(Debug, PartialEq)]
pub(super) struct HandedOver {
    pub(super) contact: Contact,
    pub(super) outgoing: Outgoing,
    pub(super) begun: DateTime<Utc>,
    /// The record that was stored then.
    pub(super) record: Option<Record>,
    /// When and how it ended; nothing when the machine stopped.
    pub(super) ended: Option<(DateTime<Utc>, Handover)>,
}

impl HandedOver {
    pub(super) fn may_be_sent(&self) -> bool {
        !matches!(self.ended, Some((_, Handover::NotSent { .. } | Handover::Blocked { .. })))
    }

    pub(super) fn end(&self) -> DateTime<Utc> {
        self.ended.as_ref().map_or(self.begun, |(end, _)| *end)
    }
}
