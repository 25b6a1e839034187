//! Any sequence of events, waits, faults and crashes keeps the rules of safety, over either storage.
//!
//! A script of bytes is played over the memory storage and over a plain one; both must be seen to
//! do the same, and what was seen must be right by rules that are written down a second time.

mod rules;
mod script;
mod shelf;
mod trace;
mod world;

use optin::store::MemoryStorage;

use self::{rules::Rules, shelf::Shelf};

/// Plays a script.
pub fn target(bytes: &[u8]) {
    let steps = script::steps(bytes);
    let over_memory = world::play(MemoryStorage::new(), &steps);
    let over_shelf = world::play(Shelf::default(), &steps);
    for (memory, shelf) in over_memory.seen.iter().zip(&over_shelf.seen) {
        assert_eq!(memory, shelf, "the storages differ");
    }
    assert_eq!(over_memory, over_shelf, "the storages differ");
    Rules::check(&over_memory);
}
