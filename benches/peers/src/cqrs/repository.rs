//! The framework's own persistence, with its snapshots, over a repository in memory: rows of JSON, as
//! its databases have them.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard},
};

use cqrs_es::{
    Aggregate,
    persist::{
        PersistedEventRepository, PersistenceError, ReplayStream, SerializedEvent,
        SerializedSnapshot,
    },
};
use serde_json::Value;

/// The repository.
#[derive(Debug, Default)]
pub struct InMemory(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    events: HashMap<String, Vec<SerializedEvent>>,
    snapshots: HashMap<String, Snapshot>,
    marks: HashSet<(String, String)>,
}

#[derive(Debug)]
struct Snapshot {
    aggregate: Value,
    sequence: usize,
    number: usize,
}

impl InMemory {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().expect("nobody panics")
    }
}

/// What the text's row is unique by.
fn mark(event: &SerializedEvent) -> Option<(String, String)> {
    let text = event.payload.get("entry")?.get("fact")?.get("event")?.get("texted")?;
    Some((text.get("inbox")?.as_str()?.into(), text.get("id")?.as_str()?.into()))
}

impl PersistedEventRepository for InMemory {
    async fn get_events<A: Aggregate>(
        &self,
        id: &str,
    ) -> Result<Vec<SerializedEvent>, PersistenceError> {
        Ok(self.kept().events.get(id).cloned().unwrap_or_default())
    }

    async fn get_last_events<A: Aggregate>(
        &self,
        id: &str,
        last: usize,
    ) -> Result<Vec<SerializedEvent>, PersistenceError> {
        let kept = self.kept();
        let events = kept.events.get(id).and_then(|events| events.get(last..));
        Ok(events.unwrap_or_default().to_vec())
    }

    async fn get_snapshot<A: Aggregate>(
        &self,
        id: &str,
    ) -> Result<Option<SerializedSnapshot>, PersistenceError> {
        Ok(self.kept().snapshots.get(id).map(|snapshot| SerializedSnapshot {
            aggregate_id: id.into(),
            aggregate: snapshot.aggregate.clone(),
            current_sequence: snapshot.sequence,
            current_snapshot: snapshot.number,
        }))
    }

    async fn persist<A: Aggregate>(
        &self,
        events: &[SerializedEvent],
        snapshot: Option<(String, Value, usize)>,
    ) -> Result<(), PersistenceError> {
        let mut kept = self.kept();
        let Kept { events: rows, snapshots, marks } = &mut *kept;
        for event in events {
            let rows = match rows.get_mut(&event.aggregate_id) {
                Some(rows) => rows,
                None => rows.entry(event.aggregate_id.clone()).or_default(),
            };
            let mut stands = || mark(event).is_some_and(|mark| !marks.insert(mark));
            if rows.len() + 1 != event.sequence || stands() {
                return Err(PersistenceError::OptimisticLockError);
            }
            rows.push(event.clone());
        }
        if let (Some((id, aggregate, number)), Some(last)) = (snapshot, events.last()) {
            snapshots.insert(id, Snapshot { aggregate, sequence: last.sequence, number });
        }
        Ok(())
    }

    async fn stream_events<A: Aggregate>(
        &self,
        _id: &str,
    ) -> Result<ReplayStream, PersistenceError> {
        let (_, stream) = ReplayStream::new(1);
        Ok(stream)
    }

    async fn stream_all_events<A: Aggregate>(&self) -> Result<ReplayStream, PersistenceError> {
        let (_, stream) = ReplayStream::new(1);
        Ok(stream)
    }
}
