//! What a suite found: each case by name, and why those failed that did.

use alloc::{string::String, vec::Vec};
use core::fmt;

/// What became of the cases of a suite, in their order.
///
/// ```
/// use optin::{conformance::Suite, store::MemoryStorage};
///
/// let report = Suite::new(MemoryStorage::new).storage();
/// assert_eq!(report.failed().count(), 0);
/// let passed = report.ok()?;
/// assert!(passed >= 60);
/// # Ok::<(), optin::conformance::FailedCases>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use = "a report that nobody reads proves nothing; ask it whether all is `ok`"]
pub struct Report {
    cases: Vec<CaseReport>,
}

/// One case and how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CaseReport {
    /// The claim that the case checks: `a_text_acts_once`.
    pub name: &'static str,
    /// How it ended.
    pub end: CaseEnd,
}

/// How a case ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "a reader must handle each")]
pub enum CaseEnd {
    /// The claim held.
    Passed,
    /// The host said that it cannot set the scene for it.
    Skipped,
    /// The claim did not hold.
    Failed {
        /// What was found, and what should have been.
        reason: String,
    },
}

/// The cases that failed, one a line with its reason, in `Debug` and `Display` alike.
#[derive(Clone, PartialEq, Eq)]
pub struct FailedCases {
    failed: Vec<(&'static str, String)>,
    of: usize,
}

impl Report {
    /// All cases, in their order.
    pub fn cases(&self) -> &[CaseReport] {
        &self.cases
    }

    /// The names of those that held.
    pub fn passed(&self) -> impl Iterator<Item = &'static str> {
        self.cases.iter().filter(|case| case.end == CaseEnd::Passed).map(|case| case.name)
    }

    /// The names of those that were left out.
    pub fn skipped(&self) -> impl Iterator<Item = &'static str> {
        self.cases.iter().filter(|case| case.end == CaseEnd::Skipped).map(|case| case.name)
    }

    /// Those that did not hold: name and reason.
    pub fn failed(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.cases.iter().filter_map(|case| match &case.end {
            CaseEnd::Failed { reason } => Some((case.name, reason.as_str())),
            CaseEnd::Passed | CaseEnd::Skipped => None,
        })
    }

    /// How many cases held, if none failed: for a test that returns a `Result`.
    ///
    /// # Errors
    /// [`FailedCases`]: the storage or the outbox breaks its contract; mend it.
    pub fn ok(&self) -> Result<usize, FailedCases> {
        let failed: Vec<_> =
            self.failed().map(|(name, reason)| (name, String::from(reason))).collect();
        if failed.is_empty() {
            Ok(self.passed().count())
        } else {
            Err(FailedCases { failed, of: self.cases.len() })
        }
    }

    pub(super) fn add(&mut self, name: &'static str, end: CaseEnd) {
        self.cases.push(CaseReport { name, end });
    }
}

impl fmt::Display for FailedCases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} cases failed", self.failed.len(), self.of)?;
        self.failed.iter().try_for_each(|(name, reason)| write!(f, "\n  {name}: {reason}"))
    }
}

impl fmt::Debug for FailedCases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl core::error::Error for FailedCases {}
