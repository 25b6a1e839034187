//! A file's header, looked up once.

use csv::ByteRecord;

use super::{
    columns::{self, Columns},
    delimiter::Delimiter,
    error::HeaderError,
    formula,
    rejection::Rejection,
};

/// The column that [`Rejects`](super::Rejects) adds: last, and no longer there when read again.
pub(super) const REASON: &str = "Rejected because";

pub(super) struct Header {
    /// The headers, as they were before they were written, the reason's aside.
    names: ByteRecord,
    phone: usize,
    opted_out: Option<usize>,
    has_reason: bool,
    delimiter: Delimiter,
    has_mark: bool,
}

impl Header {
    pub(super) fn read(
        header: ByteRecord,
        columns: &Columns,
        delimiter: Delimiter,
        has_mark: bool,
    ) -> Result<Self, HeaderError> {
        let mut names: ByteRecord = header.iter().map(formula::unguarded).collect();
        let has_reason = names.len() > 1 && names[names.len() - 1] == *REASON.as_bytes();
        if has_reason {
            names.truncate(names.len() - 1);
        }
        let (phone, opted_out) = columns.find(&names)?;
        Ok(Self { names, phone, opted_out, has_reason, delimiter, has_mark })
    }

    /// That of contacts which the host was given.
    pub(super) fn given() -> Self {
        Self {
            names: ["phone", "opted_out"].iter().collect(),
            phone: 0,
            opted_out: Some(1),
            has_reason: false,
            delimiter: Delimiter::Comma,
            has_mark: false,
        }
    }

    pub(super) fn names(&self) -> &ByteRecord {
        &self.names
    }

    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    pub(super) fn phone(&self) -> usize {
        self.phone
    }

    pub(super) fn opted_out(&self) -> Option<usize> {
        self.opted_out
    }

    pub(super) fn delimiter(&self) -> Delimiter {
        self.delimiter
    }

    pub(super) fn has_mark(&self) -> bool {
        self.has_mark
    }

    pub(super) fn is_utf8(&self) -> bool {
        self.names.iter().all(|name| core::str::from_utf8(name).is_ok())
    }

    /// Where the column with this name is.
    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|header| columns::is_named(header, name))
    }

    /// Takes the reason of an earlier rejection off a row.
    ///
    /// Known by its words, not by its place: of a row with too few cells it stands in another.
    pub(super) fn drop_reason(&self, record: &mut ByteRecord) {
        let Some(last) = record.len().checked_sub(1).filter(|_| self.has_reason) else {
            return;
        };
        let is_blank = last == self.len() && record[last].is_empty();
        if is_blank || is_reason(&record[last]) {
            record.truncate(last);
        }
    }

    /// Whether a reason stands among the cells: the row had too few, and a spreadsheet filled it up.
    pub(super) fn is_out_of_place(&self, record: &ByteRecord) -> bool {
        self.has_reason && record.iter().any(is_reason)
    }
}

fn is_reason(cell: &[u8]) -> bool {
    core::str::from_utf8(cell).is_ok_and(|cell| Rejection::of_text(cell).is_some())
}
