//! Suppression: that somebody was erased is remembered, and who is not.

use core::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::seal::NoRandomness;
use crate::consent::contact::Contact;

/// The host's key of suppression marks. Keep it where the storage is not: with both one can try
/// numbers until one fits.
///
/// A storage that has it leaves a mark when it erases a contact: HMAC-SHA256 over account and
/// number. A contact that has a mark and is added later, by whomever and as whatever, or declared
/// to exist, is opted out; one that writes is new, as any other.
#[derive(Clone, PartialEq, Eq)]
pub struct SuppressionKey([u8; 32]);

impl SuppressionKey {
    /// The key of these 32 bytes, from a source that is random for cryptography.
    pub fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    /// A key drawn from the system's source of randomness.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn draw() -> Result<Self, NoRandomness> {
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(|_| NoRandomness)?;
        Ok(Self(key))
    }

    /// The mark of a contact: says nothing to who has no key.
    pub fn mark(&self, contact: &Contact) -> [u8; 32] {
        // A key of any length will do for HMAC.
        let Ok(mut hmac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return [0; 32] };
        hmac.update(contact.account().as_str().as_bytes());
        hmac.update(&[0]);
        hmac.update(&contact.number().to_digits().to_be_bytes());
        hmac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for SuppressionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SuppressionKey(..)")
    }
}
