//! Evidence proves what it says, to whoever trusts nobody, and nothing once it was edited.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod support;

use chrono::{FixedOffset, TimeDelta};
use optin::{
    Archive, Engine, Event, Handover, Outbox, Outgoing, Override, Storage,
    ledger::{
        BadCheckpoint, Checkpoint, Checkpointer, Directory, Evidence, Hash, NoteKey, NoteSigner,
        evidence::{BadEvidence, NotEvidence},
    },
    store::MemoryStorage,
};
use proptest::prelude::*;
use serde_json::Value;

use self::support::{Clock, START, account, contact, now_or_never, owner, texted};

struct Provider;

impl Outbox for Provider {
    async fn send(&self, outgoing: &Outgoing) -> Handover {
        let n = outgoing.id.revision.number();
        Handover::Accepted { provider_id: Some(support::message_id(&format!("out{n}"))) }
    }
}

/// Contact 1 is asked, confirms, opts out, and is set active by hand; contact 2 only writes.
fn played(storage: &impl Storage) {
    let clock = Clock::at(START);
    let engine = Engine::new(storage, Provider, clock.reader());
    for (n, words) in ["<b>Hi</b> & \u{202e}bye", "YES", "stop"].into_iter().enumerate() {
        now_or_never(engine.handle(&contact(1), texted(&format!("in{n}"), words))).unwrap();
        now_or_never(engine.handle(&contact(2), texted(&format!("other{n}"), "Hello"))).unwrap();
        clock.advance(TimeDelta::hours(1));
    }
    let note = Some(optin::Note::new("by phone").unwrap());
    let event = Event::Overridden { actor: owner(), to: Override::Active, note };
    now_or_never(engine.handle(&contact(1), event)).unwrap();
}

fn signers() -> [NoteSigner; 1] {
    [NoteSigner::new("example.com/consent", [7; 32]).unwrap()]
}

fn keys() -> [NoteKey; 1] {
    [signers()[0].key()]
}

struct Scratch(std::path::PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn scratch(name: &str) -> Scratch {
    Scratch(std::env::temp_dir().join(format!("optin-evidence-{name}-{}", std::process::id())))
}

fn gathered(name: &str) -> (MemoryStorage, Evidence) {
    let scratch = scratch(name);
    let (storage, sink) = (MemoryStorage::new(), Directory::new(&scratch.0));
    played(&storage);
    let signers = signers();
    let checkpointer = Checkpointer::new(&storage, &sink, account(), "example.com/acme", &signers);
    now_or_never(checkpointer.run_once()).unwrap();
    let keys = keys();
    let of = contact(1);
    let evidence = now_or_never(Evidence::gather_published(&storage, &of, &sink, &keys));
    (storage, evidence.unwrap().unwrap())
}

#[test]
fn evidence_proves_what_happened() {
    let (storage, evidence) = gathered("proves");
    let evidence = Evidence::from_json(&evidence.to_json().unwrap()).unwrap();
    let proof = evidence.verify(&keys()).unwrap();
    let history = now_or_never(storage.history(&contact(1), 0, 99)).unwrap();
    assert_eq!(history.len(), 6);
    assert_eq!(proof.entries, history.into_iter().map(Some).collect::<Vec<_>>());
    assert_eq!(proof.included, 6);
    let record = now_or_never(storage.load(&contact(1))).unwrap().record;
    assert_eq!(proof.record, record);
    assert_eq!(
        proof.proven(),
        [
            "the 6 entries of the account \u{201c}acme\u{201d}, from 2026-03-01 09:00:00 UTC to \
             2026-03-01 12:00:00 UTC, are one chain: they fit one another, so that none alone was \
             changed, removed or put in between",
            "they are about the number +12065550001: they say so, and it is what was sealed",
            "the words and times of 6 of them are those that were sealed",
            "the first 6 were in the log \u{201c}example.com/acme\u{201d} when 8 entries of it were \
             signed",
            "by the last of them the contact may be messaged (active, revision 5)",
        ]
    );
    assert_eq!(
        proof.not_proven(),
        [
            "that no entry came after the last one here, and that the clock of the business was \
             right",
            "who held the phone with that number",
        ]
    );
}

#[test]
fn what_came_after_the_checkpoint_is_said_not_to_be_proven() {
    let scratch = scratch("tail");
    let (storage, sink) = (MemoryStorage::new(), Directory::new(&scratch.0));
    played(&storage);
    let (signers, keys) = (signers(), keys());
    let checkpointer = Checkpointer::new(&storage, &sink, account(), "example.com/acme", &signers);
    now_or_never(checkpointer.run_once()).unwrap();
    let engine = Engine::new(&storage, Provider, || START + TimeDelta::days(1));
    now_or_never(engine.handle(&contact(1), texted("last", "stop"))).unwrap();
    let of = contact(1);
    let published = now_or_never(Evidence::gather_published(&storage, &of, &sink, &keys));
    let proof = published.unwrap().unwrap().verify(&keys).unwrap();
    assert_eq!((proof.entries.len(), proof.included), (8, 6));
    let told = "that the last 2 entries are as they were written: they came after the checkpoint";
    assert_eq!(proof.not_proven()[0], told);
    let alone = now_or_never(Evidence::gather(&storage, &of)).unwrap().unwrap();
    assert_eq!(alone.verify(&keys), Err(BadEvidence::NoCheckpoint));
    let proof = alone.verify(&[]).unwrap();
    assert_eq!((proof.included, proof.checkpoint.clone()), (0, None));
    assert!(
        proof.not_proven()[0].starts_with("that the chain is as it was written: no checkpoint")
    );
    assert_eq!(now_or_never(Evidence::gather(&storage, &contact(9))).unwrap(), None);
}

/// Every string and number in a JSON value, by its path.
fn leaves(value: &Value, path: String, all: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                leaves(value, format!("{path}/{name}"), all);
            }
        }
        Value::Array(values) => {
            for (n, value) in values.iter().enumerate() {
                leaves(value, format!("{path}/{n}"), all);
            }
        }
        Value::Null => {}
        _ => all.push(path),
    }
}

#[test]
fn evidence_edited_in_any_field_is_refused() {
    let (_, evidence) = gathered("edited");
    let whole: Value = serde_json::from_str(&evidence.to_json().unwrap()).unwrap();
    let mut paths = Vec::new();
    leaves(&whole, String::new(), &mut paths);
    assert!(paths.len() > 60, "{}", paths.len());
    let refused = |edited: &Value, path: &str| {
        let read = Evidence::from_json(&edited.to_string());
        let Ok(evidence) = read else { return };
        let verified = evidence.verify(&keys());
        assert!(verified.is_err(), "{path}: {verified:?}");
    };
    for path in &paths {
        let mut edited = whole.clone();
        let value = edited.pointer_mut(path).unwrap();
        match value {
            Value::String(text) => {
                // Every letter of the short ones, some of the long ones.
                let text = text.clone();
                let step = (text.len() / 16).max(1);
                for (at, char) in text.char_indices().step_by(step) {
                    let other = if char == 'b' { 'a' } else { 'b' };
                    let changed =
                        format!("{}{other}{}", &text[..at], &text[at + char.len_utf8()..]);
                    *edited.pointer_mut(path).unwrap() = Value::String(changed);
                    refused(&edited, path);
                }
                *edited.pointer_mut(path).unwrap() = Value::String(String::new());
                refused(&edited, path);
            }
            Value::Number(number) => {
                let changed = number.as_u64().unwrap() ^ 1;
                *value = Value::from(changed);
                refused(&edited, path);
            }
            other => panic!("{other}"),
        }
    }
    // Entries and fields that are gone, twice there, or in another order.
    for n in 0..6 {
        let mut edited = whole.clone();
        edited["entries"].as_array_mut().unwrap().remove(n);
        refused(&edited, "entry removed");
        let mut edited = whole.clone();
        let entry = edited["entries"][n].clone();
        edited["entries"].as_array_mut().unwrap().insert(n, entry);
        refused(&edited, "entry twice");
        if n > 0 {
            let mut edited = whole.clone();
            edited["entries"].as_array_mut().unwrap().swap(n - 1, n);
            refused(&edited, "entries swapped");
        }
        for field in ["sealed", "hash", "salts", "entry", "leaf", "inclusion"] {
            let mut edited = whole.clone();
            edited["entries"][n].as_object_mut().unwrap().remove(field);
            refused(&edited, field);
        }
    }
    let mut edited = whole.clone();
    edited["comment"] = Value::from("hello");
    refused(&edited, "a field more");
    let mut edited = whole;
    edited.as_object_mut().unwrap().remove("checkpoint");
    refused(&edited, "no checkpoint for what is under it");
}

#[test]
fn evidence_under_a_foreign_key_or_of_another_log_is_refused() {
    let (_, evidence) = gathered("foreign");
    let foreign = NoteSigner::new("example.com/consent", [8; 32]).unwrap();
    let refused = evidence.verify(&[foreign.key()]).unwrap_err();
    assert!(matches!(refused, BadEvidence::Checkpoint(_)), "{refused}");
    // A checkpoint that is believed, over another log.
    let mut other = evidence.clone();
    let note = other.checkpoint.take().unwrap();
    let checkpoint = Checkpoint::open(&note, &keys()).unwrap();
    let others = Checkpoint::new("example.com/bolt", 8, Hash::of(b"other"));
    other.checkpoint = Some(others.sign(&[&signers()[0]]));
    assert_eq!(other.verify(&keys()), Err(BadEvidence::NotIncluded { sequence: 0 }));
    assert_eq!(checkpoint.size, 8);
}

#[test]
fn the_log_that_is_asked_for_is_the_only_one_that_counts() {
    let (storage, evidence) = gathered("origin");
    let keys = keys();
    assert_eq!(evidence.verify_in_log("example.com/acme", &keys), evidence.verify(&keys));
    let other = evidence.verify_in_log("example.com/bolt", &keys);
    assert_eq!(other, Err(BadEvidence::Checkpoint(BadCheckpoint::OtherLog)));
    let alone = now_or_never(Evidence::gather(&storage, &contact(1))).unwrap().unwrap();
    for keys in [&keys[..], &[]] {
        let unsigned = alone.verify_in_log("example.com/acme", keys);
        assert_eq!(unsigned, Err(BadEvidence::NoCheckpoint));
    }
    // An audit is told by the checkpoint that it is given, an empty log's too.
    let empty = Checkpoint::new("example.com/bolt", 0, Hash::of(&[]));
    assert_eq!(empty.clone().of_log("example.com/bolt"), Ok(empty.clone()));
    assert_eq!(empty.of_log("example.com/acme"), Err(BadCheckpoint::OtherLog));
}

#[test]
fn the_page_shows_the_conversation_inert_and_whole() {
    let (_, evidence) = gathered("page");
    let proof = evidence.verify(&keys()).unwrap();
    let page = evidence.to_html(&proof, FixedOffset::west_opt(5 * 3600).unwrap());
    for shown in [
        "&lt;b&gt;Hi&lt;/b&gt; &amp; [U+202E]bye",
        "Thanks for texting us! To get our messages, reply YES to confirm.",
        "<blockquote>YES</blockquote>",
        "+12065550001",
        "2026-03-01 04:00:00",
        "Times are UTC-05:00.",
        "by phone",
        "\u{201c}<code>ana</code>\u{201d} set the contact active",
        "out1",
        "<th>Settings,<br>revision</th>",
        "Written in answer, from",
        "<br>asked to confirm (send_confirmation, new_contact): from then on <strong>not \
         confirmed</strong> (pending)",
        "<br>taken as a yes (mark_active, keyword_matched): from then on <strong>may be \
         messaged</strong> (active)",
        "The request to confirm was accepted by the provider as \
         \u{201c}<code>out1</code>\u{201d} (none, accepted): from then on",
        "<br>taken as an opt-out (opt_out, opt_out_keyword): from then on <strong>opted \
         out</strong> (opted_out)",
        "<br>set by hand (mark_active, overridden)",
        "What was not proven",
        "who held the phone with that number",
        "example.com/acme",
    ] {
        assert!(page.contains(shown), "{shown}\n{page}");
    }
    assert!(!page.contains("<b>") && !page.contains('\u{202e}') && !page.contains("<script"));
    assert!(!page.contains("http://") && !page.contains("https://"));
}

/// What was sealed is read by the chain alone, and the proof says that it was so.
#[test]
fn without_a_key_a_checkpoint_is_passed_over_and_that_is_said() {
    let (_, evidence) = gathered("keyless");
    let proof = evidence.verify(&[]).unwrap();
    assert_eq!((proof.included, proof.checkpoint.clone(), proof.is_unbelieved), (0, None, true));
    assert_eq!(evidence.verify_chain().unwrap(), proof);
    assert_eq!(
        proof.not_proven()[0],
        "that the chain is as it was written, and whoever keeps the ledger has not made all of it \
         anew: a checkpoint came with it, but no key was given to believe it by: give the public \
         key of who signed it"
    );
    assert!(!proof.proven().iter().any(|it| it.contains("signed") || it.contains("log")));
    assert!(!evidence.verify(&keys()).unwrap().is_unbelieved);
    let mut edited = evidence;
    edited.entries[1].hash = Hash::of(b"other").to_hex();
    assert!(edited.verify(&[]).is_err());
}

#[test]
fn of_one_entry_is_spoken_as_of_one_and_of_none_not_at_all() {
    let scratch = scratch("one");
    let (storage, sink) = (MemoryStorage::new(), Directory::new(&scratch.0));
    let engine = Engine::new(&storage, Provider, || START);
    let added = Event::Added { source: optin::Source::Csv, opted_out: None };
    now_or_never(engine.handle(&contact(1), added)).unwrap();
    let (signers, keys) = (signers(), keys());
    let checkpointer = Checkpointer::new(&storage, &sink, account(), "example.com/acme", &signers);
    now_or_never(checkpointer.run_once()).unwrap();
    let of = contact(1);
    let evidence = now_or_never(Evidence::gather_published(&storage, &of, &sink, &keys));
    let mut evidence = evidence.unwrap().unwrap();
    let first = "the 1 entry of the account \u{201c}acme\u{201d}, of 2026-03-01 09:00:00 UTC, is the \
                 first of its chain, and fits its seal";
    let signed = "the first was in the log \u{201c}example.com/acme\u{201d} when 1 entry of it was \
                  signed";
    assert_eq!(
        evidence.verify(&keys).unwrap().proven(),
        [
            first,
            "it is about the number +12065550001: it says so, and it is what was sealed",
            "its words and its time are those that were sealed",
            signed,
            "by it the contact has not confirmed yet, and may only be asked to (pending, revision 1)",
        ]
    );
    (evidence.entries[0].entry, evidence.entries[0].salts) = (None, None);
    assert_eq!(evidence.verify(&keys).unwrap().proven(), [first, signed]);
}

#[test]
fn files_that_are_no_evidence_are_refused() {
    let (_, evidence) = gathered("files");
    let json = evidence.to_json().unwrap();
    assert_eq!(
        Evidence::from_json(&json.replacen("\"version\": 1", "\"version\": 2", 1)),
        Err(NotEvidence::UnknownVersion(2))
    );
    for cut in (0..json.len()).step_by(97) {
        assert!(Evidence::from_json(&json[..cut]).is_err());
    }
    for other in ["", "{}", "[]", "null", "{\"format\":\"optin evidence\"}"] {
        assert!(matches!(Evidence::from_json(other), Err(NotEvidence::Bad { .. })), "{other}");
    }
}

proptest! {
    #[test]
    fn any_edit_gives_a_proof_or_a_typed_error(at in 0.0..1.0, with: char) {
        let (_, evidence) = gathered("any");
        let json = evidence.to_json().unwrap();
        let (at, _) = json.char_indices().nth((at * (json.chars().count() - 1) as f64) as usize).unwrap();
        let mut edited = json.clone();
        edited.insert(at, with);
        if let Ok(read) = Evidence::from_json(&edited) {
            // White space between fields changes nothing, nor does another spelling of a letter.
            prop_assert!(read.verify(&keys()).is_err() || read == evidence);
        }
    }
}
