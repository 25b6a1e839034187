//! What can go wrong with an import as a whole.

use std::{boxed::Box, io};

use super::totals::Totals;
use crate::engine::HandleError;

/// Why an import ended early. What is wrong with one row is no error: see
/// [`Rejection`](super::Rejection).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError<E> {
    /// The header is not what it must be. Nothing was imported: mend the file, or say what its
    /// columns are.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// A record is longer than 1 MiB: a line that never ends, or a quote that is never closed. Mend
    /// the file there, and import it again.
    #[error("the record in line {line} is longer than 1 MiB")]
    TooLong {
        /// Where the record begins.
        line: u64,
        /// What came of the rows before it.
        totals: Box<Totals>,
    },
    /// The file could not be read on. Import it again once it can be.
    #[error("reading failed at line {line}")]
    Read {
        /// The line that was being read.
        line: u64,
        /// What came of the rows before it.
        totals: Box<Totals>,
        /// Why.
        #[source]
        error: io::Error,
    },
    /// The engine failed, most likely its storage. Import the file again; rows after this one may
    /// be imported already, and are not done twice.
    #[error("the row in line {line} could not be stored")]
    Engine {
        /// The row's line.
        line: u64,
        /// What came of the rows before it.
        totals: Box<Totals>,
        /// Why.
        #[source]
        error: HandleError<E>,
    },
}

impl<E> ImportError<E> {
    pub(super) fn engine(line: u64, totals: Totals, error: HandleError<E>) -> Self {
        Self::Engine { line, totals: totals.into(), error }
    }

    /// What came of the rows before it; absent when nothing was imported.
    pub fn totals(&self) -> Option<&Totals> {
        match self {
            Self::Header(_) => None,
            Self::TooLong { totals, .. }
            | Self::Read { totals, .. }
            | Self::Engine { totals, .. } => Some(totals),
        }
    }
}

/// What is wrong with a file's header. Columns count from 1.
///
/// It never shows the headers: of a file without any they are somebody's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum HeaderError {
    /// There is no header, nor anything else. Check that it is the right file.
    #[error("the file is empty")]
    Empty,
    /// The file is in UTF-16. Save it as UTF-8 ("CSV UTF-8" in Excel).
    #[error("the file is in UTF-16: save it in UTF-8")]
    Utf16,
    /// A quote in the header is never closed. Mend the header.
    #[error("a quote in the header is never closed")]
    QuoteNotClosed,
    /// No column has a header that means the phone. Is the header missing? Else say which it is:
    /// [`Columns::with_phone`](super::Columns::with_phone).
    #[error("no column is named as the phone")]
    PhoneMissing,
    /// Two columns may be the phone. Say which is:
    /// [`Columns::with_phone`](super::Columns::with_phone).
    #[error("columns {first} and {second} are both named as the phone")]
    PhoneTwice {
        /// One of them.
        first: usize,
        /// The other.
        second: usize,
    },
    /// The column that the host named is not there. Check the file.
    #[error("no column is named as the opted-out column")]
    OptedOutMissing,
    /// Two columns may say who opted out. Say which does:
    /// [`Columns::with_opted_out`](super::Columns::with_opted_out).
    #[error("columns {first} and {second} are both named as the opted-out column")]
    OptedOutTwice {
        /// One of them.
        first: usize,
        /// The other.
        second: usize,
    },
    /// A column may say who opted out, but that is not sure. Name it
    /// ([`Columns::with_opted_out`](super::Columns::with_opted_out)), or say that there is none
    /// ([`Columns::without_opted_out`](super::Columns::without_opted_out)).
    #[error("column {column} may be the opted-out column: name it, or say that there is none")]
    OptedOutUnclear {
        /// The first such column.
        column: usize,
    },
    /// The host named one column as both.
    #[error("column {column} is named both as the phone and as the opted-out column")]
    SameColumn {
        /// The column.
        column: usize,
    },
}
