//! An exhaustive model of one contact, and bugs that model or simulation must find.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a proof that cannot go on says so"
)]

pub mod hunt;
pub mod model;
pub mod wrong;
