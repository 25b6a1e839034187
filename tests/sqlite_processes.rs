//! Two processes on one file at once: both go on, and no text acts twice (G9).
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod black_box;

use black_box::{Scratch, replay};

const CONTACTS: usize = 20;

/// The same texts for everybody: each contact writes, writes again after 12 hours, then stops.
fn lines() -> Vec<String> {
    let texts = [("01T09", "Hi"), ("01T21", "Hm"), ("02T10", "STOP")];
    let mut lines = Vec::new();
    for (n, (day_and_hour, text)) in texts.into_iter().enumerate() {
        for contact in 0..CONTACTS {
            lines.push(format!(
                r#"{{"type":"inbound","at":"2026-03-{day_and_hour}:00:00Z","account":"acme","contact":"+120655501{contact:02}","inbox":"+18885550100","id":"{n}-{contact}","text":"{text}"}}"#
            ));
        }
    }
    lines
}

#[test]
fn two_processes_give_each_text_to_one_of_them() {
    let scratch = Scratch::new("processes");
    for round in 0..5 {
        let path = scratch.path(&format!("{round}.db"));
        let store = ["--store", path.to_str().unwrap()];
        let input = lines().join("\n");
        let outputs: Vec<String> = std::thread::scope(|scope| {
            let run = || replay(&store, &input);
            let processes: Vec<_> = (0..2).map(|_| scope.spawn(run)).collect();
            processes.into_iter().map(|process| process.join().unwrap()).collect()
        });
        let both = outputs.concat();
        assert_eq!(both.lines().count(), 2 * lines().len());
        let count = |what: &str| both.matches(what).count();
        assert_eq!(count(r#""reason":"duplicate""#), lines().len(), "{both}");
        assert_eq!(count(r#""kind":"confirmation""#), CONTACTS, "{both}");
        assert_eq!(count(r#""decision":"opt_out""#), CONTACTS, "{both}");
        assert_eq!(count(r#""kind":"opted_out""#), CONTACTS, "{both}");
        assert!(count(r#""kind":"reminder""#) <= CONTACTS, "{both}");
    }
}
