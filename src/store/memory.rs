//! The reference storage: everything in memory, gone with the process.

mod line;

use alloc::{collections::BTreeMap, sync::Arc, vec::Vec};
use core::{convert::Infallible, ops::Bound};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};

use self::line::Lines;
use crate::{
    consent::{
        contact::{Contact, PhoneNumber},
        id::AccountId,
        ledger::Entry,
        outgoing::Outgoing,
        policy::Policy,
        record::{Record, Revision},
        state::ConsentState,
    },
    storage::{
        Archive, Change, Claim, Commit, Committed, Counts, CurrentPolicy, Mark, PolicyChange,
        PolicyCommitted, Snapshot, Storage,
    },
};

/// A storage in memory: for tests, for trying out, and to read what a storage must do.
///
/// Never fails. Memory grows with contacts, ledger entries and marks.
#[derive(Debug, Default)]
pub struct MemoryStorage {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    policies: BTreeMap<AccountId, CurrentPolicy>,
    default_policy: Arc<Policy>,
    accounts: BTreeMap<AccountId, Vec<Entry>>,
    contacts: BTreeMap<Contact, Row>,
    marks: BTreeMap<(AccountId, Mark), DateTime<Utc>>,
    lines: Lines,
}

#[derive(Debug)]
struct Row {
    record: Record,
    entries: Vec<Entry>,
}

impl MemoryStorage {
    /// An empty storage.
    pub fn new() -> Self {
        Self::default()
    }

    /// A panic elsewhere leaves no change half done: each is made after all checks.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn policy(&self, account: &AccountId) -> CurrentPolicy {
        self.policies.get(account).cloned().unwrap_or_else(|| CurrentPolicy {
            policy: self.default_policy.clone(),
            revision: Revision::default(),
        })
    }

    fn record(&self, contact: &Contact) -> Option<Record> {
        self.contacts.get(contact).map(|row| row.record)
    }

    fn commit(&mut self, commit: Commit) -> Committed {
        let account = commit.contact.account();
        let mark = commit.mark.map(|mark| (account.clone(), mark));
        if mark.as_ref().is_some_and(|mark| self.marks.contains_key(mark)) {
            return Committed::Duplicate;
        }
        let stored = self.record(&commit.contact).map(|record| record.revision);
        if stored != commit.expected {
            return Committed::Conflict;
        }
        if let Some(settlement) = &commit.settle
            && !self.lines.is_current(settlement)
        {
            return Committed::Stale;
        }

        self.marks.extend(mark.map(|mark| (mark, commit.at)));
        if let Change::Put(record) = commit.change {
            let row = Row { record, entries: Vec::new() };
            self.contacts.entry(commit.contact.clone()).or_insert(row).record = record;
        }
        match self.contacts.get_mut(&commit.contact) {
            Some(row) => row.entries.extend(commit.entry),
            None => self.accounts.entry(account.clone()).or_default().extend(commit.entry),
        }
        if let Some(settlement) = &commit.settle {
            self.lines.settle(settlement);
        }
        let in_flight = self.lines.cancel(&commit.contact, commit.cancel);
        for outgoing in commit.outgoing {
            self.lines.push(outgoing, commit.lease);
        }
        Committed::Applied { in_flight }
    }

    fn set_policy(&mut self, change: PolicyChange) -> PolicyCommitted {
        if self.policy(&change.account).revision != change.expected {
            return PolicyCommitted::Conflict;
        }
        if let Some(policy) = change.policy {
            let current =
                CurrentPolicy { policy: Arc::new(policy), revision: change.expected.next() };
            self.policies.insert(change.account.clone(), current);
        }
        self.accounts.entry(change.account).or_default().push(change.entry);
        PolicyCommitted::Applied
    }

    fn contacts_of(
        &self,
        account: &AccountId,
        after: Option<PhoneNumber>,
    ) -> impl Iterator<Item = (PhoneNumber, &Record)> {
        let lowest = PhoneNumber::from_digits(10).ok();
        let from = match (after, lowest) {
            (Some(after), _) => Bound::Excluded(Contact::new(account.clone(), after)),
            (None, Some(lowest)) => Bound::Included(Contact::new(account.clone(), lowest)),
            (None, None) => Bound::Unbounded,
        };
        self.contacts
            .range((from, Bound::Unbounded))
            .take_while(move |(contact, _)| contact.account() == account)
            .map(|(contact, row)| (contact.number(), &row.record))
    }
}

impl Storage for MemoryStorage {
    type Error = Infallible;

    async fn load(&self, contact: &Contact) -> Result<Snapshot, Infallible> {
        let state = self.state();
        Ok(Snapshot {
            current: state.policy(contact.account()),
            record: state.record(contact),
            text_unfinished: state.lines.has_text(contact),
        })
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, Infallible> {
        Ok(self.state().commit(commit))
    }

    async fn claim(
        &self,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
        limit: usize,
    ) -> Result<Vec<Claim>, Infallible> {
        Ok(self.state().lines.claim(now, until, limit))
    }

    async fn policy(&self, account: &AccountId) -> Result<CurrentPolicy, Infallible> {
        Ok(self.state().policy(account))
    }

    async fn set_policy(&self, change: PolicyChange) -> Result<PolicyCommitted, Infallible> {
        Ok(self.state().set_policy(change))
    }
}

impl Archive for MemoryStorage {
    async fn history(
        &self,
        contact: &Contact,
        from: u64,
        limit: usize,
    ) -> Result<Vec<Entry>, Infallible> {
        let state = self.state();
        let entries = state.contacts.get(contact).map(|row| row.entries.as_slice());
        Ok(page(entries, from, limit))
    }

    async fn account_history(
        &self,
        account: &AccountId,
        from: u64,
        limit: usize,
    ) -> Result<Vec<Entry>, Infallible> {
        let state = self.state();
        Ok(page(state.accounts.get(account).map(Vec::as_slice), from, limit))
    }

    async fn contacts(
        &self,
        account: &AccountId,
        after: Option<PhoneNumber>,
        limit: usize,
    ) -> Result<Vec<(PhoneNumber, Record)>, Infallible> {
        let state = self.state();
        let contacts = state.contacts_of(account, after);
        Ok(contacts.take(limit).map(|(number, record)| (number, *record)).collect())
    }

    async fn counts(&self, account: &AccountId) -> Result<Counts, Infallible> {
        let mut counts = Counts::default();
        for (_, record) in self.state().contacts_of(account, None) {
            match record.state {
                ConsentState::Pending(_) => counts.pending += 1,
                ConsentState::Active { .. } => counts.active += 1,
                ConsentState::OptedOut { .. } => counts.opted_out += 1,
            }
        }
        Ok(counts)
    }

    async fn set_aside(
        &self,
        account: &AccountId,
        limit: usize,
    ) -> Result<Vec<Outgoing>, Infallible> {
        Ok(self.state().lines.set_aside(account, limit))
    }

    async fn prune(&self, before: DateTime<Utc>) -> Result<u64, Infallible> {
        let marks = &mut self.state().marks;
        let stood = marks.len();
        marks.retain(|_, at| *at >= before);
        Ok(stood.saturating_sub(marks.len()) as u64)
    }
}

fn page(entries: Option<&[Entry]>, from: u64, limit: usize) -> Vec<Entry> {
    let from = usize::try_from(from).unwrap_or(usize::MAX);
    let entries = entries.unwrap_or_default().iter();
    entries.skip(from).take(limit).cloned().collect()
}
