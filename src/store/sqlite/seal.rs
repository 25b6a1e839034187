//! Sealing: the entry of a commit becomes the next of its chain.

use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::SqliteError;
use crate::{
    consent::id::AccountId,
    ledger::{ChainId, Hash, Head},
    store::{
        prepared::PreparedEntry,
        row::{from_i64, to_i64},
    },
};

impl PreparedEntry {
    /// Appends it to the chain of a contact, which is new where it has no head.
    pub(super) fn append(
        &self,
        transaction: &Transaction<'_>,
        account: &AccountId,
        head: Option<Head>,
    ) -> Result<Head, SqliteError> {
        self.append_to(transaction, account, head, None)
    }

    /// Appends it to the account's own chain.
    pub(super) fn append_to_account(
        &self,
        transaction: &Transaction<'_>,
        account: &AccountId,
    ) -> Result<(), SqliteError> {
        let head = account_head(transaction, account)?;
        let head = self.append_to(transaction, account, head, self.number)?;
        transaction
            .prepare_cached(
                "INSERT INTO accounts (account, chain, length, head) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (account) DO UPDATE
                 SET length = excluded.length, head = excluded.head",
            )?
            .execute(params![account.as_str(), head.chain.0, to_i64(head.length), head.hash.0])?;
        Ok(())
    }

    fn append_to(
        &self,
        transaction: &Transaction<'_>,
        account: &AccountId,
        head: Option<Head>,
        number: Option<i64>,
    ) -> Result<Head, SqliteError> {
        let (bytes, head, next) = self.seal(account, head);
        let key = (account.as_str(), head.chain.0, to_i64(head.length));
        let said = Said { at: self.at, number, json: &self.json, salts: Some(&self.salts) };
        let disclosed = insert_disclosed(transaction, key, said)?;
        let id = next_id(transaction, account.as_str())?;
        insert_sealed(transaction, id, key, (&next.hash, &bytes), Some(disclosed))?;
        Ok(next)
    }
}

/// Account, chain and sequence of an entry.
pub(super) type EntryKey<'a> = (&'a str, [u8; 16], i64);

/// What a row of `disclosed` says.
pub(super) struct Said<'a> {
    pub(super) at: i64,
    pub(super) number: Option<i64>,
    pub(super) json: &'a str,
    pub(super) salts: Option<&'a [u8]>,
}

/// Says the id by which the entry names it.
pub(super) fn insert_disclosed(
    transaction: &Transaction<'_>,
    (account, chain, sequence): EntryKey<'_>,
    Said { at, number, json, salts }: Said<'_>,
) -> Result<i64, SqliteError> {
    transaction
        .prepare_cached(
            "INSERT INTO disclosed (account, chain, sequence, at, number, entry, salts)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![account, chain, sequence, at, number, json, salts])?;
    Ok(transaction.last_insert_rowid())
}

pub(super) fn insert_sealed(
    transaction: &Transaction<'_>,
    id: i64,
    (account, chain, sequence): EntryKey<'_>,
    (hash, bytes): (&Hash, &[u8]),
    disclosed: Option<i64>,
) -> Result<(), SqliteError> {
    transaction
        .prepare_cached(
            "INSERT INTO entries (id, account, chain, sequence, hash, sealed, disclosed)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![id, account, chain, sequence, hash.0, bytes, disclosed])?;
    Ok(())
}

/// The next place in the account's log, as the id of an entry: there is one writer at a time.
/// While entries are moved in, those of the log may not be there yet.
pub(super) fn next_id(transaction: &Transaction<'_>, account: &str) -> Result<i64, SqliteError> {
    let id = transaction
        .prepare_cached(
            "SELECT max((logs.id << 40) + size, coalesce((SELECT max(id) + 1 FROM entries
                 WHERE id BETWEEN logs.id << 40 AND (logs.id << 40) + 0xffffffffff), 0))
             FROM logs WHERE account = ?1",
        )?
        .query_row([account], |row| row.get(0))
        .optional()?;
    if let Some(id) = id {
        return Ok(id);
    }
    let mut insert =
        transaction.prepare_cached("INSERT INTO logs (account, size) VALUES (?1, 0)")?;
    Ok(insert.insert([account])? << 40)
}

pub(super) fn account_head(
    transaction: &rusqlite::Connection,
    account: &AccountId,
) -> Result<Option<Head>, SqliteError> {
    transaction
        .prepare_cached("SELECT chain, length, head FROM accounts WHERE account = ?1")?
        .query_row([account.as_str()], |row| Ok(head_at(row, 0)))
        .optional()?
        .transpose()
}

/// The head in three columns of a row, the first of them at `column`.
pub(super) fn head_at(row: &Row<'_>, column: usize) -> Result<Head, SqliteError> {
    Ok(Head {
        chain: ChainId(row.get(column)?),
        length: from_i64("head", row.get(column + 1)?)?,
        hash: Hash(row.get(column + 2)?),
    })
}
