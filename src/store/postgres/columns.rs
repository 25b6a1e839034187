//! Columns of values to write, and of rows that were read.

use core::fmt;
use std::{boxed::Box, vec::Vec};

use bytes::BytesMut;
use tokio_postgres::{
    Row,
    types::{FromSql, IsNull, ToSql, Type},
};

use crate::{
    ledger::{ChainId, Hash, Head},
    store::row::{self, BadRow},
};

/// A value for a statement, which `Debug` does not show: tokio-postgres logs those.
#[derive(Default)]
pub(super) struct Hidden<T>(pub(super) T);

/// Values of one column.
pub(super) type Column<T> = Hidden<Vec<T>>;

impl<T> Column<T> {
    pub(super) fn push(&mut self, value: T) {
        self.0.push(value);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T> FromIterator<T> for Column<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        Self(values.into_iter().collect())
    }
}

impl<T> fmt::Debug for Hidden<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("..")
    }
}

impl<T: ToSql> ToSql for Hidden<T> {
    fn to_sql(
        &self,
        to: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn core::error::Error + Sync + Send>> {
        self.0.to_sql(to, out)
    }

    fn accepts(to: &Type) -> bool {
        T::accepts(to)
    }

    tokio_postgres::types::to_sql_checked!();
}

/// What stands in a column of a row.
pub(super) fn get<'r, T: FromSql<'r>>(
    row: &'r Row,
    column: usize,
    what: &'static str,
) -> Result<T, BadRow> {
    row.try_get(column).map_err(|_| BadRow::of(what))
}

/// The head in three columns of a row, the first of them at `column`.
pub(super) fn head_at(row: &Row, column: usize) -> Result<Head, BadRow> {
    const BAD: BadRow = BadRow { what: "head", version: None };
    let chain: &[u8] = get(row, column, "head")?;
    let hash: &[u8] = get(row, column + 2, "head")?;
    Ok(Head {
        chain: ChainId(chain.try_into().map_err(|_| BAD)?),
        length: row::from_i64("head", get(row, column + 1, "head")?)?,
        hash: Hash(hash.try_into().map_err(|_| BAD)?),
    })
}
