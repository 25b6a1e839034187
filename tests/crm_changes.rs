//! What a CRM says of consent, what it changes, and what the CRM is told after (R5.1, R6.5).
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod crm;
#[path = "crm_sync/liar.rs"]
mod liar;
mod support;

use std::sync::{Arc, atomic::Ordering::SeqCst};

use chrono::{DateTime, Utc};
use optin::{
    Contact, Crm, Dispatcher, Engine, Event, Outcome,
    store::MemoryStorage,
    sync::{hubspot::Properties, salesforce::OptOutField},
};

use self::{
    crm::{
        Pace, account_of,
        host::{Host, Hosts, id_at, opted_out, switch_on},
        someone,
    },
    liar::Liar,
    support::{START, now_or_never, texted},
};

/// What a CRM said, and what it was told after that.
struct Talk {
    engine: Hosts<Liar, fn() -> DateTime<Utc>>,
    liar: Arc<Liar>,
    contact: Contact,
}

impl Talk {
    fn new() -> Self {
        let liar = Arc::new(Liar::new(0));
        liar.honest.store(true, SeqCst);
        let clock: fn() -> DateTime<Utc> = || START;
        let engine = Engine::new(MemoryStorage::new(), Host::new(&liar, &Pace::new()), clock);
        switch_on(&engine, &account_of(0), [true, true]);
        Self { engine, liar, contact: someone(&account_of(0), 1) }
    }

    fn happens(&self, event: Event<'_>) -> Outcome {
        now_or_never(self.engine.handle(&self.contact, event)).unwrap()
    }

    /// What each CRM is told now: HubSpot, then Salesforce.
    fn told(&self) -> [Option<bool>; 2] {
        self.liar.told.lock().unwrap().clear();
        now_or_never(Dispatcher::new(&self.engine).run_once(100)).unwrap();
        let told = self.liar.told.lock().unwrap();
        Crm::ALL.map(|crm| {
            let id = id_at(crm, &self.contact);
            told.get(&("acme".to_owned(), crm == Crm::Hubspot, id)).copied()
        })
    }

    fn opted_out(&self) -> Option<bool> {
        opted_out(self.engine.storage(), &self.contact)
    }
}

fn hubspot_says(value: &str) -> Event<'static> {
    let properties = Properties::found_by("sms_number").unwrap();
    properties.changed("sms_opted_out", value).unwrap()
}

fn salesforce_says(value: &str) -> Event<'static> {
    OptOutField::default().changed("sms_opt_out__C", value).unwrap()
}

#[test]
fn what_a_crm_says_can_only_opt_out() {
    for says in [hubspot_says, salesforce_says] {
        let talk = Talk::new();
        talk.happens(texted("1", "Hi"));
        talk.happens(texted("2", "YES"));
        talk.told();
        for value in ["false", "", "no", "TRUE", "1", "<html>"] {
            talk.happens(says(value));
            assert_eq!(talk.opted_out(), Some(false), "{value}");
        }
        talk.happens(says("true"));
        assert_eq!(talk.opted_out(), Some(true));
        for value in ["false", "", "no"] {
            talk.happens(says(value));
            assert_eq!(talk.opted_out(), Some(true), "{value}");
        }
    }
}

#[test]
fn a_crm_that_hears_of_its_own_opt_out_is_not_told_it() {
    let talk = Talk::new();
    talk.happens(texted("1", "Hi"));
    talk.happens(texted("2", "YES"));
    assert_eq!(talk.told(), [Some(false), Some(false)]);
    talk.happens(hubspot_says("true"));
    assert_eq!(talk.told(), [None, Some(true)]);
    // The echo of what Salesforce was told.
    talk.happens(salesforce_says("true"));
    assert_eq!(talk.told(), [None, None]);
}

#[test]
fn a_crm_that_says_what_does_not_hold_is_told_what_does() {
    let talk = Talk::new();
    // Pending counts as opted out.
    talk.happens(salesforce_says("false"));
    assert_eq!(talk.told(), [Some(true), Some(true)]);
    talk.happens(texted("1", "STOP"));
    assert_eq!(talk.told(), [None, None], "opted out as before");
    talk.happens(hubspot_says("false"));
    assert_eq!(talk.told(), [Some(true), None]);
    talk.happens(salesforce_says("false"));
    assert_eq!(talk.told(), [None, Some(true)]);
    talk.happens(hubspot_says("perhaps"));
    assert_eq!(talk.told(), [None, None], "nothing was said");
}

#[test]
fn a_status_is_told_only_while_the_accounts_sync_is_on() {
    let talk = Talk::new();
    switch_on(&talk.engine, &account_of(0), [false, false]);
    talk.happens(texted("1", "Hi"));
    talk.happens(texted("2", "YES"));
    assert_eq!(talk.told(), [None, None]);
    assert_eq!(talk.liar.calls.load(SeqCst), 0);
    assert_eq!(now_or_never(talk.engine.resync(&account_of(0), Crm::Hubspot)).unwrap(), 0);
    switch_on(&talk.engine, &account_of(0), [true, false]);
    assert_eq!(now_or_never(talk.engine.resync(&account_of(0), Crm::Hubspot)).unwrap(), 1);
    assert_eq!(talk.told(), [Some(false), None]);
}
