//! Storages and outboxes chosen at run time: [`BoxStorage`] and [`BoxOutbox`].
//!
//! Each call costs one boxed future. Where the choice is made at compile time, use the traits.

use alloc::{boxed::Box, vec::Vec};
use core::{error::Error, fmt, future::Future, pin::Pin};

use chrono::{DateTime, Utc};

use crate::{
    consent::{
        contact::Contact,
        id::AccountId,
        outgoing::{Handover, Outgoing},
    },
    outbox::Outbox,
    storage::{
        Claim, Commit, Committed, CurrentPolicy, PolicyChange, PolicyCommitted, Snapshot, Storage,
    },
};

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The error of whatever storage is in the box; its source is that error.
#[derive(Debug, thiserror::Error)]
#[error("the boxed storage failed")]
pub struct BoxedStorageError(#[source] Box<dyn Error + Send + Sync>);

/// Any [`Storage`], chosen at run time.
///
/// ```
/// use optin::{erased::BoxStorage, store::MemoryStorage};
///
/// let storage = BoxStorage::new(MemoryStorage::new());
/// # let _ = storage;
/// ```
pub struct BoxStorage(Box<dyn AnyStorage>);

/// Any [`Outbox`], chosen at run time.
pub struct BoxOutbox(Box<dyn AnyOutbox>);

impl BoxStorage {
    /// Puts a storage into a box.
    pub fn new(storage: impl Storage + 'static) -> Self {
        Self(Box::new(storage))
    }
}

impl BoxOutbox {
    /// Puts an outbox into a box.
    pub fn new(outbox: impl Outbox + 'static) -> Self {
        Self(Box::new(outbox))
    }
}

impl fmt::Debug for BoxStorage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BoxStorage(..)")
    }
}

impl fmt::Debug for BoxOutbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BoxOutbox(..)")
    }
}

type Boxed<'a, T> = BoxFuture<'a, Result<T, BoxedStorageError>>;

trait AnyStorage: Send + Sync {
    fn load<'a>(&'a self, contact: &'a Contact) -> Boxed<'a, Snapshot>;
    fn commit(&self, commit: Commit) -> Boxed<'_, Committed>;
    fn claim(
        &self,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
        limit: usize,
    ) -> Boxed<'_, Vec<Claim>>;
    fn policy<'a>(&'a self, account: &'a AccountId) -> Boxed<'a, CurrentPolicy>;
    fn set_policy(&self, change: PolicyChange) -> Boxed<'_, PolicyCommitted>;
}

trait AnyOutbox: Send + Sync {
    fn send<'a>(&'a self, outgoing: &'a Outgoing) -> BoxFuture<'a, Handover>;
}

fn boxed<'a, T, E: Error + Send + Sync + 'static>(
    future: impl Future<Output = Result<T, E>> + Send + 'a,
) -> Boxed<'a, T> {
    Box::pin(async { future.await.map_err(|error| BoxedStorageError(Box::new(error))) })
}

impl<S: Storage> AnyStorage for S {
    fn load<'a>(&'a self, contact: &'a Contact) -> Boxed<'a, Snapshot> {
        boxed(Storage::load(self, contact))
    }

    fn commit(&self, commit: Commit) -> Boxed<'_, Committed> {
        boxed(Storage::commit(self, commit))
    }

    fn claim(
        &self,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
        limit: usize,
    ) -> Boxed<'_, Vec<Claim>> {
        boxed(Storage::claim(self, now, until, limit))
    }

    fn policy<'a>(&'a self, account: &'a AccountId) -> Boxed<'a, CurrentPolicy> {
        boxed(Storage::policy(self, account))
    }

    fn set_policy(&self, change: PolicyChange) -> Boxed<'_, PolicyCommitted> {
        boxed(Storage::set_policy(self, change))
    }
}

impl<O: Outbox> AnyOutbox for O {
    fn send<'a>(&'a self, outgoing: &'a Outgoing) -> BoxFuture<'a, Handover> {
        Box::pin(Outbox::send(self, outgoing))
    }
}

impl Storage for BoxStorage {
    type Error = BoxedStorageError;

    async fn load(&self, contact: &Contact) -> Result<Snapshot, BoxedStorageError> {
        AnyStorage::load(&*self.0, contact).await
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, BoxedStorageError> {
        AnyStorage::commit(&*self.0, commit).await
    }

    async fn claim(
        &self,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
        limit: usize,
    ) -> Result<Vec<Claim>, BoxedStorageError> {
        AnyStorage::claim(&*self.0, now, until, limit).await
    }

    async fn policy(&self, account: &AccountId) -> Result<CurrentPolicy, BoxedStorageError> {
        AnyStorage::policy(&*self.0, account).await
    }

    async fn set_policy(&self, change: PolicyChange) -> Result<PolicyCommitted, BoxedStorageError> {
        AnyStorage::set_policy(&*self.0, change).await
    }
}

impl Outbox for BoxOutbox {
    async fn send(&self, outgoing: &Outgoing) -> Handover {
        AnyOutbox::send(&*self.0, outgoing).await
    }
}
