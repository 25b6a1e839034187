//! A storage named on the command line: a file or, with the feature `postgres`, a database, reached
//! without TLS here.

use std::error::Error;

/// Whether this names a database, not a file.
pub(crate) fn is_database(name: &str) -> bool {
    name.starts_with("postgres://") || name.starts_with("postgresql://")
}

/// The database of this name.
#[cfg(feature = "postgres")]
pub(crate) fn database(url: &str) -> Result<optin::store::PostgresStorage, Box<dyn Error>> {
    Ok(optin::store::PostgresStorage::connect(url.parse()?, tokio_postgres::NoTls)?)
}

/// None: it takes the feature `postgres`.
#[cfg(not(feature = "postgres"))]
pub(crate) fn database(_: &str) -> Result<optin::store::SqliteStorage, Box<dyn Error>> {
    Err("built without the feature `postgres`".into())
}
