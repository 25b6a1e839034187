//! Twilio's signatures: by an auth token with SHA-1, by a shared key with SHA-256.

use alloc::{borrow::Cow, string::String, vec::Vec};
use core::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderName};
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::{
    parameters::{Content, content},
    webhook::Webhook,
};
use crate::provider::{secret::Secret, webhook::Unverified};

const SIGNATURE: HeaderName = HeaderName::from_static("x-twilio-signature");
const SETTINGS: HeaderName = HeaderName::from_static("x-twilio-webhooks-signature-settings");

/// The secrets that a webhook may be signed by. `Debug` does not show them.
///
/// A webhook that names no key must be signed by an auth token (HMAC-SHA1). One that names a shared
/// key, in its header `X-Twilio-Webhooks-Signature-Settings`, must be signed by that key
/// (HMAC-SHA256): a key or an algorithm that is not configured here is refused, whatever the header
/// says. A host that has moved to shared keys gives no auth token, and SHA-1 is refused.
///
/// ```
/// use optin::provider::{Secret, twilio::Secrets};
///
/// // While the token is rotated, both the primary and the secondary.
/// let secrets = Secrets::auth_token(Secret::new("12345")?)
///     .and_auth_token(Secret::new("67890")?);
/// // By shared keys alone.
/// let secrets = Secrets::shared_key("webhooks_sharedkey_1", Secret::new("abcde")?);
/// # Ok::<(), optin::provider::InvalidSecret>(())
/// ```
#[derive(Clone)]
pub struct Secrets {
    tokens: Vec<Secret>,
    keys: Vec<(String, Secret)>,
}

impl Secrets {
    /// The account's auth token.
    pub fn auth_token(token: Secret) -> Self {
        Self { tokens: [token].into(), keys: Vec::new() }
    }

    /// A shared key, by its id at Twilio.
    pub fn shared_key(id: &str, secret: Secret) -> Self {
        Self { tokens: Vec::new(), keys: [(id.into(), secret)].into() }
    }

    /// These, and another auth token.
    #[must_use]
    pub fn and_auth_token(mut self, token: Secret) -> Self {
        self.tokens.push(token);
        self
    }

    /// These, and another shared key, by its id at Twilio.
    #[must_use]
    pub fn and_shared_key(mut self, id: &str, secret: Secret) -> Self {
        self.keys.push((id.into(), secret));
        self
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({} auth tokens, {} shared keys)", self.tokens.len(), self.keys.len())
    }
}

pub(super) fn verify(webhook: &Webhook<'_>, secrets: &Secrets) -> Result<(), Unverified> {
    let Some(signature) = only(webhook.headers, &SIGNATURE)? else {
        return Err(Unverified::NotSigned);
    };
    let signature = STANDARD.decode(signature).map_err(|_| Unverified::Malformed)?;
    let parameters = match content(webhook).map_err(|_| Unverified::TooLong)? {
        Content::Form(parameters) => Some(parameters),
        Content::Query(_) => None,
        Content::Hashed(hash) if is_hash_of(&hash, webhook.body) => None,
        Content::Hashed(_) => return Err(Unverified::Mismatch),
        Content::Unsigned => return Err(Unverified::BodyNotSigned),
    };
    let parameters = parameters.as_ref().map(|all| all.as_signed()).unwrap_or_default();
    let signed = |key: &Secret, sha256: bool| {
        let [first, second] = with_and_without_port(webhook.url);
        let sign = if sha256 { is_signed::<Hmac<Sha256>> } else { is_signed::<Hmac<Sha1>> };
        // Not `||`: each is computed, whatever the other came to.
        sign(key, &first, &parameters, &signature) | sign(key, &second, &parameters, &signature)
    };
    let verified = match only(webhook.headers, &SETTINGS)? {
        None if secrets.tokens.is_empty() => return Err(Unverified::UnknownKey),
        None => secrets.tokens.iter().fold(false, |any, token| any | signed(token, false)),
        Some(settings) => {
            let named = sha256_key(settings).ok_or(Unverified::UnknownKey)?;
            let key = secrets.keys.iter().find(|(id, _)| id == named);
            let (_, key) = key.ok_or(Unverified::UnknownKey)?;
            signed(key, true)
        }
    };
    if verified { Ok(()) } else { Err(Unverified::Mismatch) }
}

/// The value of a header that stands there once, or not at all.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Unverified> {
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    if values.next().is_some() {
        return Err(Unverified::Malformed);
    }
    first.map(|value| value.to_str().map_err(|_| Unverified::Malformed)).transpose()
}

/// The key that `key=...,algorithm=HMAC_SHA256` names; none for any other algorithm or form.
fn sha256_key(settings: &str) -> Option<&str> {
    let (key, algorithm) = settings.split_once(',')?;
    if algorithm.trim() != "algorithm=HMAC_SHA256" {
        return None;
    }
    key.trim().strip_prefix("key=").filter(|key| !key.is_empty())
}

fn is_signed<M: Mac + KeyInit>(
    key: &Secret,
    url: &str,
    parameters: &[(&str, &str)],
    signature: &[u8],
) -> bool {
    let Ok(mut mac) = <M as KeyInit>::new_from_slice(key.as_str().as_bytes()) else {
        return false;
    };
    mac.update(url.as_bytes());
    for (name, value) in parameters {
        mac.update(name.as_bytes());
        mac.update(value.as_bytes());
    }
    mac.verify_slice(signature).is_ok()
}

/// Whether these hexadecimal digits are the body's SHA-256. The hash is signed and no secret.
fn is_hash_of(digits: &str, body: &[u8]) -> bool {
    let hash = Sha256::digest(body);
    let digits = digits.as_bytes();
    let digit = |nibble: u8| char::from_digit(nibble.into(), 16).map(|digit| digit as u8);
    let expected = hash.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
    digits.len() == 64 && expected.eq(digits.iter().map(|digit| Some(*digit)))
}

/// The URL as it is and with its port taken away, or with its scheme's own put in: Twilio signs
/// the one or the other, and its libraries accept both.
fn with_and_without_port(url: &str) -> [Cow<'_, str>; 2] {
    let given = Cow::Borrowed(url);
    let Some((scheme, rest)) = url.split_once("://") else {
        return [given.clone(), given];
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host = authority.rfind('@').map_or(0, |at| at + 1);
    // In an address in brackets a colon is no port's.
    let colon = authority[host..].rfind(':').map(|at| at + host);
    let port = colon.filter(|at| authority[at + 1..].bytes().all(|byte| byte.is_ascii_digit()));
    let other = match port {
        Some(at) => alloc::format!("{scheme}://{}{path}", &authority[..at]),
        None => {
            let port = if scheme.eq_ignore_ascii_case("https") { "443" } else { "80" };
            alloc::format!("{scheme}://{authority}:{port}{path}")
        }
    };
    [given, Cow::Owned(other)]
}
