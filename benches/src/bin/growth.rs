//! Texts a second in SQLite as contacts grow, beside a file of ten thousand contacts in the same round.
//!
//! The sizes are arguments: `growth 1000000 10000000`. A file is filled once, by `Import::csv`, and
//! grows from each size to the next.

use std::{
    error::Error,
    fs,
    io::{self, Read, Write},
    time::Instant,
};

use optin::{
    AccountId, Contact, PhoneNumber, Storage,
    blocking::block_on,
    import::Import,
    store::{
        SqliteStorage,
        sqlite::{Durability, Options},
    },
};
use optin_benches::{
    engines::{self, Driven},
    processor,
    rounds::Spread,
    scratch::Scratch,
};

const START: usize = 10_000;
const ROUNDS: usize = 31;
/// Texts of one round, each of another contact.
const TEXTS: usize = 200;

fn main() -> Result<(), Box<dyn Error>> {
    let mut sizes = Vec::new();
    for size in std::env::args().skip(1) {
        sizes.push(size.parse::<usize>()?);
    }
    if sizes.is_empty() {
        sizes = vec![100_000, 1_000_000];
    }
    let scratch = Scratch::new("growth")?;
    let large = File::open(&scratch, "large.db")?;
    let mut contacts = 0;
    for size in sizes {
        // Anew for each: one that was asked already is not asked again.
        let small = File::open(&scratch, &format!("beside-{size}.db"))?;
        small.grow(0, START)?;
        let start = Instant::now();
        large.grow(contacts, size)?;
        let rate = (size - contacts) as f64 / start.elapsed().as_secs_f64();
        contacts = size;
        let bytes = fs::metadata(scratch.file("large.db"))?.len();
        println!(
            "{size} contacts: {} bytes each, {rate:.0} a second while filled",
            bytes / size as u64
        );
        compare(&small, &large, size)?;
    }
    Ok(())
}

/// A storage and its engine; with `NORMAL`, since syncs would hide what growth costs.
struct File(Driven<SqliteStorage>);

impl File {
    fn open(scratch: &Scratch, name: &str) -> Result<Self, Box<dyn Error>> {
        let options = Options::default().durability(Durability::Normal);
        Ok(Self(Driven::over(options.open(scratch.file(name))?)))
    }

    fn grow(&self, from: usize, to: usize) -> Result<(), Box<dyn Error>> {
        let rows = Rows { next: from, end: to, row: io::Cursor::new(b"phone\n".to_vec()) };
        let import = Import::new(&self.0.0, AccountId::new("acme")?);
        let totals = block_on(import.csv(rows, |_| {}))?;
        assert_eq!(totals.pending as usize, to - from, "all are new");
        Ok(())
    }
}

/// The rows of an import, made as they are read.
struct Rows {
    next: usize,
    end: usize,
    row: io::Cursor<Vec<u8>>,
}

impl Read for Rows {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.row.read(into)?;
        if read > 0 || self.next == self.end {
            return Ok(read);
        }
        let (to, mut rows) = (self.end.min(self.next + 1_000), Vec::new());
        for number in self.next..to {
            writeln!(rows, "{}", contact(number).number().to_e164())?;
        }
        (self.next, self.row) = (to, io::Cursor::new(rows));
        self.row.read(into)
    }
}

/// The contact of this number among ten million, in no order: as people come.
fn contact(number: usize) -> Contact {
    let mixed = number as u64 * 6_119_531 % 10_000_000;
    let phone = PhoneNumber::from_digits(12_060_000_000 + mixed).expect("E.164");
    Contact::new(AccountId::new("acme").expect("short"), phone)
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
                block_on(file.0.0.handle(&who, event))?;
            }
            let each = |nanos: f64| nanos / 1e3 / TEXTS as f64;
            spent[side].push(each(start.elapsed().as_nanos() as f64));
            spent[side + 2].push(each((processor::nanos()? - before) as f64));
            let start = Instant::now();
            for load in 0..TEXTS {
                let who = contact((next + load) * 104_729 % contacts);
                assert!(block_on(file.0.0.storage().load(&who))?.record.is_some());
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
