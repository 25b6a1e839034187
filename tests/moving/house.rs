//! A storage with something of everything in it, and traffic that goes on.

#![allow(dead_code, reason = "each test takes its own part")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::{
    collections::HashSet,
    convert::Infallible,
    future::poll_fn,
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    task::Poll,
};

use chrono::{DateTime, TimeDelta, Utc};
use optin::{
    AccountId, Contact, Crm, Destination, Dispatcher, Engine, Event, HandleError, Handover, Outbox,
    Outgoing, Override, Policy, Round, Settings, Source,
    blocking::block_on,
    ledger::SuppressionKey,
    moving::{Movable, Move, Moved, Row},
    storage::{Commit, Mark},
    store::{
        MemoryStorage, SqliteStorage,
        sqlite::{Durability, Options},
    },
};

use crate::{
    black_box::Scratch,
    support::{Clock, START, account, contact, inbox, message_id, owner, texted},
};

pub(crate) fn bolt() -> AccountId {
    AccountId::new("bolt").unwrap()
}

/// Takes what it is given, refuses it, does not know, or never answers: by the message and the
/// time, so that it does not matter which of several comes first.
pub(crate) struct Provider {
    clock: Clock,
    hangs: AtomicBool,
    sent: Mutex<Vec<(DateTime<Utc>, Outgoing)>>,
}

impl Provider {
    pub(crate) fn new(clock: &Clock) -> Self {
        Self { clock: clock.clone(), hangs: AtomicBool::new(false), sent: Mutex::default() }
    }

    /// What it was given, and when.
    pub(crate) fn sent(self) -> Vec<(DateTime<Utc>, Outgoing)> {
        let mut sent = self.sent.into_inner().unwrap();
        sent.sort_by(|one, other| (one.0, &one.1.id).cmp(&(other.0, &other.1.id)));
        sent
    }

    fn answer(&self, outgoing: &Outgoing) -> Option<Handover> {
        let (id, now) = (&outgoing.id, self.clock.now().timestamp() / 60);
        let chance = id.contact.number().to_digits() + id.revision.number() + u64::from(id.n);
        let not_sent = |retry| Handover::NotSent { retry, code: None };
        if outgoing.destination() == Destination::Crm(Crm::Salesforce) && chance % 2 == 0 {
            return Some(not_sent(false));
        }
        match (chance + now.unsigned_abs()) % 7 {
            0 => Some(not_sent(true)),
            1 => None,
            2 => Some(not_sent(false)),
            3 => Some(Handover::Unknown),
            _ => Some(Handover::Accepted { provider_id: None }),
        }
    }

    /// Runs a future to its end, or drops it once a hand-over of it never answers: a crash.
    fn run<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        let mut future = Box::pin(future);
        block_on(poll_fn(|context| match future.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if self.hangs.swap(false, Relaxed) => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }))
    }
}

impl Outbox for Provider {
    async fn send(&self, outgoing: &Outgoing) -> Handover {
        self.sent.lock().unwrap().push((self.clock.now(), outgoing.clone()));
        match self.answer(outgoing) {
            Some(answer) => answer,
            None => {
                self.hangs.store(true, Relaxed);
                std::future::pending().await
            }
        }
    }
}

/// How many steps the traffic has.
pub(crate) const STEPS: usize = 60;

/// The step of this number: the same for whatever storage. Says what came of it.
pub(crate) fn step<S: Movable>(
    storage: &S,
    provider: &Provider,
    clock: &Clock,
    n: usize,
) -> String {
    const WORDS: [&str; 8] = ["Hi", "yes", "When do you open?", "stop", "start", "y", "help", "no"];
    clock.advance(TimeDelta::minutes([1, 7, 13 * 60, 40][n % 4]));
    let engine = Engine::new(storage, provider, clock.reader());
    let of = contact((n * 7 % 10) as u8);
    let of = if n % 5 == 4 { Contact::new(bolt(), of.number()) } else { of };
    let id = format!("SM{}", n - n % 3);
    match n {
        0 | 31 => {
            let mut settings = Settings::default();
            settings.reminders.max = if n == 0 { 2 } else { 1 };
            settings.sync.hubspot = true;
            settings.sync.salesforce = true;
            settings.replies.help = Some("Call us.".into());
            let policy = Policy::try_from(settings).unwrap();
            let edit = |_: &Policy| Ok::<_, Infallible>(policy.clone());
            format!("{:?}", block_on(engine.change_policy(&account(), &owner(), edit)).unwrap())
        }
        _ if n % 11 == 10 => {
            let dispatcher = Dispatcher::new(&engine);
            let is_done = |round: Option<Result<Round, _>>| {
                round.is_some_and(|round| {
                    round.unwrap_or_else(|error: HandleError<S::Error>| panic!("{error}")).claimed
                        == 0
                })
            };
            while !is_done(provider.run(dispatcher.run_once(9))) {}
            "dispatched".into()
        }
        _ => {
            let event = match n % 13 {
                5 => Event::Added { source: Source::Csv, opted_out: Some(true) },
                6 => Event::Added { source: Source::Hubspot, opted_out: None },
                7 => Event::Overridden { actor: owner(), to: Override::Active, note: None },
                // Each text is delivered thrice.
                _ => texted(&id, WORDS[n * 5 % WORDS.len()]),
            };
            format!("{:?}", provider.run(engine.handle(&of, event)))
        }
    }
}

/// The first half of the traffic; then somebody is erased, words are pruned, and most entries
/// have their place in the log.
pub(crate) fn furnish<S: Movable>(storage: &S) {
    let clock = Clock::at(START);
    let provider = Provider::new(&clock);
    for n in 0..STEPS / 2 {
        step(storage, &provider, &clock, n);
        if n == STEPS / 2 - 8 {
            assert!(block_on(storage.erase(&contact(7))).unwrap());
            assert!(block_on(storage.prune_texts(START + TimeDelta::hours(14))).unwrap() > 0);
            for of in [account(), bolt()] {
                assert!(block_on(storage.sequence(&of, 0, 100)).unwrap() > 3);
            }
        }
    }
}

/// All rows of both accounts.
pub(crate) fn rows<S: Movable>(storage: &S) -> Vec<Row> {
    let of = |account| block_on(storage.take_out(&account, None, usize::MAX)).unwrap();
    of(account()).into_iter().chain(of(bolt())).collect()
}

pub(crate) fn key() -> SuppressionKey {
    SuppressionKey::new([7; 32])
}

pub(crate) fn memory() -> MemoryStorage {
    MemoryStorage::new().with_suppression(key())
}

pub(crate) fn open(path: &Path) -> SqliteStorage {
    let options = Options::default().durability(Durability::Normal).scrub_later();
    options.suppression(key()).open(path).unwrap()
}

/// A new file of this directory each time.
pub(crate) fn sqlite(scratch: &Scratch) -> SqliteStorage {
    static FILES: AtomicU64 = AtomicU64::new(0);
    open(&scratch.path(&format!("{}.db", FILES.fetch_add(1, Relaxed))))
}

fn kinds(rows: &[Row]) -> HashSet<std::mem::Discriminant<Row>> {
    rows.iter().map(std::mem::discriminant).collect()
}

/// Whether messages are claimed and set aside.
fn places(rows: &[Row]) -> HashSet<(bool, bool)> {
    let place = |row: &Row| match row {
        Row::Outgoing { place, set_aside, .. } => Some((place.claimed, *set_aside)),
        _ => None,
    };
    rows.iter().filter_map(place).collect()
}

/// Everything in `from` is moved into `to`, and is the same there.
pub(crate) fn is_moved<F: Movable, T: Movable>(from: &F, to: &T) -> Moved {
    let moved = block_on(Move::new(from, to).page(7).run(|_| {})).unwrap();
    let expected = rows(from);
    assert_eq!(kinds(&expected).len(), 8, "a row of each kind");
    assert_eq!(places(&expected).len(), 3, "a message in each place");
    assert_eq!((moved.accounts, moved.rows), (2, expected.len() as u64));
    assert!(rows(to) == expected);
    moved
}

/// An account that [`disturb`] adds, between the others.
pub(crate) const OTHER: &str = "between";

/// What somebody does to a storage that should be quiet.
pub(crate) fn disturb<S: Movable>(storage: &S, what: usize) {
    let engine =
        Engine::new(storage, Provider::new(&Clock::at(START)), || START + TimeDelta::days(9));
    let added = || Event::Added { source: Source::Api, opted_out: None };
    match what {
        0 => drop(block_on(engine.handle(&contact(2), texted("new", "hello")))),
        1 => drop(block_on(engine.handle(&contact(77), added()))),
        2 => drop(block_on(storage.erase(&contact(1)))),
        3 => drop(block_on(engine.resync(&account(), optin::Crm::Hubspot))),
        // Without an entry: who is erased that was never there, and a text that changes nothing.
        4 => drop(block_on(storage.erase(&contact(99)))),
        5 => {
            let record = block_on(storage.load(&contact(2))).unwrap().record;
            let mark = Some(Mark::Text { inbox: inbox(), id: message_id("new") });
            let commit = Commit::keep(contact(2), record.as_ref(), START + TimeDelta::days(9));
            drop(block_on(storage.commit(Commit { mark, ..commit })));
        }
        _ => {
            let account = AccountId::new(OTHER).unwrap();
            drop(block_on(engine.handle(&Contact::new(account, contact(1).number()), added())));
        }
    }
}

/// What a host sees of a storage, names of chains and salts aside.
pub(crate) fn seen<S: Movable>(storage: &S) -> Vec<String> {
    let mut seen = vec![format!("{:?}", block_on(storage.queue()).unwrap())];
    for of in [account(), bolt()] {
        let settings = block_on(storage.policy(&of)).unwrap();
        let aside = block_on(storage.set_aside(&of, 99)).unwrap();
        let own = block_on(storage.account_history(&of, 0, 999)).unwrap();
        seen.push(serde_json::to_string(&(aside, own)).unwrap());
        seen.push(format!("{settings:?}"));
        for n in 0..11 {
            let of = Contact::new(of.clone(), contact(n).number());
            let history = block_on(storage.history(&of, 0, 999)).unwrap();
            seen.push(serde_json::to_string(&history).unwrap());
            let snapshot = block_on(storage.load(&of)).unwrap();
            seen.push(format!("{:?}{}", snapshot.record, snapshot.text_unfinished));
        }
    }
    seen
}

/// Runs the traffic from this step to another.
pub(crate) fn run<S: Movable>(
    storage: &S,
    (provider, clock): (&Provider, &Clock),
    steps: std::ops::Range<usize>,
) -> Vec<String> {
    steps.map(|n| step(storage, provider, clock, n)).collect()
}
