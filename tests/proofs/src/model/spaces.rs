//! The spaces that are searched: what each has that the others lack.

use optin::{Handover, Keyword};

use super::{
    configuration::{
        BACK, Budget, Configuration, DEADLINE, INTERVAL, LEASE, LONG, MOMENT, NEARLY, accepted,
        blocked, changed, input, not_sent, reminders, says,
    },
    input::What,
};

/// A new contact is asked and answers, its texts come again, a machine crashes.
pub(super) fn asking() -> Configuration {
    Configuration {
        name: "asking",
        policies: vec![reminders(1)],
        inputs: vec![says("Hi", 2), says("YES", 2)],
        before: vec![],
        deferred: [false, true],
        jumps: vec![LEASE],
        answers: vec![accepted(), not_sent(false), not_sent(true), Handover::Unknown],
        budget: Budget { ticks: 1, crashes: 1, refusals: 1, losses: 0 },
        pauses: true,
    }
}

/// What waits comes to its deadline in a machine's hands.
pub(super) fn delaying() -> Configuration {
    Configuration {
        name: "delaying",
        policies: vec![reminders(1)],
        inputs: vec![says("Hi", 1), says("Hi", 1)],
        before: vec![],
        deferred: [true, true],
        jumps: vec![DEADLINE, MOMENT, NEARLY],
        answers: vec![accepted(), not_sent(true)],
        budget: Budget { ticks: 3, crashes: 1, refusals: 0, losses: 0 },
        pauses: false,
    }
}

/// A later prompt is on its way before the former is settled.
pub(super) fn overtaking() -> Configuration {
    Configuration {
        name: "overtaking",
        policies: vec![reminders(1)],
        inputs: vec![says("Hi", 1), says("Hi", 1), says("Hi", 1)],
        before: vec![],
        deferred: [false, true],
        jumps: vec![LONG],
        answers: vec![accepted(), not_sent(false)],
        budget: Budget { ticks: 1, crashes: 0, refusals: 1, losses: 0 },
        pauses: true,
    }
}

/// A prompt waits, is late or is lost; then comes another text.
pub(super) fn waiting() -> Configuration {
    Configuration {
        name: "waiting",
        policies: vec![reminders(1)],
        inputs: vec![says("Hi", 1), says("Hi", 1)],
        before: vec![],
        deferred: [false, true],
        jumps: vec![LEASE, NEARLY],
        answers: vec![accepted(), not_sent(true)],
        budget: Budget { ticks: 2, crashes: 1, refusals: 1, losses: 0 },
        pauses: true,
    }
}

/// Someone active opts out while staff messages, and comes back.
pub(super) fn opting_out() -> Configuration {
    Configuration {
        name: "opting out",
        policies: vec![reminders(1)],
        inputs: vec![
            says("Hi", 1),
            says("YES", 1),
            says("STOP", 1),
            says("START", 2),
            input(What::Message, 2),
            input(What::Activates, 1),
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
pub(super) fn reminding() -> Configuration {
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

/// The settings change while someone is asked, and the carrier blocks.
pub(super) fn switching() -> Configuration {
    Configuration {
        name: "switching",
        policies: vec![
            reminders(1),
            changed(2, |settings| settings.prompt.keyword = Keyword::Ok),
            changed(3, |settings| settings.double_opt_in = false),
        ],
        inputs: vec![
            says("Hi", 1),
            says("YES", 1),
            says("OK", 1),
            input(What::Requests, 1),
            input(What::Blocked, 1),
        ],
        before: vec![],
        deferred: [false, false],
        jumps: vec![],
        answers: vec![accepted(), blocked()],
        budget: Budget { ticks: 0, crashes: 0, refusals: 1, losses: 0 },
        pauses: false,
    }
}

/// As asking, with one text more.
pub(super) fn asking_twice() -> Configuration {
    Configuration {
        name: "asking twice",
        inputs: vec![says("Hi", 2), says("Hi", 1), says("YES", 1)],
        ..asking()
    }
}

/// As asking, but the answers to commits are lost.
pub(super) fn losing() -> Configuration {
    Configuration {
        name: "losing",
        budget: Budget { ticks: 1, crashes: 0, refusals: 1, losses: 1 },
        ..asking()
    }
}

/// As opting out, while leases end.
pub(super) fn racing() -> Configuration {
    Configuration {
        name: "racing",
        inputs: vec![
            says("Hi", 1),
            says("YES", 1),
            says("STOP", 2),
            says("START", 1),
            input(What::Message, 1),
        ],
        deferred: [false, true],
        budget: Budget { ticks: 1, crashes: 0, refusals: 1, losses: 0 },
        pauses: true,
        ..opting_out()
    }
}

/// As reminding, but the outbox does not take everything.
pub(super) fn refusing() -> Configuration {
    Configuration {
        name: "refusing",
        answers: vec![accepted(), not_sent(false), Handover::Unknown],
        deferred: [false, true],
        budget: Budget { ticks: 3, crashes: 0, refusals: 1, losses: 0 },
        ..reminding()
    }
}

/// As asking twice, over a day.
pub(super) fn asking_all_day() -> Configuration {
    Configuration {
        name: "asking all day",
        jumps: vec![LEASE, NEARLY],
        budget: Budget { ticks: 2, crashes: 1, refusals: 1, losses: 0 },
        ..asking_twice()
    }
}

/// As racing, with staff that opts out and in, crashes and deadlines.
pub(super) fn overriding() -> Configuration {
    Configuration {
        name: "overriding",
        inputs: vec![
            says("Hi", 1),
            says("YES", 1),
            says("STOP", 1),
            input(What::OptsOut, 1),
            input(What::Message, 1),
            input(What::Activates, 1),
        ],
        jumps: vec![LEASE, DEADLINE],
        budget: Budget { ticks: 1, crashes: 1, refusals: 1, losses: 0 },
        ..racing()
    }
}

/// As refusing, while leases end too.
pub(super) fn wearying() -> Configuration {
    Configuration { name: "wearying", jumps: vec![LEASE, NEARLY, INTERVAL, BACK], ..refusing() }
}

/// All that someone can go through, from the first text on.
pub(super) fn coming_back() -> Configuration {
    Configuration {
        name: "coming back",
        inputs: vec![
            says("Hi", 1),
            says("YES", 1),
            says("STOP", 1),
            says("START", 1),
            input(What::Message, 1),
        ],
        before: vec![],
        jumps: vec![LEASE],
        budget: Budget { ticks: 1, crashes: 1, refusals: 0, losses: 0 },
        ..racing()
    }
}
