//! Evidence in the eyes of a program that is not ours, written from the documents alone.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

#[path = "../../black_box/mod.rs"]
mod black_box;
#[path = "../../support/mod.rs"]
mod support;

use std::{fs, io::ErrorKind, process::Command};

use self::black_box::Scratch;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use chrono::TimeDelta;
use optin::{
    Archive, Engine, Event, Handover, MessageId, Outbox, Outgoing, Override, Source,
    ledger::{
        ChainId, Checkpoint, Checkpointer, Directory, Evidence, Hash, Head, NoteSigner, Salts,
        evidence::BadEvidence, seal, stored::decode_entry,
    },
    store::MemoryStorage,
};
use serde_json::{Value, json};

use self::support::{Clock, START, account, contact, now_or_never, owner, texted};

struct Provider;

impl Outbox for Provider {
    async fn send(&self, _outgoing: &Outgoing) -> Handover {
        Handover::Accepted { provider_id: Some(MessageId::new("SM\u{e9}").unwrap()) }
    }
}

/// Contact 1 is asked, answers twice, opts out, is set active by hand, and writes once more after
/// the checkpoint; others write in between.
struct Played {
    scratch: Scratch,
    storage: MemoryStorage,
    signer: NoteSigner,
}

impl Played {
    fn new(name: &str) -> Self {
        let scratch = Scratch::new(name);
        let signer = NoteSigner::new("example.com/consent", [7; 32]).unwrap();
        let played = Self { scratch, storage: MemoryStorage::new(), signer };
        let clock = Clock::at(START);
        let engine = Engine::new(&played.storage, Provider, clock.reader());
        let added = Event::Added { source: Source::Csv, opted_out: None };
        now_or_never(engine.handle(&contact(1), added)).unwrap();
        for (n, words) in ["\u{1f600} \"Hi\"\n", "Yes please", "yes", "stop"].iter().enumerate() {
            now_or_never(engine.handle(&contact(1), texted(&format!("in{n}"), words))).unwrap();
            for other in 2..5 {
                let text = texted(&format!("{other}-{n}"), "Hello");
                now_or_never(engine.handle(&contact(other), text)).unwrap();
            }
            clock.advance(TimeDelta::hours(13));
        }
        let note = Some(optin::Note::new("by phone").unwrap());
        let event = Event::Overridden { actor: owner(), to: Override::Active, note };
        now_or_never(engine.handle(&contact(1), event)).unwrap();
        played.publish();
        now_or_never(engine.handle(&contact(1), texted("last", "STOP"))).unwrap();
        played
    }

    fn log(&self) -> Directory {
        Directory::new(self.scratch.path("log"))
    }

    fn publish(&self) {
        let (log, signers) = (self.log(), std::slice::from_ref(&self.signer));
        let name = "example.com/acme";
        let checkpointer = Checkpointer::new(&self.storage, &log, account(), name, signers);
        now_or_never(checkpointer.run_once()).unwrap();
    }

    fn evidence(&self) -> Value {
        let (log, keys) = (self.log(), [self.signer.key()]);
        let of = contact(1);
        let gathered = Evidence::gather_published(&self.storage, &of, &log, &keys);
        let evidence = now_or_never(gathered).unwrap().unwrap();
        assert!(evidence.verify(&keys).is_ok());
        serde_json::from_str(&evidence.to_json().unwrap()).unwrap()
    }

    /// What the script says of these files, by one of our keys: a line each, and its exit status.
    fn verify(&self, texts: &[String]) -> (Vec<String>, i32) {
        self.verify_by(&self.signer, texts)
    }

    fn verify_by(&self, signer: &NoteSigner, texts: &[String]) -> (Vec<String>, i32) {
        let mut python = Command::new("python3");
        python.arg("-B").arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../ledger/verify.py"));
        python.arg(signer.key().to_string());
        for (n, text) in texts.iter().enumerate() {
            let path = self.scratch.path(&format!("{n}.json"));
            fs::write(&path, text).unwrap();
            python.arg(path);
        }
        let output = python.output().unwrap_or_else(|error| match error.kind() {
            ErrorKind::NotFound => {
                panic!("python3 is not installed: this test runs a script of it")
            }
            _ => panic!("{error}"),
        });
        let said = String::from_utf8(output.stdout).unwrap();
        let failed = String::from_utf8_lossy(&output.stderr);
        assert_eq!(failed, "", "the script failed");
        (said.lines().map(Into::into).collect(), output.status.code().unwrap())
    }
}

#[test]
fn the_script_is_short() {
    assert!(include_str!("../../ledger/verify.py").lines().count() <= 60);
}

#[test]
fn evidence_is_believed_whole_and_in_part() {
    let played = Played::new("python-good");
    let whole = played.evidence();
    now_or_never(played.storage.prune_texts(START + TimeDelta::hours(1))).unwrap();
    let pruned = played.evidence();
    let (said, status) = played.verify(&[whole.to_string(), pruned.to_string()]);
    assert_eq!(
        said,
        [
            "holds: 11 entries, 11 disclosed, 9 in the signed log",
            "holds: 11 entries, 8 disclosed, 9 in the signed log",
        ]
    );
    assert_eq!(status, 0);
}

#[test]
fn evidence_that_nobody_signed_has_no_entries_or_names_two_people_is_not_believed() {
    let played = Played::new("python-refused");
    let alone = now_or_never(Evidence::gather(&played.storage, &contact(1))).unwrap().unwrap();
    let sign = |size, root| {
        Checkpoint::new("example.com/acme", size, root).sign(&[&played.signer]).to_string()
    };
    let empty = json!({
        "format": "optin evidence", "version": 1, "account": "acme", "chain": "00".repeat(16),
        "head": "00".repeat(32), "entries": [], "checkpoint": sign(0, Hash::of(&[])),
    });
    // A chain that was made to name two.
    let (mut head, mut entries) = (Head::new(ChainId([1; 16])), Vec::new());
    for number in ["+12065550101", "+12065550102"] {
        let json = format!(
            r#"{{"version":1,"body":{{"at":"2026-03-01T09:00:00Z","number":"{number}","policy_revision":0,"fact":{{"event":{{"added":{{"source":"csv"}}}}}},"verdict":{{"refused":"unknown_contact"}}}}}}"#
        );
        let salt = Hash([1; 32]).to_hex();
        let entry = decode_entry(&json).unwrap();
        let (bytes, next) = seal(&account(), &head, &entry, &json, &Salts([[1; 32]; 4]));
        head = next;
        entries.push(json!({
            "sealed": BASE64_STANDARD.encode(bytes), "hash": head.hash.to_hex(), "entry": json,
            "salts": [salt, null, null, salt],
        }));
    }
    let two = json!({
        "format": "optin evidence", "version": 1, "account": "acme",
        "chain": head.chain.to_hex(), "head": head.hash.to_hex(), "entries": entries,
        "checkpoint": sign(1, Hash::of(b"root")),
    });
    let texts = [alone.to_json().unwrap(), empty.to_string(), two.to_string()];
    let (said, status) = played.verify(&texts);
    assert_eq!(
        said,
        [
            "refused: that is no signed note",
            "refused: the last entry is not the head",
            "refused: about two numbers",
        ]
    );
    assert_eq!(status, 1);
    let ours = texts
        .each_ref()
        .map(|text| Evidence::from_json(text).unwrap().verify(&[played.signer.key()]).unwrap_err());
    let expected =
        [BadEvidence::NoCheckpoint, BadEvidence::Empty, BadEvidence::OtherNumber { sequence: 1 }];
    assert_eq!(ours, expected);
}

/// The evidence with one thing in it changed.
struct Edit {
    what: String,
    text: String,
    refused: &'static str,
}

impl Edit {
    fn new(whole: &Value, refused: &'static str, edit: impl FnOnce(&mut Value)) -> Self {
        let mut edited = whole.clone();
        edit(&mut edited);
        assert_ne!(&edited, whole, "{refused}");
        Self { what: refused.into(), text: edited.to_string(), refused }
    }
}

/// Another letter, digit or bit in the middle of a string, of the same kind.
fn flip(value: &mut Value) {
    let text = value.as_str().unwrap();
    let at = text.char_indices().nth(text.chars().count() / 2).unwrap().0;
    let other = if text[at..].starts_with('b') { "c" } else { "b" };
    let after = at + text[at..].chars().next().unwrap().len_utf8();
    *value = Value::String(format!("{}{other}{}", &text[..at], &text[after..]));
}

fn entries(value: &mut Value) -> &mut Vec<Value> {
    value["entries"].as_array_mut().unwrap()
}

fn remove(value: &mut Value, field: &str) {
    value.as_object_mut().unwrap().remove(field).unwrap();
}

#[test]
fn edited_evidence_is_refused_and_the_first_bad_entry_is_named() {
    let played = Played::new("python-bad");
    let whole = played.evidence();
    let edit = |refused, edit: &dyn Fn(&mut Value)| Edit::new(&whole, refused, edit);
    let sealed = |value: &Value| value["entries"][4]["sealed"].clone();
    let mut edits = vec![
        edit("entry 3: not what was sealed", &|it| flip(&mut it["entries"][3]["sealed"])),
        edit("entry 3: not what was sealed", &|it| flip(&mut it["entries"][3]["hash"])),
        edit("entry 3: not what was sealed", &|it| it["entries"][3]["sealed"] = sealed(it)),
        edit("entry 0: out of place", &|it| drop(entries(it).remove(0))),
        edit("entry 5: out of place", &|it| drop(entries(it).remove(5))),
        edit("entry 5: out of place", &|it| entries(it).swap(5, 6)),
        edit("entry 5: out of place", &|it| {
            let entry = it["entries"][4].clone();
            entries(it).insert(5, entry);
        }),
        edit("the last entry is not the head", &|it| drop(entries(it).pop())),
        edit("the last entry is not the head", &|it| entries(it).clear()),
        edit("the last entry is not the head", &|it| flip(&mut it["head"])),
        edit("entry 0: out of place", &|it| flip(&mut it["chain"])),
        edit("entry 0: out of place", &|it| it["account"] = "bolt".into()),
        edit("not evidence of version 1", &|it| it["version"] = 2.into()),
        edit("not evidence of version 1", &|it| it["format"] = "optin".into()),
        edit("not evidence of version 1", &|it| it["comment"] = "hello".into()),
        edit("entry 2: not what was sealed", &|it| it["entries"][2]["seen"] = true.into()),
        // The words.
        edit("entry 1: entry is not what was sealed", &|it| {
            let text = it["entries"][1]["entry"].as_str().unwrap();
            it["entries"][1]["entry"] = text.replace("in0", "in1").into();
        }),
        edit("entry 1: number is not what was sealed", &|it| {
            let text = it["entries"][1]["entry"].as_str().unwrap();
            it["entries"][1]["entry"] = text.replace("+12065550001", "+12065550002").into();
        }),
        edit("entry 1: received is not what was sealed", &|it| {
            let text = it["entries"][1]["entry"].as_str().unwrap();
            it["entries"][1]["entry"] = text.replace("Hi", "Ho").into();
        }),
        edit("entry 1: sent is not what was sealed", &|it| {
            let text = it["entries"][1]["entry"].as_str().unwrap();
            it["entries"][1]["entry"] = text.replace("reply YES", "reply YEs").into();
        }),
        // The log.
        edit("entry 0: not logged", &|it| flip(&mut it["entries"][0]["inclusion"][0])),
        edit("entry 0: not logged", &|it| it["entries"][0]["leaf"] = 1.into()),
        edit("entry 0: not at this place of the log", &|it| {
            it["entries"][0]["leaf"] = 1_000.into();
        }),
        edit("that is no signed note", &|it| remove(it, "checkpoint")),
        edit("one before the last in the log is not there", &|it| {
            remove(&mut it["entries"][4], "leaf");
        }),
        edit("the signature is wrong", &|it| {
            let note = it["checkpoint"].as_str().unwrap();
            it["checkpoint"] = note.replace("/acme", "/bolt").into();
        }),
        edit("that is no signed note", &|it| it["checkpoint"] = "\n\nnonsense".into()),
    ];
    for (n, field) in ["number", "received", "sent", "entry"].into_iter().enumerate() {
        let refused: [&'static str; 4] = [
            "entry 1: number is not what was sealed",
            "entry 1: received is not what was sealed",
            "entry 1: sent is not what was sealed",
            "entry 1: entry is not what was sealed",
        ];
        for change in 0..2 {
            edits.push(Edit {
                what: format!("the salt of {field}"),
                ..edit(refused[n], &|it| match change {
                    0 => flip(&mut it["entries"][1]["salts"][n]),
                    _ => it["entries"][1]["salts"][n] = Value::Null,
                })
            });
        }
    }
    // A field twice, the second time as it was: readers that take the last see nothing.
    let twice = whole.to_string().replacen("\"account\"", "\"account\":\"bolt\",\"account\"", 1);
    let refused = "a field is twice there";
    edits.push(Edit { what: "a field twice".into(), text: twice, refused });
    // A checkpoint that is believed, of the log of another account.
    let other = Checkpoint::new("example.com/bolt", 99, Hash::of(b"other"));
    let other = other.sign(&[&played.signer]);
    edits.push(edit("entry 0: not at this place of the log", &|it| {
        it["checkpoint"] = other.clone().into()
    }));

    let texts: Vec<String> = edits.iter().map(|edit| edit.text.clone()).collect();
    let (said, status) = played.verify(&texts);
    assert_eq!((said.len(), status), (edits.len(), 1));
    for (edit, said) in edits.iter().zip(said) {
        assert_eq!(said, format!("refused: {}", edit.refused), "{}", edit.what);
        // Ours does not believe it either.
        let ours = Evidence::from_json(&edit.text).ok().map(|it| it.verify(&[played.signer.key()]));
        assert!(ours.is_none_or(|verified| verified.is_err()), "{}", edit.what);
    }
    assert!(edits.len() > 30, "{}", edits.len());
}

#[test]
fn a_foreign_key_is_not_believed() {
    let played = Played::new("python-key");
    let whole = played.evidence().to_string();
    for foreign in [("example.com/consent", [8; 32]), ("example.com/other", [7; 32])] {
        let foreign = NoteSigner::new(foreign.0, foreign.1).unwrap();
        let (said, status) = played.verify_by(&foreign, std::slice::from_ref(&whole));
        assert_eq!((&*said[0], status), ("refused: this key has not signed it", 1));
    }
}
