//! `examples/export.rs` and `examples/verify.rs`: what a newcomer and a lawyer run.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod black_box;
mod support;

use std::{
    fs,
    process::{Command, Output},
    sync::OnceLock,
};

use black_box::{Scratch, example};
use chrono::{DateTime, TimeDelta, Utc};
use optin::{
    Archive, Engine, Handover, Outbox, Outgoing, blocking::block_on, store::SqliteStorage,
};

use self::support::{START, contact, texted};

struct Provider;

impl Outbox for Provider {
    async fn send(&self, _outgoing: &Outgoing) -> Handover {
        Handover::Accepted { provider_id: None }
    }
}

fn run(scratch: &Scratch, name: &'static str, arguments: &[&str]) -> (Option<i32>, String, String) {
    static BUILT: OnceLock<()> = OnceLock::new();
    BUILT.get_or_init(|| drop((example("export"), example("verify"))));
    let program = std::env::current_exe().unwrap();
    let profile = program.parent().unwrap().parent().unwrap();
    let mut run = Command::new(profile.join("examples").join(name));
    run.args(arguments).current_dir(scratch.directory());
    let Output { status, stdout, stderr } = run.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

/// Twelve contacts who wrote, in `it.db`.
fn made(name: &str) -> Scratch {
    let scratch = Scratch::new(name);
    let storage = SqliteStorage::open(scratch.path("it.db")).unwrap();
    let engine = Engine::new(storage, Provider, || START);
    for n in 0..12 {
        for (m, words) in ["Yes please", "yes"].into_iter().enumerate() {
            let text = texted(&format!("in-{n}-{m}"), words);
            block_on(engine.handle(&contact(n), text)).unwrap();
        }
    }
    scratch
}

const NUMBER: &str = "+12065550003";

#[test]
fn one_letter_of_the_evidence_is_edited_and_it_is_refused() {
    let scratch = made("ledger-examples");
    let (status, evidence, _) = run(&scratch, "export", &["it.db", "acme", NUMBER]);
    assert_eq!(status, Some(0));
    fs::write(scratch.path("evidence.json"), &evidence).unwrap();
    let (status, said, _) = run(&scratch, "verify", &["evidence.json"]);
    assert_eq!(status, Some(0));
    assert!(
        said.starts_with("proven:\n  the 3 entries of the account \u{201c}acme\u{201d}, from"),
        "{said}"
    );
    assert!(said.contains("not proven:\n  that the chain is as it was written"), "{said}");
    fs::write(scratch.path("edited.json"), evidence.replace("Yes please", "Yes pleaze")).unwrap();
    let (status, said, _) = run(&scratch, "verify", &["edited.json"]);
    let expected =
        "refused: entry 0: what it says in the field received is not what was committed to\n";
    assert_eq!((status, said.as_str()), (Some(1), expected));
    let (status, page, _) = run(&scratch, "export", &["it.db", "acme", NUMBER, "--html"]);
    assert!(
        status == Some(0) && page.starts_with("<!doctype html>") && page.contains("Yes please")
    );
}

#[test]
fn a_signed_log_is_verified_by_its_key_alone() {
    let scratch = made("ledger-examples-log");
    let export = ["it.db", "acme", NUMBER, "--log", "log"];
    let (status, evidence, said) = run(&scratch, "export", &export);
    assert_eq!(status, Some(0), "{said}");
    let key = said.trim().strip_prefix("signed 36 entries with the key ").unwrap();
    fs::write(scratch.path("evidence.json"), evidence).unwrap();
    let (status, said, _) = run(&scratch, "verify", &["evidence.json", key]);
    assert!(status == Some(0) && said.contains("when 36 entries of it were signed"), "{said}");
    let foreign = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    for (arguments, expected) in [
        (vec!["evidence.json", foreign], 1),
        (vec!["evidence.json"], 1),
        (vec!["evidence.json", "nonsense"], 2),
        (vec!["--log", "log", key], 0),
        (vec!["--log", "log", foreign], 1),
        (vec!["--log", "nowhere", key], 1),
        (vec!["--database", "it.db", "acme", "--log", "log", key], 0),
        (vec!["--database", "it.db", "acme"], 0),
        (vec!["--database", "it.db", "acme", "--log", "log", foreign], 1),
        (vec!["--database", "nowhere.db", "acme"], 2),
        (vec!["nowhere.json"], 2),
        (vec![], 2),
    ] {
        let (status, said, error) = run(&scratch, "verify", &arguments);
        assert_eq!(status, Some(expected), "{arguments:?}: {said}{error}");
    }
    // The secret is there again, and its owner's alone.
    let (_, _, again) = run(&scratch, "export", &export);
    assert!(again.trim().ends_with(key), "{again}");
    #[cfg(unix)]
    {
        let mode = fs::metadata(scratch.path("log.secret")).unwrap().permissions();
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&mode) & 0o777, 0o600);
    }
}

#[test]
fn an_export_that_was_cut_off_goes_on() {
    let scratch = made("ledger-examples-all");
    let all = ["it.db", "acme", "--all", "all.jsonl"];
    let (status, said, error) = run(&scratch, "export", &all);
    assert_eq!((status, said.as_str()), (Some(0), "12 contacts in all.jsonl\n"), "{error}");
    let whole = fs::read(scratch.path("all.jsonl")).unwrap();
    assert_eq!(whole.iter().filter(|byte| **byte == b'\n').count(), 12);
    for cut in [0, 1, whole.len() / 3, whole.len() / 2, whole.len() - 1, whole.len()] {
        fs::write(scratch.path("all.jsonl"), &whole[..cut]).unwrap();
        let (status, said, error) = run(&scratch, "export", &all);
        assert_eq!((status, said.as_str()), (Some(0), "12 contacts in all.jsonl\n"), "{error}");
        assert_eq!(fs::read(scratch.path("all.jsonl")).unwrap(), whole, "cut at {cut}");
    }
    let (status, said, _) = run(&scratch, "verify", &["all.jsonl"]);
    assert_eq!((status, said.as_str()), (Some(0), "proven: 12 bundles hold, each by itself\n"));
    let edited = String::from_utf8(whole).unwrap().replacen("Yes please", "Yes pleaze", 1);
    fs::write(scratch.path("all.jsonl"), edited).unwrap();
    let (status, said, _) = run(&scratch, "verify", &["all.jsonl"]);
    assert!(status == Some(1) && said.starts_with("refused: line 1: entry 0:"), "{said}");
}

/// Twelve contacts who wrote in letters of one to four bytes, in `it.db`: the texts of two are
/// pruned, one is erased.
fn made_of_many_letters(name: &str) -> Scratch {
    let scratch = Scratch::new(name);
    let storage = SqliteStorage::open(scratch.path("it.db")).unwrap();
    for n in 0..12 {
        let at: DateTime<Utc> = if n < 2 { START - TimeDelta::days(900) } else { START };
        let engine = Engine::new(&storage, Provider, move || at);
        let words = format!("Gr\u{fc}\u{df}e \u{20ac}\u{1f600} {n}");
        block_on(engine.handle(&contact(n), texted(&format!("in-{n}"), &words))).unwrap();
    }
    block_on(storage.erase(&contact(3))).unwrap();
    block_on(storage.prune_texts(START - TimeDelta::days(400))).unwrap();
    scratch
}

#[test]
fn an_export_goes_on_wherever_it_was_cut_off() {
    let scratch = made_of_many_letters("ledger-examples-letters");
    let file = scratch.path("all.jsonl");
    let all = ["it.db", "acme", "--all", "all.jsonl"];
    let (status, said, error) = run(&scratch, "export", &all);
    assert_eq!((status, said.as_str()), (Some(0), "11 contacts in all.jsonl\n"), "{error}");
    let whole = fs::read(&file).unwrap();
    let ends = (0..whole.len()).filter(|at| whole[*at] == b'\n');
    let inside_letters = (0..whole.len()).filter(|at| whole[*at] & 0xc0 == 0x80);
    let cuts = ends.flat_map(|end| [end, end + 1, end / 2]).chain(inside_letters.step_by(7));
    for cut in cuts {
        fs::write(&file, &whole[..cut]).unwrap();
        let (status, _, error) = run(&scratch, "export", &all);
        assert_eq!(status, Some(0), "cut at {cut}: {error}");
        assert!(fs::read(&file).unwrap() == whole, "cut at {cut} of {}", whole.len());
    }
    // A file that is no export is left alone.
    fs::write(&file, "not an export\n").unwrap();
    assert_eq!(run(&scratch, "export", &all).0, Some(1));
    assert_eq!(fs::read_to_string(&file).unwrap(), "not an export\n");
}

#[test]
fn what_cannot_be_exported_is_said() {
    let scratch = made("ledger-examples-bad");
    for arguments in [
        vec![],
        vec!["nowhere.db", "acme", NUMBER],
        vec!["it.db", "acme", "206-555"],
        vec!["it.db", "acme", "+12065559999"],
        vec!["it.db", "acme", "--all"],
    ] {
        let (status, said, error) = run(&scratch, "export", &arguments);
        assert!(status != Some(0) && said.is_empty() && !error.is_empty(), "{arguments:?}");
    }
    assert!(!scratch.path("nowhere.db").exists());
}
