//! The embedded storage: one SQLite file, one writer thread, readers that do not wait for it.

mod archive;
mod claim;
mod commit;
mod erase;
mod error;
mod ledger;
mod load;
mod moving;
mod readers;
mod schema;
mod seal;
mod writer;

use std::{path::Path, sync::Arc, vec::Vec};

use chrono::{DateTime, Utc};

pub use self::error::SqliteError;
use self::{readers::Readers, writer::Writer};
use super::{policies::Policies, prepared::Prepared};
use crate::{
    consent::{contact::Contact, id::AccountId},
    ledger::SuppressionKey,
    storage::{
        Claim, Commit, Committed, CurrentPolicy, PolicyChange, PolicyCommitted, Snapshot, Storage,
    },
};

/// A storage in one SQLite file, on a local disk.
///
/// Made for one machine: any number of threads and a few processes may use the file at once. What
/// waits at the same moment is committed together, with one `fsync`. What was answered survives
/// `kill -9` and, with [`Durability::Full`], power loss, as far as the disk keeps its promises.
///
/// Writes are made by a thread of the storage's own; a read is made where it is polled, by one
/// indexed look-up. So it works in any async runtime and in none.
///
/// ```
/// use optin::store::SqliteStorage;
///
/// # let directory = std::env::temp_dir().join(format!("optin-doc-{}", std::process::id()));
/// # std::fs::create_dir_all(&directory)?;
/// # let path = directory.join("consent.db");
/// let storage = SqliteStorage::open(&path)?;
/// # drop(storage);
/// # std::fs::remove_dir_all(directory)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct SqliteStorage {
    suppression: Option<SuppressionKey>,
    scrubs_later: bool,
    readers: Readers,
    writer: Writer,
    policies: Arc<Policies>,
}

/// How to open a file.
///
/// ```
/// use optin::store::sqlite::{Durability, Options};
///
/// let options = Options::default().durability(Durability::Normal).max_pages(1_000_000);
/// # let _ = options;
/// ```
#[derive(Clone, Debug, Default)]
pub struct Options {
    durability: Durability,
    max_pages: Option<u32>,
    suppression: Option<SuppressionKey>,
    scrubs_later: bool,
}

/// What survives a power loss. What was answered survives the end of the process in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Durability {
    /// Everything that was answered: one `fsync` a commit (`synchronous=FULL`).
    #[default]
    Full,
    /// The file, but perhaps not the last commits: people could be messaged after an opt-out that
    /// was lost (`synchronous=NORMAL`). For tests and trials.
    Normal,
}

impl Options {
    /// The same options with another durability. Default: [`Durability::Full`].
    #[must_use]
    pub fn durability(self, durability: Durability) -> Self {
        Self { durability, ..self }
    }

    /// The same options with a bound on the file's size, in pages of 4 KiB; past it writes fail
    /// with [`SqliteError::Full`]. Default: none.
    #[must_use]
    pub fn max_pages(self, pages: u32) -> Self {
        Self { max_pages: Some(pages), ..self }
    }

    /// The same options, with which the storage remembers by this key whom it erased. Default:
    /// it forgets. Always open a file with the same key: with another, or none, who was erased is
    /// added as new, and nothing says so.
    #[must_use]
    pub fn suppression(self, key: SuppressionKey) -> Self {
        Self { suppression: Some(key), ..self }
    }

    /// The same options, with which [`erase`](crate::Archive::erase) and
    /// [`prune_texts`](crate::Archive::prune_texts) leave it to [`SqliteStorage::scrub`] to take
    /// the last of what they deleted out of the file. Default: they do so themselves, which writes
    /// the whole file anew and lets no other write pass meanwhile: seconds for each gigabyte.
    #[must_use]
    pub fn scrub_later(self) -> Self {
        Self { scrubs_later: true, ..self }
    }

    /// Opens the file, and makes it where there is none.
    ///
    /// # Errors
    /// [`SqliteError`]: the file cannot be opened or written, is damaged, belongs to another
    /// application, or to a later version of this crate. It is not changed then.
    pub fn open(self, path: impl AsRef<Path>) -> Result<SqliteStorage, SqliteError> {
        // A database in memory, which each connection would have its own of.
        if path.as_ref() == Path::new(":memory:") {
            return Err(SqliteError::CannotOpen);
        }
        // Readers are opened later, wherever the process works by then.
        let path = std::path::absolute(path).map_err(|_| SqliteError::CannotOpen)?;
        let writer = Writer::start(schema::open_writer(&path, &self)?)?;
        Ok(SqliteStorage {
            suppression: self.suppression,
            scrubs_later: self.scrubs_later,
            readers: Readers::new(&path),
            writer,
            policies: Arc::default(),
        })
    }
}

impl SqliteStorage {
    /// Opens the file with the default [`Options`], and makes it where there is none.
    ///
    /// # Errors
    /// As [`Options::open`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, SqliteError> {
        Options::default().open(path)
    }
}

impl SqliteStorage {
    /// Writes the file anew, so that nothing is left in it of what was deleted: for a host that
    /// opened it with [`Options::scrub_later`]. It needs as much room again on the disk meanwhile.
    ///
    /// # Errors
    /// [`SqliteError`]; call again.
    pub async fn scrub(&self) -> Result<(), SqliteError> {
        self.writer.forget(|_| Ok(())).await
    }
}

impl Storage for SqliteStorage {
    type Error = SqliteError;

    async fn load(&self, contact: &Contact) -> Result<Snapshot, SqliteError> {
        self.readers.read(|connection| {
            let mut snapshot = load::snapshot(connection, &self.policies, contact)?;
            if let (Some(key), None) = (&self.suppression, &snapshot.record) {
                snapshot.suppressed =
                    erase::is_suppressed(connection, contact, &key.mark(contact))?;
            }
            Ok(snapshot)
        })
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, SqliteError> {
        let commit = Prepared::new::<SqliteError>(commit, self.suppression.as_ref())?;
        self.writer.write(move |transaction| commit::apply(&commit, transaction)).await
    }

    async fn claim(
        &self,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
        limit: usize,
    ) -> Result<Vec<Claim>, SqliteError> {
        // Most rounds find nothing, and need not wait for the writer to say so.
        if !self.readers.read(|connection| claim::is_any_due(connection, now))? {
            return Ok(Vec::new());
        }
        self.writer.write(move |transaction| claim::claim(transaction, now, until, limit)).await
    }

    async fn policy(&self, account: &AccountId) -> Result<CurrentPolicy, SqliteError> {
        self.readers.read(|connection| load::policy(connection, &self.policies, account))
    }

    async fn set_policy(&self, change: PolicyChange) -> Result<PolicyCommitted, SqliteError> {
        self.writer.write(move |transaction| commit::set_policy(transaction, &change)).await
    }
}
