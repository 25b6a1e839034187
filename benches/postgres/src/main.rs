//! What the PostgreSQL storage costs: `texts` and `commits` beside others, `sizes`, `growth`.

mod by_hand;
mod commits;
mod contest;
mod databases;
mod growth;
mod pgbench;
#[allow(unreachable_pub, reason = "shared with the tests")]
#[path = "../../../tests/server/mod.rs"]
mod server;
mod sizes;
mod texts;

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let what = arguments.next();
    let numbers = arguments.map(|number| number.parse()).collect::<Result<Vec<usize>, _>>()?;
    let rounds = numbers.first().copied();
    match what.as_deref() {
        Some("texts") => texts::run(rounds.unwrap_or(15)),
        Some("commits") => commits::run(rounds.unwrap_or(15)),
        Some("sizes") => sizes::run(rounds.unwrap_or(20_000)),
        Some("growth") if !numbers.is_empty() => growth::run(&numbers),
        Some("growth") => growth::run(&[1_000_000]),
        _ => Err("say texts, commits, sizes or growth, then numbers".into()),
    }
}
