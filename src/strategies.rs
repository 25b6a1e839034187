//! Strategies of proptest for what a host's own tests generate.
//!
//! What has a plain name can happen: [`events`], [`policies`], [`records`], [`histories`]. What is
//! called `any_…` goes beyond: settings that may be refused, records that no history leads to,
//! texts of any characters, times up to both ends. Whatever the crate is given, it answers with a
//! value or a typed error; a host whose own code reads records or answers outcomes may want the
//! same of itself.
//!
//! ```
//! use optin::{Decision, decide, strategies::{any_times, events, policies, records}};
//! use proptest::prelude::*;
//!
//! // In a test of your own: under whatever settings, nobody is messaged who has not opted in.
//! proptest!(|(
//!     policy in policies(),
//!     record in records(),
//!     event in events(),
//!     now in any_times(),
//! )| {
//!     let decided = decide(&policy, Some(&record), &event, now);
//!     if decided.is_ok_and(|transition| transition.decision == Decision::Deliver) {
//!         prop_assert!(record.state.may_be_messaged());
//!     }
//! });
//! ```
//!
//! A [`Step`] is one thing that happens to a host; [`histories`] are lists of them, to be run over
//! its own wiring of engine, storage and outbox:
//!
//! ```
//! use optin::{
//!     AccountId, Archive, Contact, Engine, Handover, Outbox, Outgoing, Storage,
//!     blocking::block_on, consent::ledger::fold, store::MemoryStorage,
//!     strategies::{START, Step, contact, histories},
//! };
//! use proptest::prelude::*;
//!
//! struct Provider;
//!
//! impl Outbox for Provider {
//!     async fn send(&self, _outgoing: &Outgoing) -> Handover {
//!         Handover::Accepted { provider_id: None }
//!     }
//! }
//!
//! // The record is what the ledger says, after whatever happened.
//! proptest!(ProptestConfig::with_cases(16), |(steps in histories())| {
//!     let engine = Engine::new(MemoryStorage::new(), Provider, || START);
//!     for step in steps {
//!         // The other steps are for hosts whose clock, outbox and settings can be told.
//!         if let Step::Happen { who, event, .. } = step {
//!             let _refused_or_not = block_on(engine.handle(&contact(who), event));
//!         }
//!     }
//!     let whom = contact(0);
//!     let record = block_on(engine.storage().load(&whom))?.record;
//!     let entries = block_on(engine.storage().history(&whom, 0, usize::MAX))?;
//!     prop_assert_eq!(fold(&entries), Ok(record));
//! });
//! ```
//!
//! The strategies change in any version: this module is outside semver, and so is the version of
//! proptest (now 1). `Debug` of what they give is as silent as everywhere: a test that fails prints
//! the lengths of texts, not their words.

mod contact;
mod event;
mod handover;
mod history;
mod name;
mod record;
mod settings;
mod text;
mod time;

pub use self::{
    contact::{any_contacts, any_numbers, contact, contacts},
    event::{actors, any_events, events, messages, settlements},
    handover::{endings, handovers},
    history::{Step, histories, histories_of_any_clock},
    record::{any_records, records, records_under},
    settings::{any_settings, policies, settings},
    text::{any_bodies, any_texts, bodies, texts},
    time::{START, any_times, times},
};
