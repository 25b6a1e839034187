//! What can go wrong between us and the server.

use tokio_postgres::error::SqlState;

use crate::{ledger::NoRandomness, store::row::BadRow};

/// Why PostgreSQL could not do it. Never holds what is stored: of what the server says, which may
/// quote a key, only the code is kept.
///
/// Nothing was changed, but for [`NotKnown`](Self::NotKnown), where it may have been.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PostgresError {
    /// The connection was lost, or no standby answered, after everything was sent: whether it is
    /// stored is not known. Repeat; that is safe.
    #[error("the connection was lost during commit: whether it is stored is not known")]
    NotKnown,
    /// No server that takes writes was reached in time. Repeat later.
    #[error("no server that takes writes was reached")]
    Unreachable,
    /// The server refuses the connection: user, password, database or TLS. Mend the configuration.
    #[error("the server refused the connection ({})", said(code.as_ref()))]
    Refused {
        /// The server's code (SQLSTATE); absent where TLS or the configuration failed before.
        code: Option<SqlState>,
    },
    /// The database has no schema of ours. Call [`PostgresStorage::migrate`] once.
    ///
    /// [`PostgresStorage::migrate`]: super::PostgresStorage::migrate
    #[error("the database has no schema of optin, or an older one: it must be migrated")]
    NotMigrated,
    /// A later version of this crate migrated the database. Use that version.
    #[error("the database has schema {found}, and only {known} is known")]
    NewerSchema {
        /// The database's schema.
        found: i64,
        /// The last one that is known.
        known: i64,
    },
    /// A statement, or waiting for a lock, took longer than [`Options`](super::Options) allow.
    /// Repeat later: the other hosts are asked first then.
    #[error("the server took too long")]
    TimedOut,
    /// Others were at the same rows again and again. Repeat.
    #[error("others were at the same rows again and again")]
    Contended,
    /// The database has another encoding than UTF8: it could not keep every text, a STOP among
    /// them. Make one with `ENCODING 'UTF8'`.
    #[error("the database's encoding is not UTF8")]
    Encoding,
    /// A name holds a zero byte, which PostgreSQL keeps in no text. Refuse what came with it.
    #[error("{what} holds a zero byte, which PostgreSQL cannot keep")]
    ZeroByte {
        /// Which kind of name.
        what: &'static str,
    },
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
    /// The thread cannot be started, or has ended. Make the storage again.
    #[error("the storage has stopped")]
    Stopped,
    /// The server failed otherwise: a full disk is `53100`. Look the code up in the appendix
    /// "PostgreSQL Error Codes" of its documentation.
    #[error("the server failed ({})", said(Some(code)))]
    Server {
        /// The server's code (SQLSTATE).
        code: SqlState,
    },
}

fn said(code: Option<&SqlState>) -> &str {
    code.map_or("before it said why", SqlState::code)
}

impl From<BadRow> for PostgresError {
    fn from(BadRow { what, version }: BadRow) -> Self {
        version.map_or(Self::BadRow { what }, |found| Self::UnknownVersion { what, found })
    }
}

impl From<NoRandomness> for PostgresError {
    fn from(NoRandomness: NoRandomness) -> Self {
        Self::NoRandomness
    }
}
