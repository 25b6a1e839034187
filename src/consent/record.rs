//! What is stored of a contact, and its revision.

use chrono::{DateTime, Utc};

use super::{
    policy::Policy,
    state::{ConsentState, Pending},
};

/// Counts the changes of one record, or of one account's settings; 0 is before the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Revision(u64);

impl Revision {
    /// The revision with this number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Its number.
    pub const fn number(self) -> u64 {
        self.0
    }

    /// The one after it; the last one stays.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// A contact's record: small, plain, and enough for every decision to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Record {
    /// How often it changed.
    pub revision: Revision,
    /// Where the contact stands.
    pub state: ConsentState,
    /// When the last help reply was decided (R4.3).
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub help_replied_at: Option<DateTime<Utc>>,
    /// Restarts so far in the present window (R4.11).
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub restarts: Option<RestartWindow>,
    /// Texts decided before this revision were cancelled by an opt-out (R6.4).
    pub cancelled_before: Revision,
}

/// Restarts counted from the first of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct RestartWindow {
    /// When the first was.
    pub began: DateTime<Utc>,
    /// How many there were since, the first included.
    pub count: u8,
}

impl Record {
    /// The first record of a contact.
    pub(super) fn first(state: ConsentState) -> Self {
        Self {
            revision: Revision::default().next(),
            state,
            help_replied_at: None,
            restarts: None,
            cancelled_before: Revision::default(),
        }
    }

    /// When the next reminder could go, past or future; absent when none can.
    pub fn next_reminder_at(&self, policy: &Policy) -> Option<DateTime<Utc>> {
        self.pending()?.next_reminder_at(policy)
    }

    /// The pending part, where the contact is pending.
    pub fn pending(&self) -> Option<&Pending> {
        match &self.state {
            ConsentState::Pending(pending) => Some(pending),
            ConsentState::Active { .. } | ConsentState::OptedOut { .. } => None,
        }
    }
}
