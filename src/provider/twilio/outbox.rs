//! The outbox that sends texts through Twilio.

use core::fmt;

use chrono::{DateTime, Utc};

use super::messages::Messages;
use crate::{
    client::Client,
    consent::outgoing::{Handover, Outgoing},
    outbox::Outbox,
    provider::message::hand_over,
};

/// An outbox for texts: one request of Twilio's message API each, made by the host's client.
///
/// A status for a CRM is not sent, finally: give an engine that has CRMs an outbox of its own that
/// hands each message to the right one.
///
/// ```
/// use http::{Request, Response};
/// use optin::{client::{CallFailed, Client}, provider::{Secret, twilio::{Messages, Twilio}}};
///
/// # struct Offline;
/// # impl Client for Offline {
/// #     async fn call(&self, _request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, CallFailed> {
/// #         Err(CallFailed::NotSent)
/// #     }
/// # }
/// # let client = Offline;
/// let messages = Messages::by_auth_token("AC1", &Secret::new("12345")?)?;
/// let outbox = Twilio::new(client, messages, chrono::Utc::now);
/// # let _ = outbox;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Twilio<C, K> {
    client: C,
    messages: Messages,
    clock: K,
}

impl<C, K> Twilio<C, K>
where
    C: Client,
    K: Fn() -> DateTime<Utc> + Send + Sync,
{
    /// An outbox over this client and account, by the engine's clock.
    pub fn new(client: C, messages: Messages, clock: K) -> Self {
        Self { client, messages, clock }
    }
}

impl<C, K> Outbox for Twilio<C, K>
where
    C: Client,
    K: Fn() -> DateTime<Utc> + Send + Sync,
{
    async fn send(&self, outgoing: &Outgoing) -> Handover {
        let request = self.messages.request(outgoing, (self.clock)());
        hand_over(&self.client, request, Messages::handover).await
    }
}

impl<C, K> fmt::Debug for Twilio<C, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Twilio").field("messages", &self.messages).finish_non_exhaustive()
    }
}
