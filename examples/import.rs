//! Imports a CSV file into an account: `cargo run --release --example import -- FILE.csv`.
//!
//! `--account NAME`, else `example`; `--store FILE.db`, else a new file among the system's temporary
//! ones, which is named at the end. Rejected rows are written beside the file, to be mended and
//! imported again. The last line says what came of all rows. Exit status 2 when the file cannot be
//! read.

use std::{
    env,
    fs::File,
    io::{self, BufWriter, IsTerminal, Read, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

use chrono::Utc;
use optin::{
    AccountId, Engine, Handover, Outbox, Outgoing,
    blocking::block_on,
    import::{Import, ImportError, Rejects},
    store::SqliteStorage,
};

const USAGE: &str = "usage: import FILE.csv [--account NAME] [--store FILE.db]";

/// An import sends nothing: what this would be given waits for a dispatcher.
struct NoOutbox;

impl Outbox for NoOutbox {
    async fn send(&self, _outgoing: &Outgoing) -> Handover {
        Handover::NotSent { retry: true, code: None }
    }
}

struct Options {
    file: PathBuf,
    account: String,
    store: PathBuf,
}

fn main() -> ExitCode {
    let Some(options) = options(env::args().skip(1)) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let file = match File::open(&options.file).and_then(readable) {
        Ok(file) => file,
        Err(error) => {
            eprintln!("import: {}: {error}", options.file.display());
            return ExitCode::from(2);
        }
    };
    match import(file, &options) {
        Ok(status) => status,
        Err(error) => {
            eprintln!("import: {}", with_sources(&*error));
            ExitCode::FAILURE
        }
    }
}

fn import(file: File, options: &Options) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let engine = Engine::new(SqliteStorage::open(&options.store)?, NoOutbox, Utc::now);
    let import = Import::new(&engine, AccountId::new(&options.account)?);
    let rejected = free_name(&options.file);
    let mut rejects = Rejects::new(WhenWritten::new(&rejected));
    let mut written = Ok(());
    let length = file.metadata()?.len();
    let imported = block_on(import.csv(Progress::over(file, length), |row| {
        if written.is_ok() {
            written = rejects.add(&row);
        }
    }));
    let count = rejects.count();
    written.and_then(|()| rejects.finish()?.flush())?;
    println!("account {}, database {}", options.account, options.store.display());
    if count > 0 {
        println!("{count} rejected rows, to be mended and imported: {}", rejected.display());
    }
    match imported {
        Ok(totals) => {
            println!("{totals}");
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            eprintln!("import: {}: {}", options.file.display(), with_sources(&error));
            if let Some(totals) = error.totals() {
                println!("{totals}");
            }
            let unreadable = !matches!(error, ImportError::Engine { .. });
            Ok(if unreadable { ExitCode::from(2) } else { ExitCode::FAILURE })
        }
    }
}

fn options(mut arguments: impl Iterator<Item = String>) -> Option<Options> {
    let (mut file, mut account, mut store) = (None, None, None);
    while let Some(argument) = arguments.next() {
        let (place, value) = match &*argument {
            "--account" => (&mut account, arguments.next()?),
            "--store" => (&mut store, arguments.next()?),
            flag if flag.starts_with("--") => return None,
            _ => (&mut file, argument),
        };
        if place.replace(value).is_some() {
            return None;
        }
    }
    let temporary = || env::temp_dir().join(format!("optin-import-{}.db", std::process::id()));
    Some(Options {
        file: file?.into(),
        account: account.unwrap_or_else(|| "example".into()),
        store: store.map_or_else(temporary, PathBuf::from),
    })
}

fn readable(file: File) -> io::Result<File> {
    if file.metadata()?.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    Ok(file)
}

/// `FILE.rejected.csv`, or the first free `FILE.rejected-2.csv`: one from before may be half mended.
fn free_name(file: &Path) -> PathBuf {
    let names = (2..).map(|n| file.with_extension(format!("rejected-{n}.csv")));
    let mut names = std::iter::once(file.with_extension("rejected.csv")).chain(names);
    names.find(|name| !name.exists()).unwrap_or_default()
}

fn with_sources(error: &dyn std::error::Error) -> String {
    let sources = std::iter::successors(error.source(), |error| error.source());
    sources.fold(error.to_string(), |text, source| format!("{text}: {source}"))
}

/// A file that is made when something is written to it.
struct WhenWritten<'a> {
    path: &'a Path,
    file: Option<BufWriter<File>>,
}

impl<'a> WhenWritten<'a> {
    fn new(path: &'a Path) -> Self {
        Self { path, file: None }
    }
}

impl Write for WhenWritten<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.file.is_none() {
            self.file = Some(BufWriter::new(File::create_new(self.path)?));
        }
        self.file.as_mut().map_or(Ok(0), |file| file.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), BufWriter::flush)
    }
}

/// Shows on standard error how much of the file is read, where that is a terminal.
struct Progress {
    file: File,
    length: u64,
    read: u64,
    shown: Option<Instant>,
}

impl Progress {
    fn over(file: File, length: u64) -> Self {
        let shown = io::stderr().is_terminal().then(Instant::now);
        Self { file, length, read: 0, shown }
    }

    fn show(&mut self, is_end: bool) {
        const WIDTH: u64 = 40;
        if self.shown.is_some_and(|shown| is_end || shown.elapsed() > Duration::from_millis(100)) {
            self.shown = Some(Instant::now());
            let of = |whole: u64| whole * self.read.min(self.length) / self.length.max(1);
            let bar = "#".repeat(of(WIDTH) as usize);
            eprint!("\r[{bar:<40}] {:>3} %{}", of(100), if is_end { "\n" } else { "" });
        }
    }
}

impl Read for Progress {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(into)?;
        self.read += read as u64;
        self.show(read == 0);
        Ok(read)
    }
}
