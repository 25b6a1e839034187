//! Reading rows in the order of their keys, table by table; what is at odds with itself is an error.

use std::{string::String, sync::Arc, vec::Vec};

use super::{
    claim::head,
    columns::{Column, Hidden, get, head_at},
    failure::Failure,
    ledger::sealed_row,
    policy::account_row,
    session::{Session, bound},
    sql,
};
use crate::{
    consent::{
        id::{AccountId, InboxId},
        record::Revision,
    },
    ledger::{ChainId, Sealed, SealedRow},
    moving::{Key, Row},
    store::{
        moved::{self, StoredEntry, table_of},
        row::{self, BadRow, from_i64, page, to_i64},
    },
};

/// The account's rows after this key, at most `limit`.
pub(super) async fn after(
    session: &Session,
    account: &AccountId,
    after: Option<&Key>,
    limit: usize,
) -> Result<Vec<Row>, Failure> {
    let mut rows = from(session, account, after, limit.saturating_add(1)).await?;
    if after.is_some_and(|after| rows.first().is_some_and(|row| row.key() == *after)) {
        rows.remove(0);
    }
    rows.truncate(limit);
    Ok(rows)
}

/// The account's rows from this key on, at most `limit`.
pub(super) async fn from(
    session: &Session,
    account: &AccountId,
    key: Option<&Key>,
    limit: usize,
) -> Result<Vec<Row>, Failure> {
    let account = Hidden(account.as_str());
    let first = key.map_or(0, table_of);
    let mut rows = Vec::new();
    for table in first..TABLES {
        let span = Span {
            session,
            account: &account,
            key: key.filter(|_| table == first),
            limit: page(limit - rows.len()),
        };
        rows.extend(match table {
            0 => span.settings().await?,
            1 => span.own().await?,
            2 => span.contacts().await?,
            3 => span.erased().await?,
            4 => span.suppressed().await?,
            5 => span.entries().await?,
            6 => span.marks().await?,
            _ => span.outgoing().await?,
        });
        if rows.len() >= limit {
            break;
        }
    }
    Ok(rows)
}

const TABLES: usize = 8;

/// Which rows of a table are asked for: those from this key on, or all.
struct Span<'a> {
    session: &'a Session,
    account: &'a Hidden<&'a str>,
    key: Option<&'a Key>,
    limit: i64,
}

impl Span<'_> {
    async fn settings(&self) -> Result<Vec<Row>, Failure> {
        let mut from = 0;
        if let Some(Key::Settings(revision)) = self.key {
            from = to_i64(revision.number());
        }
        let page = bound!(sql::TAKE_SETTINGS, self.account, &from, &self.limit);
        let rows = self.session.read(page).await?;
        let settings = rows.iter().map(|found| {
            let revision = from_i64("policy", get(found, 0, "policy")?)?;
            let policy = row::decode("policy", get(found, 1, "policy")?)?;
            Ok(Row::Settings { revision: Revision::new(revision), policy: Arc::new(policy) })
        });
        settings.collect()
    }

    async fn own(&self) -> Result<Vec<Row>, Failure> {
        let rows = self.session.read(bound!(sql::TAKE_ACCOUNT, self.account)).await?;
        let own = rows.iter().map(|row| {
            let account = account_row(row)?;
            let head = Some(account.head).filter(|head| head.length > 0);
            let log_size = from_i64("size of the log", account.log_size)?;
            Ok(Row::Account { head, log_size })
        });
        own.collect()
    }

    async fn contacts(&self) -> Result<Vec<Row>, Failure> {
        let mut from = Hidden(0);
        if let Some(Key::Contact(number)) = self.key {
            from = Hidden(to_i64(number.to_digits()));
        }
        let page = bound!(sql::TAKE_CONTACTS, self.account, &from, &self.limit);
        let rows = self.session.read(page).await?;
        let contacts = rows.iter().map(|row| {
            let said = (get(row, 2, "record")?, get(row, 3, "record")?);
            let (number, record) = (get(row, 0, "number")?, get(row, 1, "record")?);
            Ok(moved::contact(number, record, said, head_at(row, 4)?)?)
        });
        contacts.collect()
    }

    async fn erased(&self) -> Result<Vec<Row>, Failure> {
        let mut from = Vec::new();
        if let Some(Key::Erased(chain)) = self.key {
            from.extend(chain.0);
        }
        let page = bound!(sql::TAKE_ERASED, self.account, &from, &self.limit);
        let rows = self.session.read(page).await?;
        rows.iter().map(|row| Ok(Row::Erased { head: head_at(row, 0)? })).collect()
    }

    async fn suppressed(&self) -> Result<Vec<Row>, Failure> {
        let mut from: Vec<u8> = Vec::new();
        if let Some(Key::Suppressed(mark)) = self.key {
            from.extend(mark);
        }
        let page = bound!(sql::TAKE_SUPPRESSED, self.account, &from, &self.limit);
        let rows = self.session.read(page).await?;
        let marks = rows.iter().map(|row| {
            let mark: &[u8] = get(row, 0, "mark")?;
            Ok(Row::Suppressed { mark: mark.try_into().map_err(|_| BadRow::of("mark"))? })
        });
        marks.collect()
    }

    async fn entries(&self) -> Result<Vec<Row>, Failure> {
        let mut from = (Vec::new(), 0);
        if let Some(Key::Entry(chain, sequence)) = self.key {
            from = (chain.0.to_vec(), to_i64(*sequence));
        }
        let page = bound!(sql::TAKE_ENTRIES, self.account, &from.0, &from.1, &self.limit);
        let rows = self.session.read(page).await?;
        let own = own_chain(self.session, self.account).await?;
        let mut waiting = Waiting::default();
        let mut entries = Vec::with_capacity(rows.len());
        for row in &rows {
            let chain: &[u8] = get(row, 5, "entry")?;
            let sequence: i64 = get(row, 6, "entry")?;
            let sealed = sealed_row(row)?;
            let place: (Option<&[u8]>, Option<i64>) =
                (get(row, 9, "place in the log")?, get(row, 10, "place in the log")?);
            match sealed.leaf {
                Some(_) if place == (Some(chain), Some(sequence)) => {}
                Some(_) => return Err(BadRow::of("place in the log").into()),
                None => waiting.push(&sealed, chain, sequence)?,
            }
            let json: Option<String> = get(row, 3, "entry")?;
            let said = json
                .map(|json| Ok::<_, BadRow>((json, get(row, 7, "entry")?, get(row, 8, "entry")?)));
            let chain = ChainId(chain.try_into().map_err(|_| BadRow::of("entry"))?);
            let entry = StoredEntry { chain, sequence, sealed, said: said.transpose()? };
            entries.push(entry.row(own)?);
        }
        waiting.check(self).await?;
        Ok(entries)
    }

    async fn marks(&self) -> Result<Vec<Row>, Failure> {
        let mut from = (Hidden(""), Hidden(""));
        if let Some(Key::Mark(inbox, id)) = self.key {
            from = (Hidden(inbox.as_ref().map_or("", InboxId::as_str)), Hidden(id.as_str()));
        }
        let page = bound!(sql::TAKE_MARKS, self.account, &from.0, &from.1, &self.limit);
        let rows = self.session.read(page).await?;
        let marks = rows.iter().map(|row| {
            let at = get(row, 2, "mark")?;
            Ok(moved::mark(get(row, 0, "mark")?, get(row, 1, "mark")?, at)?)
        });
        marks.collect()
    }

    async fn outgoing(&self) -> Result<Vec<Row>, Failure> {
        let mut from = (Hidden(0), "", 0, 0);
        if let Some(Key::Outgoing(number, destination, revision, n)) = self.key {
            let revision = to_i64(revision.number());
            from = (Hidden(to_i64(number.to_digits())), destination, revision, (*n).into());
        }
        let (number, destination, revision, n): (_, _, _, i64) = from;
        let page = bound!(
            sql::TAKE_OUTGOING,
            self.account,
            &number,
            &destination,
            &revision,
            &n,
            &self.limit,
        );
        let rows = self.session.read(page).await?;
        let messages =
            rows.iter().map(|row| Ok(moved::message(&head(row)?, get(row, 12, "message")?)?));
        messages.collect()
    }
}

/// The account's own chain, where it has one.
pub(super) async fn own_chain(
    session: &Session,
    account: &Hidden<&str>,
) -> Result<Option<ChainId>, Failure> {
    let rows = session.read(bound!(sql::ACCOUNT_HEAD, account)).await?;
    Ok(rows.first().map(|row| head_at(row, 0)).transpose()?.map(|head| head.chain))
}

/// Entries that must be among those that wait for a place.
#[derive(Default)]
struct Waiting {
    at: Column<i64>,
    chain: Column<Vec<u8>>,
    sequence: Column<i64>,
}

impl Waiting {
    fn push(&mut self, row: &SealedRow, chain: &[u8], sequence: i64) -> Result<(), BadRow> {
        let sealed = Sealed::decode(&row.bytes).map_err(|_| BadRow::of("entry"))?;
        self.at.push(sealed.at);
        self.chain.push(chain.to_vec());
        self.sequence.push(sequence);
        Ok(())
    }

    async fn check(&self, span: &Span<'_>) -> Result<(), Failure> {
        if self.at.is_empty() {
            return Ok(());
        }
        let waiting = bound!(sql::WAITING, span.account, &self.at, &self.chain, &self.sequence);
        let rows = span.session.read(waiting).await?;
        let found: i64 = rows.first().map_or(Ok(0), |row| get(row, 0, "place in the log"))?;
        if found == to_i64(self.at.0.len() as u64) {
            Ok(())
        } else {
            Err(BadRow::of("place in the log").into())
        }
    }
}
