//! Counters: what an engine did since it was made, and what waits in its storage.

use alloc::collections::BTreeMap;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use chrono::{DateTime, Utc};

use super::{Delivery, Engine};
use crate::{
    consent::{decision::Reason, outgoing::Handover},
    outbox::Outbox,
    storage::{Archive, Queue},
};

/// What an engine did since it was made, and what waits in its storage: for a host's monitoring.
///
/// The first three count this engine alone, and begin at 0 with it; the last counts what all
/// machines queued, for all accounts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Counters {
    /// Decisions by their reason; a reason that never came is not there. `active` are texts left
    /// alone and messages of staff alike. What a settlement leads to is not counted here.
    pub decisions: BTreeMap<Reason, u64>,
    /// Attempts that the rules refused.
    pub refusals: u64,
    /// Hand-overs of texts and statuses by how they ended.
    pub hand_overs: HandOvers,
    /// What waits. `oldest` is far in the past: no dispatcher runs. `set_aside` is not 0: a person
    /// should look.
    pub queue: Queue,
}

/// Hand-overs by how they ended; each try counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct HandOvers {
    /// The provider or CRM took it.
    pub accepted: u64,
    /// Certainly not sent, whether tried again or not.
    pub not_sent: u64,
    /// Not sent, since the number has opted out with the provider.
    pub blocked: u64,
    /// Nobody knows.
    pub unknown: u64,
    /// Never begun: the deadline had passed.
    pub expired: u64,
    /// Settled for another, whose lease had ended: nobody knows.
    pub lapsed: u64,
}

/// What one engine counted so far.
#[derive(Debug)]
pub(super) struct Tally {
    decisions: [AtomicUsize; Reason::ALL.len()],
    refusals: AtomicUsize,
    hand_overs: [AtomicUsize; 6],
}

impl Tally {
    pub(super) const fn new() -> Self {
        Self {
            decisions: [const { AtomicUsize::new(0) }; Reason::ALL.len()],
            refusals: AtomicUsize::new(0),
            hand_overs: [const { AtomicUsize::new(0) }; 6],
        }
    }

    pub(super) fn decided(&self, reason: Reason) {
        add(self.decisions.get(reason as usize));
    }

    pub(super) fn refused(&self) {
        add(Some(&self.refusals));
    }

    pub(super) fn delivered(&self, delivery: &Delivery) {
        let index = match delivery {
            Delivery::HandedOver(Handover::Accepted { .. }) => 0,
            Delivery::HandedOver(Handover::NotSent { .. }) => 1,
            Delivery::HandedOver(Handover::Blocked { .. }) => 2,
            Delivery::HandedOver(Handover::Unknown) => 3,
            Delivery::Expired => 4,
            Delivery::Lapsed => 5,
            Delivery::Queued => return,
        };
        add(self.hand_overs.get(index));
    }

    fn read(&self, queue: Queue) -> Counters {
        let decisions = Reason::ALL.iter().zip(&self.decisions);
        let decisions = decisions.map(|(reason, count)| (*reason, read(count)));
        let [accepted, not_sent, blocked, unknown, expired, lapsed] =
            self.hand_overs.each_ref().map(read);
        Counters {
            decisions: decisions.filter(|(_, count)| *count > 0).collect(),
            refusals: read(&self.refusals),
            hand_overs: HandOvers { accepted, not_sent, blocked, unknown, expired, lapsed },
            queue,
        }
    }
}

impl<S, O, C> Engine<S, O, C>
where
    S: Archive,
    O: Outbox,
    C: Fn() -> DateTime<Utc> + Send + Sync,
{
    /// What this engine did since it was made, and what waits in its storage.
    ///
    /// ```
    /// # use optin::{Engine, Handover, Outbox, Outgoing, blocking::block_on, store::MemoryStorage};
    /// # struct Printer;
    /// # impl Outbox for Printer {
    /// #     async fn send(&self, _outgoing: &Outgoing) -> Handover { Handover::Unknown }
    /// # }
    /// let engine = Engine::new(MemoryStorage::new(), Printer, chrono::Utc::now);
    /// let counters = block_on(engine.counters())?;
    /// assert_eq!((counters.queue.waiting, counters.queue.oldest), (0, None));
    /// for (reason, count) in &counters.decisions {
    ///     println!("decisions{{reason=\"{}\"}} {count}", reason.name());
    /// }
    /// # Ok::<(), core::convert::Infallible>(())
    /// ```
    ///
    /// # Errors
    /// The storage's own; try again.
    pub async fn counters(&self) -> Result<Counters, S::Error> {
        Ok(self.tally.read(self.storage.queue().await?))
    }
}

fn add(count: Option<&AtomicUsize>) {
    if let Some(count) = count {
        count.fetch_add(1, Relaxed);
    }
}

fn read(count: &AtomicUsize) -> u64 {
    count.load(Relaxed) as u64
}
