//! A machine that pauses past its lease, before or within a hand-over: what it knows still counts.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod support;

use std::{future::Future, pin::Pin, sync::Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use optin::{
    CarrierCode, ConsentState, Content, Delivery, Dispatcher, Engine, Event, Handover, MessageKind,
    OptOut, Outbox, Outcome, Outgoing, Policy, Storage, store::MemoryStorage,
};

use self::support::{
    Clock, START, account, contact, now_or_never, owner, poll_once, texted, wait_once,
};

const LEASE: TimeDelta = TimeDelta::seconds(30);

/// Gives these answers, the last one first, each after it was asked twice where `waits` says so.
struct Provider {
    answers: Mutex<Vec<(bool, Handover)>>,
    given: Mutex<Vec<Content>>,
}

impl Outbox for Provider {
    async fn send(&self, outgoing: &Outgoing) -> Handover {
        let next = self.answers.lock().unwrap().pop();
        let (waits, answer) = next.unwrap_or((false, Handover::Accepted { provider_id: None }));
        if waits {
            wait_once().await;
        }
        self.given.lock().unwrap().push(outgoing.content.clone());
        answer
    }
}

struct World {
    storage: MemoryStorage,
    provider: Provider,
    clock: Clock,
}

type Machine<'a, C> = Engine<&'a MemoryStorage, &'a Provider, C>;

impl World {
    fn new(answers: Vec<(bool, Handover)>) -> Self {
        let provider = Provider { answers: Mutex::new(answers), given: Mutex::default() };
        let world = Self { storage: MemoryStorage::new(), provider, clock: Clock::at(START) };
        let change = |policy: &Policy| {
            let mut settings = policy.settings().clone();
            settings.sync.hubspot = true;
            Policy::new(settings)
        };
        now_or_never(world.machine().change_policy(&account(), &owner(), change)).unwrap();
        world
    }

    fn machine(&self) -> Machine<'_, impl Fn() -> DateTime<Utc> + Send + Sync + use<>> {
        Engine::new(&self.storage, &self.provider, self.clock.reader())
    }

    fn handle(&self, id: &str, body: &str) -> Outcome {
        now_or_never(self.machine().handle(&contact(0), texted(id, body))).unwrap()
    }

    fn dispatch(&self) -> usize {
        let engine = self.machine();
        now_or_never(Dispatcher::new(&engine).run_once(10)).unwrap().handed_over
    }

    fn state(&self) -> ConsentState {
        now_or_never(self.storage.load(&contact(0))).unwrap().record.unwrap().state
    }

    /// What HubSpot was told, in its order.
    fn told(&self) -> Vec<bool> {
        let given = self.provider.given.lock().unwrap();
        let statuses = given.iter().filter_map(|content| match content {
            Content::Status(status) => Some(status.opted_out),
            Content::Text(_) => None,
        });
        statuses.collect()
    }

    fn texts(&self) -> Vec<MessageKind> {
        let given = self.provider.given.lock().unwrap();
        let texts = given.iter().filter_map(|content| match content {
            Content::Text(text) => Some(text.kind),
            Content::Status(_) => None,
        });
        texts.collect()
    }
}

fn begun<'a, F: Future + 'a>(future: F) -> Pin<Box<F>> {
    let mut future = Box::pin(future);
    assert!(poll_once(future.as_mut()).is_none(), "it waits for the provider");
    future
}

// Red when deliver_text takes a stale settlement as it is: `step` in place of the match.
#[test]
fn a_block_that_is_told_after_the_lease_opts_out() {
    let blocked = Handover::Blocked { code: CarrierCode::new("21610").unwrap() };
    let world = World::new(vec![(true, blocked)]);
    let (engine, whom) = (world.machine(), contact(0));
    let mut slow = begun(engine.handle(&whom, texted("SM1", "Hi")));
    world.clock.advance(LEASE);
    world.dispatch();
    assert_eq!(world.state().name(), "pending");
    let outcome = poll_once(slow.as_mut()).unwrap().unwrap();
    assert!(matches!(outcome.state, Some(ConsentState::OptedOut { by: OptOut::Carrier, .. })));
    assert!(matches!(world.state(), ConsentState::OptedOut { by: OptOut::Carrier, .. }));
}

/// A clock that a machine reads as later from its second reading on, as one that was paused.
fn paused(clock: &Clock, by: TimeDelta) -> impl Fn() -> DateTime<Utc> + Send + Sync + use<> {
    let (clock, readings) = (clock.clone(), Mutex::new(0));
    move || {
        let mut readings = readings.lock().unwrap();
        *readings += 1;
        if *readings == 2 {
            clock.advance(by);
        }
        clock.now()
    }
}

// Red when deliver_text settles nothing there: an early return of `Delivery::Queued`.
#[test]
fn a_text_paused_before_its_hand_over_is_left_to_a_dispatcher() {
    let world = World::new(Vec::new());
    let engine = Engine::new(&world.storage, &world.provider, paused(&world.clock, LEASE));
    let outcome = now_or_never(engine.handle(&contact(0), texted("SM1", "Hi"))).unwrap();
    assert_eq!((outcome.delivery, world.texts()), (Some(Delivery::Queued), vec![]));
    world.dispatch();
    assert_eq!(world.texts(), [MessageKind::Confirmation]);
}

#[test]
fn a_prompt_paused_past_its_deadline_uses_up_nothing() {
    let world = World::new(Vec::new());
    let late = TimeDelta::minutes(5) + TimeDelta::milliseconds(1);
    for n in 0..5 {
        let engine = Engine::new(&world.storage, &world.provider, paused(&world.clock, late));
        let id = format!("SM{n}");
        let outcome = now_or_never(engine.handle(&contact(0), texted(&id, "Hi"))).unwrap();
        assert_eq!(outcome.delivery, Some(Delivery::Expired));
    }
    world.handle("SM9", "Hi");
    assert_eq!(world.texts(), [MessageKind::Confirmation]);
}

// Red when deliver_status takes a stale settlement as it is: no `tell_again`.
#[test]
fn a_status_that_comes_late_is_followed_by_the_present_one() {
    let world = World::new(Vec::new());
    world.handle("SM1", "Hi");
    world.handle("SM2", "YES");
    let accepted = Handover::Accepted { provider_id: None };
    *world.provider.answers.lock().unwrap() = vec![(true, accepted)];
    let engine = world.machine();
    let dispatcher = Dispatcher::new(&engine);
    let mut slow = begun(dispatcher.run_once(1));
    // Meanwhile others tell it again, and what came after it.
    world.clock.advance(LEASE);
    world.dispatch();
    world.handle("SM3", "STOP");
    world.dispatch();
    assert_eq!(world.told(), [false, true]);
    poll_once(slow.as_mut()).unwrap().unwrap();
    assert_eq!(world.told(), [false, true, false]);
    world.dispatch();
    assert_eq!(world.told(), [false, true, false, true]);
    assert_eq!(world.dispatch(), 0);
}

#[test]
fn a_status_that_comes_late_and_holds_is_told_no_more() {
    let accepted = Handover::Accepted { provider_id: None };
    let world = World::new(Vec::new());
    world.handle("SM1", "Hi");
    *world.provider.answers.lock().unwrap() = vec![(true, accepted)];
    let engine = world.machine();
    let dispatcher = Dispatcher::new(&engine);
    let mut slow = begun(dispatcher.run_once(1));
    world.clock.advance(LEASE);
    world.dispatch();
    poll_once(slow.as_mut()).unwrap().unwrap();
    assert_eq!((world.dispatch(), world.told()), (0, vec![true, true]));
}

// Red when deliver_status takes every settlement as it is: `is_said` always true.
#[test]
fn a_crm_that_said_what_holds_does_not_end_with_the_opposite() {
    let world = World::new(Vec::new());
    world.handle("SM1", "Hi");
    world.dispatch();
    world.handle("SM2", "YES");
    let said = Event::Added { source: optin::Source::Hubspot, opted_out: Some(true) };
    now_or_never(world.machine().handle(&contact(0), said)).unwrap();
    world.dispatch();
    assert_eq!(world.told(), [true, false, true]);
    let counters = now_or_never(world.machine().counters()).unwrap();
    assert_eq!((counters.queue.waiting, counters.queue.claimed), (0, 0));
}
