//! A leader that was taken away and does not know it, or stands still: it says that it takes writes,
//! and answers none. Its connections are closed, and the other hosts asked.
#![cfg(feature = "postgres-tests")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod black_box;
mod commits;
mod postgres_proxy;
mod server;

use std::{
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use black_box::Scratch;
use commits::{contact, conversation};
use optin::{
    Storage,
    blocking::block_on,
    storage::Committed,
    store::{
        PostgresStorage,
        postgres::{Options, PostgresError},
    },
};
use postgres_proxy::{Proxy, wait_until};
use server::{Database, Durability, Server, Session, config};
use tokio_postgres::{Config, NoTls};

/// A statement may take so long.
const TIMEOUT: Duration = Duration::from_millis(500);
/// An answer may take so long: 5 seconds more.
const SILENCE: Duration = Duration::from_millis(5_500);
/// What nobody is waited for in may take so long on a busy machine.
const AT_ONCE: Duration = Duration::from_secs(4);

fn options() -> Options {
    Options::default().statement_timeout(TIMEOUT).lock_timeout(TIMEOUT)
}

/// This host first, then that one.
fn hosts(first: &Path, second: &Path, database: &Database<'_>) -> Config {
    let mut config = config(first, database.name());
    config.host_path(second);
    config
}

fn open(storage: &PostgresStorage, n: u64) -> Result<Committed, PostgresError> {
    block_on(storage.commit(conversation(n).opening))
}

fn applied() -> Result<Committed, PostgresError> {
    Ok(Committed::Applied { in_flight: Vec::new() })
}

/// First texts of as many contacts, all at once; how long they took.
fn at_once(storage: &PostgresStorage, contacts: std::ops::Range<u64>) -> Duration {
    let began = Instant::now();
    thread::scope(|scope| {
        let callers: Vec<_> = contacts.map(|n| scope.spawn(move || open(storage, n))).collect();
        callers.into_iter().for_each(|caller| assert_eq!(caller.join().unwrap(), applied()));
    });
    began.elapsed()
}

/// As many loads at once as use all connections.
fn load_at_once(storage: &PostgresStorage) {
    thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| block_on(storage.load(&contact(1))).unwrap());
        }
    });
}

#[test]
fn a_leader_whose_standbys_are_gone_is_left_for_the_new_one() {
    let (old, new) = (Server::start(Durability::Full, &[]), Server::shared());
    let database = new.create_database();
    drop(database.migrated(Options::default()));
    old.session().run(&format!("CREATE DATABASE {}", database.name()));
    let at_old = Session::open(&config(old.directory(), database.name()));
    let before = options().connect(config(old.directory(), database.name()), NoTls).unwrap();
    block_on(before.migrate()).unwrap();
    drop(before);

    let both = hosts(old.directory(), new.directory(), &database);
    let storage = options().connect(both, NoTls).unwrap();
    assert_eq!(open(&storage, 1), applied());
    assert_eq!(at_old.number("SELECT count(*) FROM optin.contacts"), 1);
    old.set(&["synchronous_standby_names = 'ANY 1 (b, c)'"]);
    old.reload();
    let standbys = "SELECT count(*) FROM pg_settings
        WHERE name = 'synchronous_standby_names' AND setting <> ''";
    wait_until("it waits for them", || at_old.number(standbys) == 1);

    let began = Instant::now();
    assert_eq!(open(&storage, 2), Err(PostgresError::NotKnown));
    assert!(began.elapsed() >= SILENCE - TIMEOUT, "{:?}", began.elapsed());
    assert!(began.elapsed() < SILENCE + AT_ONCE, "{:?}", began.elapsed());
    // The repeat, and all others.
    let took = at_once(&storage, 2..20);
    assert!(took < AT_ONCE, "{took:?}");
    assert_eq!(database.session().number("SELECT count(*) FROM optin.contacts"), 18);
}

#[test]
fn a_host_that_stands_still_is_left_by_all_connections() {
    const CONNECTIONS: usize = 3;
    let server = Server::shared();
    let database = server.create_database();
    drop(database.migrated(Options::default()));
    let scratch = Scratch::new("still");
    let proxy = Proxy::new(scratch.directory(), server.directory());
    let mut both = hosts(proxy.directory(), server.directory(), &database);
    both.connect_timeout(Duration::from_millis(300));
    let alone = options().connections(CONNECTIONS).gather(false);
    let storage = alone.connect(both, NoTls).unwrap();
    assert_eq!(open(&storage, 1), applied());
    wait_until("all are connected", || {
        load_at_once(&storage);
        proxy.open() == CONNECTIONS
    });

    proxy.freeze(true);
    let began = Instant::now();
    // A read is tried again by itself.
    assert!(block_on(storage.load(&contact(1))).unwrap().record.is_some());
    assert!(began.elapsed() < SILENCE + AT_ONCE, "{:?}", began.elapsed());
    let took = at_once(&storage, 2..20);
    assert!(took < AT_ONCE, "{took:?}");
    proxy.freeze(false);
    wait_until("they are closed", || proxy.open() == 0);
}

#[test]
fn a_connection_that_gives_no_answer_is_closed() {
    let server = Server::start(Durability::None, &[]);
    let database = server.create_database();
    drop(database.migrated(Options::default()));
    let scratch = Scratch::new("no-answer");
    let proxy = Proxy::new(scratch.directory(), server.directory());
    let through = config(proxy.directory(), database.name());
    let storage = options().connections(1).connect(through, NoTls).unwrap();
    assert_eq!(open(&storage, 1), applied());
    let session = database.session();
    let process = session.rows(
        "SELECT pid FROM pg_stat_activity
         WHERE application_name = 'optin' AND datname = current_database()",
    );
    let process = &process[0][0];
    let signal = |name: &str| {
        assert!(Command::new("kill").args(["-s", name, process]).status().unwrap().success());
    };
    signal("STOP");
    // The server as a whole is well: a new connection has the answer.
    assert!(block_on(storage.load(&contact(1))).unwrap().record.is_some());
    wait_until("the first is closed", || proxy.open() == 1);
    signal("CONT");
}

#[test]
fn where_a_statement_took_too_long_the_other_host_is_asked_next() {
    let server = Server::shared();
    let database = server.create_database();
    drop(database.migrated(Options::default()));
    let scratch = Scratch::new("too-long");
    let proxy = Proxy::new(scratch.directory(), server.directory());
    let both = hosts(proxy.directory(), server.directory(), &database);
    let storage = options().connections(1).connect(both, NoTls).unwrap();
    assert_eq!(open(&storage, 1), applied());
    assert_eq!(proxy.open(), 1);
    let other = database.session();
    // At the one host, then at the other, and back again.
    for (n, through_proxy) in [(2, 0), (3, 1)] {
        other.run("BEGIN; LOCK TABLE optin.contacts IN ACCESS EXCLUSIVE MODE");
        assert_eq!(block_on(storage.load(&contact(1))), Err(PostgresError::TimedOut));
        other.run("ROLLBACK");
        assert_eq!(open(&storage, n), applied());
        wait_until("the last one is closed", || proxy.open() == through_proxy);
    }
}
