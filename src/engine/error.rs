//! What can go wrong, by whose fault.

use crate::consent::{decision::Refusal, record::Revision};

/// Why an event could not be handled. Nothing of it is stored, but for a refusal's ledger entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HandleError<E> {
    /// The rules forbid it. Tell whoever asked.
    #[error("refused: {0}")]
    Refused(Refusal),
    /// The storage failed; whether it stored the event is not known. Call again with the same one.
    #[error("the storage failed")]
    Storage(#[source] E),
    /// Others changed the contact a thousand times meanwhile. Call again with the same event.
    #[error("the contact was changed by others too often")]
    Contended,
}

impl<E> HandleError<E> {
    /// Its name, for a host's API and its monitoring: the refusal's (`forbidden`, `revoked`, ...),
    /// `storage` or `contended`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.name(),
            Self::Storage(_) => "storage",
            Self::Contended => "contended",
        }
    }
}

impl<E, X> ChangePolicyError<E, X> {
    /// Its name, for a host's API and its monitoring: `forbidden`, `bad_settings`, `changed`,
    /// `storage` or `contended`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.name(),
            Self::Invalid(_) => Refusal::BadSettings.name(),
            Self::Changed { .. } => "changed",
            Self::Storage(_) => "storage",
            Self::Contended => "contended",
        }
    }
}

/// Why a message was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError<E> {
    /// The permit is older than 30 seconds, or the contact's record changed since. Ask for another.
    #[error("the permit is no longer good")]
    PermitEnded,
    /// As for any event.
    #[error(transparent)]
    Handle(#[from] HandleError<E>),
}

/// Why settings were not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChangePolicyError<E, X> {
    /// The actor lacks the permission; the ledger has the attempt.
    #[error("refused: {0}")]
    Refused(Refusal),
    /// The edit gave no valid settings; the ledger has the attempt.
    #[error("the settings are not valid")]
    Invalid(#[source] X),
    /// Somebody else changed them since they were read. Show those in force, and ask again.
    #[error("the settings are at revision {} by now", .revision.number())]
    Changed {
        /// The revision in force.
        revision: Revision,
    },
    /// The storage failed; whether it stored the change is not known. Read the settings.
    #[error("the storage failed")]
    Storage(#[source] E),
    /// Others changed the settings a thousand times meanwhile. Call again.
    #[error("the settings were changed by others too often")]
    Contended,
}
