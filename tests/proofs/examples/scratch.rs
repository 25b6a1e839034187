//! scratch
use optin_proofs::{hunt::hunt, wrong::Wrong};
fn main() {
    let only = std::env::args().nth(1).unwrap();
    for &w in Wrong::ALL { if format!("{w:?}") == only { let t = std::time::Instant::now(); println!("{w:?}: {} {:?}", hunt(w), t.elapsed()); } }
}
