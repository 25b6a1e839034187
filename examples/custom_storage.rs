//! A host's own storage: plain maps behind a lock. A database does the same in a transaction.

use std::collections::{HashMap, HashSet};
use std::convert::Infallible;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use optin::blocking::block_on;
use optin::conformance::Suite;
use optin::storage::{Change, Claim, Commit, Committed, CurrentPolicy, Mark, Place};
use optin::storage::{PolicyChange, PolicyCommitted, Snapshot, Then};
use optin::{AccountId, Contact, Destination, Engine, Entry, Event, Handover, InboxId, MessageId};
use optin::{Outbox, Outgoing, PhoneNumber, Record, Storage, Text};

type Time = DateTime<Utc>;
type Answer<T> = Result<T, Infallible>;

#[derive(Default)]
struct Tables {
    policies: HashMap<AccountId, CurrentPolicy>,
    records: HashMap<Contact, Record>,
    marks: HashSet<(AccountId, Mark)>,
    ledger: Vec<(AccountId, Entry)>,
    /// In the order of their ids, contact by contact.
    queue: Vec<(Outgoing, Place)>,
    set_aside: Vec<Outgoing>,
}

impl Tables {
    fn policy(&self, account: &AccountId) -> CurrentPolicy {
        self.policies.get(account).cloned().unwrap_or_default()
    }
}

fn line_of(outgoing: &Outgoing) -> (&Contact, Destination) {
    (&outgoing.id.contact, outgoing.destination())
}

#[derive(Default)]
struct Shelf(Mutex<Tables>);

impl Shelf {
    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Storage for Shelf {
    type Error = Infallible;

    async fn load(&self, contact: &Contact) -> Answer<Snapshot> {
        let tables = self.tables();
        let line = (contact, Destination::Phone);
        let current = tables.policy(contact.account());
        let record = tables.records.get(contact).copied();
        let text_unfinished = tables.queue.iter().any(|(queued, _)| line_of(queued) == line);
        Ok(Snapshot { current, record, text_unfinished, suppressed: false })
    }

    async fn commit(&self, commit: Commit) -> Answer<Committed> {
        let (mut tables, contact) = (self.tables(), &commit.contact);
        let account = contact.account().clone();
        let mark = commit.mark.map(|mark| (account.clone(), mark));
        if mark.as_ref().is_some_and(|mark| tables.marks.contains(mark)) {
            return Ok(Committed::Duplicate);
        }
        if tables.records.get(contact) != commit.expected.as_ref() {
            return Ok(Committed::Conflict);
        }
        if let Some(settled) = commit.settle {
            let Some(at) = tables.queue.iter().position(|(queued, place)| {
                settled.is_of(queued) && place.is_claimed_as(settled.token)
            }) else {
                return Ok(Committed::Stale);
            };
            let (outgoing, mut place) = tables.queue.remove(at);
            match settled.then {
                Then::Finish => {}
                Then::SetAside => tables.set_aside.push(outgoing),
                Then::RetryAt(time) => {
                    place.retry_at(time);
                    tables.queue.insert(at, (outgoing, place));
                }
            }
        }
        tables.marks.extend(mark);
        if let Change::Put(record) = commit.change {
            tables.records.insert(contact.clone(), record);
        }
        tables.ledger.extend(commit.entry.map(|entry| (account, entry)));
        let taken = |of: &Outgoing| of.id.contact == *contact && commit.cancel.takes_back(of);
        tables.set_aside.retain(|queued| !taken(queued));
        tables.queue.retain(|(queued, place)| place.claimed || !taken(queued));
        let in_flight = tables.queue.iter().filter(|(queued, _)| taken(queued));
        let in_flight = in_flight.map(|(queued, _)| queued.id.clone()).collect();
        for outgoing in commit.outgoing {
            let place = Place::first(&outgoing, commit.lease);
            tables.queue.push((outgoing, place));
        }
        Ok(Committed::Applied { in_flight })
    }

    async fn claim(&self, now: Time, until: Time, limit: usize) -> Answer<Vec<Claim>> {
        let (mut tables, mut passed) = (self.tables(), HashSet::new());
        let heads = tables.queue.iter_mut().filter(|(queued, _)| {
            let (contact, destination) = line_of(queued);
            passed.insert((contact.clone(), destination))
        });
        let due = heads.filter(|(_, place)| place.due <= now).take(limit);
        Ok(due.map(|(outgoing, place)| place.claim(outgoing.clone(), now, until)).collect())
    }

    async fn policy(&self, account: &AccountId) -> Answer<CurrentPolicy> {
        Ok(self.tables().policy(account))
    }

    async fn set_policy(&self, change: PolicyChange) -> Answer<PolicyCommitted> {
        let mut tables = self.tables();
        if tables.policy(&change.account).revision != change.expected {
            return Ok(PolicyCommitted::Conflict);
        }
        if let Some(policy) = change.policy.map(Into::into) {
            let revision = change.expected.next();
            tables.policies.insert(change.account.clone(), CurrentPolicy { policy, revision });
        }
        tables.ledger.push((change.account, change.entry));
        Ok(PolicyCommitted::Applied)
    }
}

struct Silent;

impl Outbox for Silent {
    async fn send(&self, _outgoing: &Outgoing) -> Handover {
        Handover::Accepted { provider_id: None }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let engine = Engine::new(Shelf::default(), Silent, Utc::now);
    let contact = Contact::new(AccountId::new("acme")?, PhoneNumber::parse("+12065550100")?);
    for (id, body) in [("SM1", "Hi"), ("SM1", "Hi"), ("SM2", "YES"), ("SM3", "STOP")] {
        let text = Text::new(InboxId::new("+18885550100")?, MessageId::new(id)?, body);
        let outcome = block_on(engine.handle(&contact, Event::Texted(text)))?;
        println!("{body}: {} ({})", outcome.decision.name(), outcome.reason.name());
    }
    println!("{} cases of the suite hold", Suite::new(Shelf::default).storage().ok()?);
    Ok(())
}
