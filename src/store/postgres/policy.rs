//! An account's settings, read and changed.

use std::string::String;

use super::{
    PostgresError, check_name,
    columns::{Column, Hidden, get, head_at},
    failure::Failure,
    session::{Session, bound},
    sql,
    writes::{AccountRow, Writes},
};
use crate::{
    consent::id::AccountId,
    storage::{PolicyChange, PolicyCommitted},
    store::{
        prepared::PreparedEntry,
        row::{self, BadRow, to_i64},
    },
};

/// The revision of the account's last settings, where it has any.
pub(super) async fn revision(
    session: &Session,
    account: &AccountId,
) -> Result<Option<i64>, Failure> {
    check_name("the account", account.as_str())?;
    let account = Hidden(account.as_str());
    let rows = session.read(bound!(sql::POLICY_REVISION, &account)).await?;
    Ok(rows.first().map(|row| get(row, 0, "policy")).transpose()?.flatten())
}

/// The account's settings of this revision, as JSON.
pub(super) async fn settings(
    session: &Session,
    account: &AccountId,
    revision: i64,
) -> Result<String, Failure> {
    let account = Hidden(account.as_str());
    let rows = session.read(bound!(sql::SETTINGS, &account, &revision)).await?;
    let row = rows.first().ok_or(BadRow::of("policy"))?;
    Ok(get(row, 0, "policy")?)
}

/// A change with its JSON made.
pub(super) struct Prepared {
    change: PolicyChange,
    settings: Option<String>,
    entry: PreparedEntry,
}

impl Prepared {
    pub(super) fn new(change: PolicyChange) -> Result<Self, PostgresError> {
        check_name("the account", change.account.as_str())?;
        let settings = change.policy.as_ref();
        let settings = settings.map(|policy| row::encode("policy", policy)).transpose()?;
        let entry = PreparedEntry::new::<PostgresError>(&change.entry)?;
        Ok(Self { change, settings, entry })
    }
}

/// Stores settings and their entry. Who changes them at the same time waits for the account's
/// chain, or fails on the revision where it has none.
pub(super) async fn set(session: &Session, change: &Prepared) -> Result<PolicyCommitted, Failure> {
    let Prepared { change, settings, entry } = change;
    let name = Hidden(change.account.as_str());
    let names = Column::from_iter([change.account.as_str()]);
    let reads = [bound!(sql::LOCK_ACCOUNTS, &names), bound!(sql::POLICY_REVISION, &name)];
    let rows = session.begin(&reads).await?;
    let mut rows = rows.iter().map(|rows| rows.first());
    let account = rows.next().flatten().map(account_row).transpose()?;
    let stored = rows.next().flatten().map(|row| get(row, 0, "policy")).transpose()?.flatten();
    if stored.unwrap_or(0) != to_i64(change.expected.number()) {
        session.roll_back().await?;
        return Ok(PolicyCommitted::Conflict);
    }
    let mut writes = Writes::default();
    let head = writes.account_entry(&change.account, entry, account.map(|row| row.head));
    let log_size = account.map_or(0, |row| row.log_size);
    writes.account(&change.account, account.is_none(), &AccountRow { head, log_size });
    let mut statements = writes.statements();
    let revision = to_i64(change.expected.next().number());
    let settings = settings.as_deref().map(Hidden);
    if let Some(settings) = &settings {
        statements.push(bound!(sql::INSERT_POLICY, &name, &revision, settings));
    }
    session.commit(&statements).await?;
    Ok(PolicyCommitted::Applied)
}

/// A row of the account's own chain, as it is locked.
pub(super) fn account_row(row: &tokio_postgres::Row) -> Result<AccountRow, BadRow> {
    Ok(AccountRow { head: head_at(row, 1)?, log_size: get(row, 4, "account")? })
}
