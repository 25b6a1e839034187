//! What is sealed: heads, chains, and the account's log.

use std::{string::String, vec::Vec};

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::{
    SqliteError, SqliteStorage,
    commit::params_of,
    seal::{account_head, head_at},
};
use crate::{
    consent::{contact::Contact, id::AccountId},
    ledger::{ChainId, Disclosed, Hash, Head, Ledger, Salts, SealedRow},
    store::row::{from_i64, page, to_i64},
};

impl Ledger for SqliteStorage {
    async fn head(&self, contact: &Contact) -> Result<Option<Head>, SqliteError> {
        self.readers.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT chain, length, head FROM contacts WHERE account = ?1 AND number = ?2",
                )?
                .query_row(params_of(contact), |row| Ok(head_at(row, 0)))
                .optional()?
                .transpose()
        })
    }

    async fn account_head(&self, account: &AccountId) -> Result<Option<Head>, SqliteError> {
        self.readers.read(|connection| account_head(connection, account))
    }

    async fn heads(
        &self,
        account: &AccountId,
        after: Option<ChainId>,
        limit: usize,
    ) -> Result<Vec<Head>, SqliteError> {
        // An empty name is before all others.
        let after = after.map_or_else(Vec::new, |after| after.0.to_vec());
        self.readers.read(|connection| {
            let mut heads = connection.prepare_cached(
                "SELECT chain, length, head FROM contacts WHERE account = ?1 AND chain > ?2
                 UNION ALL
                 SELECT chain, length, head FROM accounts WHERE account = ?1 AND chain > ?2
                 UNION ALL
                 SELECT chain, length, head FROM erased WHERE account = ?1 AND chain > ?2
                 ORDER BY chain LIMIT ?3",
            )?;
            let rows = heads.query_map(params![account.as_str(), after, page(limit)], |row| {
                Ok(head_at(row, 0))
            })?;
            rows.map(|head| head?).collect()
        })
    }

    async fn sealed(
        &self,
        account: &AccountId,
        chain: ChainId,
        from: u64,
        limit: usize,
    ) -> Result<Vec<SealedRow>, SqliteError> {
        self.readers.read(|connection| {
            let mut sealed = connection.prepare_cached(
                "SELECT entries.sealed, entries.hash,
                     CASE WHEN leaf < (SELECT size FROM logs WHERE account = ?1) THEN leaf END,
                     shown.entry, shown.salts
                 FROM entries LEFT JOIN disclosed AS shown ON shown.id = entries.disclosed
                     AND shown.account = ?1 AND shown.chain = ?2
                     AND shown.sequence = entries.sequence
                 WHERE entries.account = ?1 AND entries.chain = ?2 AND entries.sequence >= ?3
                 ORDER BY entries.sequence LIMIT ?4",
            )?;
            let page = params![account.as_str(), chain.0, to_i64(from), page(limit)];
            let rows = sealed.query_map(page, |row| Ok(sealed_row(row)))?;
            rows.map(|row| row?).collect()
        })
    }

    async fn log_size(&self, account: &AccountId) -> Result<u64, SqliteError> {
        self.readers.read(|connection| log_size(connection, account))
    }

    async fn sequence(
        &self,
        account: &AccountId,
        expected: u64,
        limit: usize,
    ) -> Result<u64, SqliteError> {
        let account = account.clone();
        self.writer.write(move |transaction| sequence(transaction, &account, expected, limit)).await
    }

    async fn leaves(
        &self,
        account: &AccountId,
        from: u64,
        limit: usize,
    ) -> Result<Vec<Vec<u8>>, SqliteError> {
        self.readers.read(|connection| {
            let mut leaves = connection.prepare_cached(
                "SELECT sealed FROM logs JOIN entries
                     ON entries.id BETWEEN (logs.id << 40) + ?2 AND (logs.id << 40) + size - 1
                 WHERE logs.account = ?1 ORDER BY entries.id LIMIT ?3",
            )?;
            let page = params![account.as_str(), to_i64(from), page(limit)];
            let rows = leaves.query_map(page, |row| row.get(0))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

pub(super) fn sealed_row(row: &Row<'_>) -> Result<SealedRow, SqliteError> {
    let salts: Option<Vec<u8>> = row.get(4)?;
    let json: Option<String> = row.get(3)?;
    let disclosed = match (json, salts) {
        (Some(json), Some(salts)) => {
            let salts = Salts::from_bytes(&salts).ok_or(SqliteError::BadRow { what: "salt" })?;
            Some(Disclosed { json, salts })
        }
        (Some(_) | None, _) => None,
    };
    let leaf: Option<i64> = row.get(2)?;
    Ok(SealedRow {
        bytes: row.get(0)?,
        hash: Hash(row.get(1)?),
        leaf: leaf.map(|leaf| from_i64("place in the log", leaf)).transpose()?,
        disclosed,
    })
}

fn log_size(connection: &Connection, account: &AccountId) -> Result<u64, SqliteError> {
    let size: Option<i64> = connection
        .prepare_cached("SELECT size FROM logs WHERE account = ?1")?
        .query_row([account.as_str()], |row| row.get(0))
        .optional()?;
    Ok(size.map_or(Ok(0), |size| from_i64("size of the log", size))?)
}

fn sequence(
    transaction: &Transaction<'_>,
    account: &AccountId,
    expected: u64,
    limit: usize,
) -> Result<u64, SqliteError> {
    let size = log_size(transaction, account)?;
    if size != expected {
        return Ok(size);
    }
    let mut waiting = transaction.prepare_cached(
        "SELECT leaf FROM logs JOIN entries
             ON entries.id BETWEEN (logs.id << 40) + ?2 AND (logs.id << 40) + 0xffffffffff
         WHERE logs.account = ?1 ORDER BY entries.id LIMIT ?3",
    )?;
    let first = to_i64(size);
    let waiting: Vec<i64> = waiting
        .query_map(params![account.as_str(), first, page(limit)], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let leaf = first.saturating_add(to_i64(waiting.len() as u64));
    // Each got its place when it was committed, the next: only by hand one can be missing.
    if !waiting.into_iter().eq(first..leaf) {
        return Err(SqliteError::BadRow { what: "place in the log" });
    }
    transaction
        .prepare_cached("UPDATE logs SET size = ?2 WHERE account = ?1")?
        .execute(params![account.as_str(), leaf])?;
    Ok(from_i64("size of the log", leaf)?)
}
