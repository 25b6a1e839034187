//! Commits as the engine makes them, to be given to a storage one by one.
#![allow(clippy::unwrap_used, clippy::panic, dead_code, reason = "shared by tests")]

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
};

use chrono::{DateTime, TimeDelta, Utc};
use optin::{
    AccountId, Actor, ActorId, ClaimToken, Contact, Engine, Event, Handover, InboxId, MessageId,
    Outbox, Outgoing, PhoneNumber, Policy, Role, Storage, Text,
    blocking::block_on,
    storage::{
        Claim, Commit, Committed, CurrentPolicy, PolicyChange, PolicyCommitted, Settlement,
        Snapshot, Then,
    },
    store::MemoryStorage,
    strategies::START,
};

/// The account that all contacts have.
pub(crate) fn account() -> AccountId {
    AccountId::new("acme").unwrap()
}

/// Contact number `n`.
pub(crate) fn contact(n: u64) -> Contact {
    Contact::new(account(), PhoneNumber::from_digits(12_060_000_000 + n).unwrap())
}

/// What a contact's first two texts lead to.
#[derive(Clone, Debug)]
pub(crate) struct Conversation {
    /// It writes, and is asked: the question is being handed over from then on.
    pub(crate) opening: Commit,
    /// It says yes, and the question's hand-over ends in the same commit: a mark, a record, an
    /// entry, a text, statuses and a settlement.
    pub(crate) reply: Commit,
}

/// The conversation of contact `n`.
pub(crate) fn conversation(n: u64) -> Conversation {
    let recorder = Arc::new(Recorder::default());
    let engine = Engine::new(recorder.clone(), Nobody, || START).deferred();
    let owner = Actor::new(ActorId::new("ana").unwrap(), Role::Owner);
    let edit = |policy: &Policy| {
        let mut settings = policy.settings().clone();
        settings.replies.confirmed = Some("Welcome!".into());
        settings.sync.hubspot = true;
        settings.sync.salesforce = true;
        Policy::new(settings)
    };
    block_on(engine.change_policy(&account(), &owner, edit)).unwrap();
    for (id, body) in [("first", "Hi"), ("second", "YES")] {
        let id = MessageId::new(&format!("{n}-{id}")).unwrap();
        let text = Text::new(InboxId::new("+18885550100").unwrap(), id, body);
        block_on(engine.handle(&contact(n), Event::Texted(text))).unwrap();
    }
    let [mut opening, mut reply]: [Commit; 2] =
        recorder.commits.lock().unwrap().clone().try_into().unwrap();
    opening.lease = Some(START + TimeDelta::seconds(30));
    let Outgoing { id, decided_at, .. } = opening.outgoing[0].clone();
    let token = ClaimToken::new(1);
    reply.settle = Some(Settlement { id, token, decided_at, then: Then::Finish });
    Conversation { opening, reply }
}

/// The memory storage, and what was given to it.
#[derive(Debug, Default)]
struct Recorder {
    storage: MemoryStorage,
    commits: Mutex<Vec<Commit>>,
}

impl Storage for Recorder {
    type Error = Infallible;

    async fn load(&self, contact: &Contact) -> Result<Snapshot, Infallible> {
        self.storage.load(contact).await
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, Infallible> {
        self.commits.lock().unwrap().push(commit.clone());
        self.storage.commit(commit).await
    }

    async fn claim(
        &self,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
        limit: usize,
    ) -> Result<Vec<Claim>, Infallible> {
        self.storage.claim(now, until, limit).await
    }

    async fn policy(&self, account: &AccountId) -> Result<CurrentPolicy, Infallible> {
        self.storage.policy(account).await
    }

    async fn set_policy(&self, change: PolicyChange) -> Result<PolicyCommitted, Infallible> {
        self.storage.set_policy(change).await
    }
}

struct Nobody;

impl Outbox for Nobody {
    async fn send(&self, _outgoing: &Outgoing) -> Handover {
        panic!("all is left to dispatchers")
    }
}
