//! What a provider and the host alone know: silent in `Debug`.

use alloc::sync::Arc;
use core::fmt;

/// A token or key of the provider: 1 to 1,024 visible ASCII characters. `Debug` does not show it.
///
/// ```
/// use optin::provider::Secret;
///
/// let token = Secret::new("12345")?;
/// assert_eq!(format!("{token:?}"), "Secret(..)");
/// assert!(Secret::new("").is_err());
/// # Ok::<(), optin::provider::InvalidSecret>(())
/// ```
#[derive(Clone)]
pub struct Secret(Arc<str>);

/// A secret that is none: empty, too long, or with a character that no provider puts in one.
///
/// The host's configuration is wrong: with an empty secret anybody could sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the secret is not 1 to 1024 visible ASCII characters")]
#[non_exhaustive]
pub struct InvalidSecret;

impl Secret {
    /// Takes a secret as the provider shows it.
    ///
    /// # Errors
    /// [`InvalidSecret`] when it is empty, longer than 1,024 bytes, or has white space in it: a
    /// line end that came with it from a file, say.
    pub fn new(secret: &str) -> Result<Self, InvalidSecret> {
        let well_formed = (1..=1024).contains(&secret.len())
            && secret.bytes().all(|byte| byte.is_ascii_graphic());
        if well_formed { Ok(Self(secret.into())) } else { Err(InvalidSecret) }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}
