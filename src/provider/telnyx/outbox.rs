//! The outbox that sends texts through Telnyx.

use core::fmt;

use chrono::{DateTime, Utc};

use super::messages::Messages;
use crate::{
    client::Client,
    consent::outgoing::{Handover, Outgoing},
    outbox::Outbox,
    provider::message::hand_over,
};

/// An outbox for texts: one request of Telnyx's message API each, made by the host's client.
///
/// A status for a CRM is not sent, finally: give an engine that has CRMs an outbox of its own that
/// hands each message to the right one.
///
/// ```
/// use http::{Request, Response};
/// use optin::{client::{CallFailed, Client}, provider::{Secret, telnyx::{Messages, Telnyx}}};
///
/// # struct Offline;
/// # impl Client for Offline {
/// #     async fn call(&self, _request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, CallFailed> {
/// #         Err(CallFailed::NotSent)
/// #     }
/// # }
/// # let client = Offline;
/// let messages = Messages::by_api_key(&Secret::new("KEY0123")?)?;
/// let outbox = Telnyx::new(client, messages, chrono::Utc::now);
/// # let _ = outbox;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Telnyx<C, K> {
    client: C,
    messages: Messages,
    clock: K,
}

impl<C, K> Telnyx<C, K>
where
    C: Client,
    K: Fn() -> DateTime<Utc> + Send + Sync,
{
    /// An outbox over this client and account, by the engine's clock.
    pub fn new(client: C, messages: Messages, clock: K) -> Self {
        Self { client, messages, clock }
    }
}

impl<C, K> Outbox for Telnyx<C, K>
where
    C: Client,
    K: Fn() -> DateTime<Utc> + Send + Sync,
{
    async fn send(&self, outgoing: &Outgoing) -> Handover {
        let request = self.messages.request(outgoing, (self.clock)());
        hand_over(&self.client, request, Messages::handover).await
    }
}

impl<C, K> fmt::Debug for Telnyx<C, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Telnyx").field("messages", &self.messages).finish_non_exhaustive()
    }
}
