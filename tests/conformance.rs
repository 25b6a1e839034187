//! The storage suite over every storage of the crate, each boxed too, and what documents it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod black_box;

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicU64, Ordering},
};

use black_box::Scratch;
use optin::{
    conformance::{FailedCases, Report, Suite},
    erased::BoxStorage,
    ledger::SuppressionKey,
    store::{MemoryStorage, SqliteStorage, sqlite::Options},
};

type Passed = Result<(), FailedCases>;

/// Each case once, and none failed; says how many.
fn passed(what: &str, reports: &[Report]) -> Passed {
    let cases = reports.iter().map(Report::ok).sum::<Result<usize, _>>()?;
    println!("{cases} cases passed by {what}");
    Ok(())
}

/// Makes storages in new files of a directory that goes away.
fn in_files(scratch: &Scratch) -> impl Fn() -> SqliteStorage {
    let files = AtomicU64::new(0);
    move || {
        let file = files.fetch_add(1, Ordering::Relaxed);
        SqliteStorage::open(scratch.path(&format!("{file}.db"))).unwrap()
    }
}

#[test]
fn memory_passes() -> Passed {
    let suite = Suite::new(MemoryStorage::new).rounds(200);
    passed(
        "the memory storage",
        &[suite.storage(), suite.archive(), suite.ledger(), suite.moving()],
    )
}

#[test]
fn memory_that_remembers_erasures_passes() -> Passed {
    let key = SuppressionKey::new([1; 32]);
    let suite = Suite::new(|| MemoryStorage::new().with_suppression(key.clone()));
    passed("the memory storage, with a key", &[suite.archive(), suite.ledger()])
}

#[test]
fn sqlite_that_remembers_erasures_passes() -> Passed {
    let scratch = Scratch::new("conformance-erasures");
    let files = AtomicU64::new(0);
    let suite = Suite::new(|| {
        let file = files.fetch_add(1, Ordering::Relaxed);
        let options = Options::default().suppression(SuppressionKey::new([1; 32]));
        options.open(scratch.path(&format!("{file}.db"))).unwrap()
    });
    passed("the SQLite storage, with a key", &[suite.archive(), suite.ledger()])
}

#[test]
fn sqlite_passes() -> Passed {
    let scratch = Scratch::new("conformance");
    let suite = Suite::new(in_files(&scratch));
    passed(
        "the SQLite storage",
        &[suite.storage(), suite.archive(), suite.ledger(), suite.moving()],
    )
}

#[test]
fn boxed_memory_passes() -> Passed {
    let suite = Suite::new(|| BoxStorage::new(MemoryStorage::new()));
    passed("the memory storage, boxed", &[suite.storage()])
}

#[test]
fn boxed_sqlite_passes() -> Passed {
    let scratch = Scratch::new("conformance-boxed");
    let fresh = in_files(&scratch);
    let suite = Suite::new(|| BoxStorage::new(fresh())).rounds(5);
    passed("the SQLite storage, boxed", &[suite.storage()])
}

/// The names in backticks that look like those of cases, quotes aside.
fn named(text: &str) -> Vec<&str> {
    let blocks = text.split("\n\n").filter(|block| !block.starts_with("> "));
    let ticked = blocks.flat_map(|block| block.split('`').skip(1).step_by(2));
    ticked.filter(|name| name.contains('_')).collect()
}

#[test]
fn every_case_is_documented_once() {
    let documented = named(include_str!("../src/conformance/contract.md"));
    let suite = Suite::new(MemoryStorage::new).rounds(1);
    let reports = [suite.storage(), suite.archive(), suite.ledger(), suite.moving()];
    let cases: Vec<_> = reports.iter().flat_map(Report::passed).collect();
    let once: BTreeSet<_> = documented.iter().copied().collect();
    assert_eq!(documented.len(), once.len());
    assert_eq!(once, cases.iter().copied().collect());
    assert_eq!(cases.len(), once.len());
}

/// A contract's lines, without the marks of links.
fn plain(doc: &str) -> String {
    let words = doc.replace("](Self::commit)", "").replace("](Self::claim)", "");
    let words = words.replace("](Self::take_out)", "").replace("](Self::put_in)", "");
    let words = words.replace(['[', ']'], "");
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The MUSTs of a trait, up to this line.
fn stated(source: &str, end: &str) -> BTreeSet<String> {
    let (_, contract) = source.split_once("# Contract").unwrap();
    let (contract, _) = contract.split_once(end).unwrap();
    let contract = plain(&contract.replace("///", ""));
    contract.split("- ").skip(1).map(plain).collect()
}

#[test]
fn every_must_of_a_storage_is_documented_in_its_words() {
    let mut stated_all = stated(include_str!("../src/storage.rs"), "/// Implementers");
    stated_all.extend(stated(include_str!("../src/moving/movable.rs"), "pub trait"));
    let documented = include_str!("../src/conformance/contract.md");
    let quotes = documented.split("\n\n").filter(|block| block.starts_with("> "));
    let quoted = quotes.map(|quote| plain(&quote.replace("> ", ""))).collect();
    assert_eq!(stated_all, quoted);
}

#[test]
fn a_case_that_panics_has_failed() {
    let made = AtomicU64::new(0);
    let suite = Suite::new(|| match made.fetch_add(1, Ordering::Relaxed) {
        0 => panic!("no storage today"),
        _ => MemoryStorage::new(),
    });
    let report = suite.archive();
    let failed: Vec<_> = report.failed().collect();
    assert_eq!(failed, [("an_entry_is_kept_with_its_commit", "panicked: no storage today")]);
    let failed = report.ok().unwrap_err().to_string();
    let expected =
        "1 of 58 cases failed\n  an_entry_is_kept_with_its_commit: panicked: no storage today";
    assert_eq!(failed, expected);
}

#[test]
fn a_host_runs_the_futures_itself() -> Passed {
    let polled = AtomicU64::new(0);
    let suite = Suite::new(MemoryStorage::new).polled_by(|future| {
        polled.fetch_add(1, Ordering::Relaxed);
        optin::blocking::block_on(future);
    });
    suite.archive().ok()?;
    assert!(polled.load(Ordering::Relaxed) > 100);
    let idle = Suite::new(MemoryStorage::new).polled_by(|future| drop(future));
    assert_eq!(idle.storage().passed().count(), 0);
    Ok(())
}
