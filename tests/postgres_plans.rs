//! Every statement of the storage for PostgreSQL goes along an index, from the first row on.
#![cfg(feature = "postgres-tests")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod server;

use core::ops::Range;

use chrono::{DateTime, TimeDelta, Utc};
use optin::{
    AccountId, Archive, Contact, Engine, Event, Handover, InboxId, MessageId, Outbox, Outgoing,
    PhoneNumber, Storage, Text,
    blocking::block_on,
    ledger::Ledger,
    moving::{Movable, PutIn},
    store::{PostgresStorage, postgres::Options},
};
use server::{Durability, Server};
use tokio_postgres::NoTls;

struct Accepting;

impl Outbox for Accepting {
    async fn send(&self, _: &Outgoing) -> Handover {
        Handover::Accepted { provider_id: None }
    }
}

/// Has the server write down the plan of each statement, as it was run.
const WRITES_PLANS: [&str; 4] = [
    "session_preload_libraries = auto_explain",
    "auto_explain.log_min_duration = 0",
    "auto_explain.log_nested_statements = on",
    "log_min_messages = log",
];

fn account() -> AccountId {
    AccountId::new("acme").unwrap()
}

fn contact(n: u64) -> Contact {
    Contact::new(account(), PhoneNumber::from_digits(12_065_550_000 + n).unwrap())
}

fn text(n: u64, body: &'static str) -> Event<'static> {
    let inbox = InboxId::new("+18885550100").unwrap();
    Event::Texted(Text::new(inbox, MessageId::new(&format!("{body}{n}")).unwrap(), body))
}

/// Something of everything that a service does all day.
fn live(storage: &PostgresStorage, now: DateTime<Utc>, contacts: Range<u64>) {
    let known = contact(contacts.start);
    let engine = Engine::new(storage, Accepting, move || now);
    for n in contacts {
        block_on(engine.handle(&contact(n), text(n, "Hi"))).unwrap();
        block_on(engine.handle(&contact(n), text(n, "yes"))).unwrap();
        block_on(engine.handle(&contact(n), text(n, "STOP"))).unwrap();
        block_on(engine.handle(&contact(n), text(n, "START"))).unwrap();
    }
    block_on(async {
        let late = now + TimeDelta::hours(1);
        storage.claim(late, late + TimeDelta::minutes(1), 10).await.unwrap();
        let size = storage.log_size(&account()).await.unwrap();
        storage.sequence(&account(), size, 1_000).await.unwrap();
        storage.history(&known, 0, 10).await.unwrap();
        storage.account_history(&account(), 0, 10).await.unwrap();
        storage.contacts(&account(), None, None, 10).await.unwrap();
        let head = storage.head(&known).await.unwrap().unwrap();
        storage.sealed(&account(), head.chain, 0, 10).await.unwrap();
        storage.heads(&account(), None, 10).await.unwrap();
        storage.leaves(&account(), 0, 10).await.unwrap();
        storage.prune_texts(now - TimeDelta::days(1)).await.unwrap();
        storage.prune(now - TimeDelta::days(35)).await.unwrap();
        storage.erase(&known).await.unwrap();
        for of in storage.accounts(None, 10).await.unwrap() {
            let rows = storage.take_out(&of, None, 10_000).await.unwrap();
            let stored = storage.put_in(&of, rows).await.unwrap();
            assert_eq!(stored, PutIn::Stored);
        }
    });
}

/// The plans in the server's log that were made of our statements.
fn plans(server: &Server) -> Vec<String> {
    let log = std::fs::read_to_string(server.directory().join("log")).unwrap();
    let plans = log.split("plan:\n").skip(1);
    let plans = plans.map(|plan| plan.split("\n2").next().unwrap().to_owned());
    plans.filter(|plan| plan.contains("optin.") && !plan.contains("schema_version")).collect()
}

/// As many rows as a service has after some days, put there by hand.
const MANY: &str = "
    INSERT INTO optin.accounts SELECT 'account' || n, name, 1, sha256(name), 0
        FROM generate_series(1, 20000) AS n, decode(md5(n::text), 'hex') AS name;
    INSERT INTO optin.contacts SELECT 'acme', 20000000000 + n, 'pending', 1, '', name, 1,
        sha256(name)
        FROM generate_series(1, 20000) AS n, decode(md5(n::text), 'hex') AS name;
    INSERT INTO optin.marks SELECT 'acme', '+18885550100', 'M' || n, n
        FROM generate_series(1, 20000) AS n;
    INSERT INTO optin.outgoing SELECT 'acme', 10000000000 + n, 'hubspot', 1, 1, 'status', 'queued',
        0, 4102444800000 + n, 0, 0, NULL, '' FROM generate_series(1, 20000) AS n;
    INSERT INTO optin.entries SELECT 'acme', name, 0, NULL, name, name
        FROM generate_series(1, 20000) AS n, decode(md5(n::text), 'hex') AS name;
    INSERT INTO optin.disclosed SELECT 'acme', name, 0, 0, NULL, '', NULL
        FROM generate_series(1, 20000) AS n, decode(md5(n::text), 'hex') AS name;";

#[test]
fn no_statement_reads_a_whole_table() {
    let server = Server::start(Durability::None, &WRITES_PLANS);
    let database = server.create_database();
    // One connection: the one whose plans grow old.
    let storage = Options::default().connections(1).connect(database.config(), NoTls).unwrap();
    block_on(storage.migrate()).unwrap();
    // Plans of empty tables, which must not be kept for ever where nobody analyses the tables.
    let now = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
    live(&storage, now, 0..30);
    database.session().run(MANY);
    live(&storage, now + TimeDelta::days(1), 30..100);
    let before = plans(&server).len();
    live(&storage, now + TimeDelta::days(2), 100..110);
    database.session().run("ANALYZE");
    live(&storage, now + TimeDelta::days(3), 110..120);
    drop(storage);
    let plans = plans(&server).split_off(before);
    for name in [
        "What is stored of contacts",
        "What the verdicts on commits rest on",
        "Records, entries and marks",
        "Messages whose hand-over ended",
        "Takes back what is queued",
        "Messages that are due",
    ] {
        let found = plans.iter().filter(|plan| plan.contains(name)).count();
        assert!(found > 0, "no plan of: {name}");
    }
    for plan in &plans {
        let whole = whole(plan);
        assert!(whole.is_empty(), "{whole:?} in {plan}");
    }
}

/// The scans of a plan that are not bound to an account, or for the claim's search to a time.
fn whole(plan: &str) -> Vec<&str> {
    let lines: Vec<&str> = plan.lines().map(str::trim).collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let key = if line.contains("outgoing_due") { "due_at <=" } else { "account" };
        let is_bound = lines.get(at + 1).is_some_and(|condition| {
            condition.starts_with("Index Cond:") && condition.contains(key)
        });
        let by_index = line.contains("Index Scan") || line.contains("Index Only Scan");
        let is_page = plan.contains("Forgets old marks") || plan.contains("-- A page of");
        if (by_index && !is_bound && !is_page) || line.contains("Seq Scan on") {
            found.push(*line);
        }
        if line.contains("Hash Join") || line.contains("Merge Join") {
            found.push(*line);
        }
    }
    found
}

#[test]
fn a_scan_of_a_whole_table_is_found() {
    let bound = "->  Index Scan using contacts_pkey on contacts\n  Index Cond: (account = $1)\n";
    assert_eq!(whole(bound), Vec::<&str>::new());
    assert_eq!(whole("->  Seq Scan on contacts").len(), 1);
    assert_eq!(whole("->  Bitmap Index Scan on outgoing_due  (cost=0)").len(), 1);
    assert_eq!(whole(&bound.replace("account = $1", "state = $1")).len(), 1);
}
