//! A message of staff: its deadline, its author, its permit, and the lease of its hand-over.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod support;

use chrono::TimeDelta;
use optin::{
    Archive, Delivery, Engine, Event, Fact, Handover, Message, Note, Outbox, Outgoing, Override,
    Policy, Record, Storage, Then, decide, store::MemoryStorage,
};
use serde_json::json;
use support::{Clock, START, contact, inbox, now_or_never, owner, poll_once, texted};

struct Never;

impl Outbox for Never {
    async fn send(&self, _outgoing: &Outgoing) -> Handover {
        std::future::pending().await
    }
}

/// Whether a message that waited so long is handed over still.
fn handed_over_at(message: &Message<'static>, seconds: i64) -> bool {
    let (storage, clock) = (MemoryStorage::new(), Clock::at(START));
    let engine = Engine::new(&storage, Never, clock.reader()).deferred();
    let active = Event::DeclaredExisting { actor: owner() };
    now_or_never(engine.handle(&contact(1), active)).unwrap();
    let event = Event::MessageRequested(message.clone());
    now_or_never(engine.handle(&contact(1), event)).unwrap();
    clock.advance(TimeDelta::seconds(seconds));
    let dispatcher = optin::Dispatcher::new(&engine);
    poll_once(Box::pin(dispatcher.run_once(1)).as_mut()).is_none()
}

#[test]
fn a_message_is_handed_over_until_its_deadline() {
    let message = Message::new(inbox(), "Your table is ready");
    assert!(handed_over_at(&message, 300));
    assert!(!handed_over_at(&message, 301));
    let patient = message.with_not_after(START + TimeDelta::hours(2));
    assert!(handed_over_at(&patient, 7_200));
    assert!(!handed_over_at(&patient, 7_201));
}

/// R6.3: storing a decision takes time too.
#[test]
fn a_deadline_that_passes_before_the_hand_over_begins_is_kept() {
    let (storage, clock) = (MemoryStorage::new(), Clock::at(START));
    let slow = move || {
        clock.advance(TimeDelta::seconds(10));
        clock.now()
    };
    let engine = Engine::new(&storage, Never, slow);
    let active = Event::DeclaredExisting { actor: owner() };
    now_or_never(engine.handle(&contact(1), active)).unwrap();
    let soon = START + TimeDelta::seconds(25);
    let message = Message::new(inbox(), "Your table is ready").with_not_after(soon);
    let event = Event::MessageRequested(message);
    let outcome = now_or_never(engine.handle(&contact(1), event)).unwrap();
    assert_eq!(outcome.delivery, Some(Delivery::Expired));
}

#[test]
fn the_ledger_has_the_author_of_a_message() {
    let storage = MemoryStorage::new();
    let engine = Engine::new(&storage, Never, Clock::at(START).reader()).deferred();
    let active = Event::DeclaredExisting { actor: owner() };
    now_or_never(engine.handle(&contact(1), active)).unwrap();
    let message = Message::new(inbox(), "Your table is ready").with_actor(owner());
    now_or_never(engine.handle(&contact(1), Event::MessageRequested(message))).unwrap();
    let entries = now_or_never(storage.history(&contact(1), 0, 10)).unwrap();
    let Fact::Event(event) = &entries.last().unwrap().fact else { panic!("{entries:?}") };
    let Event::MessageRequested(message) = &**event else { panic!("{event:?}") };
    assert_eq!(message.actor, Some(owner()));
}

struct Answering(Handover);

impl Outbox for Answering {
    async fn send(&self, _outgoing: &Outgoing) -> Handover {
        self.0.clone()
    }
}

#[test]
fn a_permit_is_good_for_less_than_thirty_seconds() {
    for (milliseconds, is_good) in [(29_999, true), (30_000, false), (30_001, false)] {
        let (storage, clock) = (MemoryStorage::new(), Clock::at(START));
        let accepts = Answering(Handover::Accepted { provider_id: None });
        let engine = Engine::new(&storage, accepts, clock.reader());
        let active = Event::DeclaredExisting { actor: owner() };
        now_or_never(engine.handle(&contact(1), active)).unwrap();
        let permit = now_or_never(engine.permit(&contact(1))).unwrap().unwrap();
        assert_eq!(permit.ends_at(), START + TimeDelta::seconds(30));
        clock.advance(TimeDelta::milliseconds(milliseconds));
        let sent = now_or_never(engine.send(permit, Message::new(inbox(), "Ready")));
        assert_eq!(sent.is_ok(), is_good, "{milliseconds}");
    }
}

#[test]
fn an_outcome_says_whether_the_provider_took_the_text() {
    let ends = [
        (Handover::Accepted { provider_id: None }, true),
        (Handover::Unknown, false),
        (Handover::NotSent { retry: false, code: None }, false),
    ];
    for (end, is_accepted) in ends {
        let name = end.name();
        let storage = MemoryStorage::new();
        let engine = Engine::new(&storage, Answering(end), Clock::at(START).reader());
        let outcome = now_or_never(engine.handle(&contact(1), texted("SM1", "Hi"))).unwrap();
        assert_eq!(outcome.was_accepted(), is_accepted);
        assert_eq!(outcome.delivery.unwrap().name(), name);
        let outcome = now_or_never(engine.handle(&contact(1), texted("SM2", "no"))).unwrap();
        assert!(!outcome.was_accepted());
    }
    let names = [Delivery::Queued, Delivery::Expired, Delivery::Lapsed];
    assert_eq!(names.map(|delivery| delivery.name()), ["queued", "expired", "lapsed"]);
}

/// RULES 0: while a prompt is outstanding its time is the end of its lease.
#[test]
fn a_lease_is_as_long_as_the_host_says_and_a_second_at_least() {
    for (lease, held) in [(None, 30), (Some(90), 90), (Some(1), 1), (Some(0), 1), (Some(-5), 1)] {
        let storage = MemoryStorage::new();
        let engine = Engine::new(&storage, Never, Clock::at(START).reader());
        let engine = match lease {
            Some(seconds) => engine.with_lease(TimeDelta::seconds(seconds)),
            None => engine,
        };
        let whom = contact(1);
        let mut handled = Box::pin(engine.handle(&whom, texted("SM1", "Hi")));
        assert!(poll_once(handled.as_mut()).is_none());
        let record = now_or_never(storage.load(&contact(1))).unwrap().record.unwrap();
        let until = record.pending().unwrap().outstanding.unwrap().until;
        assert_eq!(until, START + TimeDelta::seconds(held));
    }
}

/// R6.4: coming back does not bring back what an opt-out cancelled.
#[test]
fn a_message_from_before_an_opt_out_is_neither_tried_again_nor_set_aside() {
    let policy = Policy::default();
    let decided =
        |record: Option<&Record>, event: &Event<'_>| decide(&policy, record, event, START).unwrap();
    let set = |to| Event::Overridden { actor: owner(), to, note: Note::new("by phone").ok() };
    let settled = |kind: &str, ending: serde_json::Value| -> Event<'static> {
        let settled = json!({ "revision": 2, "kind": kind, "ended": START, "ending": ending });
        Event::Settled(serde_json::from_value(settled).unwrap())
    };
    let retry = settled("message", json!({ "retry": { "at": START } }));
    let set_aside = settled("message", json!("set_aside"));
    let active = decided(None, &Event::DeclaredExisting { actor: owner() }).record;
    let message = Event::MessageRequested(Message::new(inbox(), "Your table is ready"));
    let sending = decided(active.as_ref(), &message).record;
    assert_eq!(decided(sending.as_ref(), &retry).then, Then::RetryAt(START));
    assert_eq!(decided(sending.as_ref(), &set_aside).then, Then::SetAside);
    let help = settled("help", json!("set_aside"));
    assert_eq!(decided(sending.as_ref(), &help).then, Then::Finish);
    let out = decided(sending.as_ref(), &set(Override::OptedOut)).record;
    let back = decided(out.as_ref(), &set(Override::Active)).record;
    assert!(back.is_some_and(|record| record.state.may_be_messaged()));
    for record in [out, back] {
        assert_eq!(decided(record.as_ref(), &retry).then, Then::Finish);
        assert_eq!(decided(record.as_ref(), &set_aside).then, Then::Finish);
    }
}
