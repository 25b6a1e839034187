//! Commits to SQLite with `synchronous=FULL`, beside a bare append and `fdatasync` of as many
//! bytes: one caller, 64 callers.

use std::{
    cell::Cell,
    error::Error,
    ffi::OsStr,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::FileExt,
    path::Path,
    process::Command,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    thread,
};

use optin::store::SqliteStorage;
use optin_benches::{
    engines::{self, Driven},
    instructions::WORK,
    rounds,
    scratch::Scratch,
};

/// A text from someone new is two commits: the decision with its prompt, and the settlement.
const COMMITS: usize = 2;
const TEXTS: usize = 100;
const CALLERS: usize = 64;
/// More than SQLite keeps in its log before it writes it back.
const PREALLOCATED: u64 = 64 << 20;

fn main() -> Result<(), Box<dyn Error>> {
    let scratch = Scratch::new("sqlite")?;
    if std::env::args().nth(1).as_deref() == Some(WORK) {
        let engine = Driven::over(SqliteStorage::open(scratch.file("consent.db"))?);
        (0..1_000).for_each(|number| ask(&engine, number));
        return Ok(());
    }
    if let (Some("--beside"), Some(other)) =
        (std::env::args().nth(1).as_deref(), std::env::args_os().nth(2))
    {
        return beside(&other);
    }
    let syncs = syncs_of_a_thousand(&scratch)?;
    println!("syncs a commit, all told: {syncs}");

    let engine = Driven::over(SqliteStorage::open(scratch.file("consent.db"))?);
    let next = AtomicUsize::new(0);
    let ask_next = || ask(&engine, next.fetch_add(1, Relaxed));
    let before = written()?;
    (0..10 * TEXTS).for_each(|_| ask_next());
    let bytes = (written()? - before) as usize / (10 * TEXTS * COMMITS);
    println!("bytes written a commit, write-back included: {bytes}");

    let append = appended(&scratch.file("appended"), bytes)?;
    let overwrite = overwritten(&scratch.file("overwritten"), bytes)?;
    let rounds = rounds::run(
        41,
        &mut [
            ("1 caller", Box::new(|| (0..TEXTS).for_each(|_| ask_next()))),
            ("append and fdatasync", Box::new(|| (0..TEXTS * COMMITS).for_each(|_| append()))),
            (
                "the same, space set aside",
                Box::new(|| (0..TEXTS * COMMITS).for_each(|_| overwrite())),
            ),
            (
                "64 callers",
                Box::new(|| {
                    thread::scope(|scope| {
                        for _ in 0..CALLERS {
                            scope.spawn(|| (0..TEXTS / 10).for_each(|_| ask_next()));
                        }
                    });
                }),
            ),
        ],
    );
    let one = TEXTS * COMMITS;
    let many = CALLERS * (TEXTS / 10) * COMMITS;
    for (at, name, commits) in [
        (0, "1 caller", one),
        (1, "append and fdatasync", one),
        (2, "the same, space set aside", one),
        (3, "64 callers", many),
    ] {
        println!("  {name:<26} {:.1} us a commit", rounds.micros_each(at, commits));
    }
    println!("  rate of 1 caller / append: {:.2} (at least 0.85)", rounds.ratio(1, 0));
    println!("  rate of 1 caller / space set aside: {:.2}", rounds.ratio(2, 0));
    let more = rounds.ratio(0, 3).times(many as f64 / one as f64);
    println!("  rate of 64 callers / 1 caller: {more:.1} (at least 5)");
    Ok(())
}

/// This program's 1,000 texts from people not yet known, beside those of another build of it.
fn beside(other: &OsStr) -> Result<(), Box<dyn Error>> {
    let this = std::env::current_exe()?;
    let work = |program: &OsStr| {
        let status = Command::new(program).arg(WORK).status();
        assert!(status.is_ok_and(|status| status.success()), "the program works");
    };
    let rounds = rounds::run(
        41,
        &mut [
            ("this build", Box::new(|| work(this.as_os_str()))),
            ("the other", Box::new(|| work(other))),
        ],
    );
    for (at, name) in ["this build", "the other"].into_iter().enumerate() {
        println!("  {name:<11} {:.1} us a commit", rounds.micros_each(at, 1_000 * COMMITS));
    }
    println!("  this build / the other: {:.3}", rounds.ratio(0, 1));
    Ok(())
}

fn ask(engine: &Driven<SqliteStorage>, number: usize) {
    engine.handle(number, engines::text(number, 0, "Hi, are you open?"));
}

/// What this process has written so far, to whatever file.
fn written() -> io::Result<u64> {
    let io = fs::read_to_string("/proc/self/io")?;
    let line = io.lines().find_map(|line| line.strip_prefix("wchar: "));
    line.and_then(|bytes| bytes.parse().ok()).ok_or_else(|| io::Error::other("no wchar"))
}

/// Appends so many bytes to a file that grows, each time on to the disk.
fn appended(path: &Path, bytes: usize) -> io::Result<impl Fn() + use<>> {
    let file = OpenOptions::new().create(true).append(true).open(path)?;
    let block = vec![b'x'; bytes];
    Ok(move || {
        let mut file: &File = &file;
        file.write_all(&block).and_then(|()| file.sync_data()).expect("the disk works");
    })
}

/// Writes so many bytes after one another into a file that is as long already.
fn overwritten(path: &Path, bytes: usize) -> io::Result<impl Fn() + use<>> {
    let file = File::create(path)?;
    let zeros = vec![0; 1 << 20];
    for at in 0..PREALLOCATED >> 20 {
        file.write_all_at(&zeros, at << 20)?;
    }
    file.sync_all()?;
    let block = vec![b'x'; bytes];
    let at = Cell::new(0);
    Ok(move || {
        let next = (at.get() + bytes as u64) % (PREALLOCATED - bytes as u64);
        at.set(next);
        file.write_all_at(&block, next).and_then(|()| file.sync_data()).expect("the disk works");
    })
}

/// The syncs of this program's 1,000 texts from someone new, as strace sees them.
fn syncs_of_a_thousand(scratch: &Scratch) -> Result<String, Box<dyn Error>> {
    let trace = scratch.file("trace");
    let traced = Command::new("strace")
        .args(["-f", "-e", "trace=fsync,fdatasync", "-o"])
        .arg(&trace)
        .arg(std::env::current_exe()?)
        .arg(WORK)
        .status();
    if !traced.is_ok_and(|status| status.success()) {
        return Ok("not counted: strace is not installed".into());
    }
    let calls = fs::read_to_string(trace)?;
    let count = calls.lines().filter(|line| line.contains("sync(")).count();
    Ok(format!("{:.3}", count as f64 / (1_000 * COMMITS) as f64))
}
