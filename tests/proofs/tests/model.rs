//! Every state of some bounded spaces is visited, and no guarantee is broken in any (G1 to G6, G9,
//! G12, R6.2, R6.3).
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use optin::simulation::Optin;
use optin_proofs::{
    model::{Size, explore},
    wrong::Wrong,
};

/// With `OPTIN_STATES` at least as many states, in spaces that take minutes.
#[test]
fn no_state_breaks_a_guarantee() {
    let asked = std::env::var("OPTIN_STATES").ok().map(|states| states.parse().unwrap());
    let (size, least) = asked.map_or((Size::Ci, 1_000_000), |least| (Size::Long, least));
    let explored = explore(Optin, size);
    if let Some(found) = &explored.found {
        panic!("{}\n{}", found.property, found.path.join("\n"));
    }
    assert_eq!(explored.unseen, [""; 0], "the spaces are too small to prove much");
    assert!(explored.states >= least, "{} states, not {least}", explored.states);
    let states = grouped(explored.states);
    let depth = explored.max_depth;
    println!("{states} states, depth {depth}, 0 counterexamples");
}

/// 1412345 as 1,412,345.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let groups = digits.as_bytes().rchunks(3).rev();
    let groups: Vec<&str> = groups.map(|group| std::str::from_utf8(group).unwrap()).collect();
    groups.join(",")
}

#[track_caller]
fn breaks(wrong: Wrong, guarantee: &str) {
    let found = explore(wrong, Size::Small).found.expect("the host is wrong");
    assert!(found.property.starts_with(guarantee), "{}\n{:#?}", found.property, found.path);
    assert!(!found.path.is_empty());
}

#[test]
fn a_host_that_drops_marks_breaks_a_guarantee() {
    breaks(Wrong::NoMark, "G9");
}

#[test]
fn a_host_that_compares_with_what_is_stored_now_breaks_a_guarantee() {
    breaks(Wrong::NoComparison, "");
}

#[test]
fn a_host_that_cancels_nothing_breaks_a_guarantee() {
    breaks(Wrong::CancelForgotten, "G5");
}

#[test]
fn a_host_that_takes_unknown_for_not_sent_breaks_a_guarantee() {
    breaks(Wrong::UnknownIsTriedAgain, "R6.2");
}

#[test]
fn a_host_that_hands_over_what_lapsed_breaks_a_guarantee() {
    breaks(Wrong::LapsedIsHandedOverAgain, "R6.2");
}
