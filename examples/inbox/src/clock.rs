//! The demonstration's own clock: the machine's, some hours ahead or behind.

use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

use chrono::{DateTime, TimeDelta, Utc};

/// Milliseconds that the clock may be ahead or behind: a hundred years.
const FARTHEST: i64 = 100 * 365 * 24 * 3_600 * 1_000;

/// A clock that can be moved. A real host takes `Utc::now`.
#[derive(Debug, Default)]
pub struct Clock {
    ahead: AtomicI64,
}

impl Clock {
    /// The demonstration's time.
    pub fn now(&self) -> DateTime<Utc> {
        Utc::now() + self.ahead()
    }

    /// How far it is ahead of the machine's.
    pub fn ahead(&self) -> TimeDelta {
        TimeDelta::milliseconds(self.ahead.load(Relaxed))
    }

    /// Sets how far it is ahead of the machine's; at most a hundred years.
    pub fn set_ahead(&self, ahead: TimeDelta) {
        let ahead = ahead.num_milliseconds().clamp(-FARTHEST, FARTHEST);
        self.ahead.store(ahead, Relaxed);
    }
}
