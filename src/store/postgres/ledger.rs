//! What is sealed: heads, chains, and the account's log.

use std::{string::String, vec::Vec};

use tokio_postgres::Row;

use super::{
    PostgresError, PostgresStorage,
    archive::{key, name},
    columns::{Column, Hidden, get, head_at},
    failure::Failure,
    policy::account_row,
    session::{Session, bound},
    sql,
    writes::{AccountRow, Writes},
};
use crate::{
    consent::{contact::Contact, id::AccountId},
    ledger::{ChainId, Disclosed, Hash, Head, Ledger, Salts, SealedRow},
    store::row::{BadRow, from_i64, page, to_i64},
};

/// The most places given in one transaction.
const PAGE: usize = 4_096;

impl Ledger for PostgresStorage {
    async fn head(&self, contact: &Contact) -> Result<Option<Head>, PostgresError> {
        let (account, number) = key(contact)?;
        self.pool
            .work(async move |session| {
                let rows = session.read(bound!(sql::HEAD, &account, &number)).await?;
                Ok(rows.first().map(|row| head_at(row, 0)).transpose()?)
            })
            .await
    }

    async fn account_head(&self, account: &AccountId) -> Result<Option<Head>, PostgresError> {
        let account = name(account)?;
        self.pool
            .work(async move |session| {
                let rows = session.read(bound!(sql::ACCOUNT_HEAD, &account)).await?;
                Ok(rows.first().map(|row| head_at(row, 0)).transpose()?)
            })
            .await
    }

    async fn heads(
        &self,
        account: &AccountId,
        after: Option<ChainId>,
        limit: usize,
    ) -> Result<Vec<Head>, PostgresError> {
        let account = name(account)?;
        // An empty name is before all others.
        let after = after.map_or_else(Vec::new, |after| after.0.to_vec());
        self.pool
            .work(async move |session| {
                let limit = page(limit);
                let rows = session.read(bound!(sql::HEADS, &account, &after, &limit)).await?;
                Ok(rows.iter().map(|row| head_at(row, 0)).collect::<Result<_, _>>()?)
            })
            .await
    }

    async fn sealed(
        &self,
        account: &AccountId,
        chain: ChainId,
        from: u64,
        limit: usize,
    ) -> Result<Vec<SealedRow>, PostgresError> {
        let account = name(account)?;
        self.pool
            .work(async move |session| {
                let (chain, from, limit) = (chain.0.to_vec(), to_i64(from), page(limit));
                let page = bound!(sql::SEALED, &account, &chain, &from, &limit);
                let rows = session.read(page).await?;
                Ok(rows.iter().map(sealed_row).collect::<Result<_, _>>()?)
            })
            .await
    }

    async fn log_size(&self, account: &AccountId) -> Result<u64, PostgresError> {
        let account = name(account)?;
        self.pool
            .work(async move |session| {
                let rows = session.read(bound!(sql::LOG_SIZE, &account)).await?;
                let size = rows.first().map_or(Ok(0), |row| get(row, 0, "size of the log"))?;
                Ok(from_i64("size of the log", size)?)
            })
            .await
    }

    async fn sequence(
        &self,
        account: &AccountId,
        expected: u64,
        limit: usize,
    ) -> Result<u64, PostgresError> {
        name(account)?;
        let (mut size, mut left) = (expected, limit);
        loop {
            let (account, some) = (account.clone(), left.min(PAGE));
            let work = async move |session: &Session| sequence(session, &account, size, some).await;
            let now = self.pool.work(work).await?;
            let given = usize::try_from(now.saturating_sub(size)).unwrap_or(usize::MAX);
            left = left.saturating_sub(given);
            // Fewer than there was room for: no more wait, or somebody else gives them places.
            if given != some || left == 0 {
                return Ok(now);
            }
            size = now;
        }
    }

    async fn leaves(
        &self,
        account: &AccountId,
        from: u64,
        limit: usize,
    ) -> Result<Vec<Vec<u8>>, PostgresError> {
        let account = name(account)?;
        self.pool
            .work(async move |session| {
                let (from, limit) = (to_i64(from), page(limit));
                let rows = session.read(bound!(sql::LEAVES, &account, &from, &limit)).await?;
                Ok(rows.iter().map(|row| get(row, 0, "entry")).collect::<Result<_, _>>()?)
            })
            .await
    }
}

pub(super) fn sealed_row(row: &Row) -> Result<SealedRow, BadRow> {
    let json: Option<String> = get(row, 3, "entry")?;
    let salts: Option<&[u8]> = get(row, 4, "salt")?;
    let disclosed = match (json, salts) {
        (Some(json), Some(salts)) => {
            let salts = Salts::from_bytes(salts).ok_or(BadRow::of("salt"))?;
            Some(Disclosed { json, salts })
        }
        (Some(_) | None, _) => None,
    };
    let hash: &[u8] = get(row, 1, "entry")?;
    let leaf: Option<i64> = get(row, 2, "place in the log")?;
    Ok(SealedRow {
        bytes: get(row, 0, "entry")?,
        hash: Hash(hash.try_into().map_err(|_| BadRow::of("entry"))?),
        leaf: leaf.map(|leaf| from_i64("place in the log", leaf)).transpose()?,
        disclosed,
    })
}

/// Gives some entries their places, if the log has this size; who does so at the same time waits
/// for the account's row, or fails on the first place where it has none.
async fn sequence(
    session: &Session,
    account: &AccountId,
    expected: u64,
    limit: usize,
) -> Result<u64, Failure> {
    let name = Hidden(account.as_str());
    let (names, limit) = (Column::from_iter([account.as_str()]), page(limit));
    let reads = [bound!(sql::LOCK_ACCOUNTS, &names), bound!(sql::UNLOGGED, &name, &limit)];
    let rows = session.begin(&reads).await?;
    let mut rows = rows.iter();
    let stored = rows.next().and_then(|rows| rows.first()).map(account_row).transpose()?;
    let size = from_i64("size of the log", stored.map_or(0, |row| row.log_size))?;
    let waiting = rows.next().map_or(&[][..], Vec::as_slice);
    if size != expected || waiting.is_empty() {
        session.roll_back().await?;
        return Ok(size);
    }
    let (mut leaves, mut times) = (Column::default(), Column::default());
    let (mut chains, mut sequences) = (Column::default(), Column::default());
    let mut leaf = to_i64(size);
    for row in waiting {
        leaves.push(leaf);
        times.push(get::<i64>(row, 0, "entry")?);
        chains.push(get::<&[u8]>(row, 1, "entry")?);
        sequences.push(get::<i64>(row, 2, "entry")?);
        leaf += 1;
    }
    let head = stored.map_or_else(|| ChainId::draw().map(Head::new), |row| Ok(row.head))?;
    let mut writes = Writes::default();
    writes.account(account, stored.is_none(), &AccountRow { head, log_size: leaf });
    let mut statements = writes.statements();
    statements.push(bound!(sql::INSERT_LOG, &name, &leaves, &times, &chains, &sequences));
    session.commit(&statements).await?;
    Ok(from_i64("size of the log", leaf)?)
}
