//! A million contacts with ten events each, decided and folded, and nothing stored.

use std::{error::Error, hint::black_box, time::Instant};

use chrono::{DateTime, TimeDelta, Utc};
use optin::{Ending, Entry, Event, MessageKind, Policy, Record, Revision, Settled, decide};
use optin_benches::{
    allocations::{self, Counted},
    engines,
    rounds::Spread,
};

#[global_allocator]
static ALLOCATOR: Counted = Counted;

const CONTACTS: usize = 1_000_000;
const EVENTS: usize = 10;
/// Contacts whose entries are held at a time.
const FOLDED: usize = 1_000;

fn main() -> Result<(), Box<dyn Error>> {
    let policy = Policy::default();
    let life = life()?;
    let held = allocations::bytes_held();
    let mut records: Vec<Option<Record>> = vec![None; CONTACTS];
    let bytes = (allocations::bytes_held() - held) as usize / CONTACTS;
    let start = Instant::now();
    for (event, now) in &life {
        for record in &mut records {
            step(&policy, record, black_box(event), *now);
        }
    }
    let decided = start.elapsed();
    println!("decide, {CONTACTS} contacts, {EVENTS} events each, all at each event in turn:");
    let each = decided.as_nanos() as f64 / (CONTACTS * EVENTS) as f64;
    println!("  {:.2} s, {each:.0} ns an event; {bytes} bytes a record", decided.as_secs_f64());

    let entries: Vec<Vec<Entry>> =
        (0..FOLDED).map(|number| ledger(&policy, &life, number)).collect();
    let of_each = entries[0].len();
    let expected = records[0];
    let mut nanos = Vec::new();
    for _ in 0..CONTACTS / FOLDED {
        let start = Instant::now();
        for entries in &entries {
            let folded = optin::consent::ledger::fold(black_box(entries));
            assert_eq!(black_box(folded)?, expected);
        }
        nanos.push(start.elapsed().as_nanos() as f64 / FOLDED as f64);
    }
    let total = nanos.iter().sum::<f64>() * FOLDED as f64 / 1e9;
    let each = Spread::of(nanos);
    println!("fold, as many contacts, {of_each} entries each:");
    println!("  {total:.2} s, {each:.0} ns a contact");
    Ok(())
}

fn step(policy: &Policy, record: &mut Option<Record>, event: &Event<'_>, now: DateTime<Utc>) {
    let decided = decide(policy, record.as_ref(), event, now);
    let transition = black_box(decided).expect("the rules allow it");
    if let Some(after) = transition.record {
        *record = Some(after);
    }
}

type Life = Vec<(Event<'static>, DateTime<Utc>)>;

/// Ten events, and when each happens: added, asked, reminded, a yes, a stop, back again.
fn life() -> Result<Life, Box<dyn Error>> {
    let settled = r#"{"revision":1,"kind":"confirmation","ended":"2026-03-01T00:00:00Z","ending":{"accepted":{}}}"#;
    let settled: Settled = serde_json::from_str(settled)?;
    let ended = |revision: u64, kind, now| {
        let mut settled = settled.clone();
        (settled.revision, settled.kind) = (Revision::new(revision), kind);
        (settled.ended, settled.ending) = (now, Ending::Accepted { provider_id: None });
        Event::Settled(settled)
    };
    let at = |hours| engines::now() + TimeDelta::hours(hours);
    let text = |round, body| engines::text(0, round, body);
    Ok(vec![
        (engines::added(), at(0)),
        (text(0, "Hi, are you open?"), at(1)),
        (ended(2, MessageKind::Confirmation, at(1)), at(1)),
        (text(1, "Hello?"), at(2)),
        (text(2, "Is the blue one still there?"), at(14)),
        (ended(4, MessageKind::Reminder, at(14)), at(14)),
        (text(3, "YES"), at(15)),
        (text(4, "Hi, is it ready?"), at(16)),
        (text(5, "STOP"), at(17)),
        (text(6, "START"), at(18)),
    ])
}

fn ledger(policy: &Policy, life: &Life, number: usize) -> Vec<Entry> {
    let number = engines::contact(number).number();
    let mut record = None;
    let mut entries = Vec::new();
    for (event, now) in life {
        let decided = decide(policy, record.as_ref(), event, *now);
        let transition = decided.expect("the rules allow it");
        entries.extend(Entry::of_decision(number, event, &transition, Revision::default(), *now));
        record = transition.record.or(record);
    }
    entries
}
