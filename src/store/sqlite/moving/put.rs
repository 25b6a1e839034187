//! Putting rows in: what stands already is compared, the rest inserted.

use rusqlite::{Transaction, params};

use super::{
    super::{
        SqliteError,
        commit::{insert_mark, insert_outgoing, insert_settings, put_record},
        erase::suppress,
        json,
        ledger::insert_leaf,
        load::to_i64,
        seal::{EntryKey, Said, account_head, insert_disclosed, insert_sealed, insert_unlogged},
    },
    read::{self, number_of},
};
use crate::{
    consent::{contact::Contact, id::AccountId},
    ledger::{ChainId, Head, Sealed, SealedRow, stored},
    moving::{Pruned, PutIn, Row},
};

pub(super) fn put_in(
    transaction: &Transaction<'_>,
    account: &AccountId,
    rows: &[Row],
) -> Result<PutIn, SqliteError> {
    for row in rows {
        let key = row.key();
        let is_in = match read::at(transaction, account, &key)? {
            Some(stored) => stored == *row,
            None => insert(transaction, account, row)?,
        };
        if !is_in {
            return Ok(PutIn::Refused(key));
        }
    }
    Ok(PutIn::Stored)
}

/// Inserts a row; `false` where it cannot be one of this account.
fn insert(
    transaction: &Transaction<'_>,
    account: &AccountId,
    row: &Row,
) -> Result<bool, SqliteError> {
    match row {
        Row::Settings { revision, policy } => {
            insert_settings(transaction, account, *revision, policy)?;
        }
        Row::Account { head, log_size } => {
            let spare = || ChainId::draw().map(Head::new).map_err(|_| SqliteError::NoRandomness);
            let head = head.map_or_else(spare, Ok)?;
            insert_own(transaction, account, &head, *log_size)?;
        }
        Row::Contact { number, record, head } => {
            let contact = Contact::new(account.clone(), *number);
            let json = json::encode("record", record)?;
            put_record(transaction, &contact, record, &json, head)?;
        }
        Row::Erased { head } => {
            transaction
                .prepare_cached(
                    "INSERT INTO erased (account, chain, length, head) VALUES (?1, ?2, ?3, ?4)",
                )?
                .execute(params![
                    account.as_str(),
                    head.chain.0,
                    to_i64(head.length),
                    head.hash.0
                ])?;
        }
        Row::Suppressed { mark } => suppress(transaction, account.as_str(), mark)?,
        Row::Entry { chain, sequence, sealed, pruned } => {
            let key = (account.as_str(), chain.0, to_i64(*sequence));
            return insert_entry(transaction, account, key, sealed, pruned.as_ref());
        }
        Row::Mark { mark, at } => insert_mark(transaction, account, mark, *at)?,
        Row::Outgoing { outgoing, place, set_aside } => {
            if outgoing.id.contact.account() != account {
                return Ok(false);
            }
            let state = match (place.claimed, set_aside) {
                (false, false) => "queued",
                (true, false) => "claimed",
                (false, true) => "set_aside",
                (true, true) => return Ok(false),
            };
            let json = json::encode("message", outgoing)?;
            insert_outgoing(transaction, outgoing, place, state, &json)?;
        }
    }
    Ok(true)
}

/// The account's own chain and its log, where neither has an entry.
fn insert_own(
    transaction: &Transaction<'_>,
    account: &AccountId,
    head: &Head,
    log_size: u64,
) -> Result<(), SqliteError> {
    transaction
        .prepare_cached(
            "INSERT INTO accounts (account, chain, length, head, log_size)
             VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (account) DO UPDATE SET chain = excluded.chain,
                 length = excluded.length, head = excluded.head, log_size = excluded.log_size",
        )?
        .execute(params![
            account.as_str(),
            head.chain.0,
            to_i64(head.length),
            head.hash.0,
            to_i64(log_size),
        ])?;
    Ok(())
}

fn insert_entry(
    transaction: &Transaction<'_>,
    account: &AccountId,
    key: EntryKey<'_>,
    row: &SealedRow,
    pruned: Option<&Pruned>,
) -> Result<bool, SqliteError> {
    let Ok(sealed) = Sealed::decode(&row.bytes) else { return Ok(false) };
    let (json, salts) = match (&row.disclosed, pruned) {
        (Some(disclosed), None) => (Some(&*disclosed.json), Some(&disclosed.salts)),
        (None, pruned) => (pruned.map(|pruned| &*pruned.0), None),
        (Some(_), Some(_)) => return Ok(false),
    };
    let Ok(entry) = json.map(stored::decode_entry).transpose() else { return Ok(false) };
    let leaf = row.leaf.map(to_i64);
    insert_sealed(transaction, key, leaf, &row.hash, &row.bytes)?;
    if let (Some(json), Some(entry)) = (json, entry) {
        let own = account_head(transaction, account)?.map(|head| head.chain);
        let number = number_of(&entry, ChainId(key.1), own);
        let said = Said { at: entry.at.timestamp_millis(), number, json, salts };
        insert_disclosed(transaction, key, said)?;
    }
    match leaf {
        Some(leaf) => insert_leaf(transaction, leaf, key)?,
        None => insert_unlogged(transaction, key, sealed.at)?,
    }
    Ok(true)
}
