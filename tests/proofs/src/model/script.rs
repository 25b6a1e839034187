//! A machine's storage and outbox that answer from what was written down, up to a first new call.

use std::{
    fmt,
    future::{Future, poll_fn},
    sync::{Mutex, MutexGuard},
    task::Poll,
};

use chrono::{DateTime, Utc};
use optin::{
    AccountId, Contact, Handover, Outbox, Outgoing, Record, Storage,
    storage::{Claim, Commit, Committed, CurrentPolicy, PolicyChange, PolicyCommitted, Snapshot},
};

/// What a machine asks of its storage or its outbox.
#[derive(Clone, Debug)]
pub(super) enum Call {
    Load,
    Policy,
    Commit(Box<Commit>),
    Claim { now: DateTime<Utc>, until: DateTime<Utc>, limit: usize },
    Send(Outgoing),
}

/// What it was answered.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Answer {
    Loaded {
        policy: u8,
        record: Option<Record>,
        text_unfinished: bool,
    },
    Policy {
        policy: u8,
    },
    Committed(Committed),
    Claimed(Vec<Claim>),
    Sent(Handover),
    /// The storage failed: nothing is known.
    Lost,
}

/// What a machine did between two answers: when it looked at its clock, if it did, and what it was
/// answered then.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Segment {
    pub(super) read: Option<DateTime<Utc>>,
    pub(super) answer: Answer,
}

/// The storage failed; whether it did what it was asked is not known.
#[derive(Clone, Copy, Debug)]
pub struct StorageLost;

impl fmt::Display for StorageLost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the storage was lost")
    }
}

impl std::error::Error for StorageLost {}

/// One task's view: its past, then the present.
pub(super) struct Script<'a> {
    past: &'a [Segment],
    policies: &'a [CurrentPolicy],
    now: DateTime<Utc>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    given: usize,
    /// Whether the clock was read since the last answer of the past.
    read: bool,
    /// Whether it was read since the fresh answer.
    read_again: bool,
    call: Option<Call>,
    fresh: Option<Answer>,
}

impl<'a> Script<'a> {
    pub(super) fn new(
        past: &'a [Segment],
        policies: &'a [CurrentPolicy],
        now: DateTime<Utc>,
    ) -> Self {
        Self { past, policies, now, state: Mutex::default() }
    }

    pub(super) fn time(&self) -> DateTime<Utc> {
        let mut state = self.state();
        match self.past.get(state.given) {
            Some(segment) => segment.read.expect("a task does the same again"),
            None => {
                if state.given == self.past.len() {
                    state.read = true;
                } else {
                    state.read_again = true;
                }
                self.now
            }
        }
    }

    /// The first call that the past does not answer.
    pub(super) fn call(&self) -> Option<Call> {
        self.state().call.take()
    }

    /// When the clock was read before that call, if it was.
    pub(super) fn read(&self) -> Option<DateTime<Utc>> {
        self.state().read.then_some(self.now)
    }

    /// Whether it was read after its answer.
    pub(super) fn was_read_again(&self) -> bool {
        self.state().read_again
    }

    /// Answers that call.
    pub(super) fn answer(&self, answer: Answer) {
        self.state().fresh = Some(answer);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while it is locked")
    }

    fn ask(&self, call: Call) -> impl Future<Output = Answer> + Send + use<'_, 'a> {
        let mut call = Some(call);
        poll_fn(move |_| {
            let mut state = self.state();
            if let Some(segment) = self.past.get(state.given) {
                state.given += 1;
                return Poll::Ready(segment.answer.clone());
            }
            if let Some(answer) = state.fresh.take() {
                state.given += 1;
                return Poll::Ready(answer);
            }
            if let Some(call) = call.take() {
                state.call = Some(call);
            }
            Poll::Pending
        })
    }

    fn current(&self, policy: u8) -> CurrentPolicy {
        self.policies[usize::from(policy)].clone()
    }
}

impl Storage for Script<'_> {
    type Error = StorageLost;

    async fn load(&self, _: &Contact) -> Result<Snapshot, StorageLost> {
        match self.ask(Call::Load).await {
            Answer::Loaded { policy, record, text_unfinished } => Ok(Snapshot {
                current: self.current(policy),
                record,
                text_unfinished,
                suppressed: false,
            }),
            other => unlike(&other),
        }
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, StorageLost> {
        match self.ask(Call::Commit(Box::new(commit))).await {
            Answer::Committed(committed) => Ok(committed),
            other => unlike(&other),
        }
    }

    async fn claim(
        &self,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
        limit: usize,
    ) -> Result<Vec<Claim>, StorageLost> {
        match self.ask(Call::Claim { now, until, limit }).await {
            Answer::Claimed(claims) => Ok(claims),
            other => unlike(&other),
        }
    }

    async fn policy(&self, _: &AccountId) -> Result<CurrentPolicy, StorageLost> {
        match self.ask(Call::Policy).await {
            Answer::Policy { policy } => Ok(self.current(policy)),
            other => unlike(&other),
        }
    }

    async fn set_policy(&self, _: PolicyChange) -> Result<PolicyCommitted, StorageLost> {
        panic!("no machine of the model changes settings")
    }
}

impl Outbox for Script<'_> {
    async fn send(&self, outgoing: &Outgoing) -> Handover {
        match self.ask(Call::Send(outgoing.clone())).await {
            Answer::Sent(handover) => handover,
            other => panic!("a task did not do the same again: {other:?}"),
        }
    }
}

fn unlike<T>(answer: &Answer) -> Result<T, StorageLost> {
    match answer {
        Answer::Lost => Err(StorageLost),
        Answer::Loaded { .. }
        | Answer::Policy { .. }
        | Answer::Committed(_)
        | Answer::Claimed(_)
        | Answer::Sent(_) => panic!("a task did not do the same again: {answer:?}"),
    }
}
