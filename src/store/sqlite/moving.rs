//! Everything in the file, row by row; and rows of another storage put in.

mod put;
mod read;

use std::{string::String, vec::Vec};

use rusqlite::OptionalExtension;

use super::{SqliteError, SqliteStorage};
use crate::{
    consent::id::AccountId,
    moving::{Key, Movable, PutIn, Row},
    store::moved,
};

impl Movable for SqliteStorage {
    async fn accounts(
        &self,
        after: Option<&AccountId>,
        limit: usize,
    ) -> Result<Vec<AccountId>, SqliteError> {
        let mut accounts: Vec<AccountId> = Vec::new();
        self.readers.read(|connection| {
            // The next name, look-up by look-up: no table is read through.
            let mut next = connection.prepare_cached(
                "SELECT min(account) AS next FROM (
                     SELECT min(account) AS account FROM policies WHERE account > ?1
                     UNION ALL SELECT min(account) FROM contacts WHERE account > ?1
                     UNION ALL SELECT min(account) FROM accounts WHERE account > ?1
                     UNION ALL SELECT min(account) FROM erased WHERE account > ?1
                     UNION ALL SELECT min(account) FROM suppressed WHERE account > ?1
                     UNION ALL SELECT min(account) FROM entries WHERE account > ?1
                     UNION ALL SELECT min(account) FROM marks WHERE account > ?1
                     UNION ALL SELECT min(account) FROM outgoing WHERE account > ?1)",
            )?;
            while accounts.len() < limit {
                let last = accounts.last().or(after).map_or("", AccountId::as_str);
                let name: Option<Option<String>> =
                    next.query_row([last], |row| row.get(0)).optional()?;
                let Some(name) = name.flatten() else { break };
                accounts.push(moved::account(&name)?);
            }
            Ok(())
        })?;
        Ok(accounts)
    }

    async fn take_out(
        &self,
        account: &AccountId,
        after: Option<&Key>,
        limit: usize,
    ) -> Result<Vec<Row>, SqliteError> {
        self.readers.read(|connection| read::after(connection, account, after, limit))
    }

    async fn put_in(&self, account: &AccountId, rows: Vec<Row>) -> Result<PutIn, SqliteError> {
        let account = account.clone();
        self.writer.write(move |transaction| put::put_in(transaction, &account, &rows)).await
    }
}
