//! Reading rows in the order of their keys, table by table; what is at odds with itself is an error.

use std::{string::String, sync::Arc, vec::Vec};

use chrono::DateTime;
use rusqlite::{Connection, Params, Row as Found, params};

use super::super::{
    SqliteError,
    archive::page,
    claim::{self, columns},
    commit::kind,
    json,
    ledger::sealed_row,
    load::{from_i64, to_i64},
    seal::{account_head, head_at},
};
use crate::{
    consent::{
        contact::PhoneNumber,
        id::{AccountId, InboxId, MessageId},
        ledger::Entry,
        record::{Record, Revision},
    },
    ledger::{ChainId, Sealed, SealedRow},
    moving::{Key, Pruned, Row},
    storage::Mark,
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

/// Where in [`TABLES`] the rows with such a key are.
fn table_of(key: &Key) -> usize {
    match key {
        Key::Settings(_) => 0,
        Key::Account => 1,
        Key::Contact(_) => 2,
        Key::Erased(_) => 3,
        Key::Suppressed(_) => 4,
        Key::Entry(..) => 5,
        Key::Mark(..) => 6,
        Key::Outgoing(..) => 7,
    }
}

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

fn bad(what: &'static str) -> SqliteError {
    SqliteError::BadRow { what }
}

fn number_at(row: &Found<'_>, column: usize) -> Result<PhoneNumber, SqliteError> {
    let digits = from_i64("number", row.get(column)?)?;
    PhoneNumber::from_digits(digits).map_err(|_| bad("number"))
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
    span.rows(&sql, params![span.account.as_str(), after, span.limit], |row| {
        let revision = Revision::new(from_i64("policy", row.get(0)?)?);
        let policy = json::decode("policy", &row.get::<_, String>(1)?)?;
        Ok(Row::Settings { revision, policy: Arc::new(policy) })
    })
}

fn own(span: &Span<'_>) -> Result<Vec<Row>, SqliteError> {
    if span.is == ">" && span.key.is_some() {
        return Ok(Vec::new());
    }
    let sql = "SELECT chain, length, head, log_size FROM accounts
        WHERE account = ?1 AND (length > 0 OR log_size > 0)";
    span.rows(sql, [span.account.as_str()], |row| {
        let head = Some(head_at(row, 0)?).filter(|head| head.length > 0);
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
        let record: Record = json::decode("record", &row.get::<_, String>(1)?)?;
        let revision = to_i64(record.revision.number());
        if (record.state.name(), revision) != (&*row.get::<_, String>(2)?, row.get(3)?) {
            return Err(bad("record"));
        }
        Ok(Row::Contact { number: number_at(row, 0)?, record, head: head_at(row, 4)? })
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
        "SELECT entries.sealed, entries.hash, entries.leaf, disclosed.entry, disclosed.salts,
             entries.chain, entries.sequence, disclosed.at, disclosed.number,
             log.chain, log.sequence
         FROM entries LEFT JOIN disclosed USING (account, chain, sequence)
         LEFT JOIN log ON log.account = entries.account AND log.leaf = entries.leaf
         WHERE entries.account = ?1 AND (entries.chain, entries.sequence) {} (?2, ?3)
         ORDER BY entries.chain, entries.sequence LIMIT ?4",
        span.is
    );
    let own = account_head(span.connection, span.account)?.map(|head| head.chain);
    let params = params![span.account.as_str(), after.0, after.1, span.limit];
    span.rows(&sql, params, |row| {
        let (chain, place): ([u8; 16], i64) = (row.get(5)?, row.get(6)?);
        let sealed = sealed_row(row)?;
        let json: Option<String> = row.get(3)?;
        if let Some(json) = &json {
            let entry: Entry = json::decode("entry", json)?;
            let said = (row.get(7)?, row.get(8)?);
            if said != (entry.at.timestamp_millis(), number_of(&entry, ChainId(chain), own)) {
                return Err(bad("entry"));
            }
        }
        let logged = row.get::<_, Option<_>>(9)?.zip(row.get::<_, Option<_>>(10)?);
        let is_placed = match sealed.leaf {
            Some(_) => logged == Some((chain, place)),
            None => waits(span, &sealed, chain, place)?,
        };
        if !is_placed {
            return Err(bad("place in the log"));
        }
        let pruned = json.filter(|_| sealed.disclosed.is_none()).map(Pruned);
        let sequence = from_i64("entry", place)?;
        Ok(Row::Entry { chain: ChainId(chain), sequence, sealed, pruned })
    })
}

/// What the column `number` of `disclosed` says: somebody, where the chain is not their own.
pub(super) fn number_of(entry: &Entry, chain: ChainId, own: Option<ChainId>) -> Option<i64> {
    let number = entry.number.filter(|_| own == Some(chain));
    number.map(|number| to_i64(number.to_digits()))
}

/// Whether an entry waits for its place in the log.
fn waits(
    span: &Span<'_>,
    row: &SealedRow,
    chain: [u8; 16],
    sequence: i64,
) -> Result<bool, SqliteError> {
    let sealed = Sealed::decode(&row.bytes).map_err(|_| bad("entry"))?;
    Ok(span
        .connection
        .prepare_cached(
            "SELECT 1 FROM unlogged WHERE account = ?1 AND at = ?2 AND chain = ?3 AND sequence = ?4",
        )?
        .exists(params![span.account.as_str(), sealed.at, chain, sequence])?)
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
        let id = MessageId::new(&id).map_err(|_| bad("mark"))?;
        let mark = if inbox.is_empty() {
            Mark::Request { id }
        } else {
            Mark::Text { inbox: InboxId::new(&inbox).map_err(|_| bad("mark"))?, id }
        };
        let at = DateTime::from_timestamp_millis(row.get(2)?).ok_or(bad("mark"))?;
        Ok(Row::Mark { mark, at })
    })
}

fn outgoing(span: &Span<'_>) -> Result<Vec<Row>, SqliteError> {
    let mut after = (0, "", 0, 0);
    if let Some(Key::Outgoing(number, destination, revision, n)) = span.key {
        let (number, revision) = (to_i64(number.to_digits()), to_i64(revision.number()));
        after = (number, destination, revision, *n);
    }
    let sql = std::format!(
        "SELECT {}, kind, decided_at FROM outgoing WHERE account = ?1
         AND (number, destination, revision, n) {} (?2, ?3, ?4, ?5)
         ORDER BY number, destination, revision, n LIMIT ?6",
        columns!(),
        span.is
    );
    let (number, destination, revision, n) = after;
    let params = params![span.account.as_str(), number, destination, revision, n, span.limit];
    span.rows(&sql, params, |row| {
        let message = claim::Head::of(row)?;
        let (outgoing, place) = message.read()?;
        let said = (row.get::<_, String>(11)?, row.get(12)?);
        if (&*said.0, said.1) != (kind(&outgoing), outgoing.decided_at.timestamp_millis()) {
            return Err(bad("message"));
        }
        Ok(Row::Outgoing { outgoing, place, set_aside: message.is_set_aside() })
    })
}
