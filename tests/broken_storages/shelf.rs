//! A small storage that keeps its contract, or breaks it in one way.

use std::{
    collections::HashSet,
    convert::Infallible,
    sync::{Mutex, MutexGuard, PoisonError},
    thread::sleep,
    time::Duration,
};

use chrono::{DateTime, Utc};
use optin::{
    AccountId, Archive, Cancel, ConsentState, Contact, Destination, Entry, Outgoing, OutgoingId,
    PhoneNumber, Record, Standing, Storage,
    storage::{
        Claim, Commit, Committed, Counts, CurrentPolicy, PolicyChange, PolicyCommitted, Queue,
        Snapshot,
    },
};

use super::{
    bug::Bug,
    tables::{Row, Tables},
};

type Time = DateTime<Utc>;
type Answer<T> = Result<T, Infallible>;

/// A storage with this bug, or with none.
pub(crate) struct Shelf {
    pub(super) bug: Option<Bug>,
    tables: Mutex<Tables>,
}

impl Shelf {
    pub(crate) fn new(bug: Option<Bug>) -> Self {
        Self { bug, tables: Mutex::default() }
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn has(&self, bug: Bug) -> bool {
        self.bug == Some(bug)
    }

    /// The time between two statements of a broken transaction.
    fn pause(&self) {
        sleep(Duration::from_micros(20));
    }
}

impl Storage for Shelf {
    type Error = Infallible;

    async fn load(&self, contact: &Contact) -> Answer<Snapshot> {
        let mut tables = self.tables();
        let record = tables.records.get(contact).copied();
        if self.has(Bug::LoadInTwoReads) {
            drop(tables);
            self.pause();
            tables = self.tables();
        }
        let text_unfinished = tables.queue.iter().any(|row| {
            let queued = &row.outgoing;
            let seen = !self.has(Bug::ClaimedIsFinished) || !row.place.claimed;
            queued.id.contact == *contact
                && queued.destination() == Destination::Phone
                && !row.is_set_aside
                && seen
        });
        let current = tables.policies.get(contact.account()).cloned().unwrap_or_default();
        let suppressed = record.is_none() && tables.erased.contains(contact);
        Ok(Snapshot { current, record, text_unfinished, suppressed })
    }

    async fn commit(&self, commit: Commit) -> Answer<Committed> {
        let mut tables = self.tables();
        if let Some(objection) = self.objection(&tables, &commit) {
            if objection == Committed::Conflict {
                self.leave_behind(&mut tables, &commit);
            }
            return Ok(objection);
        }
        match self.bug {
            // Checked and written in two transactions: what was checked may not hold any more.
            Some(Bug::ComparedBeforeTheTransaction) => {
                drop(tables);
                self.pause();
                tables = self.tables();
            }
            Some(Bug::MarkOutsideTheTransaction) => {
                drop(tables);
                self.pause();
                tables = self.tables();
                let unmarked = Commit { mark: None, ..commit.clone() };
                if let Some(objection) = self.objection(&tables, &unmarked) {
                    return Ok(objection);
                }
            }
            _ => {}
        }
        if let Some(settle) = &commit.settle {
            self.settle(&mut tables, settle);
        }
        let mut in_flight = Vec::new();
        if commit.cancel != Cancel::Nothing {
            in_flight = self.in_flight(&tables, &commit);
            if self.has(Bug::CancelMissesWhatIsClaimedMeanwhile) {
                drop(tables);
                self.pause();
                tables = self.tables();
            }
            self.remove_queued(&mut tables, &commit);
        }
        self.write(&mut tables, &commit);
        Ok(Committed::Applied { in_flight })
    }

    async fn claim(&self, now: Time, until: Time, limit: usize) -> Answer<Vec<Claim>> {
        let mut tables = self.tables();
        let mut passed = HashSet::new();
        let mut due = Vec::new();
        for (at, row) in tables.queue.iter().enumerate() {
            let line = (row.outgoing.id.contact.clone(), row.outgoing.destination());
            let line = match self.bug {
                Some(Bug::OneLineForAllDestinations) => (line.0, Destination::Phone),
                Some(Bug::OneLineForAllAccounts) => {
                    (Contact::new(AccountId::new("any").unwrap(), line.0.number()), line.1)
                }
                _ => line,
            };
            let is_head = passed.insert(line) || self.has(Bug::ClaimWithoutOrder);
            let come = match self.bug {
                Some(Bug::LeaseIgnored) => row.place.claimed || row.place.due <= now,
                Some(Bug::LeaseEndsLate) => row.place.due < now,
                _ => row.place.due <= now,
            };
            if is_head && come && !row.is_set_aside {
                due.push(at);
            }
        }
        if !self.has(Bug::LimitIgnored) {
            due.truncate(limit);
        }
        if self.has(Bug::ClaimInTwoTransactions) {
            drop(tables);
            self.pause();
            tables = self.tables();
            due.retain(|at| *at < tables.queue.len());
        }
        let rows = due.into_iter();
        Ok(rows.map(|at| self.claim_row(&mut tables.queue[at], now, until)).collect())
    }

    async fn policy(&self, account: &AccountId) -> Answer<CurrentPolicy> {
        Ok(self.tables().policies.get(account).cloned().unwrap_or_default())
    }

    async fn set_policy(&self, change: PolicyChange) -> Answer<PolicyCommitted> {
        let mut tables = self.tables();
        let current = tables.policies.get(&change.account).cloned().unwrap_or_default();
        if current.revision != change.expected && !self.has(Bug::SettingsNotCompared) {
            return Ok(PolicyCommitted::Conflict);
        }
        if let Some(policy) = change.policy.map(Into::into) {
            let revision = change.expected.next();
            tables.policies.insert(change.account.clone(), CurrentPolicy { policy, revision });
        }
        tables.entries.push((None, change.account, change.entry));
        Ok(PolicyCommitted::Applied)
    }
}

impl Archive for Shelf {
    async fn history(&self, contact: &Contact, from: u64, limit: usize) -> Answer<Vec<Entry>> {
        Ok(self.entries(from, limit, |of, _| of == Some(contact)))
    }

    async fn account_history(
        &self,
        account: &AccountId,
        from: u64,
        limit: usize,
    ) -> Answer<Vec<Entry>> {
        Ok(self.entries(from, limit, |of, its| of.is_none() && its == account))
    }

    async fn contacts(
        &self,
        account: &AccountId,
        standing: Option<Standing>,
        after: Option<PhoneNumber>,
        limit: usize,
    ) -> Answer<Vec<(PhoneNumber, Record)>> {
        let tables = self.tables();
        let contacts = tables.records.iter().filter(|(contact, _)| contact.account() == account);
        let contacts = contacts.map(|(contact, record)| (contact.number(), *record));
        let contacts = contacts.filter(|(number, record)| {
            let is_asked_for = standing.is_none_or(|asked| record.state.standing() == asked);
            Some(*number) > after && (is_asked_for || self.has(Bug::ListsEveryState))
        });
        Ok(contacts.take(limit).collect())
    }

    async fn counts(&self, account: &AccountId) -> Answer<Counts> {
        let mut counts = Counts::default();
        for (contact, record) in &self.tables().records {
            let own = u64::from(contact.account() == account);
            match record.state {
                ConsentState::Pending(_) => counts.pending += own,
                ConsentState::Active { .. } => counts.active += own,
                ConsentState::OptedOut { .. } => counts.opted_out += own,
            }
        }
        Ok(counts)
    }

    async fn set_aside(&self, account: &AccountId, limit: usize) -> Answer<Vec<Outgoing>> {
        let tables = self.tables();
        let all = tables.set_aside.values().map(|(outgoing, _)| outgoing);
        let of_it = all.filter(|it| it.id.contact.account() == account);
        Ok(of_it.take(limit).cloned().collect())
    }

    async fn requeue(&self, id: &OutgoingId) -> Answer<bool> {
        let mut tables = self.tables();
        let Some((outgoing, mut place)) = tables.set_aside.remove(id) else { return Ok(false) };
        place.requeue();
        if self.has(Bug::RequeueForgetsClaims) {
            place.claims = 0;
        }
        tables.queue.retain(|row| row.outgoing.id != *id);
        let later = |row: &Row| row.outgoing.id > *id && row.outgoing.id.contact == id.contact;
        let at = tables.queue.iter().position(later).unwrap_or(tables.queue.len());
        let at = if self.has(Bug::RequeueLosesItsPlace) { tables.queue.len() } else { at };
        tables.queue.insert(at, Row { outgoing, place, is_set_aside: false });
        Ok(true)
    }

    async fn queue(&self) -> Answer<Queue> {
        let tables = self.tables();
        let mut queue = Queue::default();
        queue.set_aside = tables.set_aside.len() as u64;
        for row in tables.queue.iter().filter(|row| !row.is_set_aside) {
            let claimed = u64::from(row.place.claimed);
            queue.claimed += claimed;
            queue.waiting += 1 - claimed;
            let decided_at = row.outgoing.decided_at;
            queue.oldest = Some(queue.oldest.unwrap_or(decided_at).min(decided_at));
        }
        Ok(queue)
    }

    async fn prune(&self, before: Time) -> Answer<u64> {
        let marks = &mut self.tables().marks;
        let stood = marks.len();
        marks.retain(|_, at| *at >= before && !self.has(Bug::PruneForgetsAll));
        Ok((stood - marks.len()) as u64)
    }

    async fn prune_texts(&self, before: Time) -> Answer<u64> {
        let mut pruned = 0;
        for (_, _, entry) in &mut self.tables().entries {
            let is_old = entry.at < before || self.has(Bug::PruneTakesEveryWord);
            let without = entry.clone().without_words();
            if is_old && without != *entry {
                *entry = without;
                pruned += 1;
            }
        }
        Ok(pruned)
    }

    async fn erase(&self, contact: &Contact) -> Answer<bool> {
        let mut tables = self.tables();
        let is_it = |other: &Contact| {
            let same_account = other.account() == contact.account();
            other.number() == contact.number()
                && (same_account || self.has(Bug::ErasesInEveryAccount))
        };
        tables.erased.insert(contact.clone());
        let mut erased = tables.records.keys().any(is_it);
        tables.records.retain(|other, _| !is_it(other));
        let stood = tables.entries.len();
        if !self.has(Bug::ErasureLeavesEntries) {
            tables.entries.retain(|(_, account, entry)| {
                let number = entry.number.unwrap_or(contact.number());
                entry.number.is_none() || !is_it(&Contact::new(account.clone(), number))
            });
        }
        erased |= tables.entries.len() < stood;
        if !self.has(Bug::ErasureLeavesMessages) {
            tables.queue.retain(|row| !is_it(&row.outgoing.id.contact));
            tables.set_aside.retain(|id, _| !is_it(&id.contact));
        }
        Ok(erased)
    }
}

impl Shelf {
    fn entries(
        &self,
        from: u64,
        limit: usize,
        wanted: impl Fn(Option<&Contact>, &AccountId) -> bool,
    ) -> Vec<Entry> {
        let tables = self.tables();
        let wanted = tables.entries.iter().filter(|(of, its, _)| wanted(of.as_ref(), its));
        let from = usize::try_from(from).unwrap_or(usize::MAX);
        wanted.skip(from).take(limit).map(|(_, _, entry)| entry.clone()).collect()
    }
}
