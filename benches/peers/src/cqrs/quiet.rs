//! A store of events in memory that prints nothing and copies no history: what a careful user would
//! write in place of the framework's own, which prints each call and copies all events at each commit.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard},
};

use cqrs_es::{Aggregate, AggregateContext, AggregateError, EventEnvelope, EventStore};
use optin::{InboxId, MessageId};

use super::{Consent, Decided, NotDone};

/// The store; clones share it.
#[derive(Clone, Debug)]
pub struct Quiet {
    kept: Arc<Mutex<Kept>>,
    /// Whether a contact is loaded as it was left, or made anew from all its events.
    snapshots: bool,
}

#[derive(Debug, Default)]
struct Kept {
    contacts: HashMap<String, Stored>,
    marks: HashSet<(InboxId, MessageId)>,
}

#[derive(Debug, Default)]
struct Stored {
    consent: Consent,
    events: Vec<EventEnvelope<Consent>>,
}

impl Quiet {
    /// An empty store that keeps each contact as it is beside its events.
    pub fn with_snapshots() -> Self {
        Self { kept: Arc::default(), snapshots: true }
    }

    /// The same store, where each contact is made anew from all its events.
    #[must_use]
    pub fn replayed(&self) -> Self {
        Self { snapshots: false, ..self.clone() }
    }

    /// How many events there are of a contact, and how it stands after them.
    pub fn stands(&self, id: &str) -> (usize, Consent) {
        let kept = self.kept();
        let stands = |stored: &Stored| (stored.events.len(), stored.consent.clone());
        kept.contacts.get(id).map_or_else(Default::default, stands)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().expect("nobody panics")
    }
}

/// A contact, loaded to be changed.
#[derive(Debug)]
pub struct Loaded {
    id: String,
    consent: Consent,
    sequence: usize,
}

impl AggregateContext<Consent> for Loaded {
    fn aggregate(&mut self) -> &mut Consent {
        &mut self.consent
    }
}

impl EventStore<Consent> for Quiet {
    type AC = Loaded;

    async fn load_events(
        &self,
        id: &str,
    ) -> Result<Vec<EventEnvelope<Consent>>, AggregateError<NotDone>> {
        let kept = self.kept();
        Ok(kept.contacts.get(id).map(|stored| stored.events.clone()).unwrap_or_default())
    }

    async fn load_aggregate(&self, id: &str) -> Result<Loaded, AggregateError<NotDone>> {
        if self.snapshots {
            let (sequence, consent) = self.stands(id);
            return Ok(Loaded { id: id.into(), consent, sequence });
        }
        let mut loaded = Loaded { id: id.into(), consent: Consent::default(), sequence: 0 };
        for event in self.load_events(id).await? {
            loaded.sequence = event.sequence;
            loaded.consent.apply(event.payload);
        }
        Ok(loaded)
    }

    async fn commit(
        &self,
        events: Vec<Decided>,
        loaded: Loaded,
        metadata: HashMap<String, String>,
    ) -> Result<Vec<EventEnvelope<Consent>>, AggregateError<NotDone>> {
        if events.is_empty() {
            return Ok(Vec::new());
        }
        let Loaded { id, consent, sequence } = loaded;
        let wrap = |(sequence, payload)| EventEnvelope {
            aggregate_id: id.clone(),
            sequence,
            payload,
            metadata: metadata.clone(),
        };
        let events: Vec<EventEnvelope<Consent>> = (sequence + 1..).zip(events).map(wrap).collect();
        let mut kept = self.kept();
        let Kept { contacts, marks } = &mut *kept;
        let stored = match contacts.get_mut(&id) {
            Some(stored) => stored,
            None => contacts.entry(id).or_default(),
        };
        if stored.events.len() != sequence {
            return Err(AggregateError::AggregateConflict);
        }
        for (inbox, text) in events.iter().filter_map(|event| event.payload.mark()) {
            if !marks.insert((inbox.clone(), text.clone())) {
                return Err(AggregateError::UserError(NotDone::Duplicate));
            }
        }
        stored.consent = consent;
        stored.events.extend(events.iter().cloned());
        Ok(events)
    }
}
