//! Rows damaged by hand: what can still be done is done, once, and nothing is sent twice.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod black_box;
mod support;

use std::sync::Mutex;

use black_box::Scratch;
use chrono::{TimeDelta, Utc};
use optin::{
    Archive, Content, Dispatcher, Engine, HandleError, Handover, Outbox, Outgoing, Policy, Storage,
    blocking::block_on,
    store::{SqliteError, SqliteStorage},
};
use rusqlite::Connection;

use self::support::{Clock, START, account, contact, owner, poll_once, texted};

/// Takes everything, or never comes back.
#[derive(Default)]
struct Provider {
    hangs: bool,
    given: Mutex<Vec<Outgoing>>,
}

impl Outbox for Provider {
    async fn send(&self, outgoing: &Outgoing) -> Handover {
        self.given.lock().unwrap().push(outgoing.clone());
        if self.hangs {
            std::future::pending::<()>().await;
        }
        Handover::Accepted { provider_id: None }
    }
}

struct World {
    scratch: Scratch,
    storage: SqliteStorage,
    provider: Provider,
    clock: Clock,
}

impl World {
    fn new(name: &str) -> Self {
        let scratch = Scratch::new(name);
        let storage = SqliteStorage::open(scratch.path("consent.db")).unwrap();
        let world =
            Self { scratch, storage, provider: Provider::default(), clock: Clock::at(START) };
        let change = |policy: &Policy| {
            let mut settings = policy.settings().clone();
            settings.sync.hubspot = true;
            Policy::new(settings)
        };
        block_on(world.engine().change_policy(&account(), &owner(), change)).unwrap();
        world
    }

    fn engine(
        &self,
    ) -> Engine<&SqliteStorage, &Provider, impl Fn() -> chrono::DateTime<Utc> + Send + Sync + use<>>
    {
        Engine::new(&self.storage, &self.provider, self.clock.reader())
    }

    fn defer(&self, n: u8, id: &str, body: &str) {
        block_on(self.engine().deferred().handle(&contact(n), texted(id, body))).unwrap();
    }

    fn round(&self) -> Result<usize, HandleError<SqliteError>> {
        block_on(Dispatcher::new(&self.engine()).run_once(10)).map(|round| round.handed_over)
    }

    fn execute(&self, sql: &str) -> usize {
        Connection::open(self.scratch.path("consent.db")).unwrap().execute(sql, []).unwrap()
    }

    /// How often texts, and statuses, were given to the provider.
    fn given(&self) -> (usize, usize) {
        let given = self.provider.given.lock().unwrap();
        let texts = given.iter().filter(|it| matches!(it.content, Content::Text(_))).count();
        (texts, given.len() - texts)
    }
}

// Red when claim.rs takes columns as text: row.get::<_, String>(0).
#[test]
fn what_is_no_text_holds_up_nobody() {
    for (n, column) in ["message", "state", "destination", "account"].into_iter().enumerate() {
        let world = World::new(&format!("no-text-{n}"));
        world.defer(0, "SM1", "Hi");
        let damage = format!("UPDATE outgoing SET {column} = CAST(x'ff' AS TEXT)");
        assert_eq!(world.execute(&damage), 2);
        world.defer(1, "SM2", "Hi");
        assert_eq!((world.round(), world.round()), (Ok(2), Ok(0)), "{column}");
        assert_eq!(world.given(), (1, 1), "{column}");
    }
}

/// A text is handed over and never settled; then its row cannot be read for a while.
#[test]
fn a_text_that_may_have_left_is_not_sent_again_once_its_row_is_mended() {
    let mut world = World::new("mended");
    world.defer(0, "SM1", "Hi");
    world.execute("DELETE FROM outgoing WHERE destination <> 'phone'");
    world.provider.hangs = true;
    let engine = world.engine();
    let dispatcher = Dispatcher::new(&engine);
    let mut hangs = Box::pin(dispatcher.run_once(1));
    while world.given() == (0, 0) {
        assert!(poll_once(hangs.as_mut()).is_none());
        std::thread::yield_now();
    }
    drop(hangs);
    drop(engine);
    world.provider.hangs = false;

    let newer = r#"replace(message, '"version":1', '"version":2')"#;
    assert_eq!(world.execute(&format!("UPDATE outgoing SET message = {newer}")), 1);
    world.clock.advance(TimeDelta::seconds(30));
    assert_eq!(world.round(), Ok(0));
    let older = r#"replace(message, '"version":2', '"version":1')"#;
    assert_eq!(world.execute(&format!("UPDATE outgoing SET message = {older}")), 1);
    let [message] = &block_on(world.storage.set_aside(&account(), 10)).unwrap()[..] else {
        panic!("one is set aside")
    };
    assert_eq!(block_on(world.storage.requeue(&message.id)), Ok(true));
    assert_eq!((world.round(), world.given()), (Ok(0), (1, 0)));
}

// Red when Head::set_aside in claim.rs only updates.
#[test]
fn a_status_that_cannot_be_read_is_replaced_by_a_newer_one() {
    let world = World::new("replaced");
    world.defer(0, "SM1", "Hi");
    let until = START + TimeDelta::seconds(30);
    block_on(world.storage.claim(START, until, 10)).unwrap();
    world.execute("UPDATE outgoing SET message = '' WHERE destination <> 'phone'");
    world.defer(0, "SM2", "YES");
    world.clock.advance(TimeDelta::minutes(6));
    world.round().unwrap();
    assert_eq!(block_on(world.storage.set_aside(&account(), 10)), Ok(vec![]));
}

// Red when delivery.rs loads the record after the hand-over.
#[test]
fn a_contact_that_cannot_be_read_is_not_told_to_a_crm_again_and_again() {
    let world = World::new("record");
    world.defer(0, "SM1", "Hi");
    world.round().unwrap();
    assert_eq!(world.given(), (1, 1));
    let queued = block_on(world.engine().resync(&account(), optin::Crm::Hubspot));
    assert_eq!(queued, Ok(1));
    world.execute("UPDATE contacts SET record = '{}'");
    for _ in 0..5 {
        world.clock.advance(TimeDelta::seconds(31));
        let unreadable = SqliteError::BadRow { what: "record" };
        assert_eq!(world.round(), Err(HandleError::Storage(unreadable)));
    }
    assert_eq!(world.given(), (1, 1));
}

#[test]
fn a_revision_that_is_not_the_records_is_an_error_that_says_so() {
    let world = World::new("revision");
    world.defer(0, "SM1", "Hi");
    assert_eq!(world.execute("UPDATE contacts SET revision = 77"), 1);
    let stop = block_on(world.engine().handle(&contact(0), texted("SM2", "STOP")));
    let unreadable = SqliteError::BadRow { what: "record" };
    assert_eq!(stop, Err(HandleError::Storage(unreadable)));
}
