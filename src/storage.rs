//! What a host's database must do: the [`Storage`] trait, and [`Archive`] for looking back.

mod archive;
mod place;

use alloc::{sync::Arc, vec::Vec};
use core::future::Future;

use chrono::{DateTime, Utc};

pub use self::{
    archive::{Archive, Counts, Queue},
    place::Place,
};
pub use crate::consent::outgoing::Then;
use crate::consent::{
    contact::Contact,
    decision::Cancel,
    id::{AccountId, InboxId, MessageId},
    ledger::Entry,
    outgoing::{ClaimToken, Outgoing, OutgoingId},
    policy::Policy,
    record::{Record, Revision},
};

/// Where records, marks, ledger entries and outgoing messages are kept.
///
/// A storage knows no rule of consent. It compares a record and writes what it is given.
///
/// # Contract
/// - [`commit`](Self::commit) MUST store all of a [`Commit`] or nothing, and MUST NOT be seen half
///   done by anyone.
/// - It MUST compare `expected` with the stored record, by value, in the same transaction that
///   writes: a mark, an entry or a message of a commit that lost MUST NOT stay.
/// - Where `expected` is absent, a storage that remembers whom it erased MUST compare `suppressed`
///   likewise: a commit decided before an erasure MUST NOT be applied after it.
/// - What was answered [`Committed::Applied`] MUST survive a crash, as far as the storage promises
///   durability at all.
/// - [`claim`](Self::claim) MUST give a message to one caller at a time, in the order of each
///   contact's line to each destination, and MUST NOT give away a text twice to be handed over.
/// - An error means that nothing is known: the caller repeats, and the repeat MUST be safe.
/// - One account MUST NOT see or change what belongs to another.
///
/// Implementers write `async fn`; no method has a default.
pub trait Storage: Send + Sync {
    /// Why the storage could not do it. Says so when the outcome of a commit is not known.
    type Error: core::error::Error + Send + Sync + 'static;

    /// What is stored of a contact and of its account's settings, as of one moment.
    fn load(&self, contact: &Contact)
    -> impl Future<Output = Result<Snapshot, Self::Error>> + Send;

    /// Stores all of it, or nothing and says why.
    fn commit(&self, commit: Commit)
    -> impl Future<Output = Result<Committed, Self::Error>> + Send;

    /// Takes up to `limit` messages that are due at `now`, of any account, until `until`.
    ///
    /// A message is due when it is the first unfinished one of its line, not set aside, and its
    /// [`Place::due`] has come (`now` at or past it); [`Place::claim`] claims it. A token of an
    /// earlier claim is stale from then on.
    fn claim(
        &self,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Claim>, Self::Error>> + Send;

    /// The account's settings: the defaults, at revision 0, where it never set any.
    fn policy(
        &self,
        account: &AccountId,
    ) -> impl Future<Output = Result<CurrentPolicy, Self::Error>> + Send;

    /// Stores settings and their entry, or the entry alone, if `expected` is the stored revision.
    fn set_policy(
        &self,
        change: PolicyChange,
    ) -> impl Future<Output = Result<PolicyCommitted, Self::Error>> + Send;
}

/// An account's settings and their revision; by default those of an account that set none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "storages make it")]
pub struct CurrentPolicy {
    /// The settings; a storage parses each revision once.
    pub policy: Arc<Policy>,
    /// How often they changed.
    pub revision: Revision,
}

/// What is stored of a contact, as of one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "storages make it")]
pub struct Snapshot {
    /// The settings of its account.
    pub current: CurrentPolicy,
    /// The contact's record; absent when there is none.
    pub record: Option<Record>,
    /// Whether a text to the contact is queued or being handed over.
    pub text_unfinished: bool,
    /// Whether the contact has no record because it was erased, and the storage remembers that: if
    /// somebody adds it or declares it existing, it is opted out. `false` for a storage that
    /// remembers none.
    pub suppressed: bool,
}

/// What one event changes: stored together or not at all (R6.6).
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "storages take it apart")]
pub struct Commit {
    /// Whom it is about.
    pub contact: Contact,
    /// The record that must be stored, whole; absent: there must be none. An equal revision is not
    /// enough: once a contact was erased its number comes to the same one again.
    pub expected: Option<Record>,
    /// What [`Snapshot::suppressed`] must say. A storage that remembers none need not look.
    pub suppressed: bool,
    /// The record from now on.
    pub change: Change,
    /// A mark that must not stand yet, and stands from now on.
    pub mark: Option<Mark>,
    /// What the ledger gets. Of someone without a record it goes to the account's own ledger.
    pub entry: Option<Entry>,
    /// What is to be handed over, in this order. A status may take the place of those to the same
    /// destination that are still queued, and takes the place of those set aside.
    pub outgoing: Vec<Outgoing>,
    /// If present, the text among `outgoing` is claimed from the start, under
    /// [`ClaimToken::new(1)`](ClaimToken::new), until this time.
    pub lease: Option<DateTime<Utc>>,
    /// What was queued or set aside before and is taken back.
    pub cancel: Cancel,
    /// A claimed message whose hand-over ended.
    pub settle: Option<Settlement>,
    /// The host's time of it: the age of the mark.
    pub at: DateTime<Utc>,
}

/// What becomes of the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "a storage must handle both")]
pub enum Change {
    /// It stays, revision and all; the rest of the commit still hangs on `expected`.
    Keep,
    /// It is this one.
    Put(Record),
}

/// What must act only once (R4.1, R6.2). Kept for at least 35 days.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(clippy::exhaustive_enums, reason = "a storage must handle both")]
pub enum Mark {
    /// A contact's text: unique in its inbox.
    Text {
        /// The inbox.
        inbox: InboxId,
        /// The provider's id of the text.
        id: MessageId,
    },
    /// The host's request for a message.
    Request {
        /// The host's id of it.
        id: MessageId,
    },
}

/// The end of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "storages take it apart")]
pub struct Settlement {
    /// The message.
    pub id: OutgoingId,
    /// The claim: with another token than the message's last the commit is stale.
    pub token: ClaimToken,
    /// When the message was decided: with another time the commit is stale. Once a contact was
    /// erased its number may have a message with the same id; that one is taken for this where it
    /// was decided in the same millisecond, and is claimed under the same token.
    pub decided_at: DateTime<Utc>,
    /// What becomes of the message.
    pub then: Then,
}

impl Settlement {
    /// The end of this claim.
    pub fn of(claim: &Claim, then: Then) -> Self {
        let Outgoing { id, decided_at, .. } = &claim.outgoing;
        Self { id: id.clone(), token: claim.token, decided_at: *decided_at, then }
    }

    /// Whether this message is the one that it ends, if it was claimed under the token.
    pub fn is_of(&self, outgoing: &Outgoing) -> bool {
        outgoing.id == self.id && outgoing.decided_at == self.decided_at
    }
}

/// What became of a commit.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums, reason = "a caller must handle each")]
pub enum Committed {
    /// All of it is stored.
    Applied {
        /// What `cancel` would have taken back, had it not been claimed.
        in_flight: Vec<OutgoingId>,
    },
    /// Nothing is: another record is stored, or the contact was erased. Load and decide again.
    Conflict,
    /// Nothing is: the mark stood already.
    Duplicate,
    /// Nothing is: the message of the settlement was claimed again, or is gone.
    Stale,
}

/// A message taken to be handed over.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_structs, reason = "storages make it")]
pub struct Claim {
    /// The message.
    pub outgoing: Outgoing,
    /// What its settlement must show.
    pub token: ClaimToken,
    /// When the claim ends; for [`Task::Unknown`] when the one before it ended.
    pub until: DateTime<Utc>,
    /// How many hand-overs before ended in [`Then::RetryAt`].
    pub attempts: u32,
    /// What to do with it.
    pub task: Task,
}

/// What to do with a claimed message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums, reason = "a caller must handle each")]
pub enum Task {
    /// Hand it over, then settle.
    HandOver,
    /// Settle it, never hand it over: its `not_after` is before `now`.
    Expired,
    /// Settle it, never hand it over: a text whose lease ended without a settlement. (A status is
    /// handed over again instead.)
    Unknown,
}

/// A change of an account's settings, or an attempt at one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "storages take it apart")]
pub struct PolicyChange {
    /// Whose settings.
    pub account: AccountId,
    /// The revision that must be stored; they get the next one.
    pub expected: Revision,
    /// The settings from now on; absent when the attempt was refused.
    pub policy: Option<Policy>,
    /// What the account's ledger gets.
    pub entry: Entry,
}

/// What became of a change of settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "a caller must handle both")]
pub enum PolicyCommitted {
    /// It is stored.
    Applied,
    /// It is not: other settings were stored meanwhile.
    Conflict,
}

macro_rules! forward {
    ($($pointer:ty),*) => {$(
        impl<S: Storage> Storage for $pointer {
            type Error = S::Error;

            async fn load(&self, contact: &Contact) -> Result<Snapshot, S::Error> {
                S::load(self, contact).await
            }

            async fn commit(&self, commit: Commit) -> Result<Committed, S::Error> {
                S::commit(self, commit).await
            }

            async fn claim(
                &self,
                now: DateTime<Utc>,
                until: DateTime<Utc>,
                limit: usize,
            ) -> Result<Vec<Claim>, S::Error> {
                S::claim(self, now, until, limit).await
            }

            async fn policy(&self, account: &AccountId) -> Result<CurrentPolicy, S::Error> {
                S::policy(self, account).await
            }

            async fn set_policy(&self, change: PolicyChange) -> Result<PolicyCommitted, S::Error> {
                S::set_policy(self, change).await
            }
        }
    )*};
}

forward!(&S, Arc<S>);
