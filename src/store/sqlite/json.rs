//! Stored forms, and what to call those that cannot be read.

use std::string::String;

use serde::{Serialize, de::DeserializeOwned};

use super::SqliteError;
use crate::ledger::stored::{self, Unreadable};

pub(super) fn encode<T: Serialize>(what: &'static str, body: &T) -> Result<String, SqliteError> {
    stored::encode(body).map_err(|error| named(what, error))
}

pub(super) fn decode<T: DeserializeOwned>(
    what: &'static str,
    json: &str,
) -> Result<T, SqliteError> {
    stored::decode(json).map_err(|error| named(what, error))
}

fn named(what: &'static str, error: Unreadable) -> SqliteError {
    match error {
        Unreadable::UnknownVersion(found) => SqliteError::UnknownVersion { what, found },
        Unreadable::Bad => SqliteError::BadRow { what },
    }
}
