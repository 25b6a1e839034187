//! Seeds of the simulation: every guarantee, under faults and then without.
//!
//! `OPTIN_SEEDS` says how many seeds (60), `OPTIN_SEED` from which one on (0).
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::{
    path::PathBuf,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use chrono::{DateTime, Utc};
use optin::{
    Archive, Contact, Event, HandleError, Handover, Message, Outbox, Outcome, Outgoing, Round,
    SendError, Storage,
    simulation::{Fault, Host, Machine, Optin, Seen, Simulation, Violation},
    store::{
        MemoryStorage,
        sqlite::{Durability, Options},
    },
};

const THREADS: u64 = 2;

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |value| value.parse().unwrap())
}

/// One seed in four has clocks that show anything.
fn run<S: Archive>(fresh: impl Fn() -> S + Send + Sync, seed: u64) -> Result<Seen, Violation> {
    let simulation = Simulation::new(fresh);
    if seed % 4 == 3 { simulation.unbounded_skew().run(seed) } else { simulation.run(seed) }
}

/// These seeds, each on one of two threads.
fn run_all(first: u64, seeds: u64) -> Seen {
    let part = |from: u64| {
        let mut seen = Seen::default();
        for seed in (first + from..first + seeds).step_by(THREADS as usize) {
            seen += run(MemoryStorage::new, seed).unwrap_or_else(|violation| {
                panic!(
                    "{violation}\nOPTIN_SEED={seed} OPTIN_SEEDS=1 cargo test --release \
                     --test simulation every_guarantee -- --nocapture"
                )
            });
        }
        seen
    };
    let mut seen = Seen::default();
    thread::scope(|scope| {
        let part = &part;
        let threads: Vec<_> = (0..THREADS).map(|from| scope.spawn(move || part(from))).collect();
        for thread in threads {
            seen += thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        }
    });
    seen
}

#[test]
fn every_guarantee_holds_under_faults_and_all_drains_without() {
    let seen = run_all(number("OPTIN_SEED", 0), number("OPTIN_SEEDS", 60));
    println!("{seen}, 0 violations");
}

#[test]
fn every_fault_strikes_in_a_few_seeds() {
    let seen = run_all(0, 60);
    for fault in Fault::ALL {
        println!("{}: {}", fault.name(), seen.faults(fault));
        assert!(seen.faults(fault) > 0, "{} never strikes", fault.name());
    }
    assert!(seen.prompts > 0 && seen.messages > 0 && seen.barriers > 0, "{seen}");
}

#[test]
fn a_seed_does_the_same_again() {
    for seed in 0..12 {
        let first = run(MemoryStorage::new, seed).unwrap();
        assert_eq!(run(MemoryStorage::new, seed).unwrap(), first);
        assert_ne!(run(MemoryStorage::new, seed + 12).unwrap().fingerprint, first.fingerprint);
    }
}

/// A host whose outbox tries again where it does not know.
#[derive(Debug)]
struct Stubborn;

struct Again<O>(O);

impl<O: Outbox> Outbox for Again<O> {
    async fn send(&self, outgoing: &Outgoing) -> Handover {
        match self.0.send(outgoing).await {
            Handover::Unknown => self.0.send(outgoing).await,
            known => known,
        }
    }
}

fn stubborn<S, O, C>(machine: Machine<S, O, C>) -> Machine<S, Again<O>, C> {
    let Machine { storage, outbox, clock, deferred } = machine;
    Machine { storage, outbox: Again(outbox), clock, deferred }
}

impl Host for Stubborn {
    async fn handle<S: Storage, O: Outbox, C: Fn() -> DateTime<Utc> + Send + Sync>(
        &self,
        machine: Machine<S, O, C>,
        contact: &Contact,
        event: Event<'_>,
    ) -> Result<Outcome, HandleError<S::Error>> {
        Optin.handle(stubborn(machine), contact, event).await
    }

    async fn send<S: Storage, O: Outbox, C: Fn() -> DateTime<Utc> + Send + Sync>(
        &self,
        machine: Machine<S, O, C>,
        contact: &Contact,
        message: Message<'_>,
    ) -> Result<Option<Outcome>, SendError<S::Error>> {
        Optin.send(stubborn(machine), contact, message).await
    }

    async fn dispatch<S: Storage, O: Outbox, C: Fn() -> DateTime<Utc> + Send + Sync>(
        &self,
        machine: Machine<S, O, C>,
        limit: usize,
    ) -> Result<Round, HandleError<S::Error>> {
        Optin.dispatch(stubborn(machine), limit).await
    }
}

#[test]
fn a_wrong_host_is_found_and_its_line_repeats_it() {
    let simulation = Simulation::new(MemoryStorage::new).with_host(Stubborn);
    let found = (0..200).find_map(|seed| simulation.run(seed).err()).unwrap();
    assert_eq!(found.invariant, "once");
    let line = found.to_string();
    assert!(line.contains(&format!("Simulation::new(..).run({})", found.seed)), "{line}");
    assert_eq!(simulation.run(found.seed), Err(found));
    assert!(Simulation::new(MemoryStorage::new).run(found.seed).is_ok());
}

/// A directory that is gone with the test.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Self {
        let name = format!("optin-simulation-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn every_guarantee_holds_over_sqlite() {
    let directory = Directory::new();
    let files = AtomicUsize::new(0);
    let fresh = || {
        let file = files.fetch_add(1, Ordering::Relaxed);
        let options = Options::default().durability(Durability::Normal);
        options.open(directory.0.join(format!("{file}.db"))).unwrap()
    };
    let mut seen = Seen::default();
    for seed in 0..24 {
        seen += run(fresh, seed).unwrap();
    }
    assert_eq!(run(fresh, 3), run(fresh, 3));
    println!("SQLite, {seen}, 0 violations");
}
