//! What several tests share: names, a clock that moves by hand, futures polled by hand.
#![allow(dead_code, unused_imports, reason = "each test takes its own part")]
#![allow(clippy::unwrap_used, reason = "a test")]

use std::{
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

use chrono::{DateTime, TimeDelta, Utc};
pub(crate) use optin::strategies::{START, contact};
use optin::{AccountId, Actor, ActorId, Event, InboxId, MessageId, Role, Text};

pub(crate) fn account() -> AccountId {
    AccountId::new("acme").unwrap()
}

pub(crate) fn inbox() -> InboxId {
    InboxId::new("+18885550100").unwrap()
}

pub(crate) fn message_id(id: &str) -> MessageId {
    MessageId::new(id).unwrap()
}

pub(crate) fn texted(id: &str, body: &str) -> Event<'static> {
    Event::Texted(Text::new(inbox(), message_id(id), body.to_owned()))
}

pub(crate) fn owner() -> Actor {
    Actor::new(ActorId::new("ana").unwrap(), Role::Owner)
}

/// The host's clock, which stands until it is moved.
#[derive(Clone, Debug)]
pub(crate) struct Clock(Arc<Mutex<DateTime<Utc>>>);

impl Clock {
    pub(crate) fn at(time: DateTime<Utc>) -> Self {
        Self(Arc::new(Mutex::new(time)))
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }

    pub(crate) fn set(&self, time: DateTime<Utc>) {
        *self.0.lock().unwrap() = time;
    }

    /// Moves it, as far as time goes.
    pub(crate) fn advance(&self, by: TimeDelta) {
        let moved = self.now().checked_add_signed(by);
        self.set(moved.unwrap_or(if by < TimeDelta::zero() {
            DateTime::<Utc>::MIN_UTC
        } else {
            DateTime::<Utc>::MAX_UTC
        }));
    }

    pub(crate) fn reader(&self) -> impl Fn() -> DateTime<Utc> + Clone + Send + Sync + use<> {
        let clock = self.clone();
        move || clock.now()
    }
}

/// Polls once, with nobody to wake.
pub(crate) fn poll_once<F: Future + ?Sized>(future: Pin<&mut F>) -> Option<F::Output> {
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

/// Runs a future that never waits.
pub(crate) fn now_or_never<F: Future>(future: F) -> F::Output {
    poll_once(Box::pin(future).as_mut()).expect("nothing in it waits")
}

/// Is pending once, then ready.
pub(crate) async fn wait_once() {
    let mut waited = false;
    std::future::poll_fn(|_| {
        if std::mem::replace(&mut waited, true) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}
