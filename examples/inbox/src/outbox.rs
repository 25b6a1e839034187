//! Where texts leave: each is kept for the screen, and goes to the handset or to the provider.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use optin::{Content, Handover, InboxId, Outbox, Outgoing, erased::BoxOutbox};

use crate::{
    clock::Clock,
    store::{ON_ITS_WAY, Said, Store},
};

/// How long a text is on its way over the slow network; well within the engine's lease.
pub const SLOW: Duration = Duration::from_secs(8);

/// Keeps each text that another outbox is handed, and how that ended.
pub struct Kept<O> {
    store: Store,
    clock: Arc<Clock>,
    outbox: O,
}

impl<O> Kept<O> {
    /// Keeps the texts of this outbox.
    pub fn new(store: Store, clock: Arc<Clock>, outbox: O) -> Self {
        Self { store, clock, outbox }
    }

    /// The outbox.
    pub fn outbox(&self) -> &O {
        &self.outbox
    }

    /// The outbox alone.
    pub fn into_outbox(self) -> O {
        self.outbox
    }
}

impl<O: Outbox> Outbox for Kept<O> {
    async fn send(&self, outgoing: &Outgoing) -> Handover {
        let text = match &outgoing.content {
            Content::Text(text) => text,
            // No CRM is connected; a host that has one calls it here.
            Content::Status(_) => return Handover::Accepted { provider_id: None },
        };
        let (number, revision) = (outgoing.id.contact.number(), outgoing.id.revision.number());
        let said = Said {
            inbound: false,
            body: text.body.as_str().into(),
            at: self.clock.now(),
            kind: Some(text.kind.name().into()),
            outcome: Some(ON_ITS_WAY.into()),
        };
        if self.store.sent(number, revision.to_string(), said.clone()).await.is_err() {
            return Handover::NotSent { retry: true, code: None };
        }
        let handover = self.outbox.send(outgoing).await;
        let said = Said { outcome: Some(handover.name().into()), ..said };
        // What the provider did counts, shown or not.
        let _ = self.store.sent(number, revision.to_string(), said).await;
        handover
    }
}

/// The handset for the demonstration's inbox, the provider for every other.
pub struct Route {
    demonstration: InboxId,
    clock: Arc<Clock>,
    slow: AtomicBool,
    provider: Option<BoxOutbox>,
}

impl Route {
    /// A network that delivers at once.
    pub fn new(demonstration: InboxId, clock: Arc<Clock>, provider: Option<BoxOutbox>) -> Self {
        Self { demonstration, clock, slow: AtomicBool::new(false), provider }
    }

    /// Whether a text takes [`SLOW`] to arrive: long enough to say STOP meanwhile.
    pub fn is_slow(&self) -> bool {
        self.slow.load(Relaxed)
    }

    /// Makes it slow, or fast again.
    pub fn set_slow(&self, slow: bool) {
        self.slow.store(slow, Relaxed);
    }
}

impl Outbox for Route {
    async fn send(&self, outgoing: &Outgoing) -> Handover {
        let never = Handover::NotSent { retry: false, code: None };
        let Content::Text(text) = &outgoing.content else { return never };
        if text.from != self.demonstration {
            return match &self.provider {
                Some(provider) => provider.send(outgoing).await,
                None => never,
            };
        }
        if self.is_slow() {
            tokio::time::sleep(SLOW).await;
        }
        if self.clock.now() > text.not_after {
            return never;
        }
        Handover::Accepted { provider_id: None }
    }
}
