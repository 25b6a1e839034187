//! Importing a CSV file into SQLite, beside a loop by hand that writes the same rows, and beside
//! parsing alone.

use std::{cell::Cell, error::Error, fmt::Write, fs, hint::black_box, path::Path};

use optin::{AccountId, blocking::block_on, import::Import, store::SqliteStorage};
use optin_benches::{
    engines::{self, Driven},
    peer::import,
    rounds,
    scratch::Scratch,
};
use rusqlite::Connection;

const ROWS: usize = 200_000;
const ROUNDS: usize = 5;

fn main() -> Result<(), Box<dyn Error>> {
    let scratch = Scratch::new("import")?;
    agree(&scratch)?;

    let file = file(ROWS);
    println!("{ROWS} rows, {} bytes each", file.len() / ROWS);
    let next = Cell::new(0);
    let fresh = || {
        fs::remove_file(scratch.file(&format!("{}.db", next.get()))).ok();
        next.set(next.get() + 1);
        scratch.file(&format!("{}.db", next.get()))
    };
    let rounds = rounds::run(
        ROUNDS,
        &mut [
            ("Import::csv", Box::new(|| run(ours, &fresh(), &file))),
            ("by hand", Box::new(|| run(by_hand, &fresh(), &file))),
            ("csv alone", Box::new(|| parse(&file))),
        ],
    );
    for (at, name) in ["Import::csv", "by hand", "csv alone"].into_iter().enumerate() {
        println!("  {name:<12} {:.2} us a row", rounds.micros_each(at, ROWS));
    }
    println!("  rate of Import::csv / by hand: {:.2} (at least 0.5)", rounds.ratio(1, 0));
    println!("  rate of Import::csv / csv alone: {:.4}", rounds.ratio(2, 0));
    Ok(())
}

/// Both ways come to the same tables.
fn agree(scratch: &Scratch) -> Result<(), Box<dyn Error>> {
    let file = file(5_000);
    let (one, other) = (scratch.file("ours.db"), scratch.file("by-hand.db"));
    assert_eq!(ours(&one, &file)?, by_hand(&other, &file)?);
    assert_eq!(rows(&one)?, rows(&other)?);
    Ok(())
}

type Way = fn(&Path, &[u8]) -> Result<[u64; 4], Box<dyn Error>>;

fn run(way: Way, path: &Path, file: &[u8]) {
    black_box(way(path, file).expect("the disk works"));
}

fn ours(path: &Path, file: &[u8]) -> Result<[u64; 4], Box<dyn Error>> {
    let engine = Driven::over(SqliteStorage::open(path)?).0;
    let import = Import::new(&engine, AccountId::new("acme")?);
    let totals = block_on(import.csv(file, |row| {
        black_box(row);
    }))?;
    let added = contacts(path)?;
    let changed = totals.pending + totals.opted_out - added;
    Ok([added, changed, totals.already_present, totals.rejected])
}

fn by_hand(path: &Path, file: &[u8]) -> Result<[u64; 4], Box<dyn Error>> {
    drop(SqliteStorage::open(path)?);
    import::import(path, file, engines::now())
}

fn parse(file: &[u8]) {
    let mut reader = csv::Reader::from_reader(file);
    let mut record = csv::ByteRecord::new();
    while reader.read_byte_record(&mut record).expect("rows are as long as the header") {
        black_box(&record);
    }
}

/// A file like those that people have: some opted out, some twice, some that are wrong.
fn file(rows: usize) -> Vec<u8> {
    let mut file = String::from("phone,first name,last name,email,opted_out\n");
    for row in 0..rows {
        let whose = if row % 20 == 19 { row - 7 } else { row };
        let number = engines::contact(whose).number().to_e164();
        let opted_out = ["", "no", "", "", "yes", "", "n", "", "", ""][row % 10];
        let (number, opted_out) = match row % 100 {
            50 => (&number[2..], opted_out),
            51 => (&*number, "maybe"),
            _ => (&*number, opted_out),
        };
        writeln!(file, "{number},First{row},\"O'Last, {row}\",person{row}@example.com,{opted_out}")
            .expect("a string takes all");
    }
    file.into()
}

fn contacts(path: &Path) -> Result<u64, Box<dyn Error>> {
    let connection = Connection::open(path)?;
    let count = "SELECT count(*) FROM contacts";
    Ok(connection.query_row(count, [], |row| row.get::<_, i64>(0))?.try_into()?)
}

type Rows = Vec<(i64, String)>;

fn rows(path: &Path) -> rusqlite::Result<[Rows; 2]> {
    let connection = Connection::open(path)?;
    let all = |sql| {
        let mut statement = connection.prepare(sql)?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.collect::<rusqlite::Result<Rows>>()
    };
    Ok([
        all("SELECT number, account || state || revision || record || length FROM contacts
             ORDER BY number")?,
        all("SELECT contacts.number, account || sequence || at || entry || length(salts)
                || length(sealed) || (entries.disclosed = disclosed.id)
             FROM contacts JOIN disclosed USING (account, chain)
             JOIN entries USING (account, chain, sequence) ORDER BY contacts.number, sequence")?,
    ])
}
