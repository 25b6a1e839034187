//! Runs a history through two engines over one storage, and writes down what is seen of it.
#![allow(dead_code, reason = "each test takes its own part")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::{
    collections::BTreeSet,
    pin::Pin,
    sync::{Arc, Mutex},
};

use chrono::{DateTime, TimeDelta, Utc};
use optin::{
    Archive, Contact, Dispatcher, Engine, Entry, Event, HandleError, Handover, Outbox, Outcome,
    Outgoing, OutgoingId, Policy, Record, Refusal, Revision, Storage, store::MemoryStorage,
    strategies::Step,
};

use super::support::{Clock, START, account, contact, now_or_never, owner, poll_once, wait_once};

const LEASE: TimeDelta = TimeDelta::seconds(30);

/// A hand-over as the outbox saw it.
#[derive(Clone, Debug)]
pub(crate) struct Handed {
    pub(crate) outgoing: Outgoing,
    pub(crate) begun: DateTime<Utc>,
    /// When and how it ended, if it did.
    pub(crate) end: Option<(DateTime<Utc>, Handover)>,
    pub(crate) lease_end: DateTime<Utc>,
    /// The contact's record when it began.
    pub(crate) record: Record,
    /// The contact's revision when it was claimed at the earliest, where others acted since.
    pub(crate) claimed_since: Option<Revision>,
}

impl Handed {
    pub(crate) fn may_be_sent(&self) -> bool {
        !matches!(self.end, Some((_, Handover::NotSent { .. } | Handover::Blocked { .. })))
    }
}

/// An event as the host saw it.
pub(crate) struct Taken {
    pub(crate) event: Event<'static>,
    pub(crate) before: Option<Record>,
    pub(crate) after: Option<Record>,
    pub(crate) double_opt_in: bool,
    pub(crate) outcome: Option<Result<Outcome, Refusal>>,
    pub(crate) handed_over: usize,
}

pub(crate) struct Trace {
    pub(crate) storage: Arc<MemoryStorage>,
    pub(crate) policies: Vec<Policy>,
    pub(crate) handed: Vec<Handed>,
    pub(crate) taken: Vec<Taken>,
    /// What outcomes named as being handed over.
    pub(crate) in_flight: BTreeSet<OutgoingId>,
}

impl Trace {
    pub(crate) fn entries(&self, of: &Contact) -> Vec<Entry> {
        now_or_never(self.storage.history(of, 0, usize::MAX)).unwrap()
    }
}

struct Recorder {
    storage: Arc<MemoryStorage>,
    clock: Clock,
    state: Mutex<Recorded>,
}

struct Recorded {
    answer: (Handover, TimeDelta, bool),
    handed: Vec<Handed>,
    /// Of the future that runs: when it began, the revisions then, whether it was resumed.
    began: Began,
    resumed: bool,
}

type Began = (DateTime<Utc>, [Revision; 2]);

impl Outbox for Recorder {
    async fn send(&self, outgoing: &Outgoing) -> Handover {
        let (index, (answer, takes, slow)) = {
            let record = record_of(&self.storage, &outgoing.id.contact).unwrap();
            let mut state = self.state.lock().unwrap();
            let revisions = state.began.1;
            let index = state.handed.len();
            let claimed_since =
                state.resumed.then(|| revisions[usize::from(outgoing.id.contact == contact(1))]);
            let handed = Handed {
                outgoing: outgoing.clone(),
                begun: self.clock.now(),
                end: None,
                lease_end: state.began.0.checked_add_signed(LEASE).unwrap_or(START),
                record,
                claimed_since,
            };
            state.handed.push(handed);
            (index, state.answer.clone())
        };
        if slow {
            wait_once().await;
        }
        self.clock.advance(takes);
        self.state.lock().unwrap().handed[index].end = Some((self.clock.now(), answer.clone()));
        answer
    }
}

fn record_of(storage: &MemoryStorage, of: &Contact) -> Option<Record> {
    now_or_never(storage.load(of)).unwrap().record
}

type Handled = Option<Result<Outcome, Refusal>>;
type Running<'a> = Pin<Box<dyn Future<Output = Handled> + 'a>>;

/// Runs a history from its start.
pub(crate) fn run(steps: &[Step]) -> Trace {
    let storage = Arc::new(MemoryStorage::new());
    let clock = Clock::at(START);
    let accepted = Handover::Accepted { provider_id: None };
    let recorder = Arc::new(Recorder {
        storage: storage.clone(),
        clock: clock.clone(),
        state: Mutex::new(Recorded {
            answer: (accepted, TimeDelta::zero(), false),
            handed: Vec::new(),
            began: (START, [Revision::default(); 2]),
            resumed: false,
        }),
    });
    let inline = Engine::new(storage.clone(), recorder.clone(), clock.reader());
    let deferred = Engine::new(storage.clone(), recorder.clone(), clock.reader()).deferred();
    let mut waiting: Vec<(Began, Running<'_>)> = Vec::new();
    let mut trace = Trace {
        storage: storage.clone(),
        policies: vec![Policy::default()],
        handed: Vec::new(),
        taken: Vec::new(),
        in_flight: BTreeSet::new(),
    };
    let revision = |n| record_of(&storage, &contact(n)).map_or(Revision::default(), |r| r.revision);
    for step in steps {
        let began = (clock.now(), [revision(0), revision(1)]);
        let mut future: Running<'_> = match step.clone() {
            Step::Wait(by) => {
                clock.advance(by);
                continue;
            }
            Step::SetClock(time) => {
                clock.set(time);
                continue;
            }
            Step::Answer { handover, takes, slow } => {
                recorder.state.lock().unwrap().answer = (handover, takes, slow);
                continue;
            }
            Step::ChangeSettings(policy) => {
                let edit = |_: &Policy| Ok::<_, Refusal>((*policy).clone());
                now_or_never(inline.change_policy(&account(), &owner(), edit)).unwrap();
                trace.policies.push(*policy);
                continue;
            }
            Step::Drop => {
                waiting.pop();
                continue;
            }
            Step::Resume if waiting.is_empty() => continue,
            Step::Resume => {
                let (began, mut future) = waiting.remove(0);
                resume(&recorder, began, true);
                match poll_once(future.as_mut()) {
                    Some(handled) => note(&mut trace, handled.as_ref()),
                    None => waiting.push((began, future)),
                }
                continue;
            }
            Step::Happen { who, event, sent_ago, deferred: defer } => {
                let event = at(event, sent_ago, clock.now());
                let engine = if defer { &deferred } else { &inline };
                let whom = contact(who);
                let before = record_of(&storage, &whom);
                let handed = recorder.state.lock().unwrap().handed.len();
                let current = now_or_never(inline.policy(&account())).unwrap();
                let given = event.clone();
                let mut future: Running<'_> =
                    Box::pin(async move { Some(known(engine.handle(&contact(who), given).await)) });
                resume(&recorder, began, false);
                let handled = poll_once(future.as_mut());
                note(&mut trace, handled.as_ref().and_then(Option::as_ref));
                trace.taken.push(Taken {
                    event,
                    before,
                    after: record_of(&storage, &whom),
                    double_opt_in: current.policy.double_opt_in(),
                    outcome: handled.clone().flatten(),
                    handed_over: recorder.state.lock().unwrap().handed.len() - handed,
                });
                if handled.is_none() {
                    waiting.push((began, future));
                }
                continue;
            }
            Step::Dispatch => Box::pin(async {
                Dispatcher::new(&inline).run_once(10).await.unwrap();
                None
            }),
        };
        resume(&recorder, began, false);
        if poll_once(future.as_mut()).is_none() {
            waiting.push((began, future));
        }
    }
    drop(waiting);
    trace.handed = recorder.state.lock().unwrap().handed.clone();
    trace
}

fn resume(recorder: &Recorder, began: Began, resumed: bool) {
    let mut state = recorder.state.lock().unwrap();
    (state.began, state.resumed) = (began, resumed);
}

fn note(trace: &mut Trace, handled: Option<&Result<Outcome, Refusal>>) {
    if let Some(Ok(outcome)) = handled {
        trace.in_flight.extend(outcome.in_flight.iter().cloned());
    }
}

fn known<E: std::fmt::Debug>(result: Result<Outcome, HandleError<E>>) -> Result<Outcome, Refusal> {
    result.map_err(|error| match error {
        HandleError::Refused(refusal) => refusal,
        other => panic!("{other:?}"),
    })
}

/// The event with a text's `sent_at` so long before now.
fn at(event: Event<'static>, sent_ago: Option<TimeDelta>, now: DateTime<Utc>) -> Event<'static> {
    let sent_at = sent_ago.and_then(|ago| now.checked_sub_signed(ago));
    match (event, sent_at) {
        (Event::Texted(text), Some(sent_at)) => Event::Texted(text.with_sent_at(sent_at)),
        (event, _) => event,
    }
}
