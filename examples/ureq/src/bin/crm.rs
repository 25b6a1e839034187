//! A host that tells HubSpot: `HUBSPOT_TOKEN=... crm FILE.db SMS_NUMBER_PROPERTY +12065550100 ...`
//!
//! Adds the numbers to the account `acme`, whose sync it switches on, and hands over what is
//! queued, with eight dispatchers that share their calls. Its last line is how that went.
//! `HUBSPOT_ADDRESS` names another address.

use std::{env, error::Error, thread, time::Duration};

use chrono::{DateTime, Utc};
use optin::{
    AccountId, Actor, ActorId, Archive, Contact, Content, Dispatcher, Engine, Event, Handover,
    Outbox, Outgoing, PhoneNumber, Policy, Role, Source, Storage,
    blocking::block_on,
    store::SqliteStorage,
    sync::{
        Access, Accounts,
        hubspot::{self, HubSpot, Properties},
    },
};
use optin_ureq::Ureq;

const DISPATCHERS: usize = 8;

/// What this host knows of its accounts: that there is one.
struct Acme(Access);

impl Accounts for Acme {
    async fn access(&self, _account: &AccountId) -> Option<Access> {
        Some(self.0.clone())
    }

    fn expired(&self, _account: &AccountId, _access: &Access) {
        // A host with OAuth refreshes the token now.
        eprintln!("HubSpot refused the token");
    }
}

/// Statuses go to HubSpot. This host sends no texts.
struct Host(HubSpot<Ureq, Acme>);

impl Outbox for Host {
    async fn send(&self, outgoing: &Outgoing) -> Handover {
        match &outgoing.content {
            Content::Status(_) => self.0.send(outgoing).await,
            Content::Text(_) => Handover::NotSent { retry: false, code: None },
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let usage = "usage: crm FILE.db SMS_NUMBER_PROPERTY [NUMBER...]";
    let (file, property) = arguments.next().zip(arguments.next()).ok_or(usage)?;
    let token = env::var("HUBSPOT_TOKEN").map_err(|_| "HUBSPOT_TOKEN is not set")?;
    let address = env::var("HUBSPOT_ADDRESS").unwrap_or(hubspot::ADDRESS.into());
    let accounts = Acme(Access::new(&address, &token)?);
    let hubspot = HubSpot::new(Ureq::new(), accounts, Properties::found_by(&property)?);
    let engine = Engine::new(SqliteStorage::open(file)?, Host(hubspot), Utc::now);

    let account = AccountId::new("acme")?;
    let ana = Actor::new(ActorId::new("ana")?, Role::Owner);
    block_on(engine.change_policy(&account, &ana, |policy| {
        let mut settings = policy.settings().clone();
        settings.sync.hubspot = true;
        Policy::new(settings)
    }))?;
    for number in arguments {
        let contact = Contact::new(account.clone(), PhoneNumber::parse(&number)?);
        block_on(engine.handle(&contact, Event::Added { source: Source::User, opted_out: None }))?;
    }

    thread::scope(|scope| {
        for _ in 0..DISPATCHERS {
            scope.spawn(|| dispatch(&engine));
        }
    });
    let counters = block_on(engine.counters())?;
    println!(
        "accepted {}, waiting {}, set aside {}",
        counters.hand_overs.accepted, counters.queue.waiting, counters.queue.set_aside
    );
    Ok(())
}

/// Until nothing is queued; a host that goes on running goes on dispatching.
fn dispatch<S: Storage + Archive, O: Outbox>(
    engine: &Engine<S, O, impl Fn() -> DateTime<Utc> + Send + Sync>,
) {
    let dispatcher = Dispatcher::new(engine);
    for _ in 0..60 {
        match block_on(dispatcher.run_once(100)) {
            Ok(round) if round.claimed > 0 => {}
            Ok(_) => match block_on(engine.storage().queue()) {
                Ok(queue) if queue.waiting + queue.claimed == 0 => return,
                Ok(_) | Err(_) => thread::sleep(Duration::from_millis(500)),
            },
            Err(error) => {
                eprintln!("dispatch: {error}");
                thread::sleep(Duration::from_millis(500));
            }
        }
    }
}
