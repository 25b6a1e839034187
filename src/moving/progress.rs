//! How far a move is, and what it did.

use core::fmt;

use crate::consent::id::AccountId;

/// How far a move is with an account.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Which account.
    pub account: AccountId,
    /// What is done with it.
    pub step: Step,
    /// Chains and entries seen by now in this step: by far the most rows of an account.
    pub done: u64,
    /// Chains and entries that there are.
    pub total: u64,
}

/// What is done with an account, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Step {
    /// Rows that are missing are put in.
    PutIn,
    /// All rows are compared.
    Compare,
    /// The ledger is audited where it is now.
    Audit,
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let step = match self.step {
            Step::PutIn => "moved",
            Step::Compare => "compared",
            Step::Audit => "audited",
        };
        write!(f, "{} {step}: {} of {}", self.account.as_str(), self.done, self.total)
    }
}

/// What a move did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Moved {
    /// Accounts of which there was something.
    pub accounts: u64,
    /// Rows that both storages have.
    pub rows: u64,
    /// Of these, those that this run put in: fewer where it went on from another.
    pub put_in: u64,
}
