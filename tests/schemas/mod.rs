//! A file with something of everything in it, and files as SQL that a person can read.
#![allow(clippy::unwrap_used, clippy::panic, dead_code, reason = "shared by tests")]

use std::{fmt::Write, path::Path};

use chrono::{DateTime, TimeDelta, Utc};
use optin::{
    AccountId, Archive, Contact, Dispatcher, Engine, Event, Handover, Message, Outbox, Outgoing,
    Override, Policy, Source,
    blocking::block_on,
    ledger::{Checkpointer, Directory, Ledger, NoteSigner, Sink, SuppressionKey},
    store::{
        SqliteError, SqliteStorage,
        sqlite::{Durability, Options},
    },
};
use rusqlite::Connection;

use crate::support::{Clock, START, account, contact, inbox, message_id, owner, texted};

/// The origin of the log that [`play`] publishes.
pub(crate) const ORIGIN: &str = "example.com/acme";

/// Takes texts to even numbers at once, loses others, and takes no status.
pub(crate) struct Provider;

impl Outbox for Provider {
    async fn send(&self, outgoing: &Outgoing) -> Handover {
        match outgoing.id.contact.number().to_digits() % 4 {
            _ if outgoing.destination() != optin::Destination::Phone => {
                Handover::NotSent { retry: false, code: None }
            }
            0 | 2 => Handover::Accepted { provider_id: Some(message_id("SMout")) },
            1 => Handover::NotSent { retry: true, code: None },
            _ => Handover::Unknown,
        }
    }
}

pub(crate) fn signers() -> [NoteSigner; 1] {
    [NoteSigner::new("example.com/consent", [7; 32]).unwrap()]
}

pub(crate) fn bolt() -> AccountId {
    AccountId::new("bolt").unwrap()
}

pub(crate) fn open(path: &Path) -> Result<SqliteStorage, SqliteError> {
    let key = SuppressionKey::new([5; 32]);
    Options::default().durability(Durability::Normal).suppression(key).open(path)
}

/// Publishes the log of the first account; says the checkpoint as it is signed.
pub(crate) fn publish(storage: &SqliteStorage, log: &Directory) -> String {
    let signers = signers();
    let checkpointer = Checkpointer::new(storage, log, account(), ORIGIN, &signers);
    block_on(checkpointer.run_once()).unwrap();
    Sink::checkpoint(log).unwrap().unwrap()
}

/// Makes a file in which every table has rows: contacts in all states and two accounts, somebody
/// erased, texts pruned, messages queued, claimed and set aside, settings, attempts on somebody
/// absent, a log that was published and went on, and a clock that went back. Says the checkpoint.
pub(crate) fn play(path: &Path, log: &Directory) -> String {
    let storage = open(path).unwrap();
    let clock = Clock::at(START);
    let engine = Engine::new(&storage, Provider, clock.reader());
    let handle = |of: &Contact, event: Event<'_>| block_on(engine.handle(of, event)).unwrap();
    let of_bolt = |n| Contact::new(bolt(), contact(n).number());
    let sync = |policy: &Policy| {
        let mut settings = policy.settings().clone();
        settings.sync.hubspot = true;
        Policy::new(settings)
    };
    block_on(engine.change_policy(&account(), &owner(), sync)).unwrap();
    for n in 1..=8 {
        for of in [contact(n), of_bolt(n)] {
            handle(&of, texted(&format!("{n}-hi"), "Hi, it’s \"me\"\n"));
        }
        clock.advance(TimeDelta::minutes(7));
    }
    block_on(storage.prune_texts(START + TimeDelta::minutes(8))).unwrap();
    for n in [2, 3, 4] {
        handle(&contact(n), texted(&format!("{n}-yes"), "yes"));
        clock.advance(TimeDelta::hours(3));
    }
    handle(&contact(3), texted("3-stop", "STOP"));
    block_on(storage.erase(&contact(3))).unwrap();
    let absent = Event::Overridden { actor: owner(), to: Override::Active, note: None };
    assert!(block_on(engine.handle(&contact(60), absent)).is_err());
    let checkpoint = publish(&storage, log);
    // Statuses are set aside by it, and texts that were not sent are tried again.
    block_on(Dispatcher::new(&engine).run_once(3)).unwrap();

    handle(&contact(5), Event::Added { source: Source::Csv, opted_out: Some(true) });
    clock.advance(TimeDelta::hours(-2));
    handle(&contact(2), texted("2-stop", "stop"));
    handle(&of_bolt(2), texted("2-stop", "stop"));
    clock.advance(TimeDelta::hours(-3));
    handle(&contact(2), texted("2-start", "START"));
    let permit = block_on(engine.permit(&contact(4))).unwrap().unwrap();
    let message = Message::new(inbox(), "Open till six").with_actor(owner());
    block_on(engine.send(permit, message)).unwrap();
    // Somebody took a message, and went away.
    let (now, until) = (clock.now() + TimeDelta::hours(1), clock.now() + TimeDelta::hours(2));
    let claims = block_on(optin::Storage::claim(&storage, now, until, 2)).unwrap();
    assert_eq!(claims.len(), 2);
    checkpoint
}

/// When nothing that [`play`] did is still under a lease.
pub(crate) fn later() -> DateTime<Utc> {
    START + TimeDelta::days(3)
}

/// The file as SQL: what makes its tables, and their rows.
pub(crate) fn dump(path: &Path) -> String {
    let file = Connection::open(path).unwrap();
    let strings = |sql: &str| -> Vec<String> {
        let mut statement = file.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    };
    let mut sql = String::from("BEGIN;\n");
    for pragma in ["application_id", "user_version"] {
        let value: i64 = file.pragma_query_value(None, pragma, |row| row.get(0)).unwrap();
        writeln!(sql, "PRAGMA {pragma} = {value};").unwrap();
    }
    for made in strings("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid") {
        writeln!(sql, "{made};").unwrap();
    }
    for table in strings("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY rowid") {
        let columns = strings(&format!("SELECT name FROM pragma_table_info('{table}')"));
        let quoted: Vec<_> = columns.iter().map(|column| format!("quote({column})")).collect();
        let (columns, quoted) = (columns.join(", "), quoted.join(" || ', ' || "));
        for row in strings(&format!("SELECT {quoted} FROM {table}")) {
            writeln!(sql, "INSERT INTO {table} ({columns}) VALUES ({row});").unwrap();
        }
    }
    sql + "COMMIT;\n"
}

/// Makes a file of such SQL.
pub(crate) fn load(sql: &str, path: &Path) {
    Connection::open(path).unwrap().execute_batch(sql).unwrap();
}

/// What a file says of its accounts, however it keeps it.
#[derive(Debug, PartialEq)]
pub(crate) struct Told {
    /// By account and number; 0 is the account itself: its entries, as JSON.
    pub(crate) histories: Vec<(String, u64, Vec<String>)>,
    /// Records by account and number, as JSON.
    pub(crate) records: Vec<(String, u64, String)>,
    /// The log of the first account.
    pub(crate) log: Vec<Vec<u8>>,
}

impl Told {
    /// What the storage tells.
    pub(crate) fn by(storage: &SqliteStorage) -> Self {
        let mut told = Self { histories: Vec::new(), records: Vec::new(), log: Vec::new() };
        let json = |entries: Vec<optin::Entry>| -> Vec<String> {
            let encode = |entry| optin::ledger::stored::encode_entry(entry).unwrap();
            entries.iter().map(encode).collect()
        };
        for account in [account(), bolt()] {
            let name = || account.as_str().to_owned();
            let own = block_on(storage.account_history(&account, 0, 99)).unwrap();
            told.histories.push((name(), 0, json(own)));
            for (number, record) in block_on(storage.contacts(&account, None, None, 99)).unwrap() {
                let of = Contact::new(account.clone(), number);
                let history = block_on(storage.history(&of, 0, 99)).unwrap();
                told.histories.push((name(), number.to_digits(), json(history)));
                let body = serde_json::to_string(&record).unwrap();
                told.records.push((name(), number.to_digits(), body));
            }
        }
        told.log = block_on(storage.leaves(&account(), 0, 99)).unwrap();
        told
    }

    /// What a file of schema 1 tells, without this crate.
    pub(crate) fn by_schema_1(file: &Connection) -> Self {
        let strings = |sql: &str, of: &[&dyn rusqlite::ToSql]| -> Vec<String> {
            let mut statement = file.prepare(sql).unwrap();
            let rows = statement.query_map(of, |row| row.get(0)).unwrap();
            rows.map(Result::unwrap).collect()
        };
        let mut told = Self { histories: Vec::new(), records: Vec::new(), log: Vec::new() };
        for account in ["acme", "bolt"] {
            let own = "SELECT entry FROM disclosed JOIN accounts USING (account, chain)
                WHERE account = ?1 ORDER BY sequence";
            told.histories.push((account.into(), 0, strings(own, &[&account])));
            let numbers =
                "SELECT CAST(number AS TEXT) FROM contacts WHERE account = ?1 ORDER BY number";
            for number in strings(numbers, &[&account]) {
                let number: i64 = number.parse().unwrap();
                let digits = number.unsigned_abs();
                let history = "SELECT entry FROM disclosed JOIN contacts USING (account, chain)
                    WHERE account = ?1 AND contacts.number = ?2 ORDER BY sequence";
                let history = strings(history, &[&account, &number]);
                told.histories.push((account.into(), digits, history));
                let record = "SELECT record ->> 'body' FROM contacts
                    WHERE account = ?1 AND number = ?2";
                let record = strings(record, &[&account, &number]).remove(0);
                told.records.push((account.into(), digits, record));
            }
        }
        let log = "SELECT sealed FROM log JOIN entries USING (account, chain, sequence)
            WHERE account = 'acme' ORDER BY log.leaf";
        let mut log = file.prepare(log).unwrap();
        told.log = log.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        told
    }
}
