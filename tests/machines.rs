//! Engines and dispatchers in four threads over one shared storage: nothing is sent twice, limits
//! hold, everything drains.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod black_box;
mod fleet;

use std::sync::Arc;

use black_box::{Scratch, setting};
use fastrand::Rng;
use fleet::{Controls, Journal, Machine, Role, check_rows, conclude, settings};
use optin::{
    Archive,
    store::{MemoryStorage, SqliteStorage},
};

/// In milliseconds: a lease ends, a deadline passes, reminders come due.
const JUMPS: [u64; 6] = [31_000, 43_200_000, 301_000, 43_200_000, 43_199_999, 46_800_000];

/// `lines` of the journal are written before each jump.
fn four_machines_share(storage: impl Archive + Clone, scratch: &Scratch, of: &str, lines: usize) {
    let seed = setting("OPTIN_SEED", 20_261_125);
    println!("OPTIN_SEED={seed}");
    let mut chance = Rng::with_seed(seed);
    let directory = scratch.directory();
    let (controls, journal) = (Controls::new(directory), Journal::open(directory));
    settings(&storage, &controls);
    let mut machines: Vec<_> = (1..)
        .zip(Role::ALL)
        .map(|(n, role)| Machine::new(storage.clone(), directory, n, role, chance.u64(..)))
        .collect();
    for (round, jump) in (0..).zip(JUMPS.into_iter().cycle().take(4 * JUMPS.len())) {
        // Others write after each turn of jumps.
        controls.set_generation(round / 6);
        controls.set_paused(false);
        std::thread::scope(|scope| {
            for machine in &mut machines {
                scope.spawn(|| machine.work());
            }
            controls.work_until(lines, &journal, &mut chance);
            controls.set_paused(true);
        });
        controls.advance(jump);
    }
    let (texts, handed_over) = conclude(&storage, directory);
    assert!(handed_over > 30, "{handed_over}");
    println!("{of}: {texts} texts acknowledged, {handed_over} handed over, none twice");
}

#[test]
fn four_machines_share_a_memory_storage() {
    let scratch = Scratch::new("machines-memory");
    four_machines_share(Arc::new(MemoryStorage::new()), &scratch, "memory", 400);
}

#[test]
fn four_machines_share_a_sqlite_storage() {
    let scratch = Scratch::new("machines-sqlite");
    let path = scratch.path("consent.db");
    let storage = Arc::new(SqliteStorage::open(&path).unwrap());
    four_machines_share(storage, &scratch, "SQLite", 100);
    check_rows(&path);
}
