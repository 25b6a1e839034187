//! What the benches share: rounds, counts, texts, and the peers that `optin` is held against.

pub mod allocations;
pub mod cases;
pub mod engines;
pub mod instructions;
pub mod peer;
pub mod processor;
pub mod rounds;
pub mod scratch;
pub mod situations;
pub mod texts;
