//! Marks of texts are kept 35 days, and forgotten when the host says (R4.1).
#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use chrono::TimeDelta;
use optin::{Engine, Handover, Outbox, Outgoing, Reason, store::MemoryStorage};
use support::{Clock, START, contact, now_or_never, texted};

struct Accepting;

impl Outbox for Accepting {
    async fn send(&self, _outgoing: &Outgoing) -> Handover {
        Handover::Accepted { provider_id: None }
    }
}

#[test]
fn a_mark_is_forgotten_after_35_days_and_not_before() {
    let clock = Clock::at(START);
    let engine = Engine::new(MemoryStorage::new(), Accepting, clock.reader());
    for id in ["SM1", "SM2", "SM3"] {
        now_or_never(engine.handle(&contact(1), texted(id, "Hi"))).unwrap();
    }
    clock.advance(TimeDelta::days(35));
    assert_eq!(now_or_never(engine.prune()), Ok(0));
    let again = now_or_never(engine.handle(&contact(1), texted("SM1", "Hi"))).unwrap();
    assert_eq!(again.reason, Reason::Duplicate);

    clock.advance(TimeDelta::milliseconds(1));
    assert_eq!(now_or_never(engine.prune()), Ok(3));
    assert_eq!(now_or_never(engine.prune()), Ok(0));
}
