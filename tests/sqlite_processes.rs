//! Processes on one file at once: all go on, no text acts twice (G9), and nothing is sent twice.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod black_box;
mod fleet;

use black_box::{Scratch, replay, setting, this_test};
use fastrand::Rng;
use fleet::{Controls, Journal, Process, Role, check_rows, conclude, run_if_asked};
use optin::store::SqliteStorage;

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

#[test]
fn a_machine() {
    run_if_asked();
}

/// One hands over itself, one leaves it to dispatchers, two only dispatch.
#[test]
fn four_processes_send_nothing_twice_and_leave_nothing() {
    let seed = setting("OPTIN_SEED", 20_261_125);
    println!("OPTIN_SEED={seed}");
    let mut chance = Rng::with_seed(seed);
    let scratch = Scratch::new("four");
    let path = scratch.path("consent.db");
    let directory = scratch.directory();
    let (controls, journal) = (Controls::new(directory), Journal::open(directory));
    let roles = [Role::Inline, Role::Deferred, Role::Dispatching, Role::Dispatching];
    let mut processes: Vec<Process> = (1..)
        .zip(roles)
        .map(|(n, role)| {
            let seed = chance.u64(..);
            Process::start(this_test("a_machine"), directory, n, role, seed)
        })
        .collect();
    let jumps = [31_000, 43_200_000, 301_000, 43_200_000];
    for (round, jump) in (0..).zip(jumps.into_iter().cycle().take(3 * jumps.len())) {
        // Others write after each turn of jumps.
        controls.set_generation(round / 4);
        controls.set_paused(false);
        processes.iter_mut().for_each(|process| process.resume(&[]));
        controls.work_until(200, &journal, &mut chance);
        controls.set_paused(true);
        processes.iter_mut().for_each(Process::wait_for_pause);
        check_rows(&path);
        controls.advance(jump);
    }
    processes.into_iter().for_each(Process::end);
    let storage = SqliteStorage::open(&path).unwrap();
    let (texts, handed_over) = conclude(&storage, directory);
    assert!(handed_over > 30, "{handed_over}");
    println!("{texts} texts acknowledged, {handed_over} handed over, none twice");
}
