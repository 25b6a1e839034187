//! A settings line, merged into the account's settings key by key (RULES 7).

use optin::{InvalidPolicy, Policy, Settings};
use serde_json::{Map, Value};

/// What is wrong inside `settings`.
pub(crate) enum BadSettings {
    /// A field that there is none of, or of the wrong type; its path, as far as it is known.
    Field(String),
    /// Values out of their bounds.
    Invalid(InvalidPolicy),
}

impl std::fmt::Display for BadSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Field(path) => write!(f, "{path}: unknown, or of the wrong type"),
            Self::Invalid(invalid) => invalid.fmt(f),
        }
    }
}

/// The policy with the patch's keys in place of its own.
pub(crate) fn merged(policy: &Policy, patch: &Map<String, Value>) -> Result<Policy, BadSettings> {
    let unreadable = |_| BadSettings::Field("settings".into());
    let mut settings = serde_json::to_value(policy.settings()).map_err(unreadable)?;
    merge(&mut settings, patch, "settings")?;
    let settings: Settings = serde_json::from_value(settings).map_err(unreadable)?;
    Policy::new(settings).map_err(BadSettings::Invalid)
}

fn merge(into: &mut Value, patch: &Map<String, Value>, path: &str) -> Result<(), BadSettings> {
    for (key, value) in patch {
        let Some(old) = into.get_mut(key) else {
            return Err(BadSettings::Field(format!("{path}, a field of it")));
        };
        let path = format!("{path}.{key}");
        match (&mut *old, value) {
            (Value::Object(_), Value::Object(patch)) => merge(old, patch, &path)?,
            (Value::Bool(_), Value::Bool(_)) => *old = value.clone(),
            (Value::Number(_), Value::Number(number)) if fits(number) => *old = value.clone(),
            (Value::Array(_), Value::Array(words)) if words.iter().all(Value::is_string) => {
                *old = value.clone();
            }
            (Value::String(_) | Value::Null, Value::String(_)) if is_keyword(&path, value) => {
                *old = value.clone();
            }
            (Value::String(_) | Value::Null, Value::Null) if path.contains(".replies.") => {
                *old = Value::Null;
            }
            _ => return Err(BadSettings::Field(path)),
        }
    }
    Ok(())
}

/// A whole number that settings can hold at all; their bounds are checked later.
fn fits(number: &serde_json::Number) -> bool {
    number.as_u64().is_some_and(|number| u32::try_from(number).is_ok())
}

fn is_keyword(path: &str, value: &Value) -> bool {
    let known = |value: &str| optin::Keyword::ALL.iter().any(|keyword| keyword.as_str() == value);
    path != "settings.prompt.keyword" || value.as_str().is_some_and(known)
}
