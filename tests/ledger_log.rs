//! An account's log: published whole, signed once, and never two histories.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod black_box;
mod support;

use std::{
    collections::BTreeMap,
    fs,
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
};

use black_box::Scratch;
use optin::{
    AccountId, Contact, Engine, Event, Handover, Outbox, Outgoing, PhoneNumber, Source, Storage,
    blocking::block_on,
    ledger::{
        Checkpoint, CheckpointError, Checkpointer, Directory, DirectoryError, Ledger, NoteSigner,
        Sealed, Sink, Tile, TileSource, TiledLog, merkle,
    },
    store::{MemoryStorage, SqliteStorage},
};

use self::support::{START, account};

struct Provider;

impl Outbox for Provider {
    async fn send(&self, _outgoing: &Outgoing) -> Handover {
        Handover::Accepted { provider_id: None }
    }
}

/// Adds this many contacts, an entry each.
fn add(storage: &impl Storage, of: &AccountId, from: u64, count: u64) {
    let engine = Engine::new(storage, Provider, || START);
    for n in from..from + count {
        let number = PhoneNumber::from_digits(12_065_550_000 + n).unwrap();
        let event = Event::Added { source: Source::Csv, opted_out: None };
        block_on(engine.handle(&Contact::new(of.clone(), number), event)).unwrap();
    }
}

/// A sink in memory, whose calls fail from one on.
#[derive(Debug, Default)]
struct Shelf {
    files: Mutex<BTreeMap<String, Vec<u8>>>,
    calls: Mutex<usize>,
    fails_at: Option<usize>,
    /// Whether the call that fails is done all the same.
    done: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Failed;

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("failed")
    }
}

impl std::error::Error for Failed {}

impl Shelf {
    fn files(&self) -> MutexGuard<'_, BTreeMap<String, Vec<u8>>> {
        self.files.lock().unwrap()
    }

    fn call<T>(&self, call: impl FnOnce() -> T) -> Result<T, Failed> {
        let n = {
            let mut calls = self.calls.lock().unwrap();
            *calls += 1;
            *calls
        };
        if Some(n) == self.fails_at {
            if self.done {
                call();
            }
            return Err(Failed);
        }
        Ok(call())
    }
}

impl TileSource for Shelf {
    type Error = Failed;

    fn tile(&self, tile: Tile) -> Result<Option<Vec<u8>>, Failed> {
        self.call(|| self.files().get(&tile.path()).cloned())
    }
}

impl Sink for Shelf {
    fn publish(&self, path: &str, bytes: &[u8]) -> Result<bool, Failed> {
        self.call(|| self.files().entry(path.into()).or_insert_with(|| bytes.into()) == bytes)
    }

    fn publish_checkpoint(&self, before: Option<&str>, note: &str) -> Result<bool, Failed> {
        self.call(|| {
            let mut files = self.files();
            let is_before = files.get("checkpoint").map(Vec::as_slice) == before.map(str::as_bytes);
            if is_before {
                files.insert("checkpoint".into(), note.into());
            }
            is_before
        })
    }

    fn checkpoint(&self) -> Result<Option<String>, Failed> {
        let note = self.call(|| self.files().get("checkpoint").cloned())?;
        Ok(note.map(|note| String::from_utf8(note).unwrap()))
    }
}

/// Somebody changes what is published.
fn replace_checkpoint(sink: &impl Sink<Error: std::fmt::Debug>, note: &str) {
    let published = sink.checkpoint().unwrap();
    assert!(sink.publish_checkpoint(published.as_deref(), note).unwrap());
}

const ORIGIN: &str = "example.com/consent/acme";

fn signers() -> [NoteSigner; 1] {
    [NoteSigner::new("example.com/consent", [7; 32]).unwrap()]
}

fn run<S: Ledger, K: Sink>(
    storage: &S,
    sink: &K,
) -> Result<Checkpoint, CheckpointError<S::Error, K::Error>> {
    let signers = signers();
    block_on(Checkpointer::new(storage, sink, account(), ORIGIN, &signers).run_once())
}

/// Everything that was published is right: tiles, leaves, root.
fn is_right<S: Ledger>(storage: &S, sink: &Shelf, size: u64) {
    let note = sink.checkpoint().unwrap().unwrap();
    let checkpoint = Checkpoint::open(&note, &[signers()[0].key()]).unwrap();
    assert_eq!((checkpoint.size, checkpoint.origin.as_str()), (size, ORIGIN));
    let leaves = block_on(storage.leaves(&account(), 0, usize::MAX)).unwrap();
    assert_eq!(leaves.len() as u64, size);
    let hashes: Vec<_> = leaves.iter().map(|leaf| merkle::leaf_hash(leaf)).collect();
    assert_eq!(merkle::root(&hashes[..], size), Ok(checkpoint.root));
    let log = TiledLog::new(sink, size);
    for index in [0, size / 2, size - 1] {
        let proof = merkle::inclusion(&log, index, size).unwrap().unwrap();
        let leaf = hashes[index as usize];
        assert!(merkle::is_included(&proof, index, leaf, size, checkpoint.root));
        let bundle = Tile { level: 0, index: index / 256, width: 256 };
        let width = (size - index / 256 * 256).min(256) as u16;
        let bundle = sink.files()[&Tile { width, ..bundle }.entries_path()].clone();
        let entry = &leaves[index as usize];
        assert!(bundle.windows(entry.len()).any(|window| window == entry));
        assert_eq!(Sealed::decode(entry).unwrap().account, "acme");
    }
}

#[test]
fn a_log_grows_and_every_checkpoint_goes_on_from_the_one_before() {
    let (storage, sink) = (MemoryStorage::new(), Shelf::default());
    let empty = run(&storage, &sink).unwrap();
    assert_eq!(empty.size, 0);
    let mut before = empty;
    let mut added = 0;
    for more in [1, 1, 253, 1, 1, 300, 255] {
        add(&storage, &account(), added, more);
        added += more;
        let checkpoint = run(&storage, &sink).unwrap();
        assert_eq!(checkpoint.size, added);
        is_right(&storage, &sink, added);
        let log = TiledLog::new(&sink, added);
        let proof = merkle::consistency(&log, before.size, added).unwrap().unwrap();
        let (old, new) = (before.root, checkpoint.root);
        assert!(merkle::is_consistent(&proof, before.size, old, added, new));
        // Nothing new: nothing is signed anew.
        assert_eq!(run(&storage, &sink).unwrap(), checkpoint);
        before = checkpoint;
    }
}

#[test]
fn a_run_that_ends_anywhere_is_taken_up_by_the_next() {
    let mut ends = 0;
    for done in [false, true] {
        for fails_at in 1.. {
            let storage = MemoryStorage::new();
            let sink = Shelf::default();
            add(&storage, &account(), 0, 300);
            run(&storage, &sink).unwrap();
            let first = sink.checkpoint().unwrap().unwrap();
            add(&storage, &account(), 300, 300);
            let files = sink.files.into_inner().unwrap();
            let sink =
                Shelf { files: files.into(), fails_at: Some(fails_at), done, ..Shelf::default() };
            let ended = run(&storage, &sink);
            if ended.is_ok() {
                break;
            }
            assert_eq!(ended, Err(CheckpointError::Sink(Failed)));
            ends += 1;
            let sink = Shelf { files: sink.files.into_inner().unwrap().into(), ..Shelf::default() };
            let now = sink.checkpoint().unwrap().unwrap();
            if now != first {
                assert!(done, "a checkpoint without its tiles");
            }
            add(&storage, &account(), 600, 5);
            assert_eq!(run(&storage, &sink).unwrap().size, 605);
            is_right(&storage, &sink, 605);
        }
    }
    assert!(ends > 20, "{ends}");
    println!("{ends} runs ended midway");
}

#[test]
fn many_checkpointers_at_once_make_one_history() {
    let (storage, sink) = (MemoryStorage::new(), Shelf::default());
    let signed = Mutex::new(Vec::new());
    let is_added = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            add(&storage, &account(), 0, 1_500);
            is_added.store(true, Relaxed);
        });
        for _ in 0..4 {
            scope.spawn(|| {
                while !is_added.load(Relaxed) {
                    signed.lock().unwrap().push(run(&storage, &sink).unwrap());
                }
            });
        }
    });
    let last = run(&storage, &sink).unwrap();
    assert_eq!(last.size, 1_500);
    is_right(&storage, &sink, 1_500);
    let signed = signed.into_inner().unwrap();
    assert!(signed.len() > 4);
    let log = TiledLog::new(&sink, 1_500);
    for earlier in signed {
        assert_eq!(merkle::root(&log, earlier.size).unwrap(), earlier.root);
    }
}

/// A file that went back to an older copy, with and without going on from there.
#[test]
fn a_storage_that_went_back_is_found_and_not_signed() {
    let scratch = Scratch::new("ledger-log");
    let sink = Shelf::default();
    let (path, copy) = (scratch.path("now.db"), scratch.path("copy.db"));
    let storage = SqliteStorage::open(&path).unwrap();
    add(&storage, &account(), 0, 10);
    drop(storage);
    fs::copy(&path, &copy).unwrap();
    let storage = SqliteStorage::open(&path).unwrap();
    add(&storage, &account(), 10, 10);
    assert_eq!(run(&storage, &sink).unwrap().size, 20);
    drop(storage);
    let published = sink.checkpoint().unwrap();
    let went_back = Err(CheckpointError::WentBack { published: 20 });
    for more in [0, 5, 10, 30] {
        let path = scratch.path(&format!("back-{more}.db"));
        fs::copy(&copy, &path).unwrap();
        let storage = SqliteStorage::open(&path).unwrap();
        add(&storage, &account(), 100, more);
        // Even where another log gave places meanwhile.
        for _ in 0..2 {
            assert_eq!(run(&storage, &sink), went_back, "{more} more");
            run(&storage, &Shelf::default()).unwrap();
        }
        assert_eq!(sink.checkpoint().unwrap(), published);
    }
    let storage = SqliteStorage::open(&path).unwrap();
    add(&storage, &account(), 20, 1);
    assert_eq!(run(&storage, &sink).unwrap().size, 21);
}

/// A directory before whose next checkpoint something else happens.
struct Slow<'a> {
    log: Directory,
    meanwhile: Mutex<Option<Box<dyn FnOnce() + Send + 'a>>>,
}

impl TileSource for Slow<'_> {
    type Error = DirectoryError;

    fn tile(&self, tile: Tile) -> Result<Option<Vec<u8>>, DirectoryError> {
        self.log.tile(tile)
    }
}

impl Sink for Slow<'_> {
    fn publish(&self, path: &str, bytes: &[u8]) -> Result<bool, DirectoryError> {
        self.log.publish(path, bytes)
    }

    fn publish_checkpoint(&self, before: Option<&str>, note: &str) -> Result<bool, DirectoryError> {
        if let Some(meanwhile) = self.meanwhile.lock().unwrap().take() {
            meanwhile();
        }
        self.log.publish_checkpoint(before, note)
    }

    fn checkpoint(&self) -> Result<Option<String>, DirectoryError> {
        self.log.checkpoint()
    }
}

#[test]
fn a_checkpointer_that_is_late_takes_nothing_back() {
    let scratch = Scratch::new("ledger-late");
    let storage = MemoryStorage::new();
    add(&storage, &account(), 0, 5);
    let log = Directory::new(scratch.path("log"));
    let meanwhile = Mutex::new(Some(Box::new(|| {
        add(&storage, &account(), 5, 5);
        assert_eq!(run(&storage, &log).unwrap().size, 10);
    }) as Box<dyn FnOnce() + Send>));
    let slow = Slow { log: log.clone(), meanwhile };
    assert_eq!(run(&storage, &slow).unwrap().size, 10);
    assert_eq!(run(&storage, &log).unwrap().size, 10);
}

/// A storage and a copy of it, both in use and both published to one place.
#[test]
fn of_two_copies_one_history_is_published() {
    for (first, second) in [(5, 7), (7, 5), (300, 400), (400, 300)] {
        let scratch = Scratch::new(&format!("ledger-copies-{first}"));
        let (one, other) = (MemoryStorage::new(), MemoryStorage::new());
        let log = Directory::new(scratch.path("log"));
        add(&one, &account(), 0, first);
        add(&other, &account(), 1_000, second);
        let published = Mutex::new(None);
        let meanwhile = Mutex::new(Some(Box::new(|| {
            *published.lock().unwrap() = Some(run(&one, &log));
        }) as Box<dyn FnOnce() + Send>));
        let slow = Slow { log: log.clone(), meanwhile };
        let late = run(&other, &slow);
        let published = published.lock().unwrap().take();
        let note = log.checkpoint().unwrap();
        match published.unwrap() {
            // The first came through, and the second is refused.
            Ok(published) => {
                assert_eq!(late, Err(CheckpointError::WentBack { published: published.size }));
                assert_eq!(run(&one, &log).unwrap(), published);
            }
            // What the second had published already was in the first one's way.
            Err(error) => {
                assert!(matches!(error, CheckpointError::OtherTile { .. }), "{error}");
                assert_eq!(late.unwrap().size, second);
            }
        }
        assert!(note.is_some());
    }
}

#[test]
fn a_published_checkpoint_that_is_not_ours_is_not_gone_on_from() {
    let storage = MemoryStorage::new();
    add(&storage, &account(), 0, 3);
    let sink = Shelf::default();
    run(&storage, &sink).unwrap();
    let ours = sink.checkpoint().unwrap().unwrap();
    let checkpoint = Checkpoint::open(&ours, &[signers()[0].key()]).unwrap();
    let foreign = NoteSigner::new("example.com/consent", [8; 32]).unwrap();
    let other_log = Checkpoint::new("example.com/consent/bolt", 3, checkpoint.root);
    let other_root = Checkpoint::new(ORIGIN, 3, merkle::leaf_hash(b"other"));
    let [signer] = signers();
    for (note, expected) in [
        (checkpoint.sign(&[&foreign]), "the published checkpoint is not believed"),
        (ours.replace("\n3\n", "\n2\n"), "the published checkpoint is not believed"),
        ("nonsense".into(), "the published checkpoint is not believed"),
        (other_log.sign(&[&signer]), "the published checkpoint is of another log"),
        (other_root.sign(&[&signer]), "the published tiles are not those that were signed"),
    ] {
        replace_checkpoint(&sink, &note);
        assert_eq!(run(&storage, &sink).unwrap_err().to_string(), expected);
        assert_eq!(sink.checkpoint().unwrap(), Some(note));
    }
    // A change of keys: the new one knows the old one.
    replace_checkpoint(&sink, &checkpoint.sign(&[&foreign]));
    let signers = signers();
    let checkpointer = Checkpointer::new(&storage, &sink, account(), ORIGIN, &signers);
    add(&storage, &account(), 3, 1);
    let signed = block_on(checkpointer.with_known_key(foreign.key()).run_once()).unwrap();
    assert_eq!(signed.size, 4);
    is_right(&storage, &sink, 4);
}

#[test]
fn a_published_tile_that_is_gone_cut_off_or_changed_is_found() {
    let storage = MemoryStorage::new();
    add(&storage, &account(), 0, 300);
    let sink = Shelf::default();
    run(&storage, &sink).unwrap();
    add(&storage, &account(), 300, 1);
    let whole = sink.files().clone();
    let mut found = 0;
    for path in whole.keys().filter(|path| path.starts_with("tile/") && !path.contains("entries")) {
        for change in 0..3 {
            *sink.files() = whole.clone();
            match change {
                0 => drop(sink.files().remove(path)),
                1 => drop(sink.files().get_mut(path).unwrap().pop()),
                _ => sink.files().get_mut(path).unwrap()[30] ^= 1,
            }
            // What was not needed was not read, and what is signed is right all the same.
            match run(&storage, &sink) {
                Ok(checkpoint) => {
                    let leaves = block_on(storage.leaves(&account(), 0, 301)).unwrap();
                    let hashes: Vec<_> =
                        leaves.iter().map(|leaf| merkle::leaf_hash(leaf)).collect();
                    assert_eq!(merkle::root(&hashes[..], 301), Ok(checkpoint.root));
                }
                Err(CheckpointError::BadTile(tile)) => {
                    assert!(change < 2 && path.starts_with(&tile.path()[..8]), "{tile:?}, {path}");
                    found += 1;
                }
                Err(CheckpointError::ChangedTiles | CheckpointError::OtherTile { .. }) => {
                    assert_eq!(change, 2, "{path}");
                    found += 1;
                }
                Err(error) => panic!("{error}"),
            }
        }
    }
    assert!(found >= 4, "{found}");
}

#[test]
fn a_directory_is_laid_out_as_the_format_has_it() {
    let scratch = Scratch::new("ledger-directory");
    let path = scratch.path("log");
    let directory = Directory::new(&path);
    let storage = MemoryStorage::new();
    add(&storage, &account(), 0, 260);
    let checkpoint = run(&storage, &directory).unwrap();
    assert_eq!(checkpoint.size, 260);
    let mut files = Vec::new();
    let mut folders = vec![std::path::PathBuf::from(&path)];
    while let Some(folder) = folders.pop() {
        for file in fs::read_dir(folder).unwrap() {
            let file = file.unwrap().path();
            if file.is_dir() {
                folders.push(file);
            } else {
                let name = file.strip_prefix(&path).unwrap().to_str().unwrap().to_owned();
                files.push((name, fs::metadata(&file).unwrap().len()));
            }
        }
    }
    files.sort();
    let names: Vec<_> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            ".lock",
            "checkpoint",
            "tile/0/000",
            "tile/0/001.p/4",
            "tile/1/000.p/1",
            "tile/entries/000",
            "tile/entries/001.p/4",
        ]
    );
    assert_eq!(files[2].1, 256 * 32);
    let again = run(&storage, &directory).unwrap();
    assert_eq!(again, checkpoint);
    let note = directory.checkpoint().unwrap().unwrap();
    assert_eq!(Checkpoint::open(&note, &[signers()[0].key()]), Ok(checkpoint));
}

#[test]
fn nobody_signs_without_a_key() {
    let (storage, sink) = (MemoryStorage::new(), Shelf::default());
    let checkpointer = Checkpointer::new(&storage, &sink, account(), ORIGIN, &[]);
    assert_eq!(block_on(checkpointer.run_once()), Err(CheckpointError::NoSigner));
}

#[test]
fn nothing_is_signed_that_cannot_be_read_again() {
    let (storage, sink) = (MemoryStorage::new(), Shelf::default());
    let signers = signers();
    let many: Vec<_> = (0..65).flat_map(|_| self::signers()).collect();
    let long = "o".repeat(70_000);
    for (origin, signers) in [
        ("", &signers[..]),
        ("example.com/a\tme", &signers[..]),
        ("example.com/a\nme", &signers[..]),
        ("example.com/a\u{85}me", &signers[..]),
        (&long, &signers[..]),
        (ORIGIN, &many[..]),
    ] {
        let checkpointer = Checkpointer::new(&storage, &sink, account(), origin, signers);
        let refused = block_on(checkpointer.run_once());
        assert!(matches!(refused, Err(CheckpointError::Unreadable(_))), "{refused:?}");
    }
    assert!(sink.files().is_empty());
}
