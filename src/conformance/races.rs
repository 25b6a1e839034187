//! The cases with threads: what holds whoever comes first.

mod claims;
mod commits;
mod delivery;

use super::case::Case;
use crate::storage::Storage;

/// Threads of a race.
const THREADS: u64 = 4;

pub(super) fn cases<S: Storage>() -> impl Iterator<Item = Case<S>> {
    commits::cases().chain(claims::cases()).chain(delivery::cases())
}
