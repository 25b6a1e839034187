//! CRM sync as a whole: engine, dispatchers and adapters against CRMs that fail and lie.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod crm;
#[path = "crm_sync/liar.rs"]
mod liar;
mod support;

use std::{
    collections::BTreeMap,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    thread,
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use http::{Request, Response};
use optin::{
    AccountId, Archive, Contact, Content, Crm, Dispatcher, Engine, Event, Note, Override, Source,
    blocking::block_on,
    client::{CallFailed, Client},
    store::MemoryStorage,
};

use self::{
    crm::{
        Pace, account_of,
        host::{Host, Hosts, id_at, opted_out, switch_on},
        someone,
    },
    liar::Liar,
    support::{Clock, START, now_or_never, owner, poll_once, texted},
};

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
    let mut faults = BTreeMap::new();
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
struct Slow(AtomicUsize);

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
    println!("{calls} calls for 320 statuses of 32 dispatchers");
    assert!(calls < 160, "{calls} calls");
}
