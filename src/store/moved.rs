//! What the databases share of a move: what their tables say, as rows of a storage, and back.

use std::string::String;

use super::{
    head_of_line::HeadOfLine,
    prepared::kind,
    row::{self, BadRow, from_i64, to_i64},
};
use crate::{
    consent::{
        contact::PhoneNumber,
        id::{AccountId, InboxId, MessageId},
        ledger::Entry,
        record::Record,
    },
    ledger::{ChainId, Head, Sealed, SealedRow, stored},
    moving::{Key, Pruned, Row},
    storage::{Mark, Place},
};

/// Which table, from 0 to 7, has the rows with such a key: tables are in the order of keys.
pub(super) fn table_of(key: &Key) -> usize {
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

/// A contact, whose columns `state` and `revision` must be those of its record.
pub(super) fn contact(
    number: i64,
    record: &str,
    (state, revision): (&str, i64),
    head: Head,
) -> Result<Row, BadRow> {
    let record: Record = row::decode("record", record)?;
    if (record.state.name(), to_i64(record.revision.number())) != (state, revision) {
        return Err(BadRow::of("record"));
    }
    let number = PhoneNumber::from_digits(from_i64("number", number)?);
    Ok(Row::Contact { number: number.map_err(|_| BadRow::of("number"))?, record, head })
}

/// A mark, by its columns.
pub(super) fn mark(inbox: &str, id: &str, at: i64) -> Result<Row, BadRow> {
    let id = MessageId::new(id).map_err(|_| BadRow::of("mark"))?;
    let mark = if inbox.is_empty() {
        Mark::Request { id }
    } else {
        Mark::Text { inbox: InboxId::new(inbox).map_err(|_| BadRow::of("mark"))?, id }
    };
    Ok(Row::Mark { mark, at: row::time("mark", at)? })
}

/// A message, whose columns must be its own.
pub(super) fn message(stored: &HeadOfLine, kind_is: &str) -> Result<Row, BadRow> {
    let (outgoing, place) = stored.read()?;
    if kind(&outgoing) != kind_is {
        return Err(BadRow::of("message"));
    }
    Ok(Row::Outgoing { outgoing, place, set_aside: stored.is_set_aside() })
}

/// The column `state` of a message; none for a place that no message has.
pub(super) fn state(place: &Place, set_aside: bool) -> Option<&'static str> {
    match (place.claimed, set_aside) {
        (false, false) => Some("queued"),
        (true, false) => Some("claimed"),
        (false, true) => Some("set_aside"),
        (true, true) => None,
    }
}

/// An entry as it stands.
pub(super) struct StoredEntry {
    pub(super) chain: ChainId,
    pub(super) sequence: i64,
    pub(super) sealed: SealedRow,
    /// What `disclosed` says of it: its JSON, `at` and `number`.
    pub(super) said: Option<(String, i64, Option<i64>)>,
}

impl StoredEntry {
    /// It, where its columns are its own; `own` is the account's own chain.
    pub(super) fn row(self, own: Option<ChainId>) -> Result<Row, BadRow> {
        let Self { chain, sequence, sealed, said } = self;
        let mut pruned = None;
        if let Some((json, at, number)) = said {
            let entry: Entry = row::decode("entry", &json)?;
            if (at, number) != (entry.at.timestamp_millis(), named(&entry, chain, own)) {
                return Err(BadRow::of("entry"));
            }
            pruned = Some(Pruned(json)).filter(|_| sealed.disclosed.is_none());
        }
        Ok(Row::Entry { chain, sequence: from_i64("entry", sequence)?, sealed, pruned })
    }
}

/// What is to stand of an entry that is put in.
pub(super) struct NewEntry<'a> {
    pub(super) at: i64,
    /// Its JSON, unless it is erased.
    pub(super) json: Option<&'a str>,
    /// Absent where its words were pruned.
    pub(super) salts: Option<std::vec::Vec<u8>>,
    pub(super) number: Option<i64>,
}

impl<'a> NewEntry<'a> {
    /// It; none where the row is no entry.
    pub(super) fn of(
        chain: ChainId,
        sealed: &'a SealedRow,
        pruned: Option<&'a Pruned>,
        own: Option<ChainId>,
    ) -> Option<Self> {
        let at = Sealed::decode(&sealed.bytes).ok()?.at;
        let (json, salts) = match (&sealed.disclosed, pruned) {
            (Some(disclosed), None) => (Some(&*disclosed.json), Some(disclosed.salts.to_bytes())),
            (None, pruned) => (pruned.map(|pruned| &*pruned.0), None),
            (Some(_), Some(_)) => return None,
        };
        let entry = json.map(stored::decode_entry).transpose().ok()?;
        if entry.as_ref().is_some_and(|entry| entry.at.timestamp_millis() != at) {
            return None;
        }
        let number = entry.and_then(|entry| named(&entry, chain, own));
        Some(Self { at, json, salts, number })
    }
}

/// Whom the column `number` names: somebody, where the chain is not their own.
fn named(entry: &Entry, chain: ChainId, own: Option<ChainId>) -> Option<i64> {
    let number = entry.number.filter(|_| own == Some(chain));
    number.map(|number| to_i64(number.to_digits()))
}

/// The name of an account, as a column says it.
pub(super) fn account(name: &str) -> Result<AccountId, BadRow> {
    AccountId::new(name).map_err(|_| BadRow::of("account"))
}
