//! What a failed attempt means: try again, connect again, or give up.

use tokio_postgres::error::SqlState;

use super::PostgresError;
use crate::{ledger::NoRandomness, store::row::BadRow};

/// Why an attempt failed.
#[derive(Clone, Debug)]
pub(super) enum Failure {
    /// Nothing was stored, and the connection is of no use any more.
    Lost,
    /// It may have been stored, and the connection is of no use any more.
    NotKnown,
    /// Nothing was stored: somebody else was at the same rows.
    Contended,
    /// Nothing was stored: a row of this key came meanwhile.
    Taken,
    /// Nothing was stored, and another attempt would end so too.
    Failed(PostgresError),
}

impl Failure {
    /// A failure before `COMMIT` was sent.
    pub(super) fn of(error: &tokio_postgres::Error) -> Self {
        let Some(code) = error.code() else { return Self::Lost };
        match code.code() {
            // serialization_failure, deadlock_detected
            "40001" | "40P01" => Self::Contended,
            "23505" => Self::Taken,
            // read_only_sql_transaction: the server is a standby now.
            "25006" => Self::Lost,
            // query_canceled, lock_not_available
            "57014" | "55P03" => Self::Failed(PostgresError::TimedOut),
            // undefined_table, invalid_schema_name, undefined_column
            "42P01" | "3F000" | "42703" => Self::Failed(PostgresError::NotMigrated),
            other if ends_connection(other) => Self::Lost,
            _ => Self::Failed(PostgresError::Server { code: code.clone() }),
        }
    }

    /// A failure of the `COMMIT` itself, or of a statement that commits by itself.
    pub(super) fn of_commit(error: &tokio_postgres::Error) -> Self {
        match Self::of(error) {
            Self::Lost => Self::NotKnown,
            Self::Failed(PostgresError::Server { code }) if code.code().starts_with("XX") => {
                Self::NotKnown
            }
            other @ (Self::NotKnown | Self::Contended | Self::Taken | Self::Failed(_)) => other,
        }
    }

    /// Whether the connection is of no use any more.
    pub(super) fn ends_connection(&self) -> bool {
        matches!(self, Self::Lost | Self::NotKnown)
    }
}

/// Classes 08 (connection exception) and 57P (operator intervention), and a transaction that was
/// ended for being idle.
fn ends_connection(code: &str) -> bool {
    code.starts_with("08") || code.starts_with("57P") || matches!(code, "25P03" | "25P04")
}

/// Whether the same attempt to connect would end so again.
pub(super) fn refuses(code: &SqlState) -> bool {
    // invalid_authorization_specification, invalid_catalog_name
    let code = code.code();
    code.starts_with("28") || code == "3D000"
}

impl From<PostgresError> for Failure {
    fn from(error: PostgresError) -> Self {
        Self::Failed(error)
    }
}

impl From<BadRow> for Failure {
    fn from(error: BadRow) -> Self {
        Self::Failed(error.into())
    }
}

impl From<NoRandomness> for Failure {
    fn from(error: NoRandomness) -> Self {
        Self::Failed(error.into())
    }
}
