//! Two processes on one file, killed with `kill -9` at random moments: nothing acknowledged is
//! lost, state and ledger agree, and what left is within its limits over the whole run.
//!
//! Both take texts and dispatch. One or both are killed at once; what was delivered to them and
//! not answered is delivered again, to either.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod black_box;
mod fleet;

use std::{ops::Range, path::PathBuf, sync::Arc, time::Duration};

use black_box::{Scratch, grouped, setting, this_test};
use fastrand::Rng;
use fleet::{
    CONTACTS, Controls, FIRST, Journal, Machine, Mail, Process, Role, Sms, check_ledgers,
    check_marks, check_rows, conclude, run_if_asked,
};
use optin::store::SqliteStorage;

/// Kills before other contacts write.
const GENERATION: u64 = 25;
/// How far the clock may go between two kills, in milliseconds: leases end, deadlines pass,
/// reminders come due.
const JUMPS: [u64; 8] = [0, 1_000, 31_000, 301_000, 43_199_000, 43_200_000, 43_200_000, 46_800_000];

#[test]
fn a_machine() {
    run_if_asked();
}

#[test]
fn nothing_acknowledged_is_lost_when_processes_are_killed() {
    // The long run asks for thousands.
    let kills = setting("OPTIN_KILLS", 30);
    let seed = setting("OPTIN_SEED", 20_261_125);
    println!("OPTIN_SEED={seed}");
    let mut run = Run::new(seed);
    while run.kills < kills {
        run.next();
    }
    let (texts, handed_over) = run.end();
    let (texts, handed_over) = (grouped(texts), grouped(handed_over));
    println!("{} kills, {texts} texts acknowledged, 0 lost, {handed_over} handed over", run.kills);
}

struct Run {
    scratch: Scratch,
    controls: Controls,
    journal: Journal,
    mail: Mail,
    chance: Rng,
    processes: [Option<Process>; 2],
    started: u64,
    kills: u64,
}

impl Run {
    fn new(seed: u64) -> Self {
        let scratch = Scratch::new("kill");
        let directory = scratch.directory();
        let (controls, journal) = (Controls::new(directory), Journal::open(directory));
        Self {
            controls,
            journal,
            scratch,
            mail: Mail::default(),
            chance: Rng::with_seed(seed),
            processes: [None, None],
            started: 0,
            kills: 0,
        }
    }

    fn file(&self) -> PathBuf {
        self.scratch.path("consent.db")
    }

    /// Two processes work until one of them is killed, or both.
    fn next(&mut self) {
        self.begin();
        let work = Duration::from_micros(self.chance.u64(..200_000));
        self.controls.work_for(work, &mut self.chance);
        self.kill();
        let new = self.mail.read(&self.journal);
        let storage = SqliteStorage::open(self.file()).unwrap();
        check_marks(&storage, &self.controls, &self.mail.answered[new]);
        check_ledgers(&storage, self.writing());
        check_rows(&self.file());
        drop(storage);
        self.controls.advance(*self.chance.choice(&JUMPS).unwrap());
        self.controls.set_generation(self.kills / GENERATION);
    }

    /// Those that write now, and those before them, who are still sent to.
    fn writing(&self) -> Range<u64> {
        let generation = self.controls.generation();
        let first = |generation| FIRST + generation * CONTACTS;
        first(generation.saturating_sub(1))..first(generation + 1)
    }

    fn begin(&mut self) {
        let mut again: [Vec<Sms>; 2] = [Vec::new(), Vec::new()];
        let mut lost: Vec<Sms> = self.mail.waiting.values().cloned().collect();
        let latest = self.mail.answered.iter().rev().take(20).map(|(sms, _)| sms);
        lost.extend(self.chance.choice(latest).cloned());
        for sms in lost {
            again[self.chance.usize(..2)].push(sms);
        }
        self.controls.set_paused(false);
        for (process, again) in self.processes.iter_mut().zip(again) {
            let process = process.get_or_insert_with(|| {
                self.started += 1;
                let seed = self.chance.u64(..);
                let directory = self.scratch.directory();
                Process::start(this_test("a_machine"), directory, self.started, Role::Mixed, seed)
            });
            process.resume(&again);
        }
    }

    fn kill(&mut self) {
        let dying = [[true, false], [false, true], [true, true]];
        let dying = *self.chance.choice(&dying).unwrap();
        for (process, dies) in self.processes.iter_mut().zip(dying) {
            if dies {
                process.as_mut().unwrap().kill();
                self.kills += 1;
            }
        }
        self.controls.set_paused(true);
        for (process, dies) in self.processes.iter_mut().zip(dying) {
            if dies {
                process.take().unwrap().bury();
            } else {
                process.as_mut().unwrap().wait_for_pause();
            }
        }
    }

    /// Everything is delivered and handed over; how many texts came in and how many left.
    fn end(&mut self) -> (usize, usize) {
        for process in self.processes.iter_mut().filter_map(Option::take) {
            process.end();
        }
        let storage = Arc::new(SqliteStorage::open(self.file()).unwrap());
        let directory = self.scratch.directory();
        let mut machine = Machine::new(storage.clone(), directory, 0, Role::Deferred, 0);
        for sms in self.mail.waiting.values() {
            machine.take(sms);
        }
        let concluded = conclude(&storage, directory);
        check_rows(&self.file());
        concluded
    }
}
