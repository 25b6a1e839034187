//! A text of any length is stored whole, with all that comes of it, or nothing of it is.
//!
//! `OPTIN_MEGABYTES` is its length: from 360 on its commit is more than PostgreSQL's protocol
//! carries in a message, for JSON has each of its characters as six bytes.
#![cfg(feature = "postgres-tests")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod server;
mod support;

use std::{env, time::Duration};

use optin::{
    Dispatcher, Engine, Event, HandleError, Handover, Outbox, Outgoing, Reason, Text,
    blocking::block_on,
    store::postgres::{Options, PostgresError},
};

use self::{
    server::Server,
    support::{Clock, START, contact, inbox, message_id},
};

struct Provider;

impl Outbox for Provider {
    async fn send(&self, _outgoing: &Outgoing) -> Handover {
        Handover::Accepted { provider_id: None }
    }
}

#[test]
fn a_text_of_any_length_is_stored_whole_or_not_at_all() {
    let megabytes = env::var("OPTIN_MEGABYTES").map_or(1, |megabytes| megabytes.parse().unwrap());
    let database = Server::shared().create_database();
    let long = Duration::from_secs(120);
    let storage = database.migrated(Options::default().statement_timeout(long).patience(long));
    let engine = Engine::new(&storage, Provider, Clock::at(START).reader()).deferred();
    let body = "\u{1}".repeat(megabytes * 1_000_000);
    let text = Text::new(inbox(), message_id("SM1"), body.as_str());
    let handled = block_on(engine.handle(&contact(1), Event::Texted(text)));
    let tables = ["contacts", "entries", "disclosed", "marks", "outgoing"];
    let session = database.session();
    let stored = tables.map(|table| session.number(&format!("SELECT count(*) FROM optin.{table}")));
    let round = block_on(Dispatcher::new(&engine).run_once(9)).unwrap();
    match handled {
        Ok(outcome) => {
            assert_eq!(outcome.reason, Reason::NewContact);
            assert_eq!((stored, round.claimed), ([1; 5], 1));
        }
        Err(HandleError::Storage(PostgresError::Server { code })) => {
            assert_eq!(code.code(), "54000");
            assert_eq!((stored, round.claimed), ([0; 5], 0));
        }
        Err(error) => panic!("{error}"),
    }
    println!("{megabytes} MB: {stored:?}");
}
