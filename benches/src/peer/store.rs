//! A text's way into SQLite by hand: the crate's statements, cached, on the connection of whoever
//! calls, without futures, threads or anything that a storage of another kind would need.
//!
//! Decides and seals by the crate; writes into a file that the crate has made.

use std::{error::Error, path::Path};

use chrono::{DateTime, TimeDelta, Utc};
use optin::{
    ConsentState, Contact, Content, Ending, Entry, Event, MessageKind, Outgoing, OutgoingId,
    Policy, Record, Revision, Settled, Text, Transition, decide,
    ledger::{ChainId, Hash, Head, Salts, seal, stored::encode_entry},
};
use rusqlite::{
    Connection, OpenFlags, OptionalExtension, Transaction, TransactionBehavior, config::DbConfig,
    params,
};
use serde::{Deserialize, Serialize};

/// A connection, and what it knows.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    policy: Policy,
    settled: Settled,
    /// Whether entries have their place in the log at once: from schema 2 on.
    placed: bool,
}

#[derive(Serialize, Deserialize)]
struct Versioned<T> {
    version: u64,
    body: T,
}

type Done<T = ()> = Result<T, Box<dyn Error>>;

impl Store {
    /// A connection to a file of the crate's, set as the crate's own writer is.
    ///
    /// # Errors
    /// Those of SQLite.
    pub fn open(path: &Path) -> Done<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        // Without it SQLite compiles cached statements again and again: three quarters more work.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        connection.set_prepared_statement_cache_capacity(64);
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "secure_delete", true)?;
        let schema: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        let settled = r#"{"revision":1,"kind":"confirmation","ended":"2026-03-01T00:00:00Z","ending":{"accepted":{}}}"#;
        let settled = serde_json::from_str(settled)?;
        Ok(Self { connection, policy: Policy::default(), settled, placed: schema >= 2 })
    }

    /// Loads, decides, commits; hands over; loads, decides, commits.
    ///
    /// # Errors
    /// Those of SQLite, and where the text is a duplicate.
    pub fn text(&mut self, contact: &Contact, text: Text<'_>, now: DateTime<Utc>) -> Done {
        let event = Event::Texted(text);
        let Some(outgoing) = self.step(contact, &event, now, None)? else { return Ok(()) };
        let kind = match &outgoing.content {
            Content::Text(text) => text.kind,
            Content::Status(_) => MessageKind::Message,
        };
        let mut settled = self.settled.clone();
        (settled.revision, settled.kind) = (outgoing.id.revision, kind);
        (settled.ended, settled.ending) = (now, Ending::Accepted { provider_id: None });
        self.step(contact, &Event::Settled(settled), now, Some(&outgoing.id))?;
        Ok(())
    }

    fn step(
        &mut self,
        contact: &Contact,
        event: &Event<'_>,
        now: DateTime<Utc>,
        settles: Option<&OutgoingId>,
    ) -> Done<Option<Outgoing>> {
        let (record, unfinished) = self.load(contact)?;
        let mut transition = decide(&self.policy, record.as_ref(), event, now)?;
        let until = now + TimeDelta::seconds(30);
        hold(&mut transition, until);
        let revision = Revision::default();
        let entry = Entry::of_decision(contact.number(), event, &transition, revision, now);
        if !transition.remember && entry.is_none() {
            return Ok(None);
        }
        let outgoing = transition.text.clone().zip(transition.record).map(|(text, record)| {
            let id = OutgoingId::new(contact.clone(), record.revision, 0);
            Outgoing::new(id, now, Content::Text(text))
        });
        // All that needs no lock is made before there is one.
        let entry = entry.map(|entry| Ok::<_, Box<dyn Error>>((encode_entry(&entry)?, entry)));
        let entry = entry.transpose()?;
        let record_json = transition.record.as_ref().map(versioned).transpose()?;
        let outgoing_json = outgoing.as_ref().map(versioned).transpose()?;
        let salts = Salts::draw()?;
        let placed = self.placed;
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let key = Key { account: contact.account().as_str(), number: digits(contact) };
        if let (Event::Texted(text), true) = (event, transition.remember) {
            mark(&transaction, &key, text, now)?;
        }
        let head = head(&transaction, &key, record.as_ref())?;
        if let Some(id) = settles {
            finish(&transaction, &key, id)?;
        }
        if let Some((json, entry)) = entry {
            let before = match head {
                Some(head) => head,
                None => Head::new(ChainId::draw()?),
            };
            let (sealed, after) = seal::seal(contact.account(), &before, &entry, &json, &salts);
            append(&transaction, &key, placed, now, &before, &after.hash, &sealed, &json, &salts)?;
            match (&transition.record, record_json) {
                (Some(record), Some(json)) => {
                    put(&transaction, &key, head.is_some(), record, &json, &after)?;
                }
                _ => {
                    let sql = "UPDATE contacts SET length = ?3, head = ?4
                        WHERE account = ?1 AND number = ?2";
                    let values =
                        params![key.account, key.number, after.length as i64, after.hash.0];
                    transaction.prepare_cached(sql)?.execute(values)?;
                }
            }
        }
        if transition.cancel != optin::Cancel::Nothing {
            cancel(&transaction, &key)?;
        }
        if let (Some(outgoing), Some(json)) = (&outgoing, outgoing_json) {
            queue(&transaction, &key, outgoing, (!unfinished).then_some(until), &json)?;
        }
        transaction.commit()?;
        Ok(outgoing.filter(|_| !unfinished))
    }

    fn load(&self, contact: &Contact) -> Done<(Option<Record>, bool)> {
        let sql = "SELECT
                (SELECT max(revision) FROM policies WHERE account = ?1),
                contact.record, contact.revision,
                EXISTS (SELECT 1 FROM outgoing WHERE account = ?1 AND number = ?2
                    AND destination = 'phone' AND state <> 'set_aside')
            FROM (SELECT 1)
            LEFT JOIN contacts AS contact ON contact.account = ?1 AND contact.number = ?2";
        let mut load = self.connection.prepare_cached(sql)?;
        let key = params![contact.account().as_str(), digits(contact)];
        let (record, unfinished): (Option<String>, bool) =
            load.query_row(key, |row| Ok((row.get(1)?, row.get(3)?)))?;
        let record = record.map(|json| serde_json::from_str::<Versioned<Record>>(&json));
        Ok((record.transpose()?.map(|versioned| versioned.body), unfinished))
    }
}

struct Key<'a> {
    account: &'a str,
    number: i64,
}

fn digits(contact: &Contact) -> i64 {
    contact.number().to_digits() as i64
}

fn versioned<T: Serialize>(body: &T) -> serde_json::Result<String> {
    serde_json::to_string(&Versioned { version: 1, body })
}

/// The prompt counts as on its way until its lease ends.
fn hold(transition: &mut Transition, until: DateTime<Utc>) {
    if let Some(record) = &mut transition.record
        && let ConsentState::Pending(pending) = &mut record.state
        && let Some(outstanding) = &mut pending.outstanding
        && outstanding.revision == record.revision
    {
        outstanding.until = until;
    }
}

fn mark(transaction: &Transaction<'_>, key: &Key<'_>, text: &Text<'_>, now: DateTime<Utc>) -> Done {
    let sql = "SELECT 1 FROM marks WHERE account = ?1 AND inbox = ?2 AND id = ?3";
    let (inbox, id) = (text.inbox.as_str(), text.id.as_str());
    if transaction.prepare_cached(sql)?.exists(params![key.account, inbox, id])? {
        return Err("a duplicate".into());
    }
    let sql = "INSERT INTO marks (account, inbox, id, at) VALUES (?1, ?2, ?3, ?4)";
    let values = params![key.account, inbox, id, now.timestamp_millis()];
    transaction.prepare_cached(sql)?.execute(values)?;
    Ok(())
}

/// The head of the contact's chain, if nobody changed the record meanwhile.
fn head(
    transaction: &Transaction<'_>,
    key: &Key<'_>,
    record: Option<&Record>,
) -> Done<Option<Head>> {
    let sql = "SELECT state, revision, chain, length, head FROM contacts
        WHERE account = ?1 AND number = ?2";
    let stored = transaction
        .prepare_cached(sql)?
        .query_row(params![key.account, key.number], |row| {
            let (chain, length): (_, i64) = (row.get(2)?, row.get(3)?);
            let head =
                Head { chain: ChainId(chain), length: length as u64, hash: Hash(row.get(4)?) };
            Ok((row.get::<_, i64>(1)?, head))
        })
        .optional()?;
    let revision = stored.map(|(revision, _)| revision);
    if revision != record.map(|record| record.revision.number() as i64) {
        return Err("somebody else was first".into());
    }
    Ok(stored.map(|(_, head)| head))
}

#[allow(clippy::too_many_arguments, reason = "a row of two tables")]
fn append(
    transaction: &Transaction<'_>,
    key: &Key<'_>,
    placed: bool,
    now: DateTime<Utc>,
    before: &Head,
    hash: &Hash,
    sealed: &[u8],
    json: &str,
    salts: &Salts,
) -> Done {
    let (chain, sequence, at) = (before.chain.0, before.length as i64, now.timestamp_millis());
    let sql = "INSERT INTO disclosed (account, chain, sequence, at, number, entry, salts)
        VALUES (?1, ?2, ?3, ?4, NULL, ?5, ?6)";
    let values = params![key.account, chain, sequence, at, json, salts.to_bytes()];
    transaction.prepare_cached(sql)?.execute(values)?;
    if !placed {
        let sql = "INSERT INTO entries (account, chain, sequence, leaf, hash, sealed)
            VALUES (?1, ?2, ?3, NULL, ?4, ?5)";
        let values = params![key.account, chain, sequence, hash.0, sealed];
        transaction.prepare_cached(sql)?.execute(values)?;
        let sql = "INSERT INTO unlogged (account, at, chain, sequence) VALUES (?1, ?2, ?3, ?4)";
        let values = params![key.account, at, chain, sequence];
        transaction.prepare_cached(sql)?.execute(values)?;
        return Ok(());
    }
    let disclosed = transaction.last_insert_rowid();
    let sql = "SELECT coalesce((SELECT max(id) + 1 FROM entries
            WHERE id BETWEEN logs.id << 40 AND (logs.id << 40) + 0xffffffffff), logs.id << 40)
        FROM logs WHERE account = ?1";
    let id = transaction.prepare_cached(sql)?.query_row([key.account], |row| row.get(0));
    let id: i64 = match id.optional()? {
        Some(id) => id,
        None => {
            let sql = "INSERT INTO logs (account, size) VALUES (?1, 0)";
            transaction.prepare_cached(sql)?.insert([key.account])? << 40
        }
    };
    let sql = "INSERT INTO entries (id, account, chain, sequence, hash, sealed, disclosed)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let values = params![id, key.account, chain, sequence, hash.0, sealed, disclosed];
    transaction.prepare_cached(sql)?.execute(values)?;
    Ok(())
}

fn put(
    transaction: &Transaction<'_>,
    key: &Key<'_>,
    stood: bool,
    record: &Record,
    json: &str,
    head: &Head,
) -> Done {
    let sql = if stood {
        "UPDATE contacts SET state = ?3, revision = ?4, record = ?5, length = ?6, head = ?7
         WHERE account = ?1 AND number = ?2 AND chain = ?8"
    } else {
        "INSERT INTO contacts (account, number, state, revision, record, length, head, chain)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
    };
    transaction.prepare_cached(sql)?.execute(params![
        key.account,
        key.number,
        record.state.name(),
        record.revision.number() as i64,
        json,
        head.length as i64,
        head.hash.0,
        head.chain.0,
    ])?;
    Ok(())
}

fn finish(transaction: &Transaction<'_>, key: &Key<'_>, id: &OutgoingId) -> Done {
    let sql = "DELETE FROM outgoing WHERE account = ?1 AND number = ?2 AND revision = ?3
        AND n = ?4 AND claims = 1 AND state = 'claimed'";
    let values = params![key.account, key.number, id.revision.number() as i64, id.n];
    match transaction.prepare_cached(sql)?.execute(values)? {
        0 => Err("stale".into()),
        _ => Ok(()),
    }
}

/// Of the prompts only: nothing here opts out.
fn cancel(transaction: &Transaction<'_>, key: &Key<'_>) -> Done {
    let sql = "DELETE FROM outgoing WHERE account = ?1 AND number = ?2 AND destination = 'phone'
        AND state <> 'claimed' AND kind IN ('confirmation', 'reminder')";
    transaction.prepare_cached(sql)?.execute(params![key.account, key.number])?;
    let sql = "SELECT revision, n FROM outgoing WHERE account = ?1 AND number = ?2
        AND destination = 'phone' AND state = 'claimed' AND kind IN ('confirmation', 'reminder')
        ORDER BY revision, n";
    let in_flight = transaction.prepare_cached(sql)?.exists(params![key.account, key.number])?;
    if in_flight { Err("a prompt is on its way".into()) } else { Ok(()) }
}

fn queue(
    transaction: &Transaction<'_>,
    key: &Key<'_>,
    outgoing: &Outgoing,
    until: Option<DateTime<Utc>>,
    json: &str,
) -> Done {
    let Content::Text(text) = &outgoing.content else { return Ok(()) };
    let sql = "INSERT INTO outgoing (account, number, destination, revision, n, kind, state,
            decided_at, due_at, claims, attempts, lapsed_at, message)
        VALUES (?1, ?2, 'phone', ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0, NULL, ?10)";
    let due_at = until.unwrap_or(DateTime::<Utc>::MIN_UTC).timestamp_millis();
    transaction.prepare_cached(sql)?.execute(params![
        key.account,
        key.number,
        outgoing.id.revision.number() as i64,
        outgoing.id.n,
        text.kind.name(),
        if until.is_some() { "claimed" } else { "queued" },
        outgoing.decided_at.timestamp_millis(),
        due_at,
        i64::from(until.is_some()),
        json,
    ])?;
    Ok(())
}
