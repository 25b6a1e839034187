//! What a decision leads to, and the few ways a record changes.

use alloc::vec::Vec;

use chrono::{DateTime, Utc};

use super::Case;
use crate::consent::{
    decision::{Cancel, Decision, Reason},
    event::Source,
    outgoing::{Crm, OutgoingText, Status, Then},
    policy::Policy,
    record::{Record, Revision},
    state::{ConsentState, OptIn, OptOut},
};

/// What an event leads to: the decision and everything to store with it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Transition {
    /// What to do.
    pub decision: Decision,
    /// Why.
    pub reason: Reason,
    /// The contact's record from now on; absent when it stays as it is.
    pub record: Option<Record>,
    /// Where the contact stands then; absent when it is unknown still.
    pub state: Option<ConsentState>,
    /// When the next reminder could go, past or future; absent when none can.
    pub next_reminder_at: Option<DateTime<Utc>>,
    /// Whether the text must be remembered, so that it never acts again (R4.1).
    pub remember: bool,
    /// The text to hand over.
    pub text: Option<OutgoingText>,
    /// The statuses to hand over (R6.5).
    pub statuses: Vec<Status>,
    /// What of the queue is taken back (R6.4).
    pub cancel: Cancel,
    /// For a settlement: what becomes of the text.
    pub then: Then,
}

impl Case<'_> {
    /// The record as it is.
    pub(super) fn keep(&self, reason: Reason) -> Transition {
        Transition {
            decision: Decision::None,
            reason,
            record: None,
            state: None,
            next_reminder_at: None,
            remember: false,
            text: None,
            statuses: Vec::new(),
            cancel: Cancel::Nothing,
            then: Then::Finish,
        }
    }

    /// The record with another state: a new one where there is none.
    pub(super) fn put(
        &self,
        state: ConsentState,
        decision: Decision,
        reason: Reason,
    ) -> Transition {
        let record = match self.record {
            None => Record::first(state),
            Some(record) => Record { revision: record.revision.next(), state, ..*record },
        };
        Transition { decision, record: Some(record), ..self.keep(reason) }
    }

    /// Active from now on, which ends the cycle.
    pub(super) fn activate(&self, how: OptIn, decision: Decision, reason: Reason) -> Transition {
        let since = self.now;
        Transition {
            cancel: Cancel::Prompts,
            ..self.put(ConsentState::Active { how, since }, decision, reason)
        }
    }

    /// Opted out by this author, who is stronger than the one before, if there was one.
    pub(super) fn opt_out(
        &self,
        by: OptOut,
        at: DateTime<Utc>,
        decision: Decision,
        reason: Reason,
    ) -> Transition {
        let transition = self.put(self.opted_out(by, at), decision, reason);
        Transition {
            cancel: Cancel::AllQueued,
            record: transition
                .record
                .map(|record| Record { cancelled_before: record.revision, ..record }),
            ..transition
        }
    }

    /// Opted out still: the later time, the stronger author (R1.3).
    pub(super) fn opt_out_again(
        &self,
        by: OptOut,
        at: DateTime<Utc>,
        reason: Reason,
    ) -> Transition {
        let state = self.opted_out(by, at);
        if self.state() == Some(&state) {
            self.keep(reason)
        } else {
            self.put(state, Decision::None, reason)
        }
    }

    fn opted_out(&self, by: OptOut, at: DateTime<Utc>) -> ConsentState {
        match self.state() {
            Some(&ConsentState::OptedOut { by: before, since }) => ConsentState::OptedOut {
                by: if by.is_stronger_than(before) { by } else { before },
                since: since.max(at),
            },
            None | Some(ConsentState::Pending(_) | ConsentState::Active { .. }) => {
                ConsentState::OptedOut { by, since: at }
            }
        }
    }

    /// R6.5, where `after` is what holds then.
    #[inline]
    fn statuses(
        &self,
        after: Option<&ConsentState>,
        said: Option<(Source, Option<bool>)>,
    ) -> Vec<Status> {
        let before = self.state().map(ConsentState::opted_out);
        let Some(holds) = after.map(ConsentState::opted_out) else {
            return Vec::new();
        };
        let is_told = |crm: Crm| match said {
            Some((source, Some(said))) if source.crm() == Some(crm) => said != holds,
            Some(_) | None => before != Some(holds),
        };
        let mut statuses = Vec::new();
        for crm in Crm::ALL {
            if self.policy.syncs(crm) && is_told(crm) {
                statuses.push(Status::new(crm, holds));
            }
        }
        statuses
    }
}

impl Transition {
    /// Adds what follows from the states before and after: the statuses, and what to tell.
    pub(super) fn finish(mut self, case: &Case<'_>, said: Option<(Source, Option<bool>)>) -> Self {
        self.complete(case, said);
        self
    }

    /// As [`finish`](Self::finish), in place: a transition is large.
    #[inline]
    pub(super) fn complete(&mut self, case: &Case<'_>, said: Option<(Source, Option<bool>)>) {
        let record = self.record.as_ref().or(case.record);
        self.state = record.map(|record| record.state);
        self.statuses = case.statuses(self.state.as_ref(), said);
        if !self.statuses.is_empty() && self.record.is_none() {
            self.record =
                case.record.map(|record| Record { revision: record.revision.next(), ..*record });
        }
        self.next_reminder_at = next_reminder_at(self.state.as_ref(), case.policy);
    }

    /// Says until when the hand-over of the prompt that `revision` decided can last, where the
    /// record waits for it.
    pub(crate) fn hold_until(&mut self, revision: Revision, until: DateTime<Utc>, policy: &Policy) {
        if let Some(record) = &mut self.record
            && let ConsentState::Pending(pending) = &mut record.state
            && let Some(outstanding) = &mut pending.outstanding
            && outstanding.revision == revision
        {
            outstanding.until = until;
            self.state = Some(record.state);
            self.next_reminder_at = next_reminder_at(self.state.as_ref(), policy);
        }
    }
}

fn next_reminder_at(state: Option<&ConsentState>, policy: &Policy) -> Option<DateTime<Utc>> {
    match state? {
        ConsentState::Pending(pending) => pending.next_reminder_at(policy),
        ConsentState::Active { .. } | ConsentState::OptedOut { .. } => None,
    }
}
