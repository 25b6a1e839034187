//! Moving house from a file into PostgreSQL and back, cut off and damaged on the way.
#![cfg(feature = "postgres-tests")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod black_box;
#[path = "moving/cut.rs"]
mod cut;
#[path = "moving/house.rs"]
mod house;
mod server;
mod support;

use std::{convert::Infallible, process::Command};

use optin::{
    blocking::block_on,
    ledger::{Checkpointer, Directory, NoteSigner, audit},
    moving::{Key, Move, MoveError},
    store::{PostgresError, PostgresStorage, postgres::Options},
};
use tokio_postgres::NoTls;

use self::{
    black_box::{Scratch, example_with},
    cut::{Cut, CutOff, Lost},
    house::{Provider, STEPS, furnish, is_moved, key, memory, open, rows, run, seen, sqlite},
    server::{Database, Server},
    support::{Clock, START, account, contact},
};

fn connect(database: &Database<'_>) -> PostgresStorage {
    let options = Options::default().suppression(key());
    let storage = options.connect(database.config(), NoTls).unwrap();
    block_on(storage.migrate()).unwrap();
    storage
}

#[test]
fn everything_is_moved_into_a_database_and_out_again() {
    let scratch = Scratch::new("moving-postgres");
    let databases = [(); 2].map(|()| Server::shared().create_database());
    let (file, [one, two], back) =
        (sqlite(&scratch), [connect(&databases[0]), connect(&databases[1])], sqlite(&scratch));
    furnish(&file);
    for moved in [is_moved(&file, &one), is_moved(&one, &two), is_moved(&two, &back)] {
        assert_eq!(moved.put_in, moved.rows);
    }
    assert_eq!(is_moved(&back, &one).put_in, 0);
}

#[test]
fn a_move_into_a_database_that_was_cut_off_is_resumed() {
    let source = memory();
    furnish(&source);
    let before = rows(&source);
    let mut interrupted = 0;
    for cut in [Cut::Before, Cut::After, Cut::Silent] {
        for at in (1..).step_by(7) {
            let database = Server::shared().create_database();
            let target = connect(&database);
            let cut_off = CutOff::new(&target, at, cut);
            let ended = cut_off.run(Move::new(&source, &cut_off).page(20).run(|_| {}));
            if !cut_off.was_cut() {
                assert!(ended.unwrap().is_ok());
                break;
            }
            assert!(matches!(ended, None | Some(Err(MoveError::To(Lost)))));
            let there = rows(&target).len() as u64;
            // From another process, over other connections.
            let again = connect(&database);
            let moved = block_on(Move::new(&source, &again).page(20).run(|_| {})).unwrap();
            assert_eq!(moved.put_in, before.len() as u64 - there);
            assert!(rows(&again) == before);
            interrupted += 1;
        }
    }
    println!("resumed after {interrupted} interruptions");
    assert!(interrupted > 10);
}

#[test]
fn connections_lost_on_the_way_are_made_again() {
    let database = Server::shared().create_database();
    let (source, target, session) = (memory(), connect(&database), database.session());
    furnish(&source);
    let mut lost = 0;
    let moved = block_on(Move::new(&source, &target).page(5).run(|_| {
        let sessions = session.rows(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        );
        lost += sessions.len();
    }));
    println!("{lost} connections lost");
    assert!(lost > 20);
    assert_eq!(moved.unwrap().rows, rows(&source).len() as u64);
    assert!(rows(&target) == rows(&source));
}

#[test]
fn damage_in_a_database_is_found_and_its_row_named() {
    let source = memory();
    furnish(&source);
    type Ended = MoveError<Infallible, PostgresError>;
    let of = account();
    let differs = |key| Ended::Differs { account: account(), key };
    let bad = |what| Ended::To(PostgresError::BadRow { what });
    let extra = Key::Mark(None, support::message_id("new"));
    for (damage, expected) in [
        ("UPDATE optin.accounts SET log_size = 1 WHERE account = 'acme'", differs(Key::Account)),
        (
            "UPDATE optin.contacts SET length = length + 1
             WHERE account = 'acme' AND number = 12065550001",
            differs(Key::Contact(contact(1).number())),
        ),
        (
            "DELETE FROM optin.contacts WHERE account = 'acme' AND number = 12065550001",
            MoveError::Missing { account: of.clone(), key: Key::Contact(contact(1).number()) },
        ),
        (
            "INSERT INTO optin.marks VALUES ('acme', '', 'new', 0)",
            MoveError::Extra { account: of.clone(), key: extra },
        ),
        ("DELETE FROM optin.log WHERE account = 'acme' AND leaf = 2", bad("place in the log")),
        ("DELETE FROM optin.unlogged WHERE account = 'acme'", bad("place in the log")),
        ("UPDATE optin.disclosed SET at = at + 1 WHERE account = 'acme'", bad("entry")),
        ("UPDATE optin.disclosed SET number = 99 WHERE account = 'acme'", bad("entry")),
        ("UPDATE optin.contacts SET state = 'gone' WHERE account = 'acme'", bad("record")),
        ("UPDATE optin.outgoing SET kind = 'gone' WHERE account = 'acme'", bad("message")),
    ] {
        let database = Server::shared().create_database();
        let target = connect(&database);
        block_on(Move::new(&source, &target).run(|_| {})).unwrap();
        database.session().run(damage);
        let ended = block_on(Move::new(&source, &target).page(9).verify(|_| {}));
        assert_eq!(ended, Err(expected), "{damage}");
    }
}

#[test]
fn traffic_goes_on_in_a_database_as_it_would_have_in_the_file() {
    let scratch = Scratch::new("moving-postgres-traffic");
    let host = || {
        let clock = Clock::at(START);
        (Provider::new(&clock), clock)
    };
    let (stayed, (provider, clock)) = (sqlite(&scratch), host());
    let answers = run(&stayed, (&provider, &clock), 0..STEPS);
    let (seen_there, sent_there) = (seen(&stayed), provider.sent());
    for at in (0..STEPS).step_by(4) {
        let (provider, clock) = host();
        let database = Server::shared().create_database();
        let (from, to) = (sqlite(&scratch), connect(&database));
        let mut found = run(&from, (&provider, &clock), 0..at);
        block_on(Move::new(&from, &to).run(|_| {})).unwrap();
        found.extend(run(&to, (&provider, &clock), at..STEPS));
        assert_eq!(seen(&to), seen_there, "moved at {at}");
        assert_eq!(found, answers, "moved at {at}");
        assert_eq!(provider.sent(), sent_there, "moved at {at}");
    }
}

#[test]
fn a_checkpoint_of_the_file_holds_in_the_database_and_the_log_goes_on() {
    let scratch = Scratch::new("moving-postgres-checkpoint");
    let database = Server::shared().create_database();
    let (from, to) = (sqlite(&scratch), connect(&database));
    furnish(&from);
    let log = Directory::new(scratch.path("log"));
    let signers = [NoteSigner::new("example.com/consent", [7; 32]).unwrap()];
    let origin = "example.com/acme";
    let before = Checkpointer::new(&from, &log, account(), origin, &signers);
    let before = block_on(before.run_once()).unwrap();
    house::disturb(&from, 0);
    is_moved(&from, &to);
    house::disturb(&to, 1);
    let after = Checkpointer::new(&to, &log, account(), origin, &signers);
    let after = block_on(after.run_once()).unwrap();
    assert!(after.size > before.size);
    for checkpoint in [&before, &after] {
        let audit = block_on(audit::storage(&to, &account(), Some(checkpoint))).unwrap();
        assert_eq!(audit.signed, checkpoint.size);
    }
    assert_eq!(audit::directory(&log, &[signers[0].key()]).unwrap().0, after);
}

#[test]
fn the_example_moves_a_file_into_a_database_and_back() {
    let scratch = Scratch::new("moving-postgres-example");
    let program = example_with("move", "postgres-tests");
    let database = Server::shared().create_database();
    let from = open(&scratch.path("from.db"));
    furnish(&from);
    let before = rows(&from);
    drop(from);
    let url = database.url();
    for [from, to] in [["from.db", &url], [&url, "back.db"]] {
        let mut example = Command::new(&program);
        example.args(["--from", from, "--to", to]).current_dir(scratch.directory());
        let said = example.output().unwrap();
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
        let expected = format!("2 accounts, {0} rows, {0} of them put in now", before.len());
        assert!(String::from_utf8(said.stdout).unwrap().starts_with(&expected));
    }
    assert!(rows(&open(&scratch.path("back.db"))) == before);
}
