//! Putting rows in: what stands already is compared, the rest inserted.

use rusqlite::{Transaction, params};

use super::{
    super::{
        SqliteError,
        commit::{insert_mark, insert_outgoing, insert_settings, put_record},
        erase::suppress,
        seal::{EntryKey, Said, account_head, insert_disclosed, insert_sealed, next_id},
    },
    read,
};
use crate::{
    consent::{contact::Contact, id::AccountId},
    ledger::{ChainId, Head, SealedRow},
    moving::{Pruned, PutIn, Row},
    store::{
        moved::{self, NewEntry},
        row::{self, to_i64},
    },
};

/// Places of a log: what the id of an entry has room for.
const PLACES: i64 = 1 << 40;

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
            if let Some(head) = head {
                insert_own(transaction, account, head)?;
            }
            set_log_size(transaction, account, *log_size)?;
        }
        Row::Contact { number, record, head } => {
            let contact = Contact::new(account.clone(), *number);
            let json = row::encode("record", record)?;
            put_record(transaction, &contact, None, record, &json, head)?;
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
            let Some(state) = moved::state(place, *set_aside) else { return Ok(false) };
            let json = row::encode("message", outgoing)?;
            insert_outgoing(transaction, outgoing, place, state, &json)?;
        }
    }
    Ok(true)
}

/// The account's own chain.
fn insert_own(
    transaction: &Transaction<'_>,
    account: &AccountId,
    head: &Head,
) -> Result<(), SqliteError> {
    transaction
        .prepare_cached(
            "INSERT INTO accounts (account, chain, length, head) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![account.as_str(), head.chain.0, to_i64(head.length), head.hash.0])?;
    Ok(())
}

/// The account's log, which has no place yet, though there may be entries that wait for one.
fn set_log_size(
    transaction: &Transaction<'_>,
    account: &AccountId,
    size: u64,
) -> Result<(), SqliteError> {
    transaction
        .prepare_cached(
            "INSERT INTO logs (account, size) VALUES (?1, ?2)
             ON CONFLICT (account) DO UPDATE SET size = excluded.size",
        )?
        .execute(params![account.as_str(), to_i64(size)])?;
    Ok(())
}

fn insert_entry(
    transaction: &Transaction<'_>,
    account: &AccountId,
    key: EntryKey<'_>,
    row: &SealedRow,
    pruned: Option<&Pruned>,
) -> Result<bool, SqliteError> {
    let own = account_head(transaction, account)?.map(|head| head.chain);
    let Some(entry) = NewEntry::of(ChainId(key.1), row, pruned, own) else { return Ok(false) };
    let Some(id) = id_of(transaction, account, row.leaf)? else { return Ok(false) };
    let said = entry.json.map(|json| {
        let said = Said { at: entry.at, number: entry.number, json, salts: entry.salts.as_deref() };
        insert_disclosed(transaction, key, said)
    });
    insert_sealed(transaction, id, key, (&row.hash, &row.bytes), said.transpose()?)?;
    Ok(true)
}

/// The id of an entry with this place in the log, or that waits for one; none where the place is
/// another's, or cannot be.
fn id_of(
    transaction: &Transaction<'_>,
    account: &AccountId,
    leaf: Option<u64>,
) -> Result<Option<i64>, SqliteError> {
    let next = next_id(transaction, account.as_str())?;
    let Some(leaf) = leaf.map(to_i64) else { return Ok(Some(next)) };
    let id = (next & !(PLACES - 1)) | leaf;
    let is_taken =
        transaction.prepare_cached("SELECT 1 FROM entries WHERE id = ?1")?.exists([id])?;
    Ok((leaf < PLACES && !is_taken).then_some(id))
}
