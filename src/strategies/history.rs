//! Histories: what happens to two contacts and their host, in any order, at any time.

use alloc::{boxed::Box, vec, vec::Vec};

use chrono::{DateTime, TimeDelta, Utc};
use proptest::{collection::vec, option, prelude::*, sample::select};

use super::{event::events, handover::handovers, settings::policies, time::START};
use crate::consent::{event::Event, outgoing::Handover, policy::Policy};

/// One step of a history.
#[derive(Clone, Debug)]
#[allow(clippy::exhaustive_enums, reason = "whoever runs a history must handle each")]
pub enum Step {
    /// The clock moves so far; backwards in [`histories_of_any_clock`] only.
    Wait(TimeDelta),
    /// The clock is set to this time; in [`histories_of_any_clock`] only.
    SetClock(DateTime<Utc>),
    /// An event is handled.
    Happen {
        /// Whose: [`contact`](super::contact) of this number, 0 or 1.
        who: u8,
        /// What.
        event: Event<'static>,
        /// For a text: how long before now its `sent_at` is; absent without one.
        sent_ago: Option<TimeDelta>,
        /// Whether its text is left to the dispatcher.
        deferred: bool,
    },
    /// Somebody who may sets the account's settings.
    ChangeSettings(Box<Policy>),
    /// From here on the outbox answers so.
    Answer {
        /// How.
        handover: Handover,
        /// After how long by the clock; it may go backwards meanwhile.
        takes: TimeDelta,
        /// Whether it waits until a [`Resume`](Self::Resume).
        slow: bool,
    },
    /// A dispatcher runs one round.
    Dispatch,
    /// Whoever waits longest goes on.
    Resume,
    /// Whoever began to wait last is dropped, as in a crash.
    Drop,
}

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

/// Histories of up to 39 steps whose clock only goes forward.
pub fn histories() -> impl Strategy<Value = Vec<Step>> {
    vec(step((0..2 * MINUTE).boxed(), (0..40_000_i64).boxed()), 1..40)
}

/// Histories of up to 40 steps whose clock also goes backwards, and to both ends of time.
pub fn histories_of_any_clock() -> impl Strategy<Value = Vec<Step>> {
    let little = prop_oneof![0..2 * MINUTE, -25 * HOUR..0];
    let takes = prop_oneof![0..40_000_i64, -2 * HOUR..0];
    vec(step(little.boxed(), takes.boxed()), 1..40).prop_flat_map(|steps| {
        let ends = vec![
            DateTime::<Utc>::MIN_UTC,
            START,
            START + TimeDelta::days(40),
            DateTime::<Utc>::MAX_UTC,
        ];
        let jump = select(ends).prop_map(Step::SetClock);
        let length = steps.len();
        (Just(steps), option::weighted(0.2, (0..=length, jump))).prop_map(|(mut steps, jump)| {
            if let Some((index, jump)) = jump {
                steps.insert(index, jump);
            }
            steps
        })
    })
}

fn step(little: BoxedStrategy<i64>, takes: BoxedStrategy<i64>) -> impl Strategy<Value = Step> {
    let wait = prop_oneof![
        2 => little,
        1 => 4 * MINUTE..11 * MINUTE,
        3 => select(vec![12 * HOUR - 1, 12 * HOUR, 12 * HOUR + MINUTE, 24 * HOUR]),
        1 => 0..40 * 24 * HOUR,
    ];
    let sent_ago = option::weighted(0.2, (0..HOUR).prop_map(TimeDelta::milliseconds));
    let happen = (0..2_u8, events(), sent_ago, any::<bool>());
    let takes = takes.prop_map(TimeDelta::milliseconds);
    prop_oneof![
        6 => wait.prop_map(|millis| Step::Wait(TimeDelta::milliseconds(millis))),
        10 => happen.prop_map(|(who, event, sent_ago, deferred)| {
            Step::Happen { who, event, sent_ago, deferred }
        }),
        1 => policies().prop_map(|policy| Step::ChangeSettings(Box::new(policy))),
        2 => (handovers(), takes, prop::bool::weighted(0.3))
            .prop_map(|(handover, takes, slow)| Step::Answer { handover, takes, slow }),
        3 => Just(Step::Dispatch),
        1 => Just(Step::Resume),
        1 => Just(Step::Drop),
    ]
}
