//! Stored forms: JSON that begins with its version.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::string::String;

use super::SqliteError;

const VERSION: u64 = 1;

#[derive(Serialize, Deserialize)]
struct Stored<T> {
    version: u64,
    body: T,
}

#[derive(Deserialize)]
struct AnyVersion {
    version: u64,
}

pub(super) fn encode<T: Serialize>(what: &'static str, body: &T) -> Result<String, SqliteError> {
    let stored = Stored { version: VERSION, body };
    serde_json::to_string(&stored).map_err(|_| SqliteError::BadRow { what })
}

pub(super) fn decode<T: DeserializeOwned>(
    what: &'static str,
    json: &str,
) -> Result<T, SqliteError> {
    match serde_json::from_str::<Stored<T>>(json) {
        Ok(Stored { version: VERSION, body }) => Ok(body),
        Ok(Stored { version: found, .. }) => Err(SqliteError::UnknownVersion { what, found }),
        Err(_) => match serde_json::from_str::<AnyVersion>(json) {
            Ok(AnyVersion { version }) if version != VERSION => {
                Err(SqliteError::UnknownVersion { what, found: version })
            }
            Ok(_) | Err(_) => Err(SqliteError::BadRow { what }),
        },
    }
}
