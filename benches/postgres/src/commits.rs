//! Commits alone: those of texts, decided beforehand, handed to the storages by callers at once.

use std::{
    error::Error,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use chrono::{DateTime, Utc};
use optin::{
    AccountId, Contact, Storage,
    storage::{Claim, Commit, Committed, CurrentPolicy, PolicyChange, PolicyCommitted, Snapshot},
    store::{MemoryStorage, postgres::Options},
};
use optin_benches::engines::{self, Driven};

use crate::{
    contest::{self, Contender},
    databases::{by_hand, database, ours, runtime, server},
    server::Durability,
};

/// How many callers, and how many texts each of them commits a round, twice each.
const CALLERS: [(usize, usize); 3] = [(1, 100), (16, 40), (64, 20)];

pub(crate) fn run(rounds: usize) -> Result<(), Box<dyn Error>> {
    let server = server(Durability::Full);
    let runtime = runtime()?;
    let databases = (0..4).map(|_| database(&server)).collect::<Result<Vec<_>, _>>()?;
    let off = || Options::default().gather(false);
    let contenders = vec![
        Contender::commits("gathered", ours(&databases[0], Options::default())?),
        Contender::commits("gathering off", ours(&databases[1], off())?),
        Contender::commits("off, 16 connections", ours(&databases[2], off().connections(16))?),
        Contender::commits("sqlx by hand", by_hand(&runtime, &databases[3])?),
    ];
    contest::run(&runtime, "commits", rounds, &CALLERS, contenders)
}

impl Contender<'_> {
    /// The two commits of each text, by callers each with contacts of its own.
    fn commits<S: Storage + 'static>(name: &'static str, storage: S) -> Self {
        let (storage, next) = (Arc::new(storage), AtomicUsize::new(0));
        Self::new(name, move |runtime, callers, texts| {
            let recorded = (0..callers).map(|_| {
                let first = next.fetch_add(texts, Relaxed);
                Recorder::commits(first..first + texts)
            });
            let recorded: Vec<_> = recorded.collect();
            let done = recorded.iter().map(Vec::len).sum();
            let tasks = recorded.into_iter().map(|commits| {
                let storage = storage.clone();
                runtime.spawn(async move {
                    for commit in commits {
                        let committed = storage.commit(commit).await.expect("the storage works");
                        assert_eq!(committed, Committed::Applied { in_flight: Vec::new() });
                    }
                })
            });
            contest::rate(runtime, done, tasks)
        })
    }
}

/// A memory that keeps the commits.
#[derive(Debug, Default)]
struct Recorder {
    memory: MemoryStorage,
    commits: Arc<Mutex<Vec<Commit>>>,
}

impl Recorder {
    /// What texts from these people come to.
    fn commits(people: std::ops::Range<usize>) -> Vec<Commit> {
        let recorder = Self::default();
        let commits = recorder.commits.clone();
        let engine = Driven::over(recorder);
        for number in people {
            engine.handle(number, engines::text(number, 0, "Hi, are you open?"));
        }
        std::mem::take(&mut commits.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Storage for Recorder {
    type Error = <MemoryStorage as Storage>::Error;

    async fn load(&self, contact: &Contact) -> Result<Snapshot, Self::Error> {
        self.memory.load(contact).await
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, Self::Error> {
        self.commits.lock().unwrap_or_else(PoisonError::into_inner).push(commit.clone());
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
