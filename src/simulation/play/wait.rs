//! Time goes on between two awaits, and machines have their own faults.

use alloc::vec::Vec;

use super::{Play, TASKS};
use crate::{
    simulation::{
        clock::{DAY, HOUR, MINUTE, SECOND},
        fault::Fault,
        host::Host,
    },
    storage::Storage,
};

impl<S: Storage, H: Host> Play<'_, S, H> {
    /// Time goes on: by little while tasks run, else often to where something changes.
    pub(super) fn wait(&mut self) {
        let mut state = self.world.state();
        let busy = self.tasks.iter().any(Option::is_some);
        let short = busy && state.chance.below(8) != 0;
        if short {
            let by = state.chance.pick(&[0, 1, 1, 5, 40, 400, SECOND, 3 * SECOND]);
            state.clocks.advance(by);
            return;
        }
        let calm = self.plan.calm;
        if busy && state.chance.in_a_thousand(calm) {
            drop(state);
            self.run_awake();
            state = self.world.state();
        }
        let state = &mut *state;
        let by = match state.chance.below(10) {
            0..=4 => {
                let machine = state.chance.below(self.plan.deferred.len());
                let now = state.clocks.read(machine);
                let moment = state.moments.pick(now, &mut state.chance);
                let off = state.chance.pick(&[-1, 0, 0, 0, 1]);
                let until = moment.map(|moment| state.clocks.until(machine, moment) + off);
                until.filter(|by| (0..40 * DAY).contains(by))
            }
            5 | 6 => {
                Some(state.chance.pick(&[29_999, 30 * SECOND, 30_001, 5 * MINUTE, 10 * MINUTE]))
            }
            7 => Some(state.chance.pick(&[12 * HOUR - 1, 12 * HOUR, 12 * HOUR + 1, 24 * HOUR])),
            8 => Some(state.chance.within(0, 3 * DAY)),
            _ => None,
        };
        let by = by.unwrap_or_else(|| state.chance.within(0, 2 * HOUR));
        state.clocks.advance(by);
    }

    /// Runs all tasks that do not sleep to their end.
    fn run_awake(&mut self) {
        for _ in 0..2_000 {
            if !self.run_any() {
                return;
            }
        }
    }

    /// A fault of the machines themselves.
    pub(super) fn strike(&mut self) {
        let machine = self.any_machine();
        let mut state = self.world.state();
        if state.strikes(Fault::ClockSet) {
            let state = &mut *state;
            state.clocks.set(machine, &mut state.chance);
        }
        let standing: Vec<usize> = (0..TASKS).filter(|slot| self.tasks[*slot].is_some()).collect();
        if !standing.is_empty() && state.strikes(Fault::Paused) {
            let slot = state.chance.pick(&standing);
            let lasts =
                state.chance.pick(&[29_999, 30 * SECOND, 31 * SECOND, 6 * MINUTE, 13 * HOUR]);
            state.tasks[slot].asleep_until = state.clocks.now() + lasts;
        }
        if !standing.is_empty() && state.strikes(Fault::Restarted) {
            drop(state);
            for slot in standing {
                if self.tasks[slot].as_ref().is_some_and(|task| task.machine == machine) {
                    self.crash(slot);
                }
            }
        }
    }
}
