//! What can go wrong with the file.

use rusqlite::ErrorCode;

use crate::{ledger::NoRandomness, store::row::BadRow};

/// Why SQLite could not do it. Never holds what is stored.
///
/// Whether a failed commit is stored is not known; repeating it is safe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SqliteError {
    /// The file cannot be opened or made. Check the path and its permissions.
    #[error("the file cannot be opened")]
    CannotOpen,
    /// The file is not ours. Choose another.
    #[error("the file belongs to another application")]
    OtherApplication,
    /// A later version of this crate made the file. Use that version.
    #[error("the file has schema {found}, and only {known} is known")]
    NewerSchema {
        /// The file's schema.
        found: i64,
        /// The last one that is known.
        known: i64,
    },
    /// The file is damaged, or no database. Go back to a copy.
    #[error("the file is damaged or no database")]
    Corrupt,
    /// The file or its directory cannot be written. Mend the permissions.
    #[error("the file is read-only")]
    ReadOnly,
    /// The disk, or the limit set, is full. Make room and repeat; nothing was lost.
    #[error("the disk is full")]
    Full,
    /// Another process held the file for too long. Repeat.
    #[error("the file is locked by another process")]
    Busy,
    /// A row was written by a later version of this crate. Use that version.
    #[error("a stored {what} has version {found}, which is not known")]
    UnknownVersion {
        /// What the row holds.
        what: &'static str,
        /// Its version.
        found: u64,
    },
    /// A row holds what was never written. Go back to a copy.
    #[error("a stored {what} cannot be read")]
    BadRow {
        /// What the row should hold.
        what: &'static str,
    },
    /// The system gives no random bytes, without which nothing is sealed. See to the machine.
    #[error("the system gives no random bytes")]
    NoRandomness,
    /// The writer thread has ended. Open the storage again.
    #[error("the storage has stopped")]
    Stopped,
    /// SQLite failed otherwise. Look the code up in its documentation.
    #[error("SQLite failed with result code {code}")]
    Other {
        /// SQLite's extended result code.
        code: i32,
    },
}

impl From<BadRow> for SqliteError {
    fn from(BadRow { what, version }: BadRow) -> Self {
        version.map_or(Self::BadRow { what }, |found| Self::UnknownVersion { what, found })
    }
}

impl From<NoRandomness> for SqliteError {
    fn from(NoRandomness: NoRandomness) -> Self {
        Self::NoRandomness
    }
}

impl From<rusqlite::Error> for SqliteError {
    #[allow(
        clippy::wildcard_enum_match_arm,
        reason = "most of SQLite's codes have no answer of their own"
    )]
    fn from(error: rusqlite::Error) -> Self {
        let Some(failure) = error.sqlite_error() else {
            // A column of another type, or out of its range.
            return Self::BadRow { what: "column" };
        };
        match failure.code {
            ErrorCode::CannotOpen => Self::CannotOpen,
            ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt => Self::Corrupt,
            ErrorCode::ReadOnly => Self::ReadOnly,
            ErrorCode::DiskFull => Self::Full,
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Self::Busy,
            _ => Self::Other { code: failure.extended_code },
        }
    }
}
