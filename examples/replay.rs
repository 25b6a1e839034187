//! The black box: events in, decisions out, one JSON object a line (RULES 7).
//!
//! `cargo run --example replay -- [--store FILE.db] [FILE]`; standard input without FILE.

#[path = "replay/json.rs"]
mod json;
#[path = "replay/line.rs"]
mod line;
#[path = "replay/output.rs"]
mod output;
#[path = "replay/runner.rs"]
mod runner;
#[path = "replay/settings.rs"]
mod settings;

use std::{
    fs::File,
    io::{self, Read},
    process::ExitCode,
};

use optin::store::{MemoryStorage, SqliteStorage};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((store, file)) = options(&arguments) else {
        eprintln!("usage: replay [--store FILE.db] [FILE]");
        return ExitCode::from(2);
    };
    let input: Box<dyn Read> = match file {
        None => Box::new(io::stdin()),
        Some(file) => match File::open(file).and_then(readable) {
            Ok(file) => Box::new(file),
            Err(error) => return cannot_open(file, &error),
        },
    };
    let replayed = match store {
        None => runner::replay(MemoryStorage::new(), input, io::stdout().lock(), false),
        Some(store) => match SqliteStorage::open(store) {
            Ok(storage) => runner::replay(storage, input, io::stdout().lock(), true),
            Err(error) => return cannot_open(store, &error),
        },
    };
    match replayed {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("replay: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The store and the file that the arguments name.
fn options(arguments: &[String]) -> Option<(Option<&str>, Option<&str>)> {
    let (store, rest) = match arguments {
        [flag, store, rest @ ..] if flag == "--store" => (Some(store.as_str()), rest),
        rest => (None, rest),
    };
    match rest {
        [] => Some((store, None)),
        [file] if !file.starts_with("--") => Some((store, Some(file))),
        [file, flag, late] if store.is_none() && flag == "--store" => {
            Some((Some(late), Some(file)))
        }
        _ => None,
    }
}

fn readable(file: File) -> io::Result<File> {
    if file.metadata()?.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    Ok(file)
}

fn cannot_open(file: &str, error: &dyn std::error::Error) -> ExitCode {
    eprintln!("replay: {file}: {error}");
    ExitCode::from(2)
}
