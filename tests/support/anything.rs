//! Records, events and times beyond what any history leads to.
#![allow(clippy::unwrap_used, reason = "a test")]

use chrono::{DateTime, TimeDelta, Utc};
use optin::{
    CarrierCode, ConsentState, Ending, Event, OptIn, OptOut, Outstanding, Pending, Policy, Record,
    RestartWindow, Revision, Settled, Text, decide,
};
use proptest::{prelude::*, sample::select};

use super::{
    history::event,
    support::{START, inbox, message_id, owner},
};

const SETTLED: &str =
    r#"{"revision":1,"kind":"confirmation","ended":"2026-03-01T09:00:00Z","ending":"unknown"}"#;

pub(crate) fn any_time() -> impl Strategy<Value = DateTime<Utc>> {
    let (first, last) = (DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC);
    let near = (-100_000_000_i64..100_000_000).prop_map(|by| START + TimeDelta::milliseconds(by));
    prop_oneof![
        3 => near,
        1 => select(vec![first, last, first + TimeDelta::nanoseconds(1), last - TimeDelta::hours(12)]),
        1 => (first.timestamp_millis()..=last.timestamp_millis())
            .prop_map(|millis| DateTime::from_timestamp_millis(millis).unwrap()),
    ]
}

fn any_revision() -> impl Strategy<Value = Revision> {
    prop_oneof![0..9_u64, u64::MAX - 1..=u64::MAX].prop_map(Revision::new)
}

/// What a first text leaves, and what a restart leaves: to be changed beyond what could happen.
fn pattern() -> (Record, Outstanding, RestartWindow) {
    let policy = Policy::default();
    let texted = |record: Option<&Record>, body: &str| {
        let text = Text::new(inbox(), message_id("SM1"), body.to_owned());
        decide(&policy, record, &Event::Texted(text), START).unwrap().record.unwrap()
    };
    let asked = texted(None, "Hi");
    let back = texted(Some(&texted(Some(&asked), "STOP")), "START");
    (asked, asked.pending().unwrap().outstanding.unwrap(), back.restarts.unwrap())
}

pub(crate) fn any_record() -> impl Strategy<Value = Record> {
    let time = || proptest::option::of(any_time());
    let outstanding = proptest::option::of((any_revision(), any_time(), any::<u8>(), time()));
    let pending = (any::<u8>(), time(), outstanding, any::<u8>(), any::<bool>());
    let pending = pending.prop_map(|(used, last, outstanding, not_sent, texted)| {
        let mut pending = Pending::default();
        (pending.prompts_used, pending.last_prompt) = (used >> 4, last);
        (pending.not_sent_in_row, pending.texted) = (not_sent, texted);
        pending.outstanding = outstanding.map(|(revision, until, used, last)| {
            let mut outstanding = pattern().1;
            (outstanding.revision, outstanding.until) = (revision, until);
            (outstanding.prompts_used, outstanding.last_prompt) = (used, last);
            outstanding
        });
        ConsentState::Pending(pending)
    });
    let by = [OptOut::Staff, OptOut::Import, OptOut::Crm, OptOut::Contact, OptOut::Carrier];
    let state = prop_oneof![
        3 => pending,
        1 => any_time().prop_map(|since| ConsentState::Active { how: OptIn::Keyword, since }),
        2 => (select(by.to_vec()), any_time())
            .prop_map(|(by, since)| ConsentState::OptedOut { by, since }),
    ];
    let restarts = proptest::option::of((any_time(), any::<u8>()));
    (any_revision(), state, time(), restarts, any_revision()).prop_map(
        |(revision, state, help_replied_at, restarts, cancelled_before)| {
            let (mut record, _, window) = pattern();
            (record.revision, record.state) = (revision, state);
            (record.help_replied_at, record.cancelled_before) = (help_replied_at, cancelled_before);
            record.restarts = restarts.map(|(began, count)| {
                let mut window = window;
                (window.began, window.count) = (began, count);
                window
            });
            record
        },
    )
}

pub(crate) fn any_event() -> impl Strategy<Value = Event<'static>> {
    let word = select(vec![
        "STOP", "yes", "START", "“", "\"", "Liked ", "'", "\u{200b}", "ſ", " ", "help", "opt out",
    ]);
    let body = prop_oneof![
        any::<String>(),
        proptest::collection::vec(word, 0..6).prop_map(|words| words.concat()),
        (0..40_000_usize).prop_map(|length| "stop ".repeat(length / 5)),
    ];
    let text =
        (body, any::<bool>(), proptest::option::of(any_time())).prop_map(|(body, media, at)| {
            let text = Text::new(inbox(), message_id("SM1"), body).with_media(media);
            Event::Texted(match at {
                Some(at) => text.with_sent_at(at),
                None => text,
            })
        });
    let settled = (any_revision(), any_time(), any_time(), 0..6_usize).prop_map(
        |(revision, ended, at, ending)| {
            let code = CarrierCode::new("21610").unwrap();
            let ending = [
                Ending::Accepted { provider_id: None },
                Ending::NotSent { code: None },
                Ending::Blocked { code },
                Ending::Unknown,
                Ending::Expired,
                Ending::Retry { at },
            ][ending]
                .clone();
            let mut settled: Settled = serde_json::from_str(SETTLED).unwrap();
            (settled.revision, settled.ended, settled.ending) = (revision, ended, ending);
            Event::Settled(settled)
        },
    );
    let existing = Event::DeclaredExisting { actor: owner() };
    prop_oneof![4 => text, 3 => settled, 2 => event(), 1 => Just(existing)]
}
