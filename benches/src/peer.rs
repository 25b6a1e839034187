//! What one would write by hand, or take instead: written as well as one would for a living.

#[cfg(feature = "storages")]
pub mod import;
pub mod phrases;
pub mod strict;
pub mod table;
