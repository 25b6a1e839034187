//! Texts a second in SQLite as contacts grow, beside a file of ten thousand contacts in the same round.
//!
//! The sizes are arguments: `growth 1000000 10000000`. A file is filled once, and grows from each
//! size to the next: by statements that repeat the rows of a contact that the crate added, numbers
//! and chains in no order.

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

use optin::{
    AccountId, Contact, PhoneNumber, Storage,
    blocking::block_on,
    store::{
        SqliteStorage,
        sqlite::{Durability, Options},
    },
};
use optin_benches::{
    engines::{self, APART, Driven, FIRST, NUMBERS, contact},
    processor,
    rounds::Spread,
    scratch::Scratch,
};
use rusqlite::Connection;

const START: usize = 10_000;
const ROUNDS: usize = 31;
/// Texts of one round, each of another contact.
const TEXTS: usize = 200;
/// Contacts in one transaction that fills.
const AT_ONCE: usize = 1_000_000;
/// The contact whose rows are repeated.
const PATTERN: u64 = 18_885_550_101;

fn main() -> Result<(), Box<dyn Error>> {
    let mut sizes = Vec::new();
    for size in std::env::args().skip(1) {
        sizes.push(size.parse::<usize>()?);
    }
    if sizes.is_empty() {
        sizes = vec![100_000, 1_000_000];
    }
    let scratch = Scratch::new("growth")?;
    let large = scratch.file("large.db");
    let mut contacts = 0;
    for size in sizes {
        // Anew for each: one that was asked already is not asked again.
        let small = scratch.file(&format!("beside-{size}.db"));
        fill(&small, 0, START)?;
        let start = Instant::now();
        fill(&large, contacts, size)?;
        let rate = (size - contacts) as f64 / start.elapsed().as_secs_f64();
        contacts = size;
        let bytes = fs::metadata(&large)?.len();
        println!(
            "{size} contacts: {} bytes each, {rate:.0} a second while filled",
            bytes / size as u64
        );
        compare(&open(small)?, &open(large.clone())?, size)?;
    }
    Ok(())
}

type File = Driven<SqliteStorage>;

/// With `NORMAL`, since syncs would hide what growth costs.
fn open(path: PathBuf) -> Result<File, Box<dyn Error>> {
    Ok(Driven::over(Options::default().durability(Durability::Normal).open(path)?))
}

/// Gives a file the contacts from one to another, each added, with one entry.
fn fill(path: &Path, from: usize, to: usize) -> Result<(), Box<dyn Error>> {
    if from == 0 {
        let pattern = PhoneNumber::from_digits(PATTERN)?;
        let pattern = Contact::new(AccountId::new("acme")?, pattern);
        block_on(open(path.into())?.0.handle(&pattern, engines::added()))?;
    }
    let file = Connection::open(path)?;
    file.execute_batch(
        "PRAGMA synchronous = OFF; PRAGMA cache_size = -4000000; PRAGMA temp_store = MEMORY;
         CREATE TEMP TABLE new (place INTEGER PRIMARY KEY, number INTEGER, chain BLOB);",
    )?;
    for from in (from..to).step_by(AT_ONCE) {
        let last = to.min(from + AT_ONCE) - 1;
        file.execute_batch("BEGIN")?;
        for statement in [
            format!(
                "WITH RECURSIVE places (place) AS (
                     SELECT {from} UNION ALL SELECT place + 1 FROM places WHERE place < {last}
                 )
                 INSERT INTO new
                 SELECT place, {FIRST} + place * {APART} % {NUMBERS}, randomblob(16) FROM places"
            ),
            format!(
                "INSERT INTO disclosed (account, chain, sequence, at, entry, salts)
                 SELECT account, new.chain, 0, at, entry, salts
                 FROM contacts AS pattern JOIN disclosed USING (account, chain) CROSS JOIN new
                 WHERE account = 'acme' AND pattern.number = {PATTERN} AND sequence = 0 ORDER BY place"
            ),
            format!(
                "INSERT INTO entries (id, account, chain, sequence, hash, sealed, disclosed)
                 SELECT (SELECT max(id) FROM entries) + 1 + place - {from}, account,
                     new.chain, 0, hash, sealed, (SELECT max(id) FROM disclosed) + place - {last}
                 FROM contacts AS pattern JOIN entries USING (account, chain) CROSS JOIN new
                 WHERE account = 'acme' AND pattern.number = {PATTERN} AND sequence = 0 ORDER BY place"
            ),
            format!(
                "INSERT INTO contacts (account, number, state, revision, record, chain, length, head)
                 SELECT account, new.number, state, revision, record, new.chain, length, head
                 FROM contacts AS pattern CROSS JOIN new
                 WHERE account = 'acme' AND pattern.number = {PATTERN} ORDER BY new.number"
            ),
            "DELETE FROM new".into(),
        ] {
            assert_eq!(file.execute(&statement, [])?, last + 1 - from, "{statement}");
        }
        file.execute_batch("COMMIT")?;
    }
    // What the log beside the file holds is written back.
    file.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(())
}

/// Contacts that were added write for the first time, and are asked: two commits a text.
fn compare(small: &File, large: &File, size: usize) -> Result<(), Box<dyn Error>> {
    let mut next = size;
    let mut spent = [Vec::new(), Vec::new(), Vec::new(), Vec::new()];
    let mut loads = [Vec::new(), Vec::new()];
    for round in 0..ROUNDS {
        for turn in 0..2 {
            let side = (round + turn) % 2;
            let (file, contacts) = [(small, START), (large, size)][side];
            let (start, before) = (Instant::now(), processor::nanos()?);
            for text in 0..TEXTS {
                let who = contact((next + text) * 7_919 % contacts);
                let event = engines::text(next + text, side, "Hi, are you open?");
                block_on(file.0.handle(&who, event))?;
            }
            let each = |nanos: f64| nanos / 1e3 / TEXTS as f64;
            spent[side].push(each(start.elapsed().as_nanos() as f64));
            spent[side + 2].push(each((processor::nanos()? - before) as f64));
            let start = Instant::now();
            for load in 0..TEXTS {
                let who = contact((next + load) * 104_729 % contacts);
                assert!(block_on(file.0.storage().load(&who))?.record.is_some());
            }
            loads[side].push(each(start.elapsed().as_nanos() as f64));
        }
        next += TEXTS;
    }
    let ratio = |large: &[f64], small: &[f64]| {
        Spread::of(large.iter().zip(small).map(|(large, small)| large / small).collect())
    };
    let print = |what: &str, small: &[f64], large: &[f64]| {
        let [one, other] = [small, large].map(|side| Spread::of(side.to_vec()));
        let ratio = ratio(large, small);
        println!("  {what:<22} {one:.1} us at {START}, {other:.1} us; ratio {ratio} (below 2)");
    };
    print("a text", &spent[0], &spent[1]);
    print("its processor time", &spent[2], &spent[3]);
    print("a load", &loads[0], &loads[1]);
    Ok(())
}
