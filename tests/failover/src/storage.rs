//! The storage of a writer, and how it fails.

use std::error::Error;

use optin::store::{SqliteError, SqliteStorage};
use tokio_postgres::Config;

pub(crate) type Store = SqliteStorage;

/// How a try went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Failure {
    /// Whether it was stored is not known.
    NotKnown,
    /// It was not stored.
    Storage,
    /// Others changed the contact again and again.
    Contended,
    /// The permit was used up.
    PermitEnded,
}

pub(crate) fn open(_config: &Config) -> Result<Store, Box<dyn Error>> {
    Ok(SqliteStorage::open("/tmp/optin-failover-dev.db")?)
}

pub(crate) fn failure(_error: &SqliteError) -> Failure {
    Failure::Storage
}
