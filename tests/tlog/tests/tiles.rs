//! `tlog_tiles` and `signed_note` verify our tiles, proofs and checkpoints, and we theirs.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::path::PathBuf;

use optin::{
    AccountId, Contact, Engine, Event, Handover, Outbox, Outgoing, PhoneNumber, Source,
    blocking::block_on,
    ledger::{
        self, CheckpointSink, Checkpointer, Directory, Ledger, NoteKey, NoteSigner, TiledLog,
        merkle, note,
    },
    store::MemoryStorage,
};
use optin_tlog::{Judge, ours, theirs};
use signed_note::{Note, StandardVerifier, VerifierList};
use tlog_tiles::{TileHashReader, check_record, check_tree, prove_record, prove_tree, tree_hash};

struct Provider;

impl Outbox for Provider {
    async fn send(&self, _outgoing: &Outgoing) -> Handover {
        Handover::Accepted { provider_id: None }
    }
}

struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let folder = format!("optin-tlog-{name}-{}", std::process::id());
        Self(std::env::temp_dir().join(folder))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

const ORIGIN: &str = "example.com/consent/acme";

fn signer() -> NoteSigner {
    NoteSigner::new("example.com/consent", [7; 32]).unwrap()
}

/// Publishes a log that grows to each of these sizes in turn, and lets `check` look at it.
fn grown(name: &str, sizes: &[u64], check: impl Fn(&MemoryStorage, &Judge, u64, u64)) {
    let scratch = Scratch::new(name);
    let acme = AccountId::new("acme").unwrap();
    let engine = Engine::new(MemoryStorage::new(), Provider, || chrono::DateTime::UNIX_EPOCH);
    let (directory, signers) = (Directory::new(&scratch.0), [signer()]);
    let (mut size, judge) = (0, Judge(directory.clone()));
    for &next in sizes {
        for n in size..next {
            let number = PhoneNumber::from_digits(12_065_000_000 + n).unwrap();
            let event = Event::Added { source: Source::Csv, opted_out: None };
            block_on(engine.handle(&Contact::new(acme.clone(), number), event)).unwrap();
        }
        let checkpointer =
            Checkpointer::new(engine.storage(), &directory, acme.clone(), ORIGIN, &signers);
        assert_eq!(block_on(checkpointer.run_once()).unwrap().size, next);
        check(engine.storage(), &judge, size, next);
        size = next;
    }
}

const SIZES: [u64; 8] = [1, 2, 255, 256, 257, 512, 600, 5_000];

#[test]
fn our_tiles_have_the_paths_of_theirs() {
    for index in [0, 1, 999, 1_000, 1_234_067, 999_999_999] {
        for width in [1_u16, 255, 256] {
            for level in [0, 1, 7] {
                let theirs = tlog_tiles::Tile::new(8, level, index, width.into(), false).path();
                let ours = ledger::Tile { level, index, width }.path();
                // Theirs names the height, which C2SP tlog-tiles fixes.
                assert_eq!(theirs, ours.replacen("tile/", "tile/8/", 1));
            }
        }
    }
}

#[test]
fn they_verify_our_tiles_and_proofs_and_we_theirs() {
    let (records, trees) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    grown("proofs", &SIZES, |storage, judge, old, size| {
        let acme = AccountId::new("acme").unwrap();
        let leaves = block_on(storage.leaves(&acme, 0, usize::MAX)).unwrap();
        let log = TiledLog::new(&judge.0, size);
        let root = merkle::root(&log, size).unwrap();
        // It checks every tile that it reads against the root.
        let reader = TileHashReader::new(size, theirs(root), judge);
        assert_eq!(tree_hash(size, &reader).unwrap().0, root.0);
        for index in (0..size).step_by((size / 40).max(1) as usize).chain([size - 1]) {
            let leaf = &leaves[index as usize];
            let hash = tlog_tiles::record_hash(leaf);
            assert_eq!(hash.0, merkle::leaf_hash(leaf).0);
            let proof = merkle::inclusion(&log, index, size).unwrap().unwrap();
            let mut as_theirs: Vec<_> = proof.iter().map(|hash| theirs(*hash)).collect();
            check_record(&as_theirs, size, theirs(root), index, hash).unwrap();
            let their_proof = prove_record(size, index, &reader).unwrap();
            let as_ours: Vec<_> = their_proof.into_iter().map(ours).collect();
            assert_eq!(as_ours, proof);
            assert!(merkle::is_included(&as_ours, index, ours(hash), size, root));
            if let Some(first) = as_theirs.first_mut() {
                first.0[0] ^= 1;
                check_record(&as_theirs, size, theirs(root), index, hash).unwrap_err();
            }
            records.set(records.get() + 1);
        }
        for before in [old, size / 2, size / 3, size - 1].into_iter().filter(|&n| n > 0) {
            let before_root = merkle::root(&log, before).unwrap();
            let proof = merkle::consistency(&log, before, size).unwrap().unwrap();
            let as_theirs: Vec<_> = proof.iter().map(|hash| theirs(*hash)).collect();
            let (new, earlier) = (theirs(root), theirs(before_root));
            check_tree(&as_theirs, size, new, before, earlier).unwrap();
            let their_proof = prove_tree(size, before, &reader).unwrap();
            let as_ours: Vec<_> = their_proof.into_iter().map(ours).collect();
            assert!(merkle::is_consistent(&as_ours, before, before_root, size, root));
            trees.set(trees.get() + 1);
        }
    });
    println!("{} proofs of inclusion and {} of consistency", records.get(), trees.get());
}

#[test]
fn they_open_our_checkpoints_and_we_open_theirs() {
    grown("notes", &[1, 300], |_, judge, _, size| {
        let published = judge.0.checkpoint().unwrap().unwrap();
        let key = signer().key().to_string();
        let verifier = StandardVerifier::new(&key).unwrap();
        let known = VerifierList::new(vec![Box::new(verifier)]);
        let note = Note::from_bytes(published.as_bytes()).unwrap();
        note.verify(&known).unwrap();
        let checkpoint = tlog_tiles::Checkpoint::from_bytes(note.text()).unwrap();
        assert_eq!((checkpoint.origin(), checkpoint.size()), (ORIGIN, size));
        let log = TiledLog::new(&judge.0, size);
        assert_eq!(checkpoint.hash().0, merkle::root(&log, size).unwrap().0);
        let foreign = NoteSigner::new("example.com/consent", [8; 32]).unwrap().key().to_string();
        let foreign = StandardVerifier::new(&foreign).unwrap();
        note.verify(&VerifierList::new(vec![Box::new(foreign)])).unwrap_err();
        // Theirs, written anew from what they read, is believed by us.
        let again = String::from_utf8(note.to_bytes()).unwrap();
        let key = NoteKey::parse(&key).unwrap();
        assert!(note::open(&again, &[key]).unwrap().starts_with(ORIGIN));
    });
}
