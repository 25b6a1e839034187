//! What is sealed: heads, chains, and the account's log.

use alloc::{collections::BTreeMap, vec::Vec};
use core::convert::Infallible;

use super::{Account, MemoryStorage, trail::Trail};
use crate::{
    consent::{contact::Contact, id::AccountId},
    ledger::{ChainId, Head, Ledger, Sealed, SealedRow},
};

/// The account's log: the sealed entries that have their place in it.
#[derive(Debug, Default)]
pub(super) struct Log {
    pub(super) size: u64,
    /// With gaps while they are put in.
    pub(super) leaves: BTreeMap<u64, Vec<u8>>,
}

impl Account {
    pub(super) fn trails(&self) -> impl Iterator<Item = &Trail> {
        let contacts = self.contacts.values().map(|row| &row.trail);
        contacts.chain([&self.trail]).chain(&self.erased)
    }

    pub(super) fn trails_mut(&mut self) -> impl Iterator<Item = &mut Trail> {
        let contacts = self.contacts.values_mut().map(|row| &mut row.trail);
        contacts.chain([&mut self.trail]).chain(&mut self.erased)
    }
}

impl Ledger for MemoryStorage {
    async fn head(&self, contact: &Contact) -> Result<Option<Head>, Infallible> {
        Ok(self.read(contact.account(), |account| {
            account.contacts.get(&contact.number())?.trail.head()
        }))
    }

    async fn account_head(&self, account: &AccountId) -> Result<Option<Head>, Infallible> {
        Ok(self.read(account, |account| account.trail.head()))
    }

    async fn heads(
        &self,
        account: &AccountId,
        after: Option<ChainId>,
        limit: usize,
    ) -> Result<Vec<Head>, Infallible> {
        Ok(self.read(account, |account| {
            let mut heads: Vec<_> = account.trails().filter_map(Trail::head).collect();
            heads.retain(|head| Some(head.chain) > after);
            heads.sort_unstable_by_key(|head| head.chain);
            heads.truncate(limit);
            heads
        }))
    }

    async fn sealed(
        &self,
        account: &AccountId,
        chain: ChainId,
        from: u64,
        limit: usize,
    ) -> Result<Vec<SealedRow>, Infallible> {
        Ok(self.read(account, |account| {
            let is_it = |trail: &&Trail| trail.head().is_some_and(|head| head.chain == chain);
            let trail = account.trails().find(is_it);
            trail.map(|trail| trail.sealed(from, limit)).unwrap_or_default()
        }))
    }

    async fn log_size(&self, account: &AccountId) -> Result<u64, Infallible> {
        Ok(self.read(account, |account| account.log.size))
    }

    async fn sequence(
        &self,
        account: &AccountId,
        expected: u64,
        limit: usize,
    ) -> Result<u64, Infallible> {
        let mut state = self.state();
        let Some(account) = state.accounts.get_mut(account) else { return Ok(0) };
        let size = account.log.size;
        if size != expected {
            return Ok(size);
        }
        let mut log = core::mem::take(&mut account.log);
        let mut waiting: Vec<_> =
            account.trails_mut().flat_map(in_order).filter(|(_, row)| row.leaf.is_none()).collect();
        waiting.sort_unstable_by_key(|(order, _)| *order);
        for (_, row) in waiting.into_iter().take(limit) {
            row.leaf = Some(log.size);
            log.leaves.insert(log.size, row.bytes.clone());
            log.size += 1;
        }
        account.log = log;
        Ok(account.log.size)
    }

    async fn leaves(
        &self,
        account: &AccountId,
        from: u64,
        limit: usize,
    ) -> Result<Vec<Vec<u8>>, Infallible> {
        Ok(self.read(account, |account| {
            let leaves = account.log.leaves.range(from..);
            leaves.take(limit).map(|(_, leaf)| leaf.clone()).collect()
        }))
    }
}

/// A chain's entries, each with what they are sorted by: time, and each after those before it in
/// its chain, though the clock went back.
fn in_order(trail: &mut Trail) -> impl Iterator<Item = ((i64, [u8; 16], u64), &mut SealedRow)> {
    let mut latest = i64::MIN;
    trail.rows().map(move |row| {
        let sealed = Sealed::decode(&row.bytes);
        let (at, chain, sequence) = sealed.map_or_else(
            |_| Default::default(),
            |sealed| (sealed.at, sealed.chain, sealed.sequence),
        );
        latest = latest.max(at);
        ((latest, chain, sequence), row)
    })
}
