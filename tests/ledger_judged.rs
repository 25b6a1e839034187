//! A published log has one history of each chain, and evidence is judged against it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod black_box;
mod forged;
mod support;

use optin::{
    Engine, Handover, Outbox, Outgoing,
    blocking::block_on,
    ledger::{
        BadCheckpoint, Checkpoint, CheckpointSink, Checkpointer, Directory, DirectoryError,
        Evidence, Flaw, Hash, NoteKey, NoteSigner,
        audit::{self, BadLedger, PublishedLog},
        evidence::BadEvidence,
    },
    store::MemoryStorage,
};

use self::{
    black_box::Scratch,
    forged::{Chain, publish, refused},
    support::{START, account, contact, texted},
};

struct Provider;

impl Outbox for Provider {
    async fn send(&self, _outgoing: &Outgoing) -> Handover {
        Handover::Accepted { provider_id: None }
    }
}

const ORIGIN: &str = "example.com/acme";

fn signer() -> NoteSigner {
    NoteSigner::new("example.com/consent", [7; 32]).unwrap()
}

fn keys() -> [NoteKey; 1] {
    [signer().key()]
}

type Bad = BadLedger<DirectoryError>;

fn flawed(leaf: u64, flaw: Flaw) -> Bad {
    BadLedger::BadLeaf { leaf, flaw }
}

fn entry(second: u32, source: &str) -> String {
    refused(&format!("2026-03-01T09:00:{second:02}Z"), "+12065550100", source)
}

/// Both bundles hold by themselves: a log that holds both is what gives them away.
#[test]
fn two_histories_in_one_log_and_junk_are_found_and_their_places_named() {
    let scratch = Scratch::new("judged-forks");
    let directory = Directory::new(scratch.path("log"));
    let one = Chain::new("acme", [1; 16], &[entry(0, "csv"), entry(1, "csv"), entry(3, "csv")]);
    let other = Chain::new("acme", [1; 16], &[entry(0, "csv"), entry(2, "api"), entry(3, "csv")]);
    let second = Chain::new("acme", [2; 16], &[entry(0, "csv"), entry(1, "csv")]);
    let bolts = Chain::new("bolt", [3; 16], &[entry(0, "csv")]);
    let (a, b, c, d) = (&one.leaves, &other.leaves, &second.leaves, &bolts.leaves);
    let junk = b"junk".to_vec();
    let audit = |leaves: &[&Vec<u8>]| {
        let leaves: Vec<Vec<u8>> = leaves.iter().copied().cloned().collect();
        let note = publish(&directory, ORIGIN, &leaves, &signer());
        let audit =
            audit::directory(&directory, &keys()).map(|(it, audit)| (it.size, audit.chains));
        (audit, note, leaves)
    };
    let whole = [&a[0], &c[0], &a[1], &a[2], &c[1]];
    assert_eq!(audit(&whole).0, Ok((5, 2)));
    for (leaves, leaf, flaw) in [
        (vec![&a[0], &a[1], &b[1]], 2, Flaw::OutOfPlace { found: 1 }),
        (vec![&a[0], &a[1], &b[2]], 2, Flaw::DoesNotFollow),
        (vec![&a[0], &c[0], &a[0]], 2, Flaw::OutOfPlace { found: 0 }),
        (vec![&a[0], &a[2], &a[1]], 1, Flaw::OutOfPlace { found: 2 }),
        (vec![&c[0], &a[1]], 1, Flaw::OutOfPlace { found: 1 }),
        (vec![&a[0], &d[0]], 1, Flaw::OtherAccount),
        (vec![&junk], 0, Flaw::NotSealed),
        (vec![&a[0], &junk, &a[1]], 1, Flaw::NotSealed),
    ] {
        assert_eq!(audit(&leaves).0, Err(flawed(leaf, flaw)), "{flaw:?} at {leaf}");
    }
    let (_, note, leaves) = audit(&[&a[0], &a[1], &b[1]]);
    for (chain, places) in [(&one, [0, 1]), (&other, [0, 2])] {
        let mut evidence = chain.evidence_in(&places, &leaves, &note);
        evidence.entries.truncate(2);
        evidence.head = evidence.entries[1].hash.clone();
        assert_eq!(evidence.verify(&keys()).map(|proof| proof.included), Ok(2));
    }
    assert!(PublishedLog::read(&directory, &keys()).is_err());
}

/// Contacts 1 and 2 wrote; contact 1 says STOP after that.
struct Published {
    _scratch: Scratch,
    directory: Directory,
    storage: MemoryStorage,
}

impl Published {
    fn new(name: &str) -> Self {
        let scratch = Scratch::new(name);
        let directory = Directory::new(scratch.path("log"));
        let published = Self { _scratch: scratch, directory, storage: MemoryStorage::new() };
        for n in [1, 2] {
            published.text(n, "Hi");
        }
        published.publish(ORIGIN, &published.directory);
        published
    }

    fn text(&self, n: u8, words: &str) {
        let engine = Engine::new(&self.storage, Provider, || START);
        block_on(engine.handle(&contact(n), texted(&format!("{n}{words}"), words))).unwrap();
    }

    fn publish(&self, origin: &str, directory: &Directory) {
        let signers = [signer()];
        let checkpointer = Checkpointer::new(&self.storage, directory, account(), origin, &signers);
        block_on(checkpointer.run_once()).unwrap();
    }

    fn evidence(&self, n: u8) -> Evidence {
        let (of, keys) = (contact(n), keys());
        let gathered = Evidence::gather_published(&self.storage, &of, &self.directory, &keys);
        block_on(gathered).unwrap().unwrap()
    }

    fn judge(&self, evidence: &Evidence) -> Result<(usize, usize), Bad> {
        let log = PublishedLog::read(&self.directory, &keys())?;
        log.judge(evidence, &keys()).map(|proof| {
            assert!(proof.is_complete && proof.checkpoint.as_ref() == Some(log.checkpoint()));
            (proof.entries.len(), proof.included)
        })
    }
}

#[test]
fn evidence_cut_off_at_its_end_is_found_by_the_log() {
    let published = Published::new("judged-cut");
    let early = published.evidence(1);
    let alone = block_on(Evidence::gather(&published.storage, &contact(1))).unwrap().unwrap();
    assert_eq!((published.judge(&early), published.judge(&alone)), (Ok((2, 2)), Ok((2, 2))));
    // A log does not make up for a key: what came along signed must be signed by one that is known.
    let log = PublishedLog::read(&published.directory, &keys()).unwrap();
    let unknown = log.judge(&early, &[]);
    assert!(matches!(unknown, Err(BadLedger::Evidence(BadEvidence::Checkpoint(_)))), "{unknown:?}");
    published.text(1, "STOP");
    // Not in the log yet: the early evidence is all that is in it.
    assert_eq!(published.judge(&early), Ok((2, 2)));
    assert_eq!(published.judge(&published.evidence(1)), Ok((4, 2)));
    published.publish(ORIGIN, &published.directory);
    let bad =
        |sequence, logged| Err(BadLedger::Evidence(BadEvidence::LeftOut { sequence, logged }));
    for evidence in [&early, &alone] {
        assert!(evidence.verify_chain().is_ok());
        assert_eq!(published.judge(evidence), bad(2, 4));
    }
    let whole = published.evidence(1);
    let log = PublishedLog::read(&published.directory, &keys()).unwrap();
    let proof = log.judge(&whole, &keys()).unwrap();
    let said = "no later entry of this chain is among those 6 entries of the log";
    assert!(proof.proven().iter().any(|it| it == said), "{:#?}", proof.proven());
    let said = "that no entry came after the checkpoint, and that the clock of the business was \
                right";
    assert_eq!(proof.not_proven()[0], said);
    let mut cut = whole;
    cut.entries.truncate(3);
    cut.head = cut.entries[2].hash.clone();
    assert_eq!(cut.verify(&keys()).map(|proof| proof.included), Ok(3));
    assert_eq!(published.judge(&cut), bad(3, 4));
}

#[test]
fn evidence_of_another_log_another_day_or_another_history_is_refused() {
    let published = Published::new("judged-other");
    let evidence = published.evidence(1);
    let with = |checkpoint: Checkpoint| {
        // Its entries under no checkpoint, but for the one that is judged.
        let mut evidence = evidence.clone();
        for entry in &mut evidence.entries {
            (entry.leaf, entry.inclusion) = (None, None);
        }
        evidence.checkpoint = Some(checkpoint.sign(&[&signer()]));
        published.judge(&evidence)
    };
    let read = PublishedLog::read(&published.directory, &keys()).unwrap();
    let Checkpoint { size, root, .. } = read.checkpoint().clone();
    assert_eq!(with(Checkpoint::new(ORIGIN, size, root)), Ok((2, 2)));
    let other = BadEvidence::Checkpoint(BadCheckpoint::OtherLog);
    let other = Err(BadLedger::Evidence(other));
    assert_eq!(with(Checkpoint::new("example.com/bolt", size, root)), other);
    let later = BadLedger::WentBack { found: size, signed: size + 1 };
    assert_eq!(with(Checkpoint::new(ORIGIN, size + 1, root)), Err(later));
    for size in [0, 1, size] {
        assert_eq!(with(Checkpoint::new(ORIGIN, size, Hash([9; 32]))), Err(BadLedger::OtherRoot));
    }
    let bolts = Chain::new("bolt", [3; 16], &[entry(0, "csv")]).evidence();
    let other = BadLedger::Evidence(BadEvidence::OtherAccount);
    assert_eq!(published.judge(&bolts), Err(other));
    // Made anew, as long as it was or longer: it is another entry that the log has there.
    let chain = optin::ledger::ChainId::from_hex(&evidence.chain).unwrap().0;
    for entries in
        [vec![entry(0, "csv"), entry(1, "csv")], (0..9).map(|n| entry(n, "csv")).collect()]
    {
        let anew = Chain::new("acme", chain, &entries).evidence();
        assert!(anew.verify_chain().is_ok());
        let found = BadLedger::Evidence(BadEvidence::NotIncluded { sequence: 1 });
        assert_eq!(published.judge(&anew), Err(found));
    }
    // A chain of which the log has nothing.
    let unknown = Chain::new("acme", [9; 16], &[entry(0, "csv")]).evidence();
    assert_eq!(published.judge(&unknown), Ok((1, 0)));
}

/// The first tile that is missing ends it: no more is read, or held, than there is.
#[test]
fn a_signed_size_beyond_all_bounds_is_found_at_once() {
    let scratch = Scratch::new("judged-size");
    let directory = Directory::new(scratch.path("log"));
    for size in [257, 1 << 40, u64::MAX - 1, u64::MAX] {
        let note = Checkpoint::new(ORIGIN, size, Hash::default()).sign(&[&signer()]);
        let published = directory.checkpoint().unwrap();
        assert!(directory.publish_checkpoint(published.as_deref(), &note).unwrap());
        let found = audit::directory(&directory, &keys()).map(|(checkpoint, _)| checkpoint);
        assert_eq!(found, Err(BadLedger::BadTile { path: "tile/entries/000".into() }), "{size}");
    }
}

/// Several levels of tiles, read one at a time, are those that were published.
#[test]
fn a_log_of_several_levels_is_read_whole() {
    let scratch = Scratch::new("judged-levels");
    let (directory, storage) = (Directory::new(scratch.path("log")), MemoryStorage::new());
    let engine = Engine::new(&storage, Provider, || START);
    for n in 0..=255_u8 {
        for words in ["Hi", "stop"] {
            block_on(engine.handle(&contact(n), texted(&format!("{n}{words}"), words))).unwrap();
        }
    }
    let signers = [signer()];
    let checkpointer = Checkpointer::new(&storage, &directory, account(), ORIGIN, &signers);
    let size = block_on(checkpointer.run_once()).unwrap().size;
    let log = PublishedLog::read(&directory, &keys()).unwrap();
    assert_eq!((log.audit().chains, log.audit().signed, size), (256, size, 1_024));
    for n in [0, 99, 255] {
        let evidence = block_on(Evidence::gather(&storage, &contact(n))).unwrap().unwrap();
        assert_eq!(log.judge(&evidence, &keys()).map(|proof| proof.included), Ok(4));
    }
}
