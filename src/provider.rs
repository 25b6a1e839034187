//! SMS providers: webhooks verified and read, messages sent.
//!
//! What a provider says of a contact becomes an [`Event`](crate::Event) in two steps that cannot
//! be left out: a webhook is verified by its signature, and only what is verified can be read.
//! What the engine hands over becomes one request of the host's [`Client`](crate::client::Client),
//! and its answer a [`Handover`](crate::Handover), by a table in the provider's module.

mod answer;
mod message;
mod secret;
#[cfg(feature = "telnyx")]
pub mod telnyx;
#[cfg(feature = "twilio")]
pub mod twilio;
mod webhook;

pub use self::{
    message::{InvalidSetting, Unsendable},
    secret::{InvalidSecret, Secret},
    webhook::{Arrival, MAX_BODY, Received, Report, Unreadable, Unverified},
};
