//! A request that claims to be Twilio's, and one that is.

use core::fmt;

use http::HeaderMap;

use super::{
    parameters::{Content, content},
    read,
    signature::{self, Secrets},
};
use crate::provider::webhook::{Received, Unreadable, Unverified};

/// A request that claims to be a webhook of Twilio. Nothing of it can be read before
/// [`verify`](Self::verify).
///
/// ```
/// use http::HeaderMap;
/// use optin::provider::{Received, Secret, Unverified, twilio::{Secrets, Webhook}};
///
/// let secrets = Secrets::auth_token(Secret::new("12345")?);
/// let mut headers = HeaderMap::new();
/// headers.insert("content-type", "application/x-www-form-urlencoded".parse()?);
/// headers.insert("x-twilio-signature", "k3xuu3JKZ99Fk2y/o0PBNJdMo8A=".parse()?);
/// let body = b"MessageSid=SM1&From=%2B12065550100&To=%2B18885550100&Body=Hi&NumMedia=0";
///
/// let webhook = Webhook::new("https://example.com/twilio", &headers, body);
/// let Received::Text { from, event, .. } = webhook.verify(&secrets)?.read()? else {
///     return Err("not a text".into());
/// };
/// assert_eq!((from.to_e164().as_str(), event.name()), ("+12065550100", "texted"));
///
/// let forged = Webhook::new("https://example.com/other", &headers, body);
/// assert_eq!(forged.verify(&secrets).err(), Some(Unverified::Mismatch));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy)]
pub struct Webhook<'a> {
    pub(super) url: &'a str,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a [u8],
}

/// A webhook that is Twilio's, or that the host trusts to be: it may be read.
#[derive(Clone, Copy)]
pub struct Trusted<'a>(Webhook<'a>);

impl<'a> Webhook<'a> {
    /// A request with these headers and this body, as they came, untouched.
    ///
    /// `url` is the one that Twilio was given, with its query: behind a proxy a server sees
    /// another. A port more or less makes no difference. For a webhook by GET the query is the
    /// request's own and the body is empty.
    pub fn new(url: &'a str, headers: &'a HeaderMap, body: &'a [u8]) -> Self {
        Self { url, headers, body }
    }

    /// Verifies the signature, in constant time.
    ///
    /// A signature covers the URL and the parameters of a form, or the hash of any other body
    /// (`bodySHA256` in the URL's query). It does not cover the time: a webhook that somebody sends
    /// again is verified again, and does nothing again, since its text bears the mark of the first
    /// (R4.1). Nor does it say where one parameter ends and the next begins: send webhooks over
    /// HTTPS only, so that nobody sees a signed one.
    ///
    /// # Errors
    /// [`Unverified`]: answer 403, and do nothing else.
    pub fn verify(self, secrets: &Secrets) -> Result<Trusted<'a>, Unverified> {
        signature::verify(&self, secrets)?;
        Ok(Trusted(self))
    }

    /// Takes the webhook for Twilio's without looking at its signature.
    ///
    /// Whoever can reach the host can then opt contacts in and out: for tests, and behind a
    /// gateway that has verified it.
    pub fn trust_unverified(self) -> Trusted<'a> {
        Trusted(self)
    }
}

impl<'a> Trusted<'a> {
    /// What the webhook says: a text of a contact, or what became of a message.
    ///
    /// The provider gives no time of a text: it counts as sent when it is handled.
    ///
    /// # Errors
    /// [`Unreadable`]: not a messaging webhook, or one of a kind that this version does not know.
    pub fn read(&self) -> Result<Received, Unreadable> {
        match content(&self.0).map_err(|_| Unreadable::TooLong)? {
            Content::Form(parameters) | Content::Query(parameters) => read::read(&parameters),
            Content::Hashed(_) | Content::Unsigned => Err(Unreadable::Format),
        }
    }

    /// The body as it came, for what this crate does not read: webhooks in JSON.
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
