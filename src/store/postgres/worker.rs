//! A worker: one connection, opened when it is needed and again when it is lost.

use core::time::Duration;
use std::{boxed::Box, rc::Rc, sync::Arc, vec::Vec};

use tokio::time::{Instant, sleep, timeout_at};

use super::{
    PostgresError, commit,
    failure::Failure,
    lanes::{Batch, Waiting},
    load, migrate,
    opener::Opens,
    queue::Queue,
    session::Session,
    work::Work,
};
use crate::store::prepared::Prepared;

/// How long to wait before the second try to connect; twice as long before each other.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// Tries of a batch whose rows others were at, before its jobs are tried one by one.
const TRIES_OF_BATCH: u32 = 2;
/// Tries of one job whose rows others were at.
const TRIES: u32 = 40;

pub(super) struct Worker {
    queue: Arc<Queue>,
    opens: Opens,
    session: Option<Rc<Session>>,
    has_schema: bool,
    /// How long a connection is waited for.
    patience: Duration,
    chance: u64,
}

impl Worker {
    pub(super) fn new(queue: Arc<Queue>, opens: Opens, patience: Duration, number: usize) -> Self {
        let chance = number as u64 + 1;
        Self { queue, opens, session: None, has_schema: false, patience, chance }
    }

    /// Works until the queue is closed.
    pub(super) async fn run(mut self) {
        while let Some(batch) = self.queue.next().await {
            let done = batch.done();
            match batch {
                Batch::Loads(jobs) => self.gathered(jobs, load::load).await,
                Batch::Commits(jobs) => {
                    let queue = self.queue.clone();
                    let commits = async |session: &Session, commits: &[&Prepared]| {
                        let verdicts = commit::commit(session, commits).await?;
                        queue.overtake(commits, &verdicts);
                        Ok(verdicts)
                    };
                    self.gathered(jobs, commits).await;
                }
                Batch::Work(work) => self.work(work).await,
            }
            self.queue.finish(done);
        }
    }

    /// Does jobs at once, and one by one where that fails for one of them.
    async fn gathered<I, O>(
        &mut self,
        jobs: Vec<Waiting<I, O>>,
        run: impl AsyncFn(&Session, &[&I]) -> Result<Vec<O>, Failure>,
    ) {
        let mut groups = std::vec![jobs];
        let mut was_split = false;
        while let Some(mut group) = groups.pop() {
            group.retain(|job| !job.answer.is_canceled());
            let Some(mut until) = group.iter().map(|job| job.until).min() else { continue };
            if was_split {
                // The others' time was not its own.
                until = until.max(Instant::now() + self.patience);
            }
            let alone = group.len() == 1;
            let tries = if alone { TRIES } else { TRIES_OF_BATCH };
            let attempts = Attempts { until, needs_schema: true, tries, alone };
            let inputs: Vec<_> = group.iter().map(|job| &job.input).collect();
            let done = self.attempts(&attempts, async |session| run(session, &inputs).await).await;
            drop(inputs);
            match done {
                Ok(outputs) => {
                    for (job, output) in group.into_iter().zip(outputs) {
                        // Nobody waits any more where the future was dropped.
                        let _ = job.answer.send(Ok(output));
                    }
                }
                Err(
                    Failure::TimedOut | Failure::Failed(_) | Failure::Contended | Failure::Taken,
                ) if !alone => {
                    was_split = true;
                    groups.extend(group.into_iter().rev().map(|job| std::vec![job]));
                }
                Err(failure) => {
                    for job in group {
                        let _ = job.answer.send(Err(told(&failure)));
                    }
                }
            }
        }
    }

    async fn work(&mut self, mut work: Box<dyn Work>) {
        if work.is_given_up() {
            return;
        }
        let (until, needs_schema) = (work.until(), work.needs_schema());
        let attempts = Attempts { until, needs_schema, tries: TRIES, alone: true };
        let done = self.attempts(&attempts, async |session| work.run(session).await).await;
        work.answer(done.map_err(|failure| told(&failure)));
    }

    /// Tries until it is done, cannot be done, or was tried often enough.
    async fn attempts<T>(
        &mut self,
        attempts: &Attempts,
        mut run: impl AsyncFnMut(&Session) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut tried = 0;
        loop {
            let session = self.session(attempts).await?;
            let failure = match run(&session).await {
                Ok(done) => return Ok(done),
                Err(failure) => failure,
            };
            if failure.ends_connection() || session.roll_back().await.is_err() {
                self.leave(&failure);
            }
            drop(session);
            tried += 1;
            match failure {
                Failure::Lost if Instant::now() < attempts.until => {}
                Failure::Contended if tried < attempts.tries => {}
                Failure::Taken if attempts.alone && tried < attempts.tries => {}
                Failure::Lost
                | Failure::NotKnown
                | Failure::TimedOut
                | Failure::Contended
                | Failure::Taken
                | Failure::Failed(_) => return Err(failure),
            }
            sleep(self.pause(tried)).await;
        }
    }

    /// The connection, opened where there is none, as often as there is time.
    async fn session(&mut self, attempts: &Attempts) -> Result<Rc<Session>, Failure> {
        let mut tried = 0;
        loop {
            let opened = timeout_at(attempts.until, self.opened(attempts.needs_schema)).await;
            let failure = match opened {
                Ok(Ok(session)) => return Ok(session),
                Ok(Err(failure)) => failure,
                Err(_) => Failure::Lost,
            };
            if !failure.ends_connection() {
                return Err(failure);
            }
            self.leave(&failure);
            if matches!(failure, Failure::TimedOut) {
                return Err(failure);
            }
            tried += 1;
            let pause = FIRST_PAUSE.saturating_mul(1 << tried.min(6)).min(LONGEST_PAUSE);
            let pause = pause.mul_f64(self.between(0.5, 1.0));
            if Instant::now() + pause > attempts.until {
                return Err(Failure::Lost);
            }
            sleep(pause).await;
        }
    }

    /// Ends the connection. Where a call timed out the other hosts are looked at first.
    fn leave(&mut self, failure: &Failure) {
        if let (Some(session), Failure::TimedOut) = (self.session.take(), failure) {
            session.place().avoid();
        }
    }

    /// The connection, opened where there is none, its schema known.
    async fn opened(&mut self, needs_schema: bool) -> Result<Rc<Session>, Failure> {
        let session = match self.session.take().filter(|session| !session.is_closed()) {
            Some(session) => session,
            None => {
                self.has_schema = false;
                Rc::new((self.opens)().await?)
            }
        };
        let session = self.session.insert(session).clone();
        if needs_schema && !self.has_schema {
            migrate::check(&session).await?;
            self.has_schema = true;
        }
        Ok(session)
    }

    /// How long to let others pass: longer each time, and never as long as theirs.
    fn pause(&mut self, tried: u32) -> Duration {
        let most = Duration::from_millis(1 << tried.min(6));
        most.mul_f64(self.between(0.0, 1.0))
    }

    /// Some number between these; it need not be unguessable (xorshift).
    fn between(&mut self, from: f64, to: f64) -> f64 {
        self.chance ^= self.chance << 13;
        self.chance ^= self.chance >> 7;
        self.chance ^= self.chance << 17;
        let share = (self.chance >> 11) as f64 / (1_u64 << 53) as f64;
        from + share * (to - from)
    }
}

/// How often and how long something is tried.
struct Attempts {
    /// Until when a connection is waited for.
    until: Instant,
    needs_schema: bool,
    /// Tries where others were at the same rows.
    tries: u32,
    /// Whether it is one job: then a key that was taken meanwhile will be seen.
    alone: bool,
}

/// What the caller is told in the end.
fn told(failure: &Failure) -> PostgresError {
    match failure {
        Failure::Lost => PostgresError::Unreachable,
        Failure::NotKnown => PostgresError::NotKnown,
        Failure::TimedOut => PostgresError::TimedOut,
        Failure::Contended | Failure::Taken => PostgresError::Contended,
        Failure::Failed(error) => error.clone(),
    }
}
