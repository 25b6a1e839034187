//! Double opt-in for text messaging.
#![no_std]
#![forbid(unsafe_code)]
#![warn(clippy::exhaustive_enums, clippy::wildcard_enum_match_arm, clippy::std_instead_of_core)]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

#[cfg(feature = "std")]
pub mod blocking;
pub mod consent;
pub mod dispatch;
pub mod engine;
pub mod erased;
pub mod outbox;
pub mod storage;
#[cfg(feature = "std")]
pub mod store;

#[doc(inline)]
pub use consent::{
    actor::{Actor, Permission, Role},
    body::{Body, InvalidNote, Note},
    contact::{Contact, InvalidNumber, PhoneNumber},
    decide::{Transition, decide, decide_text},
    decision::{Cancel, Decision, Reason, Refusal, state_name},
    event::{Ending, Event, Message, Override, Settled, Source, Text},
    id::{AccountId, ActorId, CarrierCode, InboxId, InvalidId, MessageId},
    keyword::{Keyword, KeywordMatcher, KeywordSet, Reading},
    ledger::{BrokenLedger, Entry, Fact, Verdict},
    outgoing::{
        ClaimToken, Content, Crm, Destination, Handover, MessageKind, Outgoing, OutgoingId,
        OutgoingText, Status,
    },
    policy::{InvalidPolicy, Policy, Problem},
    prompt::PromptTemplate,
    record::{Record, RestartWindow, Revision},
    reminder::{Due, ReminderPolicy},
    segment::{Encoding, Segments, segments},
    settings::{
        KeywordSettings, PromptSettings, ReminderSettings, ReplySettings, RestartSettings,
        Settings, SyncSettings,
    },
    state::{ConsentState, OptIn, OptOut, Outstanding, Pending},
};
#[doc(inline)]
pub use {
    dispatch::{Dispatcher, Round},
    engine::{ChangePolicyError, Delivery, Engine, HandleError, Outcome, Permit, SendError},
    outbox::Outbox,
    storage::{Archive, Storage},
};
