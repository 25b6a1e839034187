//! The request that sends a text through Telnyx's message API.

use alloc::{format, string::String, vec::Vec};
use core::fmt;

use chrono::{DateTime, Utc};
use http::{
    HeaderName, HeaderValue, Method, Request, Response, Uri,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE},
};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::answer;
use crate::{
    client::CallFailed,
    consent::outgoing::{Handover, Outgoing},
    provider::{
        message::{InvalidSetting, Unsendable, endpoint, sendable, web_address},
        secret::Secret,
    },
};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const TELNYX: &str = "https://api.telnyx.com";
const PATH: &str = "/v2/messages";

/// Telnyx's message API for one account: builds requests and reads answers.
///
/// [`Telnyx`](super::Telnyx) makes the call between them; a host with plumbing of its own makes it
/// itself.
///
/// ```
/// use chrono::{DateTime, TimeDelta};
/// use optin::{
///     AccountId, Contact, Content, InboxId, MessageKind, Outgoing, OutgoingId, OutgoingText,
///     PhoneNumber, Revision, provider::{Secret, telnyx::Messages},
/// };
///
/// let messages = Messages::by_api_key(&Secret::new("KEY0123")?)?;
/// let contact = Contact::new(AccountId::new("acme")?, PhoneNumber::parse("+12065550100")?);
/// let now = DateTime::UNIX_EPOCH;
/// let until = now + TimeDelta::minutes(5);
/// let inbox = InboxId::new("+18885550100")?;
/// let text = OutgoingText::new(MessageKind::Message, inbox, "We are open.", until);
/// let id = OutgoingId::new(contact, Revision::default(), 0);
/// let request = messages.request(&Outgoing::new(id, now, Content::Text(text)), now)?;
/// assert_eq!(request.uri(), "https://api.telnyx.com/v2/messages");
/// assert_eq!(
///     request.body(),
///     br#"{"to":"+12065550100","from":"+18885550100","text":"We are open."}"#,
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Messages {
    uri: Uri,
    authorization: HeaderValue,
    profile: Option<String>,
    webhook: Option<String>,
}

#[derive(Serialize)]
struct Body<'a> {
    to: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<&'a str>,
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    messaging_profile_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook_url: Option<&'a str>,
}

impl Messages {
    /// The API, by a key of the account (`KEY...`).
    ///
    /// # Errors
    /// [`InvalidSetting`]: the key cannot stand in a header.
    pub fn by_api_key(key: &Secret) -> Result<Self, InvalidSetting> {
        let bearer = HeaderValue::try_from(format!("Bearer {}", key.as_str()));
        let mut authorization = bearer.map_err(|_| InvalidSetting { what: "the API key" })?;
        authorization.set_sensitive(true);
        Ok(Self { uri: endpoint(TELNYX, PATH)?, authorization, profile: None, webhook: None })
    }

    /// The same API at another address: a test's `http://127.0.0.1:8080`. Default:
    /// `https://api.telnyx.com`.
    ///
    /// # Errors
    /// [`InvalidSetting`]: not an absolute address over HTTP.
    pub fn at(self, base: &str) -> Result<Self, InvalidSetting> {
        Ok(Self { uri: endpoint(base, PATH)?, ..self })
    }

    /// The same API, sending under this messaging profile. Default: that of the inbox's number.
    #[must_use]
    pub fn with_messaging_profile(self, id: impl Into<String>) -> Self {
        Self { profile: Some(id.into()), ..self }
    }

    /// The same API, which tells this address what becomes of each message. Default: the
    /// messaging profile's.
    ///
    /// # Errors
    /// [`InvalidSetting`]: not an absolute address over HTTP.
    pub fn with_webhook(self, address: &str) -> Result<Self, InvalidSetting> {
        let invalid = InvalidSetting { what: "the address of the webhook" };
        Ok(Self { webhook: Some(web_address(address, invalid)?), ..self })
    }

    /// The request that sends this text at this time, by the clock of the engine.
    ///
    /// An inbox that is the id of a messaging profile (a UUID) sends from its number pool. The
    /// idempotency key is a digest of the message's id and the time it was decided: the same for
    /// each try of one message, never that of another, and no number can be read from it.
    ///
    /// # Errors
    /// [`Unsendable`]: make no request.
    pub fn request(
        &self,
        outgoing: &Outgoing,
        now: DateTime<Utc>,
    ) -> Result<Request<Vec<u8>>, Unsendable> {
        let (text, _) = sendable(outgoing, now)?;
        let inbox = text.from.as_str();
        let to = outgoing.id.contact.number().to_e164();
        let pool = is_uuid(inbox).then_some(inbox);
        let body = Body {
            to: &to,
            from: pool.is_none().then_some(inbox),
            text: text.body.as_str(),
            messaging_profile_id: pool.or(self.profile.as_deref()),
            webhook_url: self.webhook.as_deref(),
        };
        let body = serde_json::to_vec(&body).expect("strings are always JSON");
        let mut request = Request::new(body);
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.uri.clone();
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(AUTHORIZATION, self.authorization.clone());
        let key = HeaderValue::try_from(idempotency_key(outgoing));
        headers.insert(IDEMPOTENCY_KEY, key.expect("digits can stand in a header"));
        Ok(request)
    }

    /// What the call came to, by the table of [this module](super).
    pub fn handover(answer: Result<&Response<Vec<u8>>, CallFailed>) -> Handover {
        answer::handover(answer)
    }
}

impl fmt::Debug for Messages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Messages").field("host", &self.uri.host()).finish_non_exhaustive()
    }
}

/// 64 hexadecimal digits. Every part has a length of its own or before it.
fn idempotency_key(outgoing: &Outgoing) -> String {
    let id = &outgoing.id;
    let account = id.contact.account().as_str();
    let hash = Sha256::new()
        .chain_update((account.len() as u64).to_be_bytes())
        .chain_update(account)
        .chain_update(id.contact.number().to_digits().to_be_bytes())
        .chain_update(id.revision.number().to_be_bytes())
        .chain_update([id.n])
        .chain_update(outgoing.decided_at.timestamp().to_be_bytes())
        .chain_update(outgoing.decided_at.timestamp_subsec_nanos().to_be_bytes())
        .finalize();
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn is_uuid(inbox: &str) -> bool {
    let parts = inbox
        .split('-')
        .map(|part| part.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some(part.len()));
    parts.eq([8, 4, 4, 4, 12].map(Some))
}
