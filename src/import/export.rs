//! An account's contacts into a file.

use core::fmt;
use std::io::{self, Write};

use chrono::SecondsFormat;

use super::{cell, columns, delimiter::Delimiter, file::io_error, formula, header::REASON};
use crate::{
    consent::{contact::PhoneNumber, id::AccountId, record::Record, state::ConsentState},
    storage::Archive,
};

/// Contacts read at a time.
const PAGE: usize = 1_000;
const COLUMNS: [&str; 5] = ["phone", "opted_out", "state", "how", "since"];

/// Writes an account's contacts as CSV, in constant memory, ordered by number.
///
/// | column | holds |
/// |---|---|
/// | `phone` | E.164 |
/// | `opted_out` | `yes` or `no`, as others are told it (R1.2): `yes` for all but active |
/// | `state` | `pending`, `active` or `opted_out` |
/// | `how` | how it became active, or who opted it out; blank for pending |
/// | `since` | since when, in UTC (RFC 3339, to the millisecond); blank for pending |
///
/// An [`Import`](super::Import) reads it as it is: who may not be messaged here may not be there,
/// whatever the settings. So a pending contact arrives as opted out, and must write START; who is to
/// be asked at the next text instead, is to have a blank there.
///
/// Cells that a spreadsheet would run as formulas (a first `=`, `+`, `-`, `@`, tab, line end or NUL)
/// begin with one `'` more, which an import takes off: it reads what was written, cell for cell. A
/// number in E.164 stays as it is: it is harmless, and other programs must be able to read it. That
/// holds for spreadsheets that take the file with its own delimiter.
///
/// ```
/// use optin::{
///     AccountId, Contact, Engine, Event, Handover, Outbox, Outgoing, PhoneNumber, Source,
///     blocking::block_on, import::Export, store::MemoryStorage,
/// };
///
/// # struct Provider;
/// # impl Outbox for Provider {
/// #     async fn send(&self, _outgoing: &Outgoing) -> Handover { Handover::Unknown }
/// # }
/// # let engine = Engine::new(MemoryStorage::new(), Provider, || chrono::DateTime::UNIX_EPOCH);
/// let account = AccountId::new("acme")?;
/// let contact = Contact::new(account.clone(), PhoneNumber::parse("+12065550100")?);
/// let opted_out = Event::Added { source: Source::User, opted_out: Some(true) };
/// block_on(engine.handle(&contact, opted_out))?;
///
/// let mut file = Vec::new();
/// let export = Export::new(engine.storage(), account);
/// block_on(export.csv_with(&mut file, ["name"], |_number, _record| ["=Ada"]))?;
/// assert_eq!(
///     String::from_utf8(file)?,
///     "phone,opted_out,state,how,since,name\n\
///      +12065550100,yes,opted_out,staff,1970-01-01T00:00:00.000Z,'=Ada\n",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Export<'s, S> {
    storage: &'s S,
    account: AccountId,
    delimiter: Delimiter,
}

/// Why an export ended early. The file is not complete: make it again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError<E> {
    /// A column of the host's is named as one that an import would read. Nothing was written: name
    /// it otherwise.
    #[error("column {column} of the host's is named as one that an import reads")]
    TakenColumn {
        /// Which one of the host's, from 1.
        column: usize,
    },
    /// The storage failed; try again.
    #[error("the storage failed")]
    Storage(#[source] E),
    /// The file could not be written; make room for it, or mend its permissions.
    #[error("writing failed")]
    Write(#[from] io::Error),
}

impl<E> From<csv::Error> for ExportError<E> {
    fn from(error: csv::Error) -> Self {
        Self::Write(io_error(error))
    }
}

impl<'s, S: Archive> Export<'s, S> {
    /// An export of this account.
    pub fn new(storage: &'s S, account: AccountId) -> Self {
        Self { storage, account, delimiter: Delimiter::Comma }
    }

    /// The same export with another delimiter. Default: [`Delimiter::Comma`].
    #[must_use]
    pub fn with_delimiter(self, delimiter: Delimiter) -> Self {
        Self { delimiter, ..self }
    }

    /// Writes all contacts, and says how many.
    ///
    /// Contacts that change meanwhile are written as they are when it comes to them.
    ///
    /// # Errors
    /// [`ExportError`]
    pub async fn csv(&self, to: impl Write) -> Result<u64, ExportError<S::Error>> {
        self.csv_with(to, [], |_, _| [""; 0]).await
    }

    /// The same, with columns of the host's behind the others: their headers, and their cells for
    /// each contact.
    ///
    /// # Errors
    /// [`ExportError`]
    pub async fn csv_with<T: AsRef<[u8]>, const N: usize>(
        &self,
        to: impl Write,
        headers: [&str; N],
        mut cells: impl FnMut(PhoneNumber, &Record) -> [T; N],
    ) -> Result<u64, ExportError<S::Error>> {
        let is_taken = |header: &&str| columns::is_usual(header.as_bytes()) || *header == REASON;
        if let Some(at) = headers.iter().position(is_taken) {
            return Err(ExportError::TakenColumn { column: at + 1 });
        }
        let mut to = csv::WriterBuilder::new().delimiter(self.delimiter.byte()).from_writer(to);
        for header in COLUMNS.into_iter().chain(headers) {
            to.write_field(formula::guarded(header.as_bytes()))?;
        }
        to.write_record(None::<&[u8]>)?;
        let (mut count, mut after) = (0, None);
        loop {
            let page = self.storage.contacts(&self.account, None, after, PAGE).await;
            let page = page.map_err(ExportError::Storage)?;
            let Some((last, _)) = page.last() else {
                to.flush()?;
                return Ok(count);
            };
            after = Some(*last);
            for (number, record) in page {
                let (how, since) = match record.state {
                    ConsentState::Pending(_) => ("", None),
                    ConsentState::Active { how, since } => (how.name(), Some(since)),
                    ConsentState::OptedOut { by, since } => (by.name(), Some(since)),
                };
                let since = since.map(|at| at.to_rfc3339_opts(SecondsFormat::Millis, true));
                to.write_field(number.to_e164())?;
                to.write_field(cell::status(record.state.opted_out()))?;
                to.write_field(record.state.name())?;
                to.write_field(how)?;
                to.write_field(since.unwrap_or_default())?;
                for cell in cells(number, &record) {
                    to.write_field(formula::guarded(cell.as_ref()))?;
                }
                to.write_record(None::<&[u8]>)?;
                count += 1;
            }
        }
    }
}

impl<S> fmt::Debug for Export<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Export")
            .field("account", &self.account)
            .field("delimiter", &self.delimiter)
            .finish_non_exhaustive()
    }
}
