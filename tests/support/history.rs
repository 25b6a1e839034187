//! Generated histories: what can happen to two contacts, in any order, at any time.
#![allow(clippy::unwrap_used, reason = "a test")]

use chrono::{DateTime, TimeDelta, Utc};
use optin::{
    Actor, ActorId, CarrierCode, Event, Handover, Keyword, Message, Note, Override, Permission,
    Policy, Role, Settings, Source, Text,
};
use proptest::{collection::vec, option, prelude::*, sample::select};

use super::support::{START, inbox, message_id};

/// One step of a history.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Wait(i64),
    SetClock(DateTime<Utc>),
    Happen {
        who: u8,
        event: Event<'static>,
        sent_ago: Option<i64>,
        deferred: bool,
    },
    ChangeSettings(usize),
    /// From here on the outbox answers so, after this long by the clock; slow: only when resumed.
    Answer(Handover, i64, bool),
    Dispatch,
    Resume,
    Drop,
}

/// The settings that histories change between.
pub(crate) fn policies() -> Vec<Policy> {
    let with = |change: fn(&mut Settings)| {
        let mut settings = Settings::default();
        change(&mut settings);
        Policy::new(settings).unwrap()
    };
    vec![
        Policy::default(),
        with(|settings| {
            settings.prompt.keyword = Keyword::Confirm;
            settings.replies.help = Some("Call us.".into());
            settings.replies.confirmed = Some("Thanks!".into());
        }),
        with(|settings| settings.double_opt_in = false),
        with(|settings| (settings.reminders.max, settings.reminders.interval_hours) = (1, 24)),
        with(|settings| {
            (settings.sync.hubspot, settings.sync.salesforce) = (true, true);
            settings.restarts.max = 10;
        }),
        with(|settings| settings.reminders.max = 0),
    ]
}

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

/// Histories of two contacts whose clock only goes forward.
pub(crate) fn forward() -> impl Strategy<Value = Vec<Step>> {
    vec(step((0..2 * MINUTE).boxed(), (0..40_000_i64).boxed()), 1..40)
}

/// Histories whose clock also goes backwards, and to both ends of time.
pub(crate) fn any_clock() -> impl Strategy<Value = Vec<Step>> {
    let little = prop_oneof![0..2 * MINUTE, -25 * HOUR..0];
    let takes = prop_oneof![0..40_000_i64, -2 * HOUR..0];
    vec(step(little.boxed(), takes.boxed()), 1..40).prop_flat_map(|steps| {
        let ends = [
            DateTime::<Utc>::MIN_UTC,
            START,
            START + TimeDelta::days(40),
            DateTime::<Utc>::MAX_UTC,
        ];
        let jump = select(ends.to_vec()).prop_map(Step::SetClock);
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
    let happen = (0..2_u8, event(), option::weighted(0.2, 0..HOUR), any::<bool>());
    prop_oneof![
        6 => wait.prop_map(Step::Wait),
        10 => happen.prop_map(|(who, event, sent_ago, deferred)| {
            Step::Happen { who, event, sent_ago, deferred }
        }),
        1 => (0..policies().len()).prop_map(Step::ChangeSettings),
        2 => (answer(), takes, prop::bool::weighted(0.3))
            .prop_map(|(answer, takes, slow)| Step::Answer(answer, takes, slow)),
        3 => Just(Step::Dispatch),
        1 => Just(Step::Resume),
        1 => Just(Step::Drop),
    ]
}

fn answer() -> impl Strategy<Value = Handover> {
    let code = CarrierCode::new("21610").unwrap();
    let not_sent = |retry| Handover::NotSent { retry, code: None };
    select(vec![
        Handover::Accepted { provider_id: None },
        Handover::Accepted { provider_id: None },
        not_sent(false),
        not_sent(true),
        Handover::Unknown,
        Handover::Blocked { code },
    ])
}

pub(crate) fn event() -> impl Strategy<Value = Event<'static>> {
    let bodies = [
        "hello",
        "hello",
        "hello",
        "YES",
        "confirm",
        "START",
        "START",
        "STOP",
        "HELP",
        "no",
        "please stop",
        "Liked “Hi”",
    ];
    let text = (0..60_u8, select(bodies.to_vec()), prop::bool::weighted(0.1));
    let text = text.prop_map(|(id, body, replied)| {
        let text = Text::new(inbox(), message_id(&format!("SM{id}")), body);
        Event::Texted(text.with_provider_replied(replied))
    });
    let sources = [Source::User, Source::Csv, Source::Api, Source::Hubspot, Source::Salesforce];
    let added = (select(sources.to_vec()), any::<Option<bool>>())
        .prop_map(|(source, opted_out)| Event::Added { source, opted_out });
    let to = select(vec![Override::Active, Override::OptedOut]);
    let overridden = (actor(), to, any::<bool>()).prop_map(|(actor, to, noted)| {
        let note = noted.then(|| Note::new("by phone").unwrap());
        Event::Overridden { actor, to, note }
    });
    let requested = option::of(0..4_u8).prop_map(|request| {
        let message = Message::new(inbox(), "Your table is ready");
        Event::MessageRequested(match request {
            Some(id) => message.with_request(message_id(&format!("R{id}"))),
            None => message,
        })
    });
    let blocked = CarrierCode::new("40300").unwrap();
    prop_oneof![
        16 => text,
        2 => added,
        1 => actor().prop_map(|actor| Event::DeclaredExisting { actor }),
        2 => overridden,
        1 => Just(Event::CarrierBlocked { code: blocked }),
        3 => requested,
    ]
}

fn actor() -> impl Strategy<Value = Actor> {
    let member = Role::Member([Permission::OptInManagement].into());
    let roles = vec![Role::Owner, member, Role::Member([].into())];
    select(roles).prop_map(|role| Actor::new(ActorId::new("bo").unwrap(), role))
}
