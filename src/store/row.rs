//! What stands in a row of a database: versioned JSON, numbers, times.

use std::string::String;

use chrono::{DateTime, Utc};
use serde::{Serialize, de::DeserializeOwned};

use crate::ledger::stored::{self, Unreadable};

/// A row that holds what this version never writes.
#[derive(Clone, Copy, Debug)]
pub(super) struct BadRow {
    /// What the row should hold.
    pub(super) what: &'static str,
    /// The version it says, where that is not known.
    pub(super) version: Option<u64>,
}

impl BadRow {
    pub(super) fn of(what: &'static str) -> Self {
        Self { what, version: None }
    }
}

pub(super) fn encode<T: Serialize>(what: &'static str, body: &T) -> Result<String, BadRow> {
    stored::encode(body).map_err(|error| named(what, error))
}

pub(super) fn decode<T: DeserializeOwned>(what: &'static str, json: &str) -> Result<T, BadRow> {
    stored::decode(json).map_err(|error| named(what, error))
}

fn named(what: &'static str, error: Unreadable) -> BadRow {
    match error {
        Unreadable::UnknownVersion(found) => BadRow { what, version: Some(found) },
        Unreadable::Bad => BadRow::of(what),
    }
}

/// Integers of databases are signed; what does not fit was never written by us.
pub(super) fn from_i64(what: &'static str, stored: i64) -> Result<u64, BadRow> {
    u64::try_from(stored).map_err(|_| BadRow::of(what))
}

pub(super) fn to_i64(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// A bound on rows as databases take it.
pub(super) fn page(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

pub(super) fn time(what: &'static str, millis: i64) -> Result<DateTime<Utc>, BadRow> {
    DateTime::from_timestamp_millis(millis).ok_or(BadRow::of(what))
}
