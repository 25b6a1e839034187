//! A made file with every kind of bad row: its report adds up, row for row, in constant memory; and
//! a process that is killed meanwhile loses nothing.
//!
//! `OPTIN_ROWS` says how many rows.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod black_box;
mod imports;

use std::{
    collections::BTreeMap,
    io::{self, Read},
    process::Stdio,
    time::Duration,
};

use optin::{
    blocking::block_on,
    import::{Import, Rejection, Totals},
    store::SqliteStorage,
};

use self::{
    black_box::{Scratch, grouped, setting, this_test},
    imports::{acme, contacts, import, made::Made, memory, over},
};

#[test]
fn the_report_of_a_large_file_adds_up() {
    let rows = setting("OPTIN_ROWS", 20_000);
    let scratch = Scratch::new("import-large");
    let engine = over(SqliteStorage::open(scratch.path("consent.db")).unwrap());
    let (file, expected) = Made::new(rows);
    let (mut sums, mut rejections) = (BTreeMap::new(), BTreeMap::<&str, u64>::new());
    let mut most_waiting = 0;
    let before = resident();
    let start = std::time::Instant::now();
    let totals = block_on(Import::new(&engine, acme()).csv(file, |row| {
        let mut expected = expected.lock().unwrap();
        most_waiting = most_waiting.max(expected.len());
        let expected = expected.pop_front().unwrap();
        assert_eq!((row.line(), row.outcome().name(), row.reason()), expected);
        *sums.entry(expected.1).or_default() += 1_u64;
        if expected.1 == "rejected" {
            *rejections.entry(expected.2).or_default() += 1;
        }
    }))
    .unwrap();
    let took = start.elapsed();
    assert!(expected.lock().unwrap().is_empty());

    let Totals { pending, active, opted_out, already_present, rejected, .. } = totals;
    assert_eq!(totals.rows, rows);
    assert_eq!(pending + active + opted_out + already_present + rejected, rows);
    let found = [
        ("already_present", already_present),
        ("opted_out", opted_out),
        ("pending", pending),
        ("rejected", rejected),
    ];
    assert_eq!(sums, found.into());
    let by_name = totals.rejections.iter().map(|(rejection, count)| (rejection.name(), *count));
    assert_eq!(rejections, by_name.collect());
    assert_eq!(totals.rejections.len(), Rejection::ALL.len(), "every kind is in it");

    let grown = resident().saturating_sub(before) >> 20;
    println!(
        "{} rows in {took:.1?}: {:.1} us a row, {grown} MiB more in memory at the most; {totals}",
        grouped(rows as usize),
        took.as_secs_f64() * 1e6 / rows as f64,
    );
    assert!(most_waiting < 8_000, "{most_waiting} rows read ahead");
    assert!(grown < 64, "{grown} MiB");
}

/// Rows of nearly a mebibyte, made as they are read.
struct LongRows {
    left: u64,
    row: std::io::Cursor<String>,
}

impl Read for LongRows {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.row.read(into)?;
        if read > 0 || self.left == 0 {
            return Ok(read);
        }
        self.left -= 1;
        let row = format!("+1206555{:04},{}\n", self.left, "x".repeat(1_000_000));
        self.row = std::io::Cursor::new(row);
        self.row.read(into)
    }
}

#[test]
fn the_longest_rows_are_not_gathered_in_memory() {
    let file = LongRows { left: 120, row: std::io::Cursor::new("phone,name\n".into()) };
    let before = resident();
    let (reports, totals) = import(&memory(), file);
    assert_eq!((reports.len(), totals.unwrap().pending), (120, 120));
    let grown = resident().saturating_sub(before) >> 20;
    assert!(grown < 64, "{grown} MiB");
}

/// The most bytes that were in memory so far; 0 where the system does not say.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
    kib.map_or(0, |kib| kib.trim().parse::<u64>().unwrap() << 10)
}

const STORE: &str = "OPTIN_IMPORT_STORE";
const ROWS: u64 = 6_000;

/// Run by the test below in a process of its own.
#[test]
fn an_import_to_be_killed() {
    let Ok(store) = std::env::var(STORE) else {
        return;
    };
    let engine = over(SqliteStorage::open(store).unwrap());
    import(&engine, Slow { rows: Made::new(ROWS).0, read: 0 }).1.unwrap();
}

/// So slow that an import takes longer than it is let live, on any machine.
struct Slow<R> {
    rows: R,
    /// Since it waited last.
    read: usize,
}

const LONGEST_LIFE: u64 = 200;

impl<R: Read> Read for Slow<R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let read = self.rows.read(into)?;
        self.read += read;
        // Of some 400 KiB.
        if self.read >= 8 << 10 {
            self.read = 0;
            std::thread::sleep(Duration::from_millis(LONGEST_LIFE / 20));
        }
        Ok(read)
    }
}

#[cfg(unix)]
#[test]
fn an_import_whose_process_was_killed_is_run_again_with_the_same_result() {
    let scratch = Scratch::new("import-killed");
    let open = |name: &str| SqliteStorage::open(scratch.path(name)).unwrap();
    let whole = over(open("whole.db"));
    let (reports, totals) = import(&whole, Made::new(ROWS).0);
    let totals = totals.unwrap();

    let (mut chance, mut midway) = (fastrand::Rng::with_seed(7), 0);
    for _ in 0..20 {
        let mut process = this_test("an_import_to_be_killed")
            .env(STORE, scratch.path("killed.db"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(chance.u64(5..LONGEST_LIFE)));
        process.kill().unwrap();
        process.wait().unwrap();
        let count = contacts(&open("killed.db")).len();
        midway += u64::from((1..contacts(whole.storage()).len()).contains(&count));
    }
    let killed = over(open("killed.db"));
    let (again, totals_again) = import(&killed, Made::new(ROWS).0);
    assert_eq!(contacts(killed.storage()), contacts(whole.storage()));
    let lines = |reports: &[imports::Report]| -> Vec<u64> {
        reports.iter().map(|report| report.0).collect()
    };
    assert_eq!(lines(&again), lines(&reports));
    assert_eq!(totals_again.unwrap().rejections, totals.rejections);
    println!("20 kills, {midway} of them midway");
    assert!(midway > 0, "no kill came midway");
}
