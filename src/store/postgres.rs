//! PostgreSQL: one thread with a few connections, which does at once what is asked at once.

mod archive;
mod claim;
mod columns;
mod commit;
mod erase;
mod error;
mod failure;
mod lanes;
mod ledger;
mod load;
mod migrate;
mod moving;
mod opener;
mod options;
mod policy;
mod pool;
mod put_in;
mod queue;
mod session;
mod sql;
mod take_out;
mod work;
mod worker;
mod writes;

use std::{sync::Arc, vec::Vec};

use chrono::{DateTime, Utc};
use tokio_postgres::{
    Config, Socket,
    tls::{MakeTlsConnect, TlsConnect},
};

use self::pool::Pool;
pub use self::{error::PostgresError, options::Options};
use super::{policies::Policies, prepared::Prepared};
use crate::{
    consent::{contact::Contact, id::AccountId},
    ledger::SuppressionKey,
    storage::{
        Claim, Commit, Committed, CurrentPolicy, PolicyChange, PolicyCommitted, Snapshot, Storage,
    },
};

/// A storage in PostgreSQL, version 12 or later.
///
/// Any number of machines may use one database. What callers of this value ask for at the same
/// moment is loaded, or committed, together: in a transaction of two round trips whatever its
/// size. A thread of the storage's own holds the connections and drives them, so it works in any
/// async runtime and in none; it opens them when they are needed and again when they are lost.
/// Callers wait for room where too many are waiting.
///
/// What was answered survives what the server's `synchronous_commit` says: with quorum-synchronous
/// standbys the loss of a server.
///
/// [`erase`](crate::Archive::erase) and [`prune_texts`](crate::Archive::prune_texts) delete rows,
/// whose bytes PostgreSQL leaves in its files until it vacuums the table and writes over them, and
/// in its log and copies of it for as long as those are kept: see to both.
///
/// Connect to the server itself, or to a pooler in session mode: statements are prepared by name
/// once a connection, and settings given when it begins.
///
/// ```
/// use core::time::Duration;
/// use optin::{
///     blocking::block_on,
///     store::postgres::{Options, PostgresError},
/// };
///
/// let config = "host=db1.invalid,db2.invalid user=optin dbname=consent".parse()?;
/// let options = Options::default().patience(Duration::from_millis(100));
/// let storage = options.connect(config, tokio_postgres::NoTls)?;
/// // In a runtime `.await` it. There is no such server.
/// assert_eq!(block_on(storage.migrate()), Err(PostgresError::Unreachable));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct PostgresStorage {
    suppression: Option<SuppressionKey>,
    pool: Pool,
    policies: Arc<Policies>,
}

impl PostgresStorage {
    /// The files of the schema in their order, each with its name: what
    /// [`migrate`](Self::migrate) applies, to be read and applied by hand.
    pub const SCHEMA: [(&'static str, &'static str); 2] =
        [("000.sql", migrate::VERSIONS), ("001.sql", migrate::FILES[0].1)];

    /// A storage with the default [`Options`]. It connects when it is first used.
    ///
    /// `config` may name many hosts: the one that takes writes is used. `tls` makes the
    /// connections secure, as the host likes it: `tokio_postgres::NoTls`, or the connector of
    /// `tokio-postgres-rustls` or `postgres-native-tls`.
    ///
    /// # Errors
    /// [`PostgresError::Stopped`]: the thread cannot be started.
    pub fn connect<T>(config: Config, tls: T) -> Result<Self, PostgresError>
    where
        T: MakeTlsConnect<Socket> + Clone + Send + Sync + 'static,
        T::Stream: Send,
        T::TlsConnect: Send,
        <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
    {
        Options::default().connect(config, tls)
    }

    /// Makes the schema, or brings it to the present one. Any number of processes may do so at
    /// once. It adds, and takes nothing away, so that older versions of this crate go on.
    ///
    /// # Errors
    /// [`PostgresError`]: call again.
    pub async fn migrate(&self) -> Result<(), PostgresError> {
        self.pool.prepare(async |session| migrate::migrate(session).await).await
    }
}

impl Storage for PostgresStorage {
    type Error = PostgresError;

    async fn load(&self, contact: &Contact) -> Result<Snapshot, PostgresError> {
        let mark = self.suppression.as_ref().map(|key| key.mark(contact));
        let loaded = self.pool.load(load::Wanted::new(contact, mark)?).await?;
        let current = self.current(contact.account(), loaded.policy_revision).await?;
        loaded.snapshot(current)
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, PostgresError> {
        commit::check(&commit)?;
        let commit = Prepared::new::<PostgresError>(commit, self.suppression.as_ref())?;
        self.pool.commit(commit).await
    }

    async fn claim(
        &self,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
        limit: usize,
    ) -> Result<Vec<Claim>, PostgresError> {
        self.pool.work(async move |session| claim::claim(session, now, until, limit).await).await
    }

    async fn policy(&self, account: &AccountId) -> Result<CurrentPolicy, PostgresError> {
        let name = account.clone();
        let revision =
            self.pool.work(async move |session| policy::revision(session, &name).await).await?;
        self.current(account, revision).await
    }

    async fn set_policy(&self, change: PolicyChange) -> Result<PolicyCommitted, PostgresError> {
        let change = policy::Prepared::new(change)?;
        self.pool.work(async move |session| policy::set(session, &change).await).await
    }
}

impl PostgresStorage {
    /// The account's settings of its last revision, if it has any.
    async fn current(
        &self,
        account: &AccountId,
        revision: Option<i64>,
    ) -> Result<CurrentPolicy, PostgresError> {
        if let Some(current) = self.policies.known(account, revision) {
            return Ok(current);
        }
        let (name, revision) = (account.clone(), revision.unwrap_or(0));
        let settings = self
            .pool
            .work(async move |session| policy::settings(session, &name, revision).await)
            .await?;
        Ok(self.policies.parse(account, revision, &settings)?)
    }
}

/// PostgreSQL keeps no zero byte in a text.
fn check_name(what: &'static str, name: &str) -> Result<(), PostgresError> {
    if name.contains('\0') { Err(PostgresError::ZeroByte { what }) } else { Ok(()) }
}
