//! Time and room are bounded: a row that others hold, a statement that takes too long, more callers
//! than the server can serve.
#![cfg(feature = "postgres-tests")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod black_box;
mod commits;
mod postgres_proxy;
mod server;

use std::{
    pin::pin,
    task::{Context, Waker},
    thread,
    time::{Duration, Instant},
};

use black_box::Scratch;
use commits::{Conversation, contact, conversation};
use futures_util::future::join_all;
use optin::{
    Body, Content, Storage,
    blocking::block_on,
    storage::{Commit, Committed},
    store::{
        PostgresStorage,
        postgres::{Options, PostgresError},
    },
};
use postgres_proxy::Proxy;
use server::{Database, Server, config};
use tokio_postgres::NoTls;

/// What is bounded may take so long on a busy machine.
const IN_TIME: Duration = Duration::from_secs(8);

fn connect(database: &Database<'_>, options: Options) -> PostgresStorage {
    let storage = options.connect(database.config(), NoTls).unwrap();
    block_on(storage.migrate()).unwrap();
    storage
}

fn applied() -> Result<Committed, PostgresError> {
    Ok(Committed::Applied { in_flight: Vec::new() })
}

/// So many contacts who were asked, and what they reply.
fn opened(storage: &PostgresStorage, contacts: u64) -> Vec<Commit> {
    let open = |n| {
        let Conversation { opening, reply } = conversation(n);
        assert_eq!(block_on(storage.commit(opening)), applied());
        reply
    };
    (1..=contacts).map(open).collect()
}

/// Commits at once, each by a caller of its own.
fn at_once(storage: &PostgresStorage, commits: &[Commit]) -> Vec<Result<Committed, PostgresError>> {
    thread::scope(|scope| {
        let commit = |commit: &Commit| block_on(storage.commit(commit.clone()));
        let callers: Vec<_> = commits.iter().map(|one| scope.spawn(move || commit(one))).collect();
        callers.into_iter().map(|caller| caller.join().unwrap()).collect()
    })
}

#[test]
fn a_row_that_others_hold_costs_its_own_caller_alone() {
    let database = Server::shared().create_database();
    let options = Options::default().lock_timeout(Duration::from_millis(300));
    let storage = connect(&database, options);
    let replies = opened(&storage, 20);
    let other = database.session();
    let held = replies[7].contact.number().to_digits();
    other.run(&format!("BEGIN; SELECT 1 FROM optin.contacts WHERE number = {held} FOR UPDATE"));
    let began = Instant::now();
    let answers = at_once(&storage, &replies);
    assert!(began.elapsed() < IN_TIME, "{:?}", began.elapsed());
    for (n, answer) in answers.into_iter().enumerate() {
        let expected = if n == 7 { Err(PostgresError::TimedOut) } else { applied() };
        assert_eq!(answer, expected, "{n}");
    }
    // A reader waits for nobody.
    assert!(block_on(storage.load(&replies[7].contact)).unwrap().record.is_some());
    other.run("ROLLBACK");
    let answers = at_once(&storage, &replies);
    for (n, answer) in answers.into_iter().enumerate() {
        assert_eq!(answer, if n == 7 { applied() } else { Ok(Committed::Duplicate) }, "{n}");
    }
}

#[test]
fn a_statement_that_takes_too_long_is_told_of_and_nothing_is_stored() {
    let database = Server::shared().create_database();
    let options = Options::default().statement_timeout(Duration::from_millis(300));
    let storage = connect(&database, options);
    let replies = opened(&storage, 2);
    let other = database.session();
    other.run("BEGIN; LOCK TABLE optin.contacts IN ACCESS EXCLUSIVE MODE");
    let began = Instant::now();
    for answer in at_once(&storage, &replies) {
        assert_eq!(answer, Err(PostgresError::TimedOut));
    }
    assert_eq!(block_on(storage.load(&contact(1))), Err(PostgresError::TimedOut));
    assert!(began.elapsed() < IN_TIME, "{:?}", began.elapsed());
    other.run("ROLLBACK");
    for answer in at_once(&storage, &replies) {
        assert_eq!(answer, applied());
    }
}

#[test]
fn a_mark_that_others_are_writing_is_waited_for_in_time() {
    let database = Server::shared().create_database();
    let options = Options::default().lock_timeout(Duration::from_millis(300));
    let storage = connect(&database, options);
    let replies = opened(&storage, 2);
    let other = database.session();
    // The mark of the first reply, by a host that has not ended its transaction.
    other.run("BEGIN; INSERT INTO optin.marks VALUES ('acme', '+18885550100', '1-second', 0)");
    let answers = at_once(&storage, &replies);
    assert_eq!(answers, [Err(PostgresError::TimedOut), applied()]);
    other.run("COMMIT");
    assert_eq!(block_on(storage.commit(replies[0].clone())), Ok(Committed::Duplicate));
    let record = block_on(storage.load(&contact(1))).unwrap().record.unwrap();
    assert_eq!(Some(record), replies[0].expected);
}

/// Callers that come and give up while nothing moves: what they brought is not kept.
#[test]
fn callers_that_give_up_fill_no_memory() {
    const CALLERS: u64 = 5_000;
    const WORDS: usize = 16 << 10;
    let server = Server::shared();
    let database = server.create_database();
    let replies = opened(&connect(&database, Options::default()), 1);
    let scratch = Scratch::new("full");
    let proxy = Proxy::new(scratch.directory(), server.directory());
    let through = config(proxy.directory(), database.name());
    let storage = PostgresStorage::connect(through, NoTls).unwrap();
    block_on(storage.load(&contact(1))).unwrap();
    proxy.freeze(true);
    let mut commit = conversation(2).opening;
    if let Content::Text(text) = &mut commit.outgoing[0].content {
        text.body = Body::from("x".repeat(WORDS));
    }
    let mut context = Context::from_waker(Waker::noop());
    let before = resident();
    for _ in 0..CALLERS {
        let mut caller = pin!(storage.commit(commit.clone()));
        assert!(caller.as_mut().poll(&mut context).is_pending());
    }
    let grown = resident().saturating_sub(before);
    println!("{} MiB for {CALLERS} callers of {WORDS} bytes", grown >> 20);
    // Kept, all of it would be 80, and what is made of it as much again.
    assert!(grown < 96 << 20, "{grown}");
    proxy.freeze(false);
    assert_eq!(block_on(storage.commit(replies[0].clone())), applied());
}

/// Bytes of memory that the process has (proc(5), `statm`).
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

/// More callers than wait at once: all are served, none is turned away.
#[test]
fn callers_beyond_the_queue_wait_for_room() {
    const CALLERS: u64 = 3_000;
    let database = Server::shared().create_database();
    let storage = connect(&database, Options::default());
    let other = database.session();
    other.run("BEGIN; LOCK TABLE optin.contacts IN ACCESS EXCLUSIVE MODE");
    let commits = (0..CALLERS).map(|n| storage.commit(conversation(n).opening));
    let mut callers = pin!(join_all(commits));
    let mut context = Context::from_waker(Waker::noop());
    assert!(callers.as_mut().poll(&mut context).is_pending());
    other.run("ROLLBACK");
    let answers = block_on(callers);
    assert_eq!(answers.len(), usize::try_from(CALLERS).unwrap());
    assert!(answers.iter().all(|answer| *answer == applied()));
    let stored = database.session().number("SELECT count(*) FROM optin.contacts");
    assert_eq!(stored, i64::try_from(CALLERS).unwrap());
}
