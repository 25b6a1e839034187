//! One writer: takes texts in and messages contacts, and asks again until it is answered.

use std::{
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

use optin::{
    Dispatcher, Engine, Event, HandleError, Message, Outcome, Reason, SendError, blocking::block_on,
};

use crate::{
    conversation::{Course, contact, id, inbox, texted},
    outbox::Counting,
    storage::{Failure, Store, failure},
};

/// Between two events, so that four writers leave something of a small machine to PostgreSQL.
const PAUSE: Duration = Duration::from_millis(5);

/// Before an event that was not answered is delivered again.
const AGAIN: Duration = Duration::from_millis(100);

/// How long an old leader may show what was.
const SHOWN: Duration = Duration::from_secs(90);

/// A writer's engine.
pub(crate) type Writing<'a> = Engine<Store, &'a Counting, fn() -> chrono::DateTime<chrono::Utc>>;

/// An event that was answered.
#[derive(Clone, Debug)]
pub(crate) struct Answered {
    /// Which contact of the writer.
    pub(crate) index: u64,
    /// Which step of its course.
    pub(crate) step: usize,
    /// When it was first tried.
    pub(crate) began: Instant,
    /// When it was answered.
    pub(crate) at: Instant,
    /// Why, as the engine said.
    pub(crate) reason: Reason,
    /// What went wrong before, in that order.
    pub(crate) failures: Vec<Failed>,
}

/// A try that was not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Failed {
    pub(crate) failure: Failure,
    /// Whether its text had been handed over: what failed was the settlement.
    pub(crate) handed_over: bool,
}

/// What a writer did, and what went against the rules.
#[derive(Default)]
pub(crate) struct Log {
    pub(crate) answered: Vec<Answered>,
    pub(crate) wrong: Vec<String>,
}

/// Writes until it is told to stop, and ends the step that it is at.
pub(crate) fn write(writer: usize, engine: &Writing<'_>, stop: &AtomicBool) -> Log {
    let mut log = Log::default();
    for index in 0.. {
        match contact(writer, index) {
            Ok((_, course)) => take(writer, index, course, engine, stop, &mut log),
            Err(error) => log.wrong.push(error.to_string()),
        }
        if stop.load(Relaxed) {
            break;
        }
    }
    log
}

fn take(
    writer: usize,
    index: u64,
    course: Course,
    engine: &Writing<'_>,
    stop: &AtomicBool,
    log: &mut Log,
) {
    for (step, wanted) in course.iter().enumerate() {
        if stop.load(Relaxed) {
            return;
        }
        thread::sleep(PAUSE);
        let began = Instant::now();
        let mut failures = Vec::new();
        let outcome = loop {
            let taken = Counting::taken_here();
            match attempt(writer, index, step, engine) {
                Ok(outcome) => break Some(outcome),
                Err(Problem::Storage(Failure::Stale)) if began.elapsed() > SHOWN => {
                    log.wrong.push(format!("{writer}-{index}-{step}: its yes was lost"));
                    break None;
                }
                Err(Problem::Storage(failure)) => {
                    let handed_over = Counting::taken_here() > taken;
                    failures.push(Failed { failure, handed_over });
                    thread::sleep(AGAIN);
                }
                Err(Problem::Wrong(what)) => {
                    log.wrong.push(format!("{writer}-{index}-{step}: {what}"));
                    break None;
                }
            }
        };
        let Some(outcome) = outcome else { return };
        let told = (outcome.decision, outcome.reason);
        let repeated = outcome.reason == Reason::Duplicate && !failures.is_empty();
        if told != (wanted.decision, wanted.reason) && !repeated {
            log.wrong.push(format!("{writer}-{index}-{step}: {told:?} after {failures:?}"));
        }
        let reason = outcome.reason;
        let at = Instant::now();
        log.answered.push(Answered { index, step, began, at, reason, failures });
    }
}

enum Problem {
    Storage(Failure),
    Wrong(String),
}

/// The same event each time, as a provider delivers it again.
fn attempt(
    writer: usize,
    index: u64,
    step: usize,
    engine: &Writing<'_>,
) -> Result<Outcome, Problem> {
    let wrong = |error: Box<dyn std::error::Error>| Problem::Wrong(error.to_string());
    let (contact, course) = contact(writer, index).map_err(wrong)?;
    let id = id(writer, index, step).map_err(wrong)?;
    if let Some(body) = course[step].body {
        let event: Event<'_> = texted(body, id).map_err(wrong)?;
        return block_on(engine.handle(&contact, event)).map_err(problem);
    }
    let permit = block_on(engine.permit(&contact)).map_err(problem)?;
    // It has said yes, and was answered.
    let permit = permit.ok_or(Problem::Storage(Failure::Stale))?;
    let inbox = inbox().map_err(wrong)?;
    let message = Message::new(inbox, "Your table is ready").with_request(id);
    match block_on(engine.send(permit, message)) {
        Ok(outcome) => Ok(outcome),
        // A dispatcher settled an earlier text in between.
        Err(SendError::PermitEnded) => Err(Problem::Storage(Failure::PermitEnded)),
        Err(SendError::Handle(error)) => Err(problem(error)),
        Err(error) => Err(Problem::Wrong(error.to_string())),
    }
}

fn problem(error: HandleError<<Store as optin::Storage>::Error>) -> Problem {
    match error {
        HandleError::Storage(error) => Problem::Storage(failure(&error)),
        HandleError::Contended => Problem::Storage(Failure::Contended),
        error => Problem::Wrong(error.to_string()),
    }
}

/// Hands over what the writer left, until it is told to stop.
pub(crate) fn dispatch(engine: &Writing<'_>, stop: &AtomicBool) {
    let dispatcher = Dispatcher::new(engine);
    while !stop.load(Relaxed) {
        if !block_on(dispatcher.run_once(100)).is_ok_and(|round| round.claimed > 0) {
            thread::sleep(Duration::from_millis(250));
        }
    }
}
