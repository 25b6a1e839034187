//! Moving house: everything of one storage into another, which goes on where the first stopped.
//!
//! [`Move`] reads a storage that is [`Movable`] row by row, each under a [`Key`] of its own, puts
//! what is missing into another, and then verifies that both hold the same: settings with all
//! their revisions, records, chains byte by byte with their places in the log, marks with their
//! times, and messages with their claims. Checkpoints that were signed before hold, a text that is
//! delivered again acts no more, and a hand-over under way is settled under its old token.
//!
//! ```
//! use optin::{blocking::block_on, moving::Move, store::MemoryStorage};
//!
//! let (from, to) = (MemoryStorage::new(), MemoryStorage::new());
//! // Stop every host of the first, and begin with the second once this is done.
//! let moved = block_on(Move::new(&from, &to).run(|progress| println!("{progress}")))?;
//! assert_eq!(moved.rows, 0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! - The first storage must be quiet: no host, no dispatcher and no checkpointer may use it, from
//!   the beginning of the first run to the end of the last. What is written to it meanwhile all the
//!   same is an error as far as it can be seen, words that are pruned from entries that were moved
//!   already aside; the first storage stays as it was.
//! - The other must not be used before the end: it is whole only then.
//! - A run that was interrupted, by whatever, is run again: it puts in what is missing.
//! - Entries that wait for their place in the log get it there in an order that is right for each
//!   chain, and need not be that of all commits: run a
//!   [`Checkpointer`](crate::ledger::Checkpointer) once before, and none waits.
//! - A host that remembers by a [`SuppressionKey`](crate::ledger::SuppressionKey) whom it erased
//!   must open the other storage with the same key.

mod error;
mod extent;
mod movable;
mod progress;
mod row;
mod run;

pub use self::{
    error::MoveError,
    movable::{Movable, PutIn},
    progress::{Moved, Progress, Step},
    row::{Key, Pruned, Row},
    run::Move,
};
