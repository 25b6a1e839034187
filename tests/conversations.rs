//! Conversations as plain text: every file under `conversations/` says what must come of each line.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

#[path = "conversations/events.rs"]
mod events;
#[path = "conversations/recorder.rs"]
mod recorder;
#[path = "conversations/script.rs"]
mod script;
#[path = "conversations/stage.rs"]
mod stage;
#[path = "conversations/words.rs"]
mod words;

use std::{collections::BTreeSet, fs, path::Path};

use script::Script;
use stage::Stage;

fn scripts() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conversations");
    let mut scripts: Vec<_> = fs::read_dir(folder)
        .expect("the folder is there")
        .map(|entry| entry.expect("it can be listed").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .map(|path| {
            let name = path.file_name().expect("a file has a name");
            let text = fs::read_to_string(&path).expect("a script is UTF-8");
            (name.to_string_lossy().into_owned(), text)
        })
        .collect();
    scripts.sort();
    scripts
}

#[test]
fn every_conversation_goes_as_written() {
    let mut wrong = Vec::new();
    let scripts = scripts();
    for (name, text) in &scripts {
        let went = match Script::parse(text) {
            Ok(script) => Stage::play(&script),
            Err(problems) => problems,
        };
        let lines: Vec<&str> = text.lines().collect();
        wrong.extend(went.into_iter().map(|(number, problem)| {
            let line = lines.get(number - 1).copied().unwrap_or_default();
            format!("tests/conversations/{name}:{number}: {line}\n    {problem}")
        }));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(scripts.len() >= 45, "only {} scripts", scripts.len());
}

/// But R3.4, which is about the length of a text and not about what happens.
#[test]
fn every_rule_of_behaviour_is_in_a_conversation() {
    let last_of = [(1, 3), (2, 8), (3, 3), (4, 12), (5, 7), (6, 6)];
    let rules: BTreeSet<String> = last_of
        .into_iter()
        .flat_map(|(chapter, last)| (1..=last).map(move |n| format!("R{chapter}.{n}")))
        .collect();
    let cited: BTreeSet<String> = scripts()
        .iter()
        .filter_map(|(_, text)| Script::parse(text).ok())
        .flat_map(|script| script.rules)
        .collect();
    let missing: Vec<&String> = rules.difference(&cited).collect();
    assert!(missing.is_empty(), "in no conversation: {missing:?}");
    let unknown: Vec<&String> = cited.difference(&rules).collect();
    assert!(unknown.is_empty(), "no such rule: {unknown:?}");
}

#[test]
fn a_script_that_says_nothing_or_nonsense_is_refused() {
    for script in [
        "",
        "# R1.1",
        "# R1.1\n0h texts Hi => none active",
        "# R1.1\n0h texts \"Hi\"",
        "# R1.1\n0h texts \"Hi\" loudly => none active",
        "# R1.1\nnoon texts \"Hi\" => none active",
        "# R1.1\n0h texts \"Hi => none active",
        "# no rule\n0h texts \"Hi\" => none active",
    ] {
        assert!(Script::parse(script).is_err(), "{script:?}");
    }
}

#[test]
fn a_script_that_claims_what_did_not_happen_is_caught() {
    let true_line =
        "0h texts \"Hi\" => send_confirmation new_contact; pending; next 12h; sent confirmation";
    for (said, false_word) in [
        ("send_confirmation", "send_reminder"),
        ("new_contact", "not_asked_yet"),
        ("pending", "active"),
        ("next 12h", "next 11h"),
        ("; next 12h", ""),
        ("sent confirmation", "sent reminder"),
        ("; sent confirmation", ""),
        ("sent confirmation", "sent confirmation \"Hello\""),
        ("sent confirmation", "sent confirmation; synced hubspot:true"),
    ] {
        let line = true_line.replace(said, false_word);
        let script = Script::parse(&format!("# R4.4\n{line}"));
        let wrong = script.map(|script| Stage::play(&script));
        assert!(wrong.is_ok_and(|wrong| wrong.len() == 1), "{line}");
    }
    let script = Script::parse(&format!("# R4.4\n{true_line}"));
    assert!(script.is_ok_and(|script| Stage::play(&script).is_empty()));
}
