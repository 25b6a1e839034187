//! A request that claims to be Telnyx's, and one that is.

use core::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use ed25519_dalek::Signature;
use http::{HeaderMap, HeaderName};

use super::{key::PublicKey, read};
use crate::provider::webhook::{MAX_BODY, Received, Unreadable, Unverified};

const SIGNATURE: HeaderName = HeaderName::from_static("telnyx-signature-ed25519");
const TIMESTAMP: HeaderName = HeaderName::from_static("telnyx-timestamp");

/// Seconds that a webhook may be old, or ahead of the host's clock.
const TOLERANCE: u64 = 300;

/// A request that claims to be a webhook of Telnyx. Nothing of it can be read before
/// [`verify`](Self::verify).
///
/// ```
/// use chrono::DateTime;
/// use http::HeaderMap;
/// use optin::provider::{Received, Unverified, telnyx::{PublicKey, Webhook}};
///
/// let keys = [PublicKey::parse("11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=")?];
/// let now = DateTime::parse_from_rfc3339("2026-03-01T09:00:00Z")?.to_utc();
/// let headers = HeaderMap::new();
/// let body = br#"{"data":{"event_type":"message.received","payload":{"id":"1","type":"SMS",
///     "from":{"phone_number":"+12065550100"},"to":[{"phone_number":"+18885550100"}],
///     "text":"Hi","media":[],"received_at":"2026-03-01T08:59:59Z"}}}"#;
///
/// // Nobody signed it: it cannot be read, unless the host says that it trusts it.
/// let webhook = Webhook::new(&headers, body);
/// assert_eq!(webhook.verify(&keys, now).err(), Some(Unverified::NotSigned));
/// assert!(matches!(webhook.trust_unverified().read()?, Received::Text { .. }));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy)]
pub struct Webhook<'a> {
    headers: &'a HeaderMap,
    body: &'a [u8],
}

/// A webhook that is Telnyx's, or that the host trusts to be: it may be read.
#[derive(Clone, Copy)]
pub struct Trusted<'a>(Webhook<'a>);

impl<'a> Webhook<'a> {
    /// A request with these headers and this body, as they came, untouched.
    pub fn new(headers: &'a HeaderMap, body: &'a [u8]) -> Self {
        Self { headers, body }
    }

    /// Verifies the signature, and that it was made within five minutes of `now`, before or after.
    ///
    /// `keys` is one key, or two while they are rotated.
    ///
    /// # Errors
    /// [`Unverified`]: answer 403, and do nothing else.
    pub fn verify(self, keys: &[PublicKey], now: DateTime<Utc>) -> Result<Trusted<'a>, Unverified> {
        if self.body.len() > MAX_BODY {
            return Err(Unverified::TooLong);
        }
        let signature = self.only(&SIGNATURE)?;
        let timestamp = self.only(&TIMESTAMP)?;
        let signed_at = seconds(timestamp).ok_or(Unverified::Malformed)?;
        let bytes = STANDARD.decode(signature).map_err(|_| Unverified::Malformed)?;
        let signature = Signature::from_slice(&bytes).map_err(|_| Unverified::Malformed)?;
        if keys.is_empty() {
            return Err(Unverified::UnknownKey);
        }
        let message = [timestamp.as_bytes(), b"|", self.body].concat();
        if !keys.iter().any(|key| key.signed(&message, &signature)) {
            return Err(Unverified::Mismatch);
        }
        if now.timestamp().abs_diff(signed_at) > TOLERANCE {
            return Err(Unverified::Stale);
        }
        Ok(Trusted(self))
    }

    /// Takes the webhook for Telnyx's without looking at its signature.
    ///
    /// Whoever can reach the host can then opt contacts in and out: for tests, and behind a
    /// gateway that has verified it.
    pub fn trust_unverified(self) -> Trusted<'a> {
        Trusted(self)
    }

    /// The value of a header that must stand there, and once.
    fn only(&self, name: &HeaderName) -> Result<&'a str, Unverified> {
        let mut values = self.headers.get_all(name).iter();
        let first = values.next().ok_or(Unverified::NotSigned)?;
        match (first.to_str(), values.next()) {
            (Ok(value), None) => Ok(value),
            (_, _) => Err(Unverified::Malformed),
        }
    }
}

impl<'a> Trusted<'a> {
    /// What the webhook says: a text of a contact, or what became of a message.
    ///
    /// A text's time is when Telnyx received it, where it says so.
    ///
    /// # Errors
    /// [`Unreadable`]: not JSON, or a message without what makes one.
    pub fn read(&self) -> Result<Received, Unreadable> {
        if self.0.body.len() > MAX_BODY {
            return Err(Unreadable::TooLong);
        }
        read::read(self.0.body)
    }

    /// The body as it came, for what this crate does not read.
    pub fn body(&self) -> &'a [u8] {
        self.0.body
    }
}

impl fmt::Debug for Webhook<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Webhook({} bytes)", self.body.len())
    }
}

impl fmt::Debug for Trusted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Trusted({} bytes)", self.0.body.len())
    }
}

/// Seconds since 1970, in digits and nothing else.
fn seconds(timestamp: &str) -> Option<i64> {
    let digits = timestamp.bytes().all(|byte| byte.is_ascii_digit());
    timestamp.parse().ok().filter(|_| digits)
}
