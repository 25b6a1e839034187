//! A host whose provider takes everything at once.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use optin::{
    Contact, Content, Engine, Event, Handover, MessageId, MessageKind, Outbox, Outgoing, Policy,
    Reason, Record, Storage, Text, store::MemoryStorage,
};

use super::support::{Clock, START, account, inbox, now_or_never, owner};

/// What came of a text.
pub(crate) struct Taken {
    pub(crate) at: DateTime<Utc>,
    pub(crate) reason: Reason,
    pub(crate) sent: Option<MessageKind>,
}

#[derive(Default)]
struct Provider(std::sync::Mutex<Vec<MessageKind>>);

impl Outbox for Provider {
    async fn send(&self, outgoing: &Outgoing) -> Handover {
        if let Content::Text(text) = &outgoing.content {
            self.0.lock().unwrap().push(text.kind);
        }
        Handover::Accepted { provider_id: None }
    }
}

type Machine = Engine<MemoryStorage, Arc<Provider>, Box<dyn Fn() -> DateTime<Utc> + Send + Sync>>;

pub(crate) struct Host {
    engine: Machine,
    provider: Arc<Provider>,
    pub(crate) clock: Clock,
}

impl Host {
    pub(crate) fn new(policy: Policy) -> Self {
        let (clock, provider) = (Clock::at(START), Arc::<Provider>::default());
        let reader = Box::new(clock.reader()) as Box<_>;
        let engine: Machine = Engine::new(MemoryStorage::new(), provider.clone(), reader);
        let edit = |_: &Policy| Ok::<_, optin::Refusal>(policy.clone());
        now_or_never(engine.change_policy(&account(), &owner(), edit)).unwrap();
        Self { engine, provider, clock }
    }

    pub(crate) fn text(&self, whom: &Contact, id: &MessageId, body: &'static str) -> Taken {
        let text = Text::new(inbox(), id.clone(), body);
        let outcome = now_or_never(self.engine.handle(whom, Event::Texted(text))).unwrap();
        let sent = std::mem::take(&mut *self.provider.0.lock().unwrap());
        assert!(sent.len() <= 1, "one text, two answers");
        Taken { at: self.clock.now(), reason: outcome.reason, sent: sent.first().copied() }
    }

    pub(crate) fn record(&self, of: &Contact) -> Option<Record> {
        now_or_never(self.engine.storage().load(of)).unwrap().record
    }
}
