//! Committing: checks first, then everything the decision changes.

use std::vec::Vec;

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension, Transaction, params};

use super::{SqliteError, load::policy_revision, seal::head_at};
use crate::{
    consent::{
        contact::Contact,
        decision::Cancel,
        id::AccountId,
        outgoing::{Content, Outgoing, OutgoingId},
        record::{Record, Revision},
    },
    ledger::Head,
    storage::{Change, Committed, Mark, Place, PolicyChange, PolicyCommitted, Settlement, Then},
    store::{
        prepared::{Prepared, PreparedEntry, kind, mark_key},
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
    let stored = stored(transaction, contact)?;
    let revision = stored.as_ref().map(|(revision, _)| *revision);
    if revision != commit.expected.map(|revision| to_i64(revision.number())) {
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
    let head = stored.map(|(_, head)| head);
    match (&commit.change, &prepared.record, &prepared.entry) {
        (Change::Put(record), Some(json), entry) => {
            let entry = entry.as_ref();
            let head = match entry {
                Some(entry) => entry.append(transaction, contact.account(), head)?,
                None => head.unwrap_or_else(|| Head::new(prepared.spare)),
            };
            put_record(transaction, contact, record, json, &head)?;
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
        insert_outgoing(transaction, outgoing, commit.lease, json)?;
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
        let revision = to_i64(change.expected.next().number());
        let settings = row::encode("policy", policy)?;
        transaction
            .prepare_cached(
                "INSERT INTO policies (account, revision, settings) VALUES (?1, ?2, ?3)",
            )?
            .execute(params![change.account.as_str(), revision, settings])?;
    }
    PreparedEntry::new::<SqliteError>(&change.entry)?
        .append_to_account(transaction, &change.account)?;
    Ok(PolicyCommitted::Applied)
}

/// The revision of the contact's record, and the head of its chain.
fn stored(
    transaction: &Transaction<'_>,
    contact: &Contact,
) -> Result<Option<(i64, Head)>, SqliteError> {
    transaction
        .prepare_cached(
            "SELECT revision, chain, length, head FROM contacts
             WHERE account = ?1 AND number = ?2",
        )?
        .query_row(params_of(contact), |row| {
            let revision = row.get(0)?;
            Ok(head_at(row, 1).map(|head| (revision, head)))
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

fn insert_mark(
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

fn put_record(
    transaction: &Transaction<'_>,
    contact: &Contact,
    record: &Record,
    json: &str,
    head: &Head,
) -> Result<(), SqliteError> {
    transaction
        .prepare_cached(
            "INSERT INTO contacts (account, number, state, revision, record, chain, length, head)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             ON CONFLICT (account, number) DO UPDATE
             SET state = excluded.state, revision = excluded.revision, record = excluded.record,
                 length = excluded.length, head = excluded.head",
        )?
        .execute(params![
            contact.account().as_str(),
            to_i64(contact.number().to_digits()),
            record.state.name(),
            to_i64(record.revision.number()),
            json,
            head.chain.0,
            to_i64(head.length),
            head.hash.0,
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
              AND claims = ?5 AND state = 'claimed'"
        )
    };
}

const FINISH: &str = concat!(mine!("DELETE FROM outgoing"), " AND ?6 IS NULL");
const SET_ASIDE: &str =
    concat!(mine!("UPDATE outgoing SET state = 'set_aside'"), " AND ?6 IS NULL");
const RETRY: &str =
    mine!("UPDATE outgoing SET state = 'queued', due_at = ?6, attempts = attempts + 1");

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
fn insert_outgoing(
    transaction: &Transaction<'_>,
    outgoing: &Outgoing,
    lease: Option<DateTime<Utc>>,
    json: &str,
) -> Result<(), SqliteError> {
    let contact = &outgoing.id.contact;
    let place = Place::first(outgoing, lease);
    transaction
        .prepare_cached(
            "INSERT INTO outgoing (account, number, destination, revision, n, kind, state, decided_at,
                 due_at, claims, attempts, lapsed_at, message)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 0, NULL, ?11)",
        )?
        .execute(params![
            contact.account().as_str(),
            to_i64(contact.number().to_digits()),
            outgoing.destination().name(),
            to_i64(outgoing.id.revision.number()),
            outgoing.id.n,
            kind(outgoing),
            if place.claimed { "claimed" } else { "queued" },
            outgoing.decided_at.timestamp_millis(),
            place.due.timestamp_millis(),
            to_i64(place.claims),
            json,
        ])?;
    if let Content::Status(_) = outgoing.content {
        replace_older_statuses(transaction, contact)?;
    }
    Ok(())
}
