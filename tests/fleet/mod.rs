//! Machines over one storage at once, and the proof of what was seen of them all.
//!
//! They share a clock that stands until the test moves it, and a journal: each appends a line
//! before and after it hands over, and one when it has answered. The proof reads all lines.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    dead_code,
    unused_imports,
    reason = "shared by tests, of which each takes its own part"
)]

mod controls;
mod journal;
mod machine;
mod mail;
mod process;
mod proof;
mod rows;
mod seen;

pub(crate) use controls::{CONTACTS, Controls, FIRST, account, contact, settings};
pub(crate) use journal::{Journal, Line, Sms};
pub(crate) use machine::{Machine, Provider, Role};
pub(crate) use mail::Mail;
pub(crate) use process::{NOT_DURABLE, Process, run_if_asked};
pub(crate) use proof::{check_ledgers, check_marks, conclude, lost};
pub(crate) use rows::{check, check_rows};
