//! What came of one row.

use core::fmt;

use super::{formula, header::Header, rejection::Rejection, rows::Taken};
use crate::{
    consent::{contact::PhoneNumber, decision::Reason, state::ConsentState},
    engine::Outcome,
};

/// What came of one row, and its cells. `Debug` shows no cell.
pub struct Row<'a> {
    header: &'a Header,
    taken: &'a Taken,
    handled: Option<&'a Outcome>,
    outcome: RowOutcome,
}

/// What came of one row, as one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RowOutcome {
    /// Added, and pending: asked at its next text.
    Pending,
    /// Added, and active: double opt-in is off.
    Active,
    /// Opted out: added so, or known before and opted out by this row.
    OptedOut,
    /// Known before, and in the state that it was in.
    AlreadyPresent,
    /// Not imported.
    Rejected(Rejection),
}

impl RowOutcome {
    fn of(handled: &Outcome) -> Self {
        match handled.state {
            _ if handled.reason == Reason::AlreadyPresent => Self::AlreadyPresent,
            Some(ConsentState::Pending(_)) => Self::Pending,
            Some(ConsentState::Active { .. }) => Self::Active,
            Some(ConsentState::OptedOut { .. }) => Self::OptedOut,
            None => Self::AlreadyPresent,
        }
    }

    /// Its name: `pending`, `active`, `opted_out`, `already_present` or `rejected`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::OptedOut => "opted_out",
            Self::AlreadyPresent => "already_present",
            Self::Rejected(_) => "rejected",
        }
    }
}

impl<'a> Row<'a> {
    pub(super) fn new(header: &'a Header, taken: &'a Taken, handled: Option<&'a Outcome>) -> Self {
        let outcome = match (taken.said, handled) {
            (Err(rejection), _) => RowOutcome::Rejected(rejection),
            (Ok(_), Some(handled)) => RowOutcome::of(handled),
            (Ok(_), None) => RowOutcome::AlreadyPresent,
        };
        Self { header, taken, handled, outcome }
    }

    /// The line of the file where the row begins, from 1; the header is the first.
    pub fn line(&self) -> u64 {
        self.taken.line
    }

    /// What came of it.
    pub fn outcome(&self) -> RowOutcome {
        self.outcome
    }

    /// Why: the name of the engine's [`Reason`], or of the [`Rejection`].
    pub fn reason(&self) -> &'static str {
        match (self.outcome, self.handled) {
            (RowOutcome::Rejected(rejection), _) => rejection.name(),
            (_, Some(handled)) => handled.reason.name(),
            (_, None) => self.outcome.name(),
        }
    }

    /// Whose row it is; absent where it was rejected.
    pub fn number(&self) -> Option<PhoneNumber> {
        self.taken.said.ok().map(|(number, _)| number)
    }

    /// What the engine said of it: the contact's state, texts in flight; absent where the row was
    /// rejected.
    pub fn handled(&self) -> Option<&'a Outcome> {
        self.handled
    }

    /// Whether every cell is UTF-8: if not, the file is perhaps in Windows-1252. The row is imported
    /// all the same where its phone and opted-out cells are.
    pub fn is_utf8(&self) -> bool {
        self.taken.is_utf8
    }

    /// The row's cells, each with its header: of cells beyond the header it is empty.
    ///
    /// Without their quotes, and as they were before [`Export`](super::Export) or
    /// [`Rejects`](super::Rejects) made formulas harmless: a `'` before what looks like one is
    /// gone, whoever wrote it.
    pub fn cells(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + use<'a> {
        let names = self.header.names();
        let cells = self.taken.record.iter().map(formula::unguarded);
        cells.enumerate().map(move |(at, cell)| (names.get(at).unwrap_or_default(), cell))
    }

    /// The cell in the first column with this header, compared as [`Columns`](super::Columns) does.
    pub fn cell(&self, header: &str) -> Option<&'a [u8]> {
        let cell = self.taken.record.get(self.header.position(header)?)?;
        Some(formula::unguarded(cell))
    }

    pub(super) fn header(&self) -> &'a Header {
        self.header
    }
}

impl fmt::Debug for Row<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Row")
            .field("line", &self.line())
            .field("outcome", &self.outcome)
            .field("reason", &self.reason())
            .field("cells", &self.taken.record.len())
            .finish_non_exhaustive()
    }
}
