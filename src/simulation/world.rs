//! What all machines of a seed share: the storage, the time, chance, and what is seen.

use alloc::vec::Vec;
use core::{
    future::{Future, poll_fn},
    mem::replace,
    pin::pin,
    task::{Context, Poll, Waker},
};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{
    chance::Chance,
    clock::{Clocks, date},
    event::Mood,
    fault::{Fault, Rates},
    moments::Moments,
    seen::Seen,
    trace::{Held, Trace},
};
use crate::{blocking::block_on, consent::outgoing::OutgoingId};
use chrono::{DateTime, Utc};

/// Where a task runs: the seed's world, its machine, its own number.
#[derive(Debug)]
pub(super) struct Here<'w, S> {
    pub(super) world: &'w World<S>,
    pub(super) machine: usize,
    pub(super) task: usize,
}

#[derive(Debug)]
pub(super) struct World<S> {
    pub(super) storage: S,
    state: Mutex<State>,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) chance: Chance,
    pub(super) clocks: Clocks,
    pub(super) rates: Rates,
    pub(super) trace: Trace,
    pub(super) seen: Seen,
    pub(super) tasks: Vec<Standing>,
    /// Until when the storage is down.
    pub(super) down_until: i64,
    /// How many commits from now on conflict.
    pub(super) storm: u32,
    pub(super) moments: Moments,
    pub(super) mood: Mood,
}

/// How a task stands.
#[derive(Debug, Default)]
pub(super) struct Standing {
    /// Not run before this.
    pub(super) asleep_until: i64,
    pub(super) held: Vec<Held>,
    /// What the outcome of its event must name.
    pub(super) in_flight: Vec<OutgoingId>,
    /// Of a message under a permit: how many steps the contact had when the permit was given.
    pub(super) permit: Permit,
    /// The hand-over that it is about.
    pub(super) handing: Option<usize>,
}

/// The permit of a task.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Permit {
    /// It needs none.
    #[default]
    NotNeeded,
    /// Its first read gives it.
    Asked,
    /// It was given when the contact had so many steps.
    Given(usize),
}

impl<S> World<S> {
    pub(super) fn new(storage: S, state: State) -> Self {
        Self { storage, state: Mutex::new(state) }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn into_state(self) -> State {
        self.state.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Whether this fault strikes now.
    pub(super) fn strikes(&mut self, fault: Fault) -> bool {
        let strikes = self.chance.in_a_thousand(self.rates.of(fault));
        if strikes {
            self.seen.struck(fault);
        }
        strikes
    }

    /// The same for what is asked at each await of a task.
    pub(super) fn strikes_seldom(&mut self, fault: Fault) -> bool {
        self.chance.one_in(4) && self.strikes(fault)
    }
}

impl<S> Clone for Here<'_, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for Here<'_, S> {}

impl<'w, S> Here<'w, S> {
    pub(super) fn state(&self) -> MutexGuard<'w, State> {
        self.world.state()
    }

    /// What its machine takes for the time.
    pub(super) fn now(&self) -> DateTime<Utc> {
        date(self.state().clocks.read(self.machine))
    }

    /// Is not run for so long, or ever again if it is dropped meanwhile.
    pub(super) fn sleep(&self, for_: i64) {
        let mut state = self.state();
        let until = state.clocks.now() + for_;
        state.tasks[self.task].asleep_until = until;
    }
}

/// Stands once: others may run, or the task may be dropped here.
pub(super) async fn stand() {
    let mut stood = false;
    poll_fn(|_| if replace(&mut stood, true) { Poll::Ready(()) } else { Poll::Pending }).await;
}

/// Runs what does not depend on other tasks to its end.
pub(super) fn at_once<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => block_on(future),
    }
}
