//! Frameworks that one would take instead of `optin`, each written for the same rules as well as one
//! would for a living.

pub mod cqrs;
pub mod direct;
pub mod smlang;
#[allow(missing_docs, reason = "the macro makes an enum without")]
pub mod statig;
