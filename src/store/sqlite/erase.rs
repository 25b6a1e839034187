//! Forgetting: a contact erased, and texts pruned, in the rows and in the file's own pages.

use std::{string::String, vec::Vec};

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::{SqliteError, commit::params_of, seal::head_at};
use crate::{
    consent::{contact::Contact, ledger::Entry},
    store::row,
};

/// Entries looked at in one transaction.
const PAGE: i64 = 500;

/// Deletes all that is personal of a contact; `false` where nothing was.
pub(super) fn erase(
    transaction: &Transaction<'_>,
    contact: &Contact,
    mark: Option<&[u8; 32]>,
) -> Result<bool, SqliteError> {
    let key = params_of(contact);
    if let Some(mark) = mark {
        suppress(transaction, key.0, mark)?;
    }
    let head = transaction
        .prepare_cached(
            "SELECT chain, length, head FROM contacts WHERE account = ?1 AND number = ?2",
        )?
        .query_row(key, |row| Ok(head_at(row, 0)))
        .optional()?
        .transpose()?;
    let mut erased = 0;
    if let Some(head) = head {
        let chain = params![key.0, head.chain.0];
        transaction
            .prepare_cached(
                "INSERT INTO erased (account, chain, length, head)
                 SELECT account, chain, length, head FROM contacts
                 WHERE account = ?1 AND chain = ?2",
            )?
            .execute(chain)?;
        erased += transaction
            .prepare_cached(
                "DELETE FROM disclosed WHERE account = ?1 AND chain = ?2 AND id IN
                 (SELECT disclosed FROM entries WHERE account = ?1 AND chain = ?2)",
            )?
            .execute(chain)?;
    }
    for table in ["disclosed", "contacts", "outgoing"] {
        erased += transaction
            .prepare_cached(&std::format!(
                "DELETE FROM {table} WHERE account = ?1 AND number = ?2"
            ))?
            .execute(key)?;
    }
    Ok(erased > 0)
}

pub(super) fn suppress(
    transaction: &Transaction<'_>,
    account: &str,
    mark: &[u8; 32],
) -> Result<(), SqliteError> {
    transaction
        .prepare_cached("INSERT OR IGNORE INTO suppressed (account, mark) VALUES (?1, ?2)")?
        .execute(params![account, mark])?;
    Ok(())
}

/// Whether a contact without a record was erased, by the mark of it.
pub(super) fn is_suppressed(
    connection: &Connection,
    contact: &Contact,
    mark: &[u8; 32],
) -> Result<bool, SqliteError> {
    Ok(connection
        .prepare_cached("SELECT 1 FROM suppressed WHERE account = ?1 AND mark = ?2")?
        .exists(params![contact.account().as_str(), mark])?)
}

/// Takes the words out of entries before this time, of those of a page after this id; where the
/// page ends, if there is one, and of how many.
pub(super) fn prune_texts(
    transaction: &Transaction<'_>,
    before: DateTime<Utc>,
    after: i64,
) -> Result<Option<(i64, u64)>, SqliteError> {
    type Found = (i64, Option<String>);
    let page: Vec<Found> = transaction
        .prepare_cached(
            "SELECT id, CASE WHEN at < ?1 AND salts IS NOT NULL THEN entry END
             FROM disclosed WHERE id > ?2 ORDER BY id LIMIT ?3",
        )?
        .query_map(params![before.timestamp_millis(), after, PAGE], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?
        .collect::<Result<_, _>>()?;
    let Some((last, _)) = page.last() else { return Ok(None) };
    let mut pruned = 0;
    for (id, entry) in page.iter().filter_map(|(id, entry)| Some((id, entry.as_ref()?))) {
        let entry: Entry = row::decode("entry", entry)?;
        let entry = row::encode("entry", &entry.without_words())?;
        transaction
            .prepare_cached("UPDATE disclosed SET entry = ?2, salts = NULL WHERE id = ?1")?
            .execute(params![id, entry])?;
        pruned += 1;
    }
    Ok(Some((*last, pruned)))
}
