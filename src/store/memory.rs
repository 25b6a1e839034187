//! The reference storage: everything in memory, gone with the process.

#[cfg(feature = "ledger")]
mod ledger;
mod line;
#[cfg(feature = "ledger")]
mod moving;
mod trail;

use alloc::{collections::BTreeMap, sync::Arc, vec::Vec};
use core::{convert::Infallible, ops::Bound};
use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use chrono::{DateTime, Utc};

#[cfg(feature = "ledger")]
use self::ledger::Log;
use self::{line::Lines, trail::Trail};
#[cfg(feature = "ledger")]
use crate::ledger::SuppressionKey;
use crate::{
    consent::{
        contact::{Contact, PhoneNumber},
        id::AccountId,
        ledger::Entry,
        outgoing::{Outgoing, OutgoingId},
        policy::Policy,
        record::{Record, Revision},
        standing::Standing,
    },
    storage::{
        Archive, Change, Claim, Commit, Committed, Counts, CurrentPolicy, Mark, PolicyChange,
        PolicyCommitted, Queue, Snapshot, Storage,
    },
};

/// A storage in memory: for tests, for trying out, and to read what a storage must do.
///
/// Never fails. Memory grows with contacts, ledger entries and marks.
#[derive(Debug, Default)]
pub struct MemoryStorage {
    state: Mutex<State>,
    #[cfg(feature = "ledger")]
    suppression: Option<SuppressionKey>,
}

#[derive(Debug, Default)]
struct State {
    accounts: HashMap<AccountId, Account>,
    lines: Lines,
}

#[derive(Debug, Default)]
struct Account {
    current: CurrentPolicy,
    /// All that there were, which entries name.
    settings: BTreeMap<Revision, Arc<Policy>>,
    /// Settings, and attempts on contacts without a record.
    trail: Trail,
    contacts: BTreeMap<PhoneNumber, Row>,
    /// The chains of contacts that were erased.
    erased: Vec<Trail>,
    suppressed: HashSet<[u8; 32]>,
    #[cfg(feature = "ledger")]
    log: Log,
    marks: HashMap<Mark, DateTime<Utc>>,
}

#[derive(Debug)]
struct Row {
    record: Record,
    trail: Trail,
}

impl MemoryStorage {
    /// An empty storage.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same storage, which remembers by this key whom it erased. With another key, or none, who was
    /// erased is added as new, and nothing says so.
    #[cfg(feature = "ledger")]
    #[must_use]
    pub fn with_suppression(self, key: SuppressionKey) -> Self {
        Self { suppression: Some(key), ..self }
    }

    #[cfg(feature = "ledger")]
    fn suppression_mark(&self, contact: &Contact) -> Option<[u8; 32]> {
        self.suppression.as_ref().map(|key| key.mark(contact))
    }

    #[cfg(not(feature = "ledger"))]
    fn suppression_mark(&self, _contact: &Contact) -> Option<[u8; 32]> {
        None
    }

    /// A panic elsewhere leaves no change half done: each is made after all checks.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads what is stored of an account, if anything is.
    fn read<T: Default>(&self, account: &AccountId, read: impl FnOnce(&Account) -> T) -> T {
        self.state().accounts.get(account).map_or_else(T::default, read)
    }
}

impl Account {
    fn set(&mut self, revision: Revision, policy: Arc<Policy>) {
        if revision > self.current.revision {
            self.current = CurrentPolicy { policy: policy.clone(), revision };
        }
        self.settings.insert(revision, policy);
    }
}

impl State {
    /// `mark` is that of the contact's erasure, where erasures are remembered.
    fn commit(&mut self, commit: Commit, mark: Option<[u8; 32]>) -> Committed {
        let contact = &commit.contact;
        let number = contact.number();
        let account = self.accounts.entry(contact.account().clone()).or_default();
        if commit.mark.as_ref().is_some_and(|mark| account.marks.contains_key(mark)) {
            return Committed::Duplicate;
        }
        let row = account.contacts.get_mut(&number);
        if row.as_ref().map(|row| row.record) != commit.expected {
            return Committed::Conflict;
        }
        let suppressed = mark.is_some_and(|mark| account.suppressed.contains(&mark));
        if row.is_none() && suppressed != commit.suppressed {
            return Committed::Conflict;
        }
        if let Some(settlement) = &commit.settle
            && !self.lines.is_current(settlement)
        {
            return Committed::Stale;
        }

        let trail = match (row, commit.change) {
            (Some(row), Change::Keep) => &mut row.trail,
            (Some(row), Change::Put(record)) => {
                row.record = record;
                &mut row.trail
            }
            (None, Change::Keep) => &mut account.trail,
            (None, Change::Put(record)) => {
                let row = Row { record, trail: Trail::of_contact() };
                &mut account.contacts.entry(number).or_insert(row).trail
            }
        };
        if let Some(entry) = commit.entry {
            trail.push(contact.account(), entry);
        }
        account.marks.extend(commit.mark.map(|mark| (mark, commit.at)));
        if let Some(settlement) = &commit.settle {
            self.lines.settle(settlement);
        }
        let in_flight = self.lines.cancel(contact, commit.cancel);
        for outgoing in commit.outgoing {
            self.lines.push(outgoing, commit.lease);
        }
        Committed::Applied { in_flight }
    }

    fn set_policy(&mut self, change: PolicyChange) -> PolicyCommitted {
        let account = self.accounts.entry(change.account.clone()).or_default();
        if account.current.revision != change.expected {
            return PolicyCommitted::Conflict;
        }
        if let Some(policy) = change.policy {
            account.set(change.expected.next(), Arc::new(policy));
        }
        account.trail.push(&change.account, change.entry);
        PolicyCommitted::Applied
    }
}

impl Storage for MemoryStorage {
    type Error = Infallible;

    async fn load(&self, contact: &Contact) -> Result<Snapshot, Infallible> {
        let state = self.state();
        let account = state.accounts.get(contact.account());
        let row = account.and_then(|account| account.contacts.get(&contact.number()));
        let is_suppressed =
            |mark| account.is_some_and(|account| account.suppressed.contains(&mark));
        Ok(Snapshot {
            current: account.map(|account| account.current.clone()).unwrap_or_default(),
            record: row.map(|row| row.record),
            text_unfinished: state.lines.has_text(contact),
            suppressed: row.is_none() && self.suppression_mark(contact).is_some_and(is_suppressed),
        })
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, Infallible> {
        let is_first = commit.expected.is_none();
        let mark = is_first.then(|| self.suppression_mark(&commit.contact)).flatten();
        Ok(self.state().commit(commit, mark))
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
        Ok(self.read(account, |account| account.current.clone()))
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
        Ok(self.read(contact.account(), |account| {
            let row = account.contacts.get(&contact.number());
            row.map(|row| row.trail.page(from, limit)).unwrap_or_default()
        }))
    }

    async fn account_history(
        &self,
        account: &AccountId,
        from: u64,
        limit: usize,
    ) -> Result<Vec<Entry>, Infallible> {
        Ok(self.read(account, |account| account.trail.page(from, limit)))
    }

    async fn contacts(
        &self,
        account: &AccountId,
        standing: Option<Standing>,
        after: Option<PhoneNumber>,
        limit: usize,
    ) -> Result<Vec<(PhoneNumber, Record)>, Infallible> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        Ok(self.read(account, |account| {
            let contacts = account.contacts.range((from, Bound::Unbounded));
            let contacts = contacts.map(|(number, row)| (*number, row.record));
            let is_asked_for = |record: &Record| {
                standing.is_none_or(|standing| record.state.standing() == standing)
            };
            contacts.filter(|(_, record)| is_asked_for(record)).take(limit).collect()
        }))
    }

    async fn counts(&self, account: &AccountId) -> Result<Counts, Infallible> {
        Ok(self.read(account, |account| {
            let mut counts = Counts::default();
            for row in account.contacts.values() {
                match row.record.state.standing() {
                    Standing::Pending => counts.pending += 1,
                    Standing::Active => counts.active += 1,
                    Standing::OptedOut => counts.opted_out += 1,
                }
            }
            counts
        }))
    }

    async fn set_aside(
        &self,
        account: &AccountId,
        limit: usize,
    ) -> Result<Vec<Outgoing>, Infallible> {
        Ok(self.state().lines.set_aside(account, limit))
    }

    async fn requeue(&self, id: &OutgoingId) -> Result<bool, Infallible> {
        Ok(self.state().lines.requeue(id))
    }

    async fn queue(&self) -> Result<Queue, Infallible> {
        Ok(self.state().lines.queue())
    }

    async fn prune(&self, before: DateTime<Utc>) -> Result<u64, Infallible> {
        let mut pruned = 0;
        for account in self.state().accounts.values_mut() {
            let stood = account.marks.len();
            account.marks.retain(|_, at| *at >= before);
            pruned += stood.saturating_sub(account.marks.len()) as u64;
        }
        Ok(pruned)
    }

    async fn prune_texts(&self, before: DateTime<Utc>) -> Result<u64, Infallible> {
        let mut pruned = 0;
        for account in self.state().accounts.values_mut() {
            pruned += account.trail.prune_texts(before);
            for row in account.contacts.values_mut() {
                pruned += row.trail.prune_texts(before);
            }
        }
        Ok(pruned)
    }

    async fn erase(&self, contact: &Contact) -> Result<bool, Infallible> {
        let mut state = self.state();
        let mut erased = state.lines.erase(contact);
        if let Some(mark) = self.suppression_mark(contact) {
            let account = state.accounts.entry(contact.account().clone()).or_default();
            account.suppressed.insert(mark);
        }
        if let Some(account) = state.accounts.get_mut(contact.account()) {
            erased |= account.trail.forget(contact.number());
            if let Some(mut row) = account.contacts.remove(&contact.number()) {
                row.trail.forget(contact.number());
                account.erased.push(row.trail);
                erased = true;
            }
        }
        Ok(erased)
    }
}
