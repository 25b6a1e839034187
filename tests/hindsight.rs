//! The ledger folded to any moment, and replayed under other settings.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod support;

use chrono::{DateTime, TimeDelta, Utc};
use optin::{
    Archive, Engine, Entry, Handover, Message, Outbox, Outgoing, Policy, Settings, Standing,
    Storage, WhatIf, state_at, store::MemoryStorage, strategies, what_if,
};
use proptest::prelude::*;

use self::support::{Clock, START, contact, inbox, now_or_never, texted};

struct Provider(Handover);

impl Outbox for Provider {
    async fn send(&self, _outgoing: &Outgoing) -> Handover {
        self.0.clone()
    }
}

/// Plays texts, each so many hours after the one before it; says what the ledger has of them, and
/// the record after each.
fn played(
    texts: &[(i64, &str)],
    handover: Handover,
) -> (Vec<Entry>, Vec<(DateTime<Utc>, Standing)>) {
    let clock = Clock::at(START);
    let engine = Engine::new(MemoryStorage::new(), Provider(handover), clock.reader());
    let mut stood = Vec::new();
    for (n, (hours, words)) in texts.iter().enumerate() {
        clock.advance(TimeDelta::hours(*hours));
        if let Some(words) = words.strip_prefix("send ") {
            if let Some(permit) = now_or_never(engine.permit(&contact(1))).unwrap() {
                let message = Message::new(inbox(), words.to_owned());
                now_or_never(engine.send(permit, message)).unwrap();
            }
        } else {
            now_or_never(engine.handle(&contact(1), texted(&format!("T{n}"), words))).unwrap();
        }
        let record = now_or_never(engine.storage().load(&contact(1))).unwrap().record;
        stood.extend(record.map(|record| (clock.now(), record.state.standing())));
    }
    (now_or_never(engine.storage().history(&contact(1), 0, 999)).unwrap(), stood)
}

fn accepted() -> Handover {
    Handover::Accepted { provider_id: None }
}

const TALK: [(i64, &str); 8] = [
    (0, "Hi"),
    (13, "Hello?"),
    (13, "Anyone?"),
    (1, "yes"),
    (5, "send Welcome"),
    (1, "stop"),
    (24, "START"),
    (13, "Hm"),
];

#[test]
fn the_ledger_is_folded_to_any_moment() {
    let (entries, stood) = played(&TALK, accepted());
    let at = |time| state_at(&entries, time).unwrap().map(|record| record.state.standing());
    assert_eq!(at(START - TimeDelta::milliseconds(1)), None);
    for (time, standing) in &stood {
        assert_eq!(at(*time), Some(*standing), "{time}");
        assert_eq!(at(*time + TimeDelta::minutes(10)), Some(*standing), "{time}");
    }
    for pair in stood.windows(2) {
        assert_eq!(at(pair[1].0 - TimeDelta::milliseconds(1)), Some(pair[0].1));
    }
}

#[test]
fn entries_in_a_clock_that_went_back_count_in_their_order() {
    let (mut entries, _) = played(&[(0, "Hi"), (1, "yes"), (1, "stop")], accepted());
    // The stop was made by a clock two hours behind.
    for entry in entries.iter_mut().rev().take(2) {
        entry.at -= TimeDelta::hours(2);
    }
    let state = state_at(&entries, START + TimeDelta::minutes(30)).unwrap().unwrap().state;
    assert_eq!(state.standing(), Standing::OptedOut);
}

fn under(change: impl FnOnce(&mut Settings)) -> Policy {
    let mut settings = Settings::default();
    change(&mut settings);
    Policy::new(settings).unwrap()
}

fn told(texts: &[(i64, &str)], policy: &Policy) -> WhatIf {
    what_if(&played(texts, accepted()).0, policy)
}

#[test]
fn under_the_same_settings_nothing_differs() {
    let what_if = told(&TALK, &Policy::default());
    assert_eq!(what_if.was, what_if.would);
    let was = what_if.was;
    assert_eq!((was.confirmations, was.reminders, was.messages), (2, 3, 1));
    assert_eq!((was.pending, was.active, was.opted_out), (1, 0, 0));
}

#[test]
fn reminders_that_would_not_have_been_sent_are_counted() {
    let none = told(&TALK, &under(|settings| settings.reminders.max = 0));
    assert_eq!((none.was.reminders, none.would.reminders), (3, 0));
    let slower = told(&TALK, &under(|settings| settings.reminders.interval_hours = 24));
    assert_eq!((slower.was.reminders, slower.would.reminders), (3, 1));
    assert_eq!(slower.would.confirmations, 2);
}

#[test]
fn contacts_that_would_still_be_pending_are_counted() {
    let other = under(|settings| settings.prompt.keyword = optin::Keyword::Confirm);
    let what_if = told(&TALK[..5], &other);
    assert_eq!((what_if.was.active, what_if.would.active), (1, 0));
    assert_eq!((what_if.was.pending, what_if.would.pending), (0, 1));
    assert_eq!((what_if.was.messages, what_if.would.messages), (1, 0));
    assert_eq!((what_if.was.messages_refused, what_if.would.messages_refused), (0, 1));
}

#[test]
fn what_was_not_sent_is_not_counted_and_gives_its_place_back_in_both() {
    let not_sent = Handover::NotSent { retry: false, code: None };
    let (entries, _) = played(&[(0, "Hi"), (1, "Hello?"), (1, "Anyone?")], not_sent);
    let same = what_if(&entries, &Policy::default());
    assert_eq!((same.was, same.was.confirmations), (same.would, 0));
    let (entries, _) = played(&[(0, "Hi"), (13, "Hello?")], Handover::Unknown);
    let same = what_if(&entries, &Policy::default());
    assert_eq!((same.was, same.was.reminders), (same.would, 1));
}

#[test]
fn counts_add_up() {
    let one = told(&TALK, &under(|settings| settings.reminders.max = 0));
    let both = one + one;
    assert_eq!(both.was.reminders, 2 * one.was.reminders);
    assert_eq!(both.would.pending, 2 * one.would.pending);
    let json = serde_json::to_value(both).unwrap();
    assert_eq!(json["would"]["reminders"], 0);
}

proptest! {
    /// Whatever happened, replaying it under the settings that were in force changes no standing.
    #[test]
    fn a_replay_of_any_talk_ends_where_it_ended(
        texts in prop::collection::vec((0_i64..30, prop::sample::select(vec![
            "Hi", "yes", "Y", "stop", "START", "no", "STOP", "what?", "send Hello", "YES",
        ])), 0..25),
    ) {
        let (entries, _) = played(&texts, accepted());
        let what_if = what_if(&entries, &Policy::default());
        prop_assert_eq!(what_if.was, what_if.would);
    }

    #[test]
    fn any_entries_and_settings_give_an_answer(settings in strategies::any_settings()) {
        let (entries, _) = played(&TALK, accepted());
        if let Ok(policy) = Policy::new(settings) {
            let what_if = what_if(&entries, &policy);
            prop_assert!(what_if.would.reminders <= 6);
        }
    }
}
