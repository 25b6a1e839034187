//! The rules: one event, one record, one decision.

mod settled;
mod texted;
mod transition;

use alloc::vec;

use chrono::{DateTime, TimeDelta, Utc};

pub use self::{texted::decide_text, transition::Transition};
use super::{
    actor::{Actor, Permission},
    body::Note,
    decision::{Decision, Reason, Refusal},
    event::{Event, Message, Override, Source},
    outgoing::{Crm, MessageKind, OutgoingText, Status},
    policy::Policy,
    record::{Record, Revision},
    state::{ConsentState, OptIn, OptOut, Pending},
    time,
};

/// How long after its cause a text may still be handed over (R6.3).
const DEADLINE: TimeDelta = TimeDelta::minutes(5);

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
    Case::new(policy, record, now).decide(event)
}

/// Decides what an event leads to of someone without a record whose erasure is remembered.
///
/// Whom others bring back, by [`Event::Added`] or [`Event::DeclaredExisting`], is opted out,
/// whatever they said (R5.1 and R5.2 made stricter for the person). Anything else is decided as of
/// anybody: who writes begins anew.
///
/// # Errors
/// As [`decide`].
pub fn decide_suppressed(
    policy: &Policy,
    event: &Event<'_>,
    now: DateTime<Utc>,
) -> Result<Transition, Refusal> {
    Case { suppressed: true, ..Case::new(policy, None, now) }.decide(event)
}

/// What a decision rests on: the settings, the record, the time.
struct Case<'a> {
    policy: &'a Policy,
    record: Option<Record>,
    /// Whether there is no record because of an erasure that is remembered.
    suppressed: bool,
    now: DateTime<Utc>,
}

impl<'a> Case<'a> {
    fn new(policy: &'a Policy, record: Option<&Record>, now: DateTime<Utc>) -> Self {
        let now = time::to_millisecond(now);
        Self { policy, record: record.copied(), suppressed: false, now }
    }

    fn decide(&self, event: &Event<'_>) -> Result<Transition, Refusal> {
        match event {
            Event::Texted(text) => {
                let reading = self.policy.matcher().read(text.body.as_str(), text.media);
                Ok(decide_text(self.policy, self.record.as_ref(), text, reading, self.now))
            }
            Event::Added { source, opted_out } => Ok(self.added(*source, *opted_out)),
            Event::DeclaredExisting { actor } => self.declared_existing(actor),
            Event::Overridden { actor, to, note } => self.overridden(actor, *to, note.as_ref()),
            Event::CarrierBlocked { .. } => Ok(self.blocked()),
            Event::MessageRequested(message) => self.message_requested(message),
            Event::StatusRequested { crm } => Ok(self.status_requested(*crm)),
            Event::Settled(settled) => Ok(self.settled(settled)),
        }
    }

    /// R5.1
    fn added(&self, source: Source, said: Option<bool>) -> Transition {
        let by = source.opt_out();
        let opted_out = if self.suppressed { Some(true) } else { said };
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
        .finish(self, Some((source, said)))
    }

    /// R5.2
    fn declared_existing(&self, actor: &Actor) -> Result<Transition, Refusal> {
        require(actor, Permission::ComplianceSettings)?;
        let untouched = match self.state() {
            None => true,
            Some(ConsentState::Pending(pending)) => !pending.texted,
            Some(ConsentState::Active { .. } | ConsentState::OptedOut { .. }) => false,
        };
        let transition = if self.suppressed {
            self.opt_out(OptOut::Import, self.now, Decision::None, Reason::AddedOptedOut)
        } else if untouched {
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
        let Some(state) = self.state().filter(|state| state.may_be_messaged()) else {
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
            ..self.put(*state, Decision::Deliver, Reason::Active)
        };
        Ok(transition.finish(self, None))
    }

    /// R6.5
    fn status_requested(&self, crm: Crm) -> Transition {
        let reason = Reason::StatusRequested;
        match self.state().filter(|_| self.policy.syncs(crm)) {
            None => self.keep(reason).finish(self, None),
            Some(state) => {
                let transition = self.put(*state, Decision::None, reason).finish(self, None);
                let statuses = vec![Status::new(crm, state.opted_out())];
                Transition { statuses, ..transition }
            }
        }
    }

    fn state(&self) -> Option<&ConsentState> {
        self.record.as_ref().map(|record| &record.state)
    }

    fn next_revision(&self) -> Revision {
        self.record.map_or_else(Revision::default, |record| record.revision).next()
    }

    fn deadline(&self) -> DateTime<Utc> {
        time::after(self.now, DEADLINE)
    }
}

fn require(actor: &Actor, permission: Permission) -> Result<(), Refusal> {
    if actor.may(permission) { Ok(()) } else { Err(Refusal::Forbidden(permission)) }
}
