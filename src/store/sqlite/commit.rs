//! Committing: checks first, then everything the decision changes.

use std::{string::String, vec::Vec};

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension, Transaction, params};

use super::{SqliteError, erase::is_suppressed, load::policy_revision, seal::head_at};
use crate::{
    consent::{
        contact::Contact,
        decision::Cancel,
        id::AccountId,
        outgoing::{Content, Outgoing, OutgoingId},
        policy::Policy,
        record::{Record, Revision},
    },
    ledger::Head,
    storage::{Change, Committed, Mark, Place, PolicyChange, PolicyCommitted, Settlement, Then},
    store::{
        prepared::{Prepared, PreparedEntry, kind, mark_key, new_chain},
        row::{self, to_i64},
    },
};

/// Checks, then writes.
pub(super) fn apply(
    prepared: &Prepared,
    transaction: &Transaction<'_>,
) -> Result<Committed, SqliteError> {
    let commit = &prepared.commit;
    let contact = &commit.contact;
    if let Some(mark) = &commit.mark
        && stands(transaction, contact.account(), mark)?
    {
        return Ok(Committed::Duplicate);
    }
    let stored = stored(transaction, prepared)?;
    if !stored.as_ref().map_or(commit.expected.is_none(), |stored| stored.is_expected) {
        return Ok(Committed::Conflict);
    }
    if let Some(mark) = &prepared.erasure
        && is_suppressed(transaction, contact, mark)? != commit.suppressed
    {
        return Ok(Committed::Conflict);
    }
    if let Some(settlement) = &commit.settle
        && !settle(transaction, settlement)?
    {
        return Ok(Committed::Stale);
    }
    if let Some(mark) = &commit.mark {
        insert_mark(transaction, contact.account(), mark, commit.at)?;
    }
    let head = stored.as_ref().map(|stored| stored.head);
    match (&commit.change, &prepared.record, &prepared.entry) {
        (Change::Put(record), Some(json), entry) => {
            let entry = entry.as_ref();
            let head = match entry {
                Some(entry) => entry.append(transaction, contact.account(), head)?,
                None => head.map_or_else(new_chain, Ok)?,
            };
            put_record(transaction, contact, stored.as_ref(), record, json, &head)?;
        }
        (_, _, Some(entry)) if head.is_some() => {
            let head = entry.append(transaction, contact.account(), head)?;
            put_head(transaction, contact, &head)?;
        }
        (_, _, Some(entry)) => entry.append_to_account(transaction, contact.account())?,
        (_, _, None) => {}
    }
    let in_flight = cancel(transaction, contact, commit.cancel)?;
    for (outgoing, json) in commit.outgoing.iter().zip(&prepared.outgoing) {
        queue(transaction, outgoing, commit.lease, json)?;
    }
    Ok(Committed::Applied { in_flight })
}

pub(super) fn set_policy(
    transaction: &Transaction<'_>,
    change: &PolicyChange,
) -> Result<PolicyCommitted, SqliteError> {
    let stored = policy_revision(transaction, &change.account)?.unwrap_or(0);
    if stored != to_i64(change.expected.number()) {
        return Ok(PolicyCommitted::Conflict);
    }
    if let Some(policy) = &change.policy {
        insert_settings(transaction, &change.account, change.expected.next(), policy)?;
    }
    PreparedEntry::new::<SqliteError>(&change.entry)?
        .append_to_account(transaction, &change.account)?;
    Ok(PolicyCommitted::Applied)
}

pub(super) fn insert_settings(
    transaction: &Transaction<'_>,
    account: &AccountId,
    revision: Revision,
    policy: &Policy,
) -> Result<(), SqliteError> {
    let settings = row::encode("policy", policy)?;
    transaction
        .prepare_cached("INSERT INTO policies (account, revision, settings) VALUES (?1, ?2, ?3)")?
        .execute(params![account.as_str(), to_i64(revision.number()), settings])?;
    Ok(())
}

/// What a commit needs of the contact's row.
pub(super) struct Stored {
    state: String,
    /// Whether the record is the one that must be stored.
    is_expected: bool,
    head: Head,
}

fn stored(
    transaction: &Transaction<'_>,
    prepared: &Prepared,
) -> Result<Option<Stored>, SqliteError> {
    transaction
        .prepare_cached(
            "SELECT state, revision, chain, length, head, record FROM contacts
             WHERE account = ?1 AND number = ?2",
        )?
        .query_row(params_of(&prepared.commit.contact), |row| {
            let json = row.get_ref(5)?.as_str().unwrap_or_default();
            let is_expected = prepared.expects(row.get(1)?, json);
            let state = row.get(0)?;
            Ok(head_at(row, 2).map(|head| Stored { state, is_expected, head }))
        })
        .optional()?
        .transpose()
}

fn stands(
    transaction: &Transaction<'_>,
    account: &AccountId,
    mark: &Mark,
) -> Result<bool, SqliteError> {
    let (inbox, id) = mark_key(mark);
    Ok(transaction
        .prepare_cached("SELECT 1 FROM marks WHERE account = ?1 AND inbox = ?2 AND id = ?3")?
        .exists(params![account.as_str(), inbox, id])?)
}

pub(super) fn insert_mark(
    transaction: &Transaction<'_>,
    account: &AccountId,
    mark: &Mark,
    at: DateTime<Utc>,
) -> Result<(), SqliteError> {
    let (inbox, id) = mark_key(mark);
    transaction
        .prepare_cached("INSERT INTO marks (account, inbox, id, at) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![account.as_str(), inbox, id, at.timestamp_millis()])?;
    Ok(())
}

pub(super) fn put_record(
    transaction: &Transaction<'_>,
    contact: &Contact,
    stored: Option<&Stored>,
    record: &Record,
    json: &str,
    head: &Head,
) -> Result<(), SqliteError> {
    let sql = match stored {
        None => {
            "INSERT INTO contacts (account, number, revision, record, length, head, state, chain)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
        }
        // A column that is named is written to its index too, whatever it says.
        Some(stored) if stored.state == record.state.name() => {
            "UPDATE contacts SET revision = ?3, record = ?4, length = ?5, head = ?6
             WHERE account = ?1 AND number = ?2 AND state = ?7 AND chain = ?8"
        }
        Some(_) => {
            "UPDATE contacts SET revision = ?3, record = ?4, length = ?5, head = ?6, state = ?7
             WHERE account = ?1 AND number = ?2 AND chain = ?8"
        }
    };
    let (account, number) = params_of(contact);
    transaction.prepare_cached(sql)?.execute(params![
        account,
        number,
        to_i64(record.revision.number()),
        json,
        to_i64(head.length),
        head.hash.0,
        record.state.name(),
        head.chain.0,
    ])?;
    Ok(())
}

/// The chain goes on, and the record stays.
fn put_head(
    transaction: &Transaction<'_>,
    contact: &Contact,
    head: &Head,
) -> Result<(), SqliteError> {
    let (account, number) = params_of(contact);
    transaction
        .prepare_cached(
            "UPDATE contacts SET length = ?3, head = ?4 WHERE account = ?1 AND number = ?2",
        )?
        .execute(params![account, number, to_i64(head.length), head.hash.0])?;
    Ok(())
}

macro_rules! mine {
    ($does:literal) => {
        concat!(
            $does,
            " WHERE account = ?1 AND number = ?2 AND revision = ?3 AND n = ?4
              AND claims = ?5 AND decided_at = ?6 AND state = 'claimed'"
        )
    };
}

const FINISH: &str = concat!(mine!("DELETE FROM outgoing"), " AND ?7 IS NULL");
const SET_ASIDE: &str =
    concat!(mine!("UPDATE outgoing SET state = 'set_aside'"), " AND ?7 IS NULL");
const RETRY: &str =
    mine!("UPDATE outgoing SET state = 'queued', due_at = ?7, attempts = attempts + 1");

/// Ends the claim that the settlement shows the token of, unless it is stale.
fn settle(transaction: &Transaction<'_>, settlement: &Settlement) -> Result<bool, SqliteError> {
    let id = &settlement.id;
    let (sql, due_at) = match settlement.then {
        Then::Finish => (FINISH, None),
        Then::RetryAt(at) => (RETRY, Some(at.timestamp_millis())),
        Then::SetAside => (SET_ASIDE, None),
    };
    let key = params![
        id.contact.account().as_str(),
        to_i64(id.contact.number().to_digits()),
        to_i64(id.revision.number()),
        id.n,
        to_i64(settlement.token.number()),
        settlement.decided_at.timestamp_millis(),
        due_at,
    ];
    let settled = transaction.prepare_cached(sql)?.execute(key)? > 0;
    if settled && settlement.then != Then::Finish {
        replace_older_statuses(transaction, &id.contact)?;
    }
    Ok(settled)
}

/// Of the statuses queued to one destination, or set aside, only the newest matters.
fn replace_older_statuses(
    transaction: &Transaction<'_>,
    contact: &Contact,
) -> Result<(), SqliteError> {
    transaction
        .prepare_cached(
            "DELETE FROM outgoing AS older
             WHERE account = ?1 AND number = ?2 AND destination <> 'phone' AND state <> 'claimed'
             AND EXISTS (SELECT 1 FROM outgoing AS newer
                 WHERE newer.account = ?1 AND newer.number = ?2
                 AND newer.destination = older.destination AND newer.state = 'queued'
                 AND (newer.revision, newer.n) > (older.revision, older.n))",
        )?
        .execute(params![contact.account().as_str(), to_i64(contact.number().to_digits())])?;
    Ok(())
}

/// Takes back what is queued, and names what is claimed already.
fn cancel(
    transaction: &Transaction<'_>,
    contact: &Contact,
    cancel: Cancel,
) -> Result<Vec<OutgoingId>, SqliteError> {
    const LINE: &str = "account = ?1 AND number = ?2 AND destination = 'phone'";
    let meant = match cancel {
        Cancel::Nothing => return Ok(Vec::new()),
        Cancel::Prompts => "AND kind IN ('confirmation', 'reminder')",
        Cancel::AllQueued => "",
    };
    let key = || params_of(contact);
    transaction
        .prepare_cached(&std::format!(
            "DELETE FROM outgoing WHERE {LINE} AND state <> 'claimed' {meant}"
        ))?
        .execute(key())?;
    let mut in_flight = transaction.prepare_cached(&std::format!(
        "SELECT revision, n FROM outgoing WHERE {LINE} AND state = 'claimed' {meant}
         ORDER BY revision, n"
    ))?;
    let ids = in_flight.query_map(key(), |row| {
        let revision = Revision::new(row.get::<_, i64>(0)?.unsigned_abs());
        Ok(OutgoingId::new(contact.clone(), revision, row.get(1)?))
    })?;
    Ok(ids.collect::<Result<_, _>>()?)
}

pub(super) fn params_of(contact: &Contact) -> (&str, i64) {
    (contact.account().as_str(), to_i64(contact.number().to_digits()))
}

/// Queues a message, or takes it into the claim that its decision holds on texts.
fn queue(
    transaction: &Transaction<'_>,
    outgoing: &Outgoing,
    lease: Option<DateTime<Utc>>,
    json: &str,
) -> Result<(), SqliteError> {
    let place = Place::first(outgoing, lease);
    let state = if place.claimed { "claimed" } else { "queued" };
    insert_outgoing(transaction, outgoing, &place, state, json)?;
    if let Content::Status(_) = outgoing.content {
        replace_older_statuses(transaction, &outgoing.id.contact)?;
    }
    Ok(())
}

pub(super) fn insert_outgoing(
    transaction: &Transaction<'_>,
    outgoing: &Outgoing,
    place: &Place,
    state: &str,
    json: &str,
) -> Result<(), SqliteError> {
    let contact = &outgoing.id.contact;
    transaction
        .prepare_cached(
            "INSERT INTO outgoing (account, number, destination, revision, n, kind, state, decided_at,
                 due_at, claims, attempts, lapsed_at, message)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        )?
        .execute(params![
            contact.account().as_str(),
            to_i64(contact.number().to_digits()),
            outgoing.destination().name(),
            to_i64(outgoing.id.revision.number()),
            outgoing.id.n,
            kind(outgoing),
            state,
            outgoing.decided_at.timestamp_millis(),
            place.due.timestamp_millis(),
            to_i64(place.claims),
            place.attempts,
            place.lapsed.map(|lapsed| lapsed.timestamp_millis()),
            json,
        ])?;
    Ok(())
}
