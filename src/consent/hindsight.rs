//! Looking back: a contact's record at any moment, and what other settings would have led to.

use alloc::collections::{BTreeMap, BTreeSet};
use core::ops::Add;

use chrono::{DateTime, Utc};

use super::{
    decide::{decide, decide_suppressed},
    decision::Reason,
    event::{Ending, Event, Settled},
    ledger::{BrokenLedger, Entry, Fact, Verdict, fold},
    outgoing::MessageKind,
    policy::Policy,
    record::{Record, Revision},
    standing::Standing,
    state::{ConsentState, Outstanding},
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
/// A text counts once its hand-over has ended: one that was taken back does not, nor one that is
/// still under way. Each text of the replay is taken to have ended as the one that was sent in
/// answer to the same event, at the same time, and else to have been accepted. Under the settings
/// that were in force nothing differs.
///
/// The ledger has no texts that changed nothing, so settings that would have said more than those
/// in force are told with fewer prompts than they would have sent. Entries without their words read
/// as blank texts.
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
    /// Confirmations that left, or may have.
    pub confirmations: u64,
    /// Reminders that left, or may have.
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
    let ended: BTreeSet<Revision> =
        entries.iter().filter_map(settled).map(|settled| settled.revision).collect();
    let mut was = Tally::default();
    let mut stood: Option<Record> = None;
    let mut replay = Replay::under(policy);
    for entry in entries {
        let Fact::Event(event) = &entry.fact else { continue };
        let before = stood;
        stood = entry.record().copied().or(stood);
        match (&**event, &entry.verdict) {
            (Event::Settled(settled), _) => {
                was.end_text(settled.kind, &settled.ending);
                replay.settle(settled, entry.at);
            }
            (event, verdict) => {
                match verdict {
                    Verdict::Decided { .. } => was.decide(event),
                    Verdict::Refused(_) => was.refuse(event),
                    Verdict::PolicySet { .. } => {}
                }
                replay.decide(event, entry);
            }
        }
        let waits = outstanding(stood.as_ref());
        if let Some(prompt) = outstanding(before.as_ref())
            && waits.map(|waits| waits.revision) != Some(prompt.revision)
            && !ended.contains(&prompt.revision)
        {
            replay.accept(prompt.revision, entry.at);
        }
        replay.hold(waits);
    }
    was.end(stood.as_ref());
    replay.would.end(replay.record.as_ref());
    WhatIf { was, would: replay.would }
}

/// The settlement that an entry is of, if it is of one.
fn settled(entry: &Entry) -> Option<&Settled> {
    match &entry.fact {
        Fact::Event(event) => match &**event {
            Event::Settled(settled) => Some(settled),
            Event::Texted(_)
            | Event::Added { .. }
            | Event::DeclaredExisting { .. }
            | Event::Overridden { .. }
            | Event::CarrierBlocked { .. }
            | Event::MessageRequested(_)
            | Event::StatusRequested { .. } => None,
        },
        Fact::PolicyChanged { .. } => None,
    }
}

/// The prompt that a record waits for.
fn outstanding(record: Option<&Record>) -> Option<Outstanding> {
    record.and_then(Record::pending).and_then(|pending| pending.outstanding)
}

/// What happens under other settings.
struct Replay<'a> {
    policy: &'a Policy,
    record: Option<Record>,
    /// By the revision of the text that was sent in answer to the same event: its own.
    texts: BTreeMap<Revision, (Revision, MessageKind)>,
    would: Tally,
}

impl<'a> Replay<'a> {
    fn under(policy: &'a Policy) -> Self {
        Self { policy, record: None, texts: BTreeMap::new(), would: Tally::default() }
    }

    fn decide(&mut self, event: &Event<'_>, entry: &Entry) {
        let decided = if self.record.is_none() && was_suppressed(event, &entry.verdict) {
            decide_suppressed(self.policy, event, entry.at)
        } else {
            decide(self.policy, self.record.as_ref(), event, entry.at)
        };
        let Ok(transition) = decided else {
            self.would.refuse(event);
            return;
        };
        self.would.decide(event);
        self.record = transition.record.or(self.record);
        let (Some(text), Some(record)) = (transition.text, transition.record) else { return };
        let sent = match &entry.verdict {
            Verdict::Decided { record, text, .. } => record.filter(|_| text.is_some()),
            Verdict::PolicySet { .. } | Verdict::Refused(_) => None,
        };
        let sent = sent.map(|sent| sent.revision);
        self.texts.insert(sent.unwrap_or(NOT_SENT), (record.revision, text.kind));
        if sent.is_none() {
            self.accept(NOT_SENT, entry.at);
        }
    }

    /// Ends the text that was sent in answer to the same event.
    fn settle(&mut self, settled: &Settled, at: DateTime<Utc>) {
        let Some(&(revision, kind)) = self.texts.get(&settled.revision) else { return };
        self.would.end_text(kind, &settled.ending);
        let event = Event::Settled(Settled { revision, kind, ..settled.clone() });
        if let Ok(transition) = decide(self.policy, self.record.as_ref(), &event, at) {
            self.record = transition.record.or(self.record);
        }
    }

    /// Ends a text whose like was not sent, or was taken back, if it is waited for here.
    fn accept(&mut self, sent: Revision, at: DateTime<Utc>) {
        let Some(&(revision, kind)) = self.texts.get(&sent) else { return };
        let waits = outstanding(self.record.as_ref()).map(|waits| waits.revision);
        if waits == Some(revision) || sent == NOT_SENT {
            let ending = Ending::Accepted { provider_id: None };
            self.settle(&Settled { revision: sent, kind, ended: at, ending }, at);
        }
    }

    /// Waits for a prompt as long as for the one that was sent in answer to the same event.
    fn hold(&mut self, sent: Option<Outstanding>) {
        if let Some(sent) = sent
            && let Some(&(revision, _)) = self.texts.get(&sent.revision)
            && let Some(record) = &mut self.record
            && let ConsentState::Pending(pending) = &mut record.state
            && let Some(waits) = &mut pending.outstanding
            && waits.revision == revision
        {
            waits.until = sent.until;
        }
    }
}

/// What stands for the revision of a text in the place of which none was sent.
const NOT_SENT: Revision = Revision::new(0);

/// Whether somebody was brought back whose erasure was remembered.
fn was_suppressed(event: &Event<'_>, verdict: &Verdict) -> bool {
    let opted_out = match verdict {
        Verdict::Decided { reason, .. } => *reason == Reason::AddedOptedOut,
        Verdict::PolicySet { .. } | Verdict::Refused(_) => false,
    };
    opted_out && !matches!(event, Event::Added { opted_out: Some(true), .. })
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
    fn decide(&mut self, event: &Event<'_>) {
        self.messages += u64::from(matches!(event, Event::MessageRequested(_)));
    }

    fn refuse(&mut self, event: &Event<'_>) {
        self.messages_refused += u64::from(matches!(event, Event::MessageRequested(_)));
    }

    fn end_text(&mut self, kind: MessageKind, ending: &Ending) {
        let left = u64::from(may_have_left(ending));
        match kind {
            MessageKind::Confirmation => self.confirmations += left,
            MessageKind::Reminder => self.reminders += left,
            MessageKind::Message
            | MessageKind::OptedOut
            | MessageKind::Help
            | MessageKind::Confirmed => {}
        }
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

fn may_have_left(ending: &Ending) -> bool {
    match ending {
        Ending::Accepted { .. } | Ending::Unknown => true,
        Ending::NotSent { .. }
        | Ending::Blocked { .. }
        | Ending::Expired
        | Ending::Retry { .. }
        | Ending::SetAside => false,
    }
}
