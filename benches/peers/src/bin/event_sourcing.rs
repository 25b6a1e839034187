//! The engine over the memory storage beside `cqrs-es` in memory: the same texts, the same entries as
//! events, and whether the length of a contact's history shows.

use std::{env, io, time::Instant};

use cqrs_es::persist::PersistedEventStore;
use optin::{Archive, Contact, Event, Storage, blocking::block_on, store::MemoryStorage};
use optin_benches::{
    allocations::{self, Counted},
    engines::{self, Driven},
    instructions::{self, WORK, measured},
    rounds::Spread,
};
use optin_benches_peers::cqrs::{self, Consent, InMemory, Quiet};

#[global_allocator]
static ALLOCATOR: Counted = Counted;

/// What a contact says in one cycle, beginning and ending active: five entries.
const CYCLE: [&str; 4] = ["Hi, are you open?", "STOP", "START", "YES"];
const ENTRIES: usize = 5;
/// No more restarts than the rules let through in thirty days.
const HOURS: i64 = 11 * 24;

const LENGTHS: [usize; 4] = [10, 100, 1_000, 10_000];
const ROUNDS: usize = 21;
/// Entries of all contacts before the first round: each length has as much in memory.
const HELD: usize = 40_000;
/// Cycles that are counted under callgrind.
const COUNTED: usize = 20;

const ENGINE: usize = 0;
const REPLAYED: usize = 3;
const NAMES: [&str; 4] =
    ["engine", "cqrs-es, state kept", "cqrs-es, its snapshots", "cqrs-es, events replayed"];

fn main() -> io::Result<()> {
    let mut arguments = env::args().skip(1);
    if arguments.next().as_deref() == Some(WORK) {
        let work = arguments.next().unwrap_or_default();
        let (side, length) = work.split_once(' ').unwrap_or_default();
        let number = |text: &str| text.parse().expect("a number");
        count(number(side), number(length));
        return Ok(());
    }
    for length in LENGTHS {
        time(length);
    }
    println!("instructions a text, by the entries of the contact:");
    for (side, name) in NAMES.iter().enumerate() {
        let counts =
            LENGTHS.iter().filter(|&&length| side != REPLAYED || length <= 1_000).map(|length| {
                let count = instructions::count(&format!("{side} {length}"))?;
                Ok(format!("{length}: {}", count / (COUNTED * CYCLE.len()) as u64))
            });
        println!("  {name:<26} {}", counts.collect::<io::Result<Vec<_>>>()?.join(", "));
    }
    Ok(())
}

/// All sides, and to whom things happen.
struct World {
    people: Vec<Person>,
    texts: usize,
    engine: Driven<MemoryStorage>,
    quiet: Quiet,
    kept: cqrs::Driven<Quiet>,
    persisted: cqrs::Driven<PersistedEventStore<InMemory, Consent>>,
    replayed: cqrs::Driven<Quiet>,
}

/// A contact, as each side names it.
struct Person {
    contact: Contact,
    id: String,
}

impl Person {
    fn new(number: usize) -> Self {
        let contact = engines::contact(number);
        let id = format!("{}/{}", contact.account().as_str(), contact.number().to_e164());
        Self { contact, id }
    }
}

/// What happens, and to which of the people.
type Happens = Vec<(usize, Event<'static>)>;

impl World {
    fn new(people: usize) -> Self {
        let quiet = Quiet::with_snapshots();
        let store = PersistedEventStore::new_snapshot_store(InMemory::default(), 10);
        Self {
            people: (0..people).map(Person::new).collect(),
            texts: 0,
            engine: Driven::over(MemoryStorage::new()),
            kept: cqrs::Driven::over(quiet.clone(), engines::now),
            persisted: cqrs::Driven::over(store, engines::now),
            // Of the same store: it takes too long to fill one of its own.
            replayed: cqrs::Driven::over(quiet.replayed(), engines::now),
            quiet,
        }
    }

    /// A cycle of each of these people, some time after the one before; made before it is measured.
    fn cycles(&mut self, people: impl Iterator<Item = usize>) -> Happens {
        engines::wait_hours(HOURS);
        let mut happens = Vec::new();
        for person in people {
            for body in CYCLE {
                self.texts += 1;
                happens.push((person, engines::text(self.texts, 0, body)));
            }
        }
        happens
    }

    fn live(&self, side: usize, happens: Happens) {
        for (person, event) in happens {
            let Person { contact, id } = &self.people[person];
            match side {
                ENGINE => {
                    let done = block_on(self.engine.0.handle(contact, event));
                    done.expect("memory never fails, and the rules allow it");
                }
                1 => block_on(self.kept.handle(id, contact.number(), event)),
                2 => block_on(self.persisted.handle(id, contact.number(), event)),
                _ => block_on(self.replayed.handle(id, contact.number(), event)),
            }
        }
    }

    fn fill(&mut self, sides: &[usize], length: usize) {
        for _ in 0..length / ENTRIES {
            for &side in sides {
                let happens = self.cycles(0..self.people.len());
                self.live(side, happens);
            }
        }
    }

    /// Both sides have as many entries, and say the same of a contact.
    fn check(&self, length: usize) {
        let Person { contact, id } = &self.people[0];
        let storage = self.engine.0.storage();
        let Ok(snapshot) = block_on(storage.load(contact));
        let Ok(entries) = block_on(storage.history(contact, 0, 2 * length));
        let (events, consent) = self.quiet.stands(id);
        let name = |record: Option<optin::Record>| record.map(|record| record.state.name());
        assert_eq!(entries.len(), events);
        assert_eq!(name(snapshot.record), name(consent.record));
    }
}

/// Lives some cycles with so many entries of each contact, and counts the instructions.
fn count(side: usize, length: usize) {
    let mut world = World::new(COUNTED.min(LENGTHS[3] / length));
    world.fill(&[if side == REPLAYED { 1 } else { side }], length);
    let people = world.people.len();
    for _ in 0..COUNTED / people {
        let mut happens = Some(world.cycles(0..people));
        measured(&mut || world.live(side, happens.take().unwrap_or_default()));
    }
}

/// Lives cycles in rounds with so many entries of each contact, and takes the time.
fn time(length: usize) {
    let mut world = World::new(HELD / length);
    world.fill(&[ENGINE, 1, 2], length);
    world.check(length);
    let people = world.people.len();
    let cycles = [400, 400, 100, if length > 100 { 5 } else { 100 }];
    let mut nanos = vec![Vec::new(); NAMES.len()];
    let mut made = [0.0; NAMES.len()];
    let mut next = 0;
    for round in 0..ROUNDS {
        for turn in 0..NAMES.len() {
            let side = (round + turn) % NAMES.len();
            let each = 1.0 / (cycles[side] * CYCLE.len()) as f64;
            let (mut spent, mut count, mut left) = (0.0, 0, cycles[side]);
            while left > 0 {
                // Nobody has two cycles at once.
                let now = left.min(people);
                let happens = world.cycles((next..next + now).map(|person| person % people));
                let start = Instant::now();
                count += allocations::made_by(|| world.live(side, happens));
                spent += start.elapsed().as_nanos() as f64;
                (next, left) = (next + now, left - now);
            }
            nanos[side].push(spent * each);
            made[side] = count as f64 * each;
        }
    }
    println!("{length} entries a contact, {people} contacts:");
    for (side, name) in NAMES.iter().enumerate() {
        let spread = Spread::of(nanos[side].clone());
        println!("  {name:<26} {spread:.0} ns a text, {:.1} allocations", made[side]);
    }
    for side in 1..NAMES.len() {
        let pairs = nanos[side].iter().zip(&nanos[ENGINE]);
        let ratio = Spread::of(pairs.map(|(peer, ours)| peer / ours).collect());
        println!("  rate of the engine / {}: {ratio} (at least 2)", NAMES[side]);
    }
}
