//! The rules' table by hand, as a service would write it for itself: plain rows, one match,
//! changed in place.

mod other;
mod row;
mod texted;

use chrono::{DateTime, TimeDelta, Utc};
use optin::{
    Cancel, Crm, Decision, InboxId, MessageId, MessageKind, OptIn, OptOut, Policy, Reason, Status,
    Text, Then,
};

pub use self::{
    other::decide,
    row::{Outstanding, Pending, Row, State},
    texted::{decide_text, decide_text_by},
};

/// What to do, and all to store with it.
#[derive(Debug, PartialEq)]
#[allow(missing_docs, reason = "field by field as in `optin::Transition`")]
pub struct Answer {
    pub decision: Decision,
    pub reason: Reason,
    pub row: Option<Row>,
    pub next_reminder_at: Option<DateTime<Utc>>,
    pub remember: bool,
    pub text: Option<Reply>,
    pub statuses: Vec<Status>,
    pub cancel: Cancel,
    pub then: Then,
}

/// A text to hand over.
#[derive(Debug, PartialEq)]
#[allow(missing_docs, reason = "field by field as in `optin::OutgoingText`")]
pub struct Reply {
    pub kind: MessageKind,
    pub from: InboxId,
    pub body: String,
    pub not_after: DateTime<Utc>,
    pub answers: Option<MessageId>,
}

/// One event being decided: the row is changed in place. Its methods are what the rules do and ask,
/// for other ways to come to them than the match here; `inline`, so that they cost no more there.
#[derive(Debug)]
#[allow(missing_docs, reason = "what becomes the fields of `Answer`, and what was given")]
pub struct Turn<'a> {
    pub policy: &'a Policy,
    pub now: DateTime<Utc>,
    /// Whether there was a row before.
    pub present: bool,
    pub row: Row,
    pub changed: bool,
    pub text: Option<Reply>,
    pub cancel: Cancel,
}

impl<'a> Turn<'a> {
    #[inline]
    fn new(policy: &'a Policy, row: Option<&Row>, now: DateTime<Utc>) -> Self {
        let new = Row {
            revision: 0,
            state: State::Pending(Pending::default()),
            help_replied_at: None,
            restarts: None,
            cancelled_before: 0,
        };
        Self {
            policy,
            now: to_millisecond(now),
            present: row.is_some(),
            row: row.copied().unwrap_or(new),
            changed: false,
            text: None,
            cancel: Cancel::Nothing,
        }
    }

    #[inline]
    fn set(&mut self, state: State) {
        self.row.state = state;
        self.changed = true;
    }

    /// Active from now on.
    #[inline]
    pub fn activate(&mut self, how: OptIn) {
        let since = self.now;
        self.set(State::Active { how, since });
        self.cancel = Cancel::Prompts;
    }

    /// Opted out by this author from now on, who is stronger than the one before.
    #[inline]
    pub fn opt_out(&mut self, by: OptOut, at: DateTime<Utc>) {
        self.opt_out_again(by, at);
        self.changed = true;
        self.row.cancelled_before = self.row.revision + 1;
        self.cancel = Cancel::AllQueued;
    }

    /// Opted out still: the later time, the stronger author.
    #[inline]
    pub fn opt_out_again(&mut self, by: OptOut, at: DateTime<Utc>) {
        let after = match self.row.state {
            State::OptedOut { by: before, since } if self.present => State::OptedOut {
                by: if by.is_stronger_than(before) { by } else { before },
                since: since.max(at),
            },
            _ => State::OptedOut { by, since: at },
        };
        self.changed |= after != self.row.state;
        self.row.state = after;
    }

    #[inline]
    fn deadline(&self) -> DateTime<Utc> {
        after(self.now, TimeDelta::minutes(5))
    }

    #[inline]
    fn reply(&mut self, to: &Text<'_>, kind: MessageKind, body: &str) {
        self.text = Some(Reply {
            kind,
            from: to.inbox.clone(),
            body: body.into(),
            not_after: self.deadline(),
            answers: Some(to.id.clone()),
        });
    }

    /// What all answers end with: the revision, the statuses, the next reminder.
    #[inline]
    fn answer(
        mut self,
        decision: Decision,
        reason: Reason,
        is_told: impl Fn(Crm, bool) -> bool,
    ) -> Answer {
        let mut statuses = Vec::new();
        if self.changed || self.present {
            let opted_out = !self.row.state.is_active();
            for crm in [Crm::Hubspot, Crm::Salesforce] {
                if self.policy.syncs(crm) && is_told(crm, opted_out) {
                    statuses.push(Status::new(crm, opted_out));
                }
            }
        }
        self.changed |= !statuses.is_empty();
        self.row.revision += u64::from(self.changed);
        let reminders = &self.policy.settings().reminders;
        let next_reminder_at = match &self.row.state {
            State::Pending(pending) if u32::from(pending.prompts_used) <= reminders.max => pending
                .last()
                .map(|last| after(last, TimeDelta::hours(reminders.interval_hours.into()))),
            _ => None,
        };
        Answer {
            decision,
            reason,
            row: self.changed.then_some(self.row),
            next_reminder_at,
            remember: false,
            text: self.text,
            statuses,
            cancel: self.cancel,
            then: Then::Finish,
        }
    }
}

#[inline]
fn to_millisecond(time: DateTime<Utc>) -> DateTime<Utc> {
    let nanos = time.timestamp_subsec_nanos();
    if nanos < 1_000_000_000 && nanos.is_multiple_of(1_000_000) {
        return time;
    }
    DateTime::from_timestamp_millis(time.timestamp_millis()).unwrap_or(time)
}

#[inline]
fn after(time: DateTime<Utc>, delta: TimeDelta) -> DateTime<Utc> {
    time.checked_add_signed(delta).unwrap_or(DateTime::<Utc>::MAX_UTC)
}
