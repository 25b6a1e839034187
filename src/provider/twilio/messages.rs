//! The request that sends a text through Twilio's message API.

use alloc::{
    borrow::ToOwned,
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use http::{
    HeaderValue, Method, Request, Response, Uri,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE},
};

use super::answer;
use crate::{
    client::CallFailed,
    consent::outgoing::{Handover, Outgoing},
    provider::{
        message::{InvalidSetting, Unsendable, endpoint, sendable, web_address},
        secret::Secret,
    },
};

/// Seconds of the longest validity period that Twilio takes: ten hours (*Error 21624*). A text
/// that may wait longer is given this.
pub const MAX_VALIDITY: u64 = 36_000;

const TWILIO: &str = "https://api.twilio.com";

/// Twilio's message API for one account: builds requests and reads answers.
///
/// [`Twilio`](super::Twilio) makes the call between them; a host with plumbing of its own makes it
/// itself.
///
/// ```
/// use chrono::{DateTime, TimeDelta};
/// use optin::{
///     AccountId, Contact, Content, InboxId, MessageKind, Outgoing, OutgoingId, OutgoingText,
///     PhoneNumber, Revision, provider::{Secret, twilio::Messages},
/// };
///
/// let messages = Messages::by_auth_token("AC1", &Secret::new("12345")?)?;
/// let contact = Contact::new(AccountId::new("acme")?, PhoneNumber::parse("+12065550100")?);
/// let now = DateTime::UNIX_EPOCH;
/// let until = now + TimeDelta::minutes(5);
/// let inbox = InboxId::new("+18885550100")?;
/// let text = OutgoingText::new(MessageKind::Message, inbox, "We are open.", until);
/// let id = OutgoingId::new(contact, Revision::default(), 0);
/// let request = messages.request(&Outgoing::new(id, now, Content::Text(text)), now)?;
/// assert_eq!(request.uri().path(), "/2010-04-01/Accounts/AC1/Messages.json");
/// assert_eq!(
///     request.body(),
///     b"To=%2B12065550100&From=%2B18885550100&Body=We+are+open.&ValidityPeriod=300",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Messages {
    account: String,
    uri: Uri,
    authorization: HeaderValue,
    status_callback: Option<String>,
}

impl Messages {
    /// The API of this account (`AC...`), by its auth token.
    ///
    /// # Errors
    /// [`InvalidSetting`]: the account is not 1 to 64 letters and digits.
    pub fn by_auth_token(account: &str, token: &Secret) -> Result<Self, InvalidSetting> {
        Self::new(account, account, token)
    }

    /// The API of this account (`AC...`), by an API key (`SK...`) and its secret: it can be
    /// revoked, the account's own token cannot.
    ///
    /// # Errors
    /// [`InvalidSetting`]: the account or the key is not 1 to 64 letters and digits.
    pub fn by_api_key(account: &str, key: &str, secret: &Secret) -> Result<Self, InvalidSetting> {
        Self::new(account, key, secret)
    }

    /// The same API at another address, `https://api.dublin.ie1.twilio.com`, or a test's
    /// `http://127.0.0.1:8080`. Default: `https://api.twilio.com`.
    ///
    /// # Errors
    /// [`InvalidSetting`]: not an absolute address over HTTP.
    pub fn at(self, base: &str) -> Result<Self, InvalidSetting> {
        Ok(Self { uri: uri(base, &self.account)?, ..self })
    }

    /// The same API, which tells this address what becomes of each message. Default: what the
    /// Messaging Service says, or nobody.
    ///
    /// # Errors
    /// [`InvalidSetting`]: not an absolute address over HTTP.
    pub fn with_status_callback(self, address: &str) -> Result<Self, InvalidSetting> {
        let invalid = InvalidSetting { what: "the address of the status callback" };
        Ok(Self { status_callback: Some(web_address(address, invalid)?), ..self })
    }

    /// The request that sends this text at this time, by the clock of the engine.
    ///
    /// An inbox that is a Messaging Service (`MG...`) sends as that. Twilio drops the text when it
    /// still waits there after its validity period: the whole seconds until `not_after`, at most
    /// [`MAX_VALIDITY`].
    ///
    /// # Errors
    /// [`Unsendable`]: make no request.
    pub fn request(
        &self,
        outgoing: &Outgoing,
        now: DateTime<Utc>,
    ) -> Result<Request<Vec<u8>>, Unsendable> {
        let (text, left) = sendable(outgoing, now)?;
        let inbox = text.from.as_str();
        let from = if is_service(inbox) { "MessagingServiceSid" } else { "From" };
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("To", &outgoing.id.contact.number().to_e164())
            .append_pair(from, inbox)
            .append_pair("Body", text.body.as_str())
            .append_pair("ValidityPeriod", &left.min(MAX_VALIDITY).to_string());
        if let Some(address) = &self.status_callback {
            form.append_pair("StatusCallback", address);
        }
        let mut request = Request::new(form.finish().into_bytes());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.uri.clone();
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        request.headers_mut().insert(CONTENT_TYPE, form);
        request.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));
        request.headers_mut().insert(AUTHORIZATION, self.authorization.clone());
        Ok(request)
    }

    /// What the call came to, by the table of [this module](super).
    pub fn handover(answer: Result<&Response<Vec<u8>>, CallFailed>) -> Handover {
        answer::handover(answer)
    }

    fn new(account: &str, user: &str, secret: &Secret) -> Result<Self, InvalidSetting> {
        let is_name = |name: &str| {
            (1..=64).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
        };
        if !is_name(account) {
            return Err(InvalidSetting { what: "the account" });
        }
        let invalid = InvalidSetting { what: "the API key" };
        if !is_name(user) {
            return Err(invalid);
        }
        let credentials = STANDARD.encode(format!("{user}:{}", secret.as_str()));
        let basic = format!("Basic {credentials}");
        let mut authorization = HeaderValue::try_from(basic).map_err(|_| invalid)?;
        authorization.set_sensitive(true);
        let uri = uri(TWILIO, account)?;
        Ok(Self { account: account.to_owned(), uri, authorization, status_callback: None })
    }
}

impl fmt::Debug for Messages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Messages").field("host", &self.uri.host()).finish_non_exhaustive()
    }
}

fn uri(base: &str, account: &str) -> Result<Uri, InvalidSetting> {
    endpoint(base, &format!("/2010-04-01/Accounts/{account}/Messages.json"))
}

/// `MG` and 32 hexadecimal digits.
fn is_service(inbox: &str) -> bool {
    inbox.strip_prefix("MG").is_some_and(|digits| {
        digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}
