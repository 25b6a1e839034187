//! Seeds of the simulation: every guarantee, under faults and then without.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::thread;

use optin::{
    simulation::{Fault, Seen, Simulation, Violation},
    store::MemoryStorage,
};

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |value| value.parse().unwrap())
}

/// One seed in four has clocks that show anything.
fn run(seed: u64) -> Result<Seen, Violation> {
    let simulation = Simulation::new(MemoryStorage::new);
    if seed % 4 == 3 { simulation.unbounded_skew().run(seed) } else { simulation.run(seed) }
}

#[test]
fn every_guarantee_holds_under_faults() {
    let (first, seeds) = (number("OPTIN_SEED", 0), number("OPTIN_SEEDS", 60));
    let half = |from: u64| {
        let mut seen = Seen::default();
        for seed in (first + from..first + seeds).step_by(2) {
            match run(seed) {
                Ok(more) => seen += more,
                Err(violation) => panic!(
                    "{violation}\nOPTIN_SEED={seed} OPTIN_SEEDS=1 cargo test --release --test simulation -- --nocapture"
                ),
            }
        }
        seen
    };
    let mut seen = Seen::default();
    thread::scope(|scope| {
        let halves = [0, 1].map(|from| scope.spawn(move || half(from)));
        for half in halves {
            seen += half.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        }
    });
    println!("{seen}, 0 violations");
    for fault in Fault::ALL {
        println!("  {} {}", fault.name(), seen.faults(fault));
    }
}
