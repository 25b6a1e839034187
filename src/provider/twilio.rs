//! Twilio: its webhooks, its message API, TwiML.
