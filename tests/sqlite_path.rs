//! A relative path names one file, wherever the process works later.
#![allow(clippy::unwrap_used, reason = "a test")]

mod black_box;
mod support;

use black_box::Scratch;
use optin::{Storage, blocking::block_on, store::SqliteStorage};

use self::support::contact;

// Alone in its file: the directory is the whole process's. Red when `Options::open` keeps the path
// as it is given.
#[test]
fn a_process_that_changes_its_directory_reads_the_file_that_it_writes() {
    let scratch = Scratch::new("path");
    let (here, there) = (scratch.path("here"), scratch.path("there"));
    for directory in [&here, &there] {
        std::fs::create_dir(directory).unwrap();
    }
    std::env::set_current_dir(&here).unwrap();
    let storage = SqliteStorage::open("consent.db").unwrap();
    std::env::set_current_dir(&there).unwrap();
    assert!(block_on(storage.load(&contact(0))).unwrap().record.is_none());
    assert!(here.join("consent.db").exists());
    assert!(!there.join("consent.db").exists());
}
