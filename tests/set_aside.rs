//! A message that keeps failing is set aside: visible, countable, queued again by a person.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod support;

use std::sync::Mutex;

use chrono::{TimeDelta, Utc};
use optin::{
    Archive, CarrierCode, Content, Dispatcher, Engine, Event, Fact, Handover, Message, MessageKind,
    Outbox, Outgoing, Policy, Reason, Verdict, store::MemoryStorage,
};

use self::support::{Clock, START, account, contact, inbox, now_or_never, owner, texted};

/// Answers so for each message; keeps what it was given.
struct Provider {
    answer: Mutex<fn(&Outgoing) -> Handover>,
    given: Mutex<Vec<Outgoing>>,
}

impl Outbox for Provider {
    async fn send(&self, outgoing: &Outgoing) -> Handover {
        self.given.lock().unwrap().push(outgoing.clone());
        (self.answer.lock().unwrap())(outgoing)
    }
}

fn accepted(_: &Outgoing) -> Handover {
    Handover::Accepted { provider_id: None }
}

fn busy(outgoing: &Outgoing) -> Handover {
    match &outgoing.content {
        Content::Text(text) if text.kind != MessageKind::Help => {
            Handover::NotSent { retry: true, code: None }
        }
        Content::Text(_) | Content::Status(_) => accepted(outgoing),
    }
}

fn refused(outgoing: &Outgoing) -> Handover {
    match &outgoing.content {
        Content::Status(_) => {
            Handover::NotSent { retry: false, code: Some(CarrierCode::new("404").unwrap()) }
        }
        Content::Text(_) => accepted(outgoing),
    }
}

struct World {
    storage: MemoryStorage,
    provider: Provider,
    clock: Clock,
}

impl World {
    fn new() -> Self {
        let provider = Provider { answer: Mutex::new(accepted), given: Mutex::default() };
        let world = Self { storage: MemoryStorage::new(), provider, clock: Clock::at(START) };
        let change = |policy: &Policy| {
            let mut settings = policy.settings().clone();
            settings.replies.help = Some("Call us.".into());
            settings.sync.hubspot = true;
            Policy::new(settings)
        };
        now_or_never(world.engine().change_policy(&account(), &owner(), change)).unwrap();
        world
    }

    fn engine(
        &self,
    ) -> Engine<&MemoryStorage, &Provider, impl Fn() -> chrono::DateTime<Utc> + Send + Sync> {
        Engine::new(&self.storage, &self.provider, self.clock.reader())
    }

    fn answer(&self, answer: fn(&Outgoing) -> Handover) {
        *self.provider.answer.lock().unwrap() = answer;
    }

    fn happens(&self, event: Event<'_>) -> Reason {
        now_or_never(self.engine().handle(&contact(0), event)).unwrap().reason
    }

    /// So many seconds pass, with a dispatcher that runs in each.
    fn pass(&self, seconds: u32) {
        let engine = self.engine();
        for _ in 0..seconds {
            self.clock.advance(TimeDelta::seconds(1));
            while now_or_never(Dispatcher::new(&engine).run_once(10)).unwrap().claimed > 0 {}
        }
    }

    fn opt_in(&self) {
        self.happens(texted("SM1", "Hi"));
        self.happens(texted("SM2", "YES"));
        self.pass(1);
        self.provider.given.lock().unwrap().clear();
    }

    /// How often each kind of text, or a status, was given to the provider.
    fn given(&self, kind: Option<MessageKind>) -> usize {
        let given = self.provider.given.lock().unwrap();
        let is = |outgoing: &&Outgoing| match &outgoing.content {
            Content::Text(text) => Some(text.kind) == kind,
            Content::Status(_) => kind.is_none(),
        };
        given.iter().filter(is).count()
    }

    fn set_aside(&self) -> Vec<Outgoing> {
        let listed = now_or_never(self.storage.set_aside(&account(), 10)).unwrap();
        let queue = now_or_never(self.engine().counters()).unwrap().queue;
        assert_eq!(queue.set_aside, listed.len() as u64);
        listed
    }

    fn last_reason(&self) -> Reason {
        let entries = now_or_never(self.storage.history(&contact(0), 0, 100)).unwrap();
        let last = entries.last().unwrap();
        assert!(matches!(&last.fact, Fact::Event(event) if event.name() == "settled"));
        match last.verdict {
            Verdict::Decided { reason, .. } => reason,
            _ => panic!("a settlement is no attempt"),
        }
    }
}

fn in_a_day() -> Event<'static> {
    let message = Message::new(inbox(), "Your table is ready");
    Event::MessageRequested(message.with_not_after(START + TimeDelta::days(1)))
}

#[test]
fn a_message_of_staff_that_keeps_failing_holds_nothing_up() {
    let world = World::new();
    world.opt_in();
    world.answer(busy);
    world.happens(in_a_day());
    world.happens(texted("SM3", "HELP"));
    assert_eq!(world.given(Some(MessageKind::Help)), 0, "it waits in its line");
    // 1 + 2 + 4 + ... + 128 seconds.
    world.pass(254);
    assert_eq!(world.given(Some(MessageKind::Message)), 8);
    assert_eq!(world.set_aside(), []);
    world.pass(1);
    assert_eq!(world.given(Some(MessageKind::Message)), 9);
    assert_eq!(world.set_aside().len(), 1);
    assert_eq!(world.given(Some(MessageKind::Help)), 1);
    world.pass(600);
    assert_eq!(world.given(Some(MessageKind::Message)), 9);
}

#[test]
fn what_is_set_aside_is_handed_over_when_a_person_says_so() {
    let world = World::new();
    world.opt_in();
    world.answer(busy);
    world.happens(in_a_day());
    world.pass(255);
    assert_eq!(world.last_reason(), Reason::SetAside);
    let [message] = &world.set_aside()[..] else { panic!("one is set aside") };
    world.answer(accepted);
    assert_eq!(now_or_never(world.storage.requeue(&message.id)), Ok(true));
    assert_eq!(world.set_aside(), []);
    world.pass(1);
    assert_eq!(world.given(Some(MessageKind::Message)), 10);
    assert_eq!(world.last_reason(), Reason::Accepted);
    assert_eq!(now_or_never(world.storage.requeue(&message.id)), Ok(false));
}

#[test]
fn an_opt_out_takes_back_a_message_set_aside() {
    let world = World::new();
    world.opt_in();
    world.answer(busy);
    world.happens(in_a_day());
    world.pass(255);
    let [message] = &world.set_aside()[..] else { panic!("one is set aside") };
    world.answer(accepted);
    world.happens(texted("SM3", "STOP"));
    assert_eq!(world.set_aside(), []);
    assert_eq!(now_or_never(world.storage.requeue(&message.id)), Ok(false));
    world.pass(300);
    assert_eq!(world.given(Some(MessageKind::Message)), 9);
}

#[test]
fn a_prompt_that_keeps_failing_gives_its_place_back() {
    let world = World::new();
    world.answer(busy);
    assert_eq!(world.happens(texted("SM1", "Hi")), Reason::NewContact);
    world.pass(300);
    assert_eq!(world.last_reason(), Reason::NotSent);
    assert_eq!(world.set_aside(), []);
    assert_eq!(world.happens(texted("SM2", "Hi?")), Reason::NotAskedYet);
}

#[test]
fn a_status_that_a_crm_refuses_waits_for_a_person_or_a_newer_one() {
    let world = World::new();
    world.answer(refused);
    world.happens(texted("SM1", "Hi"));
    world.pass(1);
    let [status] = &world.set_aside()[..] else { panic!("one is set aside") };
    world.pass(60);
    assert_eq!((world.given(None), world.given(Some(MessageKind::Confirmation))), (1, 1));
    assert_eq!(now_or_never(world.storage.requeue(&status.id)), Ok(true));
    world.pass(1);
    assert_eq!((world.given(None), world.set_aside().len()), (2, 1));
    world.answer(accepted);
    world.happens(texted("SM2", "YES"));
    assert_eq!(world.set_aside(), []);
    assert_eq!(now_or_never(world.storage.requeue(&status.id)), Ok(false));
    world.pass(1);
    assert_eq!(world.given(None), 3);
}
