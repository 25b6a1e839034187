//! Claiming: the heads of lines that are due, under a lease.
//!
//! A head that cannot be read is set aside by its key in the same transaction: nothing of it is
//! lost, its line goes on, and [`Archive::set_aside`](crate::Archive::set_aside) fails on it.

use std::vec::Vec;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, Row, Transaction, params};

use super::{
    SqliteError, json,
    load::{from_i64, to_i64},
};
use crate::{
    consent::outgoing::Outgoing,
    storage::{Claim, Place},
};

/// Whether anything may be due at `now`.
pub(super) fn is_any_due(connection: &Connection, now: DateTime<Utc>) -> Result<bool, SqliteError> {
    Ok(connection
        .prepare_cached(
            "SELECT 1 FROM outgoing WHERE state <> 'set_aside' AND due_at <= ?1 LIMIT 1",
        )?
        .exists([now.timestamp_millis()])?)
}

pub(super) fn claim(
    transaction: &Transaction<'_>,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
    limit: usize,
) -> Result<Vec<Claim>, SqliteError> {
    let limit = to_i64(limit.try_into().unwrap_or(u64::MAX));
    loop {
        let heads = due(transaction, now, limit)?;
        let mut claims = Vec::new();
        for head in &heads {
            match head.read() {
                Ok((outgoing, place)) => {
                    claims.push(head.claim(transaction, outgoing, place, now, until)?);
                }
                Err(_) => head.set_aside(transaction)?,
            }
        }
        // Behind heads that could not be read others may wait.
        if heads.is_empty() || !claims.is_empty() {
            return Ok(claims);
        }
    }
}

/// The columns that a [`Head`] is read from.
macro_rules! columns {
    () => {
        "account, number, destination, revision, n,
         state, due_at, claims, attempts, lapsed_at, message"
    };
}

pub(super) use columns;

fn due(
    transaction: &Transaction<'_>,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<Head>, SqliteError> {
    let mut heads = transaction.prepare_cached(concat!(
        "SELECT ",
        columns!(),
        " FROM outgoing AS head
         WHERE state <> 'set_aside' AND due_at <= ?1
         AND NOT EXISTS (SELECT 1 FROM outgoing AS earlier
             WHERE earlier.account = head.account AND earlier.number = head.number
             AND earlier.destination = head.destination AND earlier.state <> 'set_aside'
             AND (earlier.revision, earlier.n) < (head.revision, head.n))
         ORDER BY due_at LIMIT ?2"
    ))?;
    let heads = heads.query_map(params![now.timestamp_millis(), limit], Head::of)?;
    Ok(heads.collect::<Result<_, _>>()?)
}

/// A row at the head of its line.
pub(super) struct Head {
    account: Vec<u8>,
    number: i64,
    destination: Vec<u8>,
    revision: i64,
    n: i64,
    state: Vec<u8>,
    due_at: i64,
    claims: i64,
    attempts: i64,
    lapsed_at: Option<i64>,
    message: Vec<u8>,
}

impl Head {
    /// Fails on nothing that may stand in a row: its text may be no UTF-8.
    pub(super) fn of(row: &Row<'_>) -> Result<Self, rusqlite::Error> {
        let bytes = |column| Ok::<_, rusqlite::Error>(row.get_ref(column)?.as_bytes()?.to_vec());
        Ok(Self {
            account: bytes(0)?,
            number: row.get(1)?,
            destination: bytes(2)?,
            revision: row.get(3)?,
            n: row.get(4)?,
            state: bytes(5)?,
            due_at: row.get(6)?,
            claims: row.get(7)?,
            attempts: row.get(8)?,
            lapsed_at: row.get(9)?,
            message: bytes(10)?,
        })
    }

    /// What stands in the row, if that can be read and is the message that its key says.
    pub(super) fn read(&self) -> Result<(Outgoing, Place), SqliteError> {
        const BAD: SqliteError = SqliteError::BadRow { what: "message" };
        let message = core::str::from_utf8(&self.message).map_err(|_| BAD)?;
        let outgoing: Outgoing = json::decode("message", message)?;
        let id = &outgoing.id;
        let is_named = id.contact.account().as_str().as_bytes() == self.account
            && to_i64(id.contact.number().to_digits()) == self.number
            && outgoing.destination().name().as_bytes() == self.destination
            && to_i64(id.revision.number()) == self.revision
            && i64::from(id.n) == self.n;
        if !is_named {
            return Err(BAD);
        }
        let place = Place {
            claimed: match &*self.state {
                b"queued" => false,
                b"claimed" => true,
                _ if self.is_set_aside() => false,
                _ => return Err(BAD),
            },
            due: time(self.due_at).ok_or(BAD)?,
            claims: from_i64("message", self.claims)?,
            attempts: u32::try_from(self.attempts).map_err(|_| BAD)?,
            lapsed: self.lapsed_at.map(|at| time(at).ok_or(BAD)).transpose()?,
        };
        Ok((outgoing, place))
    }

    pub(super) fn is_set_aside(&self) -> bool {
        self.state == b"set_aside"
    }

    fn claim(
        &self,
        transaction: &Transaction<'_>,
        outgoing: Outgoing,
        mut place: Place,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<Claim, SqliteError> {
        let claim = place.claim(outgoing, now, until);
        let (id, destination) = (&claim.outgoing.id, claim.outgoing.destination().name());
        transaction
            .prepare_cached(
                "UPDATE outgoing SET state = 'claimed', due_at = ?6, claims = ?7, lapsed_at = ?8
                 WHERE account = ?1 AND number = ?2 AND destination = ?3 AND revision = ?4
                 AND n = ?5",
            )?
            .execute(params![
                id.contact.account().as_str(),
                self.number,
                destination,
                self.revision,
                self.n,
                place.due.timestamp_millis(),
                to_i64(place.claims),
                place.lapsed.map(|lapsed| lapsed.timestamp_millis()),
            ])?;
        Ok(claim)
    }

    /// A text that is not known to be queued may have left: should it be readable again, it is unknown. A status
    /// behind which a newer one waits is replaced by it.
    fn set_aside(&self, transaction: &Transaction<'_>) -> Result<(), SqliteError> {
        const KEY: &str = "account = CAST(?1 AS TEXT) AND number = ?2
             AND destination = CAST(?3 AS TEXT)";
        let key = params![self.account, self.number, self.destination, self.revision, self.n];
        let replaced = transaction
            .prepare_cached(&std::format!(
                "DELETE FROM outgoing WHERE {KEY} AND revision = ?4 AND n = ?5
                 AND destination <> 'phone' AND EXISTS (SELECT 1 FROM outgoing
                     WHERE {KEY} AND state <> 'set_aside' AND (revision, n) > (?4, ?5))"
            ))?
            .execute(key)?;
        if replaced == 0 {
            transaction
                .prepare_cached(&std::format!(
                    "UPDATE outgoing SET state = 'set_aside', lapsed_at = CASE
                         WHEN state <> 'queued' AND destination = 'phone'
                         THEN coalesce(lapsed_at, due_at) ELSE lapsed_at END
                     WHERE {KEY} AND revision = ?4 AND n = ?5"
                ))?
                .execute(key)?;
        }
        Ok(())
    }
}

fn time(millis: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_millis(millis)
}
