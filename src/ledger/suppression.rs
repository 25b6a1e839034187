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
///
/// ```
/// use optin::ledger::SuppressionKey;
/// let key = SuppressionKey::draw()?;
/// // To be kept where the host keeps its secrets, and read from there at each start.
/// let secret: [u8; 32] = key.to_bytes();
/// assert!(SuppressionKey::new(secret) == key);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct SuppressionKey([u8; 32]);

impl SuppressionKey {
    /// The key of these 32 bytes, from a source that is random for cryptography.
    pub fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    /// A key drawn from the system's source of randomness. Draw it once, and keep its
    /// [bytes](Self::to_bytes): another one finds no mark of this.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn draw() -> Result<Self, NoRandomness> {
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(|_| NoRandomness)?;
        Ok(Self(key))
    }

    /// Its 32 bytes, to keep for [`new`](Self::new). Keep them as a secret, and apart from the
    /// database's backups: once they are lost, so are the marks.
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0
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
