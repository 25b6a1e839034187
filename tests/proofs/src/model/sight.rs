//! What must be met with on the way: a search that never meets it proves little.

use std::sync::atomic::{AtomicU32, Ordering};

/// Something that makes a search worth its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sight {
    Reminder,
    StaffMessage,
    Active,
    Restart,
    Named,
    Retry,
    Lapsed,
    Expired,
    Late,
    Conflict,
    Duplicate,
    Stale,
}

impl Sight {
    const ALL: [Self; 12] = [
        Self::Reminder,
        Self::StaffMessage,
        Self::Active,
        Self::Restart,
        Self::Named,
        Self::Retry,
        Self::Lapsed,
        Self::Expired,
        Self::Late,
        Self::Conflict,
        Self::Duplicate,
        Self::Stale,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Reminder => "a reminder is handed over",
            Self::StaffMessage => "a staff message is handed over",
            Self::Active => "the contact becomes active",
            Self::Restart => "the contact comes back",
            Self::Named => "what cannot be taken back is named",
            Self::Retry => "what was not sent is queued again",
            Self::Lapsed => "a lease ends without a settlement",
            Self::Expired => "a deadline passes in the queue",
            Self::Late => "a machine finds its lease over before its hand-over",
            Self::Conflict => "a commit loses to another",
            Self::Duplicate => "a text that acted comes again",
            Self::Stale => "a settlement comes too late",
        }
    }
}

/// What was met with so far, by all threads.
#[derive(Debug, Default)]
pub(super) struct Sights(AtomicU32);

impl Sights {
    pub(super) fn see(&self, sight: Sight) {
        let bit = 1 << sight as u32;
        if self.0.load(Ordering::Relaxed) & bit == 0 {
            self.0.fetch_or(bit, Ordering::Relaxed);
        }
    }

    pub(super) fn names(&self) -> Vec<&'static str> {
        let seen = self.0.load(Ordering::Relaxed);
        let of = |sight: &Sight| seen & 1 << *sight as u32 != 0;
        Sight::ALL.into_iter().filter(of).map(Sight::name).collect()
    }

    /// The names of all there are.
    pub(super) fn all() -> Vec<&'static str> {
        Sight::ALL.into_iter().map(Sight::name).collect()
    }
}
