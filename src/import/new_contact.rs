//! A contact that a host's API was given.

use core::fmt;
use std::string::String;

/// A contact to add, as a caller of the host's API gave it.
///
/// The number is read by [`Import::rows`](super::Import::rows), not before: so one that is not
/// E.164 is a row in the report, and not the end of the whole list.
///
/// ```
/// use optin::import::NewContact;
///
/// let body = r#"[{"number": "+12065550100"}, {"number": "+12065550101", "opted_out": true}]"#;
/// let contacts: Vec<NewContact> = serde_json::from_str(body)?;
/// assert_eq!(contacts[1], NewContact::new("+12065550101").with_opted_out(true));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct NewContact {
    /// The number, in E.164.
    pub number: String,
    /// What the caller said of its status, if anything. `Some(false)` opts nobody in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opted_out: Option<bool>,
}

impl NewContact {
    /// A contact with this number, and nothing said of its status.
    pub fn new(number: impl Into<String>) -> Self {
        Self { number: number.into(), opted_out: None }
    }

    /// The same contact with what was said of its status.
    #[must_use]
    pub fn with_opted_out(self, opted_out: bool) -> Self {
        Self { opted_out: Some(opted_out), ..self }
    }
}

impl fmt::Debug for NewContact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewContact").field("opted_out", &self.opted_out).finish_non_exhaustive()
    }
}
