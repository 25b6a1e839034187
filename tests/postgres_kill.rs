//! The server stops at once, again and again, under load: nothing acknowledged is lost, what was
//! not known is resolved by repeating, state = ledger = outgoing = acknowledged, and what left is
//! within its limits over the whole run.
//!
//! Two storages, opened once, with several writers each; the server comes back on its directory.
//! What was not answered is delivered again, to any writer.
#![cfg(feature = "postgres-tests")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod black_box;
mod fleet;
mod server;

use std::{
    collections::BTreeMap,
    ops::Range,
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use black_box::{Scratch, grouped, setting};
use fastrand::Rng;
use fleet::{
    CONTACTS, Controls, FIRST, Journal, Machine, Mail, Role, Sms, account, check, check_ledgers,
    check_marks, conclude, settings,
};
use optin::{
    blocking::block_on,
    ledger::audit,
    store::{PostgresStorage, postgres::PostgresError},
};
use server::{Database, Durability, Server};
use tokio_postgres::NoTls;

/// Storages, as of so many hosts.
const STORAGES: u64 = 2;
/// Writers of each.
const WRITERS: u64 = 4;
/// Answers that show that writers have found the server again.
const ANSWERS_AFTER: usize = 50;
/// How long that may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);
/// Stops before other contacts write.
const GENERATION: u64 = 5;
/// How far the clock may go between two stops, in milliseconds: leases end, deadlines pass,
/// reminders come due.
const JUMPS: [u64; 8] = [0, 1_000, 31_000, 301_000, 43_199_000, 43_200_000, 43_200_000, 46_800_000];

#[test]
fn nothing_acknowledged_is_lost_when_the_server_stops_at_once() {
    // The long run asks for hundreds.
    let stops = setting("OPTIN_STOPS", 10);
    let seed = setting("OPTIN_SEED", 20_261_125);
    println!("OPTIN_SEED={seed}");
    let server = Server::start(Durability::Full, &[]);
    let database = server.create_database();
    let mut run = Run::new(&server, &database, seed);
    for stop in 0..stops {
        run.controls.set_generation(stop / GENERATION);
        run.next();
    }
    let failures = run.failures.lock().unwrap().clone();
    let (texts, handed_over) = run.end();
    let (texts, handed_over) = (grouped(texts), grouped(handed_over));
    println!("{stops} stops, {texts} texts acknowledged, 0 lost, {handed_over} handed over");
    println!("failures that writers saw: {failures:?}");
}

struct Run<'a> {
    server: &'a Server,
    database: &'a Database<'a>,
    scratch: Scratch,
    controls: Controls,
    journal: Journal,
    mail: Mail,
    chance: Rng,
    machines: Vec<Machine<Arc<PostgresStorage>>>,
    /// How often each kind of error was seen.
    failures: Arc<Mutex<BTreeMap<&'static str, u64>>>,
}

impl<'a> Run<'a> {
    fn new(server: &'a Server, database: &'a Database<'a>, seed: u64) -> Self {
        let scratch = Scratch::new("postgres-kill");
        let controls = Controls::new(scratch.directory());
        let mut run = Self {
            server,
            database,
            controls,
            journal: Journal::open(scratch.directory()),
            scratch,
            mail: Mail::default(),
            chance: Rng::with_seed(seed),
            machines: Vec::new(),
            failures: Arc::default(),
        };
        block_on(run.open().migrate()).unwrap();
        for host in 0..STORAGES {
            let storage = Arc::new(run.open());
            settings(&storage, &run.controls);
            for number in host * WRITERS..(host + 1) * WRITERS {
                let machine = run.machine(storage.clone(), number);
                run.machines.push(machine);
            }
        }
        run
    }

    fn open(&self) -> PostgresStorage {
        PostgresStorage::connect(self.database.config(), NoTls).unwrap()
    }

    fn machine(
        &mut self,
        storage: Arc<PostgresStorage>,
        number: u64,
    ) -> Machine<Arc<PostgresStorage>> {
        let (directory, seed) = (self.scratch.directory(), self.chance.u64(..));
        let failures = self.failures.clone();
        Machine::new(storage, directory, number, Role::Mixed, seed).surviving(move |error| {
            let kind = match error {
                PostgresError::NotKnown => "not known",
                PostgresError::Unreachable => "unreachable",
                error => panic!("a stop is no {error:?}"),
            };
            *failures.lock().unwrap().entry(kind).or_default() += 1;
            thread::sleep(Duration::from_millis(5));
        })
    }

    /// All write; the server stops at once, comes back, and they go on.
    fn next(&mut self) {
        let again = self.again();
        let checked = self.mail.answered.len();
        thread::scope(|scope| {
            // They end, however this does.
            let working = Working::begin(&self.controls);
            for (machine, again) in self.machines.iter_mut().zip(again) {
                scope.spawn(move || {
                    again.iter().for_each(|sms| machine.take(sms));
                    machine.work();
                });
            }
            let (controls, chance) = (&self.controls, &mut self.chance);
            let a_while = |chance: &mut Rng| {
                controls.work_for(Duration::from_micros(chance.u64(20_000..250_000)), chance);
            };
            a_while(chance);
            self.server.stop_at_once();
            thread::sleep(Duration::from_micros(chance.u64(..200_000)));
            self.server.start_again();
            self.mail.read(&self.journal);
            let (answered, began) = (self.mail.answered.len(), Instant::now());
            // By themselves they find the server again.
            while self.mail.answered.len() < answered + ANSWERS_AFTER {
                assert!(began.elapsed() < PATIENCE, "the storages did not reconnect");
                controls.work_for(Duration::from_millis(5), chance);
                self.mail.read(&self.journal);
            }
            a_while(chance);
            drop(working);
        });
        self.mail.read(&self.journal);
        self.check(checked);
        self.controls.advance(*self.chance.choice(&JUMPS).unwrap());
    }

    /// What each writer is given once more: what was not answered, and one that was.
    fn again(&mut self) -> Vec<Vec<Sms>> {
        let mut texts: Vec<Sms> = self.mail.waiting.values().cloned().collect();
        let latest = self.mail.answered.iter().rev().take(20).map(|(sms, _)| sms);
        texts.extend(self.chance.choice(latest).cloned());
        let mut again = vec![Vec::new(); self.machines.len()];
        for sms in texts {
            again[self.chance.usize(..self.machines.len())].push(sms);
        }
        again
    }

    /// What was answered since so many answers is stored, and all that is stored agrees.
    fn check(&self, checked: usize) {
        let storage = self.open();
        check_marks(&storage, &self.controls, &self.mail.answered[checked..]);
        check_ledgers(&storage, self.writing());
        check_stored(self.database);
    }

    /// Those that write now, and those before them, who are still sent to.
    fn writing(&self) -> Range<u64> {
        let generation = self.controls.generation();
        let first = |generation| FIRST + generation * CONTACTS;
        first(generation.saturating_sub(1))..first(generation + 1)
    }

    /// Everything is delivered and handed over; how many texts came in and how many left.
    fn end(mut self) -> (usize, usize) {
        self.controls.set_paused(true);
        for sms in self.mail.waiting.values() {
            self.machines[0].take(sms);
        }
        let storage = self.open();
        let concluded = conclude(&storage, self.scratch.directory());
        check_stored(self.database);
        let audited = block_on(audit::storage(&storage, &account(), None)).unwrap();
        assert_eq!(audited.chains, 1 + (self.controls.generation() + 1) * CONTACTS);
        assert_eq!(audited.disclosed, audited.entries);
        concluded
    }
}

/// The machines work until this goes.
struct Working<'a>(&'a Controls);

impl<'a> Working<'a> {
    fn begin(controls: &'a Controls) -> Self {
        controls.set_paused(false);
        Self(controls)
    }
}

impl Drop for Working<'_> {
    fn drop(&mut self) {
        self.0.set_paused(true);
    }
}

fn check_stored(database: &Database<'_>) {
    let session = database.session();
    session.run("SET search_path = optin");
    check(|sql| session.rows(sql));
}
