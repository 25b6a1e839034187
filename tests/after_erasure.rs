//! What comes late, after its contact was erased, does nothing to whoever has the number next.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod black_box;
#[cfg(feature = "postgres-tests")]
mod server;
mod storages;
mod support;

use std::sync::Mutex;

use chrono::TimeDelta;
use optin::{
    CarrierCode, ConsentState, Engine, Event, Handover, OptOut, Outbox, Outgoing,
    blocking::block_on,
    ledger::{Ledger, SuppressionKey, audit},
    storage::{Claim, Commit, Committed, Settlement, Snapshot, Then},
};

use self::{
    storages::over_storages,
    support::{Clock, START, account, contact, texted},
};

over_storages! {
    a_settlement_ends_no_claim_of_a_later_message,
    a_block_opts_out_whoever_has_the_number,
    a_block_makes_an_erased_number_opted_out,
}

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
