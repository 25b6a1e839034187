//! What a storage must do to be moved: the [`Movable`] trait.

use alloc::{sync::Arc, vec::Vec};
use core::future::Future;

use super::{Key, Row};
use crate::{consent::id::AccountId, ledger::Ledger};

/// A storage that shows all that it holds, and takes in what another showed.
///
/// # Contract
/// - [`take_out`](Self::take_out) MUST show all of an account that any other method can show, or
///   that changes what one does.
/// - What was put in MUST be shown as it was taken out of the other storage, and everything MUST
///   go on from it as it would have there.
/// - [`put_in`](Self::put_in) MUST leave a row that is there already, MUST refuse another under
///   its key, and what it answered [`PutIn::Stored`] MUST survive what a commit survives.
/// - Rows of one account MUST NOT be seen or changed under another.
pub trait Movable: Ledger {
    /// Accounts in the order of their names, at most `limit`, those after `after`: every one of
    /// which there is a row. One of which there is none may be among them.
    fn accounts(
        &self,
        after: Option<&AccountId>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<AccountId>, Self::Error>> + Send;

    /// The account's rows in the order of their keys, at most `limit`, those after `after`.
    ///
    /// A row that cannot be read, or is at odds with another, is an error.
    fn take_out(
        &self,
        account: &AccountId,
        after: Option<&Key>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Row>, Self::Error>> + Send;

    /// Stores rows of another storage, in the order of their keys. Those before them must have
    /// been put in.
    ///
    /// Where one is refused, of the others some may be stored.
    fn put_in(
        &self,
        account: &AccountId,
        rows: Vec<Row>,
    ) -> impl Future<Output = Result<PutIn, Self::Error>> + Send;
}

/// What became of rows that were put in.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "a caller must handle both")]
pub enum PutIn {
    /// All are stored, by now or before.
    Stored,
    /// One is not: another row stands under its key, or it does not belong to those before it.
    Refused(Key),
}

macro_rules! forward_movable {
    ($($pointer:ty),*) => {$(
        impl<S: Movable> Movable for $pointer {
            async fn accounts(
                &self,
                after: Option<&AccountId>,
                limit: usize,
            ) -> Result<Vec<AccountId>, S::Error> {
                S::accounts(self, after, limit).await
            }

            async fn take_out(
                &self,
                account: &AccountId,
                after: Option<&Key>,
                limit: usize,
            ) -> Result<Vec<Row>, S::Error> {
                S::take_out(self, account, after, limit).await
            }

            async fn put_in(
                &self,
                account: &AccountId,
                rows: Vec<Row>,
            ) -> Result<PutIn, S::Error> {
                S::put_in(self, account, rows).await
            }
        }
    )*};
}

forward_movable!(&S, Arc<S>);
