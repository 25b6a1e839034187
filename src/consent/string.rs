//! Strings read without quoting, in an error, what stood there instead.

use alloc::string::String;
use core::fmt;

use serde::de::{Deserializer, Error, Visitor};

/// A string; anything else is an error that does not say what it was.
pub(super) fn read<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    if from.is_human_readable() {
        // Asked for a string, JSON itself would quote what it found.
        from.deserialize_any(StringVisitor)
    } else {
        from.deserialize_string(StringVisitor)
    }
}

struct StringVisitor;

impl StringVisitor {
    fn refuse<E: Error>(self) -> Result<String, E> {
        Err(E::custom("expected a string"))
    }
}

impl Visitor<'_> for StringVisitor {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: Error>(self, string: &str) -> Result<String, E> {
        Ok(string.into())
    }

    fn visit_string<E: Error>(self, string: String) -> Result<String, E> {
        Ok(string)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<String, E> {
        self.refuse()
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<String, E> {
        self.refuse()
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<String, E> {
        self.refuse()
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<String, E> {
        self.refuse()
    }

    fn visit_bytes<E: Error>(self, _: &[u8]) -> Result<String, E> {
        self.refuse()
    }
}
