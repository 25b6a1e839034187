//! The writer: one thread, one transaction for all that waits at the same moment.

use std::{
    boxed::Box,
    sync::mpsc::{Receiver, Sender, channel},
    thread::JoinHandle,
    vec::Vec,
};

use futures_channel::oneshot;
use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::SqliteError;

/// The most jobs in one transaction.
const MAX_BATCH: usize = 256;

/// A handle to the thread. Dropping it ends the thread once it has done what it was given.
#[derive(Debug)]
pub(super) struct Writer {
    jobs: Option<Sender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(connection: Connection) -> Result<Self, SqliteError> {
        let (jobs, waiting) = channel();
        let thread = std::thread::Builder::new()
            .name("optin-sqlite".into())
            .spawn(move || run(connection, &waiting))
            .map_err(|_| SqliteError::Stopped)?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }

    /// Does `work` in a transaction, together with others; more than once if one of them fails.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        work: impl FnMut(&Transaction<'_>) -> Result<T, SqliteError> + Send + 'static,
    ) -> Result<T, SqliteError> {
        self.send(work, false).await
    }

    /// The same, and leaves nothing of what it deleted in the file and its log: an error where
    /// another process keeps that, though the work is done.
    pub(super) async fn forget<T: Send + 'static>(
        &self,
        work: impl FnMut(&Transaction<'_>) -> Result<T, SqliteError> + Send + 'static,
    ) -> Result<T, SqliteError> {
        self.send(work, true).await
    }

    async fn send<T: Send + 'static>(
        &self,
        work: impl FnMut(&Transaction<'_>) -> Result<T, SqliteError> + Send + 'static,
        forgets: bool,
    ) -> Result<T, SqliteError> {
        let (answer, answered) = oneshot::channel();
        let job = Box::new(Work { work, value: None, answer, forgets });
        let jobs = self.jobs.as_ref().ok_or(SqliteError::Stopped)?;
        jobs.send(job).map_err(|_| SqliteError::Stopped)?;
        answered.await.map_err(|_| SqliteError::Stopped)?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // A panic there was reported by the thread, and to whoever waited for it.
            let _ = thread.join();
        }
    }
}

/// Something to do in a transaction, and somebody who waits for it.
trait Job: Send {
    fn run(&mut self, transaction: &Transaction<'_>) -> Result<(), SqliteError>;
    fn forgets(&self) -> bool;
    fn answer(self: Box<Self>, committed: Result<(), SqliteError>);
}

struct Work<T, F> {
    work: F,
    value: Option<T>,
    answer: oneshot::Sender<Result<T, SqliteError>>,
    forgets: bool,
}

impl<T, F> Job for Work<T, F>
where
    T: Send,
    F: FnMut(&Transaction<'_>) -> Result<T, SqliteError> + Send,
{
    fn run(&mut self, transaction: &Transaction<'_>) -> Result<(), SqliteError> {
        self.value = Some((self.work)(transaction)?);
        Ok(())
    }

    fn forgets(&self) -> bool {
        self.forgets
    }

    fn answer(self: Box<Self>, committed: Result<(), SqliteError>) {
        let Self { value, answer, .. } = *self;
        // Nobody waits any more where the future was dropped.
        let _ = answer.send(committed.and_then(|()| value.ok_or(SqliteError::Stopped)));
    }
}

fn run(mut connection: Connection, waiting: &Receiver<Box<dyn Job>>) {
    while let Ok(first) = waiting.recv() {
        let mut jobs: Vec<_> =
            core::iter::once(first).chain(waiting.try_iter().take(MAX_BATCH - 1)).collect();
        match commit(&mut connection, &mut jobs) {
            Err(_) if jobs.len() > 1 => {
                for job in jobs {
                    let mut alone = [job];
                    let committed = commit(&mut connection, &mut alone);
                    answer(&connection, alone, committed);
                }
            }
            committed => answer(&connection, jobs, committed),
        }
    }
}

fn answer(
    connection: &Connection,
    jobs: impl IntoIterator<Item = Box<dyn Job>>,
    committed: Result<(), SqliteError>,
) {
    for job in jobs {
        let forgets = job.forgets() && committed.is_ok();
        let forgotten = if forgets { scrub(connection) } else { Ok(()) };
        job.answer(committed.and(forgotten));
    }
}

/// Writes the file anew, and empties the log.
///
/// Deleted rows are overwritten where they stood. But rows that made room for others were moved,
/// and SQLite leaves what it moved within a page until the page is written anew.
fn scrub(connection: &Connection) -> Result<(), SqliteError> {
    connection.execute_batch("VACUUM")?;
    let mut busy = false;
    connection.pragma(None, "wal_checkpoint", "TRUNCATE", |row| {
        busy = row.get(0)?;
        Ok(())
    })?;
    if busy { Err(SqliteError::Busy) } else { Ok(()) }
}

/// All jobs in one transaction, which is rolled back if one of them fails.
fn commit(connection: &mut Connection, jobs: &mut [Box<dyn Job>]) -> Result<(), SqliteError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for job in jobs {
        job.run(&transaction)?;
    }
    Ok(transaction.commit()?)
}
