//! The host's own tables: texts as they came and went, people's names, the clock.
//!
//! The engine keeps consent and its ledger; what a screen shows of a conversation is the host's to
//! keep. A text to someone active leaves no ledger entry at all.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use chrono::{DateTime, TimeDelta, Utc};
use optin::{PhoneNumber, Text};
use rusqlite::{Connection, OptionalExtension, Row, params};

/// The host's own file.
#[derive(Clone, Debug)]
pub struct Store(Arc<Mutex<Connection>>);

/// What has come of a text that is being handed over.
pub const ON_ITS_WAY: &str = "on_its_way";

/// One text of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Whether it came from the contact.
    pub inbound: bool,
    /// Its words.
    pub body: String,
    /// When it came, or was handed over.
    pub at: DateTime<Utc>,
    /// What it was for; absent for those of the contact.
    pub kind: Option<String>,
    /// What came of it.
    pub outcome: Option<String>,
}

/// The host's file failed; try again.
#[derive(Debug, thiserror::Error)]
#[error("the host's file failed")]
pub struct StoreError(#[source] Option<rusqlite::Error>);

impl Store {
    /// Opens or makes the file.
    ///
    /// # Errors
    /// [`StoreError`]: it cannot be opened, or is no file of this kind.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let connection = Connection::open(path).and_then(|connection| {
            connection.pragma_update(None, "journal_mode", "wal")?;
            connection.pragma_update(None, "synchronous", "normal")?;
            connection.execute_batch(include_str!("store.sql"))?;
            Ok(connection)
        });
        Ok(Self(Arc::new(Mutex::new(connection.map_err(Some).map_err(StoreError)?))))
    }

    /// Runs a query on a thread that may wait for the disk.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let connection = Arc::clone(&self.0);
        let ran = tokio::task::spawn_blocking(move || {
            query(&connection.lock().unwrap_or_else(PoisonError::into_inner))
        });
        ran.await.map_err(|_| StoreError(None))?.map_err(Some).map_err(StoreError)
    }

    /// Keeps a text of the contact; once, however often it is delivered.
    pub async fn received(
        &self,
        number: PhoneNumber,
        text: &Text<'_>,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let (inbox, id) = (text.inbox.as_str().to_owned(), text.id.as_str().to_owned());
        let body = text.body.as_str().to_owned();
        self.run(move |connection| {
            let statement = "INSERT OR IGNORE INTO messages
                     (number, direction, inbox, reference, body, at)
                 VALUES (?1, 'in', ?2, ?3, ?4, ?5)";
            let row = params![number.to_e164(), inbox, id, body, at.timestamp_millis()];
            connection.prepare_cached(statement)?.execute(row).map(drop)
        })
        .await
    }

    /// The inbox that the contact wrote to last.
    pub async fn inbox_of(&self, number: PhoneNumber) -> Result<Option<String>, StoreError> {
        self.run(move |connection| {
            let statement = "SELECT inbox FROM messages
                 WHERE number = ?1 AND direction = 'in' ORDER BY id DESC LIMIT 1";
            let mut inbox = connection.prepare_cached(statement)?;
            inbox.query_row([number.to_e164()], |row| row.get(0)).optional()
        })
        .await
    }

    /// Keeps what the engine made of a text of the contact.
    pub async fn read_as(
        &self,
        number: PhoneNumber,
        id: String,
        reason: &'static str,
    ) -> Result<(), StoreError> {
        self.run(move |connection| {
            let statement = "UPDATE messages SET outcome = coalesce(outcome, ?3)
                 WHERE number = ?1 AND direction = 'in' AND reference = ?2";
            let row = params![number.to_e164(), id, reason];
            connection.prepare_cached(statement)?.execute(row).map(drop)
        })
        .await
    }

    /// Keeps a text to the contact that leaves now, or how that ended.
    pub async fn sent(
        &self,
        number: PhoneNumber,
        reference: String,
        said: Said,
    ) -> Result<(), StoreError> {
        self.run(move |connection| {
            let statement = "INSERT INTO messages
                     (number, direction, reference, body, at, kind, outcome)
                 VALUES (?1, 'out', ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT DO UPDATE SET outcome = excluded.outcome";
            let at = said.at.timestamp_millis();
            let row = params![number.to_e164(), reference, said.body, at, said.kind, said.outcome];
            connection.prepare_cached(statement)?.execute(row).map(drop)
        })
        .await
    }

    /// The last texts from and to the contact, at most `limit`, in their order.
    pub async fn conversation(
        &self,
        number: PhoneNumber,
        limit: usize,
    ) -> Result<Vec<Said>, StoreError> {
        self.run(move |connection| {
            let statement = "SELECT * FROM (
                     SELECT id, direction = 'in', body, at, kind, outcome FROM messages
                     WHERE number = ?1 ORDER BY id DESC LIMIT ?2)
                 ORDER BY id";
            let mut statement = connection.prepare_cached(statement)?;
            statement.query_map(params![number.to_e164(), limit as i64], said)?.collect()
        })
        .await
    }

    /// The contact's name, if the host knows it, and the last text from or to it.
    pub async fn glance(
        &self,
        numbers: Vec<PhoneNumber>,
    ) -> Result<Vec<(Option<String>, Option<Said>)>, StoreError> {
        self.run(move |connection| {
            let mut name =
                connection.prepare_cached("SELECT name FROM people WHERE number = ?1")?;
            let mut last = connection.prepare_cached(
                "SELECT id, direction = 'in', body, at, kind, outcome FROM messages
                 WHERE number = ?1 ORDER BY id DESC LIMIT 1",
            )?;
            let mut seen = Vec::with_capacity(numbers.len());
            for number in numbers {
                let number = number.to_e164();
                let name = name.query_row([&number], |row| row.get(0)).optional()?;
                seen.push((name, last.query_row([&number], said).optional()?));
            }
            Ok(seen)
        })
        .await
    }

    /// Gives a number a name.
    pub async fn name(&self, number: PhoneNumber, name: String) -> Result<(), StoreError> {
        self.run(move |connection| {
            let row = params![number.to_e164(), name];
            connection.execute("INSERT OR REPLACE INTO people VALUES (?1, ?2)", row).map(drop)
        })
        .await
    }

    /// How far the clock was ahead; absent in a new file.
    pub async fn clock(&self) -> Result<Option<TimeDelta>, StoreError> {
        self.run(|connection| {
            let statement = "SELECT value FROM settings WHERE name = 'clock'";
            let ahead = connection.query_row(statement, [], |row| row.get(0)).optional()?;
            Ok(ahead.map(TimeDelta::milliseconds))
        })
        .await
    }

    /// Keeps how far the clock is ahead.
    pub async fn set_clock(&self, ahead: TimeDelta) -> Result<(), StoreError> {
        self.run(move |connection| {
            let statement = "INSERT OR REPLACE INTO settings VALUES ('clock', ?1)";
            connection.execute(statement, [ahead.num_milliseconds()]).map(drop)
        })
        .await
    }
}

fn said(row: &Row<'_>) -> rusqlite::Result<Said> {
    let at: i64 = row.get(3)?;
    Ok(Said {
        inbound: row.get(1)?,
        body: row.get(2)?,
        at: DateTime::from_timestamp_millis(at).unwrap_or_default(),
        kind: row.get(4)?,
        outcome: row.get(5)?,
    })
}
