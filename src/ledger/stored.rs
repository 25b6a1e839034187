//! Entries as they are stored and disclosed: JSON that begins with its version.

use alloc::string::String;

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::consent::ledger::Entry;

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

/// Why a stored form cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unreadable {
    /// A later version of this crate wrote it. Use that version.
    #[error("version {0} is not known")]
    UnknownVersion(u64),
    /// It is not what was ever written.
    #[error("it cannot be read")]
    Bad,
}

/// The JSON of an entry: what is committed to, byte by byte.
///
/// # Errors
/// [`Unreadable::Bad`]: cannot be, as far as serde_json goes.
pub fn encode_entry(entry: &Entry) -> Result<String, Unreadable> {
    encode(entry)
}

/// The entry that this JSON is.
///
/// # Errors
/// [`Unreadable`].
pub fn decode_entry(json: &str) -> Result<Entry, Unreadable> {
    decode(json)
}

pub(crate) fn encode<T: Serialize>(body: &T) -> Result<String, Unreadable> {
    serde_json::to_string(&Stored { version: VERSION, body }).map_err(|_| Unreadable::Bad)
}

pub(crate) fn decode<T: DeserializeOwned>(json: &str) -> Result<T, Unreadable> {
    match serde_json::from_str::<Stored<T>>(json) {
        Ok(Stored { version: VERSION, body }) => Ok(body),
        Ok(Stored { version, .. }) => Err(Unreadable::UnknownVersion(version)),
        Err(_) => match serde_json::from_str::<AnyVersion>(json) {
            Ok(AnyVersion { version }) if version != VERSION => {
                Err(Unreadable::UnknownVersion(version))
            }
            Ok(_) | Err(_) => Err(Unreadable::Bad),
        },
    }
}
