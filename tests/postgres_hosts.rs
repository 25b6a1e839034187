//! Which server is used, and what is said where none can be.
#![cfg(feature = "postgres-tests")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod black_box;
mod commits;
mod server;

use std::{
    net::TcpListener,
    os::unix::net::UnixListener,
    path::Path,
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
use server::{Durability, Server, config};
use tokio_postgres::{Config, NoTls, error::SqlState};

/// How long callers wait for a server.
const PATIENCE: Duration = Duration::from_millis(400);
/// What is bounded may take so long on a busy machine.
const IN_TIME: Duration = Duration::from_secs(8);

fn connect(config: Config) -> PostgresStorage {
    Options::default().patience(PATIENCE).connect(config, NoTls).unwrap()
}

/// Each kind of call fails so, in time.
fn fails(config: Config, expected: &PostgresError) {
    // A refusal is not waited for, however busy the machine.
    let is_refusal = matches!(expected, PostgresError::Refused { .. });
    let patience = if is_refusal { IN_TIME } else { PATIENCE };
    let storage = Options::default().patience(patience).connect(config, NoTls).unwrap();
    let began = Instant::now();
    assert_eq!(block_on(storage.load(&contact(1))).unwrap_err(), *expected);
    assert_eq!(block_on(storage.commit(conversation(1).opening)).unwrap_err(), *expected);
    let now = conversation(1).opening.at;
    assert_eq!(block_on(storage.claim(now, now, 1)).unwrap_err(), *expected);
    assert_eq!(block_on(storage.migrate()).unwrap_err(), *expected);
    assert!(began.elapsed() < IN_TIME, "{:?}", began.elapsed());
}

/// It takes a contact's first text.
fn works(storage: &PostgresStorage, n: u64) {
    let applied = Ok(Committed::Applied { in_flight: Vec::new() });
    assert_eq!(block_on(storage.commit(conversation(n).opening)), applied);
}

#[test]
fn a_wrong_password_is_refused() {
    let server = Server::start(Durability::None, &[]);
    let database = server.create_database();
    database.migrated(Options::default());
    database
        .session()
        .run("CREATE ROLE guarded LOGIN SUPERUSER PASSWORD 'right'; CREATE ROLE locked NOLOGIN");
    let access = server.data().join("pg_hba.conf");
    let trusting = std::fs::read_to_string(&access).unwrap();
    std::fs::write(&access, format!("local all guarded scram-sha-256\n{trusting}")).unwrap();
    server.reload();
    let with = |user: &str, password: &str| {
        let mut config = database.config();
        config.user(user).password(password);
        config
    };
    // The server reads its file when it comes to it.
    let guarded = || block_on(connect(with("guarded", "wrong")).load(&contact(1)));
    assert!((0..200).any(|_| matches!(guarded(), Err(PostgresError::Refused { .. }))));
    let refused = |code| PostgresError::Refused { code: Some(code) };
    fails(with("guarded", "wrong"), &refused(SqlState::INVALID_PASSWORD));
    fails(with("locked", "any"), &refused(SqlState::INVALID_AUTHORIZATION_SPECIFICATION));
    fails(with("nobody_we_know", "any"), &refused(SqlState::INVALID_AUTHORIZATION_SPECIFICATION));
    // A password that is needed, and not given.
    let mut without = database.config();
    without.user("guarded");
    fails(without, &PostgresError::Refused { code: None });
    works(&connect(with("guarded", "right")), 1);
}

#[test]
fn a_database_that_is_not_there_is_refused() {
    let missing = config(Server::shared().directory(), "no_such_database");
    fails(missing, &PostgresError::Refused { code: Some(SqlState::UNDEFINED_DATABASE) });
}

#[test]
fn no_server_is_told_of_in_time() {
    let scratch = Scratch::new("no-server");
    fails(config(scratch.directory(), "postgres"), &PostgresError::Unreachable);
    // Nobody listens there any more.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut closed = Config::new();
    closed.host("127.0.0.1").port(port).user("optin").dbname("postgres");
    fails(closed, &PostgresError::Unreachable);
}

#[test]
fn a_server_that_says_nothing_is_told_of_in_time() {
    let scratch = Scratch::new("mute");
    let _mute = UnixListener::bind(scratch.path(".s.PGSQL.5432")).unwrap();
    let mut mute = config(scratch.directory(), "postgres");
    mute.connect_timeout(Duration::from_millis(300));
    fails(mute, &PostgresError::Unreachable);
}

#[test]
fn a_server_that_takes_no_writes_is_not_used() {
    let server = Server::start(Durability::None, &[]);
    let database = server.create_database();
    database.migrated(Options::default());
    server.set(&["default_transaction_read_only = on"]);
    server.shut_down();
    server.start_again();
    fails(database.config(), &PostgresError::Unreachable);
}

/// Made from a server: its directory begins again as that of a standby.
fn turn_to_standby(server: &Server) {
    server.shut_down();
    std::fs::write(server.data().join("standby.signal"), "").unwrap();
    server.start_again();
}

#[test]
fn a_standby_is_used_once_it_is_promoted() {
    let server = Server::start(Durability::None, &[]);
    let database = server.create_database();
    database.migrated(Options::default());
    let storage = connect(database.config());
    works(&storage, 1);
    turn_to_standby(&server);
    fails(database.config(), &PostgresError::Unreachable);
    assert_eq!(block_on(storage.load(&contact(1))), Err(PostgresError::Unreachable));
    assert_eq!(server.session().rows("SELECT pg_promote()"), [["t"]]);
    // The storage that was there before finds it too.
    let is_back = |_| block_on(storage.load(&contact(1))).is_ok();
    assert!((0..20).any(is_back));
    works(&storage, 2);
}

/// Two servers with the same database, by two sockets, and a host where there is none.
#[test]
fn of_many_hosts_the_one_that_takes_writes_is_used() {
    let (primary, standby) = (Server::shared(), Server::start(Durability::None, &[]));
    let database = primary.create_database();
    standby.session().run(&format!("CREATE DATABASE {}", database.name()));
    turn_to_standby(&standby);
    database.migrated(Options::default());
    let scratch = Scratch::new("hosts");
    let hosts = |hosts: &[&Path]| {
        let mut config = config(hosts[0], database.name());
        for host in &hosts[1..] {
            config.host_path(host);
        }
        config
    };
    let (dead, primary, standby) = (scratch.directory(), primary.directory(), standby.directory());
    for (n, hosts) in (1..).zip([
        hosts(&[dead, primary]),
        hosts(&[primary, dead]),
        hosts(&[standby, primary]),
        hosts(&[dead, standby, primary]),
    ]) {
        works(&connect(hosts), n);
    }
    assert_eq!(database.session().number("SELECT count(*) FROM optin.contacts"), 4);
    fails(hosts(&[dead, standby]), &PostgresError::Unreachable);
}

#[test]
fn a_first_host_that_says_nothing_holds_up_no_other() {
    let database = Server::shared().create_database();
    database.migrated(Options::default());
    let scratch = Scratch::new("mute-host");
    let _mute = UnixListener::bind(scratch.path(".s.PGSQL.5432")).unwrap();
    let mut hosts = config(scratch.directory(), database.name());
    hosts.host_path(database.directory()).connect_timeout(Duration::from_millis(300));
    let storage = Options::default().connect(hosts, NoTls).unwrap();
    let began = Instant::now();
    works(&storage, 1);
    assert!(began.elapsed() < IN_TIME, "{:?}", began.elapsed());
}
