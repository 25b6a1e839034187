//! A future dropped at any await is as a crash there (DESIGN 4).
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod support;

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
};

use chrono::{DateTime, TimeDelta, Utc};
use optin::{
    AccountId, Archive, Contact, Decision, Delivery, Dispatcher, Engine, Handover, Keyword,
    Message, MessageKind, Outbox, Outgoing, Pending, Reason, Record, Storage,
    consent::ledger::fold,
    storage::{Claim, Commit, Committed, CurrentPolicy, PolicyChange, PolicyCommitted, Snapshot},
    store::MemoryStorage,
};

use self::support::{
    Clock, START, account, contact, inbox, message_id, now_or_never, poll_once, texted, wait_once,
};

const LEASE: TimeDelta = TimeDelta::seconds(30);
const INTERVAL: TimeDelta = TimeDelta::hours(12);

/// Waits once before each call and once after it: the call is made, nobody hears the answer.
struct Waiting<T>(T);

impl<S: Storage<Error = Infallible>> Storage for Waiting<S> {
    type Error = Infallible;

    async fn load(&self, contact: &Contact) -> Result<Snapshot, Infallible> {
        around(self.0.load(contact)).await
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, Infallible> {
        around(self.0.commit(commit)).await
    }

    async fn claim(
        &self,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
        limit: usize,
    ) -> Result<Vec<Claim>, Infallible> {
        around(self.0.claim(now, until, limit)).await
    }

    async fn policy(&self, account: &AccountId) -> Result<CurrentPolicy, Infallible> {
        around(self.0.policy(account)).await
    }

    async fn set_policy(&self, change: PolicyChange) -> Result<PolicyCommitted, Infallible> {
        around(self.0.set_policy(change)).await
    }
}

impl<O: Outbox> Outbox for Waiting<O> {
    async fn send(&self, outgoing: &Outgoing) -> Handover {
        around(self.0.send(outgoing)).await
    }
}

async fn around<T>(call: impl Future<Output = T>) -> T {
    wait_once().await;
    let answer = call.await;
    wait_once().await;
    answer
}

/// Takes everything, and keeps it.
#[derive(Default)]
struct Taken(Mutex<Vec<Outgoing>>);

impl Outbox for Taken {
    async fn send(&self, outgoing: &Outgoing) -> Handover {
        self.0.lock().unwrap().push(outgoing.clone());
        Handover::Accepted { provider_id: None }
    }
}

type Machine<S, O> = Engine<S, O, Box<dyn Fn() -> DateTime<Utc> + Send + Sync>>;

/// One storage, one phone at the other end, and two machines: one that waits, one that does not.
struct World {
    storage: Arc<MemoryStorage>,
    taken: Arc<Taken>,
    clock: Clock,
}

impl World {
    fn new() -> Self {
        Self { storage: Arc::default(), taken: Arc::default(), clock: Clock::at(START) }
    }

    fn engine(&self) -> Machine<Arc<MemoryStorage>, Arc<Taken>> {
        let (storage, outbox) = (self.storage.clone(), self.taken.clone());
        Engine::new(storage, outbox, Box::new(self.clock.reader()))
    }

    fn waiting(&self) -> Machine<Waiting<Arc<MemoryStorage>>, Waiting<Arc<Taken>>> {
        let (storage, outbox) = (Waiting(self.storage.clone()), Waiting(self.taken.clone()));
        Engine::new(storage, outbox, Box::new(self.clock.reader()))
    }

    fn text(&self, id: &str, body: &str) -> (Decision, Reason) {
        let outcome = now_or_never(self.engine().handle(&contact(0), texted(id, body))).unwrap();
        (outcome.decision, outcome.reason)
    }

    fn dispatch(&self) -> usize {
        let engine = self.engine();
        let round = now_or_never(Dispatcher::new(&engine).run_once(10)).unwrap();
        round.handed_over
    }

    fn record(&self) -> Option<Record> {
        now_or_never(self.storage.load(&contact(0))).unwrap().record
    }

    fn taken(&self) -> usize {
        self.taken.0.lock().unwrap().len()
    }

    /// The record is what the ledger says, and what was queued was decided.
    fn nothing_is_half_stored(&self) {
        let entries = now_or_never(self.storage.history(&contact(0), 0, 99)).unwrap();
        assert_eq!(fold(&entries), Ok(self.record()));
        let snapshot = now_or_never(self.storage.load(&contact(0))).unwrap();
        assert!(snapshot.record.is_some() || !snapshot.text_unfinished);
    }
}

/// Polls the future so many times and drops it; whether it had ended.
fn drop_after<F: Future>(polls: usize, future: F) -> bool {
    let mut future = Box::pin(future);
    (0..polls).any(|_| poll_once(future.as_mut()).is_some())
}

/// Drops the future of a fresh world at each of its awaits, and looks at what is left.
fn at_each_await(drop_at: impl Fn(&World, usize) -> bool, then: impl Fn(&World)) -> usize {
    for polls in 0..100 {
        let world = World::new();
        let ended = drop_at(&world, polls);
        world.nothing_is_half_stored();
        then(&world);
        world.nothing_is_half_stored();
        if ended {
            return polls;
        }
    }
    panic!("it never ends");
}

fn asked_at(record: Option<Record>) -> (u8, Option<DateTime<Utc>>) {
    let pending: Pending = *record.unwrap().pending().unwrap();
    assert_eq!((pending.outstanding, pending.texted), (None, true));
    (pending.prompts_used, pending.last_prompt)
}

const NEW: (Decision, Reason) = (Decision::SendConfirmation, Reason::NewContact);
const DUPLICATE: (Decision, Reason) = (Decision::None, Reason::Duplicate);
const TOO_SOON: (Decision, Reason) = (Decision::None, Reason::TooSoon);
const REMINDED: (Decision, Reason) = (Decision::SendReminder, Reason::ReminderDue);

#[test]
fn handle_dropped_anywhere_asks_at_most_once_and_keeps_the_clock() {
    for dispatched in [false, true] {
        let drop_at = |world: &World, polls| {
            drop_after(polls, world.waiting().handle(&contact(0), texted("SM1", "Hi")))
        };
        let polls = at_each_await(drop_at, |world| {
            let (stored, taken) = (world.record(), world.taken());
            let settled = stored.is_some_and(|record| asked_or_outstanding(&record));
            // The provider delivers the text again.
            let again = world.text("SM1", "Hi");
            assert_eq!(again, if stored.is_none() { NEW } else { DUPLICATE });
            let taken = if stored.is_none() { 1 } else { taken };
            assert_eq!(world.taken(), taken);
            // What had begun counts as unknown once the lease ends, and is not sent again.
            let in_doubt = stored.is_some() && !settled;
            world.clock.advance(LEASE);
            if dispatched {
                assert_eq!(world.dispatch(), 0);
                let last = if in_doubt { START + LEASE } else { START };
                assert_eq!(asked_at(world.record()), (1, Some(last)));
            }
            let last = if in_doubt { LEASE } else { TimeDelta::zero() };
            world.clock.set(START + last + INTERVAL - TimeDelta::milliseconds(1));
            assert_eq!(world.text("SM2", "Hi?"), TOO_SOON);
            assert_eq!(world.taken(), taken);
            world.clock.advance(TimeDelta::milliseconds(1));
            assert_eq!(world.text("SM3", "Hi??"), REMINDED);
            // Behind a text that nobody settled, the next one is queued.
            world.dispatch();
            world.dispatch();
            assert_eq!(world.taken(), taken + 1);
        });
        // Load and commit, send, load and commit: before and after each.
        assert_eq!(polls, 5 * 2 + 1);
    }
}

/// Whether the hand-over of the record's prompt is settled.
fn asked_or_outstanding(record: &Record) -> bool {
    record.pending().is_some_and(|pending| pending.outstanding.is_none())
}

#[test]
fn deferred_handle_dropped_anywhere_leaves_nothing_or_a_text_to_hand_over() {
    let drop_at = |world: &World, polls| {
        let engine = world.waiting().deferred();
        drop_after(polls, engine.handle(&contact(0), texted("SM1", "Hi")))
    };
    at_each_await(drop_at, |world| {
        assert_eq!(world.taken(), 0);
        let stored = world.record().is_some();
        let again = world.text("SM1", "Hi");
        assert_eq!(again, if stored { DUPLICATE } else { NEW });
        assert_eq!(world.dispatch(), usize::from(stored));
        assert_eq!((world.taken(), world.dispatch()), (1, 0));
        assert_eq!(asked_at(world.record()), (1, Some(START)));
    });
}

#[test]
fn a_deferred_text_that_nobody_hands_over_in_time_gives_its_place_back() {
    let drop_at = |world: &World, polls| {
        let engine = world.waiting().deferred();
        drop_after(polls, engine.handle(&contact(0), texted("SM1", "Hi")))
    };
    at_each_await(drop_at, |world| {
        let stored = world.record().is_some();
        world.clock.advance(TimeDelta::minutes(5) + TimeDelta::milliseconds(1));
        assert_eq!((world.dispatch(), world.taken()), (0, 0));
        if stored {
            assert_eq!(asked_at(world.record()), (0, None));
            let pending = *world.record().unwrap().pending().unwrap();
            assert!(!pending.keywords_shown.contains(Keyword::Yes));
        }
        let (decision, reason) = world.text("SM2", "Hi?");
        let expected = if stored { Reason::NotAskedYet } else { Reason::NewContact };
        assert_eq!((decision, reason), (Decision::SendConfirmation, expected));
        assert_eq!(world.taken(), 1);
    });
}

#[test]
fn a_dispatcher_dropped_anywhere_hands_over_at_most_once() {
    let drop_at = |world: &World, polls| {
        let engine = world.engine().deferred();
        now_or_never(engine.handle(&contact(0), texted("SM1", "Hi"))).unwrap();
        let engine = world.waiting();
        drop_after(polls, Dispatcher::new(&engine).run_once(10))
    };
    let polls = at_each_await(drop_at, |world| {
        let taken = world.taken();
        let settled = world.record().is_some_and(|record| asked_or_outstanding(&record));
        assert_eq!(world.text("SM1", "Hi"), DUPLICATE);
        world.clock.advance(LEASE - TimeDelta::milliseconds(1));
        let at_once = world.dispatch();
        world.clock.advance(TimeDelta::milliseconds(1));
        let later = world.dispatch();
        assert_eq!(later, 0, "what is claimed is in doubt for ever");
        assert_eq!(world.taken(), taken + at_once);
        assert!(world.taken() <= 1);
        let last = match (settled, at_once) {
            (true, _) => START,
            (false, 1) => START + LEASE - TimeDelta::milliseconds(1),
            (false, _) => START + LEASE,
        };
        assert_eq!(asked_at(world.record()), (1, Some(last)));
    });
    // Claim, send, load, commit, and a claim that finds nothing more: before and after each.
    assert_eq!(polls, 5 * 2 + 1);
}

#[test]
fn send_dropped_anywhere_hands_a_request_over_at_most_once() {
    let message = || Message::new(inbox(), "Your table is ready").with_request(message_id("R1"));
    let drop_at = |world: &World, polls| {
        let engine = world.engine();
        world.text("SM1", "Hi");
        world.text("SM2", "YES");
        let permit = now_or_never(engine.permit(&contact(0))).unwrap().unwrap();
        drop_after(polls, world.waiting().send(permit, message()))
    };
    at_each_await(drop_at, |world| {
        let messages = || {
            let taken = world.taken.0.lock().unwrap();
            let of = |outgoing: &&Outgoing| matches!(&outgoing.content, optin::Content::Text(text) if text.kind == MessageKind::Message);
            taken.iter().filter(of).count()
        };
        let engine = world.engine();
        let before = messages();
        let asked = now_or_never(engine.storage().history(&contact(0), 0, 99)).unwrap();
        let stored = asked.iter().any(|entry| {
            matches!(entry.verdict, optin::Verdict::Decided { decision: Decision::Deliver, .. })
        });
        let permit = now_or_never(engine.permit(&contact(0))).unwrap().unwrap();
        let again = now_or_never(engine.send(permit, message())).unwrap();
        if stored {
            assert_eq!((again.decision, again.reason), DUPLICATE);
            assert_eq!(messages(), before);
        } else {
            let accepted = Delivery::HandedOver(Handover::Accepted { provider_id: None });
            assert_eq!((before, again.delivery, messages()), (0, Some(accepted), 1));
        }
        let taken = messages();
        world.clock.advance(LEASE);
        assert_eq!((world.dispatch(), messages()), (0, taken));
    });
}

#[test]
fn a_worker_paused_past_its_lease_sends_nothing_and_settles_nothing() {
    // Polled so often it stands before the send; once more, after it.
    for (polls, sent) in [(4, 0), (6, 1)] {
        let world = World::new();
        let engine = world.waiting();
        let whom = contact(0);
        let mut paused = Box::pin(engine.handle(&whom, texted("SM1", "Hi")));
        for _ in 0..polls {
            assert!(poll_once(paused.as_mut()).is_none());
        }
        assert_eq!(world.taken(), sent);
        world.clock.advance(LEASE);
        assert_eq!(world.dispatch(), 0);
        let before = world.record();
        assert_eq!(asked_at(before), (1, Some(START + LEASE)));
        world.clock.advance(TimeDelta::minutes(1));
        while poll_once(paused.as_mut()).is_none() {}
        assert_eq!((world.record(), world.taken()), (before, sent));
    }
}

#[test]
fn settings_dropped_anywhere_change_whole_or_not_at_all() {
    let drop_at = |world: &World, polls| {
        let edit = |policy: &optin::Policy| {
            let mut settings = policy.settings().clone();
            settings.double_opt_in = false;
            optin::Policy::new(settings)
        };
        let engine = world.waiting();
        let (account, actor) = (account(), support::owner());
        drop_after(polls, engine.change_policy(&account, &actor, edit))
    };
    at_each_await(drop_at, |world| {
        let current = now_or_never(world.storage.policy(&account())).unwrap();
        let entries = now_or_never(world.storage.account_history(&account(), 0, 9)).unwrap();
        let changed = usize::from(!current.policy.double_opt_in());
        assert_eq!((current.revision.number() as usize, entries.len()), (changed, changed));
    });
}
