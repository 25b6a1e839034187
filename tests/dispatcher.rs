//! A backlog: nothing waits while it is claimed, so a slow outbox costs nobody a prompt or a STOP.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod support;

use std::sync::{
    Mutex,
    atomic::{AtomicI64, Ordering},
};

use chrono::{DateTime, TimeDelta, Utc};
use optin::{
    AccountId, Contact, Content, Dispatcher, Engine, Event, Handover, InboxId, Message, MessageId,
    MessageKind, Outbox, Outgoing, PhoneNumber, Reason, Text, blocking::block_on,
    store::MemoryStorage,
};

use self::support::{poll_once, wait_once};

/// Takes seconds for each message; with the first of the backlog a STOP from another comes in.
struct Slow<'a> {
    now: &'a AtomicI64,
    storage: &'a MemoryStorage,
    stops: Mutex<Option<u64>>,
    sent: Mutex<Vec<(u64, MessageKind)>>,
}

impl Outbox for Slow<'_> {
    async fn send(&self, outgoing: &Outgoing) -> Handover {
        self.now.fetch_add(20, Ordering::Relaxed);
        let Content::Text(sent) = &outgoing.content else { panic!("nothing is synced") };
        let number = outgoing.id.contact.number().to_digits();
        self.sent.lock().unwrap().push((number, sent.kind));
        let stops = self.stops.lock().unwrap().take();
        if let Some(number) = stops {
            let clock = || at(self.now);
            let other = Engine::new(self.storage, Never, clock).deferred();
            let outcome = other.handle(&contact(number), text("STOP", "STOP")).await.unwrap();
            assert_eq!(outcome.in_flight, []);
        }
        Handover::Accepted { provider_id: None }
    }
}

struct Never;

impl Outbox for Never {
    async fn send(&self, _outgoing: &Outgoing) -> Handover {
        panic!("it is left to the dispatcher")
    }
}

fn at(now: &AtomicI64) -> DateTime<Utc> {
    DateTime::from_timestamp(now.load(Ordering::Relaxed), 0).unwrap()
}

fn contact(number: u64) -> Contact {
    Contact::new(AccountId::new("acme").unwrap(), PhoneNumber::from_digits(number).unwrap())
}

fn inbox() -> InboxId {
    InboxId::new("+18885550100").unwrap()
}

fn text(id: &str, body: &'static str) -> Event<'static> {
    Event::Texted(Text::new(inbox(), MessageId::new(id).unwrap(), body))
}

const NUMBERS: [u64; 4] = [12_065_550_101, 12_065_550_102, 12_065_550_103, 12_065_550_104];

#[test]
fn a_stop_takes_back_what_waits_behind_a_slow_outbox() {
    let (now, storage) = (AtomicI64::new(0), MemoryStorage::new());
    let slow =
        Slow { now: &now, storage: &storage, stops: Mutex::default(), sent: Mutex::default() };
    let engine = Engine::new(&storage, &slow, || at(&now)).deferred();
    for number in NUMBERS {
        let source = optin::Source::Api;
        block_on(engine.handle(&contact(number), Event::Added { source, opted_out: None }))
            .unwrap();
        let actor = optin::Actor::new(optin::ActorId::new("ana").unwrap(), optin::Role::Owner);
        let active = Event::Overridden { actor, to: optin::Override::Active, note: None };
        block_on(engine.handle(&contact(number), active)).unwrap();
        let message = Message::new(inbox(), "Your table is ready");
        block_on(engine.handle(&contact(number), Event::MessageRequested(message))).unwrap();
    }
    *slow.stops.lock().unwrap() = Some(NUMBERS[2]);
    let round = block_on(Dispatcher::new(&engine).run_once(100)).unwrap();
    assert_eq!(round.handed_over, 4);
    let mut sent = slow.sent.lock().unwrap().clone();
    sent.sort_by_key(|(number, _)| *number);
    let [message, reply] = [MessageKind::Message, MessageKind::OptedOut];
    let [first, second, third, fourth] = NUMBERS;
    assert_eq!(sent, [(first, message), (second, message), (third, reply), (fourth, message)]);
}

#[test]
fn a_backlog_longer_than_the_lease_is_handed_over() {
    let (now, storage) = (AtomicI64::new(0), MemoryStorage::new());
    let slow =
        Slow { now: &now, storage: &storage, stops: Mutex::default(), sent: Mutex::default() };
    let engine = Engine::new(&storage, &slow, || at(&now)).deferred();
    let engine = engine.with_lease(TimeDelta::seconds(30));
    for (n, number) in NUMBERS.into_iter().enumerate() {
        block_on(engine.handle(&contact(number), text(&n.to_string(), "Hi"))).unwrap();
    }
    let round = block_on(Dispatcher::new(&engine).run_once(100)).unwrap();
    assert_eq!((round.claimed, round.handed_over), (4, 4));
    for number in NUMBERS {
        let soon = block_on(engine.handle(&contact(number), text(&number.to_string(), "Hm")));
        assert_eq!(soon.unwrap().reason, Reason::TooSoon);
    }
}

/// Is asked twice before it answers.
struct Waits;

impl Outbox for Waits {
    async fn send(&self, _outgoing: &Outgoing) -> Handover {
        wait_once().await;
        Handover::Accepted { provider_id: None }
    }
}

fn to_its_end<F: Future>(future: F) -> F::Output {
    let mut future = Box::pin(future);
    loop {
        if let Some(output) = poll_once(future.as_mut()) {
            return output;
        }
    }
}

#[test]
fn a_stop_settles_what_is_held_and_takes_no_more() {
    let engine = Engine::new(MemoryStorage::new(), Waits, || DateTime::UNIX_EPOCH).deferred();
    for (n, number) in NUMBERS.into_iter().enumerate() {
        block_on(engine.handle(&contact(number), text(&n.to_string(), "Hi"))).unwrap();
    }
    let dispatcher = Dispatcher::new(&engine);
    let mut round = Box::pin(dispatcher.run_once(100));
    assert_eq!(poll_once(round.as_mut()), None);
    dispatcher.stop();
    let round = poll_once(round.as_mut()).unwrap().unwrap();
    assert_eq!((round.claimed, round.handed_over), (1, 1));
    let queue = || block_on(engine.counters()).unwrap().queue;
    assert_eq!((queue().waiting, queue().claimed), (3, 0));
    assert_eq!(to_its_end(dispatcher.run_once(100)).unwrap().claimed, 0);
    assert_eq!(to_its_end(Dispatcher::new(&engine).run_once(100)).unwrap().claimed, 3);
    assert_eq!(queue().waiting, 0);
}
