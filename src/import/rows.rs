//! Where rows come from: a file, or the host's own list.

use std::io::Read;

use csv::ByteRecord;

use super::{
    HeaderError, ImportError, Totals,
    cell::{self, Said},
    columns::Columns,
    delimiter::Delimiter,
    file::{self, File, ReadError},
    header::Header,
    new_contact::NewContact,
    rejection::Rejection,
};

/// A row as it was read.
pub(super) struct Taken {
    pub(super) line: u64,
    /// Its cells, as they stand in the file.
    pub(super) record: ByteRecord,
    pub(super) said: Said,
    pub(super) is_utf8: bool,
}

pub(super) trait Rows {
    /// The next row, read into `record`.
    fn next(&mut self, header: &Header, record: ByteRecord) -> Result<Option<Taken>, ReadError>;
}

pub(super) struct FileRows<R>(File<R>);

impl<R: Read> FileRows<R> {
    /// Reads the header, and looks its columns up.
    pub(super) fn open<E>(
        file: R,
        columns: &Columns,
        delimiter: Option<Delimiter>,
    ) -> Result<(Header, Self), ImportError<E>> {
        let mut file = File::open(file, delimiter)?;
        let mut record = ByteRecord::new();
        let place = file.read(&mut record).map_err(|error| error.after(Totals::new(true)))?;
        let place = place.ok_or(HeaderError::Empty)?;
        if !place.is_closed {
            return Err(HeaderError::QuoteNotClosed.into());
        }
        let header = Header::read(record, columns, file.delimiter(), file.has_mark())?;
        Ok((header, Self(file)))
    }
}

impl<R: Read> Rows for FileRows<R> {
    fn next(
        &mut self,
        header: &Header,
        mut record: ByteRecord,
    ) -> Result<Option<Taken>, ReadError> {
        let Some(file::Place { line, is_closed }) = self.0.read(&mut record)? else {
            return Ok(None);
        };
        header.drop_reason(&mut record);
        let said = match record.len().cmp(&header.len()) {
            _ if !is_closed => Err(Rejection::QuoteNotClosed),
            _ if record.as_slice().contains(&0) => Err(Rejection::Nul),
            core::cmp::Ordering::Less => Err(Rejection::TooFewCells),
            core::cmp::Ordering::Greater => Err(Rejection::TooManyCells),
            core::cmp::Ordering::Equal if header.is_out_of_place(&record) => {
                Err(Rejection::TooFewCells)
            }
            core::cmp::Ordering::Equal => {
                cell::read(&record[header.phone()], header.opted_out().map(|at| &record[at]))
            }
        };
        // A letter cut in two by a delimiter is no UTF-8 in one cell, and seems so in all of them.
        let is_utf8 = record.as_slice().is_ascii()
            || record.iter().all(|cell| core::str::from_utf8(cell).is_ok());
        Ok(Some(Taken { line, record, said, is_utf8 }))
    }
}

pub(super) struct GivenRows<I> {
    rows: I,
    line: u64,
}

impl<I> GivenRows<I> {
    pub(super) fn new(rows: I) -> Self {
        Self { rows, line: 0 }
    }
}

impl<I: Iterator<Item = NewContact>> Rows for GivenRows<I> {
    fn next(&mut self, _: &Header, mut record: ByteRecord) -> Result<Option<Taken>, ReadError> {
        let Some(NewContact { number, opted_out }) = self.rows.next() else {
            return Ok(None);
        };
        self.line += 1;
        record.clear();
        record.push_field(number.as_bytes());
        record.push_field(opted_out.map_or("", cell::status).as_bytes());
        let said = cell::number(number.as_bytes()).map(|number| (number, opted_out));
        Ok(Some(Taken { line: self.line, record, said, is_utf8: true }))
    }
}
