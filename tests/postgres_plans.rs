//! Every statement of the storage for PostgreSQL goes along an index, from the first row on.
#![cfg(feature = "postgres-tests")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod server;

use core::ops::Range;

use chrono::{DateTime, TimeDelta, Utc};
use optin::{
    AccountId, Archive, Contact, Engine, Event, Handover, InboxId, MessageId, Outbox, Outgoing,
    PhoneNumber, Storage, Text, blocking::block_on, ledger::Ledger, store::PostgresStorage,
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
    });
}

/// The plans in the server's log that were made of our statements.
fn plans(server: &Server) -> Vec<String> {
    let log = std::fs::read_to_string(server.directory().join("log")).unwrap();
    let plans = log.split("plan:\n").skip(1);
    let plans = plans.map(|plan| plan.split("\n2").next().unwrap().to_owned());
    plans.filter(|plan| plan.contains("optin.") && !plan.contains("schema_version")).collect()
}

#[test]
fn no_statement_reads_a_whole_table() {
    let server = Server::start(Durability::None, &WRITES_PLANS);
    let database = server.create_database();
    let storage = PostgresStorage::connect(database.config(), NoTls).unwrap();
    block_on(storage.migrate()).unwrap();
    // Nothing is known of the tables yet: a plan is made now, and kept while they grow.
    let now = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
    live(&storage, now, 0..30);
    database.session().run("ANALYZE");
    live(&storage, now + TimeDelta::days(1), 30..60);
    drop(storage);
    let plans = plans(&server);
    for name in [
        "What is stored of contacts",
        "What the verdicts on commits rest on",
        "INSERT INTO optin.contacts",
        "Where there is no new record",
        "Sealed entries",
        "Fails where a mark stands",
        "Messages whose hand-over ended",
        "Takes back what is queued",
        "Messages that are due",
        "Gives entries their places",
    ] {
        let found = plans.iter().filter(|plan| plan.contains(name)).count();
        assert!(found > 0, "no plan of: {name}");
    }
    for plan in &plans {
        for table in ["contacts", "marks", "outgoing", "entries", "disclosed", "unlogged", "log"] {
            let whole = format!("Seq Scan on {table}");
            assert!(!plan.contains(&whole), "{plan}");
        }
        assert!(!plan.contains("Hash Join"), "{plan}");
    }
}
