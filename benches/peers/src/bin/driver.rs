//! The engine's futures, polled over a storage that is always ready, beside the same calls made
//! directly: in time, in instructions and in allocations. `blocking::block_on` is shown too.

use std::{
    env,
    future::Future,
    hint::black_box,
    io,
    pin::pin,
    task::{Context, Poll, Waker},
    time::Instant,
};

use optin::{Contact, Event, blocking::block_on};
use optin_benches::{
    allocations::{self, Counted},
    engines::{self, Driven},
    instructions::{self, WORK, measured},
    rounds::Spread,
};
use optin_benches_peers::direct::{Direct, Shelf};

#[global_allocator]
static ALLOCATOR: Counted = Counted;

/// What is measured: a name, and what each contact says.
const KINDS: [(&str, &[&str]); 2] = [
    ("a usual text of someone active: one read", &["Hi, are you open?"]),
    ("STOP, START, YES: five commits", &["STOP", "START", "YES"]),
];
const SIDES: [&str; 3] = ["polled", "direct", "block_on"];
const PEOPLE: usize = 200;
const ROUNDS: usize = 101;
/// No more restarts than the rules let through in thirty days.
const HOURS: i64 = 11 * 24;

fn main() -> io::Result<()> {
    let mut arguments = env::args().skip(1);
    if arguments.next().as_deref() == Some(WORK) {
        let work = arguments.next().unwrap_or_default();
        let mut digits = work.bytes().map(|byte| usize::from(byte - b'0'));
        let (side, kind) = (digits.next().expect("a side"), digits.next().expect("a kind"));
        let mut sides = Sides::new();
        let mut happens = Some(sides.say(KINDS[kind].1));
        measured(&mut || sides.live(side, happens.take().unwrap_or_default()));
        return Ok(());
    }
    for (kind, (name, says)) in KINDS.iter().enumerate() {
        println!("{name}");
        time(says);
        let texts = (PEOPLE * says.len()) as u64;
        let count = |side: usize| instructions::count(&format!("{side}{kind}"));
        let counts = [count(0)?, count(1)?, count(2)?];
        println!("  instructions a text: {:?}", counts.map(|count| count / texts));
        let ratio = |side: usize| counts[side] as f64 / counts[1] as f64;
        println!("  polled / direct: {:.2} (at most 1.3); block_on: {:.2}", ratio(0), ratio(2));
    }
    Ok(())
}

/// Polls a future that never waits.
fn poll<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("nothing here waits"),
    }
}

/// All sides, with the same contacts, all active.
struct Sides {
    people: Vec<Contact>,
    texts: usize,
    engine: Driven<Shelf>,
    blocking: Driven<Shelf>,
    direct: Direct,
}

impl Sides {
    fn new() -> Self {
        let mut sides = Self {
            people: (0..PEOPLE).map(engines::contact).collect(),
            texts: 0,
            engine: Driven::over(Shelf::default()),
            blocking: Driven::over(Shelf::default()),
            direct: Direct::new(engines::now),
        };
        for side in 0..SIDES.len() {
            let happens = sides.say(&["Hi, are you open?", "YES"]);
            sides.live(side, happens);
        }
        sides
    }

    /// What each contact says, made before it is measured.
    fn say(&mut self, says: &[&'static str]) -> Vec<(usize, Event<'static>)> {
        engines::wait_hours(HOURS);
        let mut happens = Vec::new();
        for person in 0..PEOPLE {
            for body in says {
                self.texts += 1;
                happens.push((person, engines::text(self.texts, 0, body)));
            }
        }
        happens
    }

    fn live(&self, side: usize, happens: Vec<(usize, Event<'static>)>) {
        for (person, event) in happens {
            let contact = &self.people[person];
            match side {
                0 => {
                    let done = poll(self.engine.0.handle(contact, event));
                    black_box(done.expect("a shelf never fails, and the rules allow it"));
                }
                1 => {
                    let done = self.direct.handle(contact, &event);
                    black_box(done.expect("nothing is done twice, and the rules allow it"));
                }
                _ => {
                    let done = block_on(self.blocking.0.handle(contact, event));
                    black_box(done.expect("a shelf never fails, and the rules allow it"));
                }
            }
        }
    }

    fn check(&self) {
        for contact in &self.people {
            let stands = self.engine.0.storage().stands(contact);
            let (entries, record) = self.direct.shelf.stands(contact);
            let state = |record: Option<optin::Record>| record.map(|record| record.state.name());
            assert_eq!((stands.0, state(stands.1)), (entries, state(record)));
        }
    }
}

fn time(says: &[&'static str]) {
    let mut sides = Sides::new();
    let mut nanos = [const { Vec::new() }; SIDES.len()];
    let mut made = [0; SIDES.len()];
    for round in 0..ROUNDS {
        for turn in 0..SIDES.len() {
            let side = (round + turn) % SIDES.len();
            let happens = sides.say(says);
            let texts = happens.len() as f64;
            let start = Instant::now();
            made[side] = allocations::made_by(|| sides.live(side, happens));
            nanos[side].push(start.elapsed().as_nanos() as f64 / texts);
        }
    }
    sides.check();
    for (side, name) in SIDES.into_iter().enumerate() {
        let spread = Spread::of(nanos[side].clone());
        println!("  {name:<10} {spread:.0} ns a text; {} allocations of {PEOPLE}", made[side]);
    }
    for side in [0, 2] {
        let pairs = nanos[side].iter().zip(&nanos[1]);
        let ratio = Spread::of(pairs.map(|(engine, direct)| engine / direct).collect());
        println!("  {} / direct: {ratio} (at most 1.3)", SIDES[side]);
    }
}
