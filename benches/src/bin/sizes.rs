//! What a contact, an entry and a mark take: bytes in memory, and bytes of the SQLite file.

use std::{error::Error, fs, path::Path};

use optin::{
    Override, Storage,
    store::{
        MemoryStorage,
        sqlite::{Durability, Options},
    },
};
use optin_benches::{
    allocations::{self, Counted},
    engines::{self, Driven},
    scratch::Scratch,
};
use rusqlite::Connection;

#[global_allocator]
static ALLOCATOR: Counted = Counted;

const CONTACTS: usize = 20_000;

fn main() -> Result<(), Box<dyn Error>> {
    println!("memory, bytes as asked of the allocator, a mean over {CONTACTS}:");
    let memory = Driven::over(MemoryStorage::new());
    grow(&memory, &allocations::bytes_held);
    drop(memory);

    println!("SQLite, bytes of the file once written back, a mean over {CONTACTS}:");
    let scratch = Scratch::new("sizes")?;
    let path = scratch.file("consent.db");
    let open = || Options::default().durability(Durability::Normal).open(&path);
    let sqlite = Driven::over(open()?);
    grow(&sqlite, &|| written_back(&path));
    Ok(())
}

/// Lets the same things happen to all contacts, one after the other, and tells what each took.
fn grow<S: Storage>(engine: &Driven<S>, bytes: &dyn Fn() -> u64) {
    let step = |name: &str, event: &dyn Fn(usize)| {
        let before = bytes();
        (0..CONTACTS).for_each(event);
        let each = (bytes() as f64 - before as f64) / CONTACTS as f64;
        println!("  {name:<52} {each:7.0}");
    };
    step("a contact added, and its entry", &|n| engine.handle(n, engines::added()));
    step("one more entry (staff opts out)", &|n| {
        engine.handle(n, engines::set(Override::OptedOut))
    });
    step("one more entry (carrier block)", &|n| engine.handle(n, engines::blocked()));
    step("a mark (a text of someone opted out)", &|n| {
        engine.handle(n, engines::text(n, 0, "Hi, are you open?"));
    });
    let asked = |n| engine.handle(n + CONTACTS, engines::text(n, 1, "Hi, are you open?"));
    step("a contact that wrote and was asked: two entries, a mark", &asked);
    engines::wait_hours(1);
    let yes = |n| engine.handle(n + CONTACTS, engines::text(n, 2, "YES"));
    step("its YES: an entry and a mark", &yes);
}

/// The file's length, once everything is in it.
fn written_back(path: &Path) -> u64 {
    let connection = Connection::open(path).expect("a storage has it open");
    let checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)";
    let busy = connection.query_row(checkpoint, [], |row| row.get::<_, i64>(0));
    assert_eq!(busy, Ok(0), "nobody else writes");
    fs::metadata(path).map_or(0, |file| file.len())
}
