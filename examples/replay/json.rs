//! JSON read strictly: a key that stands twice is an error.

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// The object that a whole line is, or `None`.
pub(crate) fn object(line: &[u8]) -> Option<Map<String, Value>> {
    let read = serde_json::from_slice(line).or_else(|_| serde_json::from_slice(&tamed(line)));
    match read.ok()? {
        Strict(Value::Object(fields)) => Some(fields),
        Strict(_) => None,
    }
}

/// The line with numbers that no float can hold replaced by one that is as wrong everywhere: they
/// are JSON all the same.
fn tamed(line: &[u8]) -> Vec<u8> {
    let (mut tamed, mut rest, mut in_string) = (Vec::with_capacity(line.len()), line, false);
    while let [byte, after @ ..] = rest {
        let end = match byte {
            b'-' | b'0'..=b'9' if !in_string => {
                let of_number = |byte: &u8| b"+-.eE0123456789".contains(byte);
                rest.iter().position(|byte| !of_number(byte)).unwrap_or(rest.len())
            }
            b'\\' if in_string => after.len().min(1) + 1,
            _ => 1,
        };
        in_string ^= *byte == b'"';
        let (token, after) = rest.split_at(end);
        let number = std::str::from_utf8(token).ok().and_then(|token| token.parse::<f64>().ok());
        match number {
            Some(number) if number.is_infinite() && !in_string => tamed.extend(b"1e300"),
            _ => tamed.extend(token),
        }
        rest = after;
    }
    tamed
}

struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(StrictVisitor).map(Self)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.into()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Strict(value)) = from.next_element()? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Value, A::Error> {
        let mut fields = Map::new();
        while let Some((key, Strict(value))) = from.next_entry::<String, _>()? {
            if fields.insert(key, value).is_some() {
                return Err(A::Error::custom("a key stands twice"));
            }
        }
        Ok(Value::Object(fields))
    }
}
