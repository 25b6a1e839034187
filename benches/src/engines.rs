//! Engines to drive: an outbox that takes everything, a clock set by hand.

use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

use chrono::{DateTime, TimeDelta, Utc};
use optin::{
    AccountId, Actor, ActorId, CarrierCode, Contact, Engine, Event, Handover, InboxId, MessageId,
    Outbox, Outgoing, Override, PhoneNumber, Role, Source, Storage, Text, blocking::block_on,
};

/// Takes everything at once.
#[derive(Debug)]
pub struct TakesAll;

impl Outbox for TakesAll {
    async fn send(&self, _outgoing: &Outgoing) -> Handover {
        Handover::Accepted { provider_id: None }
    }
}

/// The time, in milliseconds since 1970; all engines of a process share it.
static CLOCK: AtomicI64 = AtomicI64::new(1_772_355_600_000);

/// The shared clock's time.
///
/// # Panics
/// When it was moved out of what chrono can hold.
pub fn now() -> DateTime<Utc> {
    DateTime::from_timestamp_millis(CLOCK.load(Relaxed)).expect("moved by hours only")
}

/// Moves the shared clock.
pub fn wait_hours(hours: i64) {
    CLOCK.fetch_add(TimeDelta::hours(hours).num_milliseconds(), Relaxed);
}

/// An engine whose clock is the shared one.
#[derive(Debug)]
pub struct Driven<S>(pub Engine<S, TakesAll, fn() -> DateTime<Utc>>);

impl<S: Storage> Driven<S> {
    /// An engine over this storage.
    pub fn over(storage: S) -> Self {
        Self(Engine::new(storage, TakesAll, now))
    }

    /// Lets an event happen to a contact.
    ///
    /// # Panics
    /// When it fails: nothing here may.
    pub fn handle(&self, number: usize, event: Event<'_>) {
        let contact = contact(number);
        let done = block_on(self.0.handle(&contact, event));
        done.expect("the storage works, and the rules allow it");
    }
}

/// The lowest phone number of a contact.
pub const FIRST: u64 = 12_000_000_000;
/// How far the numbers of two contacts that follow one another lie apart, in a round.
pub const APART: u64 = 61_195_309;
/// How many phone numbers there are.
pub const NUMBERS: u64 = 100_000_000;

/// The contact of this number among a hundred million, in no order: as people come.
///
/// # Panics
/// Never: all phone numbers are E.164.
pub fn contact(number: usize) -> Contact {
    let phone = FIRST + number as u64 * APART % NUMBERS;
    let phone = PhoneNumber::from_digits(phone).expect("E.164");
    Contact::new(AccountId::new("acme").expect("short"), phone)
}

/// A text with an id as long as providers' are, the same from the same numbers.
///
/// # Panics
/// Never: all names are short.
pub fn text(number: usize, round: usize, body: &str) -> Event<'_> {
    let id = MessageId::new(&format!("SM{round:016x}{number:016x}")).expect("short");
    Event::Texted(Text::new(InboxId::new("+18885550100").expect("short"), id, body))
}

/// Somebody puts the contact on the list.
pub fn added() -> Event<'static> {
    Event::Added { source: Source::Csv, opted_out: None }
}

/// Staff sets the contact to this, without a note.
///
/// # Panics
/// Never: all names are short.
pub fn set(to: Override) -> Event<'static> {
    let actor = Actor::new(ActorId::new("ana").expect("short"), Role::Owner);
    Event::Overridden { actor, to, note: None }
}

/// The provider says that the number has opted out.
///
/// # Panics
/// Never: the code is short.
pub fn blocked() -> Event<'static> {
    Event::CarrierBlocked { code: CarrierCode::new("21610").expect("short") }
}
