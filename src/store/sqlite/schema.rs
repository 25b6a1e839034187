//! The file: opened, checked to be ours, brought to the present schema.

use core::time::Duration;
use std::path::Path;

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior, config::DbConfig};

use super::{Durability, Options, SqliteError};

/// `optn`, in the header of every file of ours.
const APPLICATION_ID: i64 = 0x6f70_746e;
/// What makes each schema of the one before it, from an empty file on.
const SCHEMAS: [&str; 2] = [include_str!("schema/001.sql"), include_str!("schema/002.sql")];
/// The schema that this version reads and writes.
const SCHEMA: i64 = SCHEMAS.len() as i64;
/// How long to wait for another process.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// SQLite does not wait by itself when two processes turn a new file to WAL at once.
const WAL_TRIES: u32 = 200;

/// A connection that may write, to a file of ours; made where there is none.
pub(super) fn open_writer(path: &Path, options: &Options) -> Result<Connection, SqliteError> {
    let mut connection = connect(path, OpenFlags::SQLITE_OPEN_CREATE)?;
    check(&connection.transaction()?)?;
    turn_to_wal(&connection)?;
    let synchronous = match options.durability {
        Durability::Full => "FULL",
        Durability::Normal => "NORMAL",
    };
    connection.pragma_update(None, "synchronous", synchronous)?;
    connection.pragma_update(None, "secure_delete", true)?;
    migrate(&mut connection)?;
    if let Some(pages) = options.max_pages {
        connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))?;
    }
    Ok(connection)
}

/// A connection that only reads, to a file that a writer has opened.
pub(super) fn open_reader(path: &Path) -> Result<Connection, SqliteError> {
    let connection = connect(path, OpenFlags::empty())?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, SqliteError> {
    let flags = flags | OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(64);
    // Else SQLite compiles a cached statement again each time that other values are bound to it.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(connection)
}

fn pragma(connection: &Connection, name: &str) -> Result<i64, SqliteError> {
    Ok(connection.pragma_query_value(None, name, |row| row.get(0))?)
}

/// The file's schema, 0 where it is empty; an error where it is neither that nor ours. In a
/// transaction, since another process may be making it.
fn check(connection: &Transaction<'_>) -> Result<i64, SqliteError> {
    let application_id = pragma(connection, "application_id")?;
    let is_empty = pragma(connection, "schema_version")? == 0;
    if application_id != APPLICATION_ID && !(application_id == 0 && is_empty) {
        return Err(SqliteError::OtherApplication);
    }
    let found = pragma(connection, "user_version")?;
    if found > SCHEMA {
        return Err(SqliteError::NewerSchema { found, known: SCHEMA });
    }
    Ok(if is_empty { 0 } else { found })
}

fn turn_to_wal(connection: &Connection) -> Result<(), SqliteError> {
    let mut tries = 0;
    loop {
        let turned = connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()));
        match turned.map_err(SqliteError::from) {
            Err(SqliteError::Busy) if tries < WAL_TRIES => {
                tries += 1;
                std::thread::sleep(Duration::from_millis(10));
            }
            turned => return turned,
        }
    }
}

/// Applies what the file's schema lacks, all at once: whoever comes first does, and others wait.
fn migrate(connection: &mut Connection) -> Result<(), SqliteError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found = usize::try_from(check(&transaction)?).unwrap_or_default();
    for sql in SCHEMAS.iter().skip(found) {
        transaction.execute_batch(sql)?;
    }
    Ok(transaction.commit()?)
}
