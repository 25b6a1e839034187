//! Double opt-in for text messaging: ask once, remind at most three times, never message without
//! a yes or after STOP, and write down why.
//!
//! No runtime, no clock, no network and no timer: an event goes in, a decision comes out, and what
//! it changes is stored together or not at all. The host brings a [`Storage`] (or takes one of
//! `store`), an [`Outbox`] that hands messages to its provider, and its clock.
//!
//! ```
//! use optin::{
//!     AccountId, Contact, Decision, Engine, Event, Handover, InboxId, Message, MessageId, Outbox,
//!     Outgoing, PhoneNumber, Text, blocking::block_on, store::MemoryStorage,
//! };
//!
//! struct Provider;
//!
//! impl Outbox for Provider {
//!     async fn send(&self, outgoing: &Outgoing) -> Handover {
//!         // Call the provider here, within the lease and without retries.
//!         # let _ = outgoing;
//!         Handover::Accepted { provider_id: None }
//!     }
//! }
//!
//! let engine = Engine::new(MemoryStorage::new(), Provider, chrono::Utc::now);
//! let contact = Contact::new(AccountId::new("acme")?, PhoneNumber::parse("+12065550100")?);
//! let inbox = InboxId::new("+18885550100")?;
//!
//! // The contact texts, and is asked.
//! let text = Text::new(inbox.clone(), MessageId::new("SM1")?, "Hi");
//! let outcome = block_on(engine.handle(&contact, Event::Texted(text)))?;
//! assert_eq!(outcome.decision, Decision::SendConfirmation);
//! assert!(block_on(engine.permit(&contact))?.is_none());
//!
//! // The contact answers, and may be messaged.
//! let text = Text::new(inbox.clone(), MessageId::new("SM2")?, "yes");
//! let outcome = block_on(engine.handle(&contact, Event::Texted(text)))?;
//! assert_eq!(outcome.decision, Decision::MarkActive);
//! let permit = block_on(engine.permit(&contact))?.ok_or("not opted in")?;
//! block_on(engine.send(permit, Message::new(inbox, "We are open until six.")))?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Where things are
//!
//! | module | what |
//! |---|---|
//! | [`consent`] | the rules: pure, `no_std`; [`decide`] is all of them |
//! | [`consent::rules`] | the rules in words, by the numbers that all else cites (`R4.8`) |
//! | [`storage`], [`outbox`] | the two traits that a host implements or takes |
//! | `client` | the trait of a host's HTTP client, for providers and CRMs |
//! | [`engine`], [`dispatch`] | drive the rules over them |
//! | [`erased`] | a storage or outbox chosen at run time |
//! | `blocking` | for hosts without a runtime |
//! | `store` | memory, SQLite and PostgreSQL |
//! | `ledger` | the ledger as proof: chains, a signed log, evidence |
//! | `moving` | everything of one storage into another |
//! | `import` | contacts from a file or an API, and into a file |
//! | `provider` | Twilio and Telnyx |
//! | `sync` | HubSpot and Salesforce |
//!
//! An event's way: text → reading → decision → commit → hand-over → settlement.
//!
//! # Features
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `std` | yes | `store::MemoryStorage` and `blocking` |
//! | `serde` | no | stored and wire forms of every type |
//! | `sqlite` | no | `store::SqliteStorage`; implies `ledger`, and compiles SQLite |
//! | `postgres` | no | `store::PostgresStorage`; implies `ledger`, and compiles Tokio |
//! | `csv` | no | `import` |
//! | `hubspot`, `salesforce` | no | `sync`: statuses for CRMs |
//! | `twilio`, `telnyx` | no | `provider`: webhooks verified and read, messages sent |
//! | `ledger` | no | `ledger` and `moving`; implies `std` and `serde` |
//! | `tracing` | no | spans of what the engine does, without numbers or texts |
//! | `conformance` | no | the suites for hosts that write their own storage or outbox; outside semver |
//! | `strategies` | no | strategies of proptest for a host's own tests; outside semver |
//! | `simulation` | no | machines with faults drawn from a seed; outside semver |
//!
//! Features only add. Without any the crate is `no_std` with `alloc`.
//!
//! # Personal data
//!
//! `Debug` and error texts never show a number or the words of a message. What is stored holds
//! both: who may read it is the host's decision.
#![no_std]
#![forbid(unsafe_code)]
#![warn(clippy::exhaustive_enums, clippy::wildcard_enum_match_arm, clippy::std_instead_of_core)]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

#[cfg(feature = "std")]
pub mod blocking;
#[cfg(any(feature = "hubspot", feature = "salesforce", feature = "twilio", feature = "telnyx"))]
pub mod client;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod consent;
pub mod dispatch;
pub mod engine;
pub mod erased;
#[cfg(feature = "csv")]
pub mod import;
#[cfg(feature = "ledger")]
pub mod ledger;
#[cfg(feature = "ledger")]
pub mod moving;
pub mod outbox;
#[cfg(any(feature = "twilio", feature = "telnyx"))]
pub mod provider;
#[cfg(feature = "simulation")]
pub mod simulation;
pub mod storage;
#[cfg(feature = "std")]
pub mod store;
#[cfg(feature = "strategies")]
pub mod strategies;
#[cfg(any(feature = "hubspot", feature = "salesforce"))]
pub mod sync;

#[doc(inline)]
pub use consent::{
    actor::{Actor, Permission, Role},
    body::{Body, InvalidNote, Note},
    contact::{Contact, InvalidNumber, PhoneNumber},
    decide::{Transition, decide, decide_suppressed, decide_text},
    decision::{Cancel, Decision, Reason, Refusal, state_name},
    event::{Ending, Event, Message, Override, Settled, Source, Text},
    hindsight::{WhatIf, state_at, what_if},
    id::{AccountId, ActorId, CarrierCode, InboxId, InvalidId, MessageId},
    keyword::{Keyword, KeywordMatcher, KeywordSet, Reading},
    ledger::{BrokenLedger, Entry, Fact, Verdict},
    outgoing::{
        ClaimToken, Content, Crm, Destination, Handover, MessageKind, Outgoing, OutgoingId,
        OutgoingText, Status, Then,
    },
    policy::{InvalidPolicy, Policy, Problem},
    preview::{Preview, PreviewedText, Warning},
    prompt::PromptTemplate,
    record::{Record, RestartWindow, Revision},
    reminder::{Due, ReminderPolicy},
    segment::{Encoding, Segments, segments},
    settings::{
        KeywordSettings, PromptSettings, ReminderSettings, ReplySettings, RestartSettings,
        Settings, SyncSettings,
    },
    standing::Standing,
    state::{ConsentState, OptIn, OptOut, Outstanding, Pending},
};
#[doc(inline)]
pub use {
    dispatch::{Dispatcher, Round},
    engine::{
        AccountSettings, ChangePolicyError, ContactPage, ContactStatus, Counters, Delivery, Engine,
        HandOvers, HandleError, Outcome, Permit, SendError, StatusChange, Timeline,
    },
    outbox::Outbox,
    storage::{Archive, Storage},
};

/// The README's code, compiled and run.
#[cfg(all(doctest, feature = "sqlite", feature = "twilio"))]
#[doc = include_str!("../README.md")]
struct Readme;
