//! What came of an event, and of its text.

use alloc::vec::Vec;

use chrono::{DateTime, Utc};

use crate::{
    consent::{
        decide::Transition,
        decision::{Decision, Reason},
        outgoing::{Handover, OutgoingId},
        state::ConsentState,
    },
    storage::Snapshot,
};

/// What came of an event, the settlement of what it sent included.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Outcome {
    /// What was done.
    pub decision: Decision,
    /// Why.
    pub reason: Reason,
    /// Where the contact stands now; absent when it is unknown still.
    pub state: Option<ConsentState>,
    /// When the next reminder could go, past or future; absent when none can.
    pub next_reminder_at: Option<DateTime<Utc>>,
    /// Messages that could not be taken back, since they were being handed over (R6.4): they may
    /// arrive in spite of the opt-out, and nothing more is to be done. What each was, and how it
    /// ended, is in the ledger: its [`Settled`](crate::Settled) has the same revision. A host that
    /// sends by itself must add what it holds a [`Permit`](crate::Permit) for.
    pub in_flight: Vec<OutgoingId>,
    /// What became of the text of this decision; absent when it has none.
    pub delivery: Option<Delivery>,
}

impl Outcome {
    /// Whether the decision's text was handed over and the provider took it.
    ///
    /// `false` where there is none, where it is left to a dispatcher, and where it was not sent or
    /// nobody knows: look at [`delivery`](Self::delivery).
    pub fn was_accepted(&self) -> bool {
        matches!(self.delivery, Some(Delivery::HandedOver(Handover::Accepted { .. })))
    }
}

/// What became of a decision's text.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Delivery {
    /// It is left to a [`Dispatcher`](crate::Dispatcher).
    Queued,
    /// Its deadline passed before it could be handed over.
    Expired,
    /// Its lease had ended without a settlement: nobody knows, and it is not handed over again.
    Lapsed,
    /// It was handed over, and this is how that ended.
    HandedOver(Handover),
}

impl Delivery {
    /// Its name: `queued`, `expired`, `lapsed`, or how the hand-over ended.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Expired => "expired",
            Self::Lapsed => "lapsed",
            Self::HandedOver(handover) => handover.name(),
        }
    }
}

pub(super) fn outcome(transition: Transition, in_flight: Vec<OutgoingId>) -> Outcome {
    Outcome {
        decision: transition.decision,
        reason: transition.reason,
        state: transition.state,
        next_reminder_at: transition.next_reminder_at,
        in_flight,
        delivery: transition.text.map(|_| Delivery::Queued),
    }
}

pub(super) fn duplicate(snapshot: &Snapshot) -> Outcome {
    let policy = &snapshot.current.policy;
    Outcome {
        decision: Decision::None,
        reason: Reason::Duplicate,
        state: snapshot.record.map(|record| record.state),
        next_reminder_at: snapshot.record.and_then(|record| record.next_reminder_at(policy)),
        in_flight: Vec::new(),
        delivery: None,
    }
}
