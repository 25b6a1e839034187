//! Claiming: the heads of lines that are due, under a lease.
//!
//! A head that cannot be read is set aside by its key in the same transaction: nothing of it is
//! lost, its line goes on, and [`Archive::set_aside`](crate::Archive::set_aside) fails on it.

use std::vec::Vec;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, Row, Transaction, params};

use super::SqliteError;
use crate::{
    consent::outgoing::Outgoing,
    storage::{Claim, Place},
    store::{
        head_of_line::HeadOfLine,
        row::{page, to_i64},
    },
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
    let limit = page(limit);
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

/// The columns that a [`HeadOfLine`] is read from.
macro_rules! columns {
    () => {
        "account, number, destination, revision, n,
             state, due_at, claims, attempts, lapsed_at, message, decided_at"
    };
}

pub(super) use columns;

fn due(
    transaction: &Transaction<'_>,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<HeadOfLine>, SqliteError> {
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
    let heads = heads.query_map(params![now.timestamp_millis(), limit], HeadOfLine::of)?;
    Ok(heads.collect::<Result<_, _>>()?)
}

impl HeadOfLine {
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
            decided_at: row.get(11)?,
        })
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
