//! After erasure nothing of a contact is in the file's own bytes, nor in its log (G16).
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod black_box;
mod support;

use std::{fs, path::Path};

use black_box::Scratch;
use chrono::TimeDelta;
use optin::{
    Archive, Contact, Engine, Event, Handover, Message, Outbox, Outgoing, Policy, Storage,
    blocking::block_on,
    ledger::{Disclosed, Ledger, audit},
    store::{
        SqliteStorage,
        sqlite::{Durability, Options},
    },
};
use proptest::prelude::*;

use self::support::{Clock, START, account, contact, inbox, message_id, owner, texted};

/// Takes nothing, so that something is queued and set aside too.
struct Provider;

impl Outbox for Provider {
    async fn send(&self, outgoing: &Outgoing) -> Handover {
        match outgoing.id.revision.number() % 3 {
            0 => Handover::NotSent { retry: true, code: None },
            1 => Handover::Accepted { provider_id: Some(message_id("SMout")) },
            _ => Handover::Unknown,
        }
    }
}

/// What a contact says, like nobody else.
fn words(who: u8, n: usize) -> String {
    format!("Whisper-{who:03}-{n:03} {}", "from a friend of mine ".repeat(n % 40))
}

/// Lets contacts talk, in this order: each turn one of them writes something of its own.
fn talk(storage: &SqliteStorage, turns: &[u8], clock: &Clock) {
    let engine = Engine::new(storage, Provider, clock.reader());
    let sync = |policy: &Policy| {
        let mut settings = policy.settings().clone();
        settings.sync.hubspot = true;
        Policy::new(settings)
    };
    block_on(engine.change_policy(&account(), &owner(), sync)).unwrap();
    for (n, who) in turns.iter().enumerate() {
        let said = words(*who, n);
        block_on(engine.handle(&contact(*who), texted(&format!("in-{n}"), &said))).unwrap();
        if n % 5 == 3 {
            block_on(engine.handle(&contact(*who), texted(&format!("yes-{n}"), "yes"))).unwrap();
        }
        if let Some(permit) = block_on(engine.permit(&contact(*who))).unwrap() {
            let message = Message::new(inbox(), words(*who, n)).with_actor(owner());
            block_on(engine.send(permit, message)).unwrap();
        }
        let absent = Event::DeclaredExisting { actor: support::owner() };
        block_on(engine.handle(&contact(*who), absent)).unwrap();
        clock.advance(TimeDelta::hours(7));
    }
}

/// The bytes of the file and of what lies beside it.
fn bytes(path: &Path) -> Vec<u8> {
    let mut all = Vec::new();
    for end in ["", "-wal", "-shm", "-journal"] {
        let mut name = path.as_os_str().to_owned();
        name.push(end);
        all.extend(fs::read(name).unwrap_or_default());
    }
    all
}

fn has(bytes: &[u8], needle: &[u8]) -> bool {
    let first = needle[0];
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| *byte == first) {
        if rest[at..].starts_with(needle) {
            return true;
        }
        rest = &rest[at + 1..];
    }
    false
}

/// Everything that says who a contact is, or what it said: as text, and as SQLite's integers.
fn traces(of: &Contact, who: u8, salts: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let number = of.number().to_digits();
    let mut traces = vec![
        of.number().to_e164().into_bytes(),
        number.to_string().into_bytes(),
        format!("Whisper-{who:03}-").into_bytes(),
        // SQLite's integers of 6 and 8 bytes.
        number.to_be_bytes()[2..].to_vec(),
    ];
    traces.extend(salts.iter().cloned());
    traces
}

/// The salts of a contact's entries.
fn salts(storage: &SqliteStorage, of: &Contact) -> Vec<Vec<u8>> {
    let Some(head) = block_on(storage.head(of)).unwrap() else { return Vec::new() };
    let rows = block_on(storage.sealed(of.account(), head.chain, 0, 999)).unwrap();
    let disclosed = rows.into_iter().filter_map(|row| row.disclosed);
    disclosed.flat_map(|Disclosed { salts, .. }| salts.0).map(Vec::from).collect()
}

fn check(name: &str, turns: &[u8], gone: &[u8], in_use: bool) {
    let scratch = Scratch::new(name);
    let path = scratch.path("it.db");
    let clock = Clock::at(START);
    let storage = SqliteStorage::open(&path).unwrap();
    talk(&storage, turns, &clock);
    // Somebody else has the file open, and has read from it.
    let other = in_use.then(|| SqliteStorage::open(&path).unwrap());
    if let Some(other) = &other {
        block_on(other.load(&contact(turns[0]))).unwrap();
    }
    let traces: Vec<_> = gone
        .iter()
        .flat_map(|who| traces(&contact(*who), *who, &salts(&storage, &contact(*who))))
        .collect();
    let before = bytes(&path);
    for who in gone.iter().filter(|who| turns.contains(who)) {
        assert!(has(&before, format!("Whisper-{who:03}-").as_bytes()), "nothing was there");
    }
    for who in gone {
        let known = block_on(storage.load(&contact(*who))).unwrap().record.is_some();
        assert!(block_on(storage.erase(&contact(*who))).unwrap() || !known);
    }
    let after = bytes(&path);
    for trace in &traces {
        assert!(!has(&after, trace), "{:?}", String::from_utf8_lossy(trace));
    }
    for who in turns.iter().filter(|who| !gone.contains(who)) {
        assert!(has(&after, format!("Whisper-{who:03}-").as_bytes()));
        let history = block_on(storage.history(&contact(*who), 0, 999)).unwrap();
        assert!(!history.is_empty());
    }
    // Proofs of all chains hold, those of the erased ones too.
    block_on(audit::storage(&storage, &account(), None)).unwrap();
    drop(other);
    drop(storage);
    let closed = bytes(&path);
    for trace in &traces {
        assert!(!has(&closed, trace));
    }
}

#[test]
fn nothing_of_an_erased_contact_is_left_in_the_file() {
    let turns: Vec<u8> = (0..60).map(|n| n % 7).collect();
    check("erase-file", &turns, &[3], false);
}

#[test]
fn nothing_is_left_while_somebody_else_has_the_file_open() {
    let turns: Vec<u8> = (0..60).map(|n| n % 7).collect();
    check("erase-file-in-use", &turns, &[0, 1, 2, 5], true);
}

#[test]
fn pruned_words_are_gone_from_the_file() {
    let scratch = Scratch::new("prune-file");
    let path = scratch.path("it.db");
    let clock = Clock::at(START);
    let storage = SqliteStorage::open(&path).unwrap();
    let turns: Vec<u8> = (0..40).map(|n| n % 4).collect();
    talk(&storage, &turns, &clock);
    let salts: Vec<_> = (0..4).flat_map(|who| salts(&storage, &contact(who))).collect();
    let pruned = block_on(storage.prune_texts(clock.now())).unwrap();
    assert!(pruned >= 40, "{pruned}");
    let after = bytes(&path);
    for salt in &salts {
        assert!(!has(&after, salt));
    }
    // What is still to be handed over keeps its words until it is.
    let queued = block_on(storage.queue()).unwrap();
    let left = queued.waiting + queued.claimed + queued.set_aside;
    let said = (0..40).filter(|n| has(&after, &words(*n as u8 % 4, *n).as_bytes()[..15]));
    assert!(said.count() as u64 <= left, "{left} messages are queued");
    block_on(audit::storage(&storage, &account(), None)).unwrap();
}

#[test]
fn words_of_many_pages_are_pruned_by_their_age_alone() {
    let scratch = Scratch::new("prune-pages");
    let clock = Clock::at(START);
    let options = Options::default().durability(Durability::Normal).scrub_later();
    let storage = options.open(scratch.path("it.db")).unwrap();
    let turns: Vec<u8> = (0..1_300).map(|n| (n % 6) as u8).collect();
    talk(&storage, &turns, &clock);
    let told = |of: u8| block_on(storage.history(&contact(of), 0, 9_999)).unwrap();
    let all: Vec<_> = (0..6).map(told).collect();
    let entries: usize = all.iter().map(Vec::len).sum();
    assert!(entries > 1_000, "{entries} are no three pages");
    let before = START + TimeDelta::hours(7 * 700);
    let (mut had_words, mut pruned) = (0, Vec::new());
    for entries in &all {
        let entries = entries.iter().cloned().map(|entry| {
            had_words += u64::from(entry.at < before);
            if entry.at < before { entry.without_words() } else { entry }
        });
        pruned.push(entries.collect::<Vec<_>>());
    }
    let account = block_on(storage.account_history(&account(), 0, 9_999)).unwrap();
    had_words += account.iter().filter(|entry| entry.at < before).count() as u64;
    assert_eq!(block_on(storage.prune_texts(before)).unwrap(), had_words);
    assert_eq!((0..6).map(told).collect::<Vec<_>>(), pruned);
    assert_eq!(block_on(storage.prune_texts(before)).unwrap(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn whoever_talked_in_whatever_order_is_erased_whole(
        turns in prop::collection::vec(0_u8..12, 1..60),
        gone in prop::collection::btree_set(0_u8..12, 1..8),
    ) {
        let gone: Vec<u8> = gone.into_iter().collect();
        check("erase-file-any", &turns, &gone, turns.len() % 2 == 0);
    }
}
