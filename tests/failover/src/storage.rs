//! The storage of a writer, and how it fails.

use std::error::Error;

use optin::store::{PostgresError, PostgresStorage};
use tokio_postgres::{Config, NoTls};

pub(crate) type Store = PostgresStorage;

/// How a try went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Failure {
    /// Whether it was stored is not known.
    NotKnown,
    /// No server that takes writes was reached.
    Unreachable,
    /// The server took too long.
    TimedOut,
    /// Any other error of the storage.
    Other,
    /// Others changed the contact again and again.
    Contended,
    /// The permit was used up.
    PermitEnded,
    /// The contact was read as it was before what had been acknowledged.
    Stale,
}

pub(crate) fn open(config: &Config) -> Result<Store, Box<dyn Error>> {
    Ok(PostgresStorage::connect(config.clone(), NoTls)?)
}

pub(crate) fn failure(error: &PostgresError) -> Failure {
    match error {
        PostgresError::NotKnown => Failure::NotKnown,
        PostgresError::Unreachable => Failure::Unreachable,
        PostgresError::TimedOut => Failure::TimedOut,
        PostgresError::Contended => Failure::Contended,
        error => {
            eprintln!("{error:?}");
            Failure::Other
        }
    }
}
