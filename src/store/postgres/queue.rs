//! What waits for a connection: loads and commits in lanes that are gathered, and other work.

use core::{fmt, mem, time::Duration};
use std::{
    boxed::Box,
    collections::{HashSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    vec::Vec,
};

use futures_channel::oneshot;
use tokio::{
    sync::{Notify, OwnedSemaphorePermit, Semaphore},
    time::{Instant, sleep},
};

use super::{
    PostgresError,
    load::{Loaded, Wanted},
    work::Work,
};
use crate::{
    consent::{contact::Contact, id::AccountId},
    storage::{Committed, Mark},
    store::prepared::Prepared,
};

/// The most that waits; who comes then waits for room.
const ROOM: usize = 1_024;

/// Somebody who waits for an answer.
pub(super) struct Waiting<I, O> {
    pub(super) input: I,
    pub(super) answer: oneshot::Sender<Result<O, PostgresError>>,
    /// Until when a connection is waited for.
    pub(super) until: Instant,
}

/// What a worker does at once.
pub(super) enum Batch {
    Loads(Vec<Waiting<Wanted, Loaded>>),
    Commits(Vec<Waiting<Prepared, Committed>>),
    Work(Box<dyn Work>),
}

/// How much is gathered, and how many batches of a kind are under way at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) batch: usize,
    /// How long a batch waits for more.
    pub(super) linger: Duration,
    pub(super) loading: usize,
    pub(super) committing: usize,
}

/// What waits, for callers in any thread and the workers in theirs.
pub(super) struct Queue {
    lanes: Mutex<Lanes>,
    limits: Limits,
    room: Arc<Semaphore>,
    changed: Notify,
    ended: Notify,
}

#[derive(Default)]
struct Lanes {
    is_closed: bool,
    /// Counts what came, so that the lane is served that has waited longest.
    came: u64,
    loads: Lane<Waiting<Wanted, Loaded>>,
    commits: Lane<Waiting<Prepared, Committed>>,
    work: Lane<Box<dyn Work>>,
    /// Whom the commits under way are about: another of the same waits for the next batch.
    in_hand: HashSet<Key>,
    loading: usize,
    committing: usize,
}

struct Lane<T>(VecDeque<(u64, OwnedSemaphorePermit, T)>);

/// What two commits cannot have in common in one batch, nor in two at once.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Contact(Contact),
    Mark(AccountId, Mark),
}

impl<T> Default for Lane<T> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<T> Lane<T> {
    fn oldest(&self) -> Option<u64> {
        self.0.front().map(|(came, ..)| *came)
    }

    fn take(&mut self, most: usize) -> Vec<T> {
        let most = most.min(self.0.len());
        self.0.drain(..most).map(|(_, _, job)| job).collect()
    }
}

fn keys(commit: &Prepared) -> impl Iterator<Item = Key> {
    let commit = &commit.commit;
    let contact = Key::Contact(commit.contact.clone());
    let mark = commit.mark.clone().map(|it| Key::Mark(commit.contact.account().clone(), it));
    let settled = commit.settle.as_ref().map(|settlement| settlement.id.contact.clone());
    let settled = settled.filter(|settled| *settled != commit.contact).map(Key::Contact);
    core::iter::once(contact).chain(mark).chain(settled)
}

impl Lanes {
    /// The commits that have nothing in common with each other or with those under way.
    fn take_commits(&mut self, most: usize) -> Vec<Waiting<Prepared, Committed>> {
        let mut taken = Vec::new();
        let mut left = VecDeque::new();
        while let Some((came, permit, job)) = self.commits.0.pop_front() {
            let is_free = keys(&job.input).all(|key| !self.in_hand.contains(&key));
            if is_free && taken.len() < most {
                self.in_hand.extend(keys(&job.input));
                taken.push(job);
            } else {
                left.push_back((came, permit, job));
            }
            if taken.len() == most {
                break;
            }
        }
        left.append(&mut self.commits.0);
        self.commits.0 = left;
        taken
    }

    /// Whether what would be taken next may be joined by others.
    fn gathers(&self, limits: Limits) -> bool {
        let (loads, commits) = (self.loads.0.len(), self.commits.0.len());
        self.work.0.is_empty()
            && (1..limits.batch).contains(&loads.max(commits))
            && (loads == 0 || self.loading < limits.loading)
    }

    fn next(&mut self, limits: Limits) -> Option<Batch> {
        let loads = self.loads.oldest().filter(|_| self.loading < limits.loading);
        let commits = self.commits.oldest().filter(|_| self.committing < limits.committing);
        let work = self.work.oldest();
        let mut lanes = [(loads, 0), (commits, 1), (work, 2)];
        lanes.sort_by_key(|(oldest, _)| oldest.unwrap_or(u64::MAX));
        for (_, lane) in lanes.into_iter().filter(|(oldest, _)| oldest.is_some()) {
            match lane {
                0 => {
                    self.loading += 1;
                    return Some(Batch::Loads(self.loads.take(limits.batch)));
                }
                1 => {
                    let commits = self.take_commits(limits.batch);
                    if !commits.is_empty() {
                        self.committing += 1;
                        return Some(Batch::Commits(commits));
                    }
                }
                _ => {
                    if let Some(work) = self.work.take(1).pop() {
                        return Some(Batch::Work(work));
                    }
                }
            }
        }
        None
    }
}

/// What a worker has to give back when a batch is done.
#[derive(Default)]
pub(super) struct Done {
    keys: Vec<Key>,
    loading: usize,
    committing: usize,
}

impl Batch {
    /// To be made before the batch is answered.
    pub(super) fn done(&self) -> Done {
        match self {
            Self::Loads(_) => Done { loading: 1, ..Done::default() },
            Self::Commits(jobs) => Done {
                keys: jobs.iter().flat_map(|job| keys(&job.input)).collect(),
                committing: 1,
                ..Done::default()
            },
            Self::Work(_) => Done::default(),
        }
    }
}

impl Queue {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            lanes: Mutex::default(),
            limits,
            room: Arc::new(Semaphore::new(ROOM)),
            changed: Notify::new(),
            ended: Notify::new(),
        }
    }

    pub(super) async fn load(&self, job: Waiting<Wanted, Loaded>) -> Result<(), PostgresError> {
        self.push(job, |lanes| &mut lanes.loads).await
    }

    pub(super) async fn commit(
        &self,
        job: Waiting<Prepared, Committed>,
    ) -> Result<(), PostgresError> {
        self.push(job, |lanes| &mut lanes.commits).await
    }

    pub(super) async fn work(&self, job: Box<dyn Work>) -> Result<(), PostgresError> {
        self.push(job, |lanes| &mut lanes.work).await
    }

    async fn push<T>(
        &self,
        job: T,
        lane: impl FnOnce(&mut Lanes) -> &mut Lane<T>,
    ) -> Result<(), PostgresError> {
        let room = self.room.clone().acquire_owned().await;
        let room = room.map_err(|_| PostgresError::Stopped)?;
        let mut lanes = self.lanes();
        if lanes.is_closed {
            return Err(PostgresError::Stopped);
        }
        lanes.came += 1;
        let came = lanes.came;
        lane(&mut lanes).0.push_back((came, room, job));
        drop(lanes);
        self.changed.notify_one();
        Ok(())
    }

    /// Waits for something to do; `None` once the queue is closed.
    pub(super) async fn next(&self) -> Option<Batch> {
        let mut lingered = self.limits.linger.is_zero();
        loop {
            let changed = self.changed.notified();
            let lingers = {
                let mut lanes = self.lanes();
                if lanes.is_closed {
                    self.changed.notify_one();
                    return None;
                }
                let lingers = !lingered && lanes.gathers(self.limits);
                if !lingers && let Some(batch) = lanes.next(self.limits) {
                    drop(lanes);
                    // Another worker may have something to do with what is left.
                    self.changed.notify_one();
                    return Some(batch);
                }
                lingers
            };
            lingered |= lingers;
            if lingers {
                sleep(self.limits.linger).await;
            } else {
                changed.await;
            }
        }
    }

    pub(super) fn finish(&self, done: Done) {
        let mut lanes = self.lanes();
        lanes.loading -= done.loading;
        lanes.committing -= done.committing;
        for key in &done.keys {
            lanes.in_hand.remove(key);
        }
        drop(lanes);
        self.changed.notify_one();
    }

    /// Takes no more; what waits is dropped, and who waits for it told so.
    pub(super) fn close(&self) {
        let mut lanes = self.lanes();
        lanes.is_closed = true;
        let dropped = mem::take(&mut *lanes);
        lanes.is_closed = true;
        lanes.loading = dropped.loading;
        lanes.committing = dropped.committing;
        drop(lanes);
        self.room.close();
        self.changed.notify_one();
        self.ended.notify_one();
    }

    /// Waits until the queue is closed; for one who waits.
    pub(super) async fn closed(&self) {
        self.ended.notified().await;
    }

    fn lanes(&self) -> MutexGuard<'_, Lanes> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").field("limits", &self.limits).finish_non_exhaustive()
    }
}
