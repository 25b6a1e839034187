//! Others change a contact while its STOP is being decided, again and again.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod support;

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use chrono::{DateTime, Utc};
use optin::{
    AccountId, ConsentState, Contact, Engine, Event, HandleError, Handover, Note, OptOut, Outbox,
    Outgoing, Override, Storage,
    blocking::block_on,
    storage::{Claim, Commit, Committed, CurrentPolicy, PolicyChange, PolicyCommitted, Snapshot},
    store::MemoryStorage,
};

use self::support::{START, contact, owner, texted};

struct Accepting;

impl Outbox for Accepting {
    async fn send(&self, _: &Outgoing) -> Handover {
        Handover::Accepted { provider_id: None }
    }
}

/// Staff, on another machine, overrides the contact just before each of so many commits.
#[derive(Default)]
struct Busy {
    memory: MemoryStorage,
    others: AtomicUsize,
}

impl Busy {
    async fn meanwhile(&self, contact: &Contact) {
        let left = self.others.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1));
        let Ok(left) = left else { return };
        let to = if left % 2 == 0 { Override::OptedOut } else { Override::Active };
        let note = Some(Note::new("by phone").unwrap());
        let overridden = Event::Overridden { actor: owner(), to, note };
        let other = Engine::new(&self.memory, Accepting, || START);
        other.handle(contact, overridden).await.unwrap();
    }
}

impl Storage for Busy {
    type Error = <MemoryStorage as Storage>::Error;

    async fn load(&self, contact: &Contact) -> Result<Snapshot, Self::Error> {
        self.memory.load(contact).await
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, Self::Error> {
        self.meanwhile(&commit.contact).await;
        self.memory.commit(commit).await
    }

    async fn claim(
        &self,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
        limit: usize,
    ) -> Result<Vec<Claim>, Self::Error> {
        self.memory.claim(now, until, limit).await
    }

    async fn policy(&self, account: &AccountId) -> Result<CurrentPolicy, Self::Error> {
        self.memory.policy(account).await
    }

    async fn set_policy(&self, change: PolicyChange) -> Result<PolicyCommitted, Self::Error> {
        self.memory.set_policy(change).await
    }
}

#[test]
fn a_stop_is_stored_though_hundreds_come_before_it() {
    let storage = Busy::default();
    let engine = Engine::new(&storage, Accepting, || START);
    block_on(engine.handle(&contact(0), texted("in-1", "Hi"))).unwrap();
    storage.others.store(900, Relaxed);
    block_on(engine.handle(&contact(0), texted("in-2", "STOP"))).unwrap();
    let record = block_on(storage.load(&contact(0))).unwrap().record.unwrap();
    assert!(matches!(record.state, ConsentState::OptedOut { by: OptOut::Contact, .. }));
}

#[test]
fn it_is_not_tried_without_end() {
    let storage = Busy::default();
    let engine = Engine::new(&storage, Accepting, || START);
    block_on(engine.handle(&contact(0), texted("in-1", "Hi"))).unwrap();
    storage.others.store(usize::MAX, Relaxed);
    let told = block_on(engine.handle(&contact(0), texted("in-2", "STOP")));
    assert_eq!(told.unwrap_err(), HandleError::Contended);
}
