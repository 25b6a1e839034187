//! Lines in, answers out: an engine whose clock and outbox are what the lines say (RULES 7).

use std::{
    io::{self, BufRead, BufReader, BufWriter, Read, Write},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
};

use chrono::{DateTime, Utc};
use optin::{
    AccountId, Actor, ChangePolicyError, Contact, Content, Dispatcher, Engine, Event, HandleError,
    Handover, Outbox, Outgoing, Storage, blocking::block_on,
};

use super::{
    line::{Does, Line, LineError, OutboxResult},
    output::{self, Answer},
    settings::merged,
};

/// A longer line is no line: what is read must not grow with the input.
const MAX_LINE: u64 = 16 << 20;
const ROUND: usize = 100;

/// The host's clock and outbox: the line's time, and what the line said of the outbox.
struct World {
    now: AtomicI64,
    result: Mutex<OutboxResult>,
    left: Mutex<Vec<Outgoing>>,
}

struct ReplayOutbox(Arc<World>);

impl Outbox for ReplayOutbox {
    async fn send(&self, outgoing: &Outgoing) -> Handover {
        let result = *lock(&self.0.result);
        let result = match outgoing.content {
            Content::Text(_) => result,
            Content::Status(_) => OutboxResult::Accepted,
        };
        match result {
            OutboxResult::Accepted => {
                lock(&self.0.left).push(outgoing.clone());
                Handover::Accepted { provider_id: None }
            }
            OutboxResult::NotSent => Handover::NotSent { retry: false, code: None },
            OutboxResult::Unknown => Handover::Unknown,
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Replay<S, C> {
    engine: Engine<S, ReplayOutbox, C>,
    world: Arc<World>,
}

/// Applies each line of the input and answers it, over this storage.
///
/// What a storage that is `durable` holds is told at once.
pub(crate) fn replay<S: Storage>(
    storage: S,
    input: impl Read,
    output: impl Write,
    durable: bool,
) -> Result<(), Failed> {
    let world = Arc::new(World {
        now: AtomicI64::new(0),
        result: Mutex::new(OutboxResult::Accepted),
        left: Mutex::default(),
    });
    let clock = Arc::clone(&world);
    let now = move || {
        let millis = clock.now.load(Ordering::Relaxed);
        DateTime::from_timestamp_millis(millis).unwrap_or(DateTime::UNIX_EPOCH)
    };
    let engine = Engine::new(storage, ReplayOutbox(Arc::clone(&world)), now);
    let replay = Replay { engine, world };
    let mut input = BufReader::with_capacity(1 << 16, input);
    let mut output = BufWriter::with_capacity(1 << 16, output);
    let mut bytes = Vec::new();
    for number in 1_u64.. {
        let Some(read) = next_line(&mut input, &mut bytes)? else {
            break;
        };
        match read.and_then(Line::read) {
            Ok(line) => replay.apply(number, line, &mut output)?,
            Err(error) => output::error(&mut output, number, &error)?,
        }
        // What is stored is told at once; else as soon as no other line is there yet.
        if durable || !input.buffer().contains(&b'\n') {
            output.flush()?;
        }
    }
    Ok(output.flush()?)
}

/// The next line, without its end; an error for one that is too long, which is passed over.
fn next_line<'a>(
    input: &mut impl BufRead,
    bytes: &'a mut Vec<u8>,
) -> io::Result<Option<Result<&'a [u8], LineError>>> {
    bytes.clear();
    input.take(MAX_LINE).read_until(b'\n', bytes)?;
    if bytes.is_empty() {
        return Ok(None);
    }
    if let Some(line) = bytes.strip_suffix(b"\n") {
        return Ok(Some(Ok(line)));
    }
    if (bytes.len() as u64) < MAX_LINE {
        return Ok(Some(Ok(bytes)));
    }
    input.skip_until(b'\n')?;
    let message = format!("the line is longer than {MAX_LINE} bytes");
    Ok(Some(Err(LineError { code: "bad_line", message })))
}

pub(crate) type Failed = Box<dyn std::error::Error>;

impl<S, C> Replay<S, C>
where
    S: Storage,
    C: Fn() -> DateTime<Utc> + Send + Sync,
{
    fn apply(&self, number: u64, line: Line, to: &mut impl Write) -> Result<(), Failed> {
        self.world.now.store(line.at.timestamp_millis(), Ordering::Relaxed);
        match line.does {
            Does::Outbox(result) => {
                *lock(&self.world.result) = result;
                output::done(to, number, "outbox", &[])?;
            }
            Does::Tick => {
                let left = block_on(self.dispatch())?;
                output::done(to, number, "tick", &left)?;
            }
            Does::Settings { account, actor, patch } => {
                match self.settings(&account, &actor, &patch)? {
                    Ok(()) => output::done(to, number, "settings", &[])?,
                    Err(error) => output::error(to, number, &error)?,
                }
            }
            Does::Event { contact, event } => match self.event(&contact, event)? {
                Ok((answer, left)) => output::answer(to, number, &answer, &left)?,
                Err(error) => output::error(to, number, &error)?,
            },
        }
        Ok(())
    }

    fn event(
        &self,
        contact: &Contact,
        event: Event<'_>,
    ) -> Result<Result<(Answer, Vec<Outgoing>), LineError>, Failed> {
        let outcome = match block_on(self.engine.handle(contact, event)) {
            Ok(outcome) => outcome,
            Err(HandleError::Refused(refusal)) => {
                let (code, message) = (refusal.name(), refusal.to_string());
                return Ok(Err(LineError { code, message }));
            }
            Err(error) => return Err(error.into()),
        };
        let left = block_on(self.dispatch())?;
        let snapshot = block_on(self.engine.storage().load(contact))?;
        let policy = &snapshot.current.policy;
        let next_reminder_at = snapshot.record.and_then(|record| record.next_reminder_at(policy));
        let answer = Answer {
            decision: outcome.decision.name(),
            reason: outcome.reason.name(),
            state: snapshot.record.map(|record| record.state),
            next_reminder_at,
        };
        Ok(Ok((answer, left)))
    }

    fn settings(
        &self,
        account: &AccountId,
        actor: &Actor,
        patch: &serde_json::Map<String, serde_json::Value>,
    ) -> Result<Result<(), LineError>, Failed> {
        let edit = |policy: &optin::Policy| merged(policy, patch);
        let (code, message) = match block_on(self.engine.change_policy(account, actor, edit)) {
            Ok(_) => return Ok(Ok(())),
            Err(ChangePolicyError::Refused(refusal)) => (refusal.name(), refusal.to_string()),
            Err(ChangePolicyError::Invalid(invalid)) => ("bad_settings", invalid.to_string()),
            Err(ChangePolicyError::Storage(error)) => return Err(error.into()),
            Err(_) => return Err("the settings were changed by others too often".into()),
        };
        Ok(Err(LineError { code, message }))
    }

    /// Hands over what is due, and tells what left since the last call.
    async fn dispatch(&self) -> Result<Vec<Outgoing>, HandleError<S::Error>> {
        let dispatcher = Dispatcher::new(&self.engine);
        while dispatcher.run_once(ROUND).await?.claimed > 0 {}
        Ok(std::mem::take(&mut *lock(&self.world.left)))
    }
}
