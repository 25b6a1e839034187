//! A file with two accounts to be audited, and copies of it that were damaged.
#![allow(clippy::unwrap_used, clippy::panic, dead_code, reason = "shared by tests")]

use std::{
    fs,
    path::{Path, PathBuf},
};

use chrono::TimeDelta;
use optin::{
    AccountId, Archive, Contact, Engine, Event, Handover, Outbox, Outgoing, Override, Policy,
    blocking::block_on,
    ledger::{
        Checkpoint, Checkpointer, Directory, NoteSigner,
        audit::{self, Audit, BadLedger},
    },
    store::{
        SqliteError, SqliteStorage,
        sqlite::{Durability, Options},
    },
};
use rusqlite::Connection;

use crate::{
    black_box::Scratch,
    support::{Clock, START, account, contact, owner, texted},
};

pub(crate) struct Provider;

impl Outbox for Provider {
    async fn send(&self, _outgoing: &Outgoing) -> Handover {
        Handover::Accepted { provider_id: None }
    }
}

pub(crate) fn signers() -> [NoteSigner; 1] {
    [NoteSigner::new("example.com/consent", [7; 32]).unwrap()]
}

pub(crate) fn bolt() -> AccountId {
    AccountId::new("bolt").unwrap()
}

pub(crate) fn open(path: &Path) -> Result<SqliteStorage, SqliteError> {
    Options::default().durability(Durability::Normal).open(path)
}

pub(crate) fn publish(storage: &SqliteStorage, log: &Directory, of: AccountId) -> Checkpoint {
    let (origin, signers) = (format!("example.com/{}", of.as_str()), signers());
    let checkpointer = Checkpointer::new(storage, log, of, &origin, &signers);
    block_on(checkpointer.run_once()).unwrap()
}

/// A file with two accounts: the first has contacts 1 to 4, of whom 3 is erased, an attempt on
/// somebody absent, a published log, and entries that came after it.
pub(crate) struct World {
    pub(crate) scratch: Scratch,
    pub(crate) checkpoint: Checkpoint,
    pub(crate) bolts: Checkpoint,
    pub(crate) whole: Audit,
}

impl World {
    pub(crate) fn new(name: &str) -> Self {
        let scratch = Scratch::new(name);
        let path = scratch.path("consent.db");
        let storage = open(&path).unwrap();
        let clock = Clock::at(START);
        let engine = Engine::new(&storage, Provider, clock.reader());
        let sync = |policy: &Policy| {
            let mut settings = policy.settings().clone();
            settings.sync.salesforce = true;
            Policy::new(settings)
        };
        block_on(engine.change_policy(&account(), &owner(), sync)).unwrap();
        let set = || Event::Overridden { actor: owner(), to: Override::Active, note: None };
        let play = |n: u8, id: &str, words| {
            for of in [contact(n), Contact::new(bolt(), contact(n).number())] {
                let id = format!("{}{n}{id}", of.account().as_str());
                block_on(engine.handle(&of, texted(&id, words))).unwrap();
                let _ = block_on(
                    engine.handle(&Contact::new(of.account().clone(), contact(9).number()), set()),
                );
            }
            clock.advance(TimeDelta::hours(13));
        };
        for n in 1..5 {
            play(n, "a", "Hi");
            play(n, "b", "yes");
        }
        block_on(storage.erase(&contact(3))).unwrap();
        let checkpoint = publish(&storage, &Directory::new(scratch.path("log")), account());
        let bolts = publish(&storage, &Directory::new(scratch.path("bolts")), bolt());
        play(1, "c", "stop");
        play(2, "c", "stop");
        drop(storage);
        let mut world = Self { scratch, checkpoint, bolts, whole: Audit::default() };
        world.whole = world.audit(&path).unwrap();
        assert_eq!((world.whole.chains, world.whole.signed), (5, world.checkpoint.size));
        assert!(world.whole.logged == world.whole.signed && world.whole.entries > 20);
        world
    }

    /// A copy of the file, with this done to it.
    pub(crate) fn damaged(&self, damage: impl FnOnce(&Connection)) -> PathBuf {
        let path = self.scratch.path("damaged.db");
        for suffix in ["", "-wal", "-shm"] {
            let _ = fs::remove_file(format!("{}{suffix}", path.display()));
        }
        fs::copy(self.scratch.path("consent.db"), &path).unwrap();
        let connection = Connection::open(&path).unwrap();
        connection.execute_batch("PRAGMA synchronous = OFF").unwrap();
        damage(&connection);
        path
    }

    pub(crate) fn audit(&self, path: &Path) -> Result<Audit, BadLedger<SqliteError>> {
        let storage = open(path).unwrap();
        block_on(audit::storage(&storage, &account(), Some(&self.checkpoint)))
    }

    pub(crate) fn audit_without(&self, path: &Path) -> Result<Audit, BadLedger<SqliteError>> {
        block_on(audit::storage(&open(path).unwrap(), &account(), None))
    }
}
