//! A storage of plain lists, searched from the front: what a storage must do, a second time.

use std::{
    convert::Infallible,
    sync::{Mutex, MutexGuard, PoisonError},
};

use chrono::{DateTime, Utc};
use optin::{
    AccountId, Contact, Content, Destination, Entry, Outgoing, Record, Storage,
    storage::{
        Change, Claim, Commit, Committed, CurrentPolicy, Mark, Place, PolicyChange,
        PolicyCommitted, Snapshot, Then,
    },
};

#[derive(Default)]
pub(super) struct Shelf(Mutex<Lists>);

#[derive(Default)]
struct Lists {
    policies: Vec<(AccountId, CurrentPolicy)>,
    records: Vec<(Contact, Record)>,
    marks: Vec<(AccountId, Mark)>,
    entries: Vec<(Contact, Entry)>,
    /// In the order in which they came.
    outgoing: Vec<(Outgoing, Place)>,
}

impl Shelf {
    fn lists(&self) -> MutexGuard<'_, Lists> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn history(&self, of: &Contact) -> Vec<Entry> {
        let lists = self.lists();
        let of = lists.entries.iter().filter(|(contact, _)| contact == of);
        of.map(|(_, entry)| entry.clone()).collect()
    }
}

fn line(outgoing: &Outgoing) -> (&Contact, Destination) {
    (&outgoing.id.contact, outgoing.destination())
}

impl Lists {
    fn record(&self, of: &Contact) -> Option<Record> {
        self.records.iter().find(|(contact, _)| contact == of).map(|(_, record)| *record)
    }

    fn policy(&self, of: &AccountId) -> CurrentPolicy {
        let policy = self.policies.iter().find(|(account, _)| account == of);
        policy.map(|(_, policy)| policy.clone()).unwrap_or_default()
    }

    fn commit(&mut self, commit: Commit) -> Committed {
        let contact = commit.contact;
        let mark = commit.mark.map(|mark| (contact.account().clone(), mark));
        if mark.as_ref().is_some_and(|mark| self.marks.contains(mark)) {
            return Committed::Duplicate;
        }
        let record = self.record(&contact);
        if record != commit.expected {
            return Committed::Conflict;
        }
        let settled = commit.settle.as_ref().map(|settlement| {
            self.outgoing.iter().position(|(outgoing, place)| {
                settlement.is_of(outgoing) && place.is_claimed_as(settlement.token)
            })
        });
        if settled == Some(None) {
            return Committed::Stale;
        }

        self.marks.extend(mark);
        let has_record = record.is_some() || matches!(commit.change, Change::Put(_));
        self.entries
            .extend(commit.entry.filter(|_| has_record).map(|entry| (contact.clone(), entry)));
        if let Change::Put(record) = commit.change {
            self.records.retain(|(other, _)| *other != contact);
            self.records.push((contact.clone(), record));
        }
        if let (Some(settlement), Some(Some(at))) = (commit.settle, settled) {
            self.settle(at, settlement.then);
        }
        let mut in_flight = Vec::new();
        self.outgoing.retain(|(outgoing, place)| {
            let taken_back = outgoing.id.contact == contact && commit.cancel.takes_back(outgoing);
            if taken_back && place.claimed {
                in_flight.push(outgoing.id.clone());
            }
            !taken_back || place.claimed
        });
        for outgoing in commit.outgoing {
            if matches!(outgoing.content, Content::Status(_)) {
                self.outgoing.retain(|(old, place)| line(old) != line(&outgoing) || place.claimed);
            }
            let place = Place::first(&outgoing, commit.lease);
            self.outgoing.push((outgoing, place));
        }
        Committed::Applied { in_flight }
    }

    fn settle(&mut self, at: usize, then: Then) {
        let of = self.outgoing[at].0.clone();
        let is_status = matches!(of.content, Content::Status(_));
        let replaced =
            is_status && self.outgoing[at + 1..].iter().any(|(later, _)| line(later) == line(&of));
        match then {
            Then::RetryAt(time) if !replaced => self.outgoing[at].1.retry_at(time),
            Then::RetryAt(_) | Then::Finish | Then::SetAside => drop(self.outgoing.remove(at)),
        }
    }

    /// The first of each line, where it is due.
    fn claim(&mut self, now: DateTime<Utc>, until: DateTime<Utc>, limit: usize) -> Vec<Claim> {
        let mut heads: Vec<usize> = Vec::new();
        for (at, (outgoing, _)) in self.outgoing.iter().enumerate() {
            if !heads.iter().any(|&head| line(&self.outgoing[head].0) == line(outgoing)) {
                heads.push(at);
            }
        }
        heads.retain(|&head| self.outgoing[head].1.due <= now);
        heads.sort_by_key(|&head| {
            let (outgoing, place) = &self.outgoing[head];
            let (contact, destination) = line(outgoing);
            (place.due, contact.clone(), destination)
        });
        heads.truncate(limit);
        let mut claims = Vec::new();
        for head in heads {
            let (outgoing, place) = &mut self.outgoing[head];
            claims.push(place.claim(outgoing.clone(), now, until));
        }
        claims
    }
}

impl Storage for Shelf {
    type Error = Infallible;

    async fn load(&self, contact: &Contact) -> Result<Snapshot, Infallible> {
        let lists = self.lists();
        let text = (contact, Destination::Phone);
        Ok(Snapshot {
            current: lists.policy(contact.account()),
            record: lists.record(contact),
            text_unfinished: lists.outgoing.iter().any(|(outgoing, _)| line(outgoing) == text),
            suppressed: false,
        })
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, Infallible> {
        Ok(self.lists().commit(commit))
    }

    async fn claim(
        &self,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
        limit: usize,
    ) -> Result<Vec<Claim>, Infallible> {
        Ok(self.lists().claim(now, until, limit))
    }

    async fn policy(&self, account: &AccountId) -> Result<CurrentPolicy, Infallible> {
        Ok(self.lists().policy(account))
    }

    async fn set_policy(&self, change: PolicyChange) -> Result<PolicyCommitted, Infallible> {
        let mut lists = self.lists();
        if lists.policy(&change.account).revision != change.expected {
            return Ok(PolicyCommitted::Conflict);
        }
        if let Some(policy) = change.policy {
            let revision = change.expected.next();
            let current = CurrentPolicy { policy: policy.into(), revision };
            lists.policies.retain(|(account, _)| *account != change.account);
            lists.policies.push((change.account, current));
        }
        Ok(PolicyCommitted::Applied)
    }
}
