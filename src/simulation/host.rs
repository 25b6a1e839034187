//! What runs on a machine: how a host wires engine and dispatcher.

use core::future::Future;

use chrono::{DateTime, Utc};

use crate::{
    consent::{
        contact::Contact,
        event::{Event, Message},
    },
    dispatch::{Dispatcher, Round},
    engine::{Engine, HandleError, Outcome, SendError},
    outbox::Outbox,
    storage::Storage,
};

/// One machine: the storage that all machines share, its provider, its clock.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::exhaustive_structs, reason = "a host takes it apart")]
pub struct Machine<S, O, C> {
    /// The shared storage.
    pub storage: S,
    /// Its way to the provider.
    pub outbox: O,
    /// Its clock, which may differ from the others'.
    pub clock: C,
    /// Whether its engine leaves texts to the dispatcher.
    pub deferred: bool,
}

/// How a host uses the crate on each machine: [`Optin`] is the way its documentation says.
///
/// A host of your own wraps what it is given, or calls it in another way. Nothing may be kept
/// between two calls: a machine can end at any await.
pub trait Host: Send + Sync {
    /// What came in is handled: [`Engine::handle`].
    fn handle<S: Storage, O: Outbox, C: Fn() -> DateTime<Utc> + Send + Sync>(
        &self,
        machine: Machine<S, O, C>,
        contact: &Contact,
        event: Event<'_>,
    ) -> impl Future<Output = Result<Outcome, HandleError<S::Error>>> + Send;

    /// A message of staff goes out under a permit, where there is one: [`Engine::send`].
    fn send<S: Storage, O: Outbox, C: Fn() -> DateTime<Utc> + Send + Sync>(
        &self,
        machine: Machine<S, O, C>,
        contact: &Contact,
        message: Message<'_>,
    ) -> impl Future<Output = Result<Option<Outcome>, SendError<S::Error>>> + Send;

    /// One round of the dispatcher: [`Dispatcher::run_once`].
    fn dispatch<S: Storage, O: Outbox, C: Fn() -> DateTime<Utc> + Send + Sync>(
        &self,
        machine: Machine<S, O, C>,
        limit: usize,
    ) -> impl Future<Output = Result<Round, HandleError<S::Error>>> + Send;
}

/// The crate as its documentation says to use it.
#[derive(Clone, Copy, Debug, Default)]
#[allow(clippy::exhaustive_structs, reason = "it has nothing to add to")]
pub struct Optin;

impl Host for Optin {
    async fn handle<S: Storage, O: Outbox, C: Fn() -> DateTime<Utc> + Send + Sync>(
        &self,
        machine: Machine<S, O, C>,
        contact: &Contact,
        event: Event<'_>,
    ) -> Result<Outcome, HandleError<S::Error>> {
        machine.engine().handle(contact, event).await
    }

    async fn send<S: Storage, O: Outbox, C: Fn() -> DateTime<Utc> + Send + Sync>(
        &self,
        machine: Machine<S, O, C>,
        contact: &Contact,
        message: Message<'_>,
    ) -> Result<Option<Outcome>, SendError<S::Error>> {
        let engine = machine.engine();
        match engine.permit(contact).await? {
            Some(permit) => engine.send(permit, message).await.map(Some),
            None => Ok(None),
        }
    }

    async fn dispatch<S: Storage, O: Outbox, C: Fn() -> DateTime<Utc> + Send + Sync>(
        &self,
        machine: Machine<S, O, C>,
        limit: usize,
    ) -> Result<Round, HandleError<S::Error>> {
        Dispatcher::new(&machine.engine()).run_once(limit).await
    }
}

impl<S: Storage, O: Outbox, C: Fn() -> DateTime<Utc> + Send + Sync> Machine<S, O, C> {
    /// Its engine, with the lease that an engine has by default.
    pub fn engine(self) -> Engine<S, O, C> {
        let engine = Engine::new(self.storage, self.outbox, self.clock);
        if self.deferred { engine.deferred() } else { engine }
    }
}
