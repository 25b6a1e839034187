//! An SMS inbox over `optin`, in one binary: a demonstration, a test bed, and the host that others
//! start from.
//!
//! | file | what |
//! |---|---|
//! | `host.rs` | the engine and what is asked of it: texts, messages, dispatch, an orderly end |
//! | `outbox.rs`, `clock.rs`, `store.rs` | what a host brings: where texts leave, the time, its own tables |
//! | `seed.rs` | the demonstration's contacts, played through the engine |
//! | `webhook.rs`, `number.rs`, `client.rs` | a real number: its webhooks, and the way to it |
//! | `web/` | the guard before every request, sessions, forms |
//! | `pages/` | a file for each screen |
#![forbid(unsafe_code)]

#[cfg(feature = "number")]
pub mod client;
pub mod clock;
pub mod config;
pub mod host;
pub mod import;
pub mod number;
pub mod outbox;
pub mod pages;
pub mod seed;
pub mod staff;
pub mod store;
pub mod web;
mod webhook;
