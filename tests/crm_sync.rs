//! CRM sync as a whole: engine, dispatchers and adapters against CRMs that fail and lie.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod crm;
#[path = "crm_sync/liar.rs"]
mod liar;
mod support;

use std::{
    pin::Pin,
    sync::{Arc, atomic::Ordering::SeqCst},
    thread,
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use http::{Request, Response};
use optin::{
    AccountId, Archive, Contact, Content, Crm, Dispatcher, Engine, Event, Handover, Note, Outbox,
    Outcome, Outgoing, Override, Policy, Source, Storage,
    blocking::block_on,
    client::{CallFailed, Client},
    store::MemoryStorage,
    sync::{
        Access, Accounts, Found,
        hubspot::{HubSpot, Properties},
        salesforce::{OptOutField, Record, Records, Salesforce},
    },
};

use self::{
    crm::{ACCEPTED, ADDRESS, Pace, account_of, someone},
    liar::Liar,
    support::{Clock, START, now_or_never, owner, poll_once, texted},
};

/// The account's name is its token.
struct Named;

impl Accounts for Named {
    async fn access(&self, account: &AccountId) -> Option<Access> {
        Access::new(ADDRESS, account.as_str()).ok()
    }

    fn expired(&self, _account: &AccountId, _access: &Access) {}
}

impl Records for Named {
    async fn records(&self, contact: &Contact) -> Found<Vec<Record>> {
        let id = salesforce_id(contact);
        Found::Here(vec![Record::by_id("Contact", &id).unwrap()])
    }
}

fn salesforce_id(contact: &Contact) -> String {
    format!("003{:012}AAA", contact.number().to_digits())
}

/// The host's outbox: statuses to their CRM, texts to a provider that takes all.
struct Host<C> {
    hubspot: HubSpot<Arc<C>, Named>,
    salesforce: Salesforce<Arc<C>, Named, Named>,
}

impl<C: Client> Host<C> {
    fn new(client: &Arc<C>, pace: &Pace) -> Self {
        let properties = Properties::found_by("sms_number").unwrap();
        Self {
            hubspot: HubSpot::new(client.clone(), Named, properties).with_clock(pace.reader()),
            salesforce: Salesforce::new(client.clone(), Named, Named).with_clock(pace.reader()),
        }
    }
}

impl<C: Client> Outbox for Host<C> {
    async fn send(&self, outgoing: &Outgoing) -> Handover {
        match &outgoing.content {
            Content::Text(_) => ACCEPTED,
            Content::Status(status) if status.crm == Crm::Hubspot => {
                self.hubspot.send(outgoing).await
            }
            Content::Status(_) => self.salesforce.send(outgoing).await,
        }
    }
}

type Hosts<C, T> = Engine<MemoryStorage, Host<C>, T>;

fn switch_on<C, T>(engine: &Hosts<C, T>, account: &AccountId, crms: [bool; 2])
where
    C: Client,
    T: Fn() -> DateTime<Utc> + Send + Sync,
{
    let edit = |policy: &Policy| {
        let mut settings = policy.settings().clone();
        [settings.sync.hubspot, settings.sync.salesforce] = crms;
        Policy::new(settings)
    };
    now_or_never(engine.change_policy(account, &owner(), edit)).unwrap();
}

const CONTACTS: usize = 40;

/// Which CRMs each account tells.
fn synced(account: &AccountId) -> Vec<Crm> {
    match account.as_str() {
        "acme" => Crm::ALL.to_vec(),
        "bravo" => vec![Crm::Hubspot],
        _ => Vec::new(),
    }
}

fn everyone() -> impl Iterator<Item = Contact> {
    (0..3).flat_map(|a| (0..CONTACTS).map(move |n| someone(&account_of(a), n)))
}

fn id_at(crm: Crm, contact: &Contact) -> String {
    match crm {
        Crm::Hubspot => contact.number().to_e164(),
        _ => salesforce_id(contact),
    }
}

fn opted_out(storage: &MemoryStorage, contact: &Contact) -> Option<bool> {
    let record = now_or_never(storage.load(contact)).unwrap().record;
    record.map(|record| record.state.opted_out())
}

/// That every CRM has what holds, of everyone but those that it never takes, who are set aside.
fn check<T>(engine: &Hosts<Liar, T>, liar: &Liar, seed: u64)
where
    T: Fn() -> DateTime<Utc> + Send + Sync,
{
    let told = liar.told.lock().unwrap();
    for contact in everyone() {
        let account = contact.account();
        for crm in synced(account) {
            let id = id_at(crm, &contact);
            let poison = Liar::is_poison(&id);
            let at_crm = told.get(&(account.as_str().to_owned(), crm == Crm::Hubspot, id)).copied();
            let holds = opted_out(engine.storage(), &contact);
            assert_eq!(at_crm, holds.filter(|_| !poison), "seed {seed}, {}", crm.name());
        }
    }
    for account in (0..3).map(account_of) {
        let aside = now_or_never(engine.storage().set_aside(&account, 1_000)).unwrap();
        let mut expected: Vec<(Contact, Crm)> = everyone()
            .filter(|contact| *contact.account() == account)
            .flat_map(|contact| synced(&account).into_iter().map(move |crm| (contact.clone(), crm)))
            .filter(|(contact, crm)| Liar::is_poison(&id_at(*crm, contact)))
            .filter(|(contact, _)| opted_out(engine.storage(), contact).is_some())
            .collect();
        let mut listed: Vec<(Contact, Crm)> = aside
            .iter()
            .map(|outgoing| match &outgoing.content {
                Content::Status(status) => (outgoing.id.contact.clone(), status.crm),
                Content::Text(_) => panic!("seed {seed}: a text is set aside"),
            })
            .collect();
        listed.sort();
        expected.sort();
        assert_eq!(listed, expected, "seed {seed}, {}", account.as_str());
    }
    assert!(!told.keys().any(|(token, ..)| token == "carl"), "seed {seed}: its sync is off");
}

/// Something happens to somebody.
fn happens(chance: &mut fastrand::Rng, n: u32) -> Event<'static> {
    let added = |opted_out| Event::Added { source: Source::Csv, opted_out };
    match chance.u32(..8) {
        0 => added(Some(true)),
        1 => added(None),
        2 => Event::Added { source: Source::Hubspot, opted_out: Some(chance.bool()) },
        3 => Event::Added { source: Source::Salesforce, opted_out: Some(chance.bool()) },
        4 => texted(&format!("S{n}"), "STOP"),
        5 => texted(&format!("Y{n}"), "YES"),
        6 => texted(&format!("H{n}"), "Hi"),
        _ => {
            let note = Some(Note::new("by phone").unwrap());
            Event::Overridden { actor: owner(), to: Override::Active, note }
        }
    }
}

/// What a CRM says stands there; of those that it does not take, or is not told, it says nothing.
fn says(liar: &Liar, contact: &Contact, event: &Event<'_>) -> bool {
    let &Event::Added { source, opted_out: Some(opted_out) } = event else {
        return true;
    };
    let Some(crm) = source.crm() else {
        return true;
    };
    let (account, id) = (contact.account(), id_at(crm, contact));
    if Liar::is_poison(&id) || !synced(account).contains(&crm) {
        return false;
    }
    let key = (account.as_str().to_owned(), crm == Crm::Hubspot, id);
    liar.told.lock().unwrap().insert(key, opted_out);
    true
}

type Round<'a> = Pin<Box<dyn Future<Output = usize> + 'a>>;

fn play(seed: u64) -> Arc<Liar> {
    let (clock, pace) = (Clock::at(START), Pace::new());
    let advance = |seconds: u64| {
        clock.advance(TimeDelta::seconds(i64::try_from(seconds).unwrap()));
        pace.advance(Duration::from_secs(seconds));
    };
    let liar = Arc::new(Liar::new(seed));
    let engine = Engine::new(MemoryStorage::new(), Host::new(&liar, &pace), clock.reader());
    switch_on(&engine, &account_of(0), [true, true]);
    switch_on(&engine, &account_of(1), [true, false]);
    let round = || -> Round<'_> {
        Box::pin(async { Dispatcher::new(&engine).run_once(5).await.unwrap().claimed })
    };
    let mut chance = fastrand::Rng::with_seed(seed);
    let contacts: Vec<Contact> = everyone().collect();
    let mut rounds: Vec<Round<'_>> = (0..16).map(|_| round()).collect();
    for n in 0..4_000 {
        let slot = chance.usize(..rounds.len());
        match chance.u32(..100) {
            0..=9 => {
                let contact = &contacts[chance.usize(..contacts.len())];
                let event = happens(&mut chance, n);
                if says(&liar, contact, &event) {
                    // An override of somebody absent is refused, say.
                    let _ = now_or_never(engine.handle(contact, event));
                }
            }
            10 | 11 => advance(chance.u64(..20)),
            12 => rounds[slot] = round(),
            _ => {
                if poll_once(rounds[slot].as_mut()).is_some() {
                    rounds[slot] = round();
                }
            }
        }
    }
    liar.honest.store(true, SeqCst);
    drain(&engine, rounds, &round, &advance, seed);
    check(&engine, &liar, seed);

    // Everything is lost there, and told again.
    liar.told.lock().unwrap().clear();
    for account in (0..3).map(account_of) {
        let present = contacts.iter().filter(|contact| {
            *contact.account() == account && opted_out(engine.storage(), contact).is_some()
        });
        let present = u64::try_from(present.count()).unwrap();
        for crm in Crm::ALL {
            let expected = if synced(&account).contains(&crm) { present } else { 0 };
            assert_eq!(now_or_never(engine.resync(&account, crm)).unwrap(), expected);
        }
    }
    drain(&engine, (0..16).map(|_| round()).collect(), &round, &advance, seed);
    check(&engine, &liar, seed);
    liar
}

/// Runs rounds until nothing is left to hand over.
fn drain<'a, T>(
    engine: &Hosts<Liar, T>,
    mut rounds: Vec<Round<'a>>,
    round: &dyn Fn() -> Round<'a>,
    advance: &dyn Fn(u64),
    seed: u64,
) where
    T: Fn() -> DateTime<Utc> + Send + Sync,
{
    for _ in 0..20_000 {
        let mut claimed = 0;
        for slot in &mut rounds {
            if let Some(took) = poll_once(slot.as_mut()) {
                claimed += took;
                *slot = round();
            } else {
                claimed += 1;
            }
        }
        if claimed == 0 {
            let queue = now_or_never(engine.storage().queue()).unwrap();
            if queue.waiting + queue.claimed == 0 {
                return;
            }
            advance(600);
        }
    }
    panic!("seed {seed}: it does not drain");
}

#[test]
fn through_crms_that_fail_and_lie_the_final_statuses_are_right() {
    let mut faults = std::collections::BTreeMap::new();
    for seed in 0..40 {
        for (fault, times) in play(seed).faults.lock().unwrap().iter() {
            *faults.entry(*fault).or_insert(0) += times;
        }
    }
    assert_eq!(faults.len(), 16, "{faults:?}");
    assert!(faults.values().all(|times| *times > 20), "{faults:?}");
    println!("40 seeds: {faults:?}");
}

/// Takes all, slowly.
#[derive(Default)]
struct Slow(std::sync::atomic::AtomicUsize);

impl Client for Slow {
    async fn call(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, CallFailed> {
        self.0.fetch_add(1, SeqCst);
        thread::sleep(Duration::from_millis(5));
        let body: serde_json::Value = serde_json::from_slice(request.body()).unwrap();
        crm::answer(200, serde_json::json!({ "results": body["inputs"] }))
    }
}

#[test]
fn dispatchers_on_threads_share_their_calls() {
    let slow = Arc::new(Slow::default());
    let engine = Engine::new(MemoryStorage::new(), Host::new(&slow, &Pace::new()), Utc::now);
    switch_on(&engine, &account_of(0), [true, false]);
    let added = Event::Added { source: Source::Csv, opted_out: None };
    for n in 0..320 {
        let contact = someone(&account_of(0), n);
        now_or_never(engine.handle(&contact, added.clone())).unwrap();
    }
    thread::scope(|scope| {
        for _ in 0..32 {
            scope.spawn(|| {
                let dispatcher = Dispatcher::new(&engine);
                while block_on(dispatcher.run_once(100)).unwrap().claimed > 0 {}
            });
        }
    });
    let queue = now_or_never(engine.storage().queue()).unwrap();
    assert_eq!((queue.waiting, queue.claimed, queue.set_aside), (0, 0, 0));
    let calls = slow.0.load(SeqCst);
    assert!(calls < 160, "{calls} calls for 320 statuses");
}

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
