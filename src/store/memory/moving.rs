//! Everything that there is, row by row; and rows of another storage put in.

use alloc::vec::Vec;
use core::convert::Infallible;
use std::collections::hash_map::Entry as Slot;

use super::{Account, MemoryStorage, Row as ContactRow, line::Lines, trail::Trail};
use crate::{
    consent::{contact::Contact, id::AccountId},
    ledger::{ChainId, SealedRow},
    moving::{Key, Movable, Pruned, PutIn, Row},
};

impl Movable for MemoryStorage {
    async fn accounts(
        &self,
        after: Option<&AccountId>,
        limit: usize,
    ) -> Result<Vec<AccountId>, Infallible> {
        let state = self.state();
        let mut accounts: Vec<_> =
            state.accounts.keys().filter(|name| Some(*name) > after).cloned().collect();
        accounts.sort_unstable();
        accounts.truncate(limit);
        Ok(accounts)
    }

    async fn take_out(
        &self,
        account: &AccountId,
        after: Option<&Key>,
        limit: usize,
    ) -> Result<Vec<Row>, Infallible> {
        let state = self.state();
        let Some(stored) = state.accounts.get(account) else { return Ok(Vec::new()) };
        let rows = stored.rows().chain(state.lines.rows(account));
        let mut rows: Vec<_> = rows
            .map(|row| (row.key(), row))
            .filter(|(key, _)| after.is_none_or(|after| key > after))
            .collect();
        rows.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        rows.truncate(limit);
        Ok(rows.into_iter().map(|(_, row)| row).collect())
    }

    async fn put_in(&self, account: &AccountId, rows: Vec<Row>) -> Result<PutIn, Infallible> {
        let mut state = self.state();
        let state = &mut *state;
        let stored = state.accounts.entry(account.clone()).or_default();
        for row in rows {
            let key = row.key();
            if !stored.put_in(account, &mut state.lines, row) {
                return Ok(PutIn::Refused(key));
            }
        }
        Ok(PutIn::Stored)
    }
}

impl Account {
    /// All but what is to be handed over, in no order.
    fn rows(&self) -> impl Iterator<Item = Row> {
        let settings = self.settings.iter();
        let settings = settings.map(|(revision, policy)| Row::Settings {
            revision: *revision,
            policy: policy.clone(),
        });
        let (head, log_size) = (self.trail.head(), self.log.size);
        let account = (head.is_some() || log_size > 0).then_some(Row::Account { head, log_size });
        let contacts = self.contacts.iter().filter_map(|(number, row)| {
            let head = row.trail.head()?;
            Some(Row::Contact { number: *number, record: row.record, head })
        });
        let erased = self.erased.iter().filter_map(Trail::head);
        let erased = erased.map(|head| Row::Erased { head });
        let suppressed = self.suppressed.iter().map(|mark| Row::Suppressed { mark: *mark });
        let entries = self.trails().flat_map(Trail::entries);
        let marks = self.marks.iter().map(|(mark, at)| Row::Mark { mark: mark.clone(), at: *at });
        let before = settings.chain(account).chain(contacts).chain(erased);
        before.chain(suppressed).chain(entries).chain(marks)
    }

    /// Stores a row, unless another stands there or what it belongs to is not there: then `false`.
    fn put_in(&mut self, account: &AccountId, lines: &mut Lines, row: Row) -> bool {
        match row {
            Row::Settings { revision, policy } => match self.settings.get(&revision) {
                Some(stored) => *stored == policy,
                None => {
                    self.set(revision, policy);
                    true
                }
            },
            Row::Account { head, log_size } => match (self.trail.head(), self.log.size) {
                (None, 0) => {
                    self.trail = Trail::begun(head);
                    self.log.size = log_size;
                    true
                }
                stored => stored == (head, log_size),
            },
            Row::Contact { number, record, head } => {
                let row = self.contacts.entry(number);
                let row =
                    row.or_insert_with(|| ContactRow { record, trail: Trail::begun(Some(head)) });
                (row.record, row.trail.head()) == (record, Some(head))
            }
            Row::Erased { head } => {
                match self
                    .erased
                    .iter()
                    .find_map(|trail| trail.head().filter(|it| it.chain == head.chain))
                {
                    Some(stored) => stored == head,
                    None => {
                        self.erased.push(Trail::begun(Some(head)));
                        true
                    }
                }
            }
            Row::Suppressed { mark } => {
                self.suppressed.insert(mark);
                true
            }
            Row::Entry { chain, sequence, sealed, pruned } => {
                self.put_in_entry(chain, sequence, sealed, pruned)
            }
            Row::Mark { mark, at } => match self.marks.entry(mark) {
                Slot::Occupied(stored) => *stored.get() == at,
                Slot::Vacant(slot) => *slot.insert(at) == at,
            },
            Row::Outgoing { outgoing, place, set_aside } => {
                let of = Contact::new(account.clone(), outgoing.id.contact.number());
                of == outgoing.id.contact && lines.put_in(outgoing, place, set_aside)
            }
        }
    }

    fn put_in_entry(
        &mut self,
        chain: ChainId,
        sequence: u64,
        sealed: SealedRow,
        pruned: Option<Pruned>,
    ) -> bool {
        let place = sealed.leaf.map(|leaf| (leaf, sealed.bytes.clone()));
        let mut trails = self.trails_mut();
        let trail = trails.find(|trail| trail.head().is_some_and(|head| head.chain == chain));
        let is_in = trail.is_some_and(|trail| trail.put_in(sequence, sealed, pruned));
        drop(trails);
        if is_in {
            self.log.leaves.extend(place);
        }
        is_in
    }
}
