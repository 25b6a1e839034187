//! What comes late, after its contact was erased, does nothing to whoever has the number next.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod black_box;
#[cfg(feature = "postgres-tests")]
mod server;
mod storages;
mod support;

use std::{
    sync::{Barrier, Mutex},
    thread,
};

use chrono::{DateTime, TimeDelta, Utc};
use optin::{
    AccountId, CarrierCode, ConsentState, Contact, Engine, Event, Handover, Message, OptOut,
    Outbox, Outgoing, Policy, Reason, SendError, Settings, Source, Storage,
    blocking::block_on,
    ledger::{Ledger, SuppressionKey, audit},
    storage::{
        Claim, Commit, Committed, CurrentPolicy, PolicyChange, PolicyCommitted, Settlement,
        Snapshot, Then,
    },
};

use self::{
    storages::over_storages,
    support::{Clock, START, account, contact, inbox, owner, texted},
};

over_storages! {
    a_settlement_ends_no_claim_of_a_later_message,
    a_block_opts_out_whoever_has_the_number,
    a_block_makes_an_erased_number_opted_out,
    a_decision_from_before_an_erasure_is_made_again,
    a_permit_from_before_an_erasure_has_ended,
    who_is_erased_while_somebody_adds_it_is_opted_out,
    who_is_erased_and_added_at_once_is_never_active,
}

type Time = DateTime<Utc>;
type Meanwhile<'a> = Box<dyn FnOnce() + Send + 'a>;

/// Something happens during the first hand-over; then it ends so.
struct Provider<'a> {
    meanwhile: Mutex<Option<Meanwhile<'a>>>,
    answer: Handover,
}

impl<'a> Provider<'a> {
    fn new(answer: Handover, meanwhile: impl FnOnce() + Send + 'a) -> Self {
        Self { meanwhile: Mutex::new(Some(Box::new(meanwhile))), answer }
    }
}

impl Outbox for Provider<'_> {
    async fn send(&self, _outgoing: &Outgoing) -> Handover {
        let meanwhile = self.meanwhile.lock().unwrap().take();
        meanwhile.into_iter().for_each(|meanwhile| meanwhile());
        self.answer.clone()
    }
}

fn loaded<S: Ledger>(storage: &S) -> Snapshot {
    block_on(storage.load(&contact(1))).unwrap()
}

/// The contact writes, and is erased while its confirmation is handed over; a millisecond later
/// somebody else writes from the number, whose own confirmation is claimed before the first one's
/// hand-over ends so. That claim, and how the record stood before.
fn late<S: Ledger>(storage: &S, handover: Handover) -> (Claim, Snapshot) {
    let clock = Clock::at(START);
    let later = Mutex::new(None);
    let provider = Provider::new(handover, || {
        assert!(block_on(storage.erase(&contact(1))).unwrap());
        clock.advance(TimeDelta::milliseconds(1));
        let nobody = Provider::new(Handover::Unknown, || ());
        let engine = Engine::new(storage, nobody, clock.reader()).deferred();
        block_on(engine.handle(&contact(1), texted("SM2", "Hello"))).unwrap();
        let until = clock.now() + TimeDelta::seconds(30);
        let [claim] = block_on(storage.claim(clock.now(), until, 9)).unwrap().try_into().unwrap();
        *later.lock().unwrap() = Some((claim, loaded(storage)));
    });
    let engine = Engine::new(storage, provider, clock.reader());
    block_on(engine.handle(&contact(1), texted("SM1", "Hi"))).unwrap();
    drop(engine);
    later.into_inner().unwrap().unwrap()
}

fn settle<S: Ledger>(storage: &S, claim: &Claim) -> Committed {
    let record = loaded(storage).record;
    let keep = Commit::keep(contact(1), record.as_ref(), START);
    let settle = Some(Settlement::of(claim, Then::Finish));
    block_on(storage.commit(Commit { settle, ..keep })).unwrap()
}

fn a_settlement_ends_no_claim_of_a_later_message<S: Ledger>(
    open: impl Fn(Option<SuppressionKey>) -> S,
) {
    let ends = [
        Handover::Accepted { provider_id: None },
        Handover::NotSent { retry: false, code: None },
        Handover::NotSent { retry: true, code: None },
        Handover::Unknown,
    ];
    for handover in ends {
        let storage = open(None);
        let (claim, before) = late(&storage, handover);
        assert_eq!(loaded(&storage), before);
        assert_eq!(block_on(storage.history(&contact(1), 0, 9)).unwrap().len(), 1);
        assert_eq!(settle(&storage, &claim), Committed::Applied { in_flight: Vec::new() });
        block_on(audit::storage(&storage, &account(), None)).unwrap();
    }
}

fn blocked() -> Handover {
    Handover::Blocked { code: CarrierCode::new("21610").unwrap() }
}

fn is_blocked(snapshot: &Snapshot) -> bool {
    let state = snapshot.record.map(|record| record.state);
    matches!(state, Some(ConsentState::OptedOut { by: OptOut::Carrier, .. }))
}

fn a_block_opts_out_whoever_has_the_number<S: Ledger>(open: impl Fn(Option<SuppressionKey>) -> S) {
    let storage = open(None);
    let (claim, before) = late(&storage, blocked());
    assert!(!is_blocked(&before));
    assert!(is_blocked(&loaded(&storage)));
    assert_eq!(settle(&storage, &claim), Committed::Applied { in_flight: Vec::new() });
}

fn a_block_makes_an_erased_number_opted_out<S: Ledger>(open: impl Fn(Option<SuppressionKey>) -> S) {
    for key in [None, Some(SuppressionKey::new([1; 32]))] {
        let storage = open(key);
        let provider = Provider::new(blocked(), || {
            assert!(block_on(storage.erase(&contact(1))).unwrap());
        });
        let engine = Engine::new(&storage, provider, || START);
        block_on(engine.handle(&contact(1), texted("SM1", "Hi"))).unwrap();
        assert!(is_blocked(&loaded(&storage)));
        // All that is known of it is the block: nothing of what was erased is back.
        let [entry] = block_on(storage.history(&contact(1), 0, 9)).unwrap().try_into().unwrap();
        let code = CarrierCode::new("21610").unwrap();
        let fact = optin::Fact::Event(Box::new(Event::CarrierBlocked { code }));
        assert_eq!((entry.fact, entry.number), (fact, Some(contact(1).number())));
    }
}

/// A storage where something happens between the next load and its commit.
struct Slow<'a, S> {
    storage: &'a S,
    meanwhile: Mutex<Option<Meanwhile<'a>>>,
}

impl<'a, S: Storage> Slow<'a, S> {
    fn new(storage: &'a S, meanwhile: impl FnOnce() + Send + 'a) -> Self {
        Self { storage, meanwhile: Mutex::new(Some(Box::new(meanwhile))) }
    }
}

impl<S: Storage> Storage for Slow<'_, S> {
    type Error = S::Error;

    async fn load(&self, contact: &Contact) -> Result<Snapshot, S::Error> {
        self.storage.load(contact).await
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, S::Error> {
        let meanwhile = self.meanwhile.lock().unwrap().take();
        meanwhile.into_iter().for_each(|meanwhile| meanwhile());
        self.storage.commit(commit).await
    }

    async fn claim(&self, now: Time, until: Time, limit: usize) -> Result<Vec<Claim>, S::Error> {
        self.storage.claim(now, until, limit).await
    }

    async fn policy(&self, account: &AccountId) -> Result<CurrentPolicy, S::Error> {
        self.storage.policy(account).await
    }

    async fn set_policy(&self, change: PolicyChange) -> Result<PolicyCommitted, S::Error> {
        self.storage.set_policy(change).await
    }
}

struct Accepting;

impl Outbox for Accepting {
    async fn send(&self, _outgoing: &Outgoing) -> Handover {
        Handover::Accepted { provider_id: None }
    }
}

fn added(opted_out: Option<bool>) -> Event<'static> {
    Event::Added { source: Source::Csv, opted_out }
}

fn declared() -> Event<'static> {
    Event::DeclaredExisting { actor: owner() }
}

fn without_double_opt_in<S: Storage>(storage: &S) {
    let engine = Engine::new(storage, Accepting, || START);
    let change = |policy: &Policy| {
        Policy::new(Settings { double_opt_in: false, ..policy.settings().clone() })
    };
    block_on(engine.change_policy(&account(), &owner(), change)).unwrap();
}

fn a_decision_from_before_an_erasure_is_made_again<S: Ledger>(
    open: impl Fn(Option<SuppressionKey>) -> S,
) {
    let storage = open(None);
    let engine = Engine::new(&storage, Accepting, || START);
    block_on(engine.handle(&contact(1), texted("SM1", "Hi"))).unwrap();
    let asked = loaded(&storage).record.unwrap();
    let slow = Slow::new(&storage, || {
        assert!(block_on(storage.erase(&contact(1))).unwrap());
        for said in [None, Some(true)] {
            block_on(engine.handle(&contact(1), added(said))).unwrap();
        }
        assert_eq!(loaded(&storage).record.unwrap().revision, asked.revision);
    });
    let late = Engine::new(slow, Accepting, || START);
    let outcome = block_on(late.handle(&contact(1), texted("SM2", "no"))).unwrap();
    assert_eq!(outcome.reason, Reason::OptedOut);
    let state = ConsentState::OptedOut { by: OptOut::Import, since: START };
    assert_eq!(loaded(&storage).record.unwrap().state, state);
    block_on(audit::storage(&storage, &account(), None)).unwrap();
}

fn a_permit_from_before_an_erasure_has_ended<S: Ledger>(
    open: impl Fn(Option<SuppressionKey>) -> S,
) {
    let storage = open(None);
    let clock = Clock::at(START);
    let engine = Engine::new(&storage, Accepting, clock.reader());
    block_on(engine.handle(&contact(1), declared())).unwrap();
    let permit = block_on(engine.permit(&contact(1))).unwrap().unwrap();
    block_on(storage.erase(&contact(1))).unwrap();
    clock.advance(TimeDelta::milliseconds(1));
    block_on(engine.handle(&contact(1), declared())).unwrap();
    let sent = block_on(engine.send(permit, Message::new(inbox(), "Hi")));
    assert!(matches!(sent, Err(SendError::PermitEnded)), "{sent:?}");
}

fn who_is_erased_while_somebody_adds_it_is_opted_out<S: Ledger>(
    open: impl Fn(Option<SuppressionKey>) -> S,
) {
    for event in [added(None), added(Some(false)), declared()] {
        let storage = open(Some(SuppressionKey::new([1; 32])));
        without_double_opt_in(&storage);
        let slow = Slow::new(&storage, || {
            assert!(!block_on(storage.erase(&contact(1))).unwrap());
        });
        let engine = Engine::new(slow, Accepting, || START);
        let outcome = block_on(engine.handle(&contact(1), event)).unwrap();
        assert_eq!(outcome.reason, Reason::AddedOptedOut);
        assert!(loaded(&storage).record.unwrap().state.opted_out());
    }
}

fn who_is_erased_and_added_at_once_is_never_active<S: Ledger>(
    open: impl Fn(Option<SuppressionKey>) -> S,
) {
    let storage = open(Some(SuppressionKey::new([1; 32])));
    without_double_opt_in(&storage);
    let engine = Engine::new(&storage, Accepting, || START);
    for n in 1..=40 {
        let start = Barrier::new(3);
        thread::scope(|scope| {
            for erases in [true, false, false] {
                let (start, engine) = (&start, &engine);
                scope.spawn(move || {
                    start.wait();
                    if erases {
                        block_on(engine.storage().erase(&contact(n))).unwrap();
                    } else {
                        block_on(engine.handle(&contact(n), added(None))).unwrap();
                    }
                });
            }
        });
        let snapshot = block_on(storage.load(&contact(n))).unwrap();
        let stands = snapshot.record.map(|record| record.state.opted_out());
        assert_ne!(stands, Some(false), "erased, and active all the same");
        assert_eq!(snapshot.suppressed, stands.is_none());
    }
    block_on(audit::storage(&storage, &account(), None)).unwrap();
}
