//! An import by hand: the same rows into the same tables, batch by batch.

use std::{error::Error, path::Path};

use chrono::{DateTime, SecondsFormat, Utc};
use optin::ledger::{ChainId, Hash, Salts, Sealed, seal::commit};
use rusqlite::{Connection, OptionalExtension, Statement, params};

/// Rows in one transaction: enough that the sync of each costs little, and little to do again.
const BATCH: usize = 1_000;

/// Imports a file of `phone`, `first name`, `last name`, `email`, `opted_out` into a database that
/// the crate has made, as of `now`; says how many rows were added, changed, left and refused.
///
/// It knows double opt-in to be on and no CRM to be told.
///
/// # Errors
/// Those of the file and of SQLite.
pub fn import(path: &Path, file: &[u8], now: DateTime<Utc>) -> Result<[u64; 4], Box<dyn Error>> {
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    let mut counts = [0; 4];
    let mut statements = Statements::of(&connection, now)?;
    let mut reader = csv::Reader::from_reader(file);
    let mut record = csv::StringRecord::new();
    let mut in_batch = 0;
    connection.execute_batch("BEGIN IMMEDIATE")?;
    while reader.read_record(&mut record)? {
        let said = number(record[0].trim()).zip(status(record[4].trim()));
        let what = match said {
            None => 3,
            Some((number, opted_out)) => statements.add("acme", number, opted_out)?,
        };
        counts[what] += 1;
        in_batch += 1;
        if in_batch == BATCH {
            connection.execute_batch("COMMIT; BEGIN IMMEDIATE")?;
            in_batch = 0;
        }
    }
    connection.execute_batch("COMMIT")?;
    Ok(counts)
}

fn number(cell: &str) -> Option<i64> {
    let digits = cell.strip_prefix('+')?;
    let is_e164 = (2..=15).contains(&digits.len())
        && !digits.starts_with('0')
        && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| is_e164)
}

fn status(cell: &str) -> Option<Option<bool>> {
    match &*cell.to_ascii_lowercase() {
        "" => Some(None),
        "yes" | "y" | "true" | "t" | "1" => Some(Some(true)),
        "no" | "n" | "false" | "f" | "0" => Some(Some(false)),
        _ => None,
    }
}

struct Statements<'c> {
    insert: Statement<'c>,
    append: Statement<'c>,
    disclose: Statement<'c>,
    connection: &'c Connection,
    /// The id of the next entry: its place in the log of the account, which is new.
    next: i64,
    state: Statement<'c>,
    update: Statement<'c>,
    millis: i64,
    now: String,
    pending: String,
}

impl<'c> Statements<'c> {
    fn of(connection: &'c Connection, now: DateTime<Utc>) -> rusqlite::Result<Self> {
        Ok(Self {
            insert: connection.prepare(
                "INSERT INTO contacts
                    (account, number, state, revision, record, chain, length, head)
                 VALUES (?1, ?2, ?3, 1, ?4, ?5, 1, ?6) ON CONFLICT DO NOTHING",
            )?,
            append: connection.prepare(
                "INSERT INTO entries (id, account, chain, sequence, hash, sealed, disclosed)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?,
            disclose: connection.prepare(
                "INSERT INTO disclosed (account, chain, sequence, at, number, entry, salts)
                 VALUES (?1, ?2, ?3, ?4, NULL, ?5, ?6)",
            )?,
            state: connection.prepare(
                "SELECT state, revision, chain, length, head FROM contacts
                 WHERE account = ?1 AND number = ?2",
            )?,
            update: connection.prepare(
                "UPDATE contacts
                 SET state = 'opted_out', revision = ?3, record = ?4, length = ?5, head = ?6
                 WHERE account = ?1 AND number = ?2",
            )?,
            connection,
            next: connection
                .prepare("INSERT INTO logs (account, size) VALUES ('acme', 0)")?
                .insert([])?
                << 40,
            millis: now.timestamp_millis(),
            now: now.to_rfc3339_opts(SecondsFormat::AutoSi, true),
            pending: r#"{"revision":1,"state":{"pending":{"prompts_used":0,"keywords_shown":[],"not_sent_in_row":0,"texted":false}},"cancelled_before":0}"#.into(),
        })
    }

    /// 0 where the contact was added, 1 where it was opted out, 2 where it stayed.
    fn add(
        &mut self,
        account: &str,
        number: i64,
        opted_out: Option<bool>,
    ) -> rusqlite::Result<usize> {
        let is_out = opted_out == Some(true);
        type Known = (String, i64, [u8; 16], i64, [u8; 32]);
        let known: Option<Known> = self
            .state
            .query_row(params![account, number], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
            })
            .optional()?;
        let Some((state, revision, chain, length, head)) = known else {
            let (state, record, reason) = match is_out {
                true => ("opted_out", self.opted_out(1), "added_opted_out"),
                false => ("pending", self.pending.clone(), "added"),
            };
            let entry = self.entry(number, opted_out, reason, &record);
            let ChainId(chain) = ChainId::draw().expect("the system has randomness");
            let at = Place { account, chain, sequence: 0, previous: [0; 32] };
            let head = self.seal(&at, number, reason, 1, &entry)?;
            self.insert.execute(params![account, number, state, stored(&record), chain, head])?;
            return Ok(0);
        };
        if !is_out || state == "opted_out" {
            return Ok(2);
        }
        let (revision, reason) = (revision + 1, "added_opted_out");
        let record = self.opted_out(revision);
        let entry = self.entry(number, opted_out, reason, &record);
        let at = Place { account, chain, sequence: length, previous: head };
        let head = self.seal(&at, number, reason, revision, &entry)?;
        let values = params![account, number, revision, stored(&record), length + 1, head];
        self.update.execute(values)?;
        Ok(1)
    }

    /// Appends an entry to its chain; says the chain's head.
    fn seal(
        &mut self,
        at: &Place<'_>,
        number: i64,
        reason: &str,
        revision: i64,
        entry: &str,
    ) -> rusqlite::Result<[u8; 32]> {
        let salts = Salts::draw().expect("the system has randomness");
        let [of_number, _, _, of_entry] = &salts.0;
        let number = commit(of_number, format!("+{number}").as_bytes());
        let sealed = Sealed {
            account: at.account,
            chain: at.chain,
            sequence: at.sequence as u64,
            previous: Hash(at.previous),
            at: self.millis,
            policy_revision: 0,
            kind: "added",
            verdict: "decided",
            decision: Some("none"),
            reason: Some(reason),
            revision: Some(revision as u64),
            actor: None,
            commitments: [Some(number), None, None, Some(commit(of_entry, entry.as_bytes()))],
        };
        let bytes = sealed.encode();
        let Hash(hash) = Hash::of(&bytes);
        let Place { account, chain, sequence, .. } = *at;
        let salts = salts.to_bytes();
        self.disclose.execute(params![account, chain, sequence, self.millis, entry, salts])?;
        let disclosed = self.connection.last_insert_rowid();
        self.append
            .execute(params![self.next, account, chain, sequence, hash, bytes, disclosed])?;
        self.next += 1;
        Ok(hash)
    }

    fn opted_out(&self, revision: i64) -> String {
        let now = &self.now;
        format!(
            r#"{{"revision":{revision},"state":{{"opted_out":{{"by":"import","since":"{now}"}}}},"cancelled_before":{revision}}}"#
        )
    }

    fn entry(&self, number: i64, opted_out: Option<bool>, reason: &str, record: &str) -> String {
        let now = &self.now;
        let said = opted_out.map_or(String::new(), |said| format!(r#","opted_out":{said}"#));
        format!(
            r#"{{"version":1,"body":{{"at":"{now}","number":"+{number}","policy_revision":0,"fact":{{"event":{{"added":{{"source":"csv"{said}}}}}}},"verdict":{{"decided":{{"decision":"none","reason":"{reason}","record":{record}}}}}}}}}"#
        )
    }
}

/// Where an entry comes in its chain.
struct Place<'a> {
    account: &'a str,
    chain: [u8; 16],
    sequence: i64,
    previous: [u8; 32],
}

fn stored(record: &str) -> String {
    format!(r#"{{"version":1,"body":{record}}}"#)
}
