//! Looking back: a contact's record at any moment, and what other settings would have led to.

use alloc::collections::BTreeMap;
use core::ops::Add;

use chrono::{DateTime, Utc};

use super::{
    decide::decide,
    event::{Ending, Event, Settled},
    ledger::{BrokenLedger, Entry, Fact, Verdict, fold},
    outgoing::{MessageKind, OutgoingText},
    policy::Policy,
    record::{Record, Revision},
    standing::Standing,
};

/// The record that a contact had at this time, by its entries in their order.
///
/// Entries count up to the last one that was made by then: where a clock went back, their order is
/// what happened.
///
/// # Errors
/// [`BrokenLedger`] at the first entry whose revision does not follow.
pub fn state_at(entries: &[Entry], time: DateTime<Utc>) -> Result<Option<Record>, BrokenLedger> {
    let made = entries.iter().rposition(|entry| entry.at <= time).map_or(0, |last| last + 1);
    fold(entries.iter().take(made))
}

/// What a contact's history came to, and what it would have come to under other settings.
///
/// Each text of the replay is taken to have ended as the one that was sent in answer to the same
/// event, and else to have been accepted. The ledger has no texts that changed nothing, so settings
/// that would have said more than those in force are told with fewer prompts than they would have
/// sent. Entries without their words read as blank texts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct WhatIf {
    /// As it was.
    pub was: Tally,
    /// As it would have been.
    pub would: Tally,
}

/// What histories came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Tally {
    /// Confirmations that were sent, or may have been.
    pub confirmations: u64,
    /// Reminders that were sent, or may have been.
    pub reminders: u64,
    /// Messages of staff and host that were let through.
    pub messages: u64,
    /// Messages of staff and host that were refused.
    pub messages_refused: u64,
    /// Contacts that end pending.
    pub pending: u64,
    /// Contacts that end active.
    pub active: u64,
    /// Contacts that end opted out.
    pub opted_out: u64,
}

/// Replays a contact's entries, in their order, under other settings, and counts the difference.
///
/// Counts of several contacts add up.
pub fn what_if(entries: &[Entry], policy: &Policy) -> WhatIf {
    let endings = endings(entries);
    let mut what_if = WhatIf::default();
    let (mut was, mut would) = (None, None);
    for entry in entries {
        let Fact::Event(event) = &entry.fact else { continue };
        if matches!(**event, Event::Settled(_)) {
            was = entry.record().copied().or(was);
            continue;
        }
        let made = entry.record().map(|record| record.revision);
        let ending = made.and_then(|made| endings.get(&made)).copied();
        match &entry.verdict {
            Verdict::Decided { record, text, .. } => {
                what_if.was.count(text.as_ref(), ending);
                was = record.or(was);
            }
            Verdict::Refused(_) => what_if.was.refuse(event),
            Verdict::PolicySet { .. } => {}
        }
        match decide(policy, would.as_ref(), event, entry.at) {
            Ok(transition) => {
                what_if.would.count(transition.text.as_ref(), ending);
                would = transition.record.or(would);
                if let (Some(text), Some(record)) = (&transition.text, transition.record) {
                    would = settled(policy, record, text, ending, entry.at).or(would);
                }
            }
            Err(_) => what_if.would.refuse(event),
        }
    }
    what_if.was.end(was.as_ref());
    what_if.would.end(would.as_ref());
    what_if
}

impl Add for WhatIf {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { was: self.was + other.was, would: self.would + other.would }
    }
}

impl Add for Tally {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            confirmations: self.confirmations + other.confirmations,
            reminders: self.reminders + other.reminders,
            messages: self.messages + other.messages,
            messages_refused: self.messages_refused + other.messages_refused,
            pending: self.pending + other.pending,
            active: self.active + other.active,
            opted_out: self.opted_out + other.opted_out,
        }
    }
}

impl Tally {
    fn count(&mut self, text: Option<&OutgoingText>, ending: Option<&Ending>) {
        let is_sent = ending.is_none_or(may_be_sent);
        match text.map(|text| text.kind) {
            Some(MessageKind::Confirmation) => self.confirmations += u64::from(is_sent),
            Some(MessageKind::Reminder) => self.reminders += u64::from(is_sent),
            Some(MessageKind::Message) => self.messages += 1,
            Some(MessageKind::OptedOut | MessageKind::Help | MessageKind::Confirmed) | None => {}
        }
    }

    fn refuse(&mut self, event: &Event<'_>) {
        self.messages_refused += u64::from(matches!(event, Event::MessageRequested(_)));
    }

    fn end(&mut self, record: Option<&Record>) {
        match record.map(|record| record.state.standing()) {
            Some(Standing::Pending) => self.pending += 1,
            Some(Standing::Active) => self.active += 1,
            Some(Standing::OptedOut) => self.opted_out += 1,
            None => {}
        }
    }
}

/// How the text of each revision ended at last.
fn endings(entries: &[Entry]) -> BTreeMap<Revision, &Ending> {
    let settled = entries.iter().filter_map(|entry| match &entry.fact {
        Fact::Event(event) => match &**event {
            Event::Settled(settled) => Some((settled.revision, &settled.ending)),
            Event::Texted(_)
            | Event::Added { .. }
            | Event::DeclaredExisting { .. }
            | Event::Overridden { .. }
            | Event::CarrierBlocked { .. }
            | Event::MessageRequested(_)
            | Event::StatusRequested { .. } => None,
        },
        Fact::PolicyChanged { .. } => None,
    });
    settled.collect()
}

fn may_be_sent(ending: &Ending) -> bool {
    match ending {
        Ending::Accepted { .. } | Ending::Unknown => true,
        Ending::NotSent { .. }
        | Ending::Blocked { .. }
        | Ending::Expired
        | Ending::Retry { .. }
        | Ending::SetAside => false,
    }
}

/// The record once the text of the decision that made it has ended.
fn settled(
    policy: &Policy,
    record: Record,
    text: &OutgoingText,
    ending: Option<&Ending>,
    at: DateTime<Utc>,
) -> Option<Record> {
    let ending = ending.cloned().unwrap_or(Ending::Accepted { provider_id: None });
    let event =
        Event::Settled(Settled { revision: record.revision, kind: text.kind, ended: at, ending });
    decide(policy, Some(&record), &event, at).ok()?.record
}
