//! The names others give to things: bounded, opaque, and silent in `Debug`.

use alloc::sync::Arc;
use core::fmt;

/// A name that is empty or longer than 256 bytes (RULES 0).
///
/// The name came from outside; refuse the request that carried it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} is {length} bytes long, not 1 to 256")]
#[non_exhaustive]
pub struct InvalidId {
    /// Which kind of name was refused.
    pub what: &'static str,
    /// Its length in bytes.
    pub length: usize,
}

const MAX_BYTES: usize = 256;

macro_rules! bounded_id {
    ($(#[$doc:meta])* $name:ident, $what:literal, $debug:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes a name of 1 to 256 bytes.
            ///
            /// # Errors
            /// [`InvalidId`] when it is empty or longer.
            pub fn new(name: &str) -> Result<Self, InvalidId> {
                match name.len() {
                    1..=MAX_BYTES => Ok(Self(name.into())),
                    length => Err(InvalidId { what: $what, length }),
                }
            }

            /// The name as it was given.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let debug: fn(&str, &mut fmt::Formatter<'_>) -> fmt::Result = $debug;
                f.write_str(stringify!($name))?;
                debug(&self.0, f)
            }
        }

        #[cfg(feature = "serde")]
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(&self.0)
            }
        }

        #[cfg(feature = "serde")]
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let name = super::string::read(from)?;
                Self::new(&name).map_err(serde::de::Error::custom)
            }
        }
    };
}

fn shown(name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "({name:?})")
}

fn redacted(_: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("(..)")
}

bounded_id! {
    /// Whoever consent is given to: a business, or one of its programmes.
    ///
    /// Settings, contacts and consent of one account never touch another's. It is sealed in the
    /// open, published with the log, and stays when contacts are erased; of all names it alone is
    /// shown by `Debug`. So it must not be personal data.
    AccountId, "the account", shown
}
bounded_id! {
    /// The account's own number (or short code) that a text came in on; replies leave from it.
    ///
    /// It stays in the marks of texts when contacts are erased: it must not be personal data.
    InboxId, "the inbox", redacted
}
bounded_id! {
    /// The provider's id of a message, or the host's id of a request.
    ///
    /// It stays in marks when contacts are erased, for 35 days and longer. So it must not be
    /// personal data: let no id of a request hold the number or name of whom it is for.
    MessageId, "the message id", redacted
}
bounded_id! {
    /// Whoever acts for the account: a user of the host.
    ///
    /// It is sealed in the open, published with the log, and stays when contacts are erased. So it
    /// must not be personal data: take a number or a random name that the host knows who it is of,
    /// never an e-mail address or a phone number.
    ActorId, "the actor id", redacted
}
bounded_id! {
    /// The provider's code for what went wrong: `21610`, `40300`.
    CarrierCode, "the carrier code", redacted
}
