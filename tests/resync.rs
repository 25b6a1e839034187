//! A CRM is told every contact's status again (R6.5).
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::sync::Mutex;

use chrono::{DateTime, Utc};
use optin::{
    AccountId, Actor, ActorId, Contact, Content, Crm, Dispatcher, Engine, Event, Handover, Outbox,
    Outgoing, PhoneNumber, Policy, Role, Source, blocking::block_on, store::MemoryStorage,
};

#[derive(Default)]
struct Crms(Mutex<Vec<(u64, Crm, bool)>>);

impl Outbox for Crms {
    async fn send(&self, outgoing: &Outgoing) -> Handover {
        let Content::Status(status) = &outgoing.content else {
            panic!("resync sends no text");
        };
        let number = outgoing.id.contact.number().to_digits();
        self.0.lock().unwrap().push((number, status.crm, status.opted_out));
        Handover::Accepted { provider_id: None }
    }
}

#[test]
fn a_sync_switched_on_late_is_told_every_status_once() {
    let crms = Crms::default();
    let engine = Engine::new(MemoryStorage::new(), &crms, || DateTime::<Utc>::UNIX_EPOCH);
    let account = AccountId::new("acme").unwrap();
    let numbers: Vec<u64> = (12_065_550_000..12_065_552_500).collect();
    for &number in &numbers {
        let contact = Contact::new(account.clone(), PhoneNumber::from_digits(number).unwrap());
        let event = Event::Added { source: Source::Api, opted_out: Some(number % 2 == 0) };
        block_on(engine.handle(&contact, event)).unwrap();
    }
    assert_eq!(block_on(engine.resync(&account, Crm::Hubspot)), Ok(0));

    let ana = Actor::new(ActorId::new("ana").unwrap(), Role::Owner);
    let switch_on = |policy: &Policy| {
        let mut settings = policy.settings().clone();
        settings.sync.hubspot = true;
        Policy::new(settings)
    };
    block_on(engine.change_policy(&account, &ana, switch_on)).unwrap();
    assert_eq!(block_on(engine.resync(&account, Crm::Hubspot)), Ok(2_500));
    assert_eq!(block_on(engine.resync(&account, Crm::Salesforce)), Ok(0));

    let dispatcher = Dispatcher::new(&engine);
    while block_on(dispatcher.run_once(100)).unwrap().claimed > 0 {}
    let told = crms.0.lock().unwrap();
    let expected: Vec<_> = numbers.iter().map(|&number| (number, Crm::Hubspot, true)).collect();
    assert_eq!(*told, expected);
}
