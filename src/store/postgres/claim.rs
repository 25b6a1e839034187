//! Claiming: the heads of lines that are due, found without a lock, then taken under a lease.
//!
//! A head that cannot be read is set aside by its key: nothing of it is lost, its line goes on,
//! and [`Archive::set_aside`](crate::Archive::set_aside) fails on it.

use std::{string::String, vec::Vec};

use chrono::{DateTime, Utc};
use tokio_postgres::Row;

use super::{
    columns::{Column, Hidden, get},
    failure::Failure,
    session::{Session, bound},
    sql,
};
use crate::{
    storage::Claim,
    store::{
        head_of_line::HeadOfLine,
        row::{BadRow, page},
    },
};

/// The most that is claimed by one statement.
const PAGE: usize = 1_000;
/// Searches that find nothing but what others claim meanwhile, before it is left to them.
const SEARCHES: usize = 16;

pub(super) async fn claim(
    session: &Session,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
    limit: usize,
) -> Result<Vec<Claim>, Failure> {
    let (now_at, limit) = (now.timestamp_millis(), limit.min(PAGE));
    for _ in 0..SEARCHES {
        let rows = session.read(bound!(sql::DUE, &now_at, &page(limit))).await?;
        if rows.is_empty() {
            break;
        }
        let mut claims = Vec::new();
        let mut found = Found::default();
        for row in &rows {
            let head = head(row)?;
            match head.read() {
                Ok((outgoing, mut place)) => {
                    let claim = place.claim(outgoing, now, until);
                    found.push(&head, place.lapsed.map(|at| at.timestamp_millis()))?;
                    claims.push((key(row)?, claim));
                }
                Err(_) => set_aside(session, &head).await?,
            }
        }
        let taken = found.take(session, until).await?;
        claims.retain(|(key, _)| taken.contains(key));
        // Behind heads that could not be read, or that others took, more may wait.
        if !claims.is_empty() || limit == 0 {
            return Ok(claims.into_iter().map(|(_, claim)| claim).collect());
        }
    }
    Ok(Vec::new())
}

type Key = (String, i64, String, i64, i64);

fn key(row: &Row) -> Result<Key, BadRow> {
    const OF: &str = "message";
    Ok((get(row, 0, OF)?, get(row, 1, OF)?, get(row, 2, OF)?, get(row, 3, OF)?, get(row, 4, OF)?))
}

pub(super) fn head(row: &Row) -> Result<HeadOfLine, BadRow> {
    let text = |column| get::<&str>(row, column, "message").map(|text| text.as_bytes().to_vec());
    let number = |column| get::<i64>(row, column, "message");
    Ok(HeadOfLine {
        account: text(0)?,
        number: number(1)?,
        destination: text(2)?,
        revision: number(3)?,
        n: number(4)?,
        state: text(5)?,
        due_at: number(6)?,
        claims: number(7)?,
        attempts: number(8)?,
        lapsed_at: get(row, 9, "message")?,
        message: text(10)?,
        decided_at: number(11)?,
    })
}

/// Heads as they were found, to be claimed if they still stand so.
#[derive(Default)]
struct Found {
    account: Column<String>,
    number: Column<i64>,
    destination: Column<String>,
    revision: Column<i64>,
    n: Column<i64>,
    state: Column<String>,
    due_at: Column<i64>,
    claims: Column<i64>,
    attempts: Column<i64>,
    lapsed_at: Column<Option<i64>>,
    decided_at: Column<i64>,
}

impl Found {
    fn push(&mut self, head: &HeadOfLine, lapsed_at: Option<i64>) -> Result<(), BadRow> {
        self.account.push(text(&head.account)?);
        self.number.push(head.number);
        self.destination.push(text(&head.destination)?);
        self.revision.push(head.revision);
        self.n.push(head.n);
        self.state.push(text(&head.state)?);
        self.due_at.push(head.due_at);
        self.claims.push(head.claims);
        self.attempts.push(head.attempts);
        self.lapsed_at.push(lapsed_at);
        self.decided_at.push(head.decided_at);
        Ok(())
    }

    /// Claims them; names those that it got.
    async fn take(&self, session: &Session, until: DateTime<Utc>) -> Result<Vec<Key>, Failure> {
        if self.account.is_empty() {
            return Ok(Vec::new());
        }
        let until = until.timestamp_millis();
        let claim = bound!(
            sql::CLAIM,
            &self.account,
            &self.number,
            &self.destination,
            &self.revision,
            &self.n,
            &self.state,
            &self.due_at,
            &self.claims,
            &self.attempts,
            &self.lapsed_at,
            &until,
            &self.decided_at,
        );
        let taken = session.write(claim).await?;
        Ok(taken.iter().map(key).collect::<Result<_, _>>()?)
    }
}

fn text(bytes: &[u8]) -> Result<String, BadRow> {
    core::str::from_utf8(bytes).map(String::from).map_err(|_| BadRow::of("message"))
}

/// Sets aside what could not be read, unless a newer status takes its place.
async fn set_aside(session: &Session, head: &HeadOfLine) -> Result<(), Failure> {
    let account = Hidden(text(&head.account)?);
    let (number, destination) = (Hidden(head.number), Hidden(text(&head.destination)?));
    let (revision, n) = (&head.revision, &head.n);
    let (claims, due_at, decided_at) = (&head.claims, &head.due_at, &head.decided_at);
    for sql in [sql::REPLACE_UNREADABLE, sql::SET_ASIDE] {
        let bound =
            bound!(sql, &account, &number, &destination, revision, n, claims, due_at, decided_at);
        session.write(bound).await?;
    }
    Ok(())
}
