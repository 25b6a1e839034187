//! Every state of a bounded space is visited, and no guarantee is broken in any.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use optin::simulation::Optin;
use optin_proofs::model::{Size, explore};

#[test]
fn no_state_breaks_a_guarantee() {
    let explored = explore(Optin, Size::Ci);
    if let Some(found) = &explored.found {
        panic!("{}\n{}", found.property, found.path.join("\n"));
    }
    println!("{} states, depth {}, 0 counterexamples", explored.states, explored.max_depth);
}
