//! The storages that come with the crate.

mod memory;
#[cfg(feature = "sqlite")]
pub mod sqlite;

pub use self::memory::MemoryStorage;
#[cfg(feature = "sqlite")]
#[doc(inline)]
pub use self::sqlite::{SqliteError, SqliteStorage};
