//! A damaged directory of tiles is found out by its audit, and the bad file is named.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod black_box;
mod support;

use std::{fs, path::PathBuf};

use black_box::Scratch;
use optin::{
    Contact, Engine, Event, Handover, Outbox, Outgoing, PhoneNumber, Source,
    blocking::block_on,
    ledger::{
        BadNote, ChainId, Checkpoint, Checkpointer, Directory, DirectoryError, Hash, NoteSigner,
        Sink,
        audit::{self, BadLedger},
        merkle::leaf_hash,
    },
    store::MemoryStorage,
};

use self::support::{START, account};

struct Provider;

impl Outbox for Provider {
    async fn send(&self, _outgoing: &Outgoing) -> Handover {
        Handover::Accepted { provider_id: None }
    }
}

/// Somebody changes what is published.
fn replace_checkpoint(log: &Directory, note: &str) {
    let published = log.checkpoint().unwrap();
    assert!(log.publish_checkpoint(published.as_deref(), note).unwrap());
}

fn signers() -> [NoteSigner; 1] {
    [NoteSigner::new("example.com/consent", [7; 32]).unwrap()]
}

/// A published log, and the files in it.
struct Published {
    scratch: Scratch,
    files: Vec<PathBuf>,
    checkpoint: Checkpoint,
}

impl Published {
    fn new(name: &str, entries: u64) -> Self {
        let scratch = Scratch::new(name);
        let storage = MemoryStorage::new();
        let engine = Engine::new(&storage, Provider, || START);
        for n in 0..entries {
            let number = PhoneNumber::from_digits(12_065_550_100 + n).unwrap();
            let event = Event::Added { source: Source::Csv, opted_out: None };
            block_on(engine.handle(&Contact::new(account(), number), event)).unwrap();
        }
        let (log, signers) = (Directory::new(scratch.path("log")), signers());
        let checkpointer =
            Checkpointer::new(&storage, &log, account(), "example.com/acme", &signers);
        let checkpoint = block_on(checkpointer.run_once()).unwrap();
        let mut files = Vec::new();
        let mut folders = vec![scratch.path("log")];
        while let Some(folder) = folders.pop() {
            for file in fs::read_dir(folder).unwrap() {
                let file = file.unwrap().path();
                let is_beside = file.file_name().unwrap().to_str().unwrap().starts_with('.');
                match file.is_dir() {
                    true => folders.push(file),
                    false if is_beside => {}
                    false => files.push(file),
                }
            }
        }
        files.sort();
        Self { scratch, files, checkpoint }
    }

    fn log(&self) -> Directory {
        Directory::new(self.scratch.path("log"))
    }

    fn audit(&self) -> Result<Checkpoint, BadLedger<DirectoryError>> {
        audit::directory(&self.log(), &[signers()[0].key()]).map(|(checkpoint, _)| checkpoint)
    }
}

#[test]
fn every_file_missing_cut_or_changed_is_found_and_named() {
    let published = Published::new("audit-files", 600);
    assert_eq!(published.audit(), Ok(published.checkpoint.clone()));
    assert_eq!(published.files.len(), 8);
    let mut changes = 0;
    for file in &published.files {
        let whole = fs::read(file).unwrap();
        let name = file.strip_prefix(published.scratch.path("log")).unwrap().to_str().unwrap();
        let found = |what: &str| {
            let found = published.audit().unwrap_err();
            if name == "checkpoint" {
                assert!(
                    matches!(
                        found,
                        BadLedger::Checkpoint(_) | BadLedger::BadTile { .. } | BadLedger::Read(_)
                    ),
                    "{found}"
                );
            } else {
                // Leaves that were changed lead to other hashes than the tile has.
                let tile = name.replace("entries", "0");
                let bad = |path: &str| BadLedger::BadTile { path: path.into() };
                assert!(found == bad(name) || found == bad(&tile), "{name} {what}: {found}");
            }
        };
        fs::remove_file(file).unwrap();
        found("missing");
        for cut in [0, 1, whole.len() / 3, whole.len() / 2, whole.len() - 32, whole.len() - 1] {
            fs::write(file, &whole[..cut]).unwrap();
            found("cut");
            changes += 1;
        }
        for region in 0..32 {
            let mut changed = whole.clone();
            changed[region * whole.len() / 32] ^= 1 << (region % 8);
            fs::write(file, changed).unwrap();
            found("changed");
            changes += 1;
        }
        fs::write(file, [&whole[..], &whole[..32]].concat()).unwrap();
        found("longer");
        fs::write(file, &whole).unwrap();
    }
    assert_eq!(published.audit(), Ok(published.checkpoint.clone()));
    println!("{changes} changes");
}

#[test]
fn leaves_changed_together_with_their_tiles_are_found_by_the_root() {
    let published = Published::new("audit-root", 3);
    let entries = published.scratch.path("log/tile/entries/000.p/3");
    let mut bytes = fs::read(&entries).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&entries, &bytes).unwrap();
    let mut rest = &bytes[..];
    let mut hashes = Vec::new();
    while !rest.is_empty() {
        let length = usize::from(u16::from_be_bytes([rest[0], rest[1]]));
        hashes.extend(leaf_hash(&rest[2..2 + length]).0);
        rest = &rest[2 + length..];
    }
    fs::write(published.scratch.path("log/tile/0/000.p/3"), hashes).unwrap();
    assert_eq!(published.audit(), Err(BadLedger::OtherRoot));
}

#[test]
fn checkpoints_of_other_keys_logs_and_sizes_are_found() {
    let published = Published::new("audit-checkpoints", 300);
    let [signer] = signers();
    let foreign = NoteSigner::new("example.com/consent", [8; 32]).unwrap();
    let Checkpoint { size, root, .. } = published.checkpoint.clone();
    let sign = |size, root, signer: &NoteSigner| {
        Checkpoint::new("example.com/acme", size, root).sign(&[signer])
    };
    replace_checkpoint(&published.log(), &sign(size, root, &foreign));
    assert_eq!(published.audit(), Err(BadLedger::Checkpoint(BadNote::UnknownKey.into())));
    let other = Hash::of(b"of another account");
    replace_checkpoint(&published.log(), &sign(size, other, &signer));
    assert_eq!(published.audit(), Err(BadLedger::OtherRoot));
    for size in [0, 1, 43, 44, 255, 256, 257, 299, 301, 512, 70_000] {
        replace_checkpoint(&published.log(), &sign(size, root, &signer));
        let found = published.audit().unwrap_err();
        assert!(
            matches!(found, BadLedger::OtherRoot | BadLedger::BadTile { .. }),
            "{size}: {found}"
        );
    }
}

#[test]
fn what_a_publication_that_was_cut_off_left_does_no_harm() {
    let published = Published::new("audit-interrupted", 300);
    for folder in ["", "tile/0", "tile/1", "tile/entries", "tile/entries/001.p"] {
        let name = format!("log/{folder}/.{}", ChainId([7; 16]).to_hex());
        fs::write(published.scratch.path(&name), "half a tile").unwrap();
    }
    assert_eq!(published.audit(), Ok(published.checkpoint.clone()));
    // What is published stays.
    assert_eq!(published.log().publish("tile/0/000", &[1; 8_192]), Ok(false));
    assert_eq!(published.audit(), Ok(published.checkpoint.clone()));
    // A folder in the place of a file is an error, and no more.
    let file = published.scratch.path("log/tile/1/000.p/1");
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    assert!(published.log().publish("tile/1/000.p/1", b"x").is_err());
    let left = fs::read_dir(file.parent().unwrap()).unwrap().count();
    assert_eq!(left, 1, "what could not be moved into its place is gone");
}
