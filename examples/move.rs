//! Moves everything of one storage into another: settings, contacts, ledger, marks and messages.
//!
//! ```text
//! move --from FILE.db --to postgres://USER@HOST/DATABASE
//! ```
//!
//! Either may be a file or, with the feature `postgres`, a database, reached without TLS here.
//!
//! Stop every host of the first before, and begin with the other after. A run that was interrupted
//! is run again, and goes on where it was. At the end both are compared row by row, and the ledger
//! is audited where it is then; only then it says that it is done. The first stays as it was.

mod stored;

use std::{
    env,
    error::Error,
    io::{IsTerminal, stderr},
    path::Path,
    process::ExitCode,
};

use optin::{
    blocking::block_on,
    moving::{Movable, Move, Progress},
    store::SqliteStorage,
};

use self::stored::{database, is_database};

type Outcome<T> = Result<T, Box<dyn Error>>;

const USAGE: &str = "usage: move --from FILE.db|postgres://... --to FILE.db|postgres://...";

/// A database that is ready to be moved into.
#[cfg(feature = "postgres")]
fn new_database(url: &str) -> Outcome<optin::store::PostgresStorage> {
    let storage = database(url)?;
    block_on(storage.migrate())?;
    Ok(storage)
}

#[cfg(not(feature = "postgres"))]
use database as new_database;

fn move_into<F: Movable>(from: &F, to: &str) -> Outcome<()> {
    if is_database(to) {
        move_all(from, &new_database(to)?)
    } else {
        move_all(from, &SqliteStorage::open(to)?)
    }
}

fn move_all<F: Movable, T: Movable>(from: &F, to: &T) -> Outcome<()> {
    let moved = block_on(Move::new(from, to).run(progress));
    if stderr().is_terminal() {
        eprintln!();
    }
    let moved = moved?;
    let count = |count, one| format!("{count} {one}{}", if count == 1 { "" } else { "s" });
    println!(
        "{}, {}, {} of them put in now: all the same in both, and every ledger holds",
        count(moved.accounts, "account"),
        count(moved.rows, "row"),
        moved.put_in
    );
    Ok(())
}

fn progress(progress: &Progress) {
    if stderr().is_terminal() {
        let width = 40;
        let filled = (progress.done * width / progress.total.max(1)).min(width);
        let bar: String = (0..width).map(|n| if n < filled { '#' } else { '.' }).collect();
        eprint!("\r\x1b[K[{bar}] {progress}");
    }
}

/// The error and what it came of, on one line.
fn said(error: &dyn Error) -> String {
    let sources = std::iter::successors(error.source(), |&error| error.source());
    sources.fold(error.to_string(), |said, source| format!("{said}: {source}"))
}

fn main() -> ExitCode {
    match moved() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}", said(&*error));
            ExitCode::FAILURE
        }
    }
}

fn moved() -> Outcome<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [from_is, from, to_is, to] = arguments.as_slice() else { return Err(USAGE.into()) };
    if (from_is.as_str(), to_is.as_str()) != ("--from", "--to") {
        return Err(USAGE.into());
    }
    if is_database(from) {
        return move_into(&database(from)?, to);
    }
    if !Path::new(from).exists() {
        return Err(format!("{from} does not exist").into());
    }
    if Path::new(to).exists() && Path::new(from).canonicalize()? == Path::new(to).canonicalize()? {
        return Err("that is the same file".into());
    }
    move_into(&SqliteStorage::open(from)?, to)
}
