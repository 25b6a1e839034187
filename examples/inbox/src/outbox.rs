//! Where texts leave: into the list that the simulated handset shows.
//!
//! A host with a real number calls its provider where this one writes a row.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use optin::{Content, Handover, Outbox, Outgoing, OutgoingText};

use crate::{
    clock::Clock,
    store::{Said, Store},
};

/// How long a text is on its way over the slow network; well within the engine's lease.
pub const SLOW: Duration = Duration::from_secs(8);

/// The network between the engine and the simulated handset.
#[derive(Debug)]
pub struct Handset {
    store: Store,
    clock: Arc<Clock>,
    slow: AtomicBool,
}

impl Handset {
    /// A network that delivers at once.
    pub fn new(store: Store, clock: Arc<Clock>) -> Self {
        Self { store, clock, slow: AtomicBool::new(false) }
    }

    /// Whether a text takes [`SLOW`] to arrive: long enough to say STOP meanwhile.
    pub fn is_slow(&self) -> bool {
        self.slow.load(Relaxed)
    }

    /// Makes it slow, or fast again.
    pub fn set_slow(&self, slow: bool) {
        self.slow.store(slow, Relaxed);
    }

    async fn keep(&self, outgoing: &Outgoing, text: &OutgoingText, outcome: &str) -> bool {
        let said = Said {
            inbound: false,
            body: text.body.as_str().into(),
            at: self.clock.now(),
            kind: Some(text.kind.name().into()),
            outcome: Some(outcome.into()),
        };
        let reference = outgoing.id.revision.number().to_string();
        self.store.sent(outgoing.id.contact.number(), reference, said).await.is_ok()
    }
}

impl Outbox for Handset {
    async fn send(&self, outgoing: &Outgoing) -> Handover {
        let text = match &outgoing.content {
            Content::Text(text) => text,
            // No CRM is connected; a host that has one calls it here.
            Content::Status(_) => return Handover::Accepted { provider_id: None },
        };
        if !self.keep(outgoing, text, "on_its_way").await {
            return Handover::NotSent { retry: true, code: None };
        }
        if self.is_slow() {
            tokio::time::sleep(SLOW).await;
        }
        if self.clock.now() > text.not_after {
            self.keep(outgoing, text, "not_sent").await;
            return Handover::NotSent { retry: false, code: None };
        }
        if self.keep(outgoing, text, "arrived").await {
            Handover::Accepted { provider_id: None }
        } else {
            Handover::Unknown
        }
    }
}
