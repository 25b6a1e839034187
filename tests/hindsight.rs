//! The ledger folded to any moment, and replayed under other settings.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod support;

use std::sync::Mutex;

use chrono::{DateTime, TimeDelta, Utc};
use optin::{
    Archive, Content, Dispatcher, Engine, Entry, Event, Handover, Message, MessageKind, Note,
    Outbox, Outgoing, Override, Policy, Settings, Source, Standing, Storage, WhatIf,
    ledger::SuppressionKey, state_at, store::MemoryStorage, strategies, what_if,
};
use proptest::prelude::*;

use self::support::{Clock, START, account, contact, inbox, now_or_never, owner, texted};

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

/// One step of a history: how long after the one before, what, how the hand-overs then end and how
/// long they take, and whether a dispatcher runs after it.
type Step = (TimeDelta, Does, Handover, TimeDelta, bool);

#[derive(Clone, Copy, Debug)]
enum Does {
    Says(&'static str),
    Adds(Option<bool>),
    Sets(Override),
    Messages,
}

fn step() -> impl Strategy<Value = Step> {
    let says = ["Hi", "yes", "STOP", "START", "no", "Hello", "HELP"].map(Does::Says).to_vec();
    let adds = [None, Some(true), Some(false)].map(Does::Adds).to_vec();
    let sets = [Override::Active, Override::OptedOut].map(Does::Sets).to_vec();
    let does = prop_oneof![
        7 => prop::sample::select(says),
        1 => prop::sample::select(adds),
        1 => prop::sample::select(sets),
        1 => Just(Does::Messages),
    ];
    let code = optin::CarrierCode::new("21610").unwrap();
    let ends = prop_oneof![
        4 => Just(accepted()),
        4 => prop::sample::select(vec![
            Handover::NotSent { retry: true, code: None },
            Handover::NotSent { retry: false, code: None },
            Handover::Unknown,
            Handover::Blocked { code },
        ]),
    ];
    let half_a_day = 12 * 3_600;
    let pauses = vec![1, 60, 3_600, half_a_day - 1, half_a_day, half_a_day + 3_600, 40 * 86_400];
    let pause = prop::sample::select(pauses).prop_map(TimeDelta::seconds);
    let lasts = prop::sample::select(vec![0, 0, 5, 20]).prop_map(TimeDelta::seconds);
    (pause, does, ends, lasts, any::<bool>())
}

/// Ends each hand-over as it is told, after as long, and counts the prompts that left or may have.
struct Slow {
    clock: Clock,
    next: Mutex<(Handover, TimeDelta)>,
    prompts: Mutex<(u64, u64)>,
}

impl Outbox for &Slow {
    async fn send(&self, outgoing: &Outgoing) -> Handover {
        let (handover, lasts) = self.next.lock().unwrap().clone();
        self.clock.advance(lasts);
        if let (Content::Text(text), Handover::Accepted { .. } | Handover::Unknown) =
            (&outgoing.content, &handover)
        {
            let mut prompts = self.prompts.lock().unwrap();
            match text.kind {
                MessageKind::Confirmation => prompts.0 += 1,
                MessageKind::Reminder => prompts.1 += 1,
                _ => {}
            }
        }
        handover
    }
}

/// Plays a history to its end; what is told of it under the same settings, and what left.
fn lived(steps: &[Step], deferred: bool, double_opt_in: bool) -> (WhatIf, (u64, u64)) {
    let clock = Clock::at(START);
    let slow = Slow {
        clock: clock.clone(),
        next: Mutex::new((accepted(), TimeDelta::zero())),
        prompts: Mutex::default(),
    };
    let engine = Engine::new(MemoryStorage::new(), &slow, clock.reader());
    let engine = if deferred { engine.deferred() } else { engine };
    let policy = under(|settings| settings.double_opt_in = double_opt_in);
    let set = |_: &Policy| Ok::<_, std::convert::Infallible>(policy.clone());
    now_or_never(engine.change_policy(&account(), &owner(), set)).unwrap();
    let dispatcher = Dispatcher::new(&engine);
    for (n, (pause, does, handover, lasts, dispatches)) in steps.iter().enumerate() {
        clock.advance(*pause);
        *slow.next.lock().unwrap() = (handover.clone(), *lasts);
        let event = match does {
            Does::Says(words) => Some(texted(&format!("T{n}"), words)),
            Does::Adds(opted_out) => {
                Some(Event::Added { source: Source::Csv, opted_out: *opted_out })
            }
            Does::Sets(to) => {
                let note = Note::new("by phone").ok();
                Some(Event::Overridden { actor: owner(), to: *to, note })
            }
            Does::Messages => None,
        };
        if let Some(event) = event {
            // What is refused is on the ledger, too.
            let _ = now_or_never(engine.handle(&contact(1), event));
        } else if let Some(permit) = now_or_never(engine.permit(&contact(1))).unwrap() {
            now_or_never(engine.send(permit, Message::new(inbox(), "Hi"))).unwrap();
        }
        if *dispatches {
            now_or_never(dispatcher.run_once(20)).unwrap();
        }
    }
    for _ in 0..20 {
        clock.advance(TimeDelta::seconds(400));
        now_or_never(dispatcher.run_once(20)).unwrap();
    }
    let entries = now_or_never(engine.storage().history(&contact(1), 0, 999)).unwrap();
    let prompts = *slow.prompts.lock().unwrap();
    (what_if(&entries, &policy), prompts)
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

#[test]
fn a_prompt_that_was_taken_back_is_not_counted() {
    let taken_back = |words| {
        let steps = ["Hi", words].map(|words| {
            (TimeDelta::seconds(1), Does::Says(words), accepted(), TimeDelta::zero(), false)
        });
        lived(&steps, true, true)
    };
    for words in ["yes", "STOP"] {
        let (what_if, prompts) = taken_back(words);
        assert_eq!((what_if.was.confirmations, prompts), (0, (0, 0)), "{words}");
        assert_eq!(what_if.was, what_if.would, "{words}");
    }
}

#[test]
fn a_prompt_that_would_not_have_been_taken_back_is_counted() {
    let clock = Clock::at(START);
    let engine = Engine::new(MemoryStorage::new(), Provider(accepted()), clock.reader());
    let engine = engine.deferred();
    now_or_never(engine.handle(&contact(1), texted("T1", "Hi"))).unwrap();
    now_or_never(engine.handle(&contact(1), texted("T2", "Yes"))).unwrap();
    let entries = now_or_never(engine.storage().history(&contact(1), 0, 9)).unwrap();
    let other = under(|settings| settings.prompt.keyword = optin::Keyword::Confirm);
    let what_if = what_if(&entries, &other);
    assert_eq!((what_if.was.confirmations, what_if.would.confirmations), (0, 1));
    assert_eq!((what_if.was.active, what_if.would.pending), (1, 1));
}

#[test]
fn whose_erasure_was_remembered_is_opted_out_in_both() {
    let storage = MemoryStorage::new().with_suppression(SuppressionKey::new([1; 32]));
    let engine = Engine::new(storage, Provider(accepted()), || START);
    for event in [
        Event::Added { source: Source::Csv, opted_out: None },
        Event::DeclaredExisting { actor: owner() },
    ] {
        now_or_never(engine.storage().erase(&contact(1))).unwrap();
        now_or_never(engine.handle(&contact(1), event)).unwrap();
        let entries = now_or_never(engine.storage().history(&contact(1), 0, 9)).unwrap();
        let what_if = what_if(&entries, &Policy::default());
        assert_eq!((what_if.was, what_if.was.opted_out), (what_if.would, 1));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// Under the settings that were in force a replay is what was, and what was is what left.
    #[test]
    fn a_replay_of_any_history_is_what_was(
        steps in prop::collection::vec(step(), 3..15),
        deferred in any::<bool>(),
        double_opt_in in prop::bool::weighted(0.8),
    ) {
        let (what_if, prompts) = lived(&steps, deferred, double_opt_in);
        prop_assert_eq!(what_if.was, what_if.would);
        prop_assert_eq!((what_if.was.confirmations, what_if.was.reminders), prompts);
    }
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
