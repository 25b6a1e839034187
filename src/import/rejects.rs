//! The rejected rows as a file, to be mended and imported again.

use core::fmt;
use std::{
    boxed::Box,
    io::{self, Write},
};

use super::{
    file::io_error,
    formula,
    header::{Header, REASON},
    rejection::Rejection,
    row::{Row, RowOutcome},
};

/// Writes the rejected rows: with the header and delimiter of their file, and the reason in a last
/// column, which an import of it leaves out.
///
/// Imported as it is, every row is rejected again, most for the same reason; mended, it is added.
/// The columns must be named as they were. Cells that a spreadsheet would run as formulas are made
/// harmless, which an import undoes. Where nothing is rejected, nothing is written.
///
/// ```
/// use optin::import::Rejects;
/// # use optin::{AccountId, Engine, Handover, Outbox, Outgoing, blocking::block_on};
/// # use optin::{import::Import, store::MemoryStorage};
/// # struct Provider;
/// # impl Outbox for Provider {
/// #     async fn send(&self, _outgoing: &Outgoing) -> Handover { Handover::Unknown }
/// # }
/// # let engine = Engine::new(MemoryStorage::new(), Provider, chrono::Utc::now);
/// # let import = Import::new(&engine, AccountId::new("acme")?);
///
/// let mut rejects = Rejects::new(Vec::new());
/// let mut written = Ok(());
/// let file = "phone,name\n+12065550100,Ada\n,=cmd\n";
/// block_on(import.csv(file.as_bytes(), |row| {
///     if written.is_ok() {
///         written = rejects.add(&row);
///     }
/// }))?;
/// written?;
/// let rejects = String::from_utf8(rejects.finish()?)?;
/// assert_eq!(rejects, "phone,name,Rejected because\n,'=cmd,there is no phone number\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Rejects<W: Write> {
    to: State<W>,
    count: u64,
}

enum State<W: Write> {
    Unused(W),
    Used(Box<csv::Writer<W>>),
    /// The header could not be written.
    Broken,
}

impl<W: Write> Rejects<W> {
    /// A file of rejected rows, none yet.
    pub fn new(to: W) -> Self {
        Self { to: State::Unused(to), count: 0 }
    }

    /// How many rows it has.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Adds the row, if it was rejected.
    ///
    /// # Errors
    /// The writer's own. The file is not complete then; the import is none the worse for it.
    pub fn add(&mut self, row: &Row<'_>) -> io::Result<()> {
        let RowOutcome::Rejected(rejection) = row.outcome() else {
            return Ok(());
        };
        let header = row.header();
        write(self.writer(header)?, header, row, rejection).map_err(io_error)?;
        self.count += 1;
        Ok(())
    }

    /// Ends the file, and gives the writer back.
    ///
    /// # Errors
    /// The writer's own.
    pub fn finish(self) -> io::Result<W> {
        match self.to {
            State::Unused(to) => Ok(to),
            State::Used(to) => (*to).into_inner().map_err(csv::IntoInnerError::into_error),
            State::Broken => Err(io::ErrorKind::WriteZero.into()),
        }
    }

    /// The writer, with the header written.
    fn writer(&mut self, header: &Header) -> io::Result<&mut csv::Writer<W>> {
        self.to = match core::mem::replace(&mut self.to, State::Broken) {
            State::Unused(to) => State::Used(Box::new(begun(to, header)?)),
            to @ (State::Used(_) | State::Broken) => to,
        };
        match &mut self.to {
            State::Used(to) => Ok(to),
            State::Unused(_) | State::Broken => Err(io::ErrorKind::WriteZero.into()),
        }
    }
}

fn write<W: Write>(
    to: &mut csv::Writer<W>,
    header: &Header,
    row: &Row<'_>,
    rejection: Rejection,
) -> Result<(), csv::Error> {
    let mut count = 0;
    for (_, cell) in row.cells() {
        to.write_field(formula::guarded(cell))?;
        count += 1;
    }
    if rejection == Rejection::QuoteNotClosed {
        // Its quote is closed from now on: a cell too many, so that it is rejected again.
        for _ in count..count.max(header.len()) + 1 {
            to.write_field("")?;
        }
    }
    to.write_field(rejection.text())?;
    to.write_record(None::<&[u8]>)
}

fn begun<W: Write>(mut to: W, header: &Header) -> io::Result<csv::Writer<W>> {
    if header.has_mark() {
        to.write_all("\u{feff}".as_bytes())?;
    }
    let mut to = csv::WriterBuilder::new()
        .delimiter(header.delimiter().byte())
        .flexible(true)
        .from_writer(to);
    let names = header.names().iter().map(formula::guarded);
    to.write_record(names.chain([REASON.as_bytes().into()])).map_err(io_error)?;
    Ok(to)
}

impl<W: Write> fmt::Debug for Rejects<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rejects").field("count", &self.count).finish_non_exhaustive()
    }
}
