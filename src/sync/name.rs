//! Names of objects, fields and properties at a CRM.

use alloc::string::String;

/// A name that no CRM has: not 1 to 100 ASCII letters, digits and underscores, a letter first; or
/// one that cannot serve here.
///
/// Mend the account's set-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidName {
    /// Not 1 to 100 ASCII letters, digits and underscores, a letter first.
    #[error("the {what} is not 1 to 100 letters, digits and underscores, a letter first")]
    Form {
        /// What it was to name.
        what: &'static str,
    },
    /// The name of something that several records may share.
    #[error("the {what} is not unique at the CRM")]
    NotUnique {
        /// What it was to name.
        what: &'static str,
    },
    /// The same name for two things.
    #[error("the {what} is named twice")]
    Twice {
        /// What it was to name.
        what: &'static str,
    },
    /// A record id that is not 15 or 18 ASCII letters and digits, or an empty value.
    #[error("the {what} is not one")]
    Value {
        /// What it was to be.
        what: &'static str,
    },
}

/// The name, if it is one.
pub(super) fn checked(name: &str, what: &'static str) -> Result<String, InvalidName> {
    let well_formed = name.len() <= 100
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if well_formed { Ok(name.into()) } else { Err(InvalidName::Form { what }) }
}
