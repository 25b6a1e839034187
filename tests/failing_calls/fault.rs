//! A storage and an outbox that fail at a call told beforehand, and note what they did.

use std::{
    convert::Infallible,
    fmt,
    sync::{Arc, Mutex},
};

use chrono::{DateTime, Utc};
use optin::{
    AccountId, Archive, Contact, Content, Entry, Handover, Outbox, Outgoing, OutgoingId,
    OutgoingText, PhoneNumber, Record, Standing, Status, Storage,
    storage::{
        Claim, Commit, Committed, Counts, CurrentPolicy, PolicyChange, PolicyCommitted, Queue,
        Snapshot,
    },
    store::MemoryStorage,
};

use super::support::Clock;

/// What fails, from the `n`th call on.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    Nothing,
    /// So many calls of the storage in a row err: whether they were done, nobody knows.
    Storage {
        n: usize,
        length: usize,
        done: bool,
    },
    /// One call of the outbox ends so.
    Outbox {
        n: usize,
        end: Handover,
    },
}

/// The storage does not say whether it did it.
#[derive(Debug)]
pub(crate) struct Lost;

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection was lost")
    }
}

impl std::error::Error for Lost {}

pub(crate) struct Failing {
    storage: Arc<MemoryStorage>,
    fault: Fault,
    calls: Mutex<usize>,
}

impl Failing {
    pub(crate) fn new(storage: Arc<MemoryStorage>, fault: Fault) -> Self {
        Self { storage, fault, calls: Mutex::new(0) }
    }

    pub(crate) fn calls(&self) -> usize {
        *self.calls.lock().unwrap()
    }

    async fn call<T>(&self, call: impl Future<Output = Result<T, Infallible>>) -> Result<T, Lost> {
        let number = {
            let mut calls = self.calls.lock().unwrap();
            *calls += 1;
            *calls
        };
        match self.fault {
            Fault::Storage { n, length, done } if (n..n + length).contains(&number) => {
                if done {
                    let _unheard = call.await;
                }
                Err(Lost)
            }
            Fault::Nothing | Fault::Storage { .. } | Fault::Outbox { .. } => {
                Ok(call.await.unwrap())
            }
        }
    }
}

impl Storage for Failing {
    type Error = Lost;

    async fn load(&self, contact: &Contact) -> Result<Snapshot, Lost> {
        self.call(self.storage.load(contact)).await
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, Lost> {
        self.call(self.storage.commit(commit)).await
    }

    async fn claim(
        &self,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
        limit: usize,
    ) -> Result<Vec<Claim>, Lost> {
        self.call(self.storage.claim(now, until, limit)).await
    }

    async fn policy(&self, account: &AccountId) -> Result<CurrentPolicy, Lost> {
        self.call(self.storage.policy(account)).await
    }

    async fn set_policy(&self, change: PolicyChange) -> Result<PolicyCommitted, Lost> {
        self.call(self.storage.set_policy(change)).await
    }
}

impl Archive for Failing {
    async fn history(&self, of: &Contact, from: u64, limit: usize) -> Result<Vec<Entry>, Lost> {
        self.call(self.storage.history(of, from, limit)).await
    }

    async fn account_history(
        &self,
        of: &AccountId,
        from: u64,
        limit: usize,
    ) -> Result<Vec<Entry>, Lost> {
        self.call(self.storage.account_history(of, from, limit)).await
    }

    async fn contacts(
        &self,
        of: &AccountId,
        standing: Option<Standing>,
        after: Option<PhoneNumber>,
        limit: usize,
    ) -> Result<Vec<(PhoneNumber, Record)>, Lost> {
        self.call(self.storage.contacts(of, standing, after, limit)).await
    }

    async fn counts(&self, of: &AccountId) -> Result<Counts, Lost> {
        self.call(self.storage.counts(of)).await
    }

    async fn set_aside(&self, of: &AccountId, limit: usize) -> Result<Vec<Outgoing>, Lost> {
        self.call(self.storage.set_aside(of, limit)).await
    }

    async fn requeue(&self, id: &OutgoingId) -> Result<bool, Lost> {
        self.call(self.storage.requeue(id)).await
    }

    async fn queue(&self) -> Result<Queue, Lost> {
        self.call(self.storage.queue()).await
    }

    async fn prune(&self, before: DateTime<Utc>) -> Result<u64, Lost> {
        self.call(self.storage.prune(before)).await
    }

    async fn prune_texts(&self, before: DateTime<Utc>) -> Result<u64, Lost> {
        self.call(self.storage.prune_texts(before)).await
    }

    async fn erase(&self, contact: &Contact) -> Result<bool, Lost> {
        self.call(self.storage.erase(contact)).await
    }
}

/// What was handed over, when, and how that ended.
pub(crate) type Sent = (Outgoing, DateTime<Utc>, Handover);

pub(crate) struct Provider {
    clock: Clock,
    fault: Fault,
    sent: Mutex<Vec<Sent>>,
}

impl Provider {
    pub(crate) fn new(clock: Clock, fault: Fault) -> Self {
        Self { clock, fault, sent: Mutex::default() }
    }

    pub(crate) fn sent(&self) -> Vec<Sent> {
        self.sent.lock().unwrap().clone()
    }
}

impl Outbox for Provider {
    async fn send(&self, outgoing: &Outgoing) -> Handover {
        let mut sent = self.sent.lock().unwrap();
        let handover = match &self.fault {
            Fault::Outbox { n, end } if *n == sent.len() + 1 => end.clone(),
            Fault::Nothing | Fault::Storage { .. } | Fault::Outbox { .. } => {
                Handover::Accepted { provider_id: None }
            }
        };
        sent.push((outgoing.clone(), self.clock.now(), handover.clone()));
        handover
    }
}

pub(crate) fn text(sent: &Sent) -> Option<&OutgoingText> {
    match &sent.0.content {
        Content::Text(text) => Some(text),
        Content::Status(_) => None,
    }
}

pub(crate) fn status(sent: &Sent) -> Option<Status> {
    match &sent.0.content {
        Content::Text(_) => None,
        Content::Status(status) => Some(*status),
    }
}
