//! Machines over one storage, with faults drawn from a seed.

mod host;

pub use self::host::{Host, Machine, Optin};
