//! `POST /webhooks/twilio`: a real number's texts, answered in the answer.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use optin::{
    Event, HandleError,
    provider::{
        Received,
        twilio::{Twiml, Webhook},
    },
};

use crate::{
    host::{Host, HostError},
    web::is_ours,
};

/// The address of a host without a token: it is not looked at then.
const NO_ADDRESS: &str = "http://localhost/webhooks/twilio";

/// Verified before anything of it is read; without a token, taken from this machine alone.
pub(crate) async fn twilio(
    State(host): State<Arc<Host>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let address = host.number.as_ref().map_or(NO_ADDRESS, |number| number.address.as_str());
    let webhook = Webhook::new(address, &headers, &body);
    let trusted = match &host.number {
        Some(number) => match webhook.verify(&number.secrets) {
            Ok(trusted) => trusted,
            Err(unverified) => {
                return (StatusCode::FORBIDDEN, unverified.to_string()).into_response();
            }
        },
        None if is_ours(&headers) => webhook.trust_unverified(),
        None => return StatusCode::FORBIDDEN.into_response(),
    };
    let done = match trusted.read() {
        Ok(Received::Text { from, event: Event::Texted(text), .. }) => {
            host.answered(from, text).await
        }
        Ok(Received::Blocked { number, event, .. }) => {
            host.happened(number, event).await.map(|_| empty())
        }
        // What became of a message, a short code, news of another kind: nothing to decide.
        Ok(_) => Ok(empty()),
        Err(unreadable) => {
            return (StatusCode::BAD_REQUEST, unreadable.to_string()).into_response();
        }
    };
    match done {
        Ok(xml) => ([(CONTENT_TYPE, Twiml::MEDIA_TYPE)], xml).into_response(),
        // Refused for good: delivered again it would be refused again.
        Err(HostError::Engine(HandleError::Refused(_))) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, error.to_string()).into_response(),
    }
}

fn empty() -> String {
    "<Response/>".into()
}
