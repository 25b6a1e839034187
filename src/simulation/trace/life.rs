//! What became of one contact: each commit that was applied, each claim that was given.

use alloc::vec::Vec;

use crate::{
    consent::{
        decision::{Decision, Reason},
        event::{Event, Settled},
        ledger::{Fact, Verdict},
        outgoing::{ClaimToken, Content, Destination, OutgoingId, OutgoingText},
        record::Record,
        state::ConsentState,
    },
    simulation::clock::millis,
    storage::Commit,
};

/// What became of one contact.
#[derive(Debug, Default)]
pub(crate) struct Life {
    /// What was stored, in its order.
    pub(crate) steps: Vec<Step>,
    pub(crate) record: Option<Record>,
    pub(super) cycle: usize,
    /// What the storage gave away, in its order.
    pub(crate) claims: Vec<Claimed>,
    /// Refusals that a host was told.
    pub(crate) refusals: usize,
}

/// A commit that was applied, whether or not anybody heard so.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) commit: Commit,
    pub(crate) in_flight: Vec<OutgoingId>,
    pub(crate) before: Option<Record>,
    pub(crate) after: Option<Record>,
    /// Which cycle it belongs to, as counted by the steps that ended one.
    pub(crate) cycle: usize,
    pub(crate) machine: usize,
    /// The token of the last claim on what it settles.
    pub(crate) token: Option<ClaimToken>,
}

/// A claim that the storage gave, whether or not anybody heard so.
#[derive(Debug)]
pub(crate) struct Claimed {
    pub(crate) id: OutgoingId,
    pub(crate) destination: Destination,
    pub(crate) token: ClaimToken,
    /// How many steps the contact had then.
    pub(crate) position: usize,
}

impl Step {
    /// The event that was decided, where its entry has one.
    pub(crate) fn event(&self) -> Option<&Event<'static>> {
        match &self.commit.entry.as_ref()?.fact {
            Fact::Event(event) => Some(event),
            Fact::PolicyChanged { .. } => None,
        }
    }

    pub(crate) fn verdict(&self) -> Option<(Decision, Reason)> {
        match &self.commit.entry.as_ref()?.verdict {
            Verdict::Decided { decision, reason, .. } => Some((*decision, *reason)),
            Verdict::PolicySet { .. } | Verdict::Refused(_) => None,
        }
    }

    pub(crate) fn is_active(&self) -> bool {
        matches!(state(self.after), Some(ConsentState::Active { .. }))
    }

    pub(crate) fn is_opted_out(&self) -> bool {
        matches!(state(self.after), Some(ConsentState::OptedOut { .. }))
    }

    /// Whether somebody was opted out by it, even if they were already.
    pub(crate) fn opts_out(&self) -> bool {
        let was = matches!(state(self.before), Some(ConsentState::OptedOut { .. }));
        let anew = matches!(self.verdict(), Some((Decision::OptOut, reason)) if reason != Reason::AlreadyOptedOut);
        self.is_opted_out() && (!was || anew)
    }

    /// When it was decided, by its machine's clock; the end of time where it has no entry.
    pub(crate) fn at(&self) -> i64 {
        self.commit.entry.as_ref().map_or(i64::MAX, |entry| millis(entry.at))
    }

    /// The hand-over that it settles.
    pub(crate) fn settled(&self) -> Option<&Settled> {
        self.event()?.settled()
    }

    /// The text that it decided.
    pub(crate) fn text(&self) -> Option<&OutgoingText> {
        self.commit.outgoing.iter().find_map(|outgoing| match &outgoing.content {
            Content::Text(text) => Some(text),
            Content::Status(_) => None,
        })
    }

    pub(crate) fn settles(&self, id: &OutgoingId) -> bool {
        self.commit.settle.as_ref().is_some_and(|settlement| settlement.id == *id)
    }
}

pub(crate) fn state(record: Option<Record>) -> Option<ConsentState> {
    record.map(|record| record.state)
}
