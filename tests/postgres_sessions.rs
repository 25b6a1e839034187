//! Sessions end, the server goes away and comes back, the network fails: callers are told the
//! truth in bounded time, nothing is lost, and the storage finds the server again by itself.
#![cfg(feature = "postgres-tests")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod black_box;
mod commits;
mod postgres_proxy;
mod server;

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use black_box::Scratch;
use commits::{Conversation, contact, conversation};
use optin::{
    Storage,
    blocking::block_on,
    storage::{Commit, Committed},
    store::{
        PostgresStorage,
        postgres::{Options, PostgresError},
    },
};
use postgres_proxy::{Proxy, wait_until};
use server::{Database, Durability, Server, config};
use tokio_postgres::{Config, NoTls};

/// Callers at once.
const WRITERS: u64 = 8;
/// What a busy machine may take beside what was asked of the storage.
const SLACK: Duration = Duration::from_secs(5);

fn connect(config: Config) -> PostgresStorage {
    PostgresStorage::connect(config, NoTls).unwrap()
}

/// How often writers saw what.
#[derive(Debug, Default)]
struct Seen {
    commits: AtomicU64,
    not_known: AtomicU64,
    /// Not known, and then a duplicate: it was stored.
    stored: AtomicU64,
    unreachable: AtomicU64,
}

/// Writes conversations until it is told to stop; each commit is repeated until it is answered.
struct Writers {
    stop: AtomicBool,
    contacts: AtomicU64,
    seen: Seen,
}

impl Writers {
    /// All write while `meanwhile` runs; then every commit of theirs is found stored, once.
    fn work(
        storage: &PostgresStorage,
        database: &Database<'_>,
        meanwhile: impl FnOnce(&Self),
    ) -> Seen {
        let (stop, contacts) = (AtomicBool::new(false), AtomicU64::new(0));
        let writers = Self { stop, contacts, seen: Seen::default() };
        thread::scope(|scope| {
            for _ in 0..WRITERS {
                scope.spawn(|| writers.write(storage));
            }
            // They end, however this does.
            let _end = End(&writers.stop);
            meanwhile(&writers);
        });
        println!("{:?}", writers.seen);
        writers.check(database);
        writers.seen
    }

    fn write(&self, storage: &PostgresStorage) {
        while !self.stop.load(Ordering::Relaxed) {
            let n = self.contacts.fetch_add(1, Ordering::Relaxed);
            let Conversation { opening, reply } = conversation(n);
            self.commit(storage, &opening);
            self.commit(storage, &reply);
        }
    }

    fn commit(&self, storage: &PostgresStorage, commit: &Commit) {
        let mut was_not_known = false;
        let count = |counter: &AtomicU64| counter.fetch_add(1, Ordering::Relaxed);
        loop {
            match block_on(storage.commit(commit.clone())) {
                Ok(Committed::Applied { in_flight }) => {
                    assert!(in_flight.is_empty());
                    break;
                }
                Ok(Committed::Duplicate) if was_not_known => {
                    count(&self.seen.stored);
                    break;
                }
                Err(PostgresError::NotKnown) => {
                    was_not_known = true;
                    count(&self.seen.not_known);
                }
                Err(PostgresError::Unreachable) => {
                    count(&self.seen.unreachable);
                    thread::sleep(Duration::from_millis(10));
                }
                answer => panic!("{answer:?}"),
            }
        }
        count(&self.seen.commits);
    }

    /// Waits until so many more commits are made.
    fn wait_for(&self, more: u64) {
        let enough = self.seen.commits.load(Ordering::Relaxed) + more;
        wait_until("writers go on", || self.seen.commits.load(Ordering::Relaxed) >= enough);
    }

    /// Each contact has both commits, and each once.
    fn check(&self, database: &Database<'_>) {
        let contacts = i64::try_from(self.contacts.load(Ordering::Relaxed)).unwrap();
        let session = database.session();
        let count = |what: &str| session.number(&format!("SELECT count(*) FROM optin.{what}"));
        let whole = "contacts WHERE state = 'active' AND revision = 2 AND length = 2";
        assert_eq!(count("contacts"), contacts);
        assert_eq!(count(whole), contacts);
        for table in ["marks", "entries", "disclosed", "unlogged"] {
            assert_eq!(count(table), 2 * contacts, "{table}");
        }
        // The question's hand-over was settled; the answer and the statuses wait.
        assert_eq!(count("outgoing WHERE revision = 1 AND kind = 'confirmation'"), 0);
        assert_eq!(count("outgoing WHERE revision = 2 AND kind = 'confirmed'"), contacts);
    }
}

struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn sessions_that_an_operator_ends_lose_nothing() {
    let database = Server::shared().create_database();
    let storage = database.migrated(Options::default());
    let operator = database.session();
    let mut ended = 0;
    let seen = Writers::work(&storage, &database, |writers| {
        // Sixty times, and until a commit was cut off after it was sent.
        for round in 0..1_000 {
            if round >= 60 && writers.seen.not_known.load(Ordering::Relaxed) > 0 {
                break;
            }
            writers.wait_for(10);
            ended += operator.number(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                 WHERE datname = current_database() AND pid <> pg_backend_pid()",
            );
        }
    });
    println!("{ended} sessions ended");
    assert!(ended >= 60);
    // A server was there all the time.
    assert_eq!(seen.unreachable.into_inner(), 0);
    assert!(seen.not_known.into_inner() > 0);
}

#[test]
fn a_server_that_was_away_for_seconds_is_found_again() {
    let server = Server::start(Durability::Full, &[]);
    let database = server.create_database();
    let storage = database.migrated(Options::default());
    let seen = Writers::work(&storage, &database, |writers| {
        writers.wait_for(100);
        server.shut_down();
        thread::sleep(Duration::from_secs(3));
        server.start_again();
        writers.wait_for(100);
    });
    // Callers waited for it, as they do for 10 seconds.
    assert_eq!(seen.unreachable.into_inner(), 0);
}

#[test]
fn a_server_that_stays_away_is_told_of_in_time() {
    let server = Server::start(Durability::Full, &[]);
    let database = server.create_database();
    block_on(database.migrated(Options::default()).migrate()).unwrap();
    let options = Options::default().patience(Duration::from_millis(300));
    let storage = options.connect(database.config(), NoTls).unwrap();
    let Conversation { opening, reply } = conversation(1);
    let applied = Ok(Committed::Applied { in_flight: Vec::new() });
    assert_eq!(block_on(storage.commit(opening)), applied);
    server.shut_down();
    let began = Instant::now();
    for _ in 0..3 {
        assert_eq!(block_on(storage.commit(reply.clone())), Err(PostgresError::Unreachable));
        let loaded = block_on(storage.load(&contact(1)));
        assert_eq!(loaded, Err(PostgresError::Unreachable));
    }
    assert!(began.elapsed() < 6 * Duration::from_millis(300) + SLACK, "{:?}", began.elapsed());
    server.start_again();
    // Its pause between two tries may outlast a caller's patience.
    let answer = |_| match block_on(storage.commit(reply.clone())) {
        Err(PostgresError::Unreachable) => None,
        answer => Some(answer),
    };
    assert_eq!((0..20).find_map(answer), Some(applied));
}

#[test]
fn a_network_that_fails_without_a_word_is_told_of_in_time() {
    let server = Server::shared();
    let database = server.create_database();
    drop(database.migrated(Options::default()));
    let scratch = Scratch::new("frozen");
    let proxy = Proxy::new(scratch.directory(), server.directory());
    let options = Options::default()
        .statement_timeout(Duration::from_millis(500))
        .patience(Duration::from_millis(500));
    let through = config(proxy.directory(), database.name());
    let storage = options.connect(through, NoTls).unwrap();
    let Conversation { opening, reply } = conversation(1);
    let applied = Ok(Committed::Applied { in_flight: Vec::new() });
    assert_eq!(block_on(storage.commit(opening)), applied);
    proxy.freeze(true);
    let began = Instant::now();
    let answer = block_on(storage.commit(reply.clone()));
    let error = answer.unwrap_err();
    assert!(matches!(error, PostgresError::Unreachable | PostgresError::NotKnown), "{error:?}");
    // Nobody answers a new session either.
    let error = block_on(storage.load(&contact(1))).unwrap_err();
    assert_eq!(error, PostgresError::Unreachable);
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    proxy.freeze(false);
    let answer = block_on(storage.commit(reply.clone()));
    assert!(answer == applied || answer == Ok(Committed::Duplicate), "{answer:?}");
    assert_eq!(block_on(storage.commit(reply)), Ok(Committed::Duplicate));
}

#[test]
fn a_storage_that_is_dropped_leaves_no_session() {
    let server = Server::shared();
    let database = server.create_database();
    let session = database.session();
    let sessions = || {
        session.number(
            "SELECT count(*) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
    };
    let storage = database.migrated(Options::default());
    thread::scope(|scope| {
        for n in 0..WRITERS {
            let storage = &storage;
            scope.spawn(move || block_on(storage.commit(conversation(n).opening)).unwrap());
        }
    });
    assert!((1..=4).contains(&sessions()), "{}", sessions());
    drop(storage);
    wait_until("its sessions end", || sessions() == 0);
}

#[test]
fn a_storage_is_dropped_in_time_though_the_network_has_failed() {
    let server = Server::shared();
    let database = server.create_database();
    drop(database.migrated(Options::default()));
    let scratch = Scratch::new("frozen-drop");
    let proxy = Proxy::new(scratch.directory(), server.directory());
    let storage = connect(config(proxy.directory(), database.name()));
    block_on(storage.load(&contact(1))).unwrap();
    proxy.freeze(true);
    // A caller that has gone meanwhile.
    let whom = contact(1);
    let mut load = Box::pin(storage.load(&whom));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(load.as_mut().poll(&mut context).is_pending());
    drop(load);
    let began = Instant::now();
    drop(storage);
    assert!(began.elapsed() < SLACK, "{:?}", began.elapsed());
    proxy.freeze(false);
}
