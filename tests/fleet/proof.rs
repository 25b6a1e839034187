//! What must hold of everything that all machines did together.

use std::{collections::BTreeMap, path::Path};

use chrono::TimeDelta;
use optin::{
    Archive, ConsentState, Dispatcher, Engine, Entry, Event, Fact, Handover, Outbox, Outgoing,
    Reason, Storage, blocking::block_on, consent::ledger::fold,
};

use super::{
    controls::{CONTACTS, Controls, FIRST, account, contact},
    journal::{Journal, Line, Name, Sms, What},
    machine::{Provider, event},
    mail::Mail,
    seen::{Seen, seen},
};

const INTERVAL: i64 = 12 * 3_600_000;
const REMINDERS: usize = 3;

/// Every text that was answered is known.
pub(crate) fn check_marks(storage: impl Storage, controls: &Controls, texts: &[(Sms, String)]) {
    assert_eq!(lost(storage, controls, texts), Vec::<&Sms>::new(), "lost");
}

/// The answered texts that are not known, but for those that need not be remembered (R4.1).
pub(crate) fn lost<'a>(
    storage: impl Storage,
    controls: &Controls,
    texts: &'a [(Sms, String)],
) -> Vec<&'a Sms> {
    let engine = Engine::new(storage, Nobody, || controls.now()).deferred();
    let mut lost = Vec::new();
    for (sms, reason) in texts {
        let is_chat = !["YES", "STOP", "START", "HELP"].contains(&sms.body.as_str());
        if is_chat && reason == Reason::Active.name() {
            continue;
        }
        let again = block_on(engine.handle(&contact(sms.number), event(sms))).unwrap();
        if again.reason != Reason::Duplicate && !(is_chat && again.reason == Reason::Active) {
            lost.push(sms);
        }
    }
    lost
}

/// The record of each is what its ledger says.
pub(crate) fn check_ledgers(storage: &impl Archive, numbers: impl IntoIterator<Item = u64>) {
    for number in numbers {
        let loaded = block_on(storage.load(&contact(number))).unwrap();
        assert_eq!(fold(&history(storage, number)), Ok(loaded.record), "{number}");
    }
}

fn history(storage: &impl Archive, number: u64) -> Vec<Entry> {
    block_on(storage.history(&contact(number), 0, usize::MAX)).unwrap()
}

/// Hands over all that is left, in better times.
fn drain(storage: &impl Archive, directory: &Path) {
    let controls = Controls::open(directory);
    let engine = Engine::new(storage, Provider::reliable(directory), || controls.now());
    for _ in 0..20 {
        controls.advance(3_600_000);
        while block_on(Dispatcher::new(&engine).run_once(100)).unwrap().claimed > 0 {}
    }
    let later = controls.now() + TimeDelta::days(365);
    assert_eq!(block_on(storage.claim(later, later + TimeDelta::hours(1), 10)).unwrap(), []);
    assert_eq!(block_on(storage.set_aside(&account(), 10)).unwrap(), []);
}

/// Drains the storage and proves all of it: how many texts were answered, and how many left.
pub(crate) fn conclude(storage: &impl Archive, directory: &Path) -> (usize, usize) {
    let (controls, journal) = (Controls::open(directory), Journal::open(directory));
    drain(storage, directory);
    let mut mail = Mail::default();
    mail.read(&journal);
    assert!(mail.waiting.is_empty(), "not answered: {:?}", mail.waiting);
    check_marks(storage, &controls, &mail.answered);
    check_ledgers(storage, FIRST..FIRST + (controls.generation() + 1) * CONTACTS);
    (mail.texts(), prove(storage, &journal.lines(0)))
}

/// Proves the journal of a storage that is drained, and says how many texts were handed over.
fn prove(storage: &impl Archive, lines: &[Line]) -> usize {
    let mut handed_over = 0;
    for (number, seen) in seen(lines) {
        let history = history(storage, number);
        each_text_acted_once(&history);
        each_stop_was_heeded(&seen, &history);
        handed_over += texts_left_at_most_once_and_in_time(&seen);
        prompts_kept_to_their_limits(&seen, &cycles(&history));
        opt_outs_held(&seen, &history);
        the_crm_was_told(storage, number, &seen);
    }
    handed_over
}

/// Which revision each text made.
fn acted(history: &[Entry]) -> impl Iterator<Item = (&str, u64)> {
    history.iter().filter_map(|entry| {
        let Fact::Event(event) = &entry.fact else { return None };
        let Event::Texted(text) = &**event else { return None };
        Some((text.id.as_str(), entry.record()?.revision.number()))
    })
}

fn each_text_acted_once(history: &[Entry]) {
    let mut by_id = BTreeMap::new();
    for (id, revision) in acted(history) {
        let before = by_id.insert(id, revision);
        assert_eq!(before, None, "{id} acted twice");
    }
}

/// A text that says STOP acts, or finds its contact opted out.
fn each_stop_was_heeded(seen: &Seen, history: &[Entry]) {
    let acted: BTreeMap<&str, u64> = acted(history).collect();
    let states: Vec<(i64, bool)> = history
        .iter()
        .filter_map(|entry| {
            let state = entry.record()?.state;
            Some((entry.at.timestamp_millis(), matches!(state, ConsentState::OptedOut { .. })))
        })
        .collect();
    for (id, stop) in &seen.stops {
        let found = states.iter().enumerate().any(|(n, (since, opted_out))| {
            let until = states.get(n + 1).map_or(i64::MAX, |(at, _)| *at);
            *opted_out && *since <= stop.answered && until >= stop.arrived
        });
        assert!(found || acted.contains_key(id.as_str()), "{id} was lost: {stop:?}");
    }
}

fn texts_left_at_most_once_and_in_time(seen: &Seen) -> usize {
    let mut last: BTreeMap<Name, bool> = BTreeMap::new();
    let mut answers: BTreeMap<&str, Name> = BTreeMap::new();
    for hand_over in &seen.hand_overs {
        let begun = &hand_over.begun;
        let What::Text { answers: answered, not_after, .. } = &begun.what else { continue };
        let before = last.insert(begun.name, hand_over.may_be_sent());
        assert_ne!(before, Some(true), "perhaps sent twice: {begun:?}");
        assert!(begun.at <= *not_after, "too late: {begun:?}");
        if let Some(id) = answered {
            let name = *answers.entry(id).or_insert(begun.name);
            assert_eq!(name, begun.name, "answered twice: {begun:?}");
        }
    }
    last.len()
}

/// The cycle that each revision belongs to.
fn cycles(history: &[Entry]) -> BTreeMap<u64, usize> {
    let (mut cycle, mut was_pending) = (0, false);
    let records = history.iter().filter_map(Entry::record);
    records
        .map(|record| {
            let is_pending = record.pending().is_some();
            cycle += usize::from(is_pending && !was_pending);
            was_pending = is_pending;
            (record.revision.number(), cycle)
        })
        .collect()
}

fn prompts_kept_to_their_limits(seen: &Seen, cycles: &BTreeMap<u64, usize>) {
    let mut by_cycle: BTreeMap<usize, Vec<_>> = BTreeMap::new();
    for prompt in &seen.hand_overs {
        if prompt.is(&["confirmation", "reminder"]) && prompt.may_be_sent() {
            by_cycle.entry(cycles[&prompt.revision()]).or_default().push(prompt);
        }
    }
    for prompts in by_cycle.into_values() {
        let reminders = prompts.iter().filter(|prompt| prompt.is(&["reminder"])).count();
        assert!(reminders <= REMINDERS, "{prompts:?}");
        assert!(prompts.len() - reminders <= 1, "{prompts:?}");
        for pair in prompts.windows(2) {
            let apart = pair[1].begun.at - pair[0].ended_at();
            assert!(apart >= INTERVAL, "{apart} ms apart: {pair:?}");
        }
    }
}

/// After an opt-out was answered nothing older leaves, but for what it named.
fn opt_outs_held(seen: &Seen, history: &[Entry]) {
    let revisions: BTreeMap<&str, u64> = acted(history).collect();
    for opt_out in &seen.opt_outs {
        let revision = revisions[opt_out.id.as_str()];
        for hand_over in &seen.hand_overs {
            let is_late = matches!(hand_over.begun.what, What::Text { .. })
                && hand_over.position > opt_out.position
                && hand_over.revision() < revision;
            let named = opt_out.in_flight.contains(&hand_over.revision());
            assert!(!is_late || named, "after {opt_out:?}: {hand_over:?}");
        }
    }
}

fn the_crm_was_told(storage: &impl Archive, number: u64, seen: &Seen) {
    let mut told = None;
    for hand_over in &seen.hand_overs {
        if let (What::Status { opted_out }, Some((_, Some(true)))) =
            (&hand_over.begun.what, hand_over.end)
        {
            told = Some(*opted_out);
        }
    }
    let record = block_on(storage.load(&contact(number))).unwrap().record;
    assert_eq!(told, record.map(|record| record.state.opted_out()), "{number}");
}

struct Nobody;

impl Outbox for Nobody {
    async fn send(&self, _outgoing: &Outgoing) -> Handover {
        panic!("a duplicate sends nothing")
    }
}
