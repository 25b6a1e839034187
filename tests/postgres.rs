//! The storage suites over PostgreSQL, in both isolations that a host may have set.
#![cfg(feature = "postgres-tests")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod server;

use std::sync::atomic::{AtomicUsize, Ordering};

use optin::{
    blocking::block_on,
    conformance::{FailedCases, Report, Suite},
    ledger::SuppressionKey,
    store::{PostgresStorage, postgres::Options},
};
use server::Server;
use tokio_postgres::NoTls;

type Passed = Result<(), FailedCases>;

/// Makes storages in a database, empty each time, whose sessions begin with these settings.
fn in_database(settings: &'static str, options: Options) -> impl Fn() -> PostgresStorage {
    let database = Server::shared().create_database();
    let mut config = database.config();
    config.options(settings);
    let connect = move || options.clone().connect(config.clone(), NoTls).unwrap();
    block_on(connect().migrate()).unwrap();
    let session = database.session();
    let tables = session.rows(
        "SELECT string_agg('optin.' || tablename, ', ') FROM pg_tables
         WHERE schemaname = 'optin' AND tablename <> 'schema_version'",
    );
    let empty = format!("TRUNCATE {}", tables[0][0]);
    move || {
        session.run(&empty);
        connect()
    }
}

/// Makes storages in two databases in turn.
fn in_two_databases(settings: &'static str) -> impl Fn() -> PostgresStorage {
    let databases = [(); 2].map(|()| in_database(settings, Options::default()));
    let made = AtomicUsize::new(0);
    move || databases[made.fetch_add(1, Ordering::Relaxed) % 2]()
}

/// Each case once, and none failed; says how many.
fn passed(what: &str, reports: &[Report]) -> Passed {
    let cases = reports.iter().map(Report::ok).sum::<Result<usize, _>>()?;
    println!("{cases} cases passed {what}");
    Ok(())
}

const SERIALIZABLE: &str = "-c default_transaction_isolation=serializable";

#[test]
fn the_suites_pass_under_read_committed() -> Passed {
    let suite = Suite::new(in_database("", Options::default()));
    let moving = Suite::new(in_two_databases("")).moving();
    passed("under read committed", &[suite.storage(), suite.archive(), suite.ledger(), moving])
}

#[test]
fn the_suites_pass_under_serializable() -> Passed {
    let suite = Suite::new(in_database(SERIALIZABLE, Options::default()));
    let reports = [suite.storage(), suite.archive(), suite.ledger(), suite.moving()];
    passed("under serializable", &reports)
}

#[test]
fn the_suites_pass_where_erasures_are_remembered() -> Passed {
    let options = Options::default().suppression(SuppressionKey::new([1; 32]));
    let suite = Suite::new(in_database("", options));
    passed("with a key", &[suite.archive(), suite.ledger()])
}

#[test]
fn the_suites_pass_without_gathering() -> Passed {
    let suite = Suite::new(in_database("", Options::default().gather(false))).rounds(5);
    passed("without gathering", &[suite.storage()])
}
