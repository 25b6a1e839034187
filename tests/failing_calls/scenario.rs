//! What happens to one contact in two days, by a host that repeats what failed.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use optin::{
    Contact, Crm, Dispatcher, Engine, Event, HandleError, Keyword, Message, Policy, SendError,
    Settings, Source, store::MemoryStorage,
};

use super::{
    fault::{Failing, Fault, Lost, Provider},
    support::{Clock, START, account, contact, inbox, message_id, now_or_never, owner, texted},
};

type Machine = Engine<Arc<Failing>, Arc<Provider>, Box<dyn Fn() -> DateTime<Utc> + Send + Sync>>;

/// Both forms of the engine, and a dispatcher after each event.
pub(crate) struct Host {
    pub(crate) storage: Arc<MemoryStorage>,
    pub(crate) failing: Arc<Failing>,
    pub(crate) provider: Arc<Provider>,
    pub(crate) whom: Contact,
    clock: Clock,
    deferred: bool,
}

impl Host {
    /// The whole scenario, and after it whatever is due.
    pub(crate) fn play(fault: &Fault, deferred: bool) -> Self {
        let (storage, clock) = (Arc::new(MemoryStorage::new()), Clock::at(START));
        let host = Self {
            failing: Arc::new(Failing::new(storage.clone(), fault.clone())),
            provider: Arc::new(Provider::new(clock.clone(), fault.clone())),
            storage,
            whom: contact(0),
            clock,
            deferred,
        };
        host.settings(|settings| {
            settings.sync.hubspot = true;
            settings.replies.help = Some("Call us.".into());
            settings.replies.confirmed = Some("Thanks!".into());
        });
        host.handle(Event::Added { source: Source::Hubspot, opted_out: Some(false) });
        host.text("SM1", "Hi");
        host.text("SM2", "Hello?");
        host.half_a_day();
        host.text("SM3", "Are you there?");
        host.text("SM4", "Hello??");
        host.text("SM5", "yes");
        host.send("R1");
        host.text("SM6", "HELP");
        host.text("SM7", "STOP");
        host.text("SM8", "START");
        host.text("SM9", "Hello?");
        host.half_a_day();
        host.settings(|settings| settings.prompt.keyword = Keyword::Confirm);
        host.text("SM10", "Hm");
        host.text("SM11", "Hello?");
        host.resync();
        // The keyword of the first prompt.
        host.text("SM12", "YES");
        host.send("R2");
        // What failed longest is tried again after an hour.
        for _ in 0..4 {
            host.clock.advance(TimeDelta::hours(1));
            host.dispatch();
        }
        host
    }

    fn engine(&self) -> Machine {
        let (storage, outbox) = (self.failing.clone(), self.provider.clone());
        let engine = Engine::new(storage, outbox, Box::new(self.clock.reader()) as Box<_>);
        if self.deferred { engine.deferred() } else { engine }
    }

    fn text(&self, id: &str, body: &str) {
        self.handle(texted(id, body));
    }

    fn handle(&self, event: Event<'static>) {
        self.until_done(|engine| now_or_never(engine.handle(&self.whom, event.clone())).map(drop));
    }

    fn send(&self, request: &str) {
        self.until_done(|engine| {
            let Some(permit) = now_or_never(engine.permit(&self.whom))? else { return Ok(()) };
            let message = Message::new(inbox(), "Your table is ready");
            let message = message.with_request(message_id(request));
            now_or_never(engine.send(permit, message)).map(drop).map_err(|error| match error {
                SendError::Handle(error) => error,
                other => panic!("{other}"),
            })
        });
    }

    fn settings(&self, change: fn(&mut Settings)) {
        self.until_done(|engine| {
            let edit = |policy: &Policy| {
                let mut settings = policy.settings().clone();
                change(&mut settings);
                Policy::new(settings)
            };
            let changed = now_or_never(engine.change_policy(&account(), &owner(), edit));
            changed.map(drop).map_err(|_| HandleError::Storage(Lost))
        });
    }

    fn resync(&self) {
        self.until_done(|engine| now_or_never(engine.resync(&account(), Crm::Hubspot)).map(drop));
    }

    /// Repeats it ten seconds later while the storage fails, as a provider delivers again.
    fn until_done(&self, call: impl Fn(&Machine) -> Result<(), HandleError<Lost>>) {
        for _ in 0..10 {
            match call(&self.engine()) {
                Ok(()) => {
                    // What was not sent is tried again after a second.
                    for wait in [TimeDelta::minutes(2), TimeDelta::seconds(2)] {
                        self.clock.advance(wait);
                        self.dispatch();
                    }
                    return;
                }
                Err(HandleError::Storage(Lost)) => self.clock.advance(TimeDelta::seconds(10)),
                Err(other) => panic!("{other}"),
            }
        }
        panic!("it never gets through");
    }

    fn dispatch(&self) {
        let engine = self.engine();
        // A dispatcher that failed runs another round, when its lease has ended.
        while now_or_never(Dispatcher::new(&engine).run_once(100)).is_err() {
            self.clock.advance(TimeDelta::seconds(30));
        }
    }

    /// The interval, and what repeats may have taken.
    fn half_a_day(&self) {
        self.clock.advance(TimeDelta::hours(12) + TimeDelta::minutes(10));
        self.dispatch();
    }
}
