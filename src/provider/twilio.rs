//! Twilio: its webhooks, its message API, TwiML.
//!
//! Rests on Twilio's pages *Secure webhooks*, *Sign webhooks with shared keys*, *Messaging
//! webhooks*, *Messages resource*, *Error and warning dictionary* and *TwiML for Programmable
//! Messaging*, and on the signatures of its open-source libraries.
//!
//! A webhook: [`Webhook`] → [`verify`](Webhook::verify) → [`Trusted`] → [`read`](Trusted::read) →
//! [`Received`](super::Received). A message: [`Messages`] builds the request and reads the answer,
//! [`Twilio`] is the outbox that makes the call between them; [`Twiml`] is the outbox whose texts
//! leave in the answer to the webhook.
//!
//! # What an answer is taken for
//!
//! | status | body | hand-over |
//! |---|---|---|
//! | `201` | `{"sid":"SM1","status":"queued","error_code":null}` | accepted as `SM1` |
//! | `200` | `{"sid":"SM1"}` | accepted as `SM1` |
//! | `201` | `{"sid":"SM1","status":"undelivered","error_code":30003}` | accepted as `SM1` |
//! | `201` | `{"sid":"SM1","status":"failed","error_code":30007}` | not sent, `30007` |
//! | `201` | `{"sid":"SM1","status":"canceled","error_code":null}` | not sent |
//! | `201` | `{"sid":"SM1","status":"failed","error_code":21610}` | blocked, `21610` |
//! | `201` | `{"status":"queued"}` | unknown |
//! | `201` | `{"sid":"SM1","sta` | unknown |
//! | `204` | | unknown |
//! | `400` | `{"code":21211,"message":"Invalid 'To' Phone Number","status":400}` | not sent, `21211` |
//! | `400` | `{"code":21610,"message":"Attempt to send to unsubscribed recipient","status":400}` | blocked, `21610` |
//! | `401` | `{"code":20003,"message":"Authenticate","status":401}` | not sent, `20003` |
//! | `403` | `{"code":21612,"message":"Permission","status":403}` | not sent, `21612` |
//! | `404` | `{"code":20404,"message":"Not found","status":404}` | not sent, `20404` |
//! | `429` | `{"code":20429,"message":"Too Many Requests","status":429}` | not sent for now, `20429` |
//! | `429` | `Slow down` | not sent for now |
//! | `400` | `<html>Bad Request</html>` | unknown |
//! | `403` | `{"error":"blocked by the proxy"}` | unknown |
//! | `408` | `{"code":20408,"message":"Request timed out","status":408}` | unknown |
//! | `409` | `{"code":20409,"message":"Conflict","status":409}` | unknown |
//! | `307` | | unknown |
//! | `500` | `{"code":20500,"message":"Internal Server Error","status":500}` | unknown |
//! | `503` | `{"code":21610,"message":"Service unavailable","status":503}` | unknown |
//! | no connection | | not sent for now |
//! | time-out, cut connection | | unknown |
//!
//! *Not sent for now* is tried again until `not_after`. Twilio's message API has no idempotency
//! key: what is in doubt is never sent a second time.
//!
//! # Opt-outs that Twilio answers itself
//!
//! Where a Messaging Service has Advanced Opt-Out, its webhooks say so (`OptOutType`), and the text
//! is marked as answered. Twilio's default handling of STOP answers too, but does not say so: its
//! own answer to STOP then comes back as `21610`, which opts the contact out by carrier. Set
//! `replies.opted_out` to null there.

mod answer;
mod messages;
mod outbox;
mod parameters;
mod read;
mod signature;
mod twiml;
mod webhook;

pub use self::{
    messages::{MAX_VALIDITY, Messages},
    outbox::Twilio,
    signature::Secrets,
    twiml::Twiml,
    webhook::{Trusted, Webhook},
};
