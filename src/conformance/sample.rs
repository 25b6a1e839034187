//! What the cases store: contacts, records, messages, entries, all told apart by small numbers.

use alloc::{boxed::Box, format, string::String, vec, vec::Vec};

use chrono::{DateTime, Utc};

use crate::{
    consent::{
        actor::{Actor, Permission, Role},
        body::Body,
        contact::{Contact, PhoneNumber},
        decision::{Decision, Reason, Refusal},
        event::{Event, Text},
        id::{AccountId, ActorId, InboxId, MessageId},
        ledger::{Entry, Fact, Verdict},
        outgoing::{
            ClaimToken, Content, Crm, MessageKind, Outgoing, OutgoingId, OutgoingText, Status,
        },
        policy::Policy,
        record::{Record, Revision},
        settings::{ReminderSettings, Settings},
        state::{ConsentState, OptIn},
    },
    storage::{Change, Claim, Commit, Mark, PolicyChange, Settlement, Then},
};

/// Milliseconds of a second.
pub(super) const SECOND: i64 = 1_000;
/// How long the cases claim for.
pub(super) const LEASE: i64 = 30 * SECOND;
/// When the texts of the cases expire.
pub(super) const DEADLINE: i64 = 300 * SECOND;

/// 2026-03-01T09:00:00Z, the beginning of every case.
const START: i64 = 1_772_355_600_000;

/// The time so many milliseconds after the beginning.
pub(super) fn at(millis: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(START.saturating_add(millis)).unwrap_or_default()
}

/// The first and the last time to the millisecond.
pub(super) fn ends_of_time() -> [DateTime<Utc>; 2] {
    [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC]
        .map(|end| DateTime::from_timestamp_millis(end.timestamp_millis()).unwrap_or(end))
}

pub(super) fn account(name: &str) -> AccountId {
    AccountId::new(name).expect("accounts of the cases have 1 to 256 bytes")
}

/// Contact number `n` of the usual account.
pub(super) fn contact(n: u64) -> Contact {
    Contact::new(account("acme"), number(12_065_550_000 + n))
}

/// Somebody with the same number in another account.
pub(super) fn namesake(contact: &Contact) -> Contact {
    Contact::new(account("other"), contact.number())
}

pub(super) fn number(digits: u64) -> PhoneNumber {
    PhoneNumber::from_digits(digits).expect("numbers of the cases have 2 to 15 digits")
}

pub(super) fn inbox(name: &str) -> InboxId {
    InboxId::new(name).expect("inboxes of the cases have 1 to 256 bytes")
}

pub(super) fn message_id(id: &str) -> MessageId {
    MessageId::new(id).expect("message ids of the cases have 1 to 256 bytes")
}

/// The mark of a text in the usual inbox.
pub(super) fn text_mark(id: &str) -> Mark {
    Mark::Text { inbox: inbox("+18885550100"), id: message_id(id) }
}

pub(super) fn request_mark(id: &str) -> Mark {
    Mark::Request { id: message_id(id) }
}

/// A record of this revision, and of no other: it is active since that second.
pub(super) fn record(revision: u64) -> Record {
    let since = at(i64::try_from(revision).unwrap_or_default() * SECOND);
    with_state(revision, ConsentState::Active { how: OptIn::Keyword, since })
}

pub(super) fn with_state(revision: u64, state: ConsentState) -> Record {
    Record {
        revision: Revision::new(revision),
        state,
        help_replied_at: None,
        restarts: None,
        cancelled_before: Revision::default(),
    }
}

/// A commit under the record of this revision, 0 for none, which keeps what is there.
pub(super) fn keep(contact: &Contact, revision: u64) -> Commit {
    Commit {
        expected: (revision > 0).then(|| record(revision)),
        ..Commit::keep(contact.clone(), None, at(0))
    }
}

/// A commit that makes this revision from the one before it.
pub(super) fn step(contact: &Contact, revision: u64) -> Commit {
    Commit { change: Change::Put(record(revision)), ..keep(contact, revision.saturating_sub(1)) }
}

/// A commit that makes this revision, with these messages.
pub(super) fn queue(contact: &Contact, revision: u64, outgoing: Vec<Outgoing>) -> Commit {
    Commit { outgoing, ..step(contact, revision) }
}

/// A commit that makes this revision, with one text.
pub(super) fn queue_text(contact: &Contact, revision: u64) -> Commit {
    queue(contact, revision, vec![text(contact, revision)])
}

/// A confirmation of the decision that made this revision.
pub(super) fn text(contact: &Contact, revision: u64) -> Outgoing {
    text_of_kind(contact, revision, MessageKind::Confirmation)
}

pub(super) fn text_of_kind(contact: &Contact, revision: u64, kind: MessageKind) -> Outgoing {
    let words = format!("{} of revision {revision}", kind.name());
    text_of_words(contact, revision, kind, words)
}

pub(super) fn text_of_words(
    contact: &Contact,
    revision: u64,
    kind: MessageKind,
    words: String,
) -> Outgoing {
    let answers = (kind != MessageKind::Message).then(|| message_id(&format!("SM{revision}")));
    let text = OutgoingText {
        kind,
        from: inbox("+18885550100"),
        body: Body::from(words),
        not_after: at(DEADLINE),
        answers,
    };
    let id = OutgoingId::new(contact.clone(), Revision::new(revision), 0);
    Outgoing::new(id, at(0), Content::Text(text))
}

/// Message `n` of the decision that made this revision: a status.
pub(super) fn status(contact: &Contact, revision: u64, n: u8, crm: Crm) -> Outgoing {
    let id = OutgoingId::new(contact.clone(), Revision::new(revision), n);
    Outgoing::new(id, at(0), Content::Status(Status::new(crm, revision % 2 == 1)))
}

/// An entry that is like no other: of a text with this number.
pub(super) fn entry(contact: &Contact, n: u64) -> Entry {
    entry_of(contact, n, None)
}

/// An entry of a decision that left this record.
pub(super) fn entry_of(contact: &Contact, n: u64, record: Option<Record>) -> Entry {
    let text = Text::new(inbox("+18885550100"), message_id(&format!("SM{n}")), format!("Hi {n}"));
    Entry {
        at: at(i64::try_from(n).unwrap_or_default()),
        number: Some(contact.number()),
        policy_revision: Revision::default(),
        fact: Fact::Event(Box::new(Event::Texted(text))),
        verdict: Verdict::Decided {
            decision: Decision::None,
            reason: Reason::Active,
            record,
            text: None,
        },
    }
}

/// The end of this message's claim under this token.
pub(super) fn end_of(message: &Outgoing, token: u64) -> Settlement {
    let (id, decided_at) = (message.id.clone(), message.decided_at);
    Settlement { id, token: ClaimToken::new(token), decided_at, then: Then::Finish }
}

/// The end of this claim.
pub(super) fn end(claim: &Claim, then: Then) -> Settlement {
    Settlement::of(claim, then)
}

/// A change of settings, or a refused attempt at one, under this revision.
pub(super) fn settings_change(
    account: &AccountId,
    expected: u64,
    policy: Option<Policy>,
) -> PolicyChange {
    let id = ActorId::new("ana").expect("an actor id of 1 to 256 bytes");
    let refused = Refusal::Forbidden(Permission::ComplianceSettings);
    let expected = Revision::new(expected);
    let set = policy.as_ref().ok_or(refused);
    let entry = Entry::of_policy_change(Actor::new(id, Role::Owner), set, expected, at(0));
    PolicyChange { account: account.clone(), expected, policy, entry }
}

/// Settings with this many reminders, 0 to 3; 3 are the defaults.
pub(super) fn reminding(max: u32) -> Policy {
    let reminders = ReminderSettings { max, ..ReminderSettings::default() };
    let settings = Settings { reminders, ..Settings::default() };
    Policy::try_from(settings).expect("reminders within the bounds of RULES 3")
}
