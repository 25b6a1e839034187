//! The move itself: what is missing is put in, everything is compared, the ledger is audited.

use alloc::vec::Vec;
use core::cmp::Ordering;

use super::{
    Key, Movable, MoveError, Moved, Progress, PutIn, Row, Step,
    extent::{Accounts, Extent},
};
use crate::{
    consent::id::AccountId,
    ledger::audit::{self, BadLedger},
};

/// Rows read and put in at a time, unless the host says otherwise.
const PAGE: usize = 500;

/// A move of everything in one storage into another.
///
/// [`run`](Self::run) is safe to run again, after an error, a crash, or its own end: it puts in
/// what is missing and nothing else. It holds two pages of rows at a time, and during the audit 32
/// bytes for each entry of an account.
#[derive(Debug)]
pub struct Move<'a, F, T> {
    from: &'a F,
    to: &'a T,
    page: usize,
}

type Outcome<O, F, T> =
    Result<O, MoveError<<F as crate::Storage>::Error, <T as crate::Storage>::Error>>;

impl<'a, F: Movable, T: Movable> Move<'a, F, T> {
    /// A move of everything in `from` into `to`.
    ///
    /// `to` should be empty, or as an interrupted move left it. Other accounts than those of `from`
    /// stay as they are there.
    pub fn new(from: &'a F, to: &'a T) -> Self {
        Self { from, to, page: PAGE }
    }

    /// The same move with so many rows read and put in at a time, at least 1. Default: 500.
    #[must_use]
    pub fn page(self, rows: usize) -> Self {
        Self { page: rows.max(1), ..self }
    }

    /// Moves everything, and verifies it: every row of both storages is compared, in both
    /// directions, and the ledger [audited](audit::storage) where it is then.
    ///
    /// `progress` is called after each page, and after the audit of each account.
    ///
    /// # Errors
    /// [`MoveError`]; what was put in stays, and the storage that is moved is as it was.
    pub async fn run(&self, progress: impl FnMut(&Progress)) -> Outcome<Moved, F, T> {
        self.steps(&[Step::PutIn, Step::Compare, Step::Audit], progress).await
    }

    /// The second half of [`run`](Self::run): verifies what was moved, and changes nothing.
    ///
    /// # Errors
    /// [`MoveError`].
    pub async fn verify(&self, progress: impl FnMut(&Progress)) -> Outcome<Moved, F, T> {
        self.steps(&[Step::Compare, Step::Audit], progress).await
    }

    async fn steps(
        &self,
        steps: &[Step],
        mut progress: impl FnMut(&Progress),
    ) -> Outcome<Moved, F, T> {
        let before = self.extent().await?;
        let mut moved = Moved::default();
        for &step in steps {
            let mut done = 0;
            let mut accounts = Accounts::of(self.from, self.page);
            while let Some(account) = accounts.next().await.map_err(MoveError::From)? {
                let mut so_far = Progress { account, step, done, total: before.total };
                match step {
                    Step::PutIn => {
                        moved.put_in += self.put_in(&mut so_far, &mut progress).await?;
                    }
                    Step::Compare => {
                        let rows = self.compare(&mut so_far, &mut progress).await?;
                        moved.rows += rows;
                        moved.accounts += u64::from(rows > 0);
                    }
                    Step::Audit => self.audit(&mut so_far, &mut progress).await?,
                }
                done = so_far.done;
            }
        }
        if self.extent().await? == before { Ok(moved) } else { Err(MoveError::Changed) }
    }

    /// Puts in the rows of an account that are missing; says how many.
    async fn put_in(
        &self,
        so_far: &mut Progress,
        progress: &mut impl FnMut(&Progress),
    ) -> Outcome<u64, F, T> {
        let mut put_in = 0;
        let mut after = None;
        while let Some(page) = self.page_after(&so_far.account, &mut after).await? {
            let account = &so_far.account;
            if !page.missing.is_empty() {
                put_in += page.missing.len() as u64;
                match self.to.put_in(account, page.missing).await.map_err(MoveError::To)? {
                    PutIn::Stored => {}
                    PutIn::Refused(key) => {
                        return Err(MoveError::Differs { account: account.clone(), key });
                    }
                }
            }
            so_far.done += page.bulk;
            progress(so_far);
        }
        Ok(put_in)
    }

    /// Compares the rows of an account, none of which may be missing; says how many there are.
    async fn compare(
        &self,
        so_far: &mut Progress,
        progress: &mut impl FnMut(&Progress),
    ) -> Outcome<u64, F, T> {
        let mut rows = 0;
        let mut after = None;
        while let Some(page) = self.page_after(&so_far.account, &mut after).await? {
            if let Some(row) = page.missing.first() {
                return Err(MoveError::Missing { account: so_far.account.clone(), key: row.key() });
            }
            rows += page.rows;
            so_far.done += page.bulk;
            progress(so_far);
        }
        Ok(rows)
    }

    async fn audit(
        &self,
        so_far: &mut Progress,
        progress: &mut impl FnMut(&Progress),
    ) -> Outcome<(), F, T> {
        let audited = audit::storage(self.to, &so_far.account, None).await;
        let audited = audited.map_err(|error| match error {
            BadLedger::Read(error) => MoveError::To(error),
            source @ (BadLedger::Entry { .. }
            | BadLedger::Misplaced { .. }
            | BadLedger::NotLogged { .. }
            | BadLedger::OtherContact { .. }
            | BadLedger::BadLeaf { .. }
            | BadLedger::Evidence(_)
            | BadLedger::WentBack { .. }
            | BadLedger::OtherRecord { .. }
            | BadLedger::OtherSettings { .. }
            | BadLedger::OtherRoot
            | BadLedger::BadTile { .. }
            | BadLedger::Checkpoint(_)) => {
                MoveError::Ledger { account: so_far.account.clone(), source }
            }
        })?;
        so_far.done += audited.chains + audited.entries;
        progress(so_far);
        Ok(())
    }

    /// The next page of an account, compared with what the other storage has of it.
    async fn page_after(
        &self,
        account: &AccountId,
        after: &mut Option<Key>,
    ) -> Outcome<Option<Page>, F, T> {
        let rows = self.from.take_out(account, after.as_ref(), self.page);
        let rows = rows.await.map_err(MoveError::From)?;
        let there = self.to.take_out(account, after.as_ref(), self.page);
        let there = there.await.map_err(MoveError::To)?;
        let Some(last) = rows.last().map(Row::key) else {
            return match there.first() {
                Some(extra) => Err(MoveError::Extra { account: account.clone(), key: extra.key() }),
                None => Ok(None),
            };
        };
        *after = Some(last);
        Page::compared(account, rows, there).map(Some)
    }

    /// How far everything goes that is moved.
    async fn extent(&self) -> Outcome<Extent, F, T> {
        let extent = Extent::of(self.from, self.page).await;
        extent.map_err(MoveError::From)
    }
}

/// A page of rows, compared with the other storage.
struct Page {
    rows: u64,
    /// Of them, chains and entries.
    bulk: u64,
    missing: Vec<Row>,
}

impl Page {
    /// Both are in the order of their keys; `there` may go on behind the last of `rows`.
    fn compared<F, T>(
        account: &AccountId,
        rows: Vec<Row>,
        there: Vec<Row>,
    ) -> Result<Self, MoveError<F, T>>
    where
        F: core::error::Error,
        T: core::error::Error,
    {
        let mut page = Self { rows: rows.len() as u64, bulk: 0, missing: Vec::new() };
        let mut there = there.into_iter().peekable();
        for row in rows {
            let key = row.key();
            page.bulk += u64::from(match &row {
                Row::Account { head, .. } => head.is_some(),
                Row::Contact { .. } | Row::Erased { .. } | Row::Entry { .. } => true,
                Row::Settings { .. }
                | Row::Suppressed { .. }
                | Row::Mark { .. }
                | Row::Outgoing { .. } => false,
            });
            match there.peek().map(|other| other.key().cmp(&key)) {
                Some(Ordering::Less) => {
                    let key = there.next().map_or(key, |extra| extra.key());
                    return Err(MoveError::Extra { account: account.clone(), key });
                }
                Some(Ordering::Equal) => {
                    if there.next() != Some(row) {
                        return Err(MoveError::Differs { account: account.clone(), key });
                    }
                }
                Some(Ordering::Greater) | None => page.missing.push(row),
            }
        }
        Ok(page)
    }
}
