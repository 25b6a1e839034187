//! How far everything in a storage goes, account by account.

use alloc::vec::{IntoIter, Vec};

use super::{Key, Movable, Row};
use crate::{
    consent::id::AccountId,
    ledger::{ChainId, Hash},
    storage::{Mark, Queue},
};

/// How far everything in a storage goes: another as soon as anything in it was decided.
#[derive(PartialEq)]
pub(super) struct Extent {
    /// Chains and entries.
    pub(super) total: u64,
    /// A hash over the heads of all chains, the logs and the counts of all accounts, and over what
    /// has no entry: marks, whom an erasure remembers, and what is to be handed over.
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
            extent.add_unsealed(storage, &account, page).await?;
        }
        Ok(extent)
    }

    /// Adds the rows that no head tells of: those before and those after the entries.
    async fn add_unsealed<S: Movable>(
        &mut self,
        storage: &S,
        account: &AccountId,
        page: usize,
    ) -> Result<(), S::Error> {
        const LAST: ChainId = ChainId([u8::MAX; 16]);
        let mut after = Key::Erased(LAST);
        loop {
            let rows = storage.take_out(account, Some(&after), page).await?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = last.key();
            for row in &rows {
                match row {
                    Row::Suppressed { mark } => self.add(&[mark]),
                    Row::Mark { mark, at } => {
                        let (inbox, id) = match mark {
                            Mark::Text { inbox, id } => (inbox.as_str(), id.as_str()),
                            Mark::Request { id } => ("", id.as_str()),
                        };
                        let at = at.timestamp_millis().to_be_bytes();
                        self.add(&[inbox.as_bytes(), &[0], id.as_bytes(), &at]);
                    }
                    Row::Outgoing { outgoing, place, set_aside } => {
                        let due = place.due.timestamp_millis().to_be_bytes();
                        let claims = place.claims.to_be_bytes();
                        let attempts = place.attempts.to_be_bytes();
                        let number = outgoing.id.contact.number().to_digits().to_be_bytes();
                        let revision = outgoing.id.revision.number().to_be_bytes();
                        let state = [outgoing.id.n, place.claimed.into(), (*set_aside).into()];
                        self.add(&[&number, &revision, &state, &due, &claims, &attempts]);
                    }
                    Row::Settings { .. }
                    | Row::Account { .. }
                    | Row::Contact { .. }
                    | Row::Erased { .. }
                    | Row::Entry { .. } => {}
                }
            }
            if matches!(after, Key::Entry(..)) {
                after = Key::Entry(LAST, u64::MAX);
            }
        }
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
