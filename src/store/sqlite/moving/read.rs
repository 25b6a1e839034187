//! Reading rows in the order of their keys, table by table; what is at odds with itself is an error.

use std::{string::String, sync::Arc, vec::Vec};

use rusqlite::{Connection, Params, Row as Found, params};

use super::super::{
    SqliteError,
    claim::columns,
    ledger::sealed_row,
    seal::{account_head, head_at},
};
use crate::{
    consent::{
        id::{AccountId, InboxId},
        record::Revision,
    },
    ledger::ChainId,
    moving::{Key, Row},
    store::{
        head_of_line::HeadOfLine,
        moved::{self, StoredEntry, table_of},
        row::{self, from_i64, page, to_i64},
    },
};

/// The account's rows after this key, at most `limit`.
pub(super) fn after(
    connection: &Connection,
    account: &AccountId,
    after: Option<&Key>,
    limit: usize,
) -> Result<Vec<Row>, SqliteError> {
    let first = after.map_or(0, table_of);
    let mut rows = Vec::new();
    for (n, table) in TABLES.iter().enumerate().skip(first) {
        let span = Span {
            connection,
            account,
            key: after.filter(|_| n == first),
            is: ">",
            limit: page(limit - rows.len()),
        };
        rows.extend(table(&span)?);
        if rows.len() >= limit {
            break;
        }
    }
    Ok(rows)
}

/// The row under this key.
pub(super) fn at(
    connection: &Connection,
    account: &AccountId,
    key: &Key,
) -> Result<Option<Row>, SqliteError> {
    let span = Span { connection, account, key: Some(key), is: "=", limit: 1 };
    let table = TABLES.get(table_of(key));
    Ok(table.map(|table| table(&span)).transpose()?.and_then(|rows| rows.into_iter().next()))
}

type Table = fn(&Span<'_>) -> Result<Vec<Row>, SqliteError>;

/// In the order of keys.
const TABLES: [Table; 8] = [settings, own, contacts, erased, suppressed, entries, marks, outgoing];

/// Which rows of a table are asked for: those whose key is `=` this one, or `>` it; all without.
struct Span<'a> {
    connection: &'a Connection,
    account: &'a AccountId,
    key: Option<&'a Key>,
    is: &'static str,
    limit: i64,
}

impl Span<'_> {
    fn rows<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl Fn(&Found<'_>) -> Result<T, SqliteError>,
    ) -> Result<Vec<T>, SqliteError> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map(params, |row| Ok(read(row)))?;
        rows.map(|row| row?).collect()
    }
}

fn settings(span: &Span<'_>) -> Result<Vec<Row>, SqliteError> {
    let mut after = -1;
    if let Some(Key::Settings(revision)) = span.key {
        after = to_i64(revision.number());
    }
    let sql = std::format!(
        "SELECT revision, settings FROM policies WHERE account = ?1 AND revision {} ?2
         ORDER BY revision LIMIT ?3",
        span.is
    );
    span.rows(&sql, params![span.account.as_str(), after, span.limit], |found| {
        let revision = Revision::new(from_i64("policy", found.get(0)?)?);
        let policy = row::decode("policy", &found.get::<_, String>(1)?)?;
        Ok(Row::Settings { revision, policy: Arc::new(policy) })
    })
}

fn own(span: &Span<'_>) -> Result<Vec<Row>, SqliteError> {
    if span.is == ">" && span.key.is_some() {
        return Ok(Vec::new());
    }
    let sql = "SELECT chain, length, head, coalesce(size, 0)
        FROM (SELECT ?1 AS account) LEFT JOIN accounts USING (account) LEFT JOIN logs USING (account)
        WHERE chain IS NOT NULL OR size > 0";
    span.rows(sql, [span.account.as_str()], |row| {
        let chain: Option<[u8; 16]> = row.get(0)?;
        let head = chain.map(|_| head_at(row, 0)).transpose()?;
        Ok(Row::Account { head, log_size: from_i64("size of the log", row.get(3)?)? })
    })
}

fn contacts(span: &Span<'_>) -> Result<Vec<Row>, SqliteError> {
    let mut after = 0;
    if let Some(Key::Contact(number)) = span.key {
        after = to_i64(number.to_digits());
    }
    let sql = std::format!(
        "SELECT number, record, state, revision, chain, length, head FROM contacts
         WHERE account = ?1 AND number {} ?2 ORDER BY number LIMIT ?3",
        span.is
    );
    span.rows(&sql, params![span.account.as_str(), after, span.limit], |row| {
        let (record, state): (String, String) = (row.get(1)?, row.get(2)?);
        Ok(moved::contact(row.get(0)?, &record, (&state, row.get(3)?), head_at(row, 4)?)?)
    })
}

fn erased(span: &Span<'_>) -> Result<Vec<Row>, SqliteError> {
    let mut after = Vec::new();
    if let Some(Key::Erased(chain)) = span.key {
        after.extend(chain.0);
    }
    let sql = std::format!(
        "SELECT chain, length, head FROM erased WHERE account = ?1 AND chain {} ?2
         ORDER BY chain LIMIT ?3",
        span.is
    );
    span.rows(&sql, params![span.account.as_str(), after, span.limit], |row| {
        Ok(Row::Erased { head: head_at(row, 0)? })
    })
}

fn suppressed(span: &Span<'_>) -> Result<Vec<Row>, SqliteError> {
    let mut after = Vec::new();
    if let Some(Key::Suppressed(mark)) = span.key {
        after.extend(mark);
    }
    let sql = std::format!(
        "SELECT mark FROM suppressed WHERE account = ?1 AND mark {} ?2 ORDER BY mark LIMIT ?3",
        span.is
    );
    span.rows(&sql, params![span.account.as_str(), after, span.limit], |row| {
        Ok(Row::Suppressed { mark: row.get(0)? })
    })
}

fn entries(span: &Span<'_>) -> Result<Vec<Row>, SqliteError> {
    let mut after = (Vec::new(), -1);
    if let Some(Key::Entry(chain, sequence)) = span.key {
        after = (chain.0.to_vec(), to_i64(*sequence));
    }
    // The first five are those of `sealed_row`.
    let sql = std::format!(
        "SELECT entries.sealed, entries.hash,
             CASE WHEN leaf < (SELECT size FROM logs WHERE account = ?1) THEN leaf END,
             shown.entry, shown.salts, entries.chain, entries.sequence, shown.at, shown.number
         FROM entries LEFT JOIN disclosed AS shown ON shown.id = entries.disclosed
             AND shown.account = ?1 AND shown.chain = entries.chain
             AND shown.sequence = entries.sequence
         WHERE entries.account = ?1 AND (entries.chain, entries.sequence) {} (?2, ?3)
         ORDER BY entries.chain, entries.sequence LIMIT ?4",
        span.is
    );
    let own = account_head(span.connection, span.account)?.map(|head| head.chain);
    let params = params![span.account.as_str(), after.0, after.1, span.limit];
    span.rows(&sql, params, |row| {
        let json: Option<String> = row.get(3)?;
        let said = json.map(|json| Ok::<_, SqliteError>((json, row.get(7)?, row.get(8)?)));
        let entry = StoredEntry {
            chain: ChainId(row.get(5)?),
            sequence: row.get(6)?,
            sealed: sealed_row(row)?,
            said: said.transpose()?,
        };
        Ok(entry.row(own)?)
    })
}

fn marks(span: &Span<'_>) -> Result<Vec<Row>, SqliteError> {
    let mut after = ("", "");
    if let Some(Key::Mark(inbox, id)) = span.key {
        after = (inbox.as_ref().map_or("", InboxId::as_str), id.as_str());
    }
    let sql = std::format!(
        "SELECT inbox, id, at FROM marks WHERE account = ?1 AND (inbox, id) {} (?2, ?3)
         ORDER BY inbox, id LIMIT ?4",
        span.is
    );
    span.rows(&sql, params![span.account.as_str(), after.0, after.1, span.limit], |row| {
        let (inbox, id): (String, String) = (row.get(0)?, row.get(1)?);
        Ok(moved::mark(&inbox, &id, row.get(2)?)?)
    })
}

fn outgoing(span: &Span<'_>) -> Result<Vec<Row>, SqliteError> {
    let mut after = (0, "", 0, 0);
    if let Some(Key::Outgoing(number, destination, revision, n)) = span.key {
        let (number, revision) = (to_i64(number.to_digits()), to_i64(revision.number()));
        after = (number, destination, revision, *n);
    }
    let sql = std::format!(
        "SELECT {}, kind FROM outgoing WHERE account = ?1
         AND (number, destination, revision, n) {} (?2, ?3, ?4, ?5)
         ORDER BY number, destination, revision, n LIMIT ?6",
        columns!(),
        span.is
    );
    let (number, destination, revision, n) = after;
    let params = params![span.account.as_str(), number, destination, revision, n, span.limit];
    span.rows(&sql, params, |row| {
        let kind: String = row.get(12)?;
        Ok(moved::message(&HeadOfLine::of(row)?, &kind)?)
    })
}
