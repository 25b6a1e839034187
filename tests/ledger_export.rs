//! `examples/export.rs`: an account in one file, whole or not at all, and nobody else's to read.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod black_box;
mod newcomer;
mod support;

use std::fs;

use black_box::Scratch;
use chrono::{DateTime, TimeDelta, Utc};
use optin::{
    AccountId, Archive, Contact, Engine, PhoneNumber, blocking::block_on, store::SqliteStorage,
};

use self::{
    newcomer::{NUMBER, Provider, made, run},
    support::{START, contact, texted},
};

const ALL: [&str; 4] = ["it.db", "acme", "--all", "all.jsonl"];

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
    let scratch = made_of_many_letters("ledger-export-letters");
    let (file, part) = (scratch.path("all.jsonl"), scratch.path("all.jsonl.part"));
    let (status, said, error) = run(&scratch, "export", &ALL);
    assert_eq!((status, said.as_str()), (Some(0), "11 contacts in all.jsonl\n"), "{error}");
    assert!(!part.exists());
    let whole = fs::read(&file).unwrap();
    assert_eq!(whole.iter().filter(|byte| **byte == b'\n').count(), 11);
    let ends = (0..whole.len()).filter(|at| whole[*at] == b'\n');
    let inside_letters = (0..whole.len()).filter(|at| whole[*at] & 0xc0 == 0x80);
    let cuts = ends.flat_map(|end| [end, end + 1, end / 2]).chain(inside_letters.step_by(7));
    for cut in [0, 1].into_iter().chain(cuts) {
        fs::remove_file(&file).unwrap();
        fs::write(&part, &whole[..cut]).unwrap();
        let (status, said, error) = run(&scratch, "export", &ALL);
        assert_eq!((status, said.as_str()), (Some(0), "11 contacts in all.jsonl\n"), "{error}");
        assert!(fs::read(&file).unwrap() == whole, "cut at {cut} of {}", whole.len());
        assert!(!part.exists());
    }
}

/// What came, went or changed since the earlier run: the file is as if it were the first.
#[test]
fn an_export_that_goes_on_has_what_came_since() {
    let scratch = made("ledger-export-since");
    assert_eq!(run(&scratch, "export", &ALL).0, Some(0));
    let (file, part) = (scratch.path("all.jsonl"), scratch.path("all.jsonl.part"));
    let early = fs::read(&file).unwrap();
    let storage = SqliteStorage::open(scratch.path("it.db")).unwrap();
    let engine = Engine::new(&storage, Provider, || START + TimeDelta::days(1));
    let first = PhoneNumber::parse("+12025550100").unwrap();
    let came = |number, words| {
        let of = Contact::new(contact(1).account().clone(), number);
        block_on(engine.handle(&of, texted(&format!("{words}{}", number.to_digits()), words)))
            .unwrap();
    };
    let changes: [&dyn Fn(); 4] = [
        &|| came(contact(10).number(), "stop"),
        &|| came(contact(2).number(), "stop"),
        &|| assert!(block_on(storage.erase(&contact(5))).is_ok()),
        &|| came(first, "Hi"),
    ];
    for change in changes {
        change();
        let _ = fs::remove_file(&file);
        assert_eq!(run(&scratch, "export", &ALL).0, Some(0));
        let anew = fs::read(&file).unwrap();
        assert!(anew != early);
        for cut in [early.len() / 2, early.len()] {
            fs::remove_file(&file).unwrap();
            fs::write(&part, &early[..cut]).unwrap();
            let (status, _, error) = run(&scratch, "export", &ALL);
            assert_eq!(status, Some(0), "{error}");
            assert!(fs::read(&file).unwrap() == anew);
        }
    }
    // A signed one does not keep what was not signed.
    fs::remove_file(&file).unwrap();
    fs::write(&part, &early).unwrap();
    let (status, _, said) = run(&scratch, "export", &[&ALL[..], &["--log", "log"]].concat());
    let key = said.trim().rsplit(' ').next().unwrap();
    assert_eq!((status, run(&scratch, "verify", &["all.jsonl", key]).0), (Some(0), Some(0)));
}

#[test]
fn a_finished_export_and_what_is_none_are_left_alone() {
    let scratch = made("ledger-export-left");
    let (file, part) = (scratch.path("all.jsonl"), scratch.path("all.jsonl.part"));
    for text in ["not an export\n", "not an export", "", "{\"format\":\"optin evidence\"}\n"] {
        fs::write(&file, text).unwrap();
        let (status, said, error) = run(&scratch, "export", &ALL);
        assert!(status == Some(1) && said.is_empty() && error.contains("there already"), "{error}");
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
    }
    fs::remove_file(&file).unwrap();
    let storage = SqliteStorage::open(scratch.path("it.db")).unwrap();
    let bolt = Contact::new(AccountId::new("bolt").unwrap(), contact(1).number());
    let engine = Engine::new(&storage, Provider, || START);
    block_on(engine.handle(&bolt, texted("bolt", "Hi"))).unwrap();
    assert_eq!(run(&scratch, "export", &["it.db", "bolt", "--all", "bolt.jsonl"]).0, Some(0));
    let bolts = fs::read_to_string(scratch.path("bolt.jsonl")).unwrap();
    for text in ["no export\n", "no export", "{", &bolts, &bolts[..bolts.len() - 1], &bolts[..60]] {
        fs::write(&part, text).unwrap();
        let (status, said, error) = run(&scratch, "export", &ALL);
        if text == "{" {
            // The beginning of any: nothing is lost with it.
            assert_eq!(status, Some(0));
            fs::remove_file(&file).unwrap();
            continue;
        }
        assert!(status == Some(1) && said.is_empty(), "{text}: {said}");
        assert!(error.contains("is no export of the account"), "{error}");
        assert_eq!(fs::read_to_string(&part).unwrap(), text);
        assert!(!file.exists());
    }
}

#[cfg(unix)]
#[test]
fn an_export_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;

    let scratch = made("ledger-export-mode");
    let mode = |name| fs::metadata(scratch.path(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(run(&scratch, "export", &ALL).0, Some(0));
    assert_eq!(mode("all.jsonl"), 0o600);
    // One that was begun under other rights too.
    fs::rename(scratch.path("all.jsonl"), scratch.path("all.jsonl.part")).unwrap();
    fs::set_permissions(scratch.path("all.jsonl.part"), PermissionsExt::from_mode(0o644)).unwrap();
    assert_eq!(run(&scratch, "export", &ALL).0, Some(0));
    assert_eq!(mode("all.jsonl"), 0o600);
}

#[test]
fn no_secret_is_in_the_published_directory() {
    let scratch = made("ledger-export-secret");
    let export = |log: &str| run(&scratch, "export", &["it.db", "acme", NUMBER, "--log", log]);
    let (_, _, first) = export("log");
    for log in ["log/", "log//", "log/.", "./log", "./log/"] {
        let (status, _, said) = export(log);
        assert_eq!((status, &said), (Some(0), &first), "{log}: the same secret, in the same place");
    }
    assert!(scratch.path("log.secret").exists() && !scratch.path("log/.secret").exists());
    for log in ["", ".", "..", "log/..", "/"] {
        let (status, said, error) = export(log);
        assert!(status == Some(1) && said.is_empty() && !error.is_empty(), "{log}: {error}");
    }
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(".", scratch.path("here")).unwrap();
        let (status, said, error) = export("here");
        assert!(status == Some(1) && said.is_empty() && error.contains("published"), "{error}");
        assert!(!scratch.path("here.secret").exists());
    }
    // One that an earlier version put there may be known to anybody.
    fs::rename(scratch.path("log.secret"), scratch.path("log/.secret")).unwrap();
    let (status, said, error) = export("log");
    assert!(status == Some(1) && said.is_empty(), "{said}");
    assert!(error.contains("is a secret in the published directory"), "{error}");
    assert!(!scratch.path("log.secret").exists());
}
