//! Who was erased is not added again as if nothing had been, where the host has a key for it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod black_box;
mod support;

use black_box::Scratch;
use optin::{
    Actor, ActorId, Archive, ConsentState, Contact, Content, Crm, Decision, Dispatcher, Engine,
    Event, HandleError, Handover, OptOut, Outbox, Outgoing, Policy, Reason, Role, Source, Status,
    Storage,
    blocking::block_on,
    ledger::SuppressionKey,
    store::{MemoryStorage, SqliteStorage, sqlite},
};

use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use self::support::{START, account, contact, owner, texted};

#[derive(Default)]
struct Provider(Mutex<Vec<Status>>);

impl Outbox for Provider {
    async fn send(&self, outgoing: &Outgoing) -> Handover {
        if let Content::Status(status) = &outgoing.content {
            self.0.lock().unwrap().push(*status);
        }
        Handover::Accepted { provider_id: None }
    }
}

fn key(n: u8) -> SuppressionKey {
    SuppressionKey::new([n; 32])
}

fn added(opted_out: Option<bool>) -> Event<'static> {
    Event::Added { source: Source::Csv, opted_out }
}

/// The same over both storages, each with this key.
fn over_both(
    key: Option<&SuppressionKey>,
    check: impl Fn(&dyn Fn(Event<'static>, &Contact) -> optin::Outcome, &dyn Fn(&Contact) -> bool),
) {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let scratch = Scratch::new(&format!("suppression-{}", COUNT.fetch_add(1, Relaxed)));
    let memory = MemoryStorage::new();
    let options = sqlite::Options::default();
    let (memory, options) = match key {
        None => (memory, options),
        Some(key) => (memory.with_suppression(key.clone()), options.suppression(key.clone())),
    };
    let engine = Engine::new(memory, Provider::default(), || START);
    check(&|event, of| block_on(engine.handle(of, event)).unwrap(), &|of| {
        block_on(engine.storage().erase(of)).unwrap()
    });
    let sqlite = options.open(scratch.path("it.db")).unwrap();
    let engine = Engine::new(sqlite, Provider::default(), || START);
    check(&|event, of| block_on(engine.handle(of, event)).unwrap(), &|of| {
        block_on(engine.storage().erase(of)).unwrap()
    });
}

#[test]
fn who_was_erased_and_is_added_again_is_opted_out() {
    over_both(Some(&key(1)), |handle, erase| {
        for (n, said) in [None, Some(false), Some(true)].into_iter().enumerate() {
            handle(texted(&format!("SM{n}"), "Hi"), &contact(1));
            assert!(erase(&contact(1)));
            let outcome = handle(added(said), &contact(1));
            assert_eq!((outcome.decision, outcome.reason), (Decision::None, Reason::AddedOptedOut));
            let by = OptOut::Import;
            assert_eq!(outcome.state, Some(ConsentState::OptedOut { by, since: START }));
            erase(&contact(1));
        }
        // Others are added as ever.
        assert_eq!(handle(added(None), &contact(2)).reason, Reason::Added);
    });
}

#[test]
fn who_was_erased_and_is_declared_existing_is_opted_out() {
    over_both(Some(&key(1)), |handle, erase| {
        handle(texted("SM1", "stop"), &contact(1));
        erase(&contact(1));
        let declared = || Event::DeclaredExisting { actor: owner() };
        let outcome = handle(declared(), &contact(1));
        assert_eq!((outcome.decision, outcome.reason), (Decision::None, Reason::AddedOptedOut));
        let by = OptOut::Import;
        assert_eq!(outcome.state, Some(ConsentState::OptedOut { by, since: START }));
        assert_eq!(handle(declared(), &contact(1)).reason, Reason::AlreadyPresent);
        // Others are declared as ever.
        assert_eq!(handle(declared(), &contact(2)).reason, Reason::Existing);
    });
}

#[test]
fn who_may_not_declare_is_refused_of_someone_erased_too() {
    let memory = MemoryStorage::new().with_suppression(key(1));
    let engine = Engine::new(memory, Provider::default(), || START);
    block_on(engine.storage().erase(&contact(1))).unwrap();
    let actor = Actor::new(ActorId::new("bo").unwrap(), Role::Member([].into()));
    let declared = block_on(engine.handle(&contact(1), Event::DeclaredExisting { actor }));
    assert!(matches!(declared, Err(HandleError::Refused(_))));
    assert_eq!(block_on(engine.storage().load(&contact(1))).unwrap().record, None);
}

#[test]
fn who_was_erased_and_writes_is_new() {
    over_both(Some(&key(1)), |handle, erase| {
        handle(texted("SM1", "stop"), &contact(1));
        erase(&contact(1));
        let outcome = handle(texted("SM2", "Hi"), &contact(1));
        assert_eq!(outcome.decision, Decision::SendConfirmation);
        // Somebody present is added as ever: nothing changes.
        assert_eq!(handle(added(None), &contact(1)).reason, Reason::AlreadyPresent);
    });
}

#[test]
fn without_a_key_nothing_is_remembered() {
    over_both(None, |handle, erase| {
        handle(texted("SM1", "stop"), &contact(1));
        erase(&contact(1));
        assert_eq!(handle(added(None), &contact(1)).reason, Reason::Added);
    });
}

#[test]
fn somebody_who_was_never_there_can_be_suppressed_too() {
    over_both(Some(&key(1)), |handle, erase| {
        assert!(!erase(&contact(1)));
        assert_eq!(handle(added(None), &contact(1)).reason, Reason::AddedOptedOut);
        let there = Contact::new(optin::AccountId::new("bolt").unwrap(), contact(1).number());
        assert_eq!(handle(added(None), &there).reason, Reason::Added);
    });
}

#[test]
fn a_crm_that_adds_someone_erased_is_told_what_holds() {
    let engine =
        Engine::new(MemoryStorage::new().with_suppression(key(1)), Provider::default(), || START);
    let sync = |policy: &Policy| {
        let mut settings = policy.settings().clone();
        settings.sync.hubspot = true;
        Policy::new(settings)
    };
    block_on(engine.change_policy(&account(), &owner(), sync)).unwrap();
    for (n, said, told) in [(1, None, true), (2, Some(false), true), (3, Some(true), false)] {
        block_on(engine.storage().erase(&contact(n))).unwrap();
        let added = Event::Added { source: Source::Hubspot, opted_out: said };
        block_on(engine.handle(&contact(n), added)).unwrap();
        block_on(Dispatcher::new(&engine).run_once(9)).unwrap();
        let statuses = std::mem::take(&mut *engine.outbox().0.lock().unwrap());
        let expected = told.then_some(Status::new(Crm::Hubspot, true));
        assert_eq!(statuses, expected.into_iter().collect::<Vec<_>>(), "{said:?}");
    }
    block_on(engine.storage().erase(&contact(4))).unwrap();
    let declared = Event::DeclaredExisting { actor: owner() };
    block_on(engine.handle(&contact(4), declared)).unwrap();
    block_on(Dispatcher::new(&engine).run_once(9)).unwrap();
    let statuses = std::mem::take(&mut *engine.outbox().0.lock().unwrap());
    assert_eq!(statuses, [Status::new(Crm::Hubspot, true)]);
}

#[test]
fn a_key_that_was_drawn_is_kept_and_finds_its_marks_again_and_no_other_does() {
    let scratch = Scratch::new("suppression-kept");
    let reason = |key: Option<SuppressionKey>, n| {
        let options = sqlite::Options::default();
        let options = key.into_iter().fold(options, sqlite::Options::suppression);
        let storage = options.open(scratch.path("it.db")).unwrap();
        let engine = Engine::new(storage, Provider::default(), || START);
        block_on(engine.handle(&contact(n), added(None))).unwrap().reason
    };
    let drawn = SuppressionKey::draw().unwrap();
    let kept = drawn.to_bytes();
    let storage = sqlite::Options::default().suppression(drawn).open(scratch.path("it.db"));
    let storage = storage.unwrap();
    for n in 1..=3 {
        block_on(storage.erase(&contact(n))).unwrap();
    }
    drop(storage);
    assert_eq!(reason(Some(SuppressionKey::new(kept)), 1), Reason::AddedOptedOut);
    assert_eq!(reason(Some(SuppressionKey::draw().unwrap()), 2), Reason::Added);
    assert_eq!(reason(None, 3), Reason::Added);
}

#[test]
fn a_mark_says_nothing_without_the_key_and_another_key_finds_nothing() {
    let scratch = Scratch::new("suppression-keys");
    let open =
        |key| sqlite::Options::default().suppression(key).open(scratch.path("it.db")).unwrap();
    let storage = open(key(1));
    block_on(storage.erase(&contact(1))).unwrap();
    let is_suppressed =
        |storage: &SqliteStorage| block_on(storage.load(&contact(1))).unwrap().suppressed;
    assert!(is_suppressed(&storage));
    drop(storage);
    assert!(!is_suppressed(&open(key(2))));
    assert!(is_suppressed(&open(key(1))));
    assert_eq!(format!("{:?}", key(1)), "SuppressionKey(..)");
    assert_ne!(key(1).mark(&contact(1)), key(1).mark(&contact(2)));
    assert_ne!(key(1).mark(&contact(1)), key(2).mark(&contact(1)));
    assert_ne!(SuppressionKey::draw().unwrap(), SuppressionKey::draw().unwrap());
}
