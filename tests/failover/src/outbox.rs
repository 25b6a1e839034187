//! The way out, which takes everything and counts what it took.

use std::{
    cell::Cell,
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use optin::{Handover, Outbox, Outgoing, OutgoingId};

thread_local! {
    /// Hand-overs by this thread.
    static TAKEN: Cell<u64> = const { Cell::new(0) };
}

/// One for all writers.
#[derive(Default)]
pub(crate) struct Counting(Mutex<HashMap<OutgoingId, u32>>);

impl Counting {
    /// How often each message was handed over.
    pub(crate) fn taken(&self) -> HashMap<OutgoingId, u32> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Hand-overs by the thread that asks.
    pub(crate) fn taken_here() -> u64 {
        TAKEN.get()
    }
}

impl Outbox for Counting {
    async fn send(&self, outgoing: &Outgoing) -> Handover {
        TAKEN.set(TAKEN.get() + 1);
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *taken.entry(outgoing.id.clone()).or_default() += 1;
        Handover::Accepted { provider_id: None }
    }
}
