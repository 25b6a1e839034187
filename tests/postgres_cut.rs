//! The connection is cut at each message of a commit: what is answered is what is stored, and the
//! same commit again is applied once.
#![cfg(feature = "postgres-tests")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod black_box;
mod commits;
mod postgres_proxy;
mod server;

use std::thread;

use black_box::Scratch;
use commits::{Conversation, account, contact, conversation};
use optin::{
    Storage,
    blocking::block_on,
    storage::{Commit, Committed},
    store::{
        PostgresStorage,
        postgres::{Options, PostgresError},
    },
};
use postgres_proxy::{Cut, Proxy, Side, Through, wait_until};
use server::{Database, Server, Session, config};
use tokio_postgres::{Config, NoTls};

/// Commits that come at once, of which the storage may make one batch.
const AT_ONCE: u64 = 4;
/// How the server tells sessions through the proxy from others.
const THROUGH_PROXY: &str = "through proxy";

fn connect(config: Config) -> PostgresStorage {
    Options::default().connections(1).connect(config, NoTls).unwrap()
}

/// A database behind a proxy, and a way to it that is never cut.
struct World<'a> {
    _scratch: Scratch,
    proxy: Proxy,
    database: Database<'a>,
    session: Session,
    contacts: u64,
}

/// What is stored of a contact: all that a commit changes, without its number.
type Held = Vec<Vec<String>>;

impl World<'_> {
    fn new(name: &str) -> Self {
        let server = Server::shared();
        let database = server.create_database();
        block_on(connect(database.config()).migrate()).unwrap();
        let scratch = Scratch::new(name);
        let proxy = Proxy::new(scratch.directory(), server.directory());
        let session = database.session();
        Self { _scratch: scratch, proxy, database, session, contacts: 0 }
    }

    /// The way through the proxy.
    fn config(&self) -> Config {
        let mut config = config(self.proxy.directory(), self.database.name());
        config.application_name(THROUGH_PROXY);
        config
    }

    /// The next contact's conversation.
    fn next(&mut self) -> Conversation {
        self.contacts += 1;
        conversation(self.contacts)
    }

    /// What a commit finds, and what it leaves.
    fn ends(&mut self) -> [Held; 2] {
        let storage = connect(self.database.config());
        let Conversation { opening, reply } = self.next();
        assert_eq!(block_on(storage.commit(opening)), Ok(applied()));
        let before = self.held(&reply);
        assert_eq!(block_on(storage.commit(reply.clone())), Ok(applied()));
        let after = self.held(&reply);
        assert_eq!(block_on(storage.commit(reply.clone())), Ok(Committed::Duplicate));
        assert_eq!(self.held(&reply), after);
        assert_ne!(before, after);
        [before, after]
    }

    fn held(&self, commit: &Commit) -> Held {
        let account = account();
        let account = account.as_str();
        let number = commit.contact.number().to_digits();
        let text = format!("account = '{account}' AND number = {number}");
        let chain = format!("(SELECT chain FROM optin.contacts WHERE {text})");
        let chain = format!("account = '{account}' AND chain = {chain}");
        let mark = number - contact(0).number().to_digits();
        let mut held = Vec::new();
        for sql in [
            format!("SELECT id FROM optin.marks WHERE id LIKE '{mark}-%' ORDER BY id"),
            format!("SELECT state, revision, length FROM optin.contacts WHERE {text}"),
            format!("SELECT sequence FROM optin.entries WHERE {chain} ORDER BY sequence"),
            format!("SELECT sequence FROM optin.disclosed WHERE {chain} ORDER BY sequence"),
            format!("SELECT sequence FROM optin.unlogged WHERE {chain} ORDER BY sequence"),
            format!(
                "SELECT destination, revision, n, kind, state, claims FROM optin.outgoing
                 WHERE {text} ORDER BY destination, revision, n"
            ),
        ] {
            held.push(vec!["in".into()]);
            held.extend(self.session.rows(&sql));
        }
        // Contacts are alike but for their number.
        let own = format!("{mark}-");
        held.iter_mut().flatten().for_each(|value| *value = value.replace(&own, ""));
        held
    }

    /// The server's processes of sessions through the proxy.
    fn sessions(&self) -> Vec<String> {
        let sql = format!(
            "SELECT pid FROM pg_stat_activity
             WHERE datname = current_database() AND application_name = '{THROUGH_PROXY}'"
        );
        self.session.rows(&sql).concat()
    }

    /// Commits while the connection is cut, each commit by a caller of its own, and waits until the
    /// server has ended what was cut; tells whether anything was.
    fn commit(
        &self,
        storage: &PostgresStorage,
        commits: &[Commit],
        cut: Cut,
    ) -> (Vec<Answer>, bool) {
        self.proxy.cut(cut);
        let before = self.sessions();
        let answers = thread::scope(|scope| {
            let commit = |commit: &Commit| block_on(storage.commit(commit.clone()));
            let callers: Vec<_> =
                commits.iter().map(|one| scope.spawn(move || commit(one))).collect();
            callers.into_iter().map(|caller| caller.join().unwrap()).collect()
        });
        let was_cut = self.proxy.was_cut();
        if was_cut {
            wait_until("the cut session ends", || {
                let sessions = self.sessions();
                let is_old = |session| before.contains(session);
                !sessions.iter().any(is_old) && sessions.len() <= self.proxy.open()
            });
        }
        (answers, was_cut)
    }
}

type Answer = Result<Committed, PostgresError>;

fn applied() -> Committed {
    Committed::Applied { in_flight: Vec::new() }
}

/// How many commits ended in each way.
#[derive(Debug, Default)]
struct Tally {
    applied: usize,
    /// Not known, and stored.
    stored: usize,
    /// Not known, and not stored.
    lost: usize,
    /// Known not to be stored.
    failed: usize,
}

impl Tally {
    /// The answer is what is stored; and repeated, the commit is stored once.
    fn check(
        &mut self,
        world: &World<'_>,
        ends: &[Held; 2],
        what: Cut,
        commit: &Commit,
        answer: &Answer,
    ) {
        let [before, after] = ends;
        let held = world.held(commit);
        assert!([before, after].contains(&&held), "{what:?}: half of it is stored: {held:?}");
        let is_stored = held == *after;
        match answer {
            Ok(Committed::Applied { in_flight }) => {
                assert!(is_stored && in_flight.is_empty(), "{what:?}: {answer:?}, {is_stored}");
                self.applied += 1;
            }
            Err(PostgresError::NotKnown) if is_stored => self.stored += 1,
            Err(PostgresError::NotKnown) => self.lost += 1,
            Err(_) => {
                assert!(!is_stored, "{what:?}: {answer:?}, and it is stored");
                self.failed += 1;
            }
            Ok(Committed::Conflict | Committed::Duplicate | Committed::Stale) => {
                panic!("{what:?}: {answer:?}")
            }
        }
    }
}

fn repeat(world: &World<'_>, storage: &PostgresStorage, after: &Held, what: Cut, commit: &Commit) {
    let was_stored = world.held(commit) == *after;
    let expected = if was_stored { Committed::Duplicate } else { applied() };
    let again = block_on(storage.commit(commit.clone()));
    assert_eq!(again, Ok(expected), "{what:?}");
    assert_eq!(world.held(commit), *after, "{what:?}");
}

/// Has a commit of a new contact cut at each of its messages.
fn cut_everywhere(name: &str, fresh: Connection, at_once: u64) {
    let mut world = World::new(name);
    let ends = world.ends();
    let direct = connect(world.database.config());
    let mut storage = connect(world.config());
    let (client, server) = messages(&mut world, fresh, at_once);
    println!("{client} messages of the client, {server} of the server");
    let (mut tally, mut cuts) = (Tally::default(), 0);
    for cut in Cut::all(client, server) {
        match fresh {
            Connection::New => storage = connect(world.config()),
            Connection::Used => use_up(&mut world, &storage),
        }
        let replies = open(&mut world, &direct, at_once);
        let (answers, was_cut) = world.commit(&storage, &replies, cut);
        cuts += usize::from(was_cut);
        for (reply, answer) in replies.iter().zip(&answers) {
            tally.check(&world, &ends, cut, reply, answer);
        }
        for reply in &replies {
            repeat(&world, &storage, &ends[1], cut, reply);
        }
    }
    println!("{cuts} cuts, {tally:?}");
    if at_once == 1 {
        assert_eq!(cuts, Cut::all(client, server).len());
    }
    assert!(tally.applied > 0 && tally.stored > 0 && tally.lost > 0, "{tally:?}");
}

/// What a connection has seen when it is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Connection {
    /// Nothing: each statement is yet to be prepared.
    New,
    /// A commit like the one that is cut.
    Used,
}

/// A commit like the ones to come.
fn use_up(world: &mut World<'_>, storage: &PostgresStorage) {
    let Conversation { opening, reply } = world.next();
    block_on(storage.commit(opening)).unwrap();
    block_on(storage.commit(reply)).unwrap();
}

/// So many contacts who were asked, and what they reply.
fn open(world: &mut World<'_>, direct: &PostgresStorage, contacts: u64) -> Vec<Commit> {
    let open = |_| {
        let Conversation { opening, reply } = world.next();
        block_on(direct.commit(opening)).unwrap();
        reply
    };
    (0..contacts).map(open).collect()
}

/// The messages of commits that come at once, where nothing is cut.
fn messages(world: &mut World<'_>, fresh: Connection, at_once: u64) -> (usize, usize) {
    let storage = connect(world.config());
    if fresh == Connection::Used {
        use_up(world, &storage);
    }
    let direct = connect(world.database.config());
    let replies = open(world, &direct, at_once);
    let never = Cut { side: Side::Client, at: usize::MAX, through: Through::All };
    let (answers, _) = world.commit(&storage, &replies, never);
    assert!(answers.iter().all(|answer| *answer == Ok(applied())), "{answers:?}");
    world.proxy.messages()
}

#[test]
fn a_commit_cut_at_any_message_is_stored_as_it_was_answered() {
    cut_everywhere("cut", Connection::Used, 1);
}

#[test]
fn a_first_commit_cut_at_any_message_is_stored_as_it_was_answered() {
    cut_everywhere("cut-first", Connection::New, 1);
}

#[test]
fn commits_at_once_cut_at_any_message_are_stored_as_they_were_answered() {
    cut_everywhere("cut-batch", Connection::Used, AT_ONCE);
}

/// A query is one message, and four answer it: its columns, its row, its end, and that the server
/// is ready.
#[test]
fn the_proxy_counts_and_cuts_messages() {
    let world = World::new("cut-proxy");
    for cut in Cut::all(1, 4) {
        let session = Session::open(&world.config());
        world.proxy.cut(Cut { at: 9, ..cut });
        session.run("SELECT 1");
        assert_eq!((world.proxy.messages(), world.proxy.was_cut()), ((1, 4), false));
        world.proxy.cut(cut);
        let answer = session.try_run("SELECT 1");
        // With the last message the answer is there, whatever comes then.
        let is_whole = cut == Cut { side: Side::Server, at: 3, through: Through::All };
        assert_eq!((answer.is_ok(), world.proxy.was_cut()), (is_whole, true), "{cut:?}");
        wait_until("it is cut", || world.proxy.open() == 0);
    }
}
