//! The ledger as proof, beside SHA-256 of as many bytes: sealing, verifying, proofs of inclusion.

use std::{error::Error, fs, hint::black_box, io, thread, time::Instant};

use optin::{
    AccountId, Archive, Entry,
    blocking::block_on,
    ledger::{
        ChainId, Directory, Hash, Head, Salts, Sink, Tile, TiledLog, Unsealed, Verifier,
        merkle::{self, inclusion, is_included, leaf_hash},
        seal::seal,
        stored,
    },
    store::MemoryStorage,
};
use optin_benches::{
    engines::{self, Driven},
    rounds,
    scratch::Scratch,
};

/// Entries in one turn.
const ENTRIES: usize = 10_000;
/// Entries verified by one thread and by two.
const MANY: usize = 1_000_000;
/// Entries in one chain of them.
const CHAIN: usize = 1_000;
/// Leaves of the log that proofs are read from.
const LEAVES: u64 = 10_000_000;

struct Row {
    entry: Entry,
    json: String,
    salts: Salts,
    bytes: Vec<u8>,
    hash: Hash,
}

fn main() -> Result<(), Box<dyn Error>> {
    let account = AccountId::new("acme")?;
    let rows = rows(&account, ENTRIES)?;
    let hashed: Vec<Vec<u8>> = rows.iter().map(hashed).collect();
    let bytes: usize = hashed.iter().map(Vec::len).sum();
    println!(
        "{} bytes hashed an entry, {} of them the sealed entry",
        bytes / ENTRIES,
        rows[0].bytes.len()
    );
    let sealed: Vec<&[u8]> = rows.iter().map(|row| &row.bytes[..]).collect();
    let rounds = rounds::run(
        41,
        &mut [
            (
                "seal",
                Box::new(|| {
                    black_box(sealed_again(&account, &rows));
                }),
            ),
            ("SHA-256 of as many bytes", Box::new(|| hash_all(&hashed))),
            ("verify", Box::new(|| verify(&rows))),
            (
                "SHA-256 of the sealed bytes",
                Box::new(|| {
                    sealed.iter().for_each(|bytes| {
                        black_box(Hash::of(bytes));
                    });
                }),
            ),
        ],
    );
    for (at, name) in ["seal", "SHA-256 of as many bytes", "verify", "SHA-256 of the sealed bytes"]
        .into_iter()
        .enumerate()
    {
        println!("  {name:<28} {:.2} us an entry", rounds.micros_each(at, ENTRIES));
    }
    println!("  seal / SHA-256: {:.2} (at most 1.6)", rounds.ratio(0, 1));
    println!("  verify a chain / SHA-256: {:.2} (at most 1.5)", rounds.ratio(2, 3));
    threads(&rows)?;
    proofs()?;
    Ok(())
}

/// Entries of texts, prompts and settlements, sealed in one chain.
fn rows(account: &AccountId, count: usize) -> Result<Vec<Row>, Box<dyn Error>> {
    let engine = Driven::over(MemoryStorage::new());
    let mut entries = Vec::new();
    for number in 0.. {
        engine.handle(number, engines::text(number, 0, "Hi, are you open?"));
        let contact = engines::contact(number);
        entries.extend(block_on(engine.0.storage().history(&contact, 0, 99))?);
        if entries.len() >= count {
            break;
        }
    }
    entries.truncate(count);
    let mut head = Head::new(ChainId([7; 16]));
    let rows = entries.into_iter().map(|entry| {
        let (json, salts) = (stored::encode_entry(&entry)?, Salts::draw()?);
        let (bytes, next) = seal(account, &head, &entry, &json, &salts);
        head = next;
        Ok(Row { entry, json, salts, bytes, hash: next.hash })
    });
    rows.collect()
}

/// All bytes that sealing an entry hashes, in one piece.
fn hashed(row: &Row) -> Vec<u8> {
    let sealed = optin::ledger::Sealed::decode(&row.bytes).expect("it was sealed");
    let number = row.entry.number.map_or(0, |number| 32 + number.to_e164().len());
    let [_, received, sent, _] = sealed.commitments;
    // What the texts have is within the JSON: as many of its bytes stand for them.
    let texts = row.json.len().min(150);
    let extra = number + received.map_or(0, |_| 32 + 8) + sent.map_or(0, |_| 32 + texts);
    let mut bytes = vec![7; extra + 32];
    bytes.extend_from_slice(row.json.as_bytes());
    bytes.extend_from_slice(&row.bytes);
    bytes
}

fn sealed_again(account: &AccountId, rows: &[Row]) -> Hash {
    let mut head = Head::new(ChainId([7; 16]));
    for row in rows {
        head = Unsealed::new(&row.entry, &row.json, &row.salts).seal(account, &head).1;
    }
    head.hash
}

fn hash_all(pieces: &[Vec<u8>]) {
    pieces.iter().for_each(|piece| {
        black_box(Hash::of(piece));
    });
}

fn verify(rows: &[Row]) {
    let mut verifier = Verifier::new("acme");
    for row in rows {
        verifier.entry(&row.bytes, row.hash).expect("nobody changed it");
    }
}

/// A million entries in chains of a thousand, by one thread and by two, which are started alike.
///
/// So many are within the cache that a core has to itself: more are read from one that it shares,
/// and whoever works beside a single thread slows it there, but finds no room beside two.
fn threads(rows: &[Row]) -> io::Result<()> {
    let chain = &rows[..CHAIN];
    // Nanoseconds until all were done, and what the busiest of the threads had of a processor.
    let by = |threads: usize| -> io::Result<[f64; 2]> {
        let start = Instant::now();
        let work = || (0..MANY / CHAIN / threads).for_each(|_| verify(chain));
        let busy = thread::scope(|scope| {
            let threads: Vec<_> = (0..threads).map(|_| scope.spawn(|| timed(work))).collect();
            let busy = threads.into_iter().map(|thread| thread.join().expect("it verifies"));
            busy.collect::<io::Result<Vec<f64>>>()
        })?;
        Ok([start.elapsed().as_nanos() as f64, busy.into_iter().fold(0.0, f64::max)])
    };
    let (mut clock, mut processor) = (Vec::new(), Vec::new());
    for round in 0..22 {
        let (one, two) = if round % 2 == 0 {
            let one = by(1)?;
            (one, by(2)?)
        } else {
            let two = by(2)?;
            (by(1)?, two)
        };
        clock.push(one[0] / two[0]);
        processor.push(one[1] / two[1]);
    }
    let [clock, processor] = [clock, processor].map(rounds::Spread::of);
    println!("  1,000,000 entries, two threads: {processor:.2} times one (at least 1.7)");
    println!("  the same by the clock, which others' work moves: {clock:.2}");
    Ok(())
}

/// The nanoseconds that this thread had of a processor for the work (Linux).
fn timed(work: impl Fn()) -> io::Result<f64> {
    let had = || -> io::Result<f64> {
        let stat = fs::read_to_string("/proc/thread-self/schedstat")?;
        let nanos = stat.split_whitespace().next().and_then(|nanos| nanos.parse().ok());
        nanos.ok_or_else(|| io::Error::other("no time of the thread"))
    };
    let before = had()?;
    work();
    Ok(had()? - before)
}

/// Proofs of inclusion out of a directory of tiles.
fn proofs() -> Result<(), Box<dyn Error>> {
    let scratch = Scratch::new("ledger")?;
    let directory = Directory::new(scratch.file("log"));
    println!("  a log of {LEAVES} leaves is published");
    let root = publish(&directory)?;
    let (mut micros, mut longest) = (Vec::new(), 0);
    for n in 0..2_000_u64 {
        let index = n.wrapping_mul(0x9E37_79B9_7F4A_7C15) % LEAVES;
        let start = Instant::now();
        // Each proof by itself: nothing is kept from the one before.
        let log = TiledLog::new(&directory, LEAVES);
        let proof = inclusion(&log, index, LEAVES)?.ok_or("it is in the log")?;
        micros.push(start.elapsed().as_nanos() as f64 / 1_000.0);
        longest = longest.max(proof.len() * 32);
        assert!(is_included(&proof, index, leaf(index), LEAVES, root));
    }
    let spread = rounds::Spread::of(micros);
    println!("  proof of inclusion: {spread:.0} us (below 1,000), at most {longest} bytes (2,048)");
    Ok(())
}

fn leaf(index: u64) -> Hash {
    leaf_hash(&index.to_be_bytes())
}

/// Publishes all tiles, level by level; says the root.
fn publish(directory: &Directory) -> Result<Hash, Box<dyn Error>> {
    let mut level: Vec<Hash> = (0..LEAVES).map(leaf).collect();
    let root = merkle::root(&level[..], LEAVES)?;
    let mut number = 0;
    while !level.is_empty() {
        for (index, row) in level.chunks(256).enumerate() {
            let tile = Tile { level: number, index: index as u64, width: row.len() as u16 };
            let bytes: Vec<u8> = row.iter().flat_map(|hash| hash.0).collect();
            // Not made durable one by one, which is not what is measured.
            let path = directory.path().join(tile.path());
            fs::create_dir_all(path.parent().ok_or("a tile is in a folder")?)?;
            fs::write(path, bytes)?;
        }
        level =
            level.chunks_exact(256).map(|row| merkle::root(row, 256)).collect::<Result<_, _>>()?;
        number += 1;
    }
    let _: Option<String> = directory.checkpoint()?;
    Ok(root)
}
