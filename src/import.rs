//! Contacts from a file or a call of the host's API (R5.1), and into a file.
//!
//! [`Import`] reads, [`Export`] writes. Adding never raises anyone to active while double opt-in is
//! on, never opts anyone in again, and never sends a text: what a row may do is the engine's.
//!
//! # What a file may be
//! CSV of any length, in constant memory, with a header. The delimiter is the commonest of `,` `;`
//! and tab in the header. Quoted cells may hold newlines. UTF-8 with or without its byte order mark;
//! a file in Windows-1252 is read too, and its rows that are no UTF-8 are reported
//! ([`Row::is_utf8`]). Which columns are read: [`Columns`].
//!
//! A phone is E.164, with white space around it or none. National forms are refused with the row, as
//! is whatever else is amiss with one row ([`Rejection`]): a bad row costs only itself. To mend and
//! import again: [`Rejects`].
//!
//! | opted out | means |
//! |---|---|
//! | `yes`, `y`, `true`, `t`, `1`, in any case | opted out |
//! | `no`, `n`, `false`, `f`, `0`, in any case | nothing more than the row itself: it opts nobody in |
//! | nothing, or white space | not given |
//!
//! Of rows with the same number the most restrictive holds in the end: they are taken one after the
//! other, in the order of the file, and one that says opted out is not undone by a later one.

mod cell;
mod columns;
mod delimiter;
mod error;
mod export;
mod file;
mod formula;
mod header;
mod new_contact;
mod rejection;
mod rejects;
mod row;
mod rows;
mod totals;
mod window;

use std::io::Read;

use chrono::{DateTime, Utc};

pub use self::{
    columns::Columns,
    delimiter::Delimiter,
    error::{HeaderError, ImportError},
    export::{Export, ExportError},
    new_contact::NewContact,
    rejection::Rejection,
    rejects::Rejects,
    row::{Row, RowOutcome},
    totals::Totals,
};
use self::{
    header::Header,
    rows::{FileRows, GivenRows, Rows},
    window::Window,
};
use crate::{
    consent::{
        contact::Contact,
        event::{Event, Source},
        id::AccountId,
    },
    engine::{Engine, HandleError, Outcome},
    outbox::Outbox,
    storage::Storage,
};

/// Rows reported between two moments in which other tasks of the thread may work.
const ROWS_AT_ONCE: u64 = 1_024;

/// Adds the contacts of a file, or those that the host was given, to one account.
///
/// Many rows are under way at once, so that a storage can commit them together; rows of the same
/// number never are. The reports come in the order of the rows, and are the same each time the same
/// rows meet the same contacts.
///
/// Ended midway (an error, a dropped future, a killed process), it is simply run again: rows that
/// were taken are `already_present`, opted out again where they say so, and the rest is added.
///
/// It reads where it is polled, and a file's reads block: in an async runtime run it where that may
/// be, or read the file first.
///
/// ```
/// use optin::{
///     AccountId, Engine, Handover, Outbox, Outgoing, blocking::block_on,
///     import::{Import, RowOutcome}, store::MemoryStorage,
/// };
///
/// struct Provider;
///
/// impl Outbox for Provider {
///     async fn send(&self, _outgoing: &Outgoing) -> Handover { Handover::Unknown }
/// }
///
/// let engine = Engine::new(MemoryStorage::new(), Provider, chrono::Utc::now);
/// let file = "Name;Mobile Phone;Opt Out\nAda;+12065550100;\nBo;+12065550101;yes\nCy;555-0102;\n";
///
/// let mut reports = Vec::new();
/// let import = Import::new(&engine, AccountId::new("acme")?);
/// let totals = block_on(import.csv(file.as_bytes(), |row| {
///     reports.push((row.line(), row.outcome().name(), row.reason()));
/// }))?;
///
/// assert_eq!(reports, [
///     (2, "pending", "added"),
///     (3, "opted_out", "added_opted_out"),
///     (4, "rejected", "national_number"),
/// ]);
/// assert_eq!(totals.to_string(), "3 rows: 1 pending, 0 active, 1 opted out, 0 already present, \
///     1 rejected (1 national_number)");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Import<'e, S, O, C> {
    engine: &'e Engine<S, O, C>,
    account: AccountId,
    columns: Columns,
    delimiter: Option<Delimiter>,
}

impl<'e, S, O, C> Import<'e, S, O, C>
where
    S: Storage,
    O: Outbox,
    C: Fn() -> DateTime<Utc> + Send + Sync,
{
    /// An import into this account. The host decides who may.
    pub fn new(engine: &'e Engine<S, O, C>, account: AccountId) -> Self {
        Self { engine, account, columns: Columns::default(), delimiter: None }
    }

    /// The same import, which reads these columns. Default: those of [`Columns::default`].
    #[must_use]
    pub fn with_columns(self, columns: Columns) -> Self {
        Self { columns, ..self }
    }

    /// The same import of files with this delimiter. Default: the commonest of `,` `;` and tab in
    /// the header, outside quotes.
    #[must_use]
    pub fn with_delimiter(self, delimiter: Delimiter) -> Self {
        Self { delimiter: Some(delimiter), ..self }
    }

    /// Adds the contacts of a CSV file ([`Source::Csv`]), and says of each row what came of it.
    ///
    /// # Errors
    /// [`ImportError`]: nothing was imported where the header is at fault; else what came before
    /// the line that it names stands, and running it again is safe.
    pub async fn csv(
        &self,
        file: impl Read,
        each: impl FnMut(Row<'_>),
    ) -> Result<Totals, ImportError<S::Error>> {
        let (header, rows) = FileRows::open(file, &self.columns, self.delimiter)?;
        self.add(Source::Csv, &header, rows, each).await
    }

    /// Adds these contacts ([`Source::Api`]), and says of each what came of it.
    ///
    /// Their lines count from 1; their cells are `phone` and `opted_out`.
    ///
    /// # Errors
    /// [`ImportError::Engine`]: what came before the line that it names stands, and running it
    /// again is safe.
    pub async fn rows(
        &self,
        rows: impl IntoIterator<Item = NewContact>,
        each: impl FnMut(Row<'_>),
    ) -> Result<Totals, ImportError<S::Error>> {
        let rows = GivenRows::new(rows.into_iter());
        self.add(Source::Api, &Header::given(), rows, each).await
    }

    /// The one way in: every row is an event, at most a window of them under way.
    async fn add(
        &self,
        source: Source,
        header: &Header,
        mut rows: impl Rows,
        mut each: impl FnMut(Row<'_>),
    ) -> Result<Totals, ImportError<S::Error>> {
        let mut totals = Totals::new(header.is_utf8());
        let mut window = Window::new(|id, number, opted_out| {
            let contact = Contact::new(self.account.clone(), number);
            handle(self.engine, contact, Event::Added { source, opted_out }, id)
        });
        let mut end = None;
        loop {
            while end.is_none() && window.has_room() {
                match rows.next(header, window.spare()) {
                    Ok(Some(taken)) => window.take(taken),
                    Ok(None) => end = Some(Ok(())),
                    Err(broken) => end = Some(Err(broken)),
                }
            }
            while let Some((taken, handled)) = window.pop() {
                let handled = match handled {
                    Ok(handled) => handled,
                    Err(error) => {
                        return Err(ImportError::engine(taken.line, totals, error));
                    }
                };
                let row = Row::new(header, &taken, handled.as_ref());
                totals.add(&row);
                each(row);
                window.reuse(taken);
                if totals.rows.is_multiple_of(ROWS_AT_ONCE) {
                    yield_once().await;
                }
            }
            if window.is_empty() {
                match end.take() {
                    Some(Ok(())) => return Ok(totals),
                    Some(Err(broken)) => return Err(broken.after(totals)),
                    None => continue,
                }
            }
            window.wait().await;
        }
    }
}

async fn handle<S, O, C>(
    engine: &Engine<S, O, C>,
    contact: Contact,
    event: Event<'static>,
    id: u64,
) -> (u64, Result<Outcome, HandleError<S::Error>>)
where
    S: Storage,
    O: Outbox,
    C: Fn() -> DateTime<Utc> + Send + Sync,
{
    (id, engine.handle(&contact, event).await)
}

/// Lets others of the same thread work: a storage that is always ready never waits.
async fn yield_once() {
    let mut yielded = false;
    core::future::poll_fn(|context| {
        if core::mem::replace(&mut yielded, true) {
            return core::task::Poll::Ready(());
        }
        context.waker().wake_by_ref();
        core::task::Poll::Pending
    })
    .await;
}
