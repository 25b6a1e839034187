//! Plays a script: an engine over a storage, an outbox and a clock that the steps rule.

use std::{
    pin::pin,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use chrono::{DateTime, TimeDelta, Utc};
use optin::{
    AccountId, Actor, ActorId, Archive, Contact, Dispatcher, Engine, Entry, Event, HandleError,
    Handover, Message, Outbox, Outcome, Outgoing, Policy, Role, SendError, Storage,
    storage::{Claim, Commit, Committed, CurrentPolicy, PolicyChange, PolicyCommitted, Snapshot},
    store::MemoryStorage,
};

use super::{
    script::{Fault, POLICIES, Step, account, contact},
    shelf::Shelf,
    trace::{HandedOver, How, Seen, Trace},
};

const START: DateTime<Utc> = DateTime::from_timestamp(1_772_355_600, 0).expect("it is in range");

/// Tries of an event whose storage fails; scripts fail it once a fault.
const TRIES: usize = 3;

/// A storage whose ledger can be read.
pub(super) trait Kept: Storage {
    fn entries(&self, of: &Contact) -> Vec<Entry>;
}

impl Kept for MemoryStorage {
    fn entries(&self, of: &Contact) -> Vec<Entry> {
        ready(self.history(of, 0, usize::MAX)).and_then(Result::ok).unwrap_or_default()
    }
}

impl Kept for Shelf {
    fn entries(&self, of: &Contact) -> Vec<Entry> {
        self.history(of)
    }
}

pub(super) fn play<S: Kept>(storage: S, steps: &[Step]) -> Trace {
    let world = World { storage, state: Mutex::new(State::default()) };
    for n in 0..2 {
        world.take(&Step::Settings { account: n, policy: 0 });
    }
    steps.iter().for_each(|step| world.take(step));
    world.drain();
    let left = (0..3).map(|who| {
        let of = contact(who);
        let record = ready(world.storage.load(&of)).and_then(Result::ok);
        (record.and_then(|snapshot| snapshot.record), world.storage.entries(&of))
    });
    let left = left.collect();
    Trace { seen: std::mem::take(&mut world.state().seen), left }
}

struct World<S> {
    storage: S,
    state: Mutex<State>,
}

struct State {
    now: DateTime<Utc>,
    answer: (Handover, TimeDelta),
    fault: Option<(u8, Fault)>,
    seen: Vec<Seen>,
}

impl Default for State {
    fn default() -> Self {
        let accepted = Handover::Accepted { provider_id: None };
        Self { now: START, answer: (accepted, TimeDelta::zero()), fault: None, seen: Vec::new() }
    }
}

/// The output of a future that does not wait; nothing where it stopped at a fault.
fn ready<F: Future>(future: F) -> Option<F::Output> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

impl<S: Kept> World<S> {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn engine(&self) -> Engine<&Self, &Self, impl Fn() -> DateTime<Utc> + Send + Sync> {
        Engine::new(self, self, || self.state().now)
    }

    fn see(&self, seen: Seen) {
        self.state().seen.push(seen);
    }

    fn take(&self, step: &Step) {
        match step.clone() {
            Step::Wait(by) => self.state().now += by,
            Step::Answer(handover, takes) => self.state().answer = (handover, takes),
            Step::Fault(calls, fault) => self.state().fault = Some((calls, fault)),
            Step::Dispatch => drop(self.dispatch()),
            Step::Settings { account, policy } => self.settings(account, policy),
            Step::Happen { who, event, deferred } => {
                self.happen(who, &event, |event| {
                    let engine = self.engine();
                    let engine = if deferred { engine.deferred() } else { engine };
                    ready(engine.handle(&contact(who), event))
                });
            }
            Step::Send { who, message } => {
                let event = Event::MessageRequested(message.clone());
                self.happen(who, &event, |_| ready(self.send(who, message.clone())));
            }
        }
    }

    /// As hosts are told to: again with the same event when the storage failed.
    fn happen(
        &self,
        who: usize,
        event: &Event<'static>,
        handle: impl Fn(Event<'static>) -> Option<Result<Outcome, HandleError<Failed>>>,
    ) {
        for _ in 0..TRIES {
            let at = self.state().now;
            self.see(Seen::Began { at, who, event: event.clone() });
            let handled = handle(event.clone());
            let (again, how) = match handled {
                Some(Ok(outcome)) => (false, How::Decided(outcome)),
                Some(Err(HandleError::Refused(refusal))) => (false, How::Refused(refusal)),
                Some(Err(HandleError::Storage(Failed))) => (true, How::Unknown),
                Some(Err(other)) => panic!("{other:?}"),
                None => (false, How::Unknown),
            };
            self.see(Seen::Handled { at, who, event: event.clone(), how });
            if !again {
                return;
            }
        }
    }

    async fn send(
        &self,
        who: usize,
        message: Message<'static>,
    ) -> Result<Outcome, HandleError<Failed>> {
        let engine = self.engine();
        let Some(permit) = engine.permit(&contact(who)).await? else {
            return Err(HandleError::Refused(optin::Refusal::NotOptedIn));
        };
        match engine.send(permit, message).await {
            Ok(outcome) => Ok(outcome),
            Err(SendError::Handle(error)) => Err(error),
            Err(error) => panic!("nobody else acts: {error:?}"),
        }
    }

    fn settings(&self, of: usize, policy: usize) {
        let actor = Actor::new(ActorId::new("ana").expect("it is short"), Role::Owner);
        self.see(Seen::PolicyBegan { account: of, policy });
        let edit = |_: &Policy| Ok::<_, Failed>(POLICIES[policy].clone());
        if let Some(Ok(_)) = ready(self.engine().change_policy(&account(of), &actor, edit)) {
            self.see(Seen::PolicySet { account: of, policy });
        }
    }

    /// How many messages a round took; nothing where it failed or stopped.
    fn dispatch(&self) -> Option<usize> {
        let engine = self.engine();
        let round = ready(Dispatcher::new(&engine).run_once(20))?;
        round.ok().map(|round| round.claimed)
    }

    /// G17: once faults stop, everything is handed over or given up.
    fn drain(&self) {
        self.state().answer = State::default().answer;
        self.state().fault = None;
        for _ in 0..4 {
            self.state().now += TimeDelta::hours(2);
            while self.dispatch().expect("there are no faults") > 0 {}
        }
        let end = DateTime::<Utc>::MAX_UTC;
        let claims = ready(self.storage.claim(end, end, 1)).and_then(Result::ok);
        assert_eq!(claims, Some(Vec::new()), "something is left for ever");
    }

    /// A call, or what the script says becomes of it.
    async fn call<T>(&self, call: impl Future<Output = T> + Send) -> Result<T, Failed> {
        let fault = self.fault();
        match fault {
            Some(Fault::Fails { done: false }) => return Err(Failed),
            Some(Fault::Crashes { done: false }) => std::future::pending().await,
            Some(Fault::Fails { done: true } | Fault::Crashes { done: true }) | None => {}
        }
        let answer = call.await;
        match fault {
            Some(Fault::Fails { .. }) => Err(Failed),
            Some(Fault::Crashes { .. }) => std::future::pending().await,
            None => Ok(answer),
        }
    }

    fn fault(&self) -> Option<Fault> {
        let fault = &mut self.state().fault;
        match fault {
            Some((0, _)) => fault.take().map(|(_, fault)| fault),
            Some((calls, _)) => {
                *calls -= 1;
                None
            }
            None => None,
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Failed;

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the script says so")
    }
}

impl std::error::Error for Failed {}

impl<S: Kept> Storage for World<S> {
    type Error = Failed;

    async fn load(&self, contact: &Contact) -> Result<Snapshot, Failed> {
        self.call(self.storage.load(contact)).await?.map_err(|_| Failed)
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, Failed> {
        self.call(self.storage.commit(commit)).await?.map_err(|_| Failed)
    }

    async fn claim(
        &self,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
        limit: usize,
    ) -> Result<Vec<Claim>, Failed> {
        self.call(self.storage.claim(now, until, limit)).await?.map_err(|_| Failed)
    }

    async fn policy(&self, account: &AccountId) -> Result<CurrentPolicy, Failed> {
        self.call(self.storage.policy(account)).await?.map_err(|_| Failed)
    }

    async fn set_policy(&self, change: PolicyChange) -> Result<PolicyCommitted, Failed> {
        self.call(self.storage.set_policy(change)).await?.map_err(|_| Failed)
    }
}

impl<S: Kept> Outbox for World<S> {
    async fn send(&self, outgoing: &Outgoing) -> Handover {
        let contact = outgoing.id.contact.clone();
        let record = ready(self.storage.load(&contact)).and_then(Result::ok);
        let record = record.and_then(|snapshot| snapshot.record);
        let (begun, answer, takes) = {
            let state = self.state();
            (state.now, state.answer.0.clone(), state.answer.1)
        };
        let is_text = matches!(outgoing.content, optin::Content::Text(_));
        // A CRM that refuses for good is set aside for a person.
        let given_up =
            matches!(answer, Handover::Blocked { .. } | Handover::NotSent { retry: false, .. });
        let answer = if given_up && !is_text { State::default().answer.0 } else { answer };
        let mut handed_over =
            HandedOver { contact, outgoing: outgoing.clone(), begun, record, ended: None };
        if let Some(fault) = self.fault() {
            self.see(Seen::HandedOver(handed_over));
            if let Fault::Crashes { .. } = fault {
                std::future::pending::<()>().await;
            }
            return Handover::Unknown;
        }
        self.state().now += takes;
        handed_over.ended = Some((begun + takes, answer.clone()));
        self.see(Seen::HandedOver(handed_over));
        answer
    }
}
