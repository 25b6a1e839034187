//! How far everything in a storage goes, account by account.

use alloc::vec::{IntoIter, Vec};

use super::Movable;
use crate::{consent::id::AccountId, ledger::Hash, storage::Queue};

/// How far everything in a storage goes: another as soon as anything in it was decided.
#[derive(PartialEq)]
pub(super) struct Extent {
    /// Chains and entries.
    pub(super) total: u64,
    /// A hash over the heads of all chains, the logs and the counts of all accounts.
    digest: Hash,
    queue: Queue,
}

impl Extent {
    pub(super) async fn of<S: Movable>(storage: &S, page: usize) -> Result<Self, S::Error> {
        let queue = storage.queue().await?;
        let mut extent = Self { total: 0, digest: Hash::default(), queue };
        let mut accounts = Accounts::of(storage, page);
        while let Some(account) = accounts.next().await? {
            let counts = storage.counts(&account).await?;
            let numbers = [
                storage.log_size(&account).await?,
                counts.pending,
                counts.active,
                counts.opted_out,
            ];
            let numbers = numbers.map(u64::to_be_bytes);
            extent.add(&[account.as_str().as_bytes(), numbers.as_flattened()]);
            let mut after = None;
            loop {
                let heads = storage.heads(&account, after, page).await?;
                let Some(last) = heads.last() else { break };
                after = Some(last.chain);
                for head in &heads {
                    extent.total += head.length.saturating_add(1);
                    extent.add(&[&head.chain.0, &head.length.to_be_bytes(), &head.hash.0]);
                }
            }
        }
        Ok(extent)
    }

    fn add(&mut self, parts: &[&[u8]]) {
        let before = [&self.digest.0[..]];
        self.digest = Hash::of_parts(&[&before, parts].concat());
    }
}

/// The accounts of a storage, a page at a time.
pub(super) struct Accounts<'a, S> {
    storage: &'a S,
    limit: usize,
    page: IntoIter<AccountId>,
    last: Option<AccountId>,
}

impl<'a, S: Movable> Accounts<'a, S> {
    pub(super) fn of(storage: &'a S, limit: usize) -> Self {
        Self { storage, limit, page: Vec::new().into_iter(), last: None }
    }

    pub(super) async fn next(&mut self) -> Result<Option<AccountId>, S::Error> {
        if self.page.len() == 0 {
            let page = self.storage.accounts(self.last.as_ref(), self.limit).await?;
            self.page = page.into_iter();
        }
        let next = self.page.next();
        if next.is_some() {
            self.last.clone_from(&next);
        }
        Ok(next)
    }
}
