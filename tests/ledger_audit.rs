//! A ledger changed in a file, or in what was published of it, is found, and the first bad entry named.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod black_box;
mod support;

use std::{
    fs,
    path::{Path, PathBuf},
};

use black_box::Scratch;
use chrono::TimeDelta;
use optin::{
    AccountId, Contact, Engine, Event, Handover, Outbox, Outgoing, Policy, Storage,
    blocking::block_on,
    ledger::{
        Checkpoint, Checkpointer, Directory, Ledger, NoteKey, NoteSigner, Sink,
        audit::{self, Audit, BadLedger},
    },
    store::{SqliteStorage, sqlite::SqliteError},
};
use proptest::prelude::*;
use rusqlite::Connection;

use self::support::{Clock, START, account, contact, owner, texted};

struct Provider;

impl Outbox for Provider {
    async fn send(&self, _outgoing: &Outgoing) -> Handover {
        Handover::Accepted { provider_id: None }
    }
}

fn talk(storage: &impl Storage, of: &AccountId, from: usize, count: usize) {
    let clock = Clock::at(START + TimeDelta::hours(from as i64));
    let engine = Engine::new(storage, Provider, clock.reader());
    block_on(engine.change_policy(of, &owner(), |policy| Policy::new(policy.settings().clone())))
        .unwrap();
    for n in from..from + count {
        let who = Contact::new(of.clone(), contact(n as u8 % 5).number());
        let words = ["Hi", "yes", "stop", "START"][n / 5 % 4];
        block_on(engine.handle(&who, texted(&format!("in-{n}"), words))).unwrap();
        let absent = Contact::new(of.clone(), contact(200).number());
        let event = Event::Overridden { actor: owner(), to: optin::Override::Active, note: None };
        assert!(block_on(engine.handle(&absent, event)).is_err());
        clock.advance(TimeDelta::hours(1));
    }
}

fn signer(n: u8) -> NoteSigner {
    NoteSigner::new("example.com/consent", [n; 32]).unwrap()
}

const ORIGIN: &str = "example.com/acme";

fn publish(storage: &SqliteStorage, of: &AccountId, path: &Path) -> Checkpoint {
    let (signers, directory) = ([signer(7)], Directory::new(path));
    let origin = ORIGIN.replace("acme", of.as_str());
    let checkpointer = Checkpointer::new(storage, &directory, of.clone(), &origin, &signers);
    block_on(checkpointer.run_once()).unwrap()
}

/// A file with 30 turns, all published.
fn made(scratch: &Scratch) -> (PathBuf, Checkpoint) {
    let path = scratch.path("it.db");
    let storage = SqliteStorage::open(&path).unwrap();
    talk(&storage, &account(), 0, 30);
    let checkpoint = publish(&storage, &account(), &scratch.path("log"));
    (path, checkpoint)
}

fn audited(path: &Path, checkpoint: Option<&Checkpoint>) -> Result<Audit, BadLedger<SqliteError>> {
    let storage = SqliteStorage::open(path).unwrap();
    block_on(audit::storage(&storage, &account(), checkpoint))
}

/// The same file with this done to it.
fn damaged(path: &Path, copy: &Path, damage: impl FnOnce(&Connection)) {
    let _ = fs::remove_file(copy);
    fs::copy(path, copy).unwrap();
    let connection = Connection::open(copy).unwrap();
    damage(&connection);
    connection.close().unwrap();
}

#[test]
fn a_whole_ledger_holds() {
    let scratch = Scratch::new("audit-whole");
    let (path, checkpoint) = made(&scratch);
    let audit = audited(&path, Some(&checkpoint)).unwrap();
    assert_eq!((audit.chains, audit.logged, audit.signed), (6, checkpoint.size, checkpoint.size));
    assert_eq!((audit.entries, audit.disclosed), (checkpoint.size, checkpoint.size));
    let (opened, audit) =
        audit::directory(&Directory::new(scratch.path("log")), &[signer(7).key()]).unwrap();
    assert_eq!((opened, audit.signed), (checkpoint.clone(), checkpoint.size));
    // More came since: they are in their chains, and nobody signed them.
    let storage = SqliteStorage::open(&path).unwrap();
    talk(&storage, &account(), 30, 5);
    let audit = block_on(audit::storage(&storage, &account(), Some(&checkpoint))).unwrap();
    assert!(audit.entries > checkpoint.size && audit.signed == checkpoint.size);
}

/// Every column of every table of the ledger, in every row, changed by SQL.
#[test]
fn every_column_changed_is_found() {
    let scratch = Scratch::new("audit-columns");
    let (path, checkpoint) = made(&scratch);
    let copy = scratch.path("copy.db");
    let mut found = 0;
    for (table, column, change) in [
        ("entries", "account", "'bolt'"),
        ("entries", "chain", "randomblob(16)"),
        ("entries", "sequence", "sequence + 1000"),
        ("entries", "leaf", "leaf + 1000"),
        ("entries", "leaf", "NULL"),
        ("entries", "hash", "randomblob(32)"),
        ("entries", "sealed", "randomblob(length(sealed))"),
        ("entries", "sealed", "substr(sealed, 1, length(sealed) - 1)"),
        ("disclosed", "sequence", "sequence + 1000"),
        ("disclosed", "entry", "replace(entry, ':', ': ')"),
        ("disclosed", "entry", "'{}'"),
        ("disclosed", "salts", "randomblob(128)"),
        ("log", "leaf", "leaf + 1000"),
        ("log", "chain", "randomblob(16)"),
        ("log", "sequence", "sequence + 1000"),
    ] {
        for row in [0, 1, 7, 30] {
            damaged(&path, &copy, |connection| {
                let (key, order) =
                    if table == "log" { ("leaf", "leaf") } else { ("chain", "chain, sequence") };
                let also = if table == "log" { "" } else { ", sequence" };
                let changed = connection.execute(&format!(
                    "UPDATE {table} SET {column} = {change} WHERE (account, {key}{also}) =
                     (SELECT account, {key}{also} FROM {table} ORDER BY {order} LIMIT 1 OFFSET {row})"
                ), []).unwrap();
                assert_eq!(changed, 1, "{table}.{column}");
            });
            let audit = audited(&copy, Some(&checkpoint));
            // Text that is gone is not shown, and is no change of what was sealed.
            if (table, column) == ("disclosed", "sequence") {
                assert_eq!(audit.unwrap().disclosed, checkpoint.size - 1);
            } else {
                assert!(audit.is_err(), "{table}.{column} = {change}, row {row}");
                found += 1;
            }
        }
    }
    for (table, column) in [("contacts", "head"), ("contacts", "length"), ("accounts", "head")] {
        let change = if column == "length" { "length + 1" } else { "randomblob(32)" };
        damaged(&path, &copy, |connection| {
            connection.execute(&format!("UPDATE {table} SET {column} = {change}"), []).unwrap();
        });
        assert!(audited(&copy, None).is_err(), "{table}.{column}");
        found += 1;
    }
    println!("{found} changes, each found");
}

#[test]
fn rows_dropped_swapped_and_cut_off_are_found_and_named() {
    let scratch = Scratch::new("audit-rows");
    let (path, checkpoint) = made(&scratch);
    let copy = scratch.path("copy.db");
    let one = "(SELECT chain FROM entries GROUP BY chain ORDER BY count(*) DESC LIMIT 1)";
    for (damage, named) in [
        (
            format!("DELETE FROM entries WHERE chain = {one} AND sequence = 3"),
            "entry 3: it is number 4",
        ),
        (
            format!("DELETE FROM entries WHERE chain = {one} AND sequence >= 5"),
            "entry 5: it is missing",
        ),
        (
            format!("DELETE FROM entries WHERE chain = {one} AND sequence = 0"),
            "entry 0: it is number 1",
        ),
        (
            format!(
                "UPDATE entries SET sealed = (SELECT sealed FROM entries WHERE chain = {one} AND sequence = 2) WHERE chain = {one} AND sequence = 3"
            ),
            "entry 3: its bytes are not",
        ),
    ] {
        damaged(&path, &copy, |connection| {
            assert!(connection.execute(&damage, []).unwrap() > 0);
        });
        let bad = audited(&copy, Some(&checkpoint)).unwrap_err().to_string();
        assert!(bad.contains(named), "{bad}, not {named}");
    }
}

#[test]
fn a_file_that_went_back_and_a_ledger_made_anew_are_found_by_the_checkpoint_alone() {
    let scratch = Scratch::new("audit-back");
    let path = scratch.path("it.db");
    let storage = SqliteStorage::open(&path).unwrap();
    talk(&storage, &account(), 0, 10);
    drop(storage);
    let old = scratch.path("old.db");
    fs::copy(&path, &old).unwrap();
    let storage = SqliteStorage::open(&path).unwrap();
    talk(&storage, &account(), 10, 10);
    let checkpoint = publish(&storage, &account(), &scratch.path("log"));
    drop(storage);
    audited(&old, None).unwrap();
    let bad = audited(&old, Some(&checkpoint)).unwrap_err();
    assert!(matches!(bad, BadLedger::WentBack { found: 0, .. }), "{bad}");
    // Went on from the old copy, and gave places anew.
    let storage = SqliteStorage::open(&old).unwrap();
    talk(&storage, &account(), 10, 15);
    publish(&storage, &account(), &scratch.path("other-log"));
    drop(storage);
    audited(&old, None).unwrap();
    assert_eq!(audited(&old, Some(&checkpoint)), Err(BadLedger::OtherRoot));
    // Somebody seals another history from the beginning.
    let anew = scratch.path("anew.db");
    let storage = SqliteStorage::open(&anew).unwrap();
    talk(&storage, &account(), 0, 40);
    publish(&storage, &account(), &scratch.path("anew-log"));
    drop(storage);
    audited(&anew, None).unwrap();
    assert_eq!(audited(&anew, Some(&checkpoint)), Err(BadLedger::OtherRoot));
}

#[test]
fn a_foreign_key_and_a_checkpoint_of_another_account_are_found() {
    let scratch = Scratch::new("audit-foreign");
    let (path, checkpoint) = made(&scratch);
    let directory = Directory::new(scratch.path("log"));
    let bad = audit::directory(&directory, &[signer(8).key()]).unwrap_err();
    assert!(matches!(bad, BadLedger::Checkpoint(_)), "{bad}");
    let bolt = AccountId::new("bolt").unwrap();
    let storage = SqliteStorage::open(&path).unwrap();
    talk(&storage, &bolt, 0, 40);
    let theirs = publish(&storage, &bolt, &scratch.path("bolt"));
    drop(storage);
    assert!(audited(&path, Some(&theirs)).is_err());
    assert_eq!(
        audited(&path, Some(&Checkpoint::new(ORIGIN, 3, checkpoint.root))),
        Err(BadLedger::OtherRoot)
    );
}

/// Every file of what was published: gone, cut off, each part of it changed.
#[test]
fn whatever_is_changed_in_what_was_published_is_found_and_named() {
    let scratch = Scratch::new("audit-published");
    let path = scratch.path("it.db");
    let storage = SqliteStorage::open(&path).unwrap();
    talk(&storage, &account(), 0, 170);
    let log = scratch.path("log");
    let checkpoint = publish(&storage, &account(), &log);
    assert!(checkpoint.size > 256, "{}", checkpoint.size);
    let keys: [NoteKey; 1] = [signer(7).key()];
    let directory = Directory::new(&log);
    let mut files = Vec::new();
    let mut folders = vec![PathBuf::from(&log)];
    while let Some(folder) = folders.pop() {
        for file in fs::read_dir(folder).unwrap() {
            let file = file.unwrap().path();
            if file.is_dir() { folders.push(file) } else { files.push(file) }
        }
    }
    let mut found = 0;
    for file in &files {
        let name = file.strip_prefix(&log).unwrap().to_str().unwrap().to_owned();
        let whole = fs::read(file).unwrap();
        let mut changes = vec![None];
        for cut in [0, 1, whole.len() / 2, whole.len() - 1] {
            changes.push(Some(whole[..cut].to_vec()));
        }
        for at in (0..whole.len()).step_by((whole.len() / 40).max(1)) {
            let mut changed = whole.clone();
            changed[at] ^= 0x10;
            changes.push(Some(changed));
        }
        changes.push(Some([&whole[..], b"x"].concat()));
        for change in changes {
            match change {
                None => fs::remove_file(file).unwrap(),
                Some(bytes) => fs::write(file, bytes).unwrap(),
            }
            let bad = audit::directory(&directory, &keys).unwrap_err();
            if name != "checkpoint" {
                let place = name.trim_start_matches("tile/entries/").trim_start_matches("tile/");
                let said = bad.to_string();
                let is_named =
                    said.contains(place) || said.contains(&place[2..]) || said.contains("tile/0");
                assert!(is_named, "{said} for {name}");
            }
            found += 1;
        }
        fs::write(file, &whole).unwrap();
        audit::directory(&directory, &keys).unwrap();
    }
    println!("{found} changes of {} files, each found", files.len());
    // What a run that was cut off left beside is no part of it.
    fs::write(log.join("tile/0/.123-4"), b"half").unwrap();
    audit::directory(&directory, &keys).unwrap();
    assert_eq!(publish(&storage, &account(), &log), checkpoint);
    assert!(directory.checkpoint().unwrap().is_some());
    assert_eq!(block_on(storage.log_size(&account())).unwrap(), checkpoint.size);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    /// Bytes of the file itself, anywhere: never a panic, and never a proof of something else.
    #[test]
    fn any_damage_of_the_file_gives_an_answer(at in prop::collection::vec((0.0..1.0, any::<u8>()), 1..40)) {
        let scratch = Scratch::new("audit-any");
        let (path, checkpoint) = made(&scratch);
        let copy = scratch.path("copy.db");
        let mut bytes = fs::read(&path).unwrap();
        for (at, byte) in at {
            let at = (at * bytes.len() as f64) as usize;
            bytes[at.max(100)] = byte;
        }
        fs::write(&copy, bytes).unwrap();
        if let Ok(storage) = SqliteStorage::open(&copy)
            && let Ok(audit) = block_on(audit::storage(&storage, &account(), Some(&checkpoint)))
        {
            prop_assert_eq!(audit.signed, checkpoint.size);
        }
    }
}
