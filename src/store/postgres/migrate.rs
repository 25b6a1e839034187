//! The schema: its versions, applied by whoever comes first.

use super::{
    PostgresError,
    failure::Failure,
    session::{Session, bound},
    sql,
};
use crate::store::row::BadRow;

/// The schema that this version reads and writes.
const SCHEMA: i64 = 1;

/// What to apply to a database, each file with its number: those of the schema's folder.
pub(super) const FILES: [(i64, &str); 1] = [(1, include_str!("schema/001.sql"))];
/// The table that says which stands.
pub(super) const VERSIONS: &str = include_str!("schema/000.sql");

/// Fails where the database has another schema than this version knows.
pub(super) async fn check(session: &Session) -> Result<(), Failure> {
    if !session.keeps_all() {
        return Err(PostgresError::Encoding.into());
    }
    let rows = session.read(bound!(sql::SCHEMA_VERSION)).await?;
    let found = rows.first().map(|row| row.try_get(0)).transpose();
    match found.map_err(|_| BadRow::of("schema"))? {
        Some(SCHEMA) => Ok(()),
        Some(found) if found > SCHEMA => Err(newer(found)),
        Some(_) | None => Err(PostgresError::NotMigrated.into()),
    }
}

/// Applies what is missing: under a lock of the row that says so, so that others wait, and by
/// statements that do no harm where they find their work done. Where nothing is missing no right to
/// do so is asked for.
///
/// Of those who make the first table at once, all but one fail with a key that is taken: as
/// others do who come too late, they try again.
pub(super) async fn migrate(session: &Session) -> Result<(), Failure> {
    match check(session).await {
        Err(Failure::Failed(PostgresError::NotMigrated)) => {}
        checked => return checked,
    }
    session.batch(VERSIONS).await.map_err(came_too_late)?;
    let rows = session.begin(&[bound!(sql::LOCK_SCHEMA_VERSION)]).await?;
    let row = rows.first().and_then(|rows| rows.first()).ok_or(BadRow::of("schema"))?;
    let found: i64 = row.try_get(0).map_err(|_| BadRow::of("schema"))?;
    if found > SCHEMA {
        return Err(newer(found));
    }
    for (_, file) in FILES.iter().filter(|(version, _)| *version > found) {
        session.batch(file).await.map_err(came_too_late)?;
    }
    session.commit(&[]).await?;
    Ok(())
}

fn newer(found: i64) -> Failure {
    PostgresError::NewerSchema { found, known: SCHEMA }.into()
}

/// duplicate_schema, duplicate_table, and "tuple concurrently updated", which has no code but
/// that of an internal error.
fn came_too_late(failure: Failure) -> Failure {
    match &failure {
        Failure::Failed(PostgresError::Server { code })
            if matches!(code.code(), "42P06" | "42P07" | "XX000") =>
        {
            Failure::Taken
        }
        Failure::Lost
        | Failure::NotKnown
        | Failure::TimedOut
        | Failure::Contended
        | Failure::Taken
        | Failure::Failed(_) => failure,
    }
}
