//! A storage named on the command line: a file or, with the feature `postgres`, a database, reached
//! without TLS here.

use std::error::Error;

/// Whether this names a database, not a file; a slip of the pen too, since a file's name is printed
/// where there is no such file, and that of a database may hold a password.
pub(crate) fn is_database(name: &str) -> bool {
    name.contains("://") || name.contains("password=")
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
