//! The one clock of all machines, which may be set back, and the time that truly passed.

use chrono::{DateTime, TimeDelta, Utc};

/// 2026-03-01T09:00:00Z
pub(super) const START: DateTime<Utc> = DateTime::from_timestamp(1_772_355_600, 0).unwrap();

/// What the machines see, and by how much it was set back in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Clock {
    pub(super) now: DateTime<Utc>,
    set_back: TimeDelta,
}

impl Clock {
    pub(super) fn new() -> Self {
        Self { now: START, set_back: TimeDelta::zero() }
    }

    /// Time passes, or the clock is set back while none does.
    pub(super) fn tick(&mut self, by: TimeDelta) {
        self.now += by;
        self.set_back -= by.min(TimeDelta::zero());
    }

    pub(super) fn was_set_back(&self) -> bool {
        !self.set_back.is_zero()
    }

    /// The time by a clock that nobody set back.
    pub(super) fn true_time(&self) -> DateTime<Utc> {
        self.now + self.set_back
    }
}
