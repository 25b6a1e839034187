//! Telnyx's public key, which its webhooks are verified by.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signature, VerifyingKey};

/// The public key of an account, as Telnyx's portal shows it: 32 bytes in base64. No secret.
///
/// ```
/// use optin::provider::telnyx::PublicKey;
///
/// assert!(PublicKey::parse("11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=").is_ok());
/// assert!(PublicKey::parse("KEY0123").is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

/// No public key of Ed25519, or one that signatures can be forged for.
///
/// The host's configuration is wrong; refuse to start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the public key is not one of Ed25519 in base64")]
#[non_exhaustive]
pub struct InvalidPublicKey;

impl PublicKey {
    /// Reads a key in base64.
    ///
    /// # Errors
    /// [`InvalidPublicKey`].
    pub fn parse(base64: &str) -> Result<Self, InvalidPublicKey> {
        let bytes = STANDARD.decode(base64).map_err(|_| InvalidPublicKey)?;
        let bytes = bytes.as_slice().try_into().map_err(|_| InvalidPublicKey)?;
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| InvalidPublicKey)?;
        if key.is_weak() { Err(InvalidPublicKey) } else { Ok(Self(key)) }
    }

    /// Whether this key's owner signed these bytes: in the one way that Ed25519 has for it.
    pub(super) fn signed(&self, message: &[u8], signature: &Signature) -> bool {
        self.0.verify_strict(message, signature).is_ok()
    }
}
