//! Loading: a contact's record and its account's settings, in one statement.

use std::string::String;

use rusqlite::{Connection, OptionalExtension, params};

use super::SqliteError;
use crate::{
    consent::{contact::Contact, id::AccountId, record::Record},
    storage::{CurrentPolicy, Snapshot},
    store::{
        policies::Policies,
        row::{self, to_i64},
    },
};

/// The account's settings of its last revision, if it has any.
fn current(
    connection: &Connection,
    policies: &Policies,
    account: &AccountId,
    revision: Option<i64>,
) -> Result<CurrentPolicy, SqliteError> {
    if let Some(current) = policies.known(account, revision) {
        return Ok(current);
    }
    let settings: String = connection
        .prepare_cached("SELECT settings FROM policies WHERE account = ?1 AND revision = ?2")?
        .query_row(params![account.as_str(), revision], |row| row.get(0))?;
    Ok(policies.parse(account, revision.unwrap_or(0), &settings)?)
}

pub(super) fn snapshot(
    connection: &Connection,
    policies: &Policies,
    contact: &Contact,
) -> Result<Snapshot, SqliteError> {
    let account = contact.account();
    let number = contact.number().to_digits();
    type Found = (Option<i64>, Option<String>, Option<i64>, bool);
    let (revision, record, stored, text_unfinished): Found = connection
        .prepare_cached(
            "SELECT
                (SELECT max(revision) FROM policies WHERE account = ?1),
                contact.record, contact.revision,
                EXISTS (SELECT 1 FROM outgoing WHERE account = ?1 AND number = ?2
                    AND destination = 'phone' AND state <> 'set_aside')
             FROM (SELECT 1)
             LEFT JOIN contacts AS contact ON contact.account = ?1 AND contact.number = ?2",
        )?
        .query_row(params![account.as_str(), to_i64(number)], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })?;
    let record: Option<Record> = record.map(|record| row::decode("record", &record)).transpose()?;
    if record.map(|record| to_i64(record.revision.number())) != stored {
        return Err(SqliteError::BadRow { what: "record" });
    }
    let current = current(connection, policies, account, revision)?;
    Ok(Snapshot { current, record, text_unfinished, suppressed: false })
}

pub(super) fn policy(
    connection: &Connection,
    policies: &Policies,
    account: &AccountId,
) -> Result<CurrentPolicy, SqliteError> {
    let revision = policy_revision(connection, account)?;
    current(connection, policies, account, revision)
}

/// The revision of the account's last settings, where it has any.
pub(super) fn policy_revision(
    connection: &Connection,
    account: &AccountId,
) -> Result<Option<i64>, SqliteError> {
    let revision = connection
        .prepare_cached("SELECT max(revision) FROM policies WHERE account = ?1")?
        .query_row([account.as_str()], |row| row.get(0))
        .optional()?;
    Ok(revision.flatten())
}
