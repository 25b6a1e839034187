//! Someone is erased while a message is on its way, and writes again before it ended.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod black_box;
mod support;

use std::{
    sync::{
        Mutex,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
};

use black_box::Scratch;
use chrono::TimeDelta;
use optin::{
    Archive, CarrierCode, ConsentState, Decision, Engine, Handover, Outbox, Outgoing,
    blocking::block_on,
    store::{MemoryStorage, SqliteStorage},
};

use self::support::{Clock, START, contact, texted};

/// A provider that answers when it is told what.
struct Waits {
    begun: Mutex<Sender<()>>,
    ends: Mutex<Receiver<Handover>>,
}

impl Waits {
    fn new() -> (Self, Receiver<()>, Sender<Handover>) {
        let ((begun, begins), (end, ends)) = (channel(), channel());
        (Self { begun: Mutex::new(begun), ends: Mutex::new(ends) }, begins, end)
    }
}

impl Outbox for Waits {
    async fn send(&self, _outgoing: &Outgoing) -> Handover {
        self.begun.lock().unwrap().send(()).unwrap();
        self.ends.lock().unwrap().recv().unwrap()
    }
}

/// How the prompt of the one who was erased ends says nothing of the one who wrote after that.
fn ends_apart<S: Archive>(storage: &S, end_of_the_first: Handover) {
    let clock = Clock::at(START);
    let (first, first_begins, first_ends) = Waits::new();
    let (second, second_begins, second_ends) = Waits::new();
    let first = Engine::new(storage, first, clock.reader());
    let second = Engine::new(storage, second, clock.reader());
    thread::scope(|scope| {
        let before = scope.spawn(|| block_on(first.handle(&contact(1), texted("SM1", "Hi"))));
        first_begins.recv().unwrap();
        assert!(block_on(storage.erase(&contact(1))).unwrap());
        clock.advance(TimeDelta::milliseconds(1));
        let after = scope.spawn(|| block_on(second.handle(&contact(1), texted("SM2", "Hi again"))));
        second_begins.recv().unwrap();
        first_ends.send(end_of_the_first).unwrap();
        before.join().unwrap().unwrap();

        // Nothing of it reached the new one, whose own prompt is still on its way.
        clock.advance(TimeDelta::seconds(5));
        let third = block_on(first.handle(&contact(1), texted("SM3", "Hello?"))).unwrap();
        assert_eq!(third.decision, Decision::None);
        second_ends.send(Handover::Accepted { provider_id: None }).unwrap();
        let outcome = after.join().unwrap().unwrap();
        assert_eq!(outcome.decision, Decision::SendConfirmation);
        assert!(matches!(outcome.state, Some(ConsentState::Pending(_))), "{:?}", outcome.state);
    });
}

#[test]
fn an_end_of_before_says_nothing_of_who_wrote_after() {
    for (n, end) in [
        Handover::Accepted { provider_id: None },
        Handover::NotSent { retry: false, code: None },
        Handover::NotSent { retry: true, code: None },
        Handover::Unknown,
    ]
    .into_iter()
    .enumerate()
    {
        ends_apart(&MemoryStorage::new(), end.clone());
        let scratch = Scratch::new(&format!("erased-in-flight-{n}"));
        ends_apart(&SqliteStorage::open(scratch.path("it.db")).unwrap(), end);
    }
}

/// A number that the provider blocks is opted out, whoever had it: the safe side.
#[test]
fn a_block_of_before_opts_out_who_wrote_after() {
    let storage = MemoryStorage::new();
    let (waits, begins, ends) = Waits::new();
    let engine = Engine::new(&storage, waits, || START);
    thread::scope(|scope| {
        let before = scope.spawn(|| block_on(engine.handle(&contact(1), texted("SM1", "Hi"))));
        begins.recv().unwrap();
        assert!(block_on(storage.erase(&contact(1))).unwrap());
        ends.send(Handover::Blocked { code: CarrierCode::new("21610").unwrap() }).unwrap();
        before.join().unwrap().unwrap();
    });
    let record = block_on(optin::Storage::load(&storage, &contact(1))).unwrap().record.unwrap();
    assert!(matches!(record.state, ConsentState::OptedOut { .. }), "{:?}", record.state);
}
