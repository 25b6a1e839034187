//! A storage that is cut off at its n-th call.

use std::{
    fmt,
    future::Future,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    task::Poll,
};

use chrono::{DateTime, Utc};
use optin::{
    AccountId, Archive, Contact, Entry, Outgoing, OutgoingId, PhoneNumber, Record, Standing,
    Storage,
    ledger::{ChainId, Head, Ledger, SealedRow},
    moving::{Key, Movable, PutIn, Row},
    storage::{
        Claim, Commit, Committed, Counts, CurrentPolicy, PolicyChange, PolicyCommitted, Queue,
        Snapshot,
    },
};

/// How a call is cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// It errs, and was not done.
    Before,
    /// It errs, and was done.
    After,
    /// It never answers, and was done: whoever waits for it is dropped.
    Silent,
}

/// The storage does not say whether it did it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Lost;

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection was lost")
    }
}

impl std::error::Error for Lost {}

pub(crate) struct CutOff<S> {
    storage: S,
    at: usize,
    cut: Cut,
    calls: AtomicUsize,
    hangs: AtomicBool,
}

impl<S: Movable> CutOff<S> {
    pub(crate) fn new(storage: S, at: usize, cut: Cut) -> Self {
        Self { storage, at, cut, calls: AtomicUsize::new(0), hangs: AtomicBool::new(false) }
    }

    /// Whether the call was reached that is cut off.
    pub(crate) fn was_cut(&self) -> bool {
        self.calls.load(Relaxed) >= self.at
    }

    /// Runs a future to its end, or drops it once a call of this storage never answers.
    pub(crate) fn run<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        let mut future = Box::pin(future);
        optin::blocking::block_on(std::future::poll_fn(|context| {
            match future.as_mut().poll(context) {
                Poll::Ready(output) => Poll::Ready(Some(output)),
                Poll::Pending if self.hangs.load(Relaxed) => Poll::Ready(None),
                Poll::Pending => Poll::Pending,
            }
        }))
    }

    async fn call<T>(&self, call: impl Future<Output = Result<T, S::Error>>) -> Result<T, Lost> {
        let is_cut = self.calls.fetch_add(1, Relaxed) + 1 == self.at;
        match self.cut {
            _ if !is_cut => call.await.map_err(|_| Lost),
            Cut::Before => Err(Lost),
            Cut::After => call.await.map_err(|_| Lost).and(Err(Lost)),
            Cut::Silent => {
                let _unheard = call.await;
                self.hangs.store(true, Relaxed);
                std::future::pending().await
            }
        }
    }
}

macro_rules! cut_off {
    ($($name:ident($($argument:ident: $type:ty),*) -> $answer:ty;)*) => {$(
        async fn $name(&self, $($argument: $type),*) -> Result<$answer, Lost> {
            self.call(self.storage.$name($($argument),*)).await
        }
    )*};
}

impl<S: Movable> Storage for CutOff<S> {
    type Error = Lost;
    cut_off! {
        load(contact: &Contact) -> Snapshot;
        commit(commit: Commit) -> Committed;
        claim(now: DateTime<Utc>, until: DateTime<Utc>, limit: usize) -> Vec<Claim>;
        policy(account: &AccountId) -> CurrentPolicy;
        set_policy(change: PolicyChange) -> PolicyCommitted;
    }
}

impl<S: Movable> Archive for CutOff<S> {
    cut_off! {
        history(contact: &Contact, from: u64, limit: usize) -> Vec<Entry>;
        account_history(account: &AccountId, from: u64, limit: usize) -> Vec<Entry>;
        contacts(
            account: &AccountId, standing: Option<Standing>, after: Option<PhoneNumber>, limit: usize
        ) -> Vec<(PhoneNumber, Record)>;
        counts(account: &AccountId) -> Counts;
        set_aside(account: &AccountId, limit: usize) -> Vec<Outgoing>;
        requeue(id: &OutgoingId) -> bool;
        queue() -> Queue;
        prune(before: DateTime<Utc>) -> u64;
        prune_texts(before: DateTime<Utc>) -> u64;
        erase(contact: &Contact) -> bool;
    }
}

impl<S: Movable> Ledger for CutOff<S> {
    cut_off! {
        head(contact: &Contact) -> Option<Head>;
        account_head(account: &AccountId) -> Option<Head>;
        heads(account: &AccountId, after: Option<ChainId>, limit: usize) -> Vec<Head>;
        sealed(account: &AccountId, chain: ChainId, from: u64, limit: usize) -> Vec<SealedRow>;
        log_size(account: &AccountId) -> u64;
        sequence(account: &AccountId, expected: u64, limit: usize) -> u64;
        leaves(account: &AccountId, from: u64, limit: usize) -> Vec<Vec<u8>>;
    }
}

impl<S: Movable> Movable for CutOff<S> {
    cut_off! {
        accounts(after: Option<&AccountId>, limit: usize) -> Vec<AccountId>;
        take_out(account: &AccountId, after: Option<&Key>, limit: usize) -> Vec<Row>;
        put_in(account: &AccountId, rows: Vec<Row>) -> PutIn;
    }
}
