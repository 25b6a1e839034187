//! What an engine counts: decisions by reason, hand-overs by result, and what waits.
#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use std::{collections::BTreeMap, sync::Mutex};

use chrono::TimeDelta;
use optin::{
    CarrierCode, Dispatcher, Engine, Event, Handover, Message, Outbox, Outgoing, Policy, Reason,
    store::MemoryStorage,
};

use self::support::{Clock, START, account, contact, inbox, now_or_never, owner, texted};

/// Gives these answers, the last one first.
struct Answers(Mutex<Vec<Handover>>);

impl Outbox for Answers {
    async fn send(&self, _outgoing: &Outgoing) -> Handover {
        let answer = self.0.lock().unwrap().pop();
        answer.unwrap_or(Handover::Accepted { provider_id: None })
    }
}

#[test]
fn decisions_refusals_and_hand_overs_are_counted() {
    let not_sent = |retry| Handover::NotSent { retry, code: None };
    let blocked = Handover::Blocked { code: CarrierCode::new("21610").unwrap() };
    let answers = vec![blocked, Handover::Unknown, not_sent(false), not_sent(true)];
    let (answers, clock) = (Answers(Mutex::new(answers)), Clock::at(START));
    let engine = Engine::new(MemoryStorage::new(), answers, clock.reader());
    let handle = |n, event| now_or_never(engine.handle(&contact(n), event));

    // Not sent twice, the second time for good; unknown; blocked; accepted.
    handle(0, texted("SM0", "Hi")).unwrap();
    clock.advance(TimeDelta::seconds(1));
    now_or_never(Dispatcher::new(&engine).run_once(10)).unwrap();
    for n in 1..=3 {
        handle(n, texted(&format!("SM{n}"), "Hi")).unwrap();
    }
    handle(3, texted("SM3", "Hi")).unwrap();
    handle(3, texted("SM4", "Hi?")).unwrap();
    let message = Event::MessageRequested(Message::new(inbox(), "Your table is ready"));
    handle(3, message).unwrap_err();

    let counters = now_or_never(engine.counters()).unwrap();
    let decisions =
        BTreeMap::from([(Reason::Duplicate, 1), (Reason::NewContact, 4), (Reason::TooSoon, 1)]);
    assert_eq!((counters.decisions, counters.refusals), (decisions, 1));
    let ends = counters.hand_overs;
    assert_eq!((ends.accepted, ends.not_sent, ends.blocked, ends.unknown), (1, 2, 1, 1));
    assert_eq!((ends.expired, ends.lapsed), (0, 0));
    assert_eq!((counters.queue.waiting, counters.queue.oldest), (0, None));
}

#[test]
fn what_waits_is_counted_with_its_age() {
    let clock = Clock::at(START);
    let engine = Engine::new(MemoryStorage::new(), Answers(Mutex::default()), clock.reader());
    let engine = engine.deferred();
    let change = |policy: &Policy| {
        let mut settings = policy.settings().clone();
        settings.sync.hubspot = true;
        Policy::new(settings)
    };
    now_or_never(engine.change_policy(&account(), &owner(), change)).unwrap();
    for n in 0..3 {
        now_or_never(engine.handle(&contact(n), texted(&format!("SM{n}"), "Hi"))).unwrap();
        clock.advance(TimeDelta::minutes(1));
    }
    let waiting = now_or_never(engine.counters()).unwrap();
    assert_eq!((waiting.queue.waiting, waiting.queue.oldest), (6, Some(START)));

    // The first text to be handed over is five minutes and a millisecond old: it expired.
    clock.set(START + TimeDelta::minutes(5) + TimeDelta::milliseconds(1));
    now_or_never(Dispatcher::new(&engine).run_once(10)).unwrap();
    let drained = now_or_never(engine.counters()).unwrap();
    assert_eq!((drained.hand_overs.accepted, drained.hand_overs.expired), (5, 1));
    assert_eq!((drained.queue.waiting, drained.queue.claimed, drained.queue.oldest), (0, 0, None));
}
