//! Looking back: the [`Archive`] trait.

use alloc::{sync::Arc, vec::Vec};
use core::future::Future;

use chrono::{DateTime, Utc};

use super::Storage;
use crate::consent::{
    contact::{Contact, PhoneNumber},
    id::AccountId,
    ledger::Entry,
    outgoing::{Outgoing, OutgoingId},
    record::Record,
    standing::Standing,
};

/// Looking back: what the engine itself never needs. A host's own storage need not have it.
pub trait Archive: Storage {
    /// A contact's ledger entries in their order, at most `limit` from number `from` (from 0) on.
    fn history(
        &self,
        contact: &Contact,
        from: u64,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Entry>, Self::Error>> + Send;

    /// The account's own entries: settings, and attempts on contacts without a record.
    fn account_history(
        &self,
        account: &AccountId,
        from: u64,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Entry>, Self::Error>> + Send;

    /// The account's contacts by number, at most `limit`, those after `after`; with `standing` those
    /// alone who stand so.
    fn contacts(
        &self,
        account: &AccountId,
        standing: Option<Standing>,
        after: Option<PhoneNumber>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<(PhoneNumber, Record)>, Self::Error>> + Send;

    /// How many contacts of the account are in each state.
    fn counts(
        &self,
        account: &AccountId,
    ) -> impl Future<Output = Result<Counts, Self::Error>> + Send;

    /// The account's messages set aside, at most `limit`, in the order of their ids.
    fn set_aside(
        &self,
        account: &AccountId,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Outgoing>, Self::Error>> + Send;

    /// Queues a message that was set aside again, in its place in its line and due at once
    /// ([`Place::requeue`](super::Place::requeue)); `false` when it is not set aside: queued again
    /// by somebody else, taken back by an opt-out, or replaced by a newer status.
    ///
    /// A text keeps its `not_after`: past it the next dispatcher lets it expire, unsent. An id that
    /// was listed before its contact was erased may be another message's by then: list again.
    fn requeue(&self, id: &OutgoingId) -> impl Future<Output = Result<bool, Self::Error>> + Send;

    /// What is queued, being handed over, and set aside, of all accounts.
    fn queue(&self) -> impl Future<Output = Result<Queue, Self::Error>> + Send;

    /// Forgets the marks made before this time, of all accounts, and says how many.
    ///
    /// Keep them 35 days or longer: a text redelivered after its mark is gone acts again.
    fn prune(&self, before: DateTime<Utc>)
    -> impl Future<Output = Result<u64, Self::Error>> + Send;

    /// Takes the words out of the ledger entries made before this time, of all accounts
    /// ([`Entry::without_words`]), and says of how many. What happened, when and why stays.
    ///
    /// For a limit on how long texts are kept; without a call they are kept for ever. Where the
    /// storage seals entries they stay sealed, and what they said can no longer be proved.
    fn prune_texts(
        &self,
        before: DateTime<Utc>,
    ) -> impl Future<Output = Result<u64, Self::Error>> + Send;

    /// Deletes, at once or not at all, the contact's record, what the ledger says of it in
    /// words and numbers, and what is queued for it; `false` where nothing was.
    ///
    /// It is *absent* from then on, its opt-out forgotten too. Where the storage seals entries
    /// they stay sealed, so that proofs of others hold. Marks stay: they name no contact, and
    /// keep a text that is delivered again from acting. On an error call again.
    ///
    /// What was decided before is not stored after it: that is decided again, of somebody absent.
    /// A hand-over that is under way goes on, and its text may arrive. How it ended is not stored,
    /// with one exception, for the person's sake: where the provider says then that the number has
    /// opted out, it has a record anew, opted out by the carrier, and an entry that says no more
    /// than that. Whoever must not have that either erases again once the lease is over.
    fn erase(&self, contact: &Contact) -> impl Future<Output = Result<bool, Self::Error>> + Send;
}

/// How many contacts are in each state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Counts {
    /// Not confirmed.
    pub pending: u64,
    /// May be messaged.
    pub active: u64,
    /// Opted out.
    pub opted_out: u64,
}

/// How much is to be handed over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Queue {
    /// Messages that are queued, those that wait for a retry included.
    pub waiting: u64,
    /// Messages that are claimed, ended claims included.
    pub claimed: u64,
    /// Messages that wait for a person: [`Archive::set_aside`] lists them.
    pub set_aside: u64,
    /// When the oldest message that is queued or claimed was decided; absent when there is none.
    pub oldest: Option<DateTime<Utc>>,
}

macro_rules! forward_archive {
    ($($pointer:ty),*) => {$(
        impl<S: Archive> Archive for $pointer {
            async fn history(
                &self,
                contact: &Contact,
                from: u64,
                limit: usize,
            ) -> Result<Vec<Entry>, S::Error> {
                S::history(self, contact, from, limit).await
            }

            async fn account_history(
                &self,
                account: &AccountId,
                from: u64,
                limit: usize,
            ) -> Result<Vec<Entry>, S::Error> {
                S::account_history(self, account, from, limit).await
            }

            async fn contacts(
                &self,
                account: &AccountId,
                standing: Option<Standing>,
                after: Option<PhoneNumber>,
                limit: usize,
            ) -> Result<Vec<(PhoneNumber, Record)>, S::Error> {
                S::contacts(self, account, standing, after, limit).await
            }

            async fn counts(&self, account: &AccountId) -> Result<Counts, S::Error> {
                S::counts(self, account).await
            }

            async fn set_aside(
                &self,
                account: &AccountId,
                limit: usize,
            ) -> Result<Vec<Outgoing>, S::Error> {
                S::set_aside(self, account, limit).await
            }

            async fn requeue(&self, id: &OutgoingId) -> Result<bool, S::Error> {
                S::requeue(self, id).await
            }

            async fn queue(&self) -> Result<Queue, S::Error> {
                S::queue(self).await
            }

            async fn prune(&self, before: DateTime<Utc>) -> Result<u64, S::Error> {
                S::prune(self, before).await
            }

            async fn prune_texts(&self, before: DateTime<Utc>) -> Result<u64, S::Error> {
                S::prune_texts(self, before).await
            }

            async fn erase(&self, contact: &Contact) -> Result<bool, S::Error> {
                S::erase(self, contact).await
            }
        }
    )*};
}

forward_archive!(&S, Arc<S>);
