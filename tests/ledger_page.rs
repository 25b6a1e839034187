//! The page of evidence says in plain words what happened, and names it after them.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod support;

use chrono::{FixedOffset, TimeDelta};
use optin::{
    Engine, Event, Handover, Message, Outbox, Outgoing, ledger::Evidence, store::MemoryStorage,
};

use self::support::{Clock, START, contact, now_or_never, texted};

struct Provider;

impl Outbox for Provider {
    async fn send(&self, outgoing: &Outgoing) -> Handover {
        let n = outgoing.id.revision.number();
        Handover::Accepted { provider_id: Some(support::message_id(&format!("out{n}"))) }
    }
}

#[test]
fn the_page_says_of_a_reminder_a_message_and_a_refusal_what_they_are() {
    let (storage, clock) = (MemoryStorage::new(), Clock::at(START));
    let engine = Engine::new(&storage, Provider, clock.reader());
    let message = || Message::new(support::inbox(), "We are open until six.");
    let requested = Event::MessageRequested(message());
    for (n, words) in ["Hi", "Hello?", "yes"].into_iter().enumerate() {
        now_or_never(engine.handle(&contact(1), texted(&format!("in{n}"), words))).unwrap();
        clock.advance(TimeDelta::hours(13));
        if n == 0 {
            assert!(now_or_never(engine.handle(&contact(1), requested.clone())).is_err());
        }
    }
    let permit = now_or_never(engine.permit(&contact(1))).unwrap().unwrap();
    now_or_never(engine.send(permit, message())).unwrap();
    let evidence = now_or_never(Evidence::gather(&storage, &contact(1))).unwrap().unwrap();
    let proof = evidence.verify(&[]).unwrap();
    let page = evidence.to_html(&proof, FixedOffset::east_opt(0).unwrap());
    for shown in [
        ": a reminder<blockquote>",
        "<br>asked again to confirm (send_reminder, reminder_due)",
        "A reminder was accepted by the provider as \u{201c}<code>out3</code>\u{201d} (none, accepted)",
        "<br>refused: the contact has not opted in (not_opted_in)",
        "<br>Written, from \u{201c}<code>+18885550100</code>\u{201d}: a message<blockquote>We are open",
        "<br>to be sent (deliver, active)",
    ] {
        assert!(page.contains(shown), "{shown}\n{page}");
    }
    assert!(
        !page.contains(
            "Written in answer, from \u{201c}<code>+18885550100</code>\u{201d}: a message"
        )
    );
}
