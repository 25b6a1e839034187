//! Forgetting: a contact erased, and texts pruned.

use std::{string::String, vec::Vec};

use chrono::{DateTime, Utc};

use super::{
    columns::{Column, Hidden, get},
    failure::Failure,
    session::{Session, bound},
    sql,
};
use crate::{consent::ledger::Entry, store::row};

/// Entries looked at in one transaction.
const PAGE: i64 = 1_000;

/// Deletes all that is personal of a contact; `false` where nothing was.
pub(super) async fn erase(
    session: &Session,
    account: &Hidden<String>,
    number: &Hidden<i64>,
    mark: &Option<Vec<u8>>,
) -> Result<bool, Failure> {
    let mut first = Vec::new();
    if let Some(mark) = mark {
        // First: it waits for a record that is being written (hold_erasures.sql), to find it.
        first.push(bound!(sql::SUPPRESS, account, mark));
    }
    first.push(bound!(sql::LOCK_CONTACT, account, number));
    let locked = session.begin(&first).await?;
    let mut statements = std::vec![bound!(sql::ERASE_ATTEMPTS, account, number)];
    // What is written from now on is not what is to be erased.
    if locked.last().is_some_and(|rows| !rows.is_empty()) {
        statements.extend([
            bound!(sql::KEEP_CHAIN, account, number),
            bound!(sql::ERASE_ENTRIES, account, number),
            bound!(sql::ERASE_OUTGOING, account, number),
            bound!(sql::ERASE_CONTACT, account, number),
        ]);
    }
    let erased = session.commit(&statements).await?;
    Ok(erased.iter().any(|rows| !rows.is_empty()))
}

/// Where in the ledger a page ended; before all of it at first.
#[derive(Default)]
pub(super) struct Place {
    account: Hidden<String>,
    chain: Vec<u8>,
    sequence: i64,
}

/// Takes the words out of the old entries of the page after this place; where it ends, if there
/// is one, and of how many.
pub(super) async fn prune_texts(
    session: &Session,
    before: DateTime<Utc>,
    after: &Place,
) -> Result<(Option<Place>, u64), Failure> {
    let before = before.timestamp_millis();
    let Place { account, chain, sequence } = after;
    let page = bound!(sql::WORDS, &before, account, chain, sequence, &PAGE);
    let rows = session.read(page).await?;
    let mut last = None;
    let (mut accounts, mut chains) = (Column::default(), Column::default());
    let (mut sequences, mut entries) = (Column::default(), Column::default());
    for row in &rows {
        let (account, chain): (String, Vec<u8>) = (get(row, 0, "entry")?, get(row, 1, "entry")?);
        let sequence: i64 = get(row, 2, "entry")?;
        if let Some(json) = get::<Option<&str>>(row, 3, "entry")? {
            let entry: Entry = row::decode("entry", json)?;
            accounts.push(account.clone());
            chains.push(chain.clone());
            sequences.push(sequence);
            entries.push(row::encode("entry", &entry.without_words())?);
        }
        last = Some(Place { account: Hidden(account), chain, sequence });
    }
    if accounts.is_empty() {
        return Ok((last, 0));
    }
    let pruned = bound!(sql::PRUNE_WORDS, &accounts, &chains, &sequences, &entries);
    Ok((last, session.write(pruned).await?.len() as u64))
}
