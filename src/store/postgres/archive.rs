//! Looking back: history, contacts, counts, messages set aside, and forgetting old marks.

use std::{string::String, vec::Vec};

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use tokio_postgres::Row;

use super::{
    PostgresError, PostgresStorage, check_name,
    columns::{Hidden, get},
    erase,
    failure::Failure,
    session::{Session, bound},
    sql,
};
use crate::{
    consent::{
        contact::{Contact, PhoneNumber},
        id::AccountId,
        ledger::Entry,
        outgoing::{Outgoing, OutgoingId},
        record::Record,
        standing::Standing,
    },
    storage::{Archive, Counts, Queue},
    store::row::{self, BadRow, from_i64, page, to_i64},
};

/// Marks looked at by one statement of [`Archive::prune`].
const PAGE_OF_MARKS: i64 = 10_000;

impl Archive for PostgresStorage {
    async fn history(
        &self,
        contact: &Contact,
        from: u64,
        limit: usize,
    ) -> Result<Vec<Entry>, PostgresError> {
        let (account, number) = key(contact)?;
        self.pool
            .work(async move |session| {
                let (from, limit) = (to_i64(from), page(limit));
                let page = bound!(sql::HISTORY, &account, &number, &from, &limit);
                decoded("entry", &session.read(page).await?)
            })
            .await
    }

    async fn account_history(
        &self,
        account: &AccountId,
        from: u64,
        limit: usize,
    ) -> Result<Vec<Entry>, PostgresError> {
        let account = name(account)?;
        self.pool
            .work(async move |session| {
                let (from, limit) = (to_i64(from), page(limit));
                let page = bound!(sql::ACCOUNT_HISTORY, &account, &from, &limit);
                decoded("entry", &session.read(page).await?)
            })
            .await
    }

    async fn contacts(
        &self,
        account: &AccountId,
        standing: Option<Standing>,
        after: Option<PhoneNumber>,
        limit: usize,
    ) -> Result<Vec<(PhoneNumber, Record)>, PostgresError> {
        let account = name(account)?;
        let after = Hidden(to_i64(after.map_or(0, PhoneNumber::to_digits)));
        self.pool
            .work(async move |session| {
                let limit = page(limit);
                let state = standing.map(Standing::name);
                let page = match &state {
                    None => bound!(sql::CONTACTS, &account, &after, &limit),
                    Some(state) => bound!(sql::CONTACTS_IN, &account, &after, &limit, state),
                };
                session.read(page).await?.iter().map(listed).collect()
            })
            .await
    }

    async fn counts(&self, account: &AccountId) -> Result<Counts, PostgresError> {
        let account = name(account)?;
        self.pool
            .work(async move |session| {
                let mut counts = Counts::default();
                for row in session.read(bound!(sql::COUNTS, &account)).await? {
                    let state: &str = get(&row, 0, "state")?;
                    let count = from_i64("count", get(&row, 1, "count")?)?;
                    match Standing::ALL.into_iter().find(|standing| standing.name() == state) {
                        Some(Standing::Pending) => counts.pending = count,
                        Some(Standing::Active) => counts.active = count,
                        Some(Standing::OptedOut) => counts.opted_out = count,
                        None => return Err(BadRow::of("state").into()),
                    }
                }
                Ok(counts)
            })
            .await
    }

    async fn set_aside(
        &self,
        account: &AccountId,
        limit: usize,
    ) -> Result<Vec<Outgoing>, PostgresError> {
        let account = name(account)?;
        self.pool
            .work(async move |session| {
                let limit = page(limit);
                let page = bound!(sql::MESSAGES_SET_ASIDE, &account, &limit);
                decoded("message", &session.read(page).await?)
            })
            .await
    }

    async fn requeue(&self, id: &OutgoingId) -> Result<bool, PostgresError> {
        let (account, number) = key(&id.contact)?;
        let (revision, n) = (to_i64(id.revision.number()), i64::from(id.n));
        self.pool
            .work(async move |session| {
                let due_at = DateTime::<Utc>::MIN_UTC.timestamp_millis();
                let requeue = bound!(sql::REQUEUE, &account, &number, &revision, &n, &due_at);
                Ok(!session.write(requeue).await?.is_empty())
            })
            .await
    }

    async fn queue(&self) -> Result<Queue, PostgresError> {
        self.pool
            .work(async |session| {
                let mut queue = Queue::default();
                for row in session.read(bound!(sql::QUEUE)).await? {
                    let count = from_i64("count", get(&row, 1, "count")?)?;
                    match get(&row, 0, "message")? {
                        "set_aside" => {
                            queue.set_aside = count;
                            continue;
                        }
                        "claimed" => queue.claimed = count,
                        _ => queue.waiting = count,
                    }
                    let decided_at = row::time("message", get(&row, 2, "message")?)?;
                    queue.oldest = Some(queue.oldest.map_or(decided_at, |at| at.min(decided_at)));
                }
                Ok(queue)
            })
            .await
    }

    async fn prune(&self, before: DateTime<Utc>) -> Result<u64, PostgresError> {
        let before = before.timestamp_millis();
        let mut pruned = 0;
        let mut after = Some((String::new(), String::new(), String::new()));
        while let Some(last) = after {
            let of_page =
                self.pool.work(async move |session| prune(session, before, &last).await).await?;
            let (last, some) = of_page.unzip();
            pruned += some.unwrap_or(0);
            after = last;
        }
        Ok(pruned)
    }

    async fn prune_texts(&self, before: DateTime<Utc>) -> Result<u64, PostgresError> {
        let mut pruned = 0;
        let mut after = Some(erase::Place::default());
        while let Some(last) = after {
            let (last, some) = self
                .pool
                .work(async move |session| erase::prune_texts(session, before, &last).await)
                .await?;
            pruned += some;
            after = last;
        }
        Ok(pruned)
    }

    async fn erase(&self, contact: &Contact) -> Result<bool, PostgresError> {
        let (account, number) = key(contact)?;
        let mark = self.suppression.as_ref().map(|key| key.mark(contact).to_vec());
        self.pool
            .work(async move |session| erase::erase(session, &account, &number, &mark).await)
            .await
    }
}

/// An account's name, to be sent.
pub(super) fn name(account: &AccountId) -> Result<Hidden<String>, PostgresError> {
    check_name("the account", account.as_str())?;
    Ok(Hidden(account.as_str().into()))
}

/// A contact's key, to be sent.
pub(super) fn key(contact: &Contact) -> Result<(Hidden<String>, Hidden<i64>), PostgresError> {
    Ok((name(contact.account())?, Hidden(to_i64(contact.number().to_digits()))))
}

fn listed(row: &Row) -> Result<(PhoneNumber, Record), Failure> {
    let number = PhoneNumber::from_digits(from_i64("number", get(row, 0, "number")?)?)
        .map_err(|_| BadRow::of("number"))?;
    Ok((number, row::decode("record", get(row, 1, "record")?)?))
}

fn decoded<T: DeserializeOwned>(what: &'static str, rows: &[Row]) -> Result<Vec<T>, Failure> {
    rows.iter().map(|row| Ok(row::decode(what, get(row, 0, what)?)?)).collect()
}

/// The key of a mark.
type Mark = (String, String, String);

/// Forgets the old marks of the page after this one; the last of that page, and how many.
async fn prune(
    session: &Session,
    before: i64,
    (account, inbox, id): &Mark,
) -> Result<Option<(Mark, u64)>, Failure> {
    let (account, inbox, id) = (Hidden(&**account), Hidden(&**inbox), Hidden(&**id));
    let page = bound!(sql::PRUNE, &before, &account, &inbox, &id, &PAGE_OF_MARKS);
    let rows = session.write(page).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let last = (get(row, 0, "mark")?, get(row, 1, "mark")?, get(row, 2, "mark")?);
    Ok(Some((last, from_i64("count", get(row, 3, "count")?)?)))
}
