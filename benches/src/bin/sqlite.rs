//! Commits to SQLite with `synchronous=FULL`, beside a bare append and `fdatasync` of as many
//! bytes in groups as large: one caller, 64 callers; and 64 callers beside `NORMAL`.

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

use optin::store::{
    SqliteStorage,
    sqlite::{Durability, Options},
};
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
/// Texts of one caller whose syncs and bytes are counted.
const ALONE: usize = 1_000;
/// Commits of 64 callers in one round.
const AT_ONCE: usize = CALLERS * (TEXTS / 10) * COMMITS;
/// More than SQLite keeps in its log before it writes it back.
const PREALLOCATED: u64 = 64 << 20;

fn main() -> Result<(), Box<dyn Error>> {
    let scratch = Scratch::new("sqlite")?;
    let mut arguments = std::env::args_os().skip(1);
    if let (Some(mode), Some(other)) = (arguments.next(), arguments.next())
        && mode == "--beside"
    {
        return beside(&other);
    }
    let engine = Driven::over(SqliteStorage::open(scratch.file("consent.db"))?);
    let next = AtomicUsize::new(0);
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some(WORK) {
        match arguments.next().as_deref() {
            Some("64") => ask_at_once(&engine, &next),
            _ => (0..ALONE).for_each(|number| ask(&engine, number)),
        }
        return Ok(());
    }
    let alone = syncs(&scratch, "1")?.map(|syncs| syncs as f64 / (ALONE * COMMITS) as f64);
    let group = syncs(&scratch, "64")?.map(|syncs| AT_ONCE as f64 / syncs as f64);
    match alone.zip(group) {
        Some((alone, group)) => {
            println!("syncs a commit: {alone:.3}; 64 callers: {group:.1} commits a sync")
        }
        None => println!(
            "syncs not counted: strace is not installed; 64 callers taken for groups of 32"
        ),
    }
    let group = group.unwrap_or(32.0).round().max(1.0) as usize;

    let ask_next = || ask(&engine, next.fetch_add(1, Relaxed));
    let before = written()?;
    (0..ALONE).for_each(|_| ask_next());
    let bytes = (written()? - before) as usize / (ALONE * COMMITS);
    let before = written()?;
    ask_at_once(&engine, &next);
    let grouped = (written()? - before) as usize / AT_ONCE;
    println!("bytes written a commit, write-back included: {bytes}; 64 callers: {grouped}");

    let normal = Options::default().durability(Durability::Normal);
    let normal = Driven::over(normal.open(scratch.file("normal.db"))?);
    let next_normal = AtomicUsize::new(0);
    let append = appended(&scratch.file("appended"), bytes)?;
    let overwrite = overwritten(&scratch.file("overwritten"), bytes)?;
    let append_group = appended(&scratch.file("appended-64"), grouped * group)?;
    let one = TEXTS * COMMITS;
    let groups = AT_ONCE / group;
    let contenders: [(rounds::Contender<'_>, usize); 6] = [
        (("1 caller", Box::new(|| (0..TEXTS).for_each(|_| ask_next()))), one),
        (("append and fdatasync", Box::new(|| (0..one).for_each(|_| append()))), one),
        (("the same, space set aside", Box::new(|| (0..one).for_each(|_| overwrite()))), one),
        (("64 callers", Box::new(|| ask_at_once(&engine, &next))), AT_ONCE),
        (
            (
                "append and fdatasync, grouped",
                Box::new(|| (0..groups).for_each(|_| append_group())),
            ),
            groups * group,
        ),
        (("64 callers, NORMAL", Box::new(|| ask_at_once(&normal, &next_normal))), AT_ONCE),
    ];
    let commits = contenders.each_ref().map(|(_, commits)| *commits);
    let names = contenders.each_ref().map(|((name, _), _)| *name);
    let mut contenders = contenders.map(|(contender, _)| contender);
    let rounds = rounds::run(41, &mut contenders);
    for (at, name) in names.iter().enumerate() {
        println!("  {name:<30} {:.1} us a commit", rounds.micros_each(at, commits[at]));
    }
    // How many times the commits a second that the other has.
    let rate = |of: usize, other: usize| {
        rounds.ratio(other, of).times(commits[of] as f64 / commits[other] as f64)
    };
    println!("  rate of 1 caller / append: {:.2} (at least 0.9)", rate(0, 1));
    println!("  rate of 1 caller / space set aside: {:.2}", rate(0, 2));
    println!("  rate of 64 callers / append, grouped: {:.2} (at least 0.35)", rate(3, 4));
    println!("  rate of 64 callers / 1 caller: {:.1} (at least 6)", rate(3, 0));
    println!("  rate of 64 callers / NORMAL: {:.2} (at least 0.85)", rate(3, 5));
    Ok(())
}

/// Each of 64 threads asks its part, one person after the other.
fn ask_at_once(engine: &Driven<SqliteStorage>, next: &AtomicUsize) {
    thread::scope(|scope| {
        for _ in 0..CALLERS {
            scope.spawn(|| {
                (0..TEXTS / 10).for_each(|_| ask(engine, next.fetch_add(1, Relaxed)));
            });
        }
    });
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

/// The syncs of this program's work with so many callers, as strace sees them; absent without it.
fn syncs(scratch: &Scratch, callers: &str) -> Result<Option<usize>, Box<dyn Error>> {
    let trace = scratch.file("trace");
    let traced = Command::new("strace")
        .args(["-f", "-e", "trace=fsync,fdatasync", "-o"])
        .arg(&trace)
        .arg(std::env::current_exe()?)
        .args([WORK, callers])
        .status();
    if !traced.is_ok_and(|status| status.success()) {
        return Ok(None);
    }
    let calls = fs::read_to_string(trace)?;
    Ok(Some(calls.lines().filter(|line| line.contains("sync(")).count()))
}
