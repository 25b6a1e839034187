//! What a space of states is made of: who is there, what comes in, how much may go wrong.

use std::sync::Arc;

use chrono::TimeDelta;
use optin::{CarrierCode, Handover, Policy, Revision, Settings, storage::CurrentPolicy};

use super::input::{Input, What};

/// One space, which is finite since each thing happens a bounded number of times.
#[derive(Clone, Debug)]
pub(super) struct Configuration {
    pub(super) name: &'static str,
    /// The account's settings: those in force, and those that may follow.
    pub(super) policies: Vec<CurrentPolicy>,
    pub(super) inputs: Vec<Input>,
    /// Inputs that were handled, and answered, before the machines begin.
    pub(super) before: Vec<u8>,
    /// Whether each of the two handlers leaves its texts to the dispatchers.
    pub(super) deferred: [bool; 2],
    /// How the clock may move at once.
    pub(super) jumps: Vec<TimeDelta>,
    /// How the outbox may answer, what is certain and good first.
    pub(super) answers: Vec<Handover>,
    pub(super) budget: Budget,
    /// Whether a machine may pause between a look at the clock and what it does then.
    pub(super) pauses: bool,
}

/// How often each thing may still happen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Budget {
    pub(super) ticks: u8,
    /// Machines that end.
    pub(super) crashes: u8,
    /// Hand-overs that the outbox does not accept.
    pub(super) refusals: u8,
    /// Commits whose outcome is not known.
    pub(super) losses: u8,
}

/// A lease, and a little.
pub(super) const LEASE: TimeDelta = TimeDelta::milliseconds(30_001);
pub(super) const DEADLINE: TimeDelta = TimeDelta::minutes(5);
pub(super) const MOMENT: TimeDelta = TimeDelta::milliseconds(1);
pub(super) const NEARLY: TimeDelta = TimeDelta::milliseconds(12 * 3_600_000 - 1);
pub(super) const INTERVAL: TimeDelta = TimeDelta::hours(12);
pub(super) const LONG: TimeDelta = TimeDelta::hours(13);
pub(super) const BACK: TimeDelta = TimeDelta::hours(-13);

pub(super) fn says(words: &'static str, times: u8) -> Input {
    Input { what: What::Says(words), times }
}

pub(super) fn input(what: What, times: u8) -> Input {
    Input { what, times }
}

pub(super) fn accepted() -> Handover {
    Handover::Accepted { provider_id: None }
}

pub(super) fn not_sent(retry: bool) -> Handover {
    Handover::NotSent { retry, code: None }
}

pub(super) fn blocked() -> Handover {
    Handover::Blocked { code: CarrierCode::new("21610").unwrap() }
}

/// The defaults with so many reminders in a cycle, as first settings.
pub(super) fn reminders(max: u32) -> CurrentPolicy {
    changed(1, |settings| settings.reminders.max = max)
}

/// The defaults with a change, as settings of this revision.
pub(super) fn changed(revision: u64, change: impl FnOnce(&mut Settings)) -> CurrentPolicy {
    let mut settings = Settings::default();
    settings.reminders.max = 1;
    change(&mut settings);
    let policy = Policy::new(settings).expect("the settings are within their bounds");
    CurrentPolicy { policy: Arc::new(policy), revision: Revision::new(revision) }
}
