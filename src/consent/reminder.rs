//! When a contact may be asked again: at most three times, at least twelve hours apart (R4.8).

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    policy::{InvalidPolicy, whole_within},
    settings::ReminderSettings,
    time,
};

/// How often and how far apart reminders go, never looser than 3 and 12 hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ReminderPolicy {
    max: u8,
    interval: TimeDelta,
}

/// Whether a prompt may go now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums, reason = "the table of rules is total over it")]
pub enum Due {
    /// It may.
    Due,
    /// Not before this time.
    NotYet(DateTime<Utc>),
    /// None is left in this cycle.
    UsedUp,
}

impl ReminderPolicy {
    /// A policy of `max` reminders (0 to 3), `interval_hours` apart (12 to 8,760).
    ///
    /// # Errors
    /// [`InvalidPolicy`] for numbers out of these bounds: looser limits cannot be expressed.
    pub fn new(settings: &ReminderSettings) -> Result<Self, InvalidPolicy> {
        let max = whole_within("reminders.max", settings.max, 0, 3)?;
        let hours = whole_within("reminders.interval_hours", settings.interval_hours, 12, 8_760)?;
        Ok(Self { max: u8::try_from(max).unwrap_or(3), interval: TimeDelta::hours(hours.into()) })
    }

    /// The least time between the end of one prompt's hand-over and the next prompt.
    pub fn interval(&self) -> TimeDelta {
        self.interval
    }

    /// Whether a prompt is left when this many were used: one confirmation, then the reminders.
    pub fn is_left(&self, prompts_used: u8) -> bool {
        prompts_used <= self.max
    }

    /// Whether a prompt may go at `now`, with this many used, the last one at `last`.
    pub fn due(&self, prompts_used: u8, last: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Due {
        match last {
            _ if !self.is_left(prompts_used) => Due::UsedUp,
            Some(last) if time::elapsed(last, now) < self.interval => {
                Due::NotYet(time::after(last, self.interval))
            }
            Some(_) | None => Due::Due,
        }
    }
}
