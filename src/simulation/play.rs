//! One seed from its first event to its last: who runs, who waits, who crashes.

mod wait;

use alloc::{boxed::Box, collections::BTreeMap, vec::Vec};
use core::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, Waker},
};

use super::{
    cast::{ACCOUNTS, CONTACTS, Cast},
    clock::{HOUR, MINUTE, SECOND},
    end::{End, dispatched, handled, sent, settings},
    event::{self, Given, What},
    fault::{Fault, Rates},
    host::{Host, Machine},
    provider::Provider,
    storage::FaultyStorage,
    world::{Here, Permit, Standing, World},
};
use crate::{
    consent::{event::Event, policy::Policy},
    storage::Storage,
};

/// Tasks that stand at the same time, at most.
const TASKS: usize = 12;

/// How tasks stand before any ran.
pub(super) fn standings() -> Vec<Standing> {
    (0..TASKS).map(|_| Standing::default()).collect()
}

struct Task<'w> {
    future: Pin<Box<dyn Future<Output = End> + 'w>>,
    machine: usize,
    given: Option<Given>,
}

/// How the machines of a seed are set up.
#[derive(Debug)]
pub(super) struct Plan {
    /// Which machines leave texts to the dispatcher.
    pub(super) deferred: Vec<bool>,
    pub(super) contacts: Vec<usize>,
    /// How much happens.
    pub(super) events: usize,
    /// How often all tasks end before time goes on for long, of a thousand times.
    pub(super) calm: u16,
}

pub(super) struct Play<'w, S, H> {
    world: &'w World<S>,
    host: &'w H,
    cast: &'w Cast,
    plan: Plan,
    tasks: Vec<Option<Task<'w>>>,
    /// What is to be given to a machine, by time and order.
    due: BTreeMap<(i64, u64), Given>,
    order: u64,
    faultless: bool,
}

impl<'w, S: Storage, H: Host> Play<'w, S, H> {
    pub(super) fn new(world: &'w World<S>, host: &'w H, cast: &'w Cast, plan: Plan) -> Self {
        let tasks = (0..TASKS).map(|_| None).collect();
        Self { world, host, cast, plan, tasks, due: BTreeMap::new(), order: 0, faultless: false }
    }

    /// The seed with its faults.
    pub(super) fn with_faults(&mut self) {
        self.set_up();
        while self.plan.events > 0 && !self.is_broken() {
            self.give_what_is_due();
            let busy = self.tasks.iter().any(Option::is_some);
            let draw = self.world.state().chance.below(100);
            match draw {
                0..=79 if busy => {
                    if !self.run_any() {
                        self.wait();
                    }
                }
                0..=89 => match draw % 10 {
                    0..=4 => self.happen(),
                    5 | 6 => self.dispatch(),
                    _ => self.wait(),
                },
                90..=95 => self.wait(),
                _ => self.strike(),
            }
        }
    }

    /// Most accounts have settings of their own.
    fn set_up(&mut self) {
        for account in 0..ACCOUNTS {
            let mut state = self.world.state();
            let now = state.clocks.now();
            if !state.chance.one_in(4) {
                let policies = self.cast.policies.len();
                let given = event::settings(&mut state.chance, account * CONTACTS, policies);
                drop(state);
                self.give_at(now, given);
            }
        }
    }

    /// The same without faults, until all that was given is done, and nothing is queued.
    pub(super) fn without_faults(&mut self) {
        {
            let mut state = self.world.state();
            state.rates = Rates::none();
            state.clocks.mend();
            (state.down_until, state.storm) = (0, 0);
            for task in &mut state.tasks {
                task.asleep_until = 0;
            }
        }
        self.faultless = true;
        self.run_all();
        while let Some(((at, _), _)) = self.due.first_key_value().map(|(k, v)| (*k, v)) {
            if self.is_broken() {
                return;
            }
            let mut state = self.world.state();
            let by = at - state.clocks.now();
            state.clocks.advance(by);
            drop(state);
            self.give_what_is_due();
            self.run_all();
        }
        for wait in [0, 90 * SECOND, HOUR + MINUTE, 14 * HOUR] {
            self.world.state().clocks.advance(wait);
            for machine in 0..self.plan.deferred.len() {
                self.spawn(machine, None, Some(10_000));
                self.run_all();
            }
        }
    }

    fn is_broken(&self) -> bool {
        self.world.state().trace.broken.is_some()
    }

    /// Something new happens, and is given now, later, twice, or never.
    fn happen(&mut self) {
        self.plan.events -= 1;
        let mut state = self.world.state();
        let contacts = &self.plan.contacts;
        // A few contacts have much to say, who waited for a moment takes it, and much happens to
        // those whom a machine is about just now.
        let few = if state.chance.one_in(2) { contacts.len().min(2) } else { contacts.len() };
        let any = contacts[state.chance.below(few)];
        let turn = state.moments.turn.take().filter(|_| !state.chance.one_in(4));
        let slot = state.chance.below(3 * TASKS);
        let task = self.tasks.get(slot).and_then(Option::as_ref);
        let busy = task.and_then(|task| task.given.as_ref()).map(|given| given.contact);
        let contact = turn.or(busy.filter(|busy| contacts.contains(busy))).unwrap_or(any);
        let given = event::draw(&mut state, contact);
        let now = state.clocks.now();
        let mut times = Vec::new();
        if state.strikes(Fault::Dropped) {
            drop(state);
            return;
        }
        if state.strikes(Fault::Reordered) {
            times.push(now + late(&mut state.chance));
        } else {
            times.push(now);
        }
        while times.len() < 4 && state.strikes(Fault::Duplicated) {
            let later = if state.chance.one_in(2) { 0 } else { late(&mut state.chance) };
            times.push(now + later);
        }
        drop(state);
        for at in times {
            // Without a request's id a message that is given twice is two messages.
            self.give_at(at, given.clone());
        }
    }

    fn give_at(&mut self, at: i64, given: Given) {
        self.order += 1;
        self.due.insert((at, self.order), given);
    }

    fn give_what_is_due(&mut self) {
        while self.has_room() {
            let now = self.world.state().clocks.now();
            let Some(entry) = self.due.first_entry().filter(|entry| entry.key().0 <= now) else {
                return;
            };
            let given = entry.remove();
            let machine = self.any_machine();
            self.spawn(machine, Some(given), None);
        }
    }

    fn has_room(&self) -> bool {
        self.tasks.iter().any(Option::is_none)
    }

    fn any_machine(&self) -> usize {
        self.world.state().chance.below(self.plan.deferred.len())
    }

    fn dispatch(&mut self) {
        if self.has_room() {
            let machine = self.any_machine();
            let limit = self.world.state().chance.pick(&[1, 2, 5, 20]);
            self.spawn(machine, None, Some(limit));
        }
    }

    /// Begins a task, where there is room for one.
    fn spawn(&mut self, machine: usize, given: Option<Given>, limit: Option<usize>) {
        let Some(slot) = self.tasks.iter().position(Option::is_none) else { return };
        self.world.state().tasks[slot] = Standing::default();
        let here = Here { world: self.world, machine, task: slot };
        let machine = Machine {
            storage: FaultyStorage(here),
            outbox: Provider(here),
            clock: move || here.now(),
            deferred: self.plan.deferred[machine],
        };
        let (host, cast) = (self.host, self.cast);
        let future: Pin<Box<dyn Future<Output = End> + 'w>> = match given.clone() {
            None => {
                let limit = limit.unwrap_or(1);
                Box::pin(async move { dispatched(host.dispatch(machine, limit).await) })
            }
            Some(Given { contact, what: What::Event(event), .. }) => {
                self.note_given(contact, &event);
                let contact = cast.contact(contact);
                Box::pin(async move { handled(host.handle(machine, contact, event).await) })
            }
            Some(Given { contact, what: What::Message(message), .. }) => {
                let mut state = self.world.state();
                state.seen.given += 1;
                state.tasks[slot].permit = Permit::Asked;
                let contact = cast.contact(contact);
                Box::pin(async move { sent(host.send(machine, contact, message).await) })
            }
            Some(Given { contact, what: What::Settings { policy, actor }, .. }) => {
                let account = &cast.accounts[contact / CONTACTS];
                let (policy, actor) = (&cast.policies[policy], &cast.actors[actor]);
                Box::pin(async move {
                    let edit = |_: &Policy| Ok::<_, core::convert::Infallible>((**policy).clone());
                    settings(machine.engine().change_policy(account, actor, edit).await)
                })
            }
        };
        self.tasks[slot] = Some(Task { future, machine: here.machine, given });
    }

    fn note_given(&self, contact: usize, event: &Event<'_>) {
        let mut state = self.world.state();
        state.seen.given += 1;
        if let Event::Texted(text) = event
            && let Some(index) = self.cast.text_index(&text.inbox, &text.id)
        {
            state.trace.books[contact / CONTACTS].texts[index].given = true;
        }
    }

    /// Runs a task to its next await, if one may run.
    fn run_any(&mut self) -> bool {
        let mut state = self.world.state();
        let now = state.clocks.now();
        let first = state.chance.below(TASKS);
        let awake =
            |slot: &usize| self.tasks[*slot].is_some() && state.tasks[*slot].asleep_until <= now;
        let Some(slot) = (first..TASKS).chain(0..first).find(awake) else {
            return false;
        };
        drop(state);
        self.run(slot);
        true
    }

    fn run(&mut self, slot: usize) {
        let Some(task) = &mut self.tasks[slot] else { return };
        let polled = task.future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        let mut state = self.world.state();
        let now = state.clocks.now();
        state.seen.note(slot as u64 ^ (now as u64) << 8);
        match polled {
            Poll::Pending => {
                state.seen.awaits += 1;
                let crashes = state.strikes_seldom(Fault::Crashed);
                drop(state);
                if crashes {
                    self.crash(slot);
                }
            }
            Poll::Ready(end) => {
                drop(state);
                let task = self.tasks[slot].take();
                self.ended(slot, task.and_then(|task| task.given), end);
            }
        }
    }

    /// Runs all tasks to their end, time going on where all wait.
    fn run_all(&mut self) {
        while self.tasks.iter().any(Option::is_some) {
            if !self.run_any() {
                let mut state = self.world.state();
                let standing = (0..TASKS).filter(|slot| self.tasks[*slot].is_some());
                let next = standing.map(|slot| state.tasks[slot].asleep_until).min();
                let by = next.unwrap_or(0) - state.clocks.now();
                state.clocks.advance(by);
            }
        }
    }

    /// The task is no more; whoever gave it something gives it again.
    fn crash(&mut self, slot: usize) {
        let Some(task) = self.tasks[slot].take() else { return };
        let mut state = self.world.state();
        let now = state.clocks.now();
        if let Some(index) = state.tasks[slot].handing.take() {
            state.trace.handed[index].dropped = Some(now);
        }
        drop(state);
        drop(task.future);
        self.again(task.given);
    }

    fn again(&mut self, given: Option<Given>) {
        let Some(given) = given else { return };
        let repeats = match &given.what {
            What::Event(Event::MessageRequested(message)) | What::Message(message) => {
                message.request.is_some()
            }
            What::Event(_) | What::Settings { .. } => true,
        };
        if let (true, Some(again)) = (repeats, given.again.checked_sub(1)) {
            let mut state = self.world.state();
            let after = state.chance.pick(&[
                0,
                1,
                SECOND,
                10 * SECOND,
                MINUTE,
                6 * MINUTE,
                HOUR,
                13 * HOUR,
            ]);
            let at = state.clocks.now() + after;
            drop(state);
            self.give_at(at, Given { again, ..given });
        }
    }

    fn ended(&mut self, slot: usize, given: Option<Given>, end: End) {
        match end {
            End::Handled(outcome) => {
                let mut state = self.world.state();
                let named = core::mem::take(&mut state.tasks[slot].in_flight);
                if outcome.in_flight != named {
                    state.trace.breaks("opt_out", "an outcome names others than were in flight");
                }
                if let Some(Given { contact, what: What::Event(Event::Texted(text)), .. }) = &given
                {
                    state.trace.answered(*contact, text, outcome);
                }
            }
            End::Refused => {
                if let Some(Given { contact, what, .. }) = &given
                    && !matches!(what, What::Settings { .. })
                {
                    self.world.state().trace.lives[*contact].refusals += 1;
                }
            }
            End::Nothing => {}
            End::Failed | End::Contended if self.faultless => {
                self.world.state().trace.breaks("errors", "an error without a fault");
            }
            End::Failed | End::Contended => self.again(given),
            End::Unexpected(words) => self.world.state().trace.breaks("errors", words),
        }
    }
}

fn late(chance: &mut super::chance::Chance) -> i64 {
    match chance.below(4) {
        0 => chance.within(0, 10 * SECOND),
        1 => chance.within(0, HOUR),
        2 => chance.within(0, 14 * HOUR),
        _ => chance.within(0, 72 * HOUR),
    }
}
