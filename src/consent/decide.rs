//! The rules: one event, one record, one decision.

mod settled;
mod texted;

use alloc::vec::Vec;

use chrono::{DateTime, TimeDelta, Utc};

pub use self::texted::decide_text;
use super::{
    actor::{Actor, Permission},
    body::Note,
    decision::{Cancel, Decision, Reason, Refusal},
    event::{Event, Message, Override, Source},
    outgoing::{Crm, MessageKind, OutgoingText, Status},
    policy::Policy,
    record::{Record, Revision},
    state::{ConsentState, OptIn, OptOut, Pending},
    time,
};

/// How long after its cause a text may still be handed over (R6.3).
const DEADLINE: TimeDelta = TimeDelta::minutes(5);

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
    /// For a settlement: when the same text is to be tried again.
    pub retry_at: Option<DateTime<Utc>>,
}

/// Decides what an event leads to: the whole of RULES 4 and 5.
///
/// `record` is what is stored of the contact, absent when nothing is; `now` is the host's time,
/// read to the millisecond. Pure: the same arguments give the same answer.
///
/// ```
/// use chrono::DateTime;
/// use optin::{Decision, Event, InboxId, MessageId, Policy, Reason, Text, decide};
///
/// let text = Text::new(InboxId::new("+18885550100")?, MessageId::new("SM1")?, "Hi");
/// let now = DateTime::UNIX_EPOCH;
/// let transition = decide(&Policy::default(), None, &Event::Texted(text), now).unwrap();
/// assert_eq!(transition.decision, Decision::SendConfirmation);
/// assert_eq!(transition.reason, Reason::NewContact);
/// # Ok::<(), optin::InvalidId>(())
/// ```
///
/// # Errors
/// [`Refusal`] when the rules forbid the attempt; nothing changes, but the ledger should have it.
pub fn decide(
    policy: &Policy,
    record: Option<&Record>,
    event: &Event<'_>,
    now: DateTime<Utc>,
) -> Result<Transition, Refusal> {
    let case = Case::new(policy, record, now);
    match event {
        Event::Texted(text) => {
            let reading = policy.matcher().read(text.body.as_str(), text.media);
            Ok(decide_text(policy, record, text, reading, now))
        }
        Event::Added { source, opted_out } => Ok(case.added(*source, *opted_out)),
        Event::DeclaredExisting { actor } => case.declared_existing(actor),
        Event::Overridden { actor, to, note } => case.overridden(actor, *to, note.as_ref()),
        Event::CarrierBlocked { .. } => Ok(case.blocked()),
        Event::MessageRequested(message) => case.message_requested(message),
        Event::Settled(settled) => Ok(settled::decide(policy, record, settled, now)),
    }
}

/// What a decision rests on: the settings, the record without a lapsed prompt, the time.
struct Case<'a> {
    policy: &'a Policy,
    record: Option<Record>,
    now: DateTime<Utc>,
}

impl<'a> Case<'a> {
    fn new(policy: &'a Policy, record: Option<&Record>, now: DateTime<Utc>) -> Self {
        let now = time::to_millisecond(now);
        Self { policy, record: record.map(|record| record.lapse(now)), now }
    }

    /// R5.1
    fn added(&self, source: Source, opted_out: Option<bool>) -> Transition {
        let by = source.opt_out();
        match (self.state(), opted_out) {
            (None | Some(ConsentState::Pending(_) | ConsentState::Active { .. }), Some(true)) => {
                self.opt_out(by, self.now, Decision::None, Reason::AddedOptedOut)
            }
            (None, Some(false) | None) if self.policy.double_opt_in() => {
                let pending = ConsentState::Pending(Pending::default());
                self.put(pending, Decision::None, Reason::Added)
            }
            (None, Some(false) | None) => {
                self.activate(OptIn::Added, Decision::None, Reason::Added)
            }
            (Some(ConsentState::OptedOut { .. }), Some(true)) => {
                self.opt_out_again(by, self.now, Reason::AlreadyPresent)
            }
            (
                Some(
                    ConsentState::Pending(_)
                    | ConsentState::Active { .. }
                    | ConsentState::OptedOut { .. },
                ),
                Some(false) | None,
            ) => self.keep(Reason::AlreadyPresent),
        }
        .finish(self, Some((source, opted_out)))
    }

    /// R5.2
    fn declared_existing(&self, actor: &Actor) -> Result<Transition, Refusal> {
        require(actor, Permission::ComplianceSettings)?;
        let untouched = match self.state() {
            None => true,
            Some(ConsentState::Pending(pending)) => !pending.texted,
            Some(ConsentState::Active { .. } | ConsentState::OptedOut { .. }) => false,
        };
        let transition = if untouched {
            self.activate(OptIn::Existing, Decision::MarkActive, Reason::Existing)
        } else {
            self.keep(Reason::AlreadyPresent)
        };
        Ok(transition.finish(self, None))
    }

    /// R5.3, R5.4
    fn overridden(
        &self,
        actor: &Actor,
        to: Override,
        note: Option<&Note>,
    ) -> Result<Transition, Refusal> {
        require(actor, Permission::OptInManagement)?;
        let noted = note.is_some_and(|note| !note.is_blank());
        let activate = || self.activate(OptIn::Override, Decision::MarkActive, Reason::Overridden);
        let transition = match (to, self.state()) {
            (Override::Active, None) => return Err(Refusal::UnknownContact),
            (Override::Active, Some(ConsentState::Pending(_))) => activate(),
            (Override::Active, Some(ConsentState::Active { .. })) => {
                self.keep(Reason::AlreadyActive)
            }
            (Override::Active, Some(ConsentState::OptedOut { by, .. })) => match by {
                OptOut::Staff | OptOut::Import if noted => activate(),
                OptOut::Contact | OptOut::Crm
                    if noted && actor.may(Permission::OverrideRevocation) =>
                {
                    activate()
                }
                OptOut::Staff | OptOut::Import | OptOut::Contact | OptOut::Crm => {
                    return Err(Refusal::Revoked);
                }
                OptOut::Carrier => return Err(Refusal::CarrierBlocked),
            },
            (
                Override::OptedOut,
                None | Some(ConsentState::Pending(_) | ConsentState::Active { .. }),
            ) => self.opt_out(OptOut::Staff, self.now, Decision::OptOut, Reason::Overridden),
            (Override::OptedOut, Some(ConsentState::OptedOut { .. })) => {
                self.opt_out_again(OptOut::Staff, self.now, Reason::AlreadyOptedOut)
            }
        };
        Ok(transition.finish(self, None))
    }

    /// R5.5
    fn blocked(&self) -> Transition {
        match self.state() {
            Some(ConsentState::OptedOut { by: OptOut::Carrier, .. }) => {
                self.opt_out_again(OptOut::Carrier, self.now, Reason::AlreadyOptedOut)
            }
            None
            | Some(
                ConsentState::Pending(_)
                | ConsentState::Active { .. }
                | ConsentState::OptedOut { .. },
            ) => self.opt_out(OptOut::Carrier, self.now, Decision::OptOut, Reason::CarrierBlock),
        }
        .finish(self, None)
    }

    /// R5.6
    fn message_requested(&self, message: &Message<'_>) -> Result<Transition, Refusal> {
        let Some(state) = self.state().filter(ConsentState::may_be_messaged) else {
            return Err(Refusal::NotOptedIn);
        };
        let not_after = message.not_after.map(time::to_millisecond);
        let text = OutgoingText {
            kind: MessageKind::Message,
            from: message.inbox.clone(),
            body: message.body.clone().into_owned(),
            not_after: not_after.unwrap_or_else(|| self.deadline()),
            answers: None,
        };
        let transition = Transition {
            text: Some(text),
            remember: message.request.is_some(),
            ..self.put(state, Decision::Deliver, Reason::Active)
        };
        Ok(transition.finish(self, None))
    }

    fn state(&self) -> Option<ConsentState> {
        self.record.map(|record| record.state)
    }

    fn next_revision(&self) -> Revision {
        self.record.map_or_else(Revision::default, |record| record.revision).next()
    }

    fn deadline(&self) -> DateTime<Utc> {
        time::after(self.now, DEADLINE)
    }

    /// The record as it is.
    fn keep(&self, reason: Reason) -> Transition {
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
            retry_at: None,
        }
    }

    /// The record with another state: a new one where there is none.
    fn put(&self, state: ConsentState, decision: Decision, reason: Reason) -> Transition {
        let record = match self.record {
            None => Record::first(state),
            Some(record) => Record { revision: record.revision.next(), state, ..record },
        };
        Transition { decision, record: Some(record), ..self.keep(reason) }
    }

    /// Active from now on, which ends the cycle.
    fn activate(&self, how: OptIn, decision: Decision, reason: Reason) -> Transition {
        let since = self.now;
        Transition {
            cancel: Cancel::Prompts,
            ..self.put(ConsentState::Active { how, since }, decision, reason)
        }
    }

    /// Opted out by this author, who is stronger than the one before, if there was one.
    fn opt_out(
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
    fn opt_out_again(&self, by: OptOut, at: DateTime<Utc>, reason: Reason) -> Transition {
        let state = self.opted_out(by, at);
        if self.state() == Some(state) {
            self.keep(reason)
        } else {
            self.put(state, Decision::None, reason)
        }
    }

    fn opted_out(&self, by: OptOut, at: DateTime<Utc>) -> ConsentState {
        match self.state() {
            Some(ConsentState::OptedOut { by: before, since }) => ConsentState::OptedOut {
                by: if by.is_stronger_than(before) { by } else { before },
                since: since.max(at),
            },
            None | Some(ConsentState::Pending(_) | ConsentState::Active { .. }) => {
                ConsentState::OptedOut { by, since: at }
            }
        }
    }

    /// R6.5
    fn statuses(
        &self,
        after: Option<ConsentState>,
        said: Option<(Source, Option<bool>)>,
    ) -> Vec<Status> {
        let before = self.state().map(|state| state.opted_out());
        let Some(holds) = after.map(|state| state.opted_out()) else {
            return Vec::new();
        };
        let is_told = |crm: Crm| match said {
            Some((source, Some(said))) if source.crm() == Some(crm) => said != holds,
            Some((source, None)) if source.crm() == Some(crm) => before.is_none(),
            Some(_) | None => before != Some(holds),
        };
        Crm::ALL
            .into_iter()
            .filter(|&crm| self.policy.syncs(crm) && is_told(crm))
            .map(|crm| Status::new(crm, holds))
            .collect()
    }
}

fn require(actor: &Actor, permission: Permission) -> Result<(), Refusal> {
    if actor.may(permission) { Ok(()) } else { Err(Refusal::Forbidden(permission)) }
}

impl Transition {
    /// Adds what follows from the states before and after: the statuses, and what to tell.
    fn finish(mut self, case: &Case<'_>, said: Option<(Source, Option<bool>)>) -> Self {
        self.state = self.record.map(|record| record.state).or(case.state());
        self.statuses = case.statuses(self.state, said);
        if !self.statuses.is_empty() && self.record.is_none() {
            self.record =
                case.record.map(|record| Record { revision: record.revision.next(), ..record });
        }
        self.next_reminder_at = next_reminder_at(self.state, case.policy);
        self
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
            self.next_reminder_at = next_reminder_at(self.state, policy);
        }
    }
}

fn next_reminder_at(state: Option<ConsentState>, policy: &Policy) -> Option<DateTime<Utc>> {
    match state? {
        ConsentState::Pending(pending) => pending.next_reminder_at(policy),
        ConsentState::Active { .. } | ConsentState::OptedOut { .. } => None,
    }
}
