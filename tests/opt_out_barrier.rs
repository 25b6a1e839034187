//! An opt-out while a text is being handed over: named, and never tried again (R6.4).
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicI64, Ordering},
};

use chrono::{DateTime, Utc};
use optin::{
    AccountId, Actor, ActorId, CarrierCode, ConsentState, Contact, Content, Dispatcher, Engine,
    Event, Handover, InboxId, Message, MessageId, MessageKind, OptOut, Outbox, Outgoing, Override,
    PhoneNumber, Policy, Role, SendError, Storage, Text, blocking::block_on, store::MemoryStorage,
};

/// While a text of this kind is handed over, this event happens; then the outbox answers so.
struct Meanwhile {
    storage: Arc<MemoryStorage>,
    plan: Mutex<Option<(MessageKind, Event<'static>, Handover)>>,
    sent: Mutex<Vec<MessageKind>>,
    in_flight: Mutex<usize>,
    now: Arc<AtomicI64>,
}

impl Outbox for &Meanwhile {
    async fn send(&self, outgoing: &Outgoing) -> Handover {
        let Content::Text(text) = &outgoing.content else {
            return Handover::Accepted { provider_id: None };
        };
        self.sent.lock().unwrap().push(text.kind);
        let planned = self.plan.lock().unwrap().take_if(|(kind, ..)| *kind == text.kind);
        let Some((_, event, handover)) = planned else {
            return Handover::Accepted { provider_id: None };
        };
        // Another handler, on another machine: its own replies are left to a dispatcher.
        let other = Engine::new(&*self.storage, self, self.clock()).deferred();
        let outcome = Box::pin(other.handle(&contact(), event)).await.unwrap();
        *self.in_flight.lock().unwrap() = outcome.in_flight.len();
        handover
    }
}

impl Meanwhile {
    fn new(kind: MessageKind, event: Event<'static>, handover: Handover) -> Self {
        Self {
            storage: Arc::default(),
            plan: Mutex::new(Some((kind, event, handover))),
            sent: Mutex::default(),
            in_flight: Mutex::default(),
            now: Arc::default(),
        }
    }

    fn clock(&self) -> impl Fn() -> DateTime<Utc> + Send + Sync + use<> {
        let now = Arc::clone(&self.now);
        move || DateTime::from_timestamp(now.load(Ordering::Relaxed), 0).unwrap()
    }

    fn handle(&self, event: Event<'_>) {
        block_on(Engine::new(&*self.storage, self, self.clock()).handle(&contact(), event))
            .unwrap();
    }

    /// Whatever is due in the next minutes is handed over.
    fn drain(&self) {
        let engine = Engine::new(&*self.storage, self, self.clock());
        for _ in 0..600 {
            self.now.fetch_add(1, Ordering::Relaxed);
            while block_on(Dispatcher::new(&engine).run_once(10)).unwrap().claimed > 0 {}
        }
    }

    fn sent(&self) -> Vec<MessageKind> {
        self.sent.lock().unwrap().clone()
    }

    fn state(&self) -> ConsentState {
        block_on(self.storage.load(&contact())).unwrap().record.unwrap().state
    }
}

fn contact() -> Contact {
    Contact::new(AccountId::new("acme").unwrap(), PhoneNumber::parse("+12065550100").unwrap())
}

fn inbox() -> InboxId {
    InboxId::new("+18885550100").unwrap()
}

fn text(id: &str, body: &'static str) -> Event<'static> {
    Event::Texted(Text::new(inbox(), MessageId::new(id).unwrap(), body))
}

fn ana() -> Actor {
    Actor::new(ActorId::new("ana").unwrap(), Role::Owner)
}

fn by_staff() -> Event<'static> {
    Event::Overridden { actor: ana(), to: Override::OptedOut, note: None }
}

const TRY_AGAIN: Handover = Handover::NotSent { retry: true, code: None };

#[test]
fn a_prompt_in_the_air_is_named_and_not_tried_again() {
    let world = Meanwhile::new(MessageKind::Confirmation, text("SM2", "STOP"), TRY_AGAIN);
    world.handle(text("SM1", "Hi"));
    assert_eq!(*world.in_flight.lock().unwrap(), 1);
    world.drain();
    assert_eq!(world.sent(), [MessageKind::Confirmation, MessageKind::OptedOut]);
}

#[test]
fn a_staff_message_in_the_air_is_named_and_not_tried_again() {
    let world = Meanwhile::new(MessageKind::Message, text("SM3", "STOP"), TRY_AGAIN);
    world.handle(text("SM1", "Hi"));
    world.handle(text("SM2", "YES"));
    world.handle(Event::MessageRequested(Message::new(inbox(), "Hello")));
    assert_eq!(*world.in_flight.lock().unwrap(), 1);
    world.drain();
    let sent = [MessageKind::Confirmation, MessageKind::Message, MessageKind::OptedOut];
    assert_eq!(world.sent(), sent);
}

#[test]
fn a_help_reply_in_the_air_is_not_tried_again() {
    let world = Meanwhile::new(MessageKind::Help, by_staff(), TRY_AGAIN);
    let engine = Engine::new(&*world.storage, &world, world.clock());
    let with_help = |policy: &Policy| {
        let mut settings = policy.settings().clone();
        settings.replies.help = Some("Call 555.".into());
        Policy::new(settings)
    };
    block_on(engine.change_policy(contact().account(), &ana(), with_help)).unwrap();
    world.handle(text("SM1", "HELP"));
    assert_eq!(*world.in_flight.lock().unwrap(), 1);
    world.drain();
    assert_eq!(world.sent(), [MessageKind::Help]);
}

#[test]
fn the_reply_to_an_opt_out_is_tried_again_until_another_cancels_it() {
    let quiet = Event::Added { source: optin::Source::Api, opted_out: None };
    let world = Meanwhile::new(MessageKind::OptedOut, quiet, TRY_AGAIN);
    world.handle(text("SM1", "STOP"));
    world.drain();
    assert_eq!(world.sent(), [MessageKind::OptedOut, MessageKind::OptedOut]);

    let blocked = Event::CarrierBlocked { code: CarrierCode::new("21610").unwrap() };
    let world = Meanwhile::new(MessageKind::OptedOut, blocked, TRY_AGAIN);
    world.handle(text("SM1", "STOP"));
    world.drain();
    assert_eq!(world.sent(), [MessageKind::OptedOut]);
}

#[test]
fn a_permit_from_before_an_opt_out_is_refused() {
    let world = Meanwhile::new(MessageKind::Help, by_staff(), TRY_AGAIN);
    let engine = Engine::new(&*world.storage, &world, world.clock());
    world.handle(text("SM1", "Hi"));
    world.handle(text("SM2", "YES"));
    let permit = block_on(engine.permit(&contact())).unwrap().unwrap();
    world.handle(text("SM3", "STOP"));
    world.handle(Event::Overridden {
        actor: ana(),
        to: Override::Active,
        note: Some(optin::Note::new("asked by phone").unwrap()),
    });
    let sent = block_on(engine.send(permit, Message::new(inbox(), "Hello")));
    assert_eq!(sent, Err(SendError::PermitEnded));

    let old = block_on(engine.permit(&contact())).unwrap().unwrap();
    world.now.fetch_add(30, Ordering::Relaxed);
    assert_eq!(
        block_on(engine.send(old, Message::new(inbox(), "Hello"))),
        Err(SendError::PermitEnded)
    );
    assert_eq!(world.sent(), [MessageKind::Confirmation, MessageKind::OptedOut]);
}

#[test]
fn a_number_blocked_by_its_provider_is_opted_out_in_the_same_commit() {
    let blocked = Handover::Blocked { code: CarrierCode::new("21610").unwrap() };
    let world = Meanwhile::new(MessageKind::Confirmation, text("SM2", "What?"), blocked);
    world.handle(text("SM1", "Hi"));
    assert!(matches!(world.state(), ConsentState::OptedOut { by: OptOut::Carrier, .. }));
    world.drain();
    assert_eq!(world.sent(), [MessageKind::Confirmation]);
}
