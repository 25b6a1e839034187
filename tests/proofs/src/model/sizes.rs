//! The spaces that are searched, by how much time there is.

use optin::Handover;

use super::{
    configuration::{
        BACK, Budget, Configuration, DEADLINE, INTERVAL, LEASE, NEARLY, accepted, blocked, changed,
        input, not_sent, reminders, says,
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
            Self::Small => vec![asking(), waiting(), opting_out(), reminding(), switching()],
            Self::Ci => vec![
                Configuration {
                    inputs: vec![says("Hi", 2), says("Hi", 1), says("YES", 1)],
                    ..asking()
                },
                Configuration { deferred: [false, false], ..asking() },
                Configuration { jumps: vec![LEASE, NEARLY], ..waiting() },
                Configuration {
                    budget: Budget { ticks: 2, crashes: 0, refusals: 1, losses: 0 },
                    ..waiting()
                },
                Configuration { deferred: [false, true], ..opting_out() },
                Configuration {
                    budget: Budget { ticks: 1, crashes: 0, refusals: 1, losses: 0 },
                    pauses: true,
                    ..opting_out()
                },
                Configuration {
                    budget: Budget { ticks: 1, crashes: 1, refusals: 0, losses: 0 },
                    ..opting_out()
                },
                Configuration {
                    budget: Budget { ticks: 1, crashes: 0, refusals: 1, losses: 0 },
                    deferred: [false, true],
                    ..opting_out()
                },
                Configuration {
                    answers: vec![accepted(), not_sent(false), Handover::Unknown],
                    budget: Budget { ticks: 3, crashes: 0, refusals: 1, losses: 0 },
                    ..reminding()
                },
                Configuration { deferred: [false, true], ..reminding() },
                switching(),
            ],
            Self::Long => vec![],
        }
    }
}

/// A new contact is asked and answers, its texts come again, a machine crashes.
fn asking() -> Configuration {
    Configuration {
        name: "asking",
        policies: vec![reminders(1)],
        inputs: vec![says("Hi", 2), says("YES", 2)],
        before: vec![],
        deferred: [false, true],
        jumps: vec![LEASE],
        answers: vec![accepted(), not_sent(true), Handover::Unknown],
        budget: Budget { ticks: 1, crashes: 1, refusals: 1, losses: 0 },
        pauses: true,
    }
}

/// A prompt waits, is late or is lost; then comes another text.
fn waiting() -> Configuration {
    Configuration {
        name: "waiting",
        policies: vec![reminders(1)],
        inputs: vec![says("Hi", 1), says("Hi", 1)],
        before: vec![],
        deferred: [false, true],
        jumps: vec![LEASE, DEADLINE, NEARLY],
        answers: vec![accepted(), not_sent(false), not_sent(true)],
        budget: Budget { ticks: 2, crashes: 1, refusals: 1, losses: 0 },
        pauses: true,
    }
}

/// Someone active opts out while staff messages, and comes back.
fn opting_out() -> Configuration {
    Configuration {
        name: "opting out",
        policies: vec![reminders(1)],
        inputs: vec![
            says("Hi", 1),
            says("YES", 1),
            says("STOP", 2),
            says("START", 2),
            input(What::Message, 1),
        ],
        before: vec![0, 1],
        deferred: [false, false],
        jumps: vec![LEASE],
        answers: vec![accepted(), not_sent(true)],
        budget: Budget { ticks: 0, crashes: 0, refusals: 1, losses: 0 },
        pauses: false,
    }
}

/// Someone who was asked is reminded as time goes by, and back.
fn reminding() -> Configuration {
    Configuration {
        name: "reminding",
        policies: vec![reminders(1)],
        inputs: vec![says("Hi", 1), says("Hi", 1), says("Hi", 1), says("Hi", 1)],
        before: vec![0],
        deferred: [false, false],
        jumps: vec![NEARLY, INTERVAL, BACK],
        answers: vec![accepted()],
        budget: Budget { ticks: 3, crashes: 0, refusals: 0, losses: 0 },
        pauses: true,
    }
}

/// The settings change while someone is asked.
fn switching() -> Configuration {
    Configuration {
        name: "switching",
        policies: vec![
            reminders(1),
            changed(2, |settings| settings.prompt.keyword = optin::Keyword::Ok),
            changed(3, |settings| settings.double_opt_in = false),
        ],
        inputs: vec![
            says("Hi", 1),
            says("YES", 1),
            says("STOP", 1),
            says("START", 1),
            input(What::Blocked, 1),
        ],
        before: vec![],
        deferred: [false, true],
        jumps: vec![],
        answers: vec![accepted(), blocked()],
        budget: Budget { ticks: 0, crashes: 0, refusals: 0, losses: 0 },
        pauses: false,
    }
}
