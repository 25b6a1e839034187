//! What every provider asks of a message before it is sent, and of the host's settings.

use alloc::{string::String, vec::Vec};

use chrono::{DateTime, TimeDelta, Utc};
use http::{Request, Response, Uri};

use crate::{
    client::{CallFailed, Client},
    consent::{
        id::CarrierCode,
        outgoing::{Content, Handover, Outgoing, OutgoingText},
    },
};

/// Why a message has no request. It is certainly not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Unsendable {
    /// Less than a second is left until its `not_after`, the least that a provider counts in: it
    /// could leave too late. Do not send it.
    #[error("it is too late for the message")]
    TooLate,
    /// It is a status for a CRM. The host's outbox must give it to the CRM's.
    #[error("a status is no text")]
    NotAText,
}

impl From<Unsendable> for Handover {
    /// Final, and not sent; with the code `not_a_text` where that is why.
    fn from(why: Unsendable) -> Self {
        let code = match why {
            Unsendable::TooLate => None,
            Unsendable::NotAText => CarrierCode::new("not_a_text").ok(),
        };
        Self::NotSent { retry: false, code }
    }
}

/// A setting of the host's that cannot be used.
///
/// The host's configuration is wrong; refuse to start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} is malformed")]
#[non_exhaustive]
pub struct InvalidSetting {
    /// Which one.
    pub what: &'static str,
}

/// Makes the request of a message, where it has one, and says what came of it.
pub(super) async fn hand_over(
    client: &impl Client,
    request: Result<Request<Vec<u8>>, Unsendable>,
    read: impl FnOnce(Result<&Response<Vec<u8>>, CallFailed>) -> Handover,
) -> Handover {
    match request {
        Ok(request) => read(client.call(request).await.as_ref().map_err(|failed| *failed)),
        Err(why) => why.into(),
    }
}

/// The text, and the whole seconds that are left for it: 1 or more.
pub(super) fn sendable(
    outgoing: &Outgoing,
    now: DateTime<Utc>,
) -> Result<(&OutgoingText, u64), Unsendable> {
    let Content::Text(text) = &outgoing.content else {
        return Err(Unsendable::NotAText);
    };
    let left: TimeDelta = text.not_after.signed_duration_since(now);
    match u64::try_from(left.num_seconds()) {
        Ok(0) | Err(_) => Err(Unsendable::TooLate),
        Ok(seconds) => Ok((text, seconds)),
    }
}

/// An absolute address over HTTP, to `path` of which requests go.
pub(super) fn endpoint(base: &str, path: &str) -> Result<Uri, InvalidSetting> {
    let invalid = InvalidSetting { what: "the address of the provider" };
    let base = web_address(base.trim_end_matches('/'), invalid)?;
    alloc::format!("{base}{path}").parse().map_err(|_| invalid)
}

/// An absolute address over HTTP, as it was given.
pub(super) fn web_address(
    address: &str,
    invalid: InvalidSetting,
) -> Result<String, InvalidSetting> {
    let uri: Uri = address.parse().map_err(|_| invalid)?;
    let over_http = matches!(uri.scheme_str(), Some("http" | "https"));
    if over_http && uri.host().is_some_and(|host| !host.is_empty()) {
        Ok(address.into())
    } else {
        Err(invalid)
    }
}
