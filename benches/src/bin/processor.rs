//! The processor's time a text takes in SQLite, `synchronous=FULL`, beside the same statements by
//! hand: in nanoseconds of all threads, kernel included, and in instructions of the program.

use std::{
    error::Error,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    thread,
};

use optin::{Event, store::SqliteStorage};
use optin_benches::{
    engines::{self, Driven},
    instructions::{self, WORK},
    peer::store::Store,
    processor,
    rounds::Spread,
    scratch::Scratch,
};
use rusqlite::Connection;

/// A contact not known yet writes, is asked, and answers: three commits for two texts.
const SAYS: [&str; 2] = ["Hi, are you open?", "YES"];
const PEOPLE: usize = 200;
const ROUNDS: usize = 21;
const CALLERS: usize = 64;
/// The side that has them.
const MANY: usize = 2;

fn main() -> Result<(), Box<dyn Error>> {
    let scratch = Scratch::new("processor")?;
    let mut sides = Sides::open(&scratch)?;
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some(WORK) {
        let work = arguments.next().unwrap_or_default();
        let (side, people) = work.split_once(' ').unwrap_or_default();
        return sides.live(side == "crate", 0..people.parse()?);
    }
    let many = Driven::over(SqliteStorage::open(scratch.file("many.db"))?);
    let mut nanos = [Vec::new(), Vec::new(), Vec::new()];
    for round in 0..ROUNDS {
        for turn in 0..3 {
            let side = (round + turn) % 3;
            let people = round * PEOPLE..(round + 1) * PEOPLE;
            let before = processor::nanos()?;
            let of_callers = match side {
                MANY => live_at_once(&many, people)?,
                _ => sides.live(side == 0, people).map(|()| 0)?,
            };
            let spent = processor::nanos()? + of_callers - before;
            nanos[side].push(spent as f64 / 1e3 / (PEOPLE * SAYS.len()) as f64);
        }
    }
    agree(&scratch)?;
    let ratio = |side: usize| {
        let pairs = nanos[side].iter().zip(&nanos[1]);
        Spread::of(pairs.map(|(ours, by_hand)| ours / by_hand).collect())
    };
    for (side, name) in ["crate, 1 caller", "by hand", "crate, 64 callers"].iter().enumerate() {
        println!("  {name:<18} {:.1} us a text", Spread::of(nanos[side].clone()));
    }
    println!("  crate / by hand, 1 caller: {} (at most 1.1)", ratio(0));
    println!("  crate / by hand, 64 callers: {}", ratio(MANY));

    let [ours, by_hand] = [count("crate")?, count("hand")?];
    println!("  instructions a text: {ours} and {by_hand}");
    println!("  crate / by hand: {:.2} (at most 1.1)", ours as f64 / by_hand as f64);
    Ok(())
}

/// The instructions of one text: what some hundreds more of them take.
fn count(side: &str) -> std::io::Result<u64> {
    let few = instructions::count_all(&format!("{side} 100"))?;
    let more = instructions::count_all(&format!("{side} 600"))?;
    Ok((more - few) / (500 * SAYS.len() as u64))
}

struct Sides {
    engine: Driven<SqliteStorage>,
    by_hand: Store,
}

impl Sides {
    fn open(scratch: &Scratch) -> Result<Self, Box<dyn Error>> {
        let engine = Driven::over(SqliteStorage::open(scratch.file("crate.db"))?);
        // The crate makes the tables.
        drop(SqliteStorage::open(scratch.file("hand.db"))?);
        let by_hand = Store::open(&scratch.file("hand.db"))?;
        Ok(Self { engine, by_hand })
    }

    fn live(
        &mut self,
        by_crate: bool,
        people: std::ops::Range<usize>,
    ) -> Result<(), Box<dyn Error>> {
        for person in people {
            for (round, body) in SAYS.into_iter().enumerate() {
                let event = engines::text(person, round, body);
                if by_crate {
                    self.engine.handle(person, event);
                } else if let Event::Texted(text) = event {
                    self.by_hand.text(&engines::contact(person), text, engines::now())?;
                }
            }
        }
        Ok(())
    }
}

/// The same by many threads; says the time of those, which are gone afterwards.
fn live_at_once(
    engine: &Driven<SqliteStorage>,
    people: std::ops::Range<usize>,
) -> std::io::Result<u64> {
    let next = AtomicUsize::new(people.start);
    let live = || {
        loop {
            let person = next.fetch_add(1, Relaxed);
            if person >= people.end {
                return processor::nanos_of_thread();
            }
            for (round, body) in SAYS.into_iter().enumerate() {
                engine.handle(person, engines::text(person, round, body));
            }
        }
    };
    thread::scope(|scope| {
        let callers: Vec<_> = (0..CALLERS).map(|_| scope.spawn(live)).collect();
        callers.into_iter().map(|caller| caller.join().expect("nobody panics")).sum()
    })
}

/// Both have written the same, but for what chance is in.
fn agree(scratch: &Scratch) -> Result<(), Box<dyn Error>> {
    let rows = |path: &Path| -> rusqlite::Result<Vec<String>> {
        let connection = Connection::open(path)?;
        let mut rows = Vec::new();
        for sql in [
            "SELECT json_array(account, number, state, revision, record, length) FROM contacts
             ORDER BY account, number",
            "SELECT entry FROM disclosed ORDER BY rowid",
            "SELECT json_array(account, inbox, id, at) FROM marks ORDER BY account, inbox, id",
            "SELECT count(*) || ' entries' FROM entries",
            "SELECT message FROM outgoing",
        ] {
            let mut select = connection.prepare(sql)?;
            let texts = select.query_map([], |row| row.get(0))?;
            rows.extend(texts.collect::<rusqlite::Result<Vec<String>>>()?);
        }
        Ok(rows)
    };
    let [ours, by_hand] = [rows(&scratch.file("crate.db"))?, rows(&scratch.file("hand.db"))?];
    assert!(ours == by_hand, "crate and hand have not written the same");
    Ok(())
}
