//! Claiming: the heads of lines that are due, under a lease.

use std::{string::String, vec::Vec};

use chrono::{DateTime, Utc};
use rusqlite::{Connection, Row, Transaction, params};

use super::{
    SqliteError, json,
    load::{from_i64, to_i64},
};
use crate::{
    consent::outgoing::{ClaimToken, Content, Outgoing},
    storage::{Claim, Task},
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
    heads
        .into_iter()
        .map(|head| head.claim(transaction, now, until))
        .collect()
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
        let lapsed_at = match &outgoing.content {
            Content::Text(_) if self.claimed => self.lapsed_at.or(Some(self.due_at)),
            Content::Text(_) | Content::Status(_) => self.lapsed_at,
        };
        let task = match &outgoing.content {
            Content::Text(_) if lapsed_at.is_some() => Task::Unknown,
            Content::Text(text) if now > text.not_after => Task::Expired,
            Content::Text(_) | Content::Status(_) => Task::HandOver,
        };
        let claims = self.claims.saturating_add(1);
        let id = &outgoing.id;
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
                until.timestamp_millis(),
                claims,
                lapsed_at,
            ])?;
        let lapsed = lapsed_at.and_then(DateTime::from_timestamp_millis);
        Ok(Claim {
            token: ClaimToken::new(from_i64("message", claims)?),
            until: lapsed.unwrap_or(until),
            attempts: self.attempts,
            task,
            outgoing,
        })
    }
}
