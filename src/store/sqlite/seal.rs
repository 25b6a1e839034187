//! Sealing: the entry of a commit becomes the next of its chain.

use std::string::String;

use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::{
    SqliteError, json,
    load::{from_i64, to_i64},
};
use crate::{
    consent::{id::AccountId, ledger::Entry},
    ledger::{ChainId, Hash, Head, Salts, Unsealed},
};

/// An entry with its JSON and commitments made, so that the writer thread hashes little.
pub(super) struct PreparedEntry {
    unsealed: Unsealed,
    json: String,
    salts: Salts,
    at: i64,
    number: Option<i64>,
    /// The name of its chain, should it be the first entry.
    spare: ChainId,
}

impl PreparedEntry {
    pub(super) fn new(entry: &Entry) -> Result<Self, SqliteError> {
        let json = json::encode("entry", entry)?;
        let salts = Salts::draw().map_err(|_| SqliteError::NoRandomness)?;
        Ok(Self {
            unsealed: Unsealed::new(entry, &json, &salts),
            json,
            salts,
            at: entry.at.timestamp_millis(),
            number: entry.number.map(|number| to_i64(number.to_digits())),
            spare: ChainId::draw().map_err(|_| SqliteError::NoRandomness)?,
        })
    }

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
        let head = head.unwrap_or_else(|| Head::new(self.spare));
        let (bytes, next) = self.unsealed.seal(account, &head);
        let key = (account.as_str(), head.chain.0, to_i64(head.length));
        insert_sealed(transaction, key, None, &next.hash, &bytes)?;
        let said = Said { at: self.at, number, json: &self.json, salts: Some(&self.salts) };
        insert_disclosed(transaction, key, said)?;
        insert_unlogged(transaction, key, self.at)?;
        Ok(next)
    }
}

/// Account, chain and sequence of an entry.
pub(super) type EntryKey<'a> = (&'a str, [u8; 16], i64);

pub(super) fn insert_sealed(
    transaction: &Transaction<'_>,
    (account, chain, sequence): EntryKey<'_>,
    leaf: Option<i64>,
    hash: &Hash,
    bytes: &[u8],
) -> Result<(), SqliteError> {
    transaction
        .prepare_cached(
            "INSERT INTO entries (account, chain, sequence, leaf, hash, sealed)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![account, chain, sequence, leaf, hash.0, bytes])?;
    Ok(())
}

/// What a row of `disclosed` says.
pub(super) struct Said<'a> {
    pub(super) at: i64,
    pub(super) number: Option<i64>,
    pub(super) json: &'a str,
    pub(super) salts: Option<&'a Salts>,
}

pub(super) fn insert_disclosed(
    transaction: &Transaction<'_>,
    (account, chain, sequence): EntryKey<'_>,
    said: Said<'_>,
) -> Result<(), SqliteError> {
    let salts = said.salts.map(Salts::to_bytes);
    transaction
        .prepare_cached(
            "INSERT INTO disclosed (account, chain, sequence, at, number, entry, salts)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![account, chain, sequence, said.at, said.number, said.json, salts])?;
    Ok(())
}

/// Lets an entry wait for its place in the log.
pub(super) fn insert_unlogged(
    transaction: &Transaction<'_>,
    (account, chain, sequence): EntryKey<'_>,
    at: i64,
) -> Result<(), SqliteError> {
    transaction
        .prepare_cached(
            "INSERT INTO unlogged (account, at, chain, sequence) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![account, at, chain, sequence])?;
    Ok(())
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
