//! What a test tells its machines: the time, which contacts write, and when to pause.

use std::{
    fs::{File, OpenOptions},
    os::unix::fs::FileExt,
    path::Path,
    sync::atomic::{AtomicI64, Ordering},
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use fastrand::Rng;
use optin::{
    AccountId, Actor, ActorId, Archive, Contact, Engine, Handover, Outbox, Outgoing, PhoneNumber,
    Policy, Role, blocking::block_on,
};

use super::journal::Journal;

/// Contacts that write at the same time: a generation.
pub(crate) const CONTACTS: u64 = 12;
/// The first contact's number.
pub(crate) const FIRST: u64 = 12_060_000_000;

const NOW: u64 = 0;
const GENERATION: u64 = 8;
const PAUSED: u64 = 16;

/// Numbers in a file, which one process writes and all read.
#[derive(Debug)]
pub(crate) struct Controls {
    file: File,
    last_read: AtomicI64,
}

impl Controls {
    pub(crate) fn open(directory: &Path) -> Self {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let file = options.open(directory.join("controls")).unwrap();
        Self { file, last_read: AtomicI64::new(0) }
    }

    /// The same, from its beginning: 2026-03-01T09:00:00Z.
    pub(crate) fn new(directory: &Path) -> Self {
        let controls = Self::open(directory);
        controls.write(NOW, 1_772_355_600_000);
        controls.write(GENERATION, 0);
        controls.write(PAUSED, 1);
        controls
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        let now = self.read(NOW).cast_signed();
        self.last_read.store(now, Ordering::Relaxed);
        DateTime::from_timestamp_millis(now).unwrap()
    }

    /// What the clock said last: an outbox is asked just after an engine has looked.
    pub(crate) fn last_read(&self) -> i64 {
        self.last_read.load(Ordering::Relaxed)
    }

    pub(crate) fn set_now(&self, millis: i64) {
        self.write(NOW, millis.cast_unsigned());
    }

    pub(crate) fn advance(&self, millis: u64) {
        self.write(NOW, self.read(NOW) + millis);
    }

    /// Lets the machines work for so long, while the clock goes on: by far less than a lease.
    pub(crate) fn work_for(&self, real: Duration, chance: &mut Rng) {
        let began = Instant::now();
        self.work(chance, || real.saturating_sub(began.elapsed()));
    }

    /// Lets the machines work until the journal has so many more lines.
    pub(crate) fn work_until(&self, more: usize, journal: &Journal, chance: &mut Rng) {
        let enough = journal.length() + more;
        self.work(chance, || Duration::from_millis((journal.length() < enough).into()));
    }

    fn work(&self, chance: &mut Rng, left: impl Fn() -> Duration) {
        let mut to_go = 10_000;
        loop {
            let left = left();
            if left.is_zero() {
                break;
            }
            std::thread::sleep(left.min(Duration::from_millis(1)));
            let step = chance.u64(..100).min(to_go);
            to_go -= step;
            self.advance(step);
        }
    }

    pub(crate) fn generation(&self) -> u64 {
        self.read(GENERATION)
    }

    pub(crate) fn set_generation(&self, generation: u64) {
        self.write(GENERATION, generation);
    }

    pub(crate) fn is_paused(&self) -> bool {
        self.read(PAUSED) != 0
    }

    pub(crate) fn set_paused(&self, paused: bool) {
        self.write(PAUSED, paused.into());
    }

    fn read(&self, at: u64) -> u64 {
        let mut bytes = [0; 8];
        self.file.read_exact_at(&mut bytes, at).unwrap();
        u64::from_le_bytes(bytes)
    }

    fn write(&self, at: u64, value: u64) {
        self.file.write_all_at(&value.to_le_bytes(), at).unwrap();
    }
}

pub(crate) fn account() -> AccountId {
    AccountId::new("acme").unwrap()
}

pub(crate) fn contact(number: u64) -> Contact {
    Contact::new(account(), PhoneNumber::from_digits(number).unwrap())
}

/// From now on the account answers HELP and the keyword, and tells a CRM.
pub(crate) fn settings(storage: impl Archive, controls: &Controls) {
    if block_on(storage.policy(&account())).unwrap().policy.settings().sync.hubspot {
        return;
    }
    let engine = Engine::new(storage, Nobody, || controls.now());
    let edit = |policy: &Policy| {
        let mut settings = policy.settings().clone();
        settings.replies.help = Some("Call us.".into());
        settings.replies.confirmed = Some("Welcome!".into());
        settings.sync.hubspot = true;
        Policy::new(settings)
    };
    let owner = Actor::new(ActorId::new("ana").unwrap(), Role::Owner);
    block_on(engine.change_policy(&account(), &owner, edit)).unwrap();
}

struct Nobody;

impl Outbox for Nobody {
    async fn send(&self, _outgoing: &Outgoing) -> Handover {
        panic!("settings send nothing")
    }
}
