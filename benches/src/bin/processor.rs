//! The processor's time a text takes in SQLite, `synchronous=FULL`, beside the same statements by
//! hand: in nanoseconds of all threads, kernel included, and in instructions of the program.

use std::{error::Error, path::Path};

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

fn main() -> Result<(), Box<dyn Error>> {
    let scratch = Scratch::new("processor")?;
    let mut sides = Sides::open(&scratch)?;
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some(WORK) {
        let work = arguments.next().unwrap_or_default();
        let (side, people) = work.split_once(' ').unwrap_or_default();
        return sides.live(side == "crate", 0..people.parse()?);
    }
    let mut nanos = [Vec::new(), Vec::new()];
    for round in 0..ROUNDS {
        for turn in 0..2 {
            let side = (round + turn) % 2;
            let before = processor::nanos()?;
            sides.live(side == 0, round * PEOPLE..(round + 1) * PEOPLE)?;
            let spent = processor::nanos()? - before;
            nanos[side].push(spent as f64 / 1e3 / (PEOPLE * SAYS.len()) as f64);
        }
    }
    agree(&scratch)?;
    let ratio = nanos[0].iter().zip(&nanos[1]).map(|(ours, hand)| ours / hand).collect();
    let [ours, by_hand] = nanos.map(Spread::of);
    println!("  crate    {ours:.1} us a text");
    println!("  by hand  {by_hand:.1} us a text");
    println!("  crate / by hand: {} (at most 1.1)", Spread::of(ratio));

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
