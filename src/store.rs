//! The storages that come with the crate.

#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod head_of_line;
mod memory;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod moved;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod policies;
#[cfg(feature = "postgres")]
pub mod postgres;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod prepared;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod row;
#[cfg(feature = "sqlite")]
pub mod sqlite;

pub use self::memory::MemoryStorage;
#[cfg(feature = "postgres")]
#[doc(inline)]
pub use self::postgres::{PostgresError, PostgresStorage};
#[cfg(feature = "sqlite")]
#[doc(inline)]
pub use self::sqlite::{SqliteError, SqliteStorage};
