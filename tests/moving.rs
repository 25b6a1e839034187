//! Moving house: cut off anywhere and run again; a source or a target that is in use is found.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod black_box;
#[path = "moving/cut.rs"]
mod cut;
#[path = "moving/house.rs"]
mod house;
mod support;

use optin::{
    AccountId, Archive,
    blocking::block_on,
    moving::{Key, Movable, Move, MoveError, Progress, Step},
};

use self::{
    black_box::Scratch,
    cut::{Cut, CutOff, Lost},
    house::{bolt, disturb, furnish, is_moved, memory, rows, sqlite},
    support::{account, contact},
};

#[test]
fn everything_is_moved_from_any_storage_into_any() {
    let scratch = Scratch::new("moving-any");
    let (one, file) = (memory(), sqlite(&scratch));
    furnish(&one);
    let (two, other) = (memory(), sqlite(&scratch));
    for moved in [is_moved(&one, &file), is_moved(&file, &two), is_moved(&two, &other)] {
        assert_eq!(moved.put_in, moved.rows);
    }
    assert_eq!(is_moved(&other, &one).put_in, 0);
}

#[test]
fn a_move_says_how_far_it_is() {
    let (from, to) = (memory(), memory());
    furnish(&from);
    let mut said: Vec<Progress> = Vec::new();
    block_on(Move::new(&from, &to).page(5).run(|progress| said.push(progress.clone()))).unwrap();
    assert!(said.is_sorted_by_key(|it| (it.step, it.account.clone(), it.done)));
    for step in [Step::PutIn, Step::Compare, Step::Audit] {
        let last = said.iter().rfind(|it| it.step == step).unwrap();
        assert_eq!((last.done, last.account.clone()), (last.total, bolt()));
    }
    let last = said.last().unwrap();
    assert_eq!(last.to_string(), format!("bolt audited: {0} of {0}", last.total));
}

/// Cut off at each call in turn, or at every few, then run again to the end.
fn is_resumed<S: Movable, T: Movable>(
    source: &S,
    fresh: impl Fn() -> T,
    (page, every): (usize, usize),
) {
    let before = rows(source);
    let mut interrupted = 0;
    for cut in [Cut::Before, Cut::After, Cut::Silent] {
        for at in (1..).step_by(every) {
            let target = fresh();
            let cut_off = CutOff::new(&target, at, cut);
            let mut seen = 0;
            let ended = cut_off.run(Move::new(source, &cut_off).page(page).run(|_| seen += 1));
            if !cut_off.was_cut() {
                assert_eq!(ended.unwrap().unwrap().put_in, before.len() as u64);
                break;
            }
            match ended {
                Some(ended) => assert!(matches!(ended, Err(MoveError::To(Lost)))),
                None => assert_eq!(cut, Cut::Silent),
            }
            let there = rows(&target).len() as u64;
            let moved = block_on(Move::new(source, &target).page(page).run(|_| {})).unwrap();
            assert_eq!(moved.put_in, before.len() as u64 - there);
            assert!(rows(&target) == before && rows(source) == before);
            interrupted += 1;
        }
    }
    println!("resumed after {interrupted} interruptions");
    assert!(interrupted > before.len() / page / every * 3);
}

#[test]
fn a_move_that_was_cut_off_anywhere_is_resumed() {
    let source = memory();
    furnish(&source);
    is_resumed(&source, memory, (3, 1));
    let scratch = Scratch::new("moving-cut");
    let file = sqlite(&scratch);
    is_moved(&source, &file);
    is_resumed(&file, || sqlite(&scratch), (20, 5));
}

#[test]
fn a_source_that_fails_anywhere_is_as_it_was() {
    let source = memory();
    furnish(&source);
    let before = rows(&source);
    for at in 1.. {
        let (cut_off, target) = (CutOff::new(&source, at, Cut::Before), memory());
        let ended = block_on(Move::new(&cut_off, &target).page(9).run(|_| {}));
        if !cut_off.was_cut() {
            assert!(ended.is_ok() && at > 20);
            break;
        }
        assert_eq!(ended, Err(MoveError::From(Lost)));
        is_moved(&source, &target);
        assert!(rows(&source) == before);
    }
}

#[test]
fn a_source_that_changes_meanwhile_is_found() {
    let (mut found, mut in_time) = (0, 0);
    for what in 0..7 {
        for at in 0.. {
            let (source, target) = (memory(), memory());
            furnish(&source);
            let mut calls = 0;
            let ended = block_on(Move::new(&source, &target).page(10).run(|_| {
                if calls == at {
                    disturb(&source, what);
                }
                calls += 1;
            }));
            if calls <= at {
                assert!(at > 10);
                break;
            }
            match ended {
                // What was done in front of the move was moved with the rest.
                Ok(_) => in_time += 1,
                Err(
                    MoveError::Changed
                    | MoveError::Differs { .. }
                    | MoveError::Extra { .. }
                    | MoveError::Missing { .. }
                    | MoveError::Ledger { .. },
                ) => found += 1,
                Err(other) => panic!("{other}"),
            }
            assert!(ended.is_err() || rows(&target) == rows(&source), "{what} at {at}");
            // Quiet again, it is moved into an empty one.
            assert!(block_on(Move::new(&source, &memory()).run(|_| {})).is_ok());
        }
    }
    println!("{found} found, {in_time} in time");
    assert_eq!(in_time, 0);
}

#[test]
fn a_source_that_changed_between_two_runs_is_found() {
    let (source, target) = (memory(), memory());
    furnish(&source);
    let cut_off = CutOff::new(&target, 12, Cut::After);
    let ended = block_on(Move::new(&source, &cut_off).page(5).run(|_| {}));
    assert_eq!(ended, Err(MoveError::To(Lost)));
    disturb(&source, 0);
    let ended = block_on(Move::new(&source, &target).page(5).run(|_| {}));
    let key = Key::Contact(contact(2).number());
    assert_eq!(ended, Err(MoveError::Differs { account: account(), key }));
}

#[test]
fn a_target_in_use_is_found() {
    let (source, target) = (memory(), memory());
    furnish(&source);
    disturb(&target, 1);
    let ended = block_on(Move::new(&source, &target).run(|_| {})).unwrap_err();
    assert!(matches!(ended, MoveError::Differs { .. } | MoveError::Extra { .. }), "{ended}");
    // Other accounts there are left alone.
    let target = memory();
    disturb(&target, 6);
    is_moved(&source, &target);
    let other = AccountId::new(house::OTHER).unwrap();
    assert_eq!(block_on(target.counts(&other)).unwrap().pending, 1);
}
