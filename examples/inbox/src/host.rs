//! The host: one engine, its storage, its outbox and its clock, and what is asked of them.
//!
//! The steps are those of "The host loop" in the README of optin.

use std::{future::Future, path::Path, sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use optin::{
    AccountId, Actor, Contact, Dispatcher, Event, HandleError, InboxId, InvalidId, Message,
    MessageId, Outbox, Outcome, PhoneNumber, SendError, Storage, Text,
    provider::twilio::Twiml,
    store::{SqliteError, SqliteStorage},
};
use tokio::sync::{Semaphore, watch};

use crate::{
    clock::Clock,
    number::Number,
    outbox::{Kept, Route},
    store::{Store, StoreError},
};

/// Events that are handled at once; more wait.
const AT_ONCE: u32 = 64;

/// Permits that are asked for in a row, each ended by a change of the contact.
const MAX_PERMITS: u32 = 10;

/// How long a dispatcher sleeps when nothing is due.
const IDLE: Duration = Duration::from_secs(1);

const DAY: Duration = Duration::from_secs(24 * 3_600);

/// The host's clock, as the engine takes it.
pub type Now = Box<dyn Fn() -> DateTime<Utc> + Send + Sync>;
/// The engine with all that this host gave it.
pub type Engine = optin::Engine<SqliteStorage, Kept<Route>, Now>;

/// Everything that a request needs.
pub struct Host {
    /// Decides, stores, hands over.
    pub engine: Engine,
    /// The host's own tables.
    pub store: Store,
    /// The demonstration's clock.
    pub clock: Arc<Clock>,
    /// Whose contacts they are.
    pub account: AccountId,
    /// The demonstration's inbox: its texts go to the handset.
    pub inbox: InboxId,
    /// The real number, if there is one.
    pub number: Option<Number>,
    places: Arc<Semaphore>,
}

/// Why the host could not start.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The engine's file.
    #[error("the engine's file cannot be opened")]
    Engine(#[source] SqliteError),
    /// The host's own.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A name of ours is empty or too long.
    #[error(transparent)]
    Name(#[from] InvalidId),
}

/// Why something could not be done; nothing of it was.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// The engine refused it, or failed.
    #[error(transparent)]
    Engine(#[from] HandleError<SqliteError>),
    /// The host's own tables failed; try again.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The contact has not opted in.
    #[error("the contact has not opted in")]
    NotOptedIn,
    /// An id from outside is empty or too long.
    #[error(transparent)]
    Id(#[from] InvalidId),
    /// The host is stopping; try again later.
    #[error("the host is stopping")]
    Stopping,
}

impl Host {
    /// Opens the engine's file and the host's own beside it.
    ///
    /// # Errors
    /// [`OpenError`]; nothing runs.
    pub async fn open(file: &Path, number: Option<Number>) -> Result<Arc<Self>, OpenError> {
        let storage = SqliteStorage::open(file).map_err(OpenError::Engine)?;
        let store = Store::open(&file.with_extension("host.db"))?;
        let clock = Arc::new(Clock::default());
        clock.set_ahead(store.clock().await?.unwrap_or_default());
        let now: Now = {
            let clock = Arc::clone(&clock);
            Box::new(move || clock.now())
        };
        let inbox = InboxId::new("+18885550100")?;
        let provider = number.as_ref().and_then(|number| number.outbox(Arc::clone(&clock)));
        let route = Route::new(inbox.clone(), Arc::clone(&clock), provider);
        let kept = Kept::new(store.clone(), Arc::clone(&clock), route);
        Ok(Arc::new(Self {
            engine: Engine::new(storage, kept, now),
            store,
            clock,
            account: AccountId::new("acme")?,
            inbox,
            number,
            places: Arc::new(Semaphore::new(AT_ONCE as usize)),
        }))
    }

    /// The account's contact with this number.
    pub fn contact(&self, number: PhoneNumber) -> Contact {
        Contact::new(self.account.clone(), number)
    }

    /// A text came in: keeps it, lets the engine decide, and keeps what it made of it.
    ///
    /// # Errors
    /// [`HostError`]: deliver the text again, under the same id.
    pub async fn texted(
        self: &Arc<Self>,
        number: PhoneNumber,
        text: Text<'static>,
    ) -> Result<Outcome, HostError> {
        let host = Arc::clone(self);
        self.whole(async move { host.handle(&host.engine, number, text).await }).await
    }

    /// A text came in by a webhook whose answer carries ours: says what to answer, as TwiML.
    ///
    /// # Errors
    /// [`HostError`]: answer that it failed, so that it is delivered again.
    pub async fn answered(
        self: &Arc<Self>,
        number: PhoneNumber,
        text: Text<'static>,
    ) -> Result<String, HostError> {
        let host = Arc::clone(self);
        self.whole(async move {
            let twiml = Twiml::new(host.contact(number), text.inbox.clone());
            let kept = Kept::new(host.store.clone(), Arc::clone(&host.clock), twiml);
            let clock = || host.clock.now();
            let engine = optin::Engine::new(host.engine.storage(), &kept, clock);
            host.handle(&engine, number, text).await?;
            Ok(kept.into_outbox().into_xml())
        })
        .await
    }

    async fn handle<S, O, C>(
        &self,
        engine: &optin::Engine<S, O, C>,
        number: PhoneNumber,
        text: Text<'static>,
    ) -> Result<Outcome, HostError>
    where
        S: Storage<Error = SqliteError>,
        O: Outbox,
        C: Fn() -> DateTime<Utc> + Send + Sync,
    {
        let id = text.id.as_str().to_owned();
        self.store.received(number, &text, self.clock.now()).await?;
        let outcome = engine.handle(&self.contact(number), Event::Texted(text)).await?;
        self.store.read_as(number, id, outcome.reason.name()).await?;
        Ok(outcome)
    }

    /// Anything else that happened to a contact.
    ///
    /// # Errors
    /// [`HostError`]: refused, or try again.
    pub async fn happened(
        self: &Arc<Self>,
        number: PhoneNumber,
        event: Event<'static>,
    ) -> Result<Outcome, HostError> {
        let host = Arc::clone(self);
        let contact = self.contact(number);
        self.whole(async move { Ok(host.engine.handle(&contact, event).await?) }).await
    }

    /// A message of staff: sent if the contact has opted in, once for each `request`.
    ///
    /// # Errors
    /// [`HostError::NotOptedIn`]; else try again under the same request.
    pub async fn send(
        self: &Arc<Self>,
        number: PhoneNumber,
        actor: Actor,
        body: String,
        request: &str,
    ) -> Result<Outcome, HostError> {
        let inbox = self.store.inbox_of(number).await?;
        let inbox = inbox.map_or_else(|| Ok(self.inbox.clone()), |inbox| InboxId::new(&inbox))?;
        let message =
            Message::new(inbox, body).with_actor(actor).with_request(MessageId::new(request)?);
        let host = Arc::clone(self);
        let contact = self.contact(number);
        self.whole(async move {
            for _ in 0..MAX_PERMITS {
                let permit = host.engine.permit(&contact).await?.ok_or(HostError::NotOptedIn)?;
                match host.engine.send(permit, message.clone()).await {
                    Ok(outcome) => return Ok(outcome),
                    // The record changed in between: ask anew, which an opt-out ends.
                    Err(SendError::PermitEnded) => {}
                    Err(SendError::Handle(error)) => return Err(error.into()),
                    Err(_) => return Err(HostError::NotOptedIn),
                }
            }
            Err(HandleError::Contended.into())
        })
        .await
    }

    /// Moves the clock forward, and keeps that.
    ///
    /// # Errors
    /// [`StoreError`]: it moved, but a restart forgets it.
    pub async fn jump(&self, by: TimeDelta) -> Result<(), StoreError> {
        self.clock.set_ahead(self.clock.ahead() + by);
        self.store.set_clock(self.clock.ahead()).await
    }

    /// Hands over what waits, until `stop` says so; the round that runs then ends in order.
    pub async fn dispatch(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let dispatcher = Dispatcher::new(&self.engine);
        let mut told = stop.clone();
        let rounds = async {
            while !dispatcher.is_stopped() {
                match dispatcher.run_once(100).await {
                    Ok(round) if round.claimed > 0 => continue,
                    Ok(_) => {}
                    Err(error) => eprintln!("dispatch: {error}"),
                }
                let _ = tokio::time::timeout(IDLE, told.wait_for(|stop| *stop)).await;
            }
        };
        let stopper = async {
            // An end of the sender is a stop too.
            let _ = stop.wait_for(|stop| *stop).await;
            dispatcher.stop();
        };
        tokio::join!(rounds, stopper);
    }

    /// Forgets old marks, at the start and once a day, until `stop` says so.
    pub async fn prune(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        loop {
            if let Err(error) = self.engine.prune().await {
                eprintln!("prune: {error}");
            }
            if tokio::time::timeout(DAY, stop.wait_for(|stop| *stop)).await.is_ok() {
                return;
            }
        }
    }

    /// Waits for what is being handled, and lets nothing more begin.
    pub async fn finish(&self) {
        let _ = self.places.acquire_many(AT_ONCE).await;
        self.places.close();
    }

    /// Runs a piece of work to its end, whether or not who asked for it waits so long: a web server
    /// drops the future of a request when the caller goes away.
    pub(crate) async fn whole<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, HostError>> + Send + 'static,
    ) -> Result<T, HostError> {
        let place = Arc::clone(&self.places).acquire_owned().await;
        let place = place.map_err(|_| HostError::Stopping)?;
        let work = tokio::spawn(async move {
            let done = work.await;
            drop(place);
            done
        });
        work.await.map_err(|_| HostError::Stopping)?
    }
}
