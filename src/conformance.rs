//! The test kit for hosts that write their own [`Storage`] or [`Outbox`](crate::Outbox).
//!
//! [`Suite`] runs each case over a fresh storage and reports which failed, and why; it needs no
//! runtime, and takes the host's if it has one. [`OutboxSuite`] does the same for an outbox, as far
//! as its contract can be seen from outside.
//!
//! ```
//! use optin::{conformance::{FailedCases, Suite}, store::MemoryStorage};
//!
//! // A test of your own, with your own storage: empty, and a new one each time.
//! fn my_storage_keeps_its_contract() -> Result<(), FailedCases> {
//!     let suite = Suite::new(|| MemoryStorage::new());
//!     suite.storage().ok()?;
//!     // Where it is an archive too.
//!     suite.archive().ok()?;
//!     Ok(())
//! }
//! # my_storage_keeps_its_contract()?;
//! # Ok::<(), FailedCases>(())
//! ```
//!
//! Cases are added and sharpened in any version: this module is outside semver. Their messages
//! name no person: contacts, texts and ids are the kit's own.
//!
#![doc = include_str!("conformance/contract.md")]

mod archive;
mod case;
mod failure;
#[cfg(feature = "ledger")]
mod ledger;
#[cfg(feature = "ledger")]
mod moving;
mod outbox;
mod probe;
mod races;
mod report;
mod sample;
mod storage;

use alloc::{boxed::Box, string::String};
use core::{fmt, panic::AssertUnwindSafe};
use std::panic::catch_unwind;

use self::{case::Case, failure::Failure, probe::Probe};
pub use self::{
    outbox::{OutboxSuite, Rig, Scene},
    probe::Polled,
    report::{CaseEnd, CaseReport, FailedCases, Report},
};
use crate::{
    blocking::block_on,
    storage::{Archive, Storage},
};

/// How often each race is run unless the host says otherwise.
const ROUNDS: u64 = 20;

/// The suite over storages that `fresh` makes: empty ones, a new one for each case.
///
/// Each case has a storage of its own, and drops it before the next begins. Cases run one after the
/// other on the calling thread; races start four threads of their own.
///
/// ```
/// use optin::{conformance::Suite, store::MemoryStorage};
///
/// let suite = Suite::new(MemoryStorage::new);
/// let cases = suite.storage().ok()? + suite.archive().ok()?;
/// println!("{cases} cases");
/// # Ok::<(), optin::conformance::FailedCases>(())
/// ```
///
/// A storage that never answers holds the suite up for ever.
pub struct Suite<'a, S> {
    fresh: Box<dyn Fn() -> S + 'a>,
    poll: Box<dyn Fn(Polled<'_>) + Sync + 'a>,
    rounds: u64,
}

impl<'a, S: Storage> Suite<'a, S> {
    /// A suite over the storages that `fresh` makes.
    ///
    /// `fresh` may panic where it cannot make one; that fails the case.
    pub fn new(fresh: impl Fn() -> S + 'a) -> Self {
        Self { fresh: Box::new(fresh), poll: Box::new(|future| block_on(future)), rounds: ROUNDS }
    }

    /// The same suite, whose futures are run by `poll`, for a storage that needs its runtime:
    /// `|future| runtime.block_on(future)`.
    ///
    /// `poll` is called on several threads at once, and must run each future to its end. Default:
    /// [`block_on`].
    #[must_use]
    pub fn polled_by(self, poll: impl Fn(Polled<'_>) + Sync + 'a) -> Self {
        Self { poll: Box::new(poll), ..self }
    }

    /// The same suite with so many rounds of each race, at least 1. Default: 20.
    ///
    /// A race that is lost once in a thousand times needs thousands to be seen.
    #[must_use]
    pub fn rounds(self, rounds: u32) -> Self {
        Self { rounds: u64::from(rounds.max(1)), ..self }
    }

    /// Runs every case that any storage must pass.
    pub fn storage(&self) -> Report {
        self.run(storage::cases().chain(races::cases()))
    }

    /// Runs every case that an [`Archive`] must pass besides.
    pub fn archive(&self) -> Report
    where
        S: Archive,
    {
        self.run(archive::cases())
    }

    /// Runs every case that a [`Ledger`](crate::ledger::Ledger) must pass besides.
    #[cfg(feature = "ledger")]
    pub fn ledger(&self) -> Report
    where
        S: crate::ledger::Ledger,
    {
        self.run(ledger::cases())
    }

    /// Runs every case that a [`Movable`](crate::moving::Movable) must pass besides: each has two
    /// storages at once.
    #[cfg(feature = "ledger")]
    pub fn moving(&self) -> Report
    where
        S: crate::moving::Movable,
    {
        self.run_over(|| ((self.fresh)(), (self.fresh)()), moving::cases())
    }

    fn run(&self, cases: impl Iterator<Item = Case<S>>) -> Report {
        self.run_over(&self.fresh, cases)
    }

    fn run_over<T>(&self, fresh: impl Fn() -> T, cases: impl Iterator<Item = Case<T>>) -> Report {
        let mut report = Report::default();
        for case in cases {
            let check = || (case.check)(&Probe::new(fresh(), &*self.poll, self.rounds));
            report.add(case.name, end_of(check));
        }
        report
    }
}

impl<S> fmt::Debug for Suite<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Suite").field("rounds", &self.rounds).finish_non_exhaustive()
    }
}

/// How a check ends; a panic of what is checked is a failure like any other.
fn end_of(check: impl FnOnce() -> Result<(), Failure>) -> CaseEnd {
    match catch_unwind(AssertUnwindSafe(check)) {
        Ok(Ok(())) => CaseEnd::Passed,
        Ok(Err(failure)) => CaseEnd::Failed { reason: failure.into_reason() },
        Err(panic) => {
            let said = panic.downcast_ref::<&str>().map(|said| String::from(*said));
            let said = said.or_else(|| panic.downcast_ref::<String>().cloned());
            let said = said.unwrap_or_else(|| String::from("without a word"));
            CaseEnd::Failed { reason: alloc::format!("panicked: {said}") }
        }
    }
}
