//! The rules' table by hand, as a service would write it for itself: plain rows, one match,
//! changed in place.

mod other;
mod texted;

use chrono::{DateTime, TimeDelta, Utc};
use optin::{
    Cancel, ConsentState, Crm, Decision, InboxId, Keyword, KeywordSet, MessageId, MessageKind,
    OptIn, OptOut, Policy, Reason, Record, Status, Text,
};

pub use self::{other::decide, texted::decide_text};

/// What is stored of a contact.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs, reason = "field by field as in `optin::Record`")]
pub struct Row {
    pub revision: u64,
    pub state: State,
    pub help_replied_at: Option<DateTime<Utc>>,
    pub restarts: Option<(DateTime<Utc>, u8)>,
    pub cancelled_before: u64,
}

/// Where a contact stands.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs, reason = "as in `optin::ConsentState`")]
pub enum State {
    Pending(Pending),
    Active { how: OptIn, since: DateTime<Utc> },
    OptedOut { by: OptOut, since: DateTime<Utc> },
}

/// How far a contact is on the way to a yes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[allow(missing_docs, reason = "field by field as in `optin::Pending`")]
pub struct Pending {
    pub prompts_used: u8,
    pub last_prompt: Option<DateTime<Utc>>,
    pub keywords_shown: KeywordSet,
    pub outstanding: Option<Outstanding>,
    pub not_sent_in_row: u8,
    pub texted: bool,
}

/// A prompt on its way.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs, reason = "field by field as in `optin::Outstanding`")]
pub struct Outstanding {
    pub revision: u64,
    pub until: DateTime<Utc>,
    pub prompts_used: u8,
    pub last_prompt: Option<DateTime<Utc>>,
    pub keywords_shown: KeywordSet,
}

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
    pub retry_at: Option<DateTime<Utc>>,
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

impl State {
    fn is_active(&self) -> bool {
        matches!(self, Self::Active { .. })
    }
}

impl Pending {
    fn last(&self) -> Option<DateTime<Utc>> {
        match &self.outstanding {
            Some(outstanding) => Some(outstanding.until),
            None => self.last_prompt,
        }
    }

    fn confirms(&self, keyword: Keyword, policy: &Policy) -> bool {
        keyword == policy.keyword() || self.keywords_shown.contains(keyword)
    }
}

/// One event being decided: the row is changed in place.
struct Turn<'a> {
    policy: &'a Policy,
    now: DateTime<Utc>,
    /// Whether there was a row before.
    present: bool,
    row: Row,
    changed: bool,
    text: Option<Reply>,
    cancel: Cancel,
}

impl<'a> Turn<'a> {
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

    /// A prompt past its end counts as sent then.
    fn lapse(&mut self) {
        if let State::Pending(pending) = &mut self.row.state
            && let Some(outstanding) = &pending.outstanding
            && self.now >= outstanding.until
        {
            pending.last_prompt = Some(outstanding.until);
            pending.outstanding = None;
            pending.not_sent_in_row = 0;
        }
    }

    fn set(&mut self, state: State) {
        self.row.state = state;
        self.changed = true;
    }

    fn activate(&mut self, how: OptIn) {
        let since = self.now;
        self.set(State::Active { how, since });
        self.cancel = Cancel::Prompts;
    }

    fn opt_out(&mut self, by: OptOut, at: DateTime<Utc>) {
        self.opt_out_again(by, at);
        self.changed = true;
        self.row.cancelled_before = self.row.revision + 1;
        self.cancel = Cancel::AllQueued;
    }

    fn opt_out_again(&mut self, by: OptOut, at: DateTime<Utc>) {
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

    fn deadline(&self) -> DateTime<Utc> {
        after(self.now, TimeDelta::minutes(5))
    }

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
            retry_at: None,
        }
    }
}

fn to_millisecond(time: DateTime<Utc>) -> DateTime<Utc> {
    let nanos = time.timestamp_subsec_nanos();
    if nanos < 1_000_000_000 && nanos.is_multiple_of(1_000_000) {
        return time;
    }
    DateTime::from_timestamp_millis(time.timestamp_millis()).unwrap_or(time)
}

fn after(time: DateTime<Utc>, delta: TimeDelta) -> DateTime<Utc> {
    time.checked_add_signed(delta).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

impl From<&Record> for Row {
    fn from(record: &Record) -> Self {
        Self {
            revision: record.revision.number(),
            state: match record.state {
                ConsentState::Pending(pending) => State::Pending(Pending {
                    prompts_used: pending.prompts_used,
                    last_prompt: pending.last_prompt,
                    keywords_shown: pending.keywords_shown,
                    outstanding: pending.outstanding.map(|outstanding| Outstanding {
                        revision: outstanding.revision.number(),
                        until: outstanding.until,
                        prompts_used: outstanding.prompts_used,
                        last_prompt: outstanding.last_prompt,
                        keywords_shown: outstanding.keywords_shown,
                    }),
                    not_sent_in_row: pending.not_sent_in_row,
                    texted: pending.texted,
                }),
                ConsentState::Active { how, since } => State::Active { how, since },
                ConsentState::OptedOut { by, since } => State::OptedOut { by, since },
            },
            help_replied_at: record.help_replied_at,
            restarts: record.restarts.map(|window| (window.began, window.count)),
            cancelled_before: record.cancelled_before.number(),
        }
    }
}
