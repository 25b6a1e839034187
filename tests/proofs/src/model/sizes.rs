//! The spaces that are searched, by how much time there is.

use chrono::TimeDelta;
use optin::Handover;

use super::{
    configuration::{
        BACK, Budget, Configuration, DEADLINE, INTERVAL, LEASE, NEARLY, accepted, blocked, input,
        not_sent, reminders, says,
    },
    input::What,
};

/// How much is searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "it is chosen by tests alone")]
pub enum Size {
    /// Some seconds: for hosts that are wrong.
    Small,
    /// More than a million states, in less than 90 seconds on 2 cores.
    Ci,
    /// More than 20 million states.
    Long,
}

impl Size {
    pub(super) fn configurations(self) -> Vec<Configuration> {
        match self {
            Self::Small => vec![prompts(), opt_out(), reminding()],
            Self::Ci => vec![prompts(), opt_out(), reminding()],
            Self::Long => vec![prompts(), opt_out(), reminding()],
        }
    }
}

/// A new contact is asked, by machines that crash.
fn prompts() -> Configuration {
    Configuration {
        name: "prompts",
        policies: vec![reminders(1)],
        inputs: vec![says("Hi", 2), says("Hi", 1), says("YES", 1)],
        before: vec![],
        deferred: [false, true],
        jumps: vec![LEASE, NEARLY],
        answers: vec![accepted(), not_sent(true)],
        budget: Budget { ticks: 2, crashes: 1, refusals: 1, losses: 0 },
        pauses: false,
    }
}

/// Someone active opts out while staff messages.
fn opt_out() -> Configuration {
    Configuration {
        name: "opt-out",
        policies: vec![reminders(1)],
        inputs: vec![
            says("Hi", 1),
            says("YES", 1),
            says("STOP", 2),
            says("START", 2),
            input(What::Message, 1),
        ],
        before: vec![0, 1],
        deferred: [false, true],
        jumps: vec![LEASE],
        answers: vec![accepted(), not_sent(true)],
        budget: Budget { ticks: 1, crashes: 1, refusals: 1, losses: 0 },
        pauses: false,
    }
}

/// Someone who was asked is reminded as time goes by.
fn reminding() -> Configuration {
    Configuration {
        name: "reminding",
        policies: vec![reminders(1)],
        inputs: vec![says("Hi", 1), says("Hi", 1), says("Hi", 1), says("Hi", 1)],
        before: vec![0],
        deferred: [false, false],
        jumps: vec![LEASE, NEARLY, INTERVAL, BACK],
        answers: vec![accepted(), Handover::Unknown],
        budget: Budget { ticks: 3, crashes: 0, refusals: 0, losses: 0 },
        pauses: true,
    }
}
