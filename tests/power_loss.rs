//! The power fails: what was answered is there with `Durability::Full`, and nothing is sent twice.
//!
//! A machine runs over a file while a shim writes down its writes and syncs. At many moments the
//! disk is rebuilt as a power loss may leave it (`power_loss/disk.rs`), opened, and proven together
//! with what the world had seen until then. The same with `Durability::Normal` must find losses:
//! that shows that the test can tell them apart.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod black_box;
#[path = "power_loss/disk.rs"]
mod disk;
mod fleet;
#[path = "power_loss/log.rs"]
mod log;

use std::{path::Path, sync::Arc};

use black_box::{Scratch, grouped, setting, this_test};
use disk::Disk;
use fastrand::Rng;
use fleet::{
    CONTACTS, Controls, FIRST, Journal, Line, Machine, Mail, NOT_DURABLE, Process, Role,
    check_ledgers, check_rows, conclude, lost, run_if_asked,
};
use log::{Does, Step, compile_shim};
use optin::store::sqlite::{Durability, Options};

#[test]
fn a_machine() {
    run_if_asked();
}

#[test]
fn what_was_answered_survives_a_power_loss() {
    let images = usize::try_from(setting("OPTIN_IMAGES", 40)).unwrap();
    let seed = setting("OPTIN_SEED", 20_261_125);
    println!("OPTIN_SEED={seed}");
    let lost = |durable| {
        let mut chance = Rng::with_seed(seed);
        lost_in_images(&record(durable, &mut chance), durable, images, &mut chance)
    };
    let (full, normal) = std::thread::scope(|scope| {
        let normal = scope.spawn(|| lost(false));
        (lost(true), normal.join().unwrap())
    });
    let (full, normal, images) = (grouped(full), grouped(normal), grouped(images));
    println!("{images} images, {full} lost with FULL, {normal} lost with NORMAL");
    assert_eq!(full, "0");
    assert_ne!(normal, "0", "the test cannot tell FULL from NORMAL");
}

/// Steps in which the file is made.
const BEGINNING: usize = 80;

/// Printed where it goes wrong.
struct Said(String);

impl Drop for Said {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("{}", self.0);
        }
    }
}

/// What machines do to their file, one after the other, while the clock jumps.
fn record(durable: bool, chance: &mut Rng) -> Vec<Step> {
    let scratch = Scratch::new(if durable { "power-full" } else { "power-normal" });
    let (shim, log) = (compile_shim(scratch.directory()), scratch.path("log"));
    let directory = scratch.path("watched");
    std::fs::create_dir(&directory).unwrap();
    let (controls, journal) = (Controls::new(&directory), Journal::open(&directory));
    // The first fills the log, so that it begins anew; each tidies up at its end.
    for (number, lines) in [(1, 350), (2, 20), (3, 20)] {
        let mut test = this_test("a_machine");
        test.env("LD_PRELOAD", &shim);
        test.env("POWER_LOSS_DIRECTORY", &directory).env("POWER_LOSS_LOG", &log);
        if !durable {
            test.env(NOT_DURABLE, "1");
        }
        let seed = chance.u64(..);
        let mut machine = Process::start(test, &directory, number, Role::Mixed, seed);
        for jump in [31_000, 43_200_000] {
            controls.set_paused(false);
            machine.resume(&[]);
            controls.work_until(lines, &journal, chance);
            controls.set_paused(true);
            machine.wait_for_pause();
            controls.advance(jump);
        }
        machine.end();
    }
    let steps = log::read(&log);
    the_log_is_complete(&steps, &directory);
    steps
}

/// The log leads to the very files.
fn the_log_is_complete(steps: &[Step], directory: &Path) {
    let mut disk = Disk::default();
    steps.iter().for_each(|step| disk.apply(step));
    for name in ["consent.db", "consent.db-wal", "consent.db-journal", "journal"] {
        let file = std::fs::read(directory.join(name)).ok();
        assert!(disk.read(name) == file, "the shim missed a write to {name}");
    }
    let is_beginning = |step: &&Step| {
        step.name == "consent.db-wal" && matches!(step.does, Does::Write { at: 0, .. })
    };
    assert!(steps.iter().filter(is_beginning).count() > 3, "no log began anew");
}

/// Lets the power fail at that many moments: how many answered texts were lost.
fn lost_in_images(steps: &[Step], durable: bool, images: usize, chance: &mut Rng) -> usize {
    let mut moments: Vec<usize> = (0..images)
        .map(|n| chance.usize(..=if n % 8 == 0 { BEGINNING } else { steps.len() }))
        .collect();
    moments.sort_unstable();
    let mut disk = Disk::default();
    let (mut done, mut lost) = (0, 0);
    for (image, moment) in moments.into_iter().enumerate() {
        steps[done..moment].iter().for_each(|step| disk.apply(step));
        done = moment;
        let _said = Said(format!("image {image}, after {moment} of {} steps", steps.len()));
        lost += lost_in_image(&disk, durable, chance);
    }
    lost
}

fn lost_in_image(disk: &Disk, durable: bool, chance: &mut Rng) -> usize {
    let scratch = Scratch::new(if durable { "image-full" } else { "image-normal" });
    let (directory, path) = (scratch.directory(), scratch.path("consent.db"));
    disk.write_image(directory, chance);
    // It is in the memory of all processes, which comes with none.
    let _ = std::fs::remove_file(scratch.path("consent.db-shm"));
    // What the world has seen is not lost.
    std::fs::write(scratch.path("journal"), disk.read("journal").unwrap_or_default()).unwrap();
    let (controls, journal) = (Controls::new(directory), Journal::open(directory));
    if let Some(now) = last_time(&journal.lines(0)) {
        controls.set_now(now);
    }

    // No second power loss comes.
    let options = Options::default().durability(Durability::Normal);
    let storage = Arc::new(options.open(&path).unwrap());
    check_ledgers(&storage, FIRST..FIRST + CONTACTS);
    check_rows(&path);
    let mut mail = Mail::default();
    mail.read(&journal);
    let lost = lost(&storage, &controls, &mail.answered).len();
    if durable && lost == 0 {
        // It goes on: nothing is sent twice, everything drains.
        let mut machine = Machine::new(storage.clone(), directory, 99, Role::Deferred, 0);
        mail.waiting.values().for_each(|sms| machine.take(sms));
        conclude(&storage, directory);
        check_rows(&path);
    }
    lost
}

fn last_time(lines: &[Line]) -> Option<i64> {
    lines.last().map(|line| match line {
        Line::Arrived { at, .. } | Line::Answered { at, .. } | Line::Ended { at, .. } => *at,
        Line::Begun(begun) => begun.at,
    })
}
