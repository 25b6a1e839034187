//! Telnyx: its webhooks and its message API.
