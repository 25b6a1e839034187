//! Everything in the database, row by row; and rows of another storage put in.

use std::{string::String, vec::Vec};

use super::{
    PostgresError, PostgresStorage, archive::name, columns::get, put_in, session::bound, sql,
    take_out,
};
use crate::{
    consent::id::AccountId,
    moving::{Key, Movable, PutIn, Row},
    store::moved,
};

impl Movable for PostgresStorage {
    async fn accounts(
        &self,
        after: Option<&AccountId>,
        limit: usize,
    ) -> Result<Vec<AccountId>, PostgresError> {
        let mut accounts: Vec<AccountId> = Vec::new();
        let mut last = String::from(after.map_or("", AccountId::as_str));
        while accounts.len() < limit {
            let next = self
                .pool
                .work(async move |session| {
                    let rows = session.read(bound!(sql::NEXT_ACCOUNT, &last)).await?;
                    let name: Option<String> =
                        rows.first().map_or(Ok(None), |row| get(row, 0, "account"))?;
                    Ok(name.as_deref().map(moved::account).transpose()?)
                })
                .await?;
            let Some(next) = next else { break };
            last = next.as_str().into();
            accounts.push(next);
        }
        Ok(accounts)
    }

    async fn take_out(
        &self,
        account: &AccountId,
        after: Option<&Key>,
        limit: usize,
    ) -> Result<Vec<Row>, PostgresError> {
        name(account)?;
        let (account, after) = (account.clone(), after.cloned());
        let work = async move |session: &_| {
            take_out::after(session, &account, after.as_ref(), limit).await
        };
        self.pool.work(work).await
    }

    async fn put_in(&self, account: &AccountId, rows: Vec<Row>) -> Result<PutIn, PostgresError> {
        name(account)?;
        let account = account.clone();
        let work = async move |session: &_| put_in::put_in(session, &account, &rows).await;
        self.pool.work(work).await
    }
}
