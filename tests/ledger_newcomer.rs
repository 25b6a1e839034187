//! The examples of proof as a newcomer stumbles through them: what they say where it goes wrong.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod black_box;
mod newcomer;
mod support;

use std::{fs, process::Command};

use black_box::{Scratch, example};
use optin::{Archive, Engine, blocking::block_on, store::SqliteStorage};
use serde_json::Value;

use self::{
    newcomer::{NUMBER, Provider, made, run},
    support::{START, contact, texted},
};

#[test]
fn an_account_of_which_the_database_has_nothing_is_said() {
    let scratch = made("newcomer-typo");
    let nothing = "the database has nothing of the account \u{201c}typo\u{201d}\n";
    let (status, said, error) = run(&scratch, "verify", &["--database", "it.db", "typo"]);
    assert_eq!((status, said.as_str(), error.as_str()), (Some(2), "", nothing));
    let all = ["it.db", "typo", "--all", "out.jsonl"];
    for arguments in [
        &all[..],
        &["it.db", "typo", "--all", "out.jsonl", "--log", "log"],
        &["it.db", "typo", NUMBER],
    ] {
        let (status, said, error) = run(&scratch, "export", arguments);
        assert_eq!((status, said.as_str(), error.as_str()), (Some(1), "", nothing));
    }
    let mut files: Vec<_> = fs::read_dir(scratch.directory()).unwrap().collect();
    files.retain(|file| !file.as_ref().unwrap().file_name().to_string_lossy().starts_with("it.db"));
    assert!(files.is_empty(), "{files:?}");
    // Where a log was signed it is no slip of the pen.
    let (_, _, said) = run(&scratch, "export", &["it.db", "acme", NUMBER, "--log", "log"]);
    let key = said.trim().rsplit(' ').next().unwrap();
    let arguments = ["--database", "it.db", "typo", "--log", "log", key];
    let (status, said, _) = run(&scratch, "verify", &arguments);
    let refused = nothing.trim();
    let refused = format!("refused: {refused}, and the log has 36 entries under a signature\n");
    assert_eq!((status, said), (Some(1), refused));
}

#[test]
fn a_storage_older_than_its_log_is_said_in_plain_words_with_what_to_do() {
    let scratch = made("newcomer-older");
    let copied = |to: &str| {
        SqliteStorage::open(scratch.path("it.db")).unwrap();
        fs::copy(scratch.path("it.db"), scratch.path(to)).unwrap();
    };
    copied("early.db");
    let storage = SqliteStorage::open(scratch.path("it.db")).unwrap();
    let engine = Engine::new(storage, Provider, || START);
    block_on(engine.handle(&contact(3), texted("later", "STOP"))).unwrap();
    drop(engine);
    let (_, _, said) = run(&scratch, "export", &["it.db", "acme", NUMBER, "--log", "log"]);
    let key = said.trim().rsplit(' ').next().unwrap();
    let (status, said, error) =
        run(&scratch, "export", &["early.db", "acme", NUMBER, "--log", "log"]);
    let older = "the storage is older than what was published: it has fewer than the 38 entries \
                 that were signed, or others. Stop using it, and go back to a later copy: in this \
                 one opt-outs may be missing, and texts may act again\n";
    assert_eq!((status, said.as_str(), error.as_str()), (Some(1), "", older));
    let arguments = ["--database", "early.db", "acme", "--log", "log", key];
    let (status, said, _) = run(&scratch, "verify", &arguments);
    let older = "refused: what is here is older than what was published: it has 0 entries of the \
                 log, and 38 were signed. Go on with a later copy: in this one opt-outs may be \
                 missing\n";
    assert_eq!((status, said.as_str()), (Some(1), older));
}

#[test]
fn errors_are_one_line_with_what_they_came_of() {
    let scratch = made("newcomer-errors");
    fs::create_dir(scratch.path("log")).unwrap();
    fs::write(scratch.path("log/checkpoint"), "no checkpoint\n").unwrap();
    let (status, _, error) = run(&scratch, "export", &["it.db", "acme", NUMBER, "--log", "log"]);
    let prefix = "the published checkpoint is not believed: ";
    let is_a_line = |error: &str| error.ends_with('\n') && error.matches('\n').count() == 1;
    assert!(status == Some(1) && error.starts_with(prefix) && is_a_line(&error), "{error}");
    assert!(error.len() > prefix.len() + 1);
    // What is moved into another that was used meanwhile.
    let program = example("move");
    let moved = || {
        let mut command = Command::new(&program);
        command.args(["--from", "it.db", "--to", "new.db"]).current_dir(scratch.directory());
        let output = command.output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    assert_eq!(moved(), (Some(0), String::new()));
    let storage = SqliteStorage::open(scratch.path("new.db")).unwrap();
    let engine = Engine::new(storage, Provider, || START);
    block_on(engine.handle(&contact(3), texted("later", "STOP"))).unwrap();
    drop(engine);
    let (status, error) = moved();
    assert!(
        status == Some(1) && error.starts_with("account acme: ") && is_a_line(&error),
        "{error}"
    );
    let usage = Command::new(&program).output().unwrap();
    let said = String::from_utf8(usage.stderr).unwrap();
    assert!(usage.status.code() == Some(1) && said.starts_with("usage: move"), "{said}");
}

#[test]
fn a_signed_bundle_without_a_key_holds_by_its_chain_and_says_what_to_give() {
    let scratch = made("newcomer-keyless");
    let (_, evidence, _) = run(&scratch, "export", &["it.db", "acme", NUMBER, "--log", "log"]);
    fs::write(scratch.path("evidence.json"), &evidence).unwrap();
    let (status, said, _) = run(&scratch, "verify", &["evidence.json"]);
    let line = "but no key was given to believe it by: give the public key of who signed it";
    let (proven, not_proven) = said.split_once("not proven:\n").unwrap();
    assert!(status == Some(0) && not_proven.contains(line) && !proven.contains("log"), "{said}");
    fs::write(scratch.path("edited.json"), evidence.replace("Yes please", "Yes pleaze")).unwrap();
    assert_eq!(run(&scratch, "verify", &["edited.json"]).0, Some(1));
}

#[test]
fn an_entry_that_was_removed_is_said_to_be_missing() {
    let scratch = made("newcomer-missing");
    let (_, evidence, _) = run(&scratch, "export", &["it.db", "acme", NUMBER]);
    let evidence: Value = serde_json::from_str(&evidence).unwrap();
    let removed = |entries: std::ops::Range<usize>| {
        let mut edited = evidence.clone();
        edited["entries"].as_array_mut().unwrap().drain(entries);
        fs::write(scratch.path("edited.json"), edited.to_string()).unwrap();
        let (status, said, _) = run(&scratch, "verify", &["edited.json"]);
        assert_eq!(status, Some(1));
        said
    };
    for (entries, said) in [
        (1..2, "entry 1 is missing: entry 2 follows entry 0"),
        (0..1, "entry 0 is missing: the first is entry 1"),
        (0..2, "entries 0 to 1 are missing: the first is entry 2"),
    ] {
        assert_eq!(removed(entries), format!("refused: {said} (entries are counted from 0)\n"));
    }
}

#[test]
fn a_database_without_a_log_is_said_to_be_signed_by_nobody() {
    let scratch = Scratch::new("newcomer-database");
    let storage = SqliteStorage::open(scratch.path("it.db")).unwrap();
    let engine = Engine::new(storage, Provider, || START);
    for (n, words) in ["Hi", "Hello?", "Yes please", "yes"].into_iter().enumerate() {
        block_on(engine.handle(&contact(1), texted(&format!("{n}"), words))).unwrap();
    }
    let verify = |log: &[&str]| {
        let arguments = [&["--database", "it.db", "acme"], log].concat();
        let (status, said, error) = run(&scratch, "verify", &arguments);
        assert_eq!(status, Some(0), "{said}{error}");
        said
    };
    let whole = "proven:
  1 chain of 3 entries is whole: they fit one another, so that none alone was changed, removed or put in between
  the text of 3 of them is what was sealed
  what is shown of a contact's chain is about that contact's number
  records and settings are what the chains lead to; where texts are gone, by revision
";
    let rest = "  that no entry came after them, and that the clock was right
  that what is queued, the marks of texts that were seen, and the columns by which contacts are listed by state are what they led to
";
    let nobody = "not proven:
  that the chains are as they were written: no signed log was given, and whoever keeps the ledger could have made all of it anew
";
    assert_eq!(verify(&[]), format!("{whole}{nobody}{rest}"));
    let (_, _, said) = run(&scratch, "export", &["it.db", "acme", "+12065550001", "--log", "log"]);
    let key = said.trim().rsplit(' ').next().unwrap();
    let places =
        "  3 of them have their places in the account's own log, which nobody has signed here\n";
    assert_eq!(verify(&[]), format!("{whole}{places}{nobody}{rest}"));
    let logged = "  3 of them are in the log, each in its place
  the first 3 of the log \u{201c}optin-example/acme\u{201d} are those that were signed
not proven:
";
    assert_eq!(verify(&["--log", "log", key]), format!("{whole}{logged}{rest}"));
    block_on(engine.handle(&contact(1), texted("stop", "stop"))).unwrap();
    block_on(engine.storage().erase(&contact(1))).unwrap();
    let said = verify(&["--log", "log", key]);
    assert!(!said.contains("the text of 0"), "{said}");
}

#[test]
fn the_quickstart_begins_on_a_day_that_a_reader_believes() {
    let scratch = Scratch::new("newcomer-quickstart");
    let mut command = Command::new(example("quickstart"));
    let output = command.env("TMPDIR", scratch.directory()).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let file = said.trim().rsplit(' ').next().unwrap();
    let (status, evidence, error) = run(&scratch, "export", &[file, "acme", "+12065550100"]);
    assert_eq!(status, Some(0), "{error}");
    fs::write(scratch.path("evidence.json"), evidence).unwrap();
    let (status, said, _) = run(&scratch, "verify", &["evidence.json"]);
    let from = ", from 2026-03-01 09:00:00 UTC to 2026-03-01 23:00:00 UTC, are one chain";
    assert!(status == Some(0) && said.contains(from), "{said}");
}
