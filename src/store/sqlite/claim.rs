//! Claiming: the heads of lines that are due, under a lease.

use std::{string::String, vec::Vec};

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
    let mut heads = transaction.prepare_cached(
        "SELECT state, due_at, claims, attempts, lapsed_at, message FROM outgoing AS head
         WHERE state <> 'set_aside' AND due_at <= ?1
         AND NOT EXISTS (SELECT 1 FROM outgoing AS earlier
             WHERE earlier.account = head.account AND earlier.number = head.number
             AND earlier.destination = head.destination AND earlier.state <> 'set_aside'
             AND (earlier.revision, earlier.n) < (head.revision, head.n))
         ORDER BY due_at LIMIT ?2",
    )?;
    let heads: Vec<Head> = heads
        .query_map(params![now.timestamp_millis(), limit], Head::of)?
        .collect::<Result<_, _>>()?;
    heads.into_iter().map(|head| head.claim(transaction, now, until)).collect()
}

/// A row at the head of its line.
struct Head {
    claimed: bool,
    due_at: i64,
    claims: i64,
    attempts: u32,
    lapsed_at: Option<i64>,
    message: String,
}

impl Head {
    fn of(row: &Row<'_>) -> Result<Self, rusqlite::Error> {
        Ok(Self {
            claimed: row.get_ref(0)?.as_str()? == "claimed",
            due_at: row.get(1)?,
            claims: row.get(2)?,
            attempts: row.get(3)?,
            lapsed_at: row.get(4)?,
            message: row.get(5)?,
        })
    }

    fn claim(
        self,
        transaction: &Transaction<'_>,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<Claim, SqliteError> {
        let outgoing: Outgoing = json::decode("message", &self.message)?;
        let mut place = Place {
            claimed: self.claimed,
            due: time(self.due_at)?,
            claims: from_i64("message", self.claims)?,
            attempts: self.attempts,
            lapsed: self.lapsed_at.map(time).transpose()?,
        };
        let claim = place.claim(outgoing, now, until);
        let id = &claim.outgoing.id;
        transaction
            .prepare_cached(
                "UPDATE outgoing SET state = 'claimed', due_at = ?5, claims = ?6, lapsed_at = ?7
                 WHERE account = ?1 AND number = ?2 AND revision = ?3 AND n = ?4",
            )?
            .execute(params![
                id.contact.account().as_str(),
                to_i64(id.contact.number().to_digits()),
                to_i64(id.revision.number()),
                id.n,
                place.due.timestamp_millis(),
                to_i64(place.claims),
                place.lapsed.map(|lapsed| lapsed.timestamp_millis()),
            ])?;
        Ok(claim)
    }
}

fn time(millis: i64) -> Result<DateTime<Utc>, SqliteError> {
    DateTime::from_timestamp_millis(millis).ok_or(SqliteError::BadRow { what: "message" })
}
