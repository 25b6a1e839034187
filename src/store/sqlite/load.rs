//! Loading: a contact's record and its account's settings, in one statement.

use std::{
    collections::HashMap,
    string::String,
    sync::{Arc, Mutex, PoisonError},
};

use rusqlite::{Connection, OptionalExtension, params};

use super::{SqliteError, json};
use crate::{
    consent::{
        contact::Contact,
        id::AccountId,
        policy::Policy,
        record::{Record, Revision},
    },
    storage::{CurrentPolicy, Snapshot},
};

/// Settings parsed before, the last of each account: each revision is parsed once.
#[derive(Debug, Default)]
pub(super) struct Policies {
    parsed: Mutex<HashMap<AccountId, CurrentPolicy>>,
    default: Arc<Policy>,
}

impl Policies {
    fn at(
        &self,
        connection: &Connection,
        account: &AccountId,
        revision: Option<i64>,
    ) -> Result<CurrentPolicy, SqliteError> {
        let Some(stored) = revision else {
            return Ok(CurrentPolicy {
                policy: self.default.clone(),
                revision: Revision::default(),
            });
        };
        let revision = from_i64("policy", stored).map(Revision::new)?;
        let mut parsed = self.parsed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(current) = parsed.get(account).filter(|current| current.revision == revision) {
            return Ok(current.clone());
        }
        let settings: String = connection
            .prepare_cached("SELECT settings FROM policies WHERE account = ?1 AND revision = ?2")?
            .query_row(params![account.as_str(), stored], |row| row.get(0))?;
        let current =
            CurrentPolicy { policy: Arc::new(json::decode("policy", &settings)?), revision };
        parsed.insert(account.clone(), current.clone());
        Ok(current)
    }
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
    let record: Option<Record> =
        record.map(|record| json::decode("record", &record)).transpose()?;
    if record.map(|record| to_i64(record.revision.number())) != stored {
        return Err(SqliteError::BadRow { what: "record" });
    }
    let current = policies.at(connection, account, revision)?;
    Ok(Snapshot { current, record, text_unfinished, suppressed: false })
}

pub(super) fn policy(
    connection: &Connection,
    policies: &Policies,
    account: &AccountId,
) -> Result<CurrentPolicy, SqliteError> {
    let revision = policy_revision(connection, account)?;
    policies.at(connection, account, revision)
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

/// SQLite's integers are signed; what does not fit was never written by us.
pub(super) fn from_i64(what: &'static str, stored: i64) -> Result<u64, SqliteError> {
    u64::try_from(stored).map_err(|_| SqliteError::BadRow { what })
}

pub(super) fn to_i64(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
