//! `examples/export.rs` and `examples/verify.rs`: what a newcomer and a lawyer run.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod black_box;
mod newcomer;
mod support;

use std::fs;

use optin::{AccountId, Contact, Engine, blocking::block_on, store::SqliteStorage};
use serde_json::Value;

use self::{
    newcomer::{NUMBER, Provider, made, run},
    support::{START, contact, texted},
};

#[test]
fn one_letter_of_the_evidence_is_edited_and_it_is_refused() {
    let scratch = made("ledger-examples");
    let (status, evidence, _) = run(&scratch, "export", &["it.db", "acme", NUMBER]);
    assert_eq!(status, Some(0));
    fs::write(scratch.path("evidence.json"), &evidence).unwrap();
    let (status, said, _) = run(&scratch, "verify", &["evidence.json"]);
    assert_eq!(status, Some(0));
    assert!(
        said.starts_with("proven:\n  the 3 entries of the account \u{201c}acme\u{201d}, of 2026"),
        "{said}"
    );
    assert!(said.contains("not proven:\n  that the chain is as it was written"), "{said}");
    fs::write(scratch.path("edited.json"), evidence.replace("Yes please", "Yes pleaze")).unwrap();
    let (status, said, _) = run(&scratch, "verify", &["edited.json"]);
    let expected = "refused: entry 0: what it says in the field received is not what was committed to \
         (entries are counted from 0)\n";
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
        (vec!["evidence.json"], 0),
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
fn what_is_verified_is_said_of_account_number_and_times() {
    let scratch = made("ledger-examples-said");
    let (_, evidence, _) = run(&scratch, "export", &["it.db", "acme", NUMBER]);
    fs::write(scratch.path("evidence.json"), &evidence).unwrap();
    let expected = "\
proven:
  the 3 entries of the account \u{201c}acme\u{201d}, of 2026-03-01 09:00:00 UTC, are one chain: they fit one another, so that none alone was changed, removed or put in between
  they are about the number +12065550003: they say so, and it is what was sealed
  the words and times of 3 of them are those that were sealed
  by the last of them the contact may be messaged (active, revision 3)
not proven:
  that the chain is as it was written: no checkpoint came with it, and whoever keeps the ledger could have made all of it anew
  that no entry came after the last one here, and that the clock of the business was right
  who held the phone with that number
";
    let (status, said, _) = run(&scratch, "verify", &["evidence.json"]);
    assert_eq!((status, said.as_str()), (Some(0), expected));
    // Of what somebody left out the seals are shown.
    let mut hidden: Value = serde_json::from_str(&evidence).unwrap();
    for field in ["entry", "salts"] {
        hidden["entries"][2].as_object_mut().unwrap().remove(field);
    }
    fs::write(scratch.path("hidden.json"), hidden.to_string()).unwrap();
    let (status, said, _) = run(&scratch, "verify", &["hidden.json"]);
    for line in [
        "entries are counted from 0\nproven:\n",
        "  by what was sealed the contact may be messaged (active, revision 3): entry 2, which made \
         the last change, is not shown",
        "sealed:\n  entry 2, not shown, 2026-03-01 09:00:00 UTC: texted, decided mark_active \
         (keyword_matched), revision 3 from then on, under settings 0",
        "  what entry 2 says, and about which number: not shown: erased, pruned or left out",
    ] {
        assert!(status == Some(0) && said.contains(line), "{line}\n{said}");
    }
}

#[test]
fn a_key_asks_for_a_signature_and_a_log_for_all_that_it_has() {
    let scratch = made("ledger-examples-key");
    let (_, unsigned, _) = run(&scratch, "export", &["it.db", "acme", NUMBER]);
    fs::write(scratch.path("unsigned.json"), unsigned).unwrap();
    let export = ["it.db", "acme", NUMBER, "--log", "log"];
    let (_, evidence, said) = run(&scratch, "export", &export);
    fs::write(scratch.path("early.json"), evidence).unwrap();
    let key = said.trim().strip_prefix("signed 36 entries with the key ").unwrap();
    let expect = |arguments: &[&str], status: i32, line: &str| {
        let (found, said, error) = run(&scratch, "verify", arguments);
        assert_eq!(found, Some(status), "{arguments:?}: {said}{error}");
        assert!(said.contains(line), "{arguments:?}: {line}\n{said}{error}");
    };
    for without_key in [
        &["--log", "log"] as &[&str],
        &["early.json", "--log", "log"],
        &["--database", "it.db", "acme", "--log", "log"],
    ] {
        let (status, said, error) = run(&scratch, "verify", without_key);
        assert!(status == Some(2) && said.is_empty() && error.contains("give KEY"), "{error}");
    }
    let nobody = "refused: no checkpoint came with it: nobody has signed it\n";
    expect(&["unsigned.json", key], 1, nobody);
    expect(&["unsigned.json", "--origin", "optin-example/acme"], 1, nobody);
    expect(&["early.json", "--origin", "optin-example/acme", key], 0, "by the last of them");
    let other = "refused: the checkpoint is not believed: it is of another log\n";
    expect(&["early.json", "--origin", "optin-example/bolt", key], 1, other);
    let other = "refused: it is of another log\n";
    expect(&["--log", "log", "--origin", "optin-example/bolt", key], 1, other);
    expect(&["--log", "log", "--origin", "optin-example/acme", key], 0, "they are 12 chains");
    let other = ["--database", "it.db", "acme", "--log", "log", "--origin", "o/bolt", key];
    expect(&other, 1, "refused: it is of another log\n");
    // The log vouches for what came without a checkpoint, until it has more.
    let all = "no later entry of this chain is among those 36 entries of the log";
    expect(&["unsigned.json", "--log", "log", key], 0, all);
    expect(&["early.json", "--log", "log", key], 0, all);
    let storage = SqliteStorage::open(scratch.path("it.db")).unwrap();
    let engine = Engine::new(storage, Provider, || START);
    block_on(engine.handle(&contact(3), texted("later", "STOP"))).unwrap();
    assert_eq!(run(&scratch, "export", &export).0, Some(0));
    let cut = "refused: entry 3 is missing: the log that was signed has 5 of this chain (entries \
               are counted from 0)\n";
    expect(&["early.json", "--log", "log", key], 1, cut);
    expect(&["early.json", key], 0, "that no entry came after the last one here");
}

#[test]
fn a_file_of_bundles_is_summed_up_and_none_may_be_twice_there() {
    let scratch = made("ledger-examples-lines");
    let all = ["it.db", "acme", "--all", "all.jsonl", "--log", "log"];
    let (_, _, said) = run(&scratch, "export", &all);
    let key = said.trim().strip_prefix("signed 36 entries with the key ").unwrap();
    let whole = fs::read_to_string(scratch.path("all.jsonl")).unwrap();
    let verify = |text: &str, arguments: &[&str]| {
        fs::write(scratch.path("lines.jsonl"), text).unwrap();
        let (status, said, _) = run(&scratch, "verify", &[&["lines.jsonl"], arguments].concat());
        (status.unwrap(), said)
    };
    let summary = "\
proven:
  12 bundles of the account \u{201c}acme\u{201d} hold, each by itself
  36 of 36 entries are in a log that was signed
not proven:
  that no contact was left out, and no entry came after the last of each
";
    assert_eq!(verify(&whole, &[key]), (0, summary.into()));
    let (status, said) = verify(&whole, &["--log", "log", key]);
    assert!(status == 0 && said.contains("it has no more chains than these"), "{said}");
    let lines: Vec<&str> = whole.lines().collect();
    let mut hidden: Value = serde_json::from_str(lines[1]).unwrap();
    for field in ["entry", "salts"] {
        hidden["entries"][0].as_object_mut().unwrap().remove(field);
    }
    let mut unsigned: Value = serde_json::from_str(lines[2]).unwrap();
    unsigned.as_object_mut().unwrap().remove("checkpoint");
    for entry in unsigned["entries"].as_array_mut().unwrap() {
        entry.as_object_mut().unwrap().remove("leaf");
        entry.as_object_mut().unwrap().remove("inclusion");
    }
    let text = format!("{}\n{hidden}\n{unsigned}\n", lines[0]);
    let refused = "refused: line 3: no checkpoint came with it: nobody has signed it\n";
    assert_eq!(verify(&text, &[key]), (1, refused.into()));
    let text = format!("{}\n{hidden}\n", lines[0]);
    let said = "\
proven:
  2 bundles of the account \u{201c}acme\u{201d} hold, each by itself
  6 of 6 entries are in a log that was signed
not proven:
  what 1 entry says: not shown: erased, pruned or left out
  that no contact was left out, and no entry came after the last of each
";
    assert_eq!(verify(&text, &[key]), (0, said.into()));
    let (status, said) = verify(&format!("{unsigned}\n"), &[]);
    let line = "that 3 entries are as they were written: not signed";
    assert!(status == 0 && said.contains(line), "{said}");
    let unbelieved =
        "  that somebody signed: a checkpoint came with 12 bundles, but no key was given";
    let (status, said) = verify(&whole, &[]);
    assert!(status == 0 && said.contains(unbelieved) && !said.contains("in a log"), "{said}");
    let twice = format!("{}\n{}\n{}\n", lines[0], lines[1], lines[0]);
    let refused = "refused: line 3: its chain was there before\n";
    assert_eq!(verify(&twice, &[key]), (1, refused.into()));
    assert_eq!(verify("", &[key]), (1, "refused: there is no bundle in it\n".into()));
    let none = r#"{"format":"optin evidence","version":1,"account":"acme","chain":"00000000000000000000000000000000","head":"0000000000000000000000000000000000000000000000000000000000000000","entries":[]}"#;
    assert_eq!(verify(none, &[]), (1, "refused: line 1: there are no entries\n".into()));
    // Another account's is another file's.
    let storage = SqliteStorage::open(scratch.path("it.db")).unwrap();
    let bolt = Contact::new(AccountId::new("bolt").unwrap(), contact(1).number());
    let engine = Engine::new(storage, Provider, || START);
    block_on(engine.handle(&bolt, texted("bolt", "Hi"))).unwrap();
    let (_, bolts, _) = run(&scratch, "export", &["it.db", "bolt", "--all", "bolt.jsonl"]);
    assert_eq!(bolts, "1 contact in bolt.jsonl\n");
    let bolts = fs::read_to_string(scratch.path("bolt.jsonl")).unwrap();
    let (status, said) = verify(&bolts, &[]);
    let one =
        "proven:\n  1 bundle of the account \u{201c}bolt\u{201d} holds, by itself\nnot proven:";
    assert!(status == 0 && said.starts_with(one), "{said}");
    let mixed = format!("{unsigned}\n{bolts}");
    let refused = "refused: line 2: it is of another account than line 1\n";
    assert_eq!(verify(&mixed, &[]), (1, refused.into()));
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

#[cfg(target_os = "linux")]
#[test]
fn what_cannot_be_said_is_no_verdict() {
    let scratch = made("ledger-examples-full");
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let mut verify = std::process::Command::new(black_box::example("verify"));
    verify.args(["--database", "it.db", "acme"]).current_dir(scratch.directory()).stdout(full);
    let said = verify.output().unwrap();
    assert_eq!(said.status.code(), Some(2), "{}", String::from_utf8_lossy(&said.stderr));
}
