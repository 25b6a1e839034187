//! Why a move did not come to its end.

use core::error::Error;

use super::Key;
use crate::{consent::id::AccountId, ledger::audit::BadLedger};

/// Why a move did not come to its end. The storage that was moved is as it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MoveError<F: Error + 'static, T: Error + 'static> {
    /// The storage that is moved failed. Run the move again; where a row of it cannot be read, go
    /// back to a copy first.
    #[error("what is moved cannot be read")]
    From(#[source] F),
    /// The other storage failed. Run the move again.
    #[error("what is moved into failed")]
    To(#[source] T),
    /// The other storage has another row there: it is in use, or the first was, since the move
    /// began, or something changed the row. Empty the other, and move again.
    #[error("account {}: {key} is another there", .account.as_str())]
    Differs {
        /// Whose row.
        account: AccountId,
        /// Which.
        key: Key,
    },
    /// The other storage has a row that the first has not: it is in use, or the first was, since
    /// the move began. Empty the other, and move again.
    #[error("account {}: {key} is not in what was moved", .account.as_str())]
    Extra {
        /// Whose row.
        account: AccountId,
        /// Which.
        key: Key,
    },
    /// The other storage lost a row, or the first got one meanwhile. Find out which; the move can
    /// be run again.
    #[error("account {}: {key} is missing", .account.as_str())]
    Missing {
        /// Whose row.
        account: AccountId,
        /// Which.
        key: Key,
    },
    /// The storage that is moved is in use. Stop all that uses it, and run the move again.
    #[error("what is moved was written to meanwhile")]
    Changed,
    /// What came to the other storage is no whole ledger. Audit the first: it was so before.
    #[error("account {}: the ledger does not hold", .account.as_str())]
    Ledger {
        /// Whose.
        account: AccountId,
        /// Why not.
        source: BadLedger<T>,
    },
}
