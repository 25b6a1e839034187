//! Verifies offline: evidence, a published log, or a whole account in a database.
//!
//! ```text
//! verify EVIDENCE.json [KEY...]               one bundle, or a bundle a line (.jsonl)
//! verify --log DIR KEY...                     a published log by itself
//! verify --database FILE.db ACCOUNT [--log DIR KEY...]
//! ```
//!
//! KEY is a public key, `name+id+key`, from elsewhere than what is verified. Says what was proven
//! and what was not. Exit status 0: all that was looked at holds. 1: something does not, and the
//! first of it is named. 2: it could not be looked at.

use std::{env, fs, process::ExitCode};

use optin::{
    AccountId,
    blocking::block_on,
    ledger::{Directory, Evidence, NoteKey, audit},
    store::SqliteStorage,
};

const USAGE: &str = "usage: verify EVIDENCE.json [KEY...]
       verify --log DIR KEY...
       verify --database FILE.db ACCOUNT [--log DIR KEY...]";

/// Why it is not well.
enum Verdict {
    /// Something does not hold.
    Bad(String),
    /// It could not be looked at.
    Unreadable(String),
}

fn bad(error: impl std::error::Error) -> Verdict {
    let mut said = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        said = format!("{said}: {error}");
        source = error.source();
    }
    Verdict::Bad(said)
}

fn unreadable(error: impl std::fmt::Display) -> Verdict {
    Verdict::Unreadable(error.to_string())
}

fn keys(arguments: &[String]) -> Result<Vec<NoteKey>, Verdict> {
    arguments.iter().map(|key| NoteKey::parse(key).map_err(unreadable)).collect()
}

fn evidence(path: &str, keys: &[NoteKey]) -> Result<(), Verdict> {
    let text = fs::read_to_string(path).map_err(|error| unreadable(format!("{path}: {error}")))?;
    let bundles: Vec<&str> =
        if path.ends_with(".jsonl") { text.lines().collect() } else { vec![&text] };
    for (n, bundle) in bundles.iter().enumerate() {
        let line = |verdict| match verdict {
            Verdict::Bad(said) if bundles.len() > 1 => {
                Verdict::Bad(format!("line {}: {said}", n + 1))
            }
            verdict => verdict,
        };
        let evidence = Evidence::from_json(bundle).map_err(bad).map_err(line)?;
        let proof = evidence.verify(keys).map_err(bad).map_err(line)?;
        if bundles.len() == 1 {
            println!("proven:");
            proof.proven().iter().for_each(|it| println!("  {it}"));
            println!("not proven:");
            proof.not_proven().iter().for_each(|it| println!("  {it}"));
        }
    }
    if bundles.len() > 1 {
        println!("proven: {} bundles hold, each by itself", bundles.len());
    }
    Ok(())
}

fn log(path: &str, keys: &[NoteKey]) -> Result<(), Verdict> {
    let (checkpoint, _) = audit::directory(&Directory::new(path), keys).map_err(bad)?;
    println!("proven:");
    println!(
        "  the log {} has the {} entries that were signed",
        checkpoint.origin, checkpoint.size
    );
    println!("not proven:");
    println!("  what the entries say: the log has commitments alone");
    println!("  that no entry came after them");
    Ok(())
}

fn database(file: &str, account: &str, published: &[String]) -> Result<(), Verdict> {
    if !fs::exists(file).unwrap_or(false) {
        return Err(unreadable(format!("{file} does not exist")));
    }
    let storage = SqliteStorage::open(file).map_err(unreadable)?;
    let account = AccountId::new(account).map_err(unreadable)?;
    let checkpoint = match published {
        [] => None,
        [flag, path, known @ ..] if flag == "--log" => {
            let keys = keys(known)?;
            Some(audit::directory(&Directory::new(path), &keys).map_err(bad)?.0)
        }
        _ => return Err(unreadable(USAGE)),
    };
    let audit = audit::storage(&storage, &account, checkpoint.as_ref());
    let audit = block_on(audit).map_err(bad)?;
    println!("proven:");
    println!("  {} chains of {} entries are whole", audit.chains, audit.entries);
    println!("  the text of {} of them is what was sealed", audit.disclosed);
    println!("  {} of them are in the log, each in its place", audit.logged);
    if checkpoint.is_some() {
        println!("  the first {} of the log are those that were signed", audit.signed);
    }
    println!("not proven:");
    match audit.entries - audit.signed {
        0 => {}
        rest => println!("  that {rest} entries are as they were written: nobody signed them"),
    }
    println!("  that no entry came after them, and that the clock was right");
    Ok(())
}

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let verdict = match &arguments[..] {
        [flag, path, known @ ..] if flag == "--log" => {
            keys(known).and_then(|keys| log(path, &keys))
        }
        [flag, file, account, published @ ..] if flag == "--database" => {
            database(file, account, published)
        }
        [path, known @ ..] if !path.starts_with('-') => {
            keys(known).and_then(|keys| evidence(path, &keys))
        }
        _ => Err(unreadable(USAGE)),
    };
    match verdict {
        Ok(()) => ExitCode::SUCCESS,
        Err(Verdict::Bad(said)) => {
            println!("refused: {said}");
            ExitCode::from(1)
        }
        Err(Verdict::Unreadable(said)) => {
            eprintln!("{said}");
            ExitCode::from(2)
        }
    }
}
