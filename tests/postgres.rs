//! The storage suites over PostgreSQL, in both isolations that a host may have set.
#![cfg(feature = "postgres-tests")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod server;

use optin::{
    blocking::block_on,
    conformance::{FailedCases, Report, Suite},
    store::{PostgresStorage, postgres::Options},
};
use server::Server;
use tokio_postgres::NoTls;

type Passed = Result<(), FailedCases>;

/// A storage in a new database, whose sessions begin with these settings.
fn fresh(settings: &str, options: Options) -> PostgresStorage {
    let database = Server::shared().create_database();
    let mut config = database.config();
    config.options(settings);
    let storage = options.connect(config, NoTls).unwrap();
    block_on(storage.migrate()).unwrap();
    storage
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
    let suite = Suite::new(|| fresh("", Options::default()));
    passed("under read committed", &[suite.storage()])
}

#[test]
fn the_suites_pass_under_serializable() -> Passed {
    let suite = Suite::new(|| fresh(SERIALIZABLE, Options::default()));
    passed("under serializable", &[suite.storage()])
}

#[test]
fn the_suites_pass_without_gathering() -> Passed {
    let suite = Suite::new(|| fresh("", Options::default().gather(false)));
    passed("without gathering", &[suite.storage()])
}
