//! After a move everything goes on as it would have, wherever the move was.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod black_box;
#[path = "moving/house.rs"]
mod house;
mod support;

use std::{
    collections::BTreeSet,
    process::{Command, Stdio},
};

use optin::{
    blocking::block_on,
    ledger::{Checkpoint, Checkpointer, Directory, NoteSigner, audit},
    moving::Move,
    store::SqliteStorage,
};

use self::{
    black_box::Scratch,
    house::{Provider, STEPS, disturb, furnish, is_moved, memory, open, run, seen, sqlite},
    support::{Clock, START, account},
};

#[test]
fn traffic_goes_on_after_a_move_as_it_would_have() {
    let scratch = Scratch::new("moving-traffic");
    let host = || {
        let clock = Clock::at(START);
        (Provider::new(&clock), clock)
    };
    let (stayed, (provider, clock)) = (memory(), host());
    let answers = run(&stayed, (&provider, &clock), 0..STEPS);
    let (seen_there, sent_there) = (seen(&stayed), provider.sent());
    assert!(answers.iter().collect::<BTreeSet<_>>().len() > 15);
    assert!(sent_there.len() > 20, "{} sent", sent_there.len());
    for at in 0..STEPS {
        let (provider, clock) = host();
        let (from, to) = (memory(), sqlite(&scratch));
        let mut found = run(&from, (&provider, &clock), 0..at);
        block_on(Move::new(&from, &to).run(|_| {})).unwrap();
        // And back, half of the time.
        if at % 2 == 0 {
            let back = memory();
            block_on(Move::new(&to, &back).run(|_| {})).unwrap();
            found.extend(run(&back, (&provider, &clock), at..STEPS));
            assert_eq!(seen(&back), seen_there, "moved at {at}");
        } else {
            found.extend(run(&to, (&provider, &clock), at..STEPS));
            assert_eq!(seen(&to), seen_there, "moved at {at}");
        }
        assert_eq!(found, answers, "moved at {at}");
        assert_eq!(provider.sent(), sent_there, "moved at {at}");
    }
}

#[test]
fn a_checkpoint_from_before_holds_after_the_move_and_the_log_goes_on() {
    let scratch = Scratch::new("moving-checkpoint");
    let (from, to) = (sqlite(&scratch), sqlite(&scratch));
    furnish(&from);
    let log = Directory::new(scratch.path("log"));
    let signers = [NoteSigner::new("example.com/consent", [7; 32]).unwrap()];
    let publish = |storage: &SqliteStorage| -> Checkpoint {
        let origin = "example.com/acme";
        let checkpointer = Checkpointer::new(storage, &log, account(), origin, &signers);
        block_on(checkpointer.run_once()).unwrap()
    };
    let before = publish(&from);
    disturb(&from, 0);
    is_moved(&from, &to);
    let audited = |checkpoint| block_on(audit::storage(&to, &account(), Some(checkpoint)));
    let audit = audited(&before).unwrap();
    assert_eq!((audit.logged, audit.signed), (before.size, before.size));
    assert!(audit.entries > audit.logged);
    disturb(&to, 1);
    // The same directory, gone on with.
    let after = publish(&to);
    assert!(after.size > before.size);
    for checkpoint in [&before, &after] {
        assert_eq!(audited(checkpoint).unwrap().signed, checkpoint.size);
    }
    assert_eq!(audit::directory(&log, &[signers[0].key()]).unwrap().0, after);
}

/// The example, as its reader runs it: where it is killed it is run again.
#[test]
fn the_example_moves_a_file_and_goes_on_where_it_was_killed() {
    let scratch = Scratch::new("moving-example");
    // As `moving_postgres` has it, which may run beside this: neither replaces the other's.
    let features = if cfg!(feature = "postgres-tests") { "postgres-tests" } else { "" };
    let program = black_box::example_with("move", features);
    let from = sqlite(&scratch);
    for n in 0..4 {
        let clock = Clock::at(START);
        run(&from, (&Provider::new(&clock), &clock), n * 7..STEPS);
    }
    drop(from);
    let example = |arguments: &[&str]| {
        let mut command = Command::new(&program);
        command.args(arguments).current_dir(scratch.directory());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    };
    let from = std::fs::read_dir(scratch.directory()).unwrap();
    let from = from.map(|file| file.unwrap().file_name().into_string().unwrap());
    let from = from.into_iter().find(|name| name.ends_with(".db")).unwrap();
    let moves = ["--from", &from, "--to", "new.db"];
    for patience in 0..12 {
        let mut killed = example(&moves).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(patience * 4));
        killed.kill().unwrap();
        killed.wait().unwrap();
    }
    let said = example(&moves).output().unwrap();
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    let (from, to) = (open(&scratch.path(&from)), open(&scratch.path("new.db")));
    let rows = house::rows(&from);
    assert!(house::rows(&to) == rows);
    drop((from, to));
    let again = String::from_utf8(example(&moves).output().unwrap().stdout).unwrap();
    let expected = format!(
        "2 accounts, {} rows, 0 of them put in now: all the same in both, and every ledger holds\n",
        rows.len()
    );
    assert_eq!(again, expected);
    for bad in [
        &["--from", "nowhere.db", "--to", "new.db"][..],
        &["--from", "new.db", "--to", "new.db"],
        &["--from", "new.db"],
        &[],
    ] {
        let said = example(bad).output().unwrap();
        assert!(!said.status.success() && said.stdout.is_empty() && !said.stderr.is_empty());
    }
    assert!(!scratch.path("nowhere.db").exists());
}
