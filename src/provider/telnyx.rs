//! Telnyx: its webhooks and its message API.
//!
//! Rests on Telnyx's pages *Receiving Webhooks for Messaging*, *Inbound message* and *Advanced
//! Opt-In/Out Management*, *Send a message*, *Idempotency*, *Messaging Error Code Reference* and
//! *API error codes*, and on the request and answer types of its Python package, version 4.
//!
//! A webhook: [`Webhook`] → [`verify`](Webhook::verify) → [`Trusted`] → [`read`](Trusted::read) →
//! [`Received`](super::Received). A message: [`Messages`] builds the request and reads the answer,
//! [`Telnyx`] is the outbox that makes the call between them.
//!
//! # What an answer is taken for
//!
//! | status | body | hand-over |
//! |---|---|---|
//! | `200` | `{"data":{"id":"40385f64","to":[{"status":"queued"}],"errors":[]}}` | accepted as `40385f64` |
//! | `200` | `{"data":{"id":"40385f64"}}` | accepted as `40385f64` |
//! | `200` | `{"data":{"id":"40385f64","to":[{"status":"delivery_failed"}],"errors":[{"code":"40008"}]}}` | accepted as `40385f64` |
//! | `200` | `{"data":{"id":"40385f64","to":[{"status":"sending_failed"}],"errors":[{"code":"40318"}]}}` | not sent, `40318` |
//! | `200` | `{"data":{"id":"40385f64","to":[{"status":"sending_failed"}],"errors":[{"code":"40300"}]}}` | blocked, `40300` |
//! | `200` | `{"data":{"to":[{"status":"queued"}]}}` | unknown |
//! | `200` | `{"data":{"id":"4038` | unknown |
//! | `204` | | unknown |
//! | `400` | `{"errors":[{"code":"40300","title":"Blocked due to STOP message"}]}` | blocked, `40300` |
//! | `400` | `{"errors":[{"code":"40310","title":"Invalid 'to' address"}]}` | not sent, `40310` |
//! | `401` | `{"errors":[{"code":"10009","title":"Authentication failed"}]}` | not sent, `10009` |
//! | `403` | `{"errors":[{"code":"10010","title":"Authorization failed"}]}` | not sent, `10010` |
//! | `404` | `{"errors":[{"code":"10005","title":"Resource not found"}]}` | not sent, `10005` |
//! | `422` | `{"errors":[{"code":"10015","title":"Bad Request"}]}` | not sent, `10015` |
//! | `429` | `{"errors":[{"code":"10011","title":"Too many requests"}]}` | not sent for now, `10011` |
//! | `429` | `Slow down` | not sent for now |
//! | `400` | `<html>Bad Request</html>` | unknown |
//! | `403` | `{"error":"blocked by the proxy"}` | unknown |
//! | `400` | `{"errors":[]}` | unknown |
//! | `400` | `{"errors":[{"code":"10007","title":"Unexpected error"}]}` | unknown |
//! | `408` | `{"errors":[{"code":"10008","title":"Request timeout"}]}` | unknown |
//! | `409` | `{"errors":[{"code":"10012","title":"Duplicate resource"}]}` | unknown |
//! | `307` | | unknown |
//! | `500` | `{"errors":[{"code":"10007","title":"Unexpected error"}]}` | unknown |
//! | `503` | `{"errors":[{"code":"40300","title":"Service unavailable"}]}` | unknown |
//! | no connection | | not sent for now |
//! | time-out, cut connection | | unknown |
//!
//! *Not sent for now* is tried again until `not_after`, with the same idempotency key and the same
//! body: where Telnyx took the first after all, it gives its answer again and sends nothing. What
//! is in doubt is never sent a second time, as with every provider.
//!
//! # No validity
//!
//! Telnyx answers a `valid_until`, but a request has no field for it: a text that waits in a queue
//! there may leave after its `not_after`.

mod answer;
mod key;
mod messages;
mod outbox;
mod read;
mod webhook;

pub use self::{
    key::{InvalidPublicKey, PublicKey},
    messages::Messages,
    outbox::Telnyx,
    webhook::{Trusted, Webhook},
};
