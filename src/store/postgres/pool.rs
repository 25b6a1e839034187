//! The storage's thread: a runtime that drives the workers, and the way there from any other.

use core::{fmt, time::Duration};
use std::{boxed::Box, sync::Arc, thread::JoinHandle, vec::Vec};

use futures_channel::oneshot;
use futures_util::future::join_all;
use tokio::{
    runtime::{Builder, Runtime},
    task::LocalSet,
    time::{Instant, timeout},
};

use super::{
    PostgresError,
    failure::Failure,
    lanes::Waiting,
    load::{Loaded, Wanted},
    opener::Opens,
    queue::Queue,
    session::Session,
    work::Task,
    worker::Worker,
};
use crate::{storage::Committed, store::prepared::Prepared};

/// How long the thread may take to finish what it is at, once the storage is dropped.
const FAREWELL: Duration = Duration::from_secs(1);

/// A handle to the thread. Dropping it ends the thread, and closes the connections.
pub(super) struct Pool {
    queue: Arc<Queue>,
    patience: Duration,
    thread: Option<JoinHandle<()>>,
}

impl Pool {
    /// Starts the thread; `opens` makes there what opens connections.
    pub(super) fn start(
        queue: Queue,
        connections: usize,
        patience: Duration,
        opens: impl FnOnce() -> Opens + Send + 'static,
    ) -> Result<Self, PostgresError> {
        let queue = Arc::new(queue);
        let runtime = Builder::new_current_thread().enable_io().enable_time().build();
        let runtime = runtime.map_err(|_| PostgresError::Stopped)?;
        let served = queue.clone();
        let thread = std::thread::Builder::new()
            .name("optin-postgres".into())
            .spawn(move || run(&runtime, &served, connections, &opens()))
            .map_err(|_| PostgresError::Stopped)?;
        Ok(Self { queue, patience, thread: Some(thread) })
    }

    pub(super) async fn load(&self, wanted: Wanted) -> Result<Loaded, PostgresError> {
        let (job, answered) = self.waiting(wanted);
        self.queue.load(job).await?;
        answered.await.map_err(|_| PostgresError::Stopped)?
    }

    pub(super) async fn commit(&self, commit: Prepared) -> Result<Committed, PostgresError> {
        let (job, answered) = self.waiting(commit);
        self.queue.commit(job).await?;
        // Whether the thread was at it when it ended is not known.
        answered.await.map_err(|_| PostgresError::NotKnown)?
    }

    /// Does `work` over a connection of its own while it lasts; more than once if it fails.
    pub(super) async fn work<T: Send + 'static>(
        &self,
        work: impl AsyncFn(&Session) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, PostgresError> {
        self.send(work, true).await
    }

    /// The same, where there may be no schema yet.
    pub(super) async fn prepare<T: Send + 'static>(
        &self,
        work: impl AsyncFn(&Session) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, PostgresError> {
        self.send(work, false).await
    }

    async fn send<T: Send + 'static>(
        &self,
        work: impl AsyncFn(&Session) -> Result<T, Failure> + Send + 'static,
        needs_schema: bool,
    ) -> Result<T, PostgresError> {
        let (answer, answered) = oneshot::channel();
        let until = self.until();
        let task = Task { work, value: None, answer, until, needs_schema };
        self.queue.work(Box::new(task)).await?;
        answered.await.map_err(|_| PostgresError::NotKnown)?
    }

    fn waiting<I, O>(
        &self,
        input: I,
    ) -> (Waiting<I, O>, oneshot::Receiver<Result<O, PostgresError>>) {
        let (answer, answered) = oneshot::channel();
        (Waiting { input, answer, until: self.until() }, answered)
    }

    fn until(&self) -> Instant {
        Instant::now() + self.patience
    }
}

fn run(runtime: &Runtime, queue: &Arc<Queue>, connections: usize, opens: &Opens) {
    let tasks = LocalSet::new();
    let workers = (0..connections)
        .map(|number| tasks.spawn_local(Worker::new(queue.clone(), opens.clone(), number).run()));
    let workers: Vec<_> = workers.collect();
    tasks.block_on(runtime, async {
        queue.closed().await;
        // What still runs then is dropped as if the process had ended.
        let _ = timeout(FAREWELL, join_all(workers)).await;
    });
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.queue.close();
        if let Some(thread) = self.thread.take() {
            // A panic there was reported by the thread, and to whoever waited for it.
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("queue", &self.queue).finish_non_exhaustive()
    }
}
