//! The dispatcher: claims what is due and hands it over.

use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

use chrono::{DateTime, Utc};

use crate::{
    engine::{Delivery, Engine, HandleError, Span},
    outbox::Outbox,
    storage::Storage,
};

/// Hands over what [`Engine::handle`](crate::Engine::handle) left: statuses, deferred texts,
/// retries, and what a crash left behind.
///
/// The host calls [`run_once`](Self::run_once) in a loop and sleeps when a round claimed nothing.
/// Any number of dispatchers may run over one storage, on any number of machines; to shut one down
/// call [`stop`](Self::stop).
///
/// ```
/// # use optin::{Dispatcher, Engine, Handover, Outbox, Outgoing, blocking::block_on, store::MemoryStorage};
/// # struct Printer;
/// # impl Outbox for Printer {
/// #     async fn send(&self, _outgoing: &Outgoing) -> Handover { Handover::Unknown }
/// # }
/// let engine = Engine::new(MemoryStorage::new(), Printer, chrono::Utc::now);
/// let round = block_on(Dispatcher::new(&engine).run_once(100))?;
/// assert_eq!(round.claimed, 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Dispatcher<'a, S, O, C> {
    engine: &'a Engine<S, O, C>,
    stopped: AtomicBool,
}

/// What one round did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Round {
    /// Messages taken; 0: nothing is due.
    pub claimed: usize,
    /// Those handed over, whatever the outbox said. The others had expired, or their lease had
    /// ended.
    pub handed_over: usize,
}

impl<'a, S, O, C> Dispatcher<'a, S, O, C>
where
    S: Storage,
    O: Outbox,
    C: Fn() -> DateTime<Utc> + Send + Sync,
{
    /// A dispatcher over this engine's storage and outbox, by its clock and with its lease.
    pub fn new(engine: &'a Engine<S, O, C>) -> Self {
        Self { engine, stopped: AtomicBool::new(false) }
    }

    /// Takes up to `limit` messages that are due, one after the other: claims it, hands it over,
    /// settles.
    ///
    /// Nothing waits while it is claimed: until its own hand-over begins an opt-out takes a message
    /// back, and the lease is its alone. For more throughput run several dispatchers; a slow
    /// outbox holds up the one that waits for it.
    ///
    /// What it holds when its future is dropped, or when it fails, is one message, taken up again
    /// once the lease has ended: a text as unknown, never sent again. To stop, call
    /// [`stop`](Self::stop) and let the round end.
    ///
    /// # Errors
    /// [`HandleError::Storage`] or [`HandleError::Contended`]; run another round.
    pub async fn run_once(&self, limit: usize) -> Result<Round, HandleError<S::Error>> {
        let span = Span::dispatch();
        let mut round = Round::default();
        let ended = span.around(self.run(limit, &mut round)).await;
        span.count("claimed", round.claimed);
        match ended {
            Ok(()) => Ok(round),
            Err(error) => {
                span.say("error", error.name());
                Err(error)
            }
        }
    }

    /// Ends the rounds: the one that runs is over once the message that it holds is settled, and
    /// a later one takes nothing. For a host that shuts down, from any thread.
    pub fn stop(&self) {
        self.stopped.store(true, Relaxed);
    }

    /// Whether [`stop`](Self::stop) was called.
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Relaxed)
    }

    async fn run(&self, limit: usize, round: &mut Round) -> Result<(), HandleError<S::Error>> {
        for _ in 0..limit {
            if self.is_stopped() {
                break;
            }
            let now = self.engine.now();
            let until = self.engine.lease_from(now);
            let claims = self.engine.storage().claim(now, until, 1).await;
            let Some(claim) = claims.map_err(HandleError::Storage)?.pop() else {
                break;
            };
            round.claimed += 1;
            match self.engine.deliver(claim).await?.delivery {
                Delivery::HandedOver(_) => round.handed_over += 1,
                Delivery::Queued | Delivery::Expired | Delivery::Lapsed => {}
            }
        }
        Ok(())
    }
}
