//! Machines over one storage, with faults drawn from a seed.
//!
//! A seed is a small world: one to four machines, up to fifty contacts of two accounts, a few days
//! to weeks of what they write, and everything that goes wrong: events that come twice, late,
//! in another order or never; tasks that are dropped at an await or paused past their lease;
//! machines that restart; a storage that fails, conflicts, or does not say what it did; clocks that
//! are set back and forward; a provider that is slow, late, or does not know. Then all faults
//! stop, and everything must drain. What was stored and what left is held against one invariant
//! after the other. The same seed does the same again.
//!
//! A host runs it over its own storage, and over its own way to wire a machine ([`Host`]):
//!
//! ```
//! use optin::{simulation::{Simulation, Violation}, store::MemoryStorage};
//!
//! // A test of your own, with your own storage: empty, and a new one for each seed.
//! fn my_storage_keeps_the_guarantees() -> Result<(), Violation> {
//!     let simulation = Simulation::new(MemoryStorage::new);
//!     for seed in 0..20 {
//!         simulation.run(seed)?;
//!     }
//!     Ok(())
//! }
//! # my_storage_keeps_the_guarantees()?;
//! # Ok::<(), Violation>(())
//! ```
//!
//! | invariant | guarantee |
//! |---|---|
//! | `cap` | G1: one confirmation and `reminders.max` reminders in a cycle |
//! | `spacing` | G2: prompts at least the interval apart, less what clocks differ by |
//! | `cause` | G3: each automated text names one text that came in |
//! | `consent` | G4: no message of staff or host without active consent |
//! | `opt_out` | G5: an opt-out takes back what is queued, and names what had been claimed |
//! | `heeded` | R4.2: who says STOP is opted out, whatever the state before |
//! | `explained` | G6: every `active` is explained by an entry |
//! | `permission` | G7: no change without the permission, each refusal on the ledger |
//! | `once` | G9, R6.2: no text acts twice, none leaves twice |
//! | `deadline` | R6.3: no text leaves after its deadline |
//! | `lease` | nothing leaves or is settled under a claim that is over |
//! | `order` | one message to a destination at a time, in the order of decisions |
//! | `due` | R4.8: what is due is not put off, to the millisecond |
//! | `row` | R6.2: three prompts in a row that were not sent keep the clock |
//! | `blocked` | R6.2: that the provider blocks a number is not taken for anything else |
//! | `restarts` | R4.11: who opted out comes back by a later text, and not too often |
//! | `help` | R4.3: help is answered at most every ten minutes |
//! | `fold` | G10: the ledger leads to the stored record |
//! | `apart` | G14: accounts never see each other |
//! | `told` | R6.5: each CRM is told what it must be told |
//! | `drains` | G17: once faults stop, everything drains |
//! | `errors` | no panic, and no error without a fault |
//!
//! Clocks differ by a bound that the seed draws, of none to forty seconds, unless
//! [`with_skew`](Simulation::with_skew) sets it. With
//! [unbounded skew](Simulation::unbounded_skew) `spacing` is held to each clock and to the ledger
//! alone, and neither `drains` nor that the last status arrives is asked for. Where clocks differ,
//! `opt_out` lets pass what a machine whose clock is behind hands over after another one saw its
//! lease end, called it unknown, and then took an opt-out: nobody could name it.
//!
//! Seeds mean another world whenever this module changes: it is outside semver.

mod aftermath;
mod cast;
mod chance;
mod clock;
mod end;
mod event;
mod fault;
mod host;
mod invariants;
mod moments;
mod play;
mod provider;
mod seen;
mod storage;
mod trace;
mod violation;
mod world;

use alloc::{boxed::Box, sync::Arc, vec::Vec};
use core::{fmt, panic::AssertUnwindSafe};
use std::panic::catch_unwind;

use chrono::TimeDelta;

use self::{
    aftermath::Aftermath,
    cast::{CONTACTS, Cast},
    chance::Chance,
    clock::{Clocks, Regime, whole_millis},
    event::Mood,
    fault::Rates,
    moments::Moments,
    play::{Plan, Play},
    trace::Trace,
    world::{State, World},
};
pub use self::{
    fault::Fault,
    host::{Host, Machine, Optin},
    seen::Seen,
    violation::Violation,
};
use crate::storage::Archive;

/// Seeds over the storages that `fresh` makes, run one by one.
///
/// It has no thread of its own: run seeds on as many as you like.
pub struct Simulation<'a, S, H = Optin> {
    fresh: Box<dyn Fn() -> S + Send + Sync + 'a>,
    host: H,
    regime: Regime,
    cast: Arc<Cast>,
}

impl<'a, S: Archive> Simulation<'a, S> {
    /// Simulations over storages of one kind: `fresh` makes an empty one for each seed.
    ///
    /// A storage that really waits, for a thread of its own say, is waited for within its call.
    pub fn new(fresh: impl Fn() -> S + Send + Sync + 'a) -> Self {
        let cast = Arc::new(Cast::new());
        Self { fresh: Box::new(fresh), host: Optin, regime: Regime::Drawn, cast }
    }
}

impl<'a, S: Archive, H: Host> Simulation<'a, S, H> {
    /// The same with machines that run through this host.
    #[must_use]
    pub fn with_host<Other: Host>(self, host: Other) -> Simulation<'a, S, Other> {
        let Self { fresh, regime, cast, .. } = self;
        Simulation { fresh, host, regime, cast }
    }

    /// The same with clocks that are at most this far apart; less than zero counts as zero.
    ///
    /// Default: a bound drawn from the seed, of none to some seconds.
    #[must_use]
    pub fn with_skew(self, bound: TimeDelta) -> Self {
        Self { regime: Regime::Bounded(whole_millis(bound)), ..self }
    }

    /// The same with clocks that show anything, and jump as far as time goes.
    #[must_use]
    pub fn unbounded_skew(self) -> Self {
        Self { regime: Regime::Unbounded, ..self }
    }

    /// Runs one seed, and says what it covered.
    ///
    /// # Errors
    /// [`Violation`]: the first invariant that does not hold. Its text repeats the seed.
    pub fn run(&self, seed: u64) -> Result<Seen, Violation> {
        let violation =
            |(invariant, words)| Violation { seed, invariant, words, regime: self.regime };
        match catch_unwind(AssertUnwindSafe(|| self.play(seed))) {
            Ok(seen) => seen.map_err(violation),
            Err(_) => Err(violation(("errors", "a panic"))),
        }
    }

    fn play(&self, seed: u64) -> Result<Seen, (&'static str, &'static str)> {
        let mut chance = Chance::new(seed);
        let plan = plan(&mut chance);
        let contacts = plan.contacts.clone();
        let clocks = Clocks::new(plan.deferred.len(), self.regime, &mut chance);
        let state = State {
            rates: Rates::draw(&mut chance),
            mood: chance.pick(&Mood::ALL),
            chance,
            trace: Trace::new(self.cast.clone(), clocks.bound()),
            clocks,
            seen: Seen::of_one_seed(),
            tasks: play::standings(),
            down_until: 0,
            storm: 0,
            moments: Moments::default(),
        };
        let world = World::new((self.fresh)(), state);
        let mut play = Play::new(&world, &self.host, &self.cast, plan);
        play.with_faults();
        play.without_faults();
        drop(play);
        let now = world.state().clocks.now();
        let after = Aftermath::read(&world.storage, &self.cast, &contacts, now);
        let mut state = world.into_state();
        state.trace.after = after.map_err(|_| ("errors", "the storage itself failed"))?;
        invariants::check(&state.trace)?;
        Ok(state.seen)
    }
}

fn plan(chance: &mut Chance) -> Plan {
    let machines = 1 + chance.below(4);
    let accounts = 1 + chance.below(2);
    let contacts = chance.pick(&[1, 1, 2, 2, 3, 5, 12, 50]);
    let contacts = (0..contacts).map(|index| index % accounts * CONTACTS + index / accounts);
    Plan {
        contacts: contacts.collect(),
        deferred: (0..machines).map(|_| chance.one_in(3)).collect::<Vec<_>>(),
        events: chance.pick(&[40, 100, 200, 400]),
        calm: chance.pick(&[0, 500, 900, 1_000]),
    }
}

impl<S, H: fmt::Debug> fmt::Debug for Simulation<'_, S, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulation")
            .field("host", &self.host)
            .field("regime", &self.regime)
            .finish_non_exhaustive()
    }
}
