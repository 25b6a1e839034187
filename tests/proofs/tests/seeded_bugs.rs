//! Every seeded bug is found: wrong hosts, and rules patched in a copy of the crate.
//!
//! Two patches are built and searched; with `OPTIN_BUGS=all` every one is.

#[path = "seeded_bugs/patch.rs"]
mod patch;

use optin::simulation::Optin;
use optin_proofs::{
    hunt::{Hunt, hunt},
    wrong::Wrong,
};

use self::patch::{Patch, Tree};

/// The patches that are searched always.
const ALWAYS: [&str; 2] = ["cap_off_by_one", "two_outstanding"];

/// How many are found both ways at the least.
const BY_BOTH: usize = 8;

#[test]
fn every_seeded_bug_is_found() {
    let mut hunts = Vec::new();
    for &wrong in Wrong::ALL {
        add(&mut hunts, format!("{wrong:?}"), hunt(wrong));
    }
    let all = std::env::var("OPTIN_BUGS").is_ok_and(|bugs| bugs == "all");
    let tree = Tree::new();
    for patch in Patch::all() {
        if all || ALWAYS.contains(&patch.name()) {
            add(&mut hunts, patch.name().to_owned(), tree.hunt(&patch));
        }
    }
    let found = hunts.iter().filter(|(_, hunt)| hunt.found()).count();
    let by_both = hunts.iter().filter(|(_, hunt)| hunt.found_by_both()).count();
    println!("{found} of {} seeded bugs, {by_both} by both", hunts.len());
    let missed: Vec<_> = hunts.iter().filter(|(_, hunt)| !hunt.found()).collect();
    assert!(missed.is_empty(), "not found: {missed:?}");
    assert!(by_both >= BY_BOTH, "{by_both} found by both");
}

fn add(hunts: &mut Vec<(String, Hunt)>, bug: String, hunt: Hunt) {
    println!("{bug}: {hunt}");
    hunts.push((bug, hunt));
}

#[test]
fn nothing_is_found_where_nothing_is_wrong() {
    let hunt = hunt(Optin);
    assert!(!hunt.found(), "{hunt}");
}

#[test]
fn every_patch_still_applies() {
    let patches = Patch::all();
    assert!(patches.len() >= ALWAYS.len());
    for patch in patches {
        patch.check();
    }
}
