//! The true time, and what each machine takes for it.

use alloc::vec::Vec;

use chrono::{DateTime, TimeDelta, Utc};

use super::chance::Chance;

/// When each seed begins: 2026-03-01T09:00:00Z, in milliseconds as all times here.
pub(super) const START: i64 = 1_772_355_600_000;

pub(super) const SECOND: i64 = 1_000;
pub(super) const MINUTE: i64 = 60 * SECOND;
pub(super) const HOUR: i64 = 60 * MINUTE;
pub(super) const DAY: i64 = 24 * HOUR;

/// Beyond both ends of what a clock can show.
const FAR: i64 = 10_000_000_000_000_000;

/// How far the machines' clocks may be apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Regime {
    /// A bound drawn from the seed.
    #[default]
    Drawn,
    /// At most so many milliseconds.
    Bounded(i64),
    /// As far as clocks go.
    Unbounded,
}

#[derive(Debug)]
pub(super) struct Clocks {
    now: i64,
    offsets: Vec<i64>,
    bound: Option<i64>,
}

impl Clocks {
    pub(super) fn new(machines: usize, regime: Regime, chance: &mut Chance) -> Self {
        let drawn = chance.pick(&[0, 0, 1, 20, 999, 2 * SECOND, 7 * SECOND, 40 * SECOND]);
        let bound = match regime {
            Regime::Drawn => Some(drawn),
            Regime::Bounded(bound) => Some(bound),
            Regime::Unbounded => None,
        };
        let mut clocks = Self { now: START, offsets: alloc::vec![0; machines], bound };
        for machine in 0..machines {
            clocks.set(machine, chance);
        }
        clocks
    }

    /// The most by which two readings can be apart that are taken at once; none: any.
    pub(super) fn bound(&self) -> Option<i64> {
        self.bound
    }

    /// The true time.
    pub(super) fn now(&self) -> i64 {
        self.now
    }

    pub(super) fn advance(&mut self, by: i64) {
        self.now += by.max(0);
    }

    /// What a machine's clock shows.
    pub(super) fn read(&self, machine: usize) -> i64 {
        let (first, last) = (DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC);
        let reading = self.now + self.offsets[machine];
        reading.clamp(first.timestamp_millis(), last.timestamp_millis())
    }

    /// Sets a machine's clock, back or forward.
    pub(super) fn set(&mut self, machine: usize, chance: &mut Chance) {
        self.offsets[machine] = match self.bound {
            Some(bound) => {
                let half = bound / 2;
                match chance.below(4) {
                    0 => half,
                    1 => -half,
                    _ => chance.within(-half, half),
                }
            }
            None => {
                let far = chance.pick(&[
                    0,
                    SECOND,
                    29 * SECOND,
                    31 * SECOND,
                    6 * MINUTE,
                    HOUR,
                    13 * HOUR,
                    3 * DAY,
                    40 * DAY,
                    400 * DAY,
                    FAR,
                ]);
                let near = chance.within(0, far / 8);
                if chance.one_in(2) { far - near } else { near - far }
            }
        };
    }

    /// How long until a machine's clock shows this; negative when that is past.
    pub(super) fn until(&self, machine: usize, reading: i64) -> i64 {
        reading.saturating_sub(self.now).saturating_sub(self.offsets[machine])
    }

    /// All machines have the true time from now on.
    pub(super) fn mend(&mut self) {
        self.offsets.fill(0);
    }
}

/// A time of the machine's own that the engine is given.
pub(super) fn date(millis: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(millis).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

pub(super) fn millis(date: DateTime<Utc>) -> i64 {
    date.timestamp_millis()
}

pub(super) fn whole_millis(delta: TimeDelta) -> i64 {
    delta.num_milliseconds().max(0)
}
