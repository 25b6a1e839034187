//! SMS providers: webhooks verified and read, messages sent.

#[cfg(feature = "telnyx")]
pub mod telnyx;
#[cfg(feature = "twilio")]
pub mod twilio;
