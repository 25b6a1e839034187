//! The queue between callers in any thread and the workers in theirs.

use core::fmt;
use std::{
    boxed::Box,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::{
    sync::{Notify, Semaphore},
    time::{Instant, timeout},
};

use super::{
    PostgresError,
    lanes::{Batch, Done, Found, Lane, Lanes, Limits, Waiting},
    load::{Loaded, Wanted},
    work::Work,
};
use crate::{storage::Committed, store::prepared::Prepared};

/// The most that waits; who comes then waits for room.
const ROOM: usize = 1_024;

/// What waits, for callers in any thread and the workers in theirs.
pub(super) struct Queue {
    lanes: Mutex<Lanes>,
    limits: Limits,
    room: Arc<Semaphore>,
    /// Wakes whichever worker was busy last: its connection has in its caches what others would
    /// have to fetch.
    changed: Notify,
    ended: Notify,
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
        self.changed.notify_last();
        Ok(())
    }

    /// Waits for something to do; `None` once the queue is closed.
    pub(super) async fn next(&self) -> Option<Batch> {
        let mut small_since: Option<Instant> = None;
        loop {
            let changed = self.changed.notified();
            let waited = small_since.map(|since| since.elapsed());
            let left = match waited {
                None => self.limits.linger,
                Some(waited) => self.limits.linger.saturating_sub(waited),
            };
            let (found, is_empty) = {
                let mut lanes = self.lanes();
                if lanes.is_closed {
                    self.changed.notify_last();
                    return None;
                }
                (lanes.next(self.limits, left.is_zero()), lanes.is_empty())
            };
            match found {
                Found::Batch(batch) => {
                    if !is_empty {
                        // Another worker may have something to do with what is left.
                        self.changed.notify_last();
                    }
                    return Some(batch);
                }
                Found::Small => {
                    small_since.get_or_insert_with(Instant::now);
                    // Whether something changed or not, it is looked at again.
                    let _ = timeout(left, changed).await;
                }
                Found::Nothing => {
                    small_since = None;
                    changed.await;
                }
            }
        }
    }

    /// Answers those that wait with commits which the ones just done overtook: each would take a
    /// transaction to be told so, and many may write about one contact at once.
    pub(super) fn overtake(&self, done: &[&Prepared], verdicts: &[Committed]) {
        let overtaken = self.lanes().take_overtaken(done, verdicts);
        for (waiting, verdict) in overtaken {
            // Nobody waits any more where the future was dropped.
            let _ = waiting.answer.send(Ok(verdict));
        }
    }

    /// Gives back what a batch had. Nobody is told: who was at it looks next itself.
    pub(super) fn finish(&self, done: Done) {
        self.lanes().finish(done);
    }

    /// Takes no more; what waits is dropped, and who waits for it told so.
    pub(super) fn close(&self) {
        let mut lanes = self.lanes();
        lanes.close();
        drop(lanes);
        self.room.close();
        self.changed.notify_last();
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
