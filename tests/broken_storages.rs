//! Storages, and outboxes, that break their contract in one way each: the suites catch every one.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

#[path = "broken_storages/bug.rs"]
mod bug;
#[path = "broken_storages/outbox.rs"]
mod outbox;
#[path = "broken_storages/shelf.rs"]
mod shelf;
#[path = "broken_storages/tables.rs"]
mod tables;

use bug::{BUGS, Bug};
use optin::conformance::{FailedCases, Suite};
use shelf::Shelf;

/// The names of the cases that fail over a storage with this bug.
fn caught_by(bug: Bug) -> Vec<&'static str> {
    let suite = Suite::new(|| Shelf::new(Some(bug)));
    let reports = [suite.storage(), suite.archive()];
    reports.iter().flat_map(|report| report.failed().map(|(name, _)| name)).collect()
}

#[test]
fn every_broken_storage_is_caught_by_its_case() {
    let mut missed = Vec::new();
    for &(bug, case) in BUGS {
        let caught_by = caught_by(bug);
        if !caught_by.contains(&case) {
            missed.push((bug, case, caught_by));
        }
    }
    println!("{} of {} broken storages caught", BUGS.len() - missed.len(), BUGS.len());
    assert_eq!(missed, []);
}

#[test]
fn the_same_storage_without_a_bug_passes() -> Result<(), FailedCases> {
    let suite = Suite::new(|| Shelf::new(None));
    suite.storage().ok()?;
    suite.archive().ok()?;
    Ok(())
}
