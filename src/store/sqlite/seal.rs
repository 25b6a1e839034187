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
                "INSERT INTO accounts (account, chain, length, head, log_size)
                 VALUES (?1, ?2, ?3, ?4, 0)
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
        let (account, chain, sequence) = (account.as_str(), head.chain.0, to_i64(head.length));
        transaction
            .prepare_cached(
                "INSERT INTO entries (account, chain, sequence, leaf, hash, sealed)
                 VALUES (?1, ?2, ?3, NULL, ?4, ?5)",
            )?
            .execute(params![account, chain, sequence, next.hash.0, bytes])?;
        transaction
            .prepare_cached(
                "INSERT INTO disclosed (account, chain, sequence, at, number, entry, salts)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute(params![account, chain, sequence, self.at, number, self.json, self.salts,])?;
        transaction
            .prepare_cached(
                "INSERT INTO unlogged (account, at, chain, sequence) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![account, self.at, chain, sequence])?;
        Ok(next)
    }
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
