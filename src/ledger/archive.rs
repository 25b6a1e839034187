//! What a storage that seals must show of it: the [`Ledger`] trait.

use alloc::{string::String, sync::Arc, vec::Vec};
use core::future::Future;

use super::{
    hash::Hash,
    seal::{ChainId, Head, Salts},
};
use crate::{
    consent::{contact::Contact, id::AccountId},
    storage::Archive,
};

/// A storage that seals each entry into its chain, in the transaction that stores it.
///
/// # Contract
/// - Whatever [`commit`](crate::Storage::commit) and
///   [`set_policy`](crate::Storage::set_policy) store as an entry MUST be sealed there and then by
///   [`seal`](super::seal()) as the next of its chain: that of its contact, or of the account where
///   no record is named.
/// - Names of chains and salts MUST be drawn from a source that is random for cryptography, and a
///   salt MUST NOT be used twice.
/// - [`sequence`](Self::sequence) MUST give each entry one place in its account's log, for ever,
///   without gaps, and MUST NOT give any where another size than `expected` is stored. An entry MUST
///   NOT get its place before those before it in its chain, though the clock went back.
/// - After [`erase`](crate::Archive::erase) the chain and its places MUST be as before, and nothing
///   of what was disclosed MUST be left.
pub trait Ledger: Archive {
    /// How far the chain of a contact goes; `None` where it has no record.
    fn head(
        &self,
        contact: &Contact,
    ) -> impl Future<Output = Result<Option<Head>, Self::Error>> + Send;

    /// How far the account's own chain goes; `None` where it has no entry.
    fn account_head(
        &self,
        account: &AccountId,
    ) -> impl Future<Output = Result<Option<Head>, Self::Error>> + Send;

    /// All chains of the account in the order of their names, those of erased contacts and its own
    /// included: at most `limit`, those after `after`.
    fn heads(
        &self,
        account: &AccountId,
        after: Option<ChainId>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Head>, Self::Error>> + Send;

    /// The entries of a chain in their order, at most `limit` from number `from` (from 0) on.
    fn sealed(
        &self,
        account: &AccountId,
        chain: ChainId,
        from: u64,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<SealedRow>, Self::Error>> + Send;

    /// Entries that have a place in the account's log.
    fn log_size(
        &self,
        account: &AccountId,
    ) -> impl Future<Output = Result<u64, Self::Error>> + Send;

    /// Gives up to `limit` entries that have no place in the log the next ones, if the log has
    /// `expected` by now; says what size it has then. Each chain keeps its order; that of entries of
    /// different chains is the storage's own, near that of their commits.
    fn sequence(
        &self,
        account: &AccountId,
        expected: u64,
        limit: usize,
    ) -> impl Future<Output = Result<u64, Self::Error>> + Send;

    /// The sealed bytes of the log's entries in their places, at most `limit` from `from` on.
    fn leaves(
        &self,
        account: &AccountId,
        from: u64,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Vec<u8>>, Self::Error>> + Send;
}

/// An entry as it is sealed, and what is disclosed of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "storages make it")]
pub struct SealedRow {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Their hash, as it was when they were sealed.
    pub hash: Hash,
    /// Its place in the account's log, once it has one.
    pub leaf: Option<u64>,
    /// What its commitments are to; absent once it is erased.
    pub disclosed: Option<Disclosed>,
}

/// What an entry's commitments are to: personal data.
#[derive(Clone, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "storages make it")]
pub struct Disclosed {
    /// The entry as JSON, byte by byte.
    pub json: String,
    /// What hides it.
    pub salts: Salts,
}

impl core::fmt::Debug for Disclosed {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Disclosed({} bytes)", self.json.len())
    }
}

macro_rules! forward_ledger {
    ($($pointer:ty),*) => {$(
        impl<S: Ledger> Ledger for $pointer {
            async fn head(&self, contact: &Contact) -> Result<Option<Head>, S::Error> {
                S::head(self, contact).await
            }

            async fn account_head(&self, account: &AccountId) -> Result<Option<Head>, S::Error> {
                S::account_head(self, account).await
            }

            async fn heads(
                &self,
                account: &AccountId,
                after: Option<ChainId>,
                limit: usize,
            ) -> Result<Vec<Head>, S::Error> {
                S::heads(self, account, after, limit).await
            }

            async fn sealed(
                &self,
                account: &AccountId,
                chain: ChainId,
                from: u64,
                limit: usize,
            ) -> Result<Vec<SealedRow>, S::Error> {
                S::sealed(self, account, chain, from, limit).await
            }

            async fn log_size(&self, account: &AccountId) -> Result<u64, S::Error> {
                S::log_size(self, account).await
            }

            async fn sequence(
                &self,
                account: &AccountId,
                expected: u64,
                limit: usize,
            ) -> Result<u64, S::Error> {
                S::sequence(self, account, expected, limit).await
            }

            async fn leaves(
                &self,
                account: &AccountId,
                from: u64,
                limit: usize,
            ) -> Result<Vec<Vec<u8>>, S::Error> {
                S::leaves(self, account, from, limit).await
            }
        }
    )*};
}

forward_ledger!(&S, Arc<S>);
