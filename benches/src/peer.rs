//! What one would write by hand, or take instead: written as well as one would for a living.

#[cfg(feature = "storages")]
pub mod import;
pub mod phrases;
#[cfg(feature = "storages")]
pub mod store;
pub mod strict;
pub mod table;
