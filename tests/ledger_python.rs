//! A script of another language, written from the documents alone, verifies evidence as we do.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod black_box;
mod support;

use std::{fs, process::Command};

use black_box::Scratch;
use chrono::TimeDelta;
use optin::{
    Engine, Handover, Outbox, Outgoing,
    ledger::{Checkpointer, Directory, Evidence, NoteSigner},
    store::MemoryStorage,
};
use serde_json::Value;

use self::support::{Clock, START, account, contact, now_or_never, texted};

struct Provider;

impl Outbox for Provider {
    async fn send(&self, _outgoing: &Outgoing) -> Handover {
        Handover::Accepted { provider_id: None }
    }
}

/// What the script says, and whether the evidence holds by it.
fn judged(scratch: &Scratch, evidence: &str) -> (bool, String) {
    let path = scratch.path("evidence.json");
    fs::write(&path, evidence).unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/ledger/verify.py");
    let output = Command::new("python3").arg(script).arg(&path).output();
    let output = output.unwrap_or_else(|error| panic!("python3: {error}; install Python 3"));
    let said = [&output.stdout[..], &output.stderr[..]].concat();
    (output.status.success(), String::from_utf8(said).unwrap().trim().into())
}

fn evidence(scratch: &Scratch) -> Evidence {
    let clock = Clock::at(START);
    let engine = Engine::new(MemoryStorage::new(), Provider, clock.reader());
    for (n, words) in
        ["Hi", "Grüße 👋", "yes", "HELP", "stop", "START", "YES"].into_iter().enumerate()
    {
        for who in 0..4 {
            let text = texted(&format!("in-{who}-{n}"), words);
            now_or_never(engine.handle(&contact(who), text)).unwrap();
        }
        clock.advance(TimeDelta::hours(13));
    }
    let directory = Directory::new(scratch.path("log"));
    let signers = [NoteSigner::new("example.com/consent", [7; 32]).unwrap()];
    let keys = [signers[0].key()];
    let checkpointer =
        Checkpointer::new(engine.storage(), &directory, account(), "example.com/acme", &signers);
    now_or_never(checkpointer.run_once()).unwrap();
    now_or_never(engine.handle(&contact(1), texted("last", "stop"))).unwrap();
    let of = contact(1);
    let gathered = Evidence::gather_published(engine.storage(), &of, &directory, &keys);
    now_or_never(gathered).unwrap().unwrap()
}

#[test]
fn the_script_and_we_agree_on_evidence_and_on_what_was_edited() {
    let scratch = Scratch::new("ledger-python");
    let evidence = evidence(&scratch);
    let whole: Value = serde_json::from_str(&evidence.to_json().unwrap()).unwrap();
    assert_eq!(judged(&scratch, &whole.to_string()), (true, "holds".into()));
    let count = evidence.entries.len();
    assert!(count > 8 && evidence.entries[count - 1].leaf.is_none());
    for (n, path, change) in [
        (2, "/entries/2/sealed", Value::from("AAAA")),
        (3, "/entries/3/hash", Value::from("00")),
        (0, "/chain", Value::from("00")),
        (0, "/account", Value::from("bolt")),
        (4, "/entries/4/leaf", Value::from(0)),
        (4, "/entries/4/leaf", Value::from(10_000)),
        (1, "/entries/1/inclusion/0", Value::from("ab".repeat(32))),
        (1, "/entries/1/inclusion", Value::from(Vec::<String>::new())),
        (0, "/entries/0/salts/0", Value::from("ab".repeat(32))),
        (0, "/entries/0/salts/1", Value::Null),
        (1, "/entries/1/salts/1", Value::from("ab".repeat(32))),
        (0, "/entries/0/entry", Value::from("{\"version\":1,\"body\":{}}")),
    ] {
        let mut edited = whole.clone();
        *edited.pointer_mut(path).unwrap() = change;
        let (holds, said) = judged(&scratch, &edited.to_string());
        assert!(!holds && said.starts_with(&format!("entry {n}:")), "{path}: {said}");
        let ours = Evidence::from_json(&edited.to_string()).map(|it| it.verify_chain().is_ok());
        // Ours looks at the log under a key only.
        assert!(path.contains("leaf") || path.contains("inclusion") || ours != Ok(true), "{path}");
    }
    for n in 0..count {
        let mut edited = whole.clone();
        edited["entries"].as_array_mut().unwrap().remove(n);
        let (holds, said) = judged(&scratch, &edited.to_string());
        let expected = if n + 1 == count {
            "the last hash is another".into()
        } else {
            format!("entry {n}: out of place")
        };
        assert!(!holds && said == expected, "{said}");
        let text = whole["entries"][n]["entry"].as_str().unwrap();
        let at = text.len() / 2;
        let other = if text.as_bytes()[at] == b'x' { "y" } else { "x" };
        let mut edited = whole.clone();
        if text.is_char_boundary(at) && text.is_char_boundary(at + 1) {
            edited["entries"][n]["entry"] =
                Value::from(format!("{}{other}{}", &text[..at], &text[at + 1..]));
            let (holds, said) = judged(&scratch, &edited.to_string());
            assert!(!holds && said.starts_with(&format!("entry {n}:")), "{said}");
        }
    }
}
