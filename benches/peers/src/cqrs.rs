//! The rules as an aggregate of `cqrs-es`: a contact an aggregate, a ledger entry an event.
//!
//! Decides by [`optin::decide`] itself, so that only what is around it differs. The texts to hand over
//! are taken from a query after the commit, and their ends are commands of their own, as a careful
//! user has it: called from inside `handle`, a provider would be called before anything is stored.

mod quiet;
mod repository;

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use cqrs_es::{
    Aggregate, CqrsFramework, DomainEvent, EventEnvelope, EventStore, Query, event_sink::EventSink,
};
use optin::{
    Ending, Entry, Event, Fact, Handover, InboxId, MessageId, OutgoingText, PhoneNumber, Policy,
    Record, Refusal, Revision, Settled, Verdict, decide,
};
use serde::{Deserialize, Serialize};

pub use self::{quiet::Quiet, repository::InMemory};

/// A contact: where it stands, after all events.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Consent {
    /// What is stored of it.
    pub record: Option<Record>,
}

/// What happens to a contact.
#[derive(Debug)]
pub struct Happens {
    number: PhoneNumber,
    event: Event<'static>,
    now: DateTime<Utc>,
}

/// What came of it: the ledger's entry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decided {
    entry: Entry,
    /// Whether the text must not act again.
    remember: bool,
}

impl Decided {
    fn mark(&self) -> Option<(&InboxId, &MessageId)> {
        match &self.entry.fact {
            Fact::Event(event) if self.remember => match &**event {
                Event::Texted(text) => Some((&text.inbox, &text.id)),
                _ => None,
            },
            _ => None,
        }
    }
}

impl DomainEvent for Decided {
    fn event_type(&self) -> String {
        "decided".into()
    }

    fn event_version(&self) -> String {
        "1".into()
    }
}

/// Why nothing happened.
#[derive(Debug, thiserror::Error)]
pub enum NotDone {
    /// The rules refuse it.
    #[error("refused")]
    Refused(Refusal),
    /// The text acted already.
    #[error("a duplicate")]
    Duplicate,
}

impl Aggregate for Consent {
    type Command = Happens;
    type Event = Decided;
    type Error = NotDone;
    type Services = Arc<Policy>;

    const TYPE: &'static str = "consent";

    async fn handle(
        &mut self,
        command: Happens,
        policy: &Arc<Policy>,
        sink: &EventSink<Self>,
    ) -> Result<(), NotDone> {
        let Happens { number, event, now } = command;
        let transition =
            decide(policy, self.record.as_ref(), &event, now).map_err(NotDone::Refused)?;
        let remember = transition.remember;
        let entry = Entry::of_decision(number, &event, &transition, Revision::default(), now);
        if let Some(entry) = entry {
            sink.write(Decided { entry, remember }, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: Decided) {
        if let Some(record) = event.entry.record() {
            self.record = Some(*record);
        }
    }
}

/// The texts that were decided and committed.
#[derive(Clone, Debug, Default)]
struct ToHandOver(Arc<Mutex<Vec<(Revision, OutgoingText)>>>);

#[async_trait]
impl Query<Consent> for ToHandOver {
    async fn dispatch(&self, _contact: &str, events: &[EventEnvelope<Consent>]) {
        for event in events {
            if let Verdict::Decided { record: Some(record), text: Some(text), .. } =
                &event.payload.entry.verdict
            {
                let mut texts = self.0.lock().expect("nobody panics");
                texts.push((record.revision, text.clone()));
            }
        }
    }
}

/// The framework over a store, and what a host builds around it.
pub struct Driven<S: EventStore<Consent>> {
    framework: CqrsFramework<Consent, S>,
    texts: ToHandOver,
    clock: fn() -> DateTime<Utc>,
    settled: Settled,
}

impl<S: EventStore<Consent>> Driven<S> {
    /// All of it over this store, under the default settings.
    ///
    /// # Panics
    /// Never.
    pub fn over(store: S, clock: fn() -> DateTime<Utc>) -> Self {
        let texts = ToHandOver::default();
        let queries: Vec<Box<dyn Query<Consent>>> = vec![Box::new(texts.clone())];
        let framework = CqrsFramework::new(store, queries, Arc::new(Policy::default()));
        let settled = serde_json::json!({
            "revision": 1, "kind": "confirmation", "ended": clock(), "ending": {"accepted": {}},
        });
        let settled = serde_json::from_value(settled).expect("as the crate writes it");
        Self { framework, texts, clock, settled }
    }

    /// Lets an event happen to a contact, hands over the text that it leads to, and settles it.
    ///
    /// # Panics
    /// When it fails: nothing here may.
    pub async fn handle(&self, id: &str, number: PhoneNumber, event: Event<'static>) {
        self.execute(id, number, event).await;
        let text = self.texts.0.lock().expect("nobody panics").pop();
        let Some((revision, text)) = text else { return };
        let handover = send(&text).await;
        let ending = match handover {
            Handover::Accepted { provider_id } => Ending::Accepted { provider_id },
            _ => Ending::Unknown,
        };
        let mut settled = self.settled.clone();
        (settled.revision, settled.kind) = (revision, text.kind);
        (settled.ended, settled.ending) = ((self.clock)(), ending);
        self.execute(id, number, Event::Settled(settled)).await;
    }

    async fn execute(&self, id: &str, number: PhoneNumber, event: Event<'static>) {
        let command = Happens { number, event, now: (self.clock)() };
        self.framework.execute(id, command).await.expect("all may do it, and nobody else writes");
    }
}

/// The provider takes everything at once.
async fn send(text: &OutgoingText) -> Handover {
    std::hint::black_box(text);
    Handover::Accepted { provider_id: None }
}
