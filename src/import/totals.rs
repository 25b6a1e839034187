//! What came of all rows.

use core::fmt;
use std::collections::BTreeMap;

use super::{
    rejection::Rejection,
    row::{Row, RowOutcome},
};

/// How many rows came to what. `rows` is the sum of `pending`, `active`, `opted_out`,
/// `already_present` and `rejected`; the header is none of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct Totals {
    /// All rows.
    pub rows: u64,
    /// Rows whose contact was added, and is pending.
    pub pending: u64,
    /// Rows whose contact was added, and is active.
    pub active: u64,
    /// Rows whose contact was added as opted out, or known before and opted out.
    pub opted_out: u64,
    /// Rows whose contact was known before and stayed as it was.
    pub already_present: u64,
    /// Rows not imported.
    pub rejected: u64,
    /// The rows not imported, by reason.
    pub rejections: BTreeMap<Rejection, u64>,
    /// Rows, imported or not, with a cell that is not UTF-8.
    pub not_utf8: u64,
    /// Whether a header is not UTF-8.
    pub header_not_utf8: bool,
}

impl Totals {
    pub(super) fn new(header_is_utf8: bool) -> Self {
        Self { header_not_utf8: !header_is_utf8, ..Self::default() }
    }

    pub(super) fn add(&mut self, row: &Row<'_>) {
        self.rows += 1;
        self.not_utf8 += u64::from(!row.is_utf8());
        match row.outcome() {
            RowOutcome::Pending => self.pending += 1,
            RowOutcome::Active => self.active += 1,
            RowOutcome::OptedOut => self.opted_out += 1,
            RowOutcome::AlreadyPresent => self.already_present += 1,
            RowOutcome::Rejected(rejection) => {
                self.rejected += 1;
                *self.rejections.entry(rejection).or_default() += 1;
            }
        }
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rows, pending, active, opted_out, already_present, rejected, .. } = self;
        write!(
            f,
            "{rows} rows: {pending} pending, {active} active, {opted_out} opted out, \
             {already_present} already present, {rejected} rejected"
        )?;
        let reasons = self.rejections.iter();
        for (at, (rejection, count)) in reasons.enumerate() {
            let before = if at == 0 { " (" } else { ", " };
            write!(f, "{before}{count} {}", rejection.name())?;
        }
        if !self.rejections.is_empty() {
            f.write_str(")")?;
        }
        if self.header_not_utf8 || self.not_utf8 > 0 {
            let header = if self.header_not_utf8 { "the header and " } else { "" };
            write!(f, "; {header}{} rows are not UTF-8", self.not_utf8)?;
        }
        Ok(())
    }
}
