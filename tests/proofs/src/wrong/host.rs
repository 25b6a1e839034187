//! How a wrong host wires its machines: wrapped, by another clock, past the permit.

use chrono::{DateTime, TimeDelta, Utc};
use optin::{
    Contact, Content, Event, HandleError, Message, MessageKind, Outbox, Outcome, Outgoing,
    OutgoingId, OutgoingText, Round, SendError, Storage,
    simulation::{Host, Machine, Optin},
    storage::{Commit, Committed},
};

use super::{
    Wrong,
    outbox::WrongOutbox,
    storage::{WrongStorage, touched},
};

impl Host for Wrong {
    async fn handle<S: Storage, O: Outbox, C: Fn() -> DateTime<Utc> + Send + Sync>(
        &self,
        machine: Machine<S, O, C>,
        contact: &Contact,
        event: Event<'_>,
    ) -> Result<Outcome, HandleError<S::Error>> {
        let sent_at = match &event {
            Event::Texted(text) if *self == Self::ProvidersClock => text.sent_at,
            _ => None,
        };
        let Machine { storage, outbox, clock, deferred } = machine;
        let machine = self.wrap(storage, &outbox, &clock, deferred, sent_at);
        Optin.handle(machine, contact, event).await
    }

    async fn send<S: Storage, O: Outbox, C: Fn() -> DateTime<Utc> + Send + Sync>(
        &self,
        machine: Machine<S, O, C>,
        contact: &Contact,
        message: Message<'_>,
    ) -> Result<Option<Outcome>, SendError<S::Error>> {
        let Machine { storage, outbox, clock, deferred } = machine;
        if *self == Self::StalePermit {
            let machine = Machine { storage: &storage, outbox: &outbox, clock: &clock, deferred };
            if machine.engine().permit(contact).await?.is_some() {
                send_now(&machine, contact, &message).await?;
            }
            return Ok(None);
        }
        let machine = self.wrap(storage, &outbox, &clock, deferred, None);
        Optin.send(machine, contact, message).await
    }

    async fn dispatch<S: Storage, O: Outbox, C: Fn() -> DateTime<Utc> + Send + Sync>(
        &self,
        machine: Machine<S, O, C>,
        limit: usize,
    ) -> Result<Round, HandleError<S::Error>> {
        let Machine { storage, outbox, clock, deferred } = machine;
        let machine = self.wrap(storage, &outbox, &clock, deferred, None);
        Optin.dispatch(machine, limit).await
    }
}

impl Wrong {
    fn wrap<'a, S: Storage, O: Outbox, C: Fn() -> DateTime<Utc> + Send + Sync>(
        self,
        storage: S,
        outbox: &'a O,
        clock: &'a C,
        deferred: bool,
        fixed: Option<DateTime<Utc>>,
    ) -> Machine<
        impl Storage<Error = S::Error>,
        impl Outbox,
        impl Fn() -> DateTime<Utc> + Send + Sync,
    > {
        let fixed = if self == Self::ClockReadOnce { Some(clock()) } else { fixed };
        Machine {
            storage: WrongStorage { wrong: self, storage, outbox },
            outbox: WrongOutbox { wrong: self, outbox },
            clock: move || fixed.unwrap_or_else(clock),
            deferred: deferred || self == Self::HandOverBeforeTheRecord,
        }
    }
}

/// Hands a message over under whatever record there is by now.
async fn send_now<S: Storage, O: Outbox, C: Fn() -> DateTime<Utc>>(
    machine: &Machine<S, O, C>,
    contact: &Contact,
    message: &Message<'_>,
) -> Result<(), HandleError<S::Error>> {
    let snapshot = machine.storage.load(contact).await.map_err(HandleError::Storage)?;
    let now = (machine.clock)();
    let record = snapshot.record.as_ref();
    let revision = record.map(|record| record.revision).unwrap_or_default().next();
    let (inbox, body) = (message.inbox.clone(), message.body.clone().into_owned());
    let not_after = message.not_after.unwrap_or_else(|| after(now, TimeDelta::minutes(5)));
    let text = OutgoingText::new(MessageKind::Message, inbox, body, not_after);
    let id = OutgoingId::new(contact.clone(), revision, 0);
    let outgoing = Outgoing::new(id, now, Content::Text(text));
    let commit = Commit {
        change: touched(&snapshot),
        outgoing: vec![outgoing.clone()],
        lease: Some(after(now, TimeDelta::seconds(30))),
        ..Commit::keep(contact.clone(), record, now)
    };
    let committed = machine.storage.commit(commit).await.map_err(HandleError::Storage)?;
    if matches!(committed, Committed::Applied { .. }) {
        machine.outbox.send(&outgoing).await;
    }
    Ok(())
}

/// Clocks of the simulation may show the last time there is.
fn after(time: DateTime<Utc>, delta: TimeDelta) -> DateTime<Utc> {
    time.checked_add_signed(delta).unwrap_or(time)
}
