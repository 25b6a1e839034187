//! Searches the crate as it stands, and prints what it breaks.

use optin::simulation::Optin;

fn main() {
    println!("{}", optin_proofs::hunt::hunt(Optin));
}
