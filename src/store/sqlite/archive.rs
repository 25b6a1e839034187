//! Looking back: history, contacts, counts, messages set aside, and forgetting old marks.

use std::{string::String, vec::Vec};

use chrono::{DateTime, Utc};
use rusqlite::{Connection, Params, Transaction, params};
use serde::de::DeserializeOwned;

use super::{SqliteError, SqliteStorage, erase};
use crate::{
    consent::{
        contact::{Contact, PhoneNumber},
        id::AccountId,
        ledger::Entry,
        outgoing::{Outgoing, OutgoingId},
        record::Record,
        standing::Standing,
    },
    storage::{Archive, Counts, Queue},
    store::row::{self, from_i64, page, to_i64},
};

macro_rules! history {
    ($table:literal, $of:literal) => {
        concat!(
            "SELECT shown.entry FROM entries JOIN disclosed AS shown
                 ON shown.id = entries.disclosed AND shown.account = ?1
                 AND shown.chain = entries.chain AND shown.sequence = entries.sequence
             WHERE entries.account = ?1
             AND entries.chain = (SELECT chain FROM ",
            $table,
            " WHERE account = ?1",
            $of,
            ") AND entries.sequence >= ?2 ORDER BY entries.sequence LIMIT ?3"
        )
    };
}

impl Archive for SqliteStorage {
    async fn history(
        &self,
        contact: &Contact,
        from: u64,
        limit: usize,
    ) -> Result<Vec<Entry>, SqliteError> {
        let number = to_i64(contact.number().to_digits());
        let page = params![contact.account().as_str(), to_i64(from), page(limit), number];
        self.readers.read(|connection| {
            let sql = history!("contacts", " AND number = ?4");
            decoded(connection, "entry", sql, page)
        })
    }

    async fn account_history(
        &self,
        account: &AccountId,
        from: u64,
        limit: usize,
    ) -> Result<Vec<Entry>, SqliteError> {
        let page = params![account.as_str(), to_i64(from), page(limit)];
        self.readers.read(|connection| {
            let sql = history!("accounts", "");
            decoded(connection, "entry", sql, page)
        })
    }

    async fn contacts(
        &self,
        account: &AccountId,
        standing: Option<Standing>,
        after: Option<PhoneNumber>,
        limit: usize,
    ) -> Result<Vec<(PhoneNumber, Record)>, SqliteError> {
        let after = to_i64(after.map_or(0, PhoneNumber::to_digits));
        self.readers.read(|connection| match standing {
            None => listed(
                connection,
                "SELECT number, record FROM contacts WHERE account = ?1 AND number > ?2
                 ORDER BY number LIMIT ?3",
                params![account.as_str(), after, page(limit)],
            ),
            Some(standing) => listed(
                connection,
                "SELECT number, record FROM contacts WHERE account = ?1 AND number > ?2
                 AND state = ?4 ORDER BY number LIMIT ?3",
                params![account.as_str(), after, page(limit), standing.name()],
            ),
        })
    }

    async fn counts(&self, account: &AccountId) -> Result<Counts, SqliteError> {
        self.readers.read(|connection| {
            let count = |standing: Standing| -> Result<u64, SqliteError> {
                let count = connection
                    .prepare_cached(
                        "SELECT count(*) FROM contacts WHERE account = ?1 AND state = ?2",
                    )?
                    .query_row(params![account.as_str(), standing.name()], |row| row.get(0))?;
                Ok(from_i64("count", count)?)
            };
            Ok(Counts {
                pending: count(Standing::Pending)?,
                active: count(Standing::Active)?,
                opted_out: count(Standing::OptedOut)?,
            })
        })
    }

    async fn set_aside(
        &self,
        account: &AccountId,
        limit: usize,
    ) -> Result<Vec<Outgoing>, SqliteError> {
        self.readers.read(|connection| {
            let sql = "SELECT message FROM outgoing WHERE account = ?1 AND state = 'set_aside'
                ORDER BY number, revision, n LIMIT ?2";
            decoded(connection, "message", sql, params![account.as_str(), page(limit)])
        })
    }

    async fn requeue(&self, id: &OutgoingId) -> Result<bool, SqliteError> {
        let id = id.clone();
        self.writer
            .write(move |transaction| {
                let requeued = transaction.execute(
                    "UPDATE outgoing SET state = 'queued', due_at = ?5, attempts = 0
                     WHERE account = ?1 AND number = ?2 AND revision = ?3 AND n = ?4
                     AND state = 'set_aside'",
                    params![
                        id.contact.account().as_str(),
                        to_i64(id.contact.number().to_digits()),
                        to_i64(id.revision.number()),
                        id.n,
                        DateTime::<Utc>::MIN_UTC.timestamp_millis(),
                    ],
                )?;
                Ok(requeued > 0)
            })
            .await
    }

    async fn queue(&self) -> Result<Queue, SqliteError> {
        self.readers.read(|connection| {
            let mut queue = Queue::default();
            let mut states = connection.prepare_cached(
                "SELECT state, count(*), min(decided_at) FROM outgoing GROUP BY state",
            )?;
            let mut rows = states.query([])?;
            while let Some(row) = rows.next()? {
                let count = from_i64("count", row.get(1)?)?;
                match &*row.get::<_, String>(0)? {
                    "set_aside" => {
                        queue.set_aside = count;
                        continue;
                    }
                    "claimed" => queue.claimed = count,
                    _ => queue.waiting = count,
                }
                let decided_at = DateTime::from_timestamp_millis(row.get(2)?)
                    .ok_or(SqliteError::BadRow { what: "message" })?;
                queue.oldest = Some(queue.oldest.map_or(decided_at, |at| at.min(decided_at)));
            }
            Ok(queue)
        })
    }

    async fn prune(&self, before: DateTime<Utc>) -> Result<u64, SqliteError> {
        let before = before.timestamp_millis();
        self.writer
            .write(move |transaction| {
                let pruned = transaction.execute("DELETE FROM marks WHERE at < ?1", [before])?;
                Ok(pruned as u64)
            })
            .await
    }

    async fn prune_texts(&self, before: DateTime<Utc>) -> Result<u64, SqliteError> {
        let (mut pruned, mut last) = (0, 0);
        loop {
            let after = last;
            let page = self.writer.write(move |it| erase::prune_texts(it, before, after)).await?;
            let Some((end, some)) = page else { break };
            (pruned, last) = (pruned + some, end);
        }
        if pruned > 0 && !self.scrubs_later {
            self.scrub().await?;
        }
        Ok(pruned)
    }

    async fn erase(&self, contact: &Contact) -> Result<bool, SqliteError> {
        let contact = contact.clone();
        let mark = self.suppression.as_ref().map(|key| key.mark(&contact));
        let work = move |it: &Transaction<'_>| erase::erase(it, &contact, mark.as_ref());
        if self.scrubs_later {
            self.writer.write(work).await
        } else {
            self.writer.forget(work).await
        }
    }
}

fn listed(
    connection: &Connection,
    sql: &str,
    params: impl Params,
) -> Result<Vec<(PhoneNumber, Record)>, SqliteError> {
    let mut contacts = connection.prepare_cached(sql)?;
    let rows =
        contacts.query_map(params, |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))?;
    rows.map(|row| {
        let (number, record) = row?;
        let number = PhoneNumber::from_digits(from_i64("number", number)?)
            .map_err(|_| SqliteError::BadRow { what: "number" })?;
        Ok((number, row::decode("record", &record)?))
    })
    .collect()
}

fn decoded<T: DeserializeOwned>(
    connection: &Connection,
    what: &'static str,
    sql: &str,
    params: impl Params,
) -> Result<Vec<T>, SqliteError> {
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(params, |row| row.get::<_, String>(0))?;
    rows.map(|json| Ok(row::decode(what, &json?)?)).collect()
}
