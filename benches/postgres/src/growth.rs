//! Texts a second as contacts grow, beside a database of ten thousand contacts in the same rounds.
//!
//! A database gets its contacts from a statement that repeats the rows of one that the crate
//! added: numbers and chains in no order, seals as long as real ones. `fsync` is off: it would hide
//! the rest, as in SQLite's growth.

use std::{error::Error, sync::Arc, thread, time::Instant};

use optin::{
    AccountId, Contact, PhoneNumber, Storage,
    blocking::block_on,
    store::{PostgresStorage, postgres::Options},
};
use optin_benches::{
    engines::{self, APART, Driven, FIRST, NUMBERS, contact},
    rounds::Spread,
};
use tokio::runtime::Runtime;

use crate::{
    contest,
    databases::{database, ours, runtime, server},
    server::{Database, Durability},
    sizes,
};

const START: usize = 10_000;
const ROUNDS: usize = 15;
/// How many callers, and how many texts each of them sends a round, each from another contact.
const CALLERS: [(usize, usize); 3] = [(1, 200), (16, 36), (64, 9)];
const LOADS: usize = 500;
/// Contacts in one statement that fills, and in how many sessions.
const AT_ONCE: usize = 10_000;
const SESSIONS: usize = 2;

pub(crate) fn run(sizes: &[usize]) -> Result<(), Box<dyn Error>> {
    let server = server(Durability::None);
    let runtime = runtime()?;
    let grown = database(&server)?;
    let (mut contacts, mut next) = (0, 0);
    for &size in sizes {
        let began = Instant::now();
        fill(&grown, contacts, size)?;
        let rate = (size - contacts) as f64 / began.elapsed().as_secs_f64();
        contacts = size;
        let bytes = sizes::bytes(&grown);
        let all: i64 = bytes.iter().map(|(_, bytes)| bytes).sum();
        let each = |bytes: i64| bytes as f64 / size as f64;
        println!("{size} contacts: {:.0} bytes each, {rate:.0} a second while filled", each(all));
        for (table, bytes) in bytes.iter().filter(|(_, bytes)| each(*bytes) >= 1.0) {
            println!("    {table:<12} {:.0}", each(*bytes));
        }
        let large = Side { engine: engine(&grown)?, contacts };
        for (callers, texts) in CALLERS {
            // Anew for each: one that was asked already is not asked again.
            let small = database(&server)?;
            fill(&small, 0, START)?;
            sizes::bytes(&small);
            let small = Side { engine: engine(&small)?, contacts: START };
            compare(&runtime, &small, &large, callers, texts, next)?;
            next += (ROUNDS + 1) * callers * texts;
        }
    }
    Ok(())
}

type Storing = Arc<Driven<PostgresStorage>>;

struct Side {
    engine: Storing,
    contacts: usize,
}

fn engine(database: &Database<'_>) -> Result<Storing, Box<dyn Error>> {
    Ok(Arc::new(Driven::over(ours(database, Options::default())?)))
}

/// Gives a database the contacts from one to another, each added, with one entry.
fn fill(database: &Database<'_>, from: usize, to: usize) -> Result<(), Box<dyn Error>> {
    const PATTERN: u64 = 18_885_550_101;
    if from == 0 {
        let pattern = PhoneNumber::from_digits(PATTERN)?;
        let pattern = Contact::new(AccountId::new("acme")?, pattern);
        block_on(engine(database)?.0.handle(&pattern, engines::added()))?;
    }
    let statement = |from: usize, to: usize| {
        format!(
            "WITH pattern AS (
                 SELECT contacts.*, hash, sealed, at, entry, salts
                 FROM optin.contacts JOIN optin.entries USING (account, chain)
                 JOIN optin.disclosed USING (account, chain, sequence)
                 WHERE contacts.account = 'acme' AND contacts.number = {PATTERN}
             ), new AS (
                 SELECT {FIRST} + n * {APART} % {NUMBERS} AS new_number,
                     uuid_send(gen_random_uuid()) AS new_chain, pattern.*
                 FROM generate_series({from}::bigint, {to}::bigint - 1) AS n, pattern
             ), entered AS (
                 INSERT INTO optin.entries (account, chain, sequence, hash, sealed)
                 SELECT account, new_chain, 0, hash, sealed FROM new
             ), disclosed AS (
                 INSERT INTO optin.disclosed (account, chain, sequence, at, entry, salts)
                 SELECT account, new_chain, 0, at, entry, salts FROM new
             ), unlogged AS (
                 INSERT INTO optin.unlogged (account, at, chain, sequence)
                 SELECT account, at, new_chain, 0 FROM new
             )
             INSERT INTO optin.contacts
                 (account, number, state, revision, record, chain, length, head)
             SELECT account, new_number, state, revision, record, new_chain, length, head FROM new"
        )
    };
    thread::scope(|scope| {
        for turn in 0..SESSIONS {
            scope.spawn(move || {
                let session = database.session();
                for from in (from..to).step_by(AT_ONCE).skip(turn).step_by(SESSIONS) {
                    session.run(&statement(from, to.min(from + AT_ONCE)));
                }
            });
        }
    });
    database.session().run("ANALYZE");
    Ok(())
}

impl Side {
    /// Contacts write for the first time, and are asked; texts a second.
    fn texts(
        &self,
        runtime: &Runtime,
        callers: usize,
        texts: usize,
        next: usize,
    ) -> Result<f64, Box<dyn Error>> {
        let tasks = (0..callers).map(|caller| {
            let (engine, contacts) = (self.engine.clone(), self.contacts);
            runtime.spawn(async move {
                for text in 0..texts {
                    let number = next + caller * texts + text;
                    let who = contact(number * 7_919 % contacts);
                    let text = engines::text(number, contacts, "Hi, are you open?");
                    engine.0.handle(&who, text).await.expect("the storage works");
                }
            })
        });
        contest::rate(runtime, callers * texts, tasks)
    }

    fn loads(&self, next: usize) -> Result<f64, Box<dyn Error>> {
        let began = Instant::now();
        for load in 0..LOADS {
            let who = contact((next + load) * 104_729 % self.contacts);
            assert!(block_on(self.engine.0.storage().load(&who))?.record.is_some());
        }
        Ok(LOADS as f64 / began.elapsed().as_secs_f64())
    }
}

fn compare(
    runtime: &Runtime,
    small: &Side,
    large: &Side,
    callers: usize,
    texts: usize,
    mut next: usize,
) -> Result<(), Box<dyn Error>> {
    let mut rates = [Vec::new(), Vec::new()];
    let mut loads = [Vec::new(), Vec::new()];
    for round in 0..=ROUNDS {
        for turn in 0..2 {
            let at = (round + turn) % 2;
            let side = [small, large][at];
            let rate = side.texts(runtime, callers, texts, next)?;
            let load = if callers == 1 { side.loads(next)? } else { 1.0 };
            if round > 0 {
                rates[at].push(rate);
                loads[at].push(load);
            }
        }
        next += callers * texts;
    }
    let print = |what: &str, rates: &[Vec<f64>; 2]| {
        let times = rates[0].iter().zip(&rates[1]).map(|(small, large)| small / large);
        let [small, large] = rates.each_ref().map(|rates| Spread::of(rates.clone()));
        let times = Spread::of(times.collect());
        println!("  {what}: {small:.0} a second at {START}, {large:.0}; times as long {times:.2}");
    };
    print(&format!("{callers} callers, texts"), &rates);
    if callers == 1 {
        print("1 caller, loads", &loads);
    }
    Ok(())
}
