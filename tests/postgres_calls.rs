//! What a caller of the storage for PostgreSQL sees: what is gathered, what fails and how it says so.
#![cfg(feature = "postgres-tests")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod server;

use core::time::Duration;
use std::{
    sync::{Mutex, OnceLock, mpsc},
    thread,
    time::Instant,
};

use chrono::{DateTime, Utc};
use futures_util::future::{join, join_all};
use optin::{
    AccountId, Contact, Engine, Event, HandleError, Handover, InboxId, MessageId, Outbox, Outgoing,
    PhoneNumber, Storage, Text,
    blocking::block_on,
    decide,
    storage::{Change, Commit, Committed, Mark},
    store::{PostgresError, PostgresStorage, postgres::Options},
};
use server::{Database, Durability, Server};
use tokio_postgres::{Config, NoTls, error::SqlState};

struct Accepting;

impl Outbox for Accepting {
    async fn send(&self, _: &Outgoing) -> Handover {
        Handover::Accepted { provider_id: None }
    }
}

fn contact(n: u64) -> Contact {
    let number = PhoneNumber::from_digits(12_065_550_100 + n).unwrap();
    Contact::new(AccountId::new("acme").unwrap(), number)
}

fn inbox() -> InboxId {
    InboxId::new("+18885550100").unwrap()
}

fn text(id: &str) -> Event<'static> {
    Event::Texted(Text::new(inbox(), MessageId::new(id).unwrap(), "My secret"))
}

fn now() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH
}

type Handled = Result<(), HandleError<PostgresError>>;

/// Hands a contact's first text to the engine.
fn first_text(storage: &PostgresStorage, n: u64) -> Handled {
    let engine = Engine::new(storage, Accepting, now);
    block_on(engine.handle(&contact(n), text(&format!("SM{n}")))).map(|_| ())
}

/// A commit that changes nothing, of a contact without a record.
fn nothing(contact: Contact) -> Commit {
    Commit::keep(contact, None, now())
}

/// Transactions that wrote something while this ran.
fn transactions(database: &Database<'_>, run: impl FnOnce()) -> i64 {
    let session = database.session();
    let count = || session.number("SELECT pg_current_xact_id()::text::bigint");
    let before = count();
    run();
    count() - before - 1
}

#[test]
fn what_is_committed_at_once_is_committed_together() {
    // A server of its own: transactions are counted for all of its databases.
    let server = Server::start(Durability::Full, &[]);
    let texts = 32 * 10;
    for (gathers, is_right) in [
        (true, (|count, texts| count < texts) as fn(i64, i64) -> bool),
        (false, |count, texts| count >= 2 * texts),
    ] {
        let database = server.create_database();
        let storage = database.migrated(Options::default().gather(gathers));
        let count = transactions(&database, || {
            thread::scope(|scope| {
                for caller in 0..32 {
                    let storage = &storage;
                    scope.spawn(move || {
                        (0..10).for_each(|n| first_text(storage, caller * 10 + n).unwrap());
                    });
                }
            });
        });
        // Each text is a decision and a settlement.
        println!("{count} transactions for {texts} texts, gathered: {gathers}");
        assert!(is_right(count, texts), "{count}");
        assert_eq!(database.session().number("SELECT count(*) FROM optin.contacts"), texts);
    }
}

#[test]
fn commits_that_one_before_them_overtakes_cost_no_transaction() {
    let server = Server::start(Durability::None, &[]);
    let database = server.create_database();
    let storage = database.migrated(Options::default());
    first_text(&storage, 0).unwrap();
    let known = block_on(storage.load(&contact(0))).unwrap();
    let stop = Text::new(inbox(), MessageId::new("SM1").unwrap(), "STOP");
    let stopped = decide(&known.current.policy, known.record.as_ref(), &Event::Texted(stop), now());
    let mark = |id| Some(Mark::Text { inbox: inbox(), id: MessageId::new(id).unwrap() });
    let stop = Commit {
        change: Change::Put(stopped.unwrap().record.unwrap()),
        mark: mark("SM1"),
        ..Commit::keep(contact(0), known.record.as_ref(), now())
    };
    let other = Commit { mark: mark("SM2"), ..stop.clone() };
    let bare = Commit::keep(contact(0), known.record.as_ref(), now());
    let locks = database.session();
    let mut verdicts = Vec::new();
    let count = transactions(&database, || {
        locks.run("BEGIN; SELECT 1 FROM optin.contacts FOR UPDATE");
        verdicts = thread::scope(|scope| {
            let (all_wait, waits) = mpsc::channel();
            let storage = &storage;
            let commits = [stop.clone(), stop, other, bare].map(|commit| storage.commit(commit));
            let all = scope.spawn(move || {
                let waiting = async { all_wait.send(()).unwrap() };
                block_on(join(join_all(commits), waiting)).0
            });
            waits.recv().unwrap();
            locks.run("ROLLBACK");
            all.join().unwrap()
        });
    });
    let verdicts: Vec<_> = verdicts.into_iter().map(Result::unwrap).collect();
    let applied = Committed::Applied { in_flight: Vec::new() };
    let overtaken = [Committed::Duplicate, Committed::Conflict, Committed::Conflict];
    assert_eq!(verdicts, [&[applied], overtaken.as_slice()].concat());
    // The first, and the one that held it up.
    assert_eq!(count, 2);
}

#[test]
fn a_runtime_may_drive_the_calls_or_none() {
    let database = Server::shared().create_database();
    let storage = database.migrated(Options::default());
    assert_eq!(block_on(storage.load(&contact(0))).unwrap().record, None);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert_eq!(runtime.block_on(storage.load(&contact(0))).unwrap().record, None);
}

#[test]
fn a_database_without_the_schema_says_so() {
    let database = Server::shared().create_database();
    let storage = PostgresStorage::connect(database.config(), NoTls).unwrap();
    let load = || block_on(storage.load(&contact(0)));
    assert_eq!(load().unwrap_err(), PostgresError::NotMigrated);
    block_on(storage.migrate()).unwrap();
    assert_eq!(load().unwrap().record, None);
}

#[test]
fn a_later_schema_is_refused_and_left() {
    let database = Server::shared().create_database();
    database.migrated(Options::default());
    let session = database.session();
    session.run("UPDATE optin.schema_version SET version = 99");
    let storage = PostgresStorage::connect(database.config(), NoTls).unwrap();
    let newer = PostgresError::NewerSchema { found: 99, known: 1 };
    assert_eq!(block_on(storage.load(&contact(0))).unwrap_err(), newer);
    assert_eq!(block_on(storage.migrate()).unwrap_err(), newer);
    assert_eq!(session.number("SELECT version FROM optin.schema_version"), 99);
}

#[test]
fn the_files_of_the_schema_applied_by_hand_are_the_schema() {
    let database = Server::shared().create_database();
    for _ in 0..2 {
        for (_, sql) in PostgresStorage::SCHEMA {
            database.session().run(sql);
        }
    }
    let storage = PostgresStorage::connect(database.config(), NoTls).unwrap();
    first_text(&storage, 0).unwrap();
}

#[test]
fn a_server_that_is_not_there_is_told_in_time() {
    let mut config = Config::new();
    config.host_path("/nonexistent").user("optin");
    let options = Options::default().patience(Duration::from_millis(300));
    let storage = options.connect(config, NoTls).unwrap();
    let began = Instant::now();
    let told = block_on(storage.load(&contact(0))).unwrap_err();
    assert_eq!(told, PostgresError::Unreachable);
    let told = block_on(storage.commit(nothing(contact(0)))).unwrap_err();
    assert_eq!(told, PostgresError::Unreachable);
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_database_that_does_not_exist_is_told_at_once() {
    let config = server::config(Server::shared().directory(), "nowhere");
    let storage = PostgresStorage::connect(config, NoTls).unwrap();
    let told = block_on(storage.load(&contact(0))).unwrap_err();
    assert_eq!(told, PostgresError::Refused { code: Some(SqlState::INVALID_CATALOG_NAME) });
}

#[test]
fn a_name_with_a_zero_byte_is_refused() {
    let database = Server::shared().create_database();
    let storage = database.migrated(Options::default());
    let number = contact(0).number();
    let contact = Contact::new(AccountId::new("a\0b").unwrap(), number);
    let refused = PostgresError::ZeroByte { what: "the account" };
    assert_eq!(block_on(storage.load(&contact)).unwrap_err(), refused);
    assert_eq!(block_on(storage.policy(contact.account())).unwrap_err(), refused);
    assert_eq!(block_on(storage.commit(nothing(contact))).unwrap_err(), refused);
}

#[test]
fn a_row_that_is_locked_costs_only_its_own_commit() {
    let database = Server::shared().create_database();
    let options = Options::default().lock_timeout(Duration::from_millis(300));
    let storage = database.migrated(options);
    (0..8).for_each(|n| first_text(&storage, n).unwrap());
    let locks = database.session();
    locks.run("BEGIN; SELECT 1 FROM optin.contacts WHERE number = 12065550100 FOR UPDATE");
    let engine = Engine::new(&storage, Accepting, now);
    let stop = |n| block_on(engine.handle(&contact(n), text(&format!("again{n}"))));
    let (locked, others): (_, Vec<_>) = thread::scope(|scope| {
        let all: Vec<_> = (0..8).map(|n| scope.spawn(move || stop(n))).collect();
        let mut all = all.into_iter().map(|one| one.join().unwrap());
        (all.next().unwrap(), all.collect())
    });
    let Err(HandleError::Storage(told)) = locked else { panic!("{locked:?}") };
    assert_eq!(told, PostgresError::TimedOut);
    others.into_iter().for_each(|other| drop(other.unwrap()));
    locks.run("ROLLBACK");
    stop(0).unwrap();
}

#[test]
fn what_the_server_quotes_is_in_no_error() {
    let database = Server::shared().create_database();
    let storage = database.migrated(Options::default());
    // The server's own error shows the whole row.
    database.session().run("ALTER TABLE optin.contacts ADD CHECK (number <> 12065550107)");
    let Err(HandleError::Storage(error)) = first_text(&storage, 7) else { panic!("it was stored") };
    assert_eq!(error, PostgresError::Server { code: SqlState::CHECK_VIOLATION });
    assert_eq!(error.to_string(), "the server failed (23514)");
    let shown = format!("{error:?}{error}{:?}", core::error::Error::source(&error).is_some());
    assert!(!shown.contains("2065550107"), "{shown}");
}

/// Everything that is logged, by any crate.
struct Log;

fn logged() -> &'static Mutex<String> {
    static LOGGED: OnceLock<Mutex<String>> = OnceLock::new();
    LOGGED.get_or_init(Mutex::default)
}

impl log::Log for Log {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        logged().lock().unwrap().push_str(&format!("{}\n", record.args()));
    }

    fn flush(&self) {}
}

#[test]
fn what_is_sent_is_in_no_log() {
    log::set_logger(&Log).unwrap();
    log::set_max_level(log::LevelFilter::Trace);
    let database = Server::shared().create_database();
    let storage = database.migrated(Options::default());
    first_text(&storage, 33).unwrap();
    let logged = logged().lock().unwrap().clone();
    assert!(logged.contains("executing statement"), "{logged}");
    assert!(!logged.contains("2065550133"), "{logged}");
    assert!(!logged.contains("My secret"), "{logged}");
    assert!(!logged.contains("SM33"), "{logged}");
}

#[test]
fn a_commit_that_no_standby_has_is_not_acknowledged() {
    let server = Server::start(Durability::Full, &[]);
    let database = server.create_database();
    let storage = database.migrated(Options::default());
    let mark = || Mark::Request { id: MessageId::new("order-1").unwrap() };
    let marked = || Commit { mark: Some(mark()), ..nothing(contact(0)) };
    // From now on a commit waits for a standby that is not there.
    server.set(&["synchronous_standby_names = 'elsewhere'"]);
    server.reload();
    let session = database.session();
    let is_set = "SELECT count(*) FROM pg_settings
        WHERE name = 'synchronous_standby_names' AND setting <> ''";
    until(|| session.number(is_set) > 0);
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
    let told = thread::scope(|scope| {
        let told = scope.spawn(|| block_on(storage.commit(marked())));
        until(|| session.number(waiting) > 0);
        session.run(
            "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'",
        );
        told.join().unwrap()
    });
    assert_eq!(told, Err(PostgresError::NotKnown));
    // It is stored, here: the repeat finds out.
    server.set(&["synchronous_standby_names = ''"]);
    server.reload();
    until(|| session.number(is_set) == 0);
    assert_eq!(block_on(storage.commit(marked())), Ok(Committed::Duplicate));
}

#[test]
fn a_storage_that_is_dropped_leaves_no_connection() {
    let database = Server::shared().create_database();
    let storage = database.migrated(Options::default());
    let committed = block_on(storage.commit(nothing(contact(0)))).unwrap();
    assert_eq!(committed, Committed::Applied { in_flight: Vec::new() });
    let session = database.session();
    let open = format!(
        "SELECT count(*) FROM pg_stat_activity
         WHERE datname = '{}' AND application_name = 'optin'",
        database.name()
    );
    assert!(session.number(&open) > 0);
    drop(storage);
    until(|| session.number(&open) == 0);
}

fn until(holds: impl Fn() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(20), "it never came to hold");
        thread::sleep(Duration::from_millis(10));
    }
}
