//! Moving house: interrupted anywhere and resumed, verified, and gone on from.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod black_box;
#[path = "moving/cut.rs"]
mod cut;
#[path = "moving/house.rs"]
mod house;
mod support;

use std::{
    collections::{BTreeSet, HashSet},
    path::Path,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

use chrono::TimeDelta;
use optin::{
    Archive, Contact, Engine, Event, Source,
    blocking::block_on,
    ledger::{
        ChainId, Checkpoint, Checkpointer, Directory, NoteSigner, SuppressionKey,
        audit::{self, BadLedger},
    },
    moving::{Key, Movable, Move, MoveError, Moved, Progress, Row, Step},
    store::{
        MemoryStorage, SqliteError, SqliteStorage,
        sqlite::{Durability, Options},
    },
};
use rusqlite::Connection;

use self::{
    black_box::Scratch,
    cut::{Cut, CutOff, Lost},
    house::{Provider, STEPS, bolt, furnish, rows, step},
    support::{Clock, START, account, contact, texted},
};

fn key() -> SuppressionKey {
    SuppressionKey::new([7; 32])
}

fn memory() -> MemoryStorage {
    MemoryStorage::new().with_suppression(key())
}

fn open(path: &Path) -> SqliteStorage {
    let options = Options::default().durability(Durability::Normal).scrub_later();
    options.suppression(key()).open(path).unwrap()
}

/// A new file of this directory each time.
fn sqlite(scratch: &Scratch) -> SqliteStorage {
    static FILES: AtomicU64 = AtomicU64::new(0);
    open(&scratch.path(&format!("{}.db", FILES.fetch_add(1, Relaxed))))
}

fn kinds(rows: &[Row]) -> HashSet<std::mem::Discriminant<Row>> {
    rows.iter().map(std::mem::discriminant).collect()
}

/// Everything in `from` is moved into `to`, and is the same there.
fn is_moved<F: Movable, T: Movable>(from: &F, to: &T) -> Moved {
    let moved = block_on(Move::new(from, to).page(7).run(|_| {})).unwrap();
    let rows = rows(from);
    assert_eq!(kinds(&rows).len(), 8, "a row of each kind");
    assert_eq!((moved.accounts, moved.rows), (2, rows.len() as u64));
    assert!(house::rows(to) == rows);
    moved
}

#[test]
fn everything_is_moved_from_any_storage_into_any() {
    let scratch = Scratch::new("moving-any");
    let (one, file) = (memory(), sqlite(&scratch));
    furnish(&one);
    let (two, other) = (memory(), sqlite(&scratch));
    for moved in [is_moved(&one, &file), is_moved(&file, &two), is_moved(&two, &other)] {
        assert_eq!(moved.put_in, moved.rows);
    }
    assert_eq!(is_moved(&other, &one).put_in, 0);
}

#[test]
fn a_move_says_how_far_it_is() {
    let (from, to) = (memory(), memory());
    furnish(&from);
    let mut said: Vec<Progress> = Vec::new();
    block_on(Move::new(&from, &to).page(5).run(|progress| said.push(progress.clone()))).unwrap();
    assert!(said.is_sorted_by_key(|it| (it.step, it.account.clone(), it.done)));
    for step in [Step::PutIn, Step::Compare, Step::Audit] {
        let last = said.iter().rfind(|it| it.step == step).unwrap();
        assert_eq!((last.done, last.account.clone()), (last.total, bolt()));
    }
    let last = said.last().unwrap();
    assert_eq!(last.to_string(), format!("bolt audited: {0} of {0}", last.total));
}

/// Cut off at each call in turn, then run again to the end.
fn is_resumed<S: Movable, T: Movable>(source: &S, fresh: impl Fn() -> T, page: usize) {
    let before = rows(source);
    let mut interrupted = 0;
    for cut in [Cut::Before, Cut::After, Cut::Silent] {
        for at in 1.. {
            let target = fresh();
            let cut_off = CutOff::new(&target, at, cut);
            let mut seen = 0;
            let ended = cut_off.run(Move::new(source, &cut_off).page(page).run(|_| seen += 1));
            if !cut_off.was_cut() {
                assert_eq!(ended.unwrap().unwrap().put_in, before.len() as u64);
                break;
            }
            match ended {
                Some(ended) => assert!(matches!(ended, Err(MoveError::To(Lost)))),
                None => assert_eq!(cut, Cut::Silent),
            }
            let there = rows(&target).len() as u64;
            let moved = block_on(Move::new(source, &target).page(page).run(|_| {})).unwrap();
            assert_eq!(moved.put_in, before.len() as u64 - there);
            assert!(rows(&target) == before && rows(source) == before);
            interrupted += 1;
        }
    }
    println!("resumed after {interrupted} interruptions");
    assert!(interrupted > before.len() / page * 3);
}

#[test]
fn a_move_that_was_cut_off_anywhere_is_resumed() {
    let source = memory();
    furnish(&source);
    is_resumed(&source, memory, 3);
    let scratch = Scratch::new("moving-cut");
    let file = sqlite(&scratch);
    is_moved(&source, &file);
    is_resumed(&file, || sqlite(&scratch), 20);
}

#[test]
fn a_source_that_fails_anywhere_is_as_it_was() {
    let source = memory();
    furnish(&source);
    let before = rows(&source);
    for at in 1.. {
        let (cut_off, target) = (CutOff::new(&source, at, Cut::Before), memory());
        let ended = block_on(Move::new(&cut_off, &target).page(9).run(|_| {}));
        if !cut_off.was_cut() {
            assert!(ended.is_ok() && at > 20);
            break;
        }
        assert_eq!(ended, Err(MoveError::From(Lost)));
        is_moved(&source, &target);
        assert!(rows(&source) == before);
    }
}

/// What somebody does to a storage that should be quiet.
fn disturb<S: Movable>(storage: &S, what: usize) {
    let engine =
        Engine::new(storage, Provider::new(&Clock::at(START)), || START + TimeDelta::days(9));
    let added = || Event::Added { source: Source::Api, opted_out: None };
    let inserted = "account-between";
    match what {
        0 => drop(block_on(engine.handle(&contact(2), texted("new", "hello")))),
        1 => drop(block_on(engine.handle(&contact(77), added()))),
        2 => drop(block_on(storage.erase(&contact(1)))),
        3 => drop(block_on(engine.resync(&account(), optin::Crm::Hubspot))),
        _ => {
            let account = optin::AccountId::new(inserted).unwrap();
            drop(block_on(engine.handle(&Contact::new(account, contact(1).number()), added())));
        }
    }
}

#[test]
fn a_source_that_changes_meanwhile_is_found() {
    let (mut found, mut in_time) = (0, 0);
    for what in 0..5 {
        for at in 0.. {
            let (source, target) = (memory(), memory());
            furnish(&source);
            let mut calls = 0;
            let ended = block_on(Move::new(&source, &target).page(10).run(|_| {
                if calls == at {
                    disturb(&source, what);
                }
                calls += 1;
            }));
            if calls <= at {
                assert!(at > 10);
                break;
            }
            match ended {
                // What was done in front of the move was moved with the rest.
                Ok(_) => in_time += 1,
                Err(
                    MoveError::Changed
                    | MoveError::Differs { .. }
                    | MoveError::Extra { .. }
                    | MoveError::Missing { .. }
                    | MoveError::Ledger { .. },
                ) => found += 1,
                Err(other) => panic!("{other}"),
            }
            assert!(ended.is_err() || rows(&target) == rows(&source), "{what} at {at}");
            // Quiet again, it is moved into an empty one.
            assert!(block_on(Move::new(&source, &memory()).run(|_| {})).is_ok());
        }
    }
    println!("{found} found, {in_time} in time");
    assert_eq!(in_time, 0);
}

#[test]
fn a_source_that_changed_between_two_runs_is_found() {
    let (source, target) = (memory(), memory());
    furnish(&source);
    let cut_off = CutOff::new(&target, 12, Cut::After);
    let ended = block_on(Move::new(&source, &cut_off).page(5).run(|_| {}));
    assert_eq!(ended, Err(MoveError::To(Lost)));
    disturb(&source, 0);
    let ended = block_on(Move::new(&source, &target).page(5).run(|_| {}));
    let key = Key::Contact(contact(2).number());
    assert_eq!(ended, Err(MoveError::Differs { account: account(), key }));
}

#[test]
fn a_target_in_use_is_found() {
    let (source, target) = (memory(), memory());
    furnish(&source);
    disturb(&target, 1);
    let ended = block_on(Move::new(&source, &target).run(|_| {})).unwrap_err();
    assert!(matches!(ended, MoveError::Differs { .. } | MoveError::Extra { .. }), "{ended}");
    // Other accounts there are left alone.
    let target = memory();
    disturb(&target, 4);
    is_moved(&source, &target);
    let other = optin::AccountId::new("account-between").unwrap();
    assert_eq!(block_on(target.counts(&other)).unwrap().pending, 1);
}

type Ended = Result<Moved, MoveError<SqliteError, SqliteError>>;

/// The verification of a copy that was moved, with this done to it.
fn verified(scratch: &Scratch, source: &SqliteStorage, damage: &str) -> Ended {
    let path = scratch.path("damaged.db");
    for suffix in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{suffix}", path.display()));
    }
    let target = open(&path);
    block_on(Move::new(source, &target).run(|_| {})).unwrap();
    drop(target);
    let file = Connection::open(&path).unwrap();
    file.execute_batch(damage).unwrap();
    drop(file);
    let target = open(&path);
    block_on(Move::new(source, &target).page(9).verify(|_| {}))
}

#[test]
fn damage_in_the_target_is_found_and_its_row_named() {
    let scratch = Scratch::new("moving-damage");
    let source = sqlite(&scratch);
    furnish(&source);
    let rows = rows(&source);
    assert!(verified(&scratch, &source, "").is_ok());
    // The first row of each kind.
    let first = |is: fn(&Key) -> bool| rows.iter().map(Row::key).find(is).unwrap();
    let settings = first(|key| matches!(key, Key::Settings(_)));
    let contact = first(|key| matches!(key, Key::Contact(_)));
    let erased = first(|key| matches!(key, Key::Erased(_)));
    let suppressed = first(|key| matches!(key, Key::Suppressed(_)));
    let mark = first(|key| matches!(key, Key::Mark(..)));
    let outgoing = first(|key| matches!(key, Key::Outgoing(..)));
    let shown = rows.iter().find_map(|row| match row {
        Row::Entry { chain, sequence, sealed, .. } => {
            sealed.disclosed.as_ref().map(|_| (*chain, *sequence))
        }
        _ => None,
    });
    let (ChainId(chain), sequence) = shown.unwrap();
    let entry = Key::Entry(ChainId(chain), sequence);
    let one = format!(
        "account = 'acme' AND chain = x'{}' AND sequence = {sequence}",
        ChainId(chain).to_hex()
    );
    let first_of = |table: &str, columns: &str| {
        format!(
            "({columns}) = (SELECT {columns} FROM {table} WHERE account = 'acme'
             ORDER BY {columns} LIMIT 1) AND account = 'acme'"
        )
    };
    let policies = first_of("policies", "revision");
    let contacts = first_of("contacts", "number");
    let erasures = first_of("erased", "chain");
    let marks = first_of("marks", "inbox, id");
    let messages = first_of("outgoing", "number, destination, revision, n");
    let differs = |key: &Key| MoveError::Differs { account: account(), key: key.clone() };
    let missing = |key: &Key| MoveError::Missing { account: account(), key: key.clone() };
    let extra = |key: Key| MoveError::Extra { account: account(), key };
    for (damage, expected) in [
        (format!("DELETE FROM policies WHERE {policies}"), missing(&settings)),
        (format!("UPDATE contacts SET length = length + 1 WHERE {contacts}"), differs(&contact)),
        (format!("DELETE FROM contacts WHERE {contacts}"), missing(&contact)),
        ("UPDATE accounts SET log_size = 1 WHERE account = 'acme'".into(), differs(&Key::Account)),
        ("DELETE FROM accounts WHERE account = 'acme'".into(), missing(&Key::Account)),
        (format!("UPDATE erased SET length = 1 WHERE {erasures}"), differs(&erased)),
        (format!("DELETE FROM erased WHERE {erasures}"), missing(&erased)),
        ("DELETE FROM suppressed".into(), missing(&suppressed)),
        (format!("UPDATE entries SET hash = zeroblob(32) WHERE {one}"), differs(&entry)),
        (format!("DELETE FROM entries WHERE {one}"), missing(&entry)),
        (format!("UPDATE disclosed SET salts = zeroblob(128) WHERE {one}"), differs(&entry)),
        (
            format!("UPDATE disclosed SET entry = replace(entry, ':', ': ') WHERE {one}"),
            differs(&entry),
        ),
        (format!("UPDATE disclosed SET salts = NULL WHERE {one}"), differs(&entry)),
        (format!("DELETE FROM disclosed WHERE {one}"), differs(&entry)),
        (format!("UPDATE marks SET at = at + 1 WHERE {marks}"), differs(&mark)),
        (format!("DELETE FROM marks WHERE {marks}"), missing(&mark)),
        (
            "INSERT INTO marks VALUES ('acme', '', 'new', 0)".into(),
            extra(Key::Mark(None, support::message_id("new"))),
        ),
        (format!("UPDATE outgoing SET claims = 9 WHERE {messages}"), differs(&outgoing)),
        (format!("UPDATE outgoing SET due_at = 9 WHERE {messages}"), differs(&outgoing)),
        (format!("UPDATE outgoing SET attempts = 9 WHERE {messages}"), differs(&outgoing)),
        (format!("UPDATE outgoing SET lapsed_at = 9 WHERE {messages}"), differs(&outgoing)),
        (format!("DELETE FROM outgoing WHERE {messages}"), missing(&outgoing)),
    ] {
        assert_eq!(verified(&scratch, &source, &damage), Err(expected), "{damage}");
    }
    // What is at odds within the storage cannot be read.
    let bad = |what| MoveError::To(SqliteError::BadRow { what });
    for (damage, what) in [
        ("DELETE FROM log WHERE account = 'acme' AND leaf = 2".into(), "place in the log"),
        ("DELETE FROM unlogged WHERE account = 'acme'".into(), "place in the log"),
        (format!("UPDATE disclosed SET at = at + 1 WHERE {one}"), "entry"),
        ("UPDATE disclosed SET number = 99 WHERE account = 'acme'".into(), "entry"),
        (format!("UPDATE contacts SET state = 'gone' WHERE {contacts}"), "record"),
        (format!("UPDATE contacts SET revision = revision + 1 WHERE {contacts}"), "record"),
        (format!("UPDATE outgoing SET kind = 'gone' WHERE {messages}"), "message"),
        (format!("UPDATE outgoing SET decided_at = 9 WHERE {messages}"), "message"),
        (format!("UPDATE outgoing SET state = 'gone' WHERE {messages}"), "message"),
    ] {
        assert_eq!(verified(&scratch, &source, &damage), Err(bad(what)), "{damage}");
    }
    // What no row has is found by the audit.
    let place = "INSERT INTO log SELECT account, leaf + 1, chain, sequence FROM log
        WHERE account = 'acme' ORDER BY leaf DESC LIMIT 1";
    let Err(MoveError::Ledger { account: of, source: BadLedger::Misplaced { .. } }) =
        verified(&scratch, &source, place)
    else {
        panic!("a place too many");
    };
    assert_eq!(of, account());
}

#[test]
fn what_is_wrong_is_said_without_numbers_and_ids() {
    let numbers = [
        Key::Contact(contact(1).number()),
        Key::Mark(Some(support::inbox()), support::message_id("SM1234")),
        Key::Mark(None, support::message_id("SM1234")),
        Key::Outgoing(contact(1).number(), "phone", optin::Revision::new(3), 0),
    ];
    let said: Vec<_> = numbers
        .into_iter()
        .map(|key| MoveError::<Lost, Lost>::Differs { account: account(), key })
        .map(|error| {
            assert!(!format!("{error:?}{error}").contains("1206555"));
            assert!(!format!("{error:?}{error}").contains("1888555"));
            assert!(!format!("{error:?}{error}").contains("SM1234"));
            error.to_string()
        })
        .collect();
    let expected = [
        "account acme: a contact is another there",
        "account acme: the mark of a text is another there",
        "account acme: the mark of a request is another there",
        "account acme: message 0 of revision 3 to phone is another there",
    ];
    assert_eq!(said, expected);
    let storage = memory();
    furnish(&storage);
    for row in rows(&storage) {
        assert!(!format!("{row:?}").contains("1206555"), "{row:?}");
    }
}

/// What a host sees of a storage, names of chains and salts aside.
fn seen<S: Movable>(storage: &S) -> Vec<String> {
    let mut seen = vec![format!("{:?}", block_on(storage.queue()).unwrap())];
    for of in [account(), bolt()] {
        let settings = block_on(storage.policy(&of)).unwrap();
        let aside = block_on(storage.set_aside(&of, 99)).unwrap();
        let own = block_on(storage.account_history(&of, 0, 999)).unwrap();
        seen.push(serde_json::to_string(&(aside, own)).unwrap());
        seen.push(format!("{settings:?}"));
        for n in 0..11 {
            let of = Contact::new(of.clone(), contact(n).number());
            let history = block_on(storage.history(&of, 0, 999)).unwrap();
            seen.push(serde_json::to_string(&history).unwrap());
            let snapshot = block_on(storage.load(&of)).unwrap();
            seen.push(format!("{:?}{}", snapshot.record, snapshot.text_unfinished));
        }
    }
    seen
}

/// Runs the traffic from this step to another.
fn run<S: Movable>(
    storage: &S,
    (provider, clock): (&Provider, &Clock),
    steps: std::ops::Range<usize>,
) -> Vec<String> {
    steps.map(|n| step(storage, provider, clock, n)).collect()
}

#[test]
fn traffic_goes_on_after_a_move_as_it_would_have() {
    let scratch = Scratch::new("moving-traffic");
    let host = || {
        let clock = Clock::at(START);
        (Provider::new(&clock), clock)
    };
    let (stayed, (provider, clock)) = (memory(), host());
    let answers = run(&stayed, (&provider, &clock), 0..STEPS);
    let (seen_there, sent_there) = (seen(&stayed), provider.sent.into_inner().unwrap());
    assert!(answers.iter().collect::<BTreeSet<_>>().len() > 15);
    assert!(sent_there.len() > 20, "{} sent", sent_there.len());
    for at in 0..STEPS {
        let (provider, clock) = host();
        let (from, to) = (memory(), sqlite(&scratch));
        let mut found = run(&from, (&provider, &clock), 0..at);
        block_on(Move::new(&from, &to).run(|_| {})).unwrap();
        // And back, half of the time.
        if at % 2 == 0 {
            let back = memory();
            block_on(Move::new(&to, &back).run(|_| {})).unwrap();
            found.extend(run(&back, (&provider, &clock), at..STEPS));
            assert_eq!(seen(&back), seen_there, "moved at {at}");
        } else {
            found.extend(run(&to, (&provider, &clock), at..STEPS));
            assert_eq!(seen(&to), seen_there, "moved at {at}");
        }
        assert_eq!(found, answers, "moved at {at}");
        assert_eq!(provider.sent.into_inner().unwrap(), sent_there, "moved at {at}");
    }
}

#[test]
fn a_checkpoint_from_before_holds_after_the_move_and_the_log_goes_on() {
    let scratch = Scratch::new("moving-checkpoint");
    let (from, to) = (sqlite(&scratch), sqlite(&scratch));
    furnish(&from);
    let log = Directory::new(scratch.path("log"));
    let signers = [NoteSigner::new("example.com/consent", [7; 32]).unwrap()];
    let publish = |storage: &SqliteStorage| -> Checkpoint {
        let origin = "example.com/acme";
        let checkpointer = Checkpointer::new(storage, &log, account(), origin, &signers);
        block_on(checkpointer.run_once()).unwrap()
    };
    let before = publish(&from);
    disturb(&from, 0);
    is_moved(&from, &to);
    let audited = |checkpoint| block_on(audit::storage(&to, &account(), Some(checkpoint)));
    let audit = audited(&before).unwrap();
    assert_eq!((audit.logged, audit.signed), (before.size, before.size));
    assert!(audit.entries > audit.logged);
    disturb(&to, 1);
    // The same directory, gone on with.
    let after = publish(&to);
    assert!(after.size > before.size);
    for checkpoint in [&before, &after] {
        assert_eq!(audited(checkpoint).unwrap().signed, checkpoint.size);
    }
    assert_eq!(audit::directory(&log, &[signers[0].key()]).unwrap().0, after);
}
