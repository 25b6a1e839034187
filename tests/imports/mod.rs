//! What the tests of imports share: an engine that must not send, and reports as plain values.
#![allow(clippy::unwrap_used, clippy::panic, dead_code, reason = "shared by tests")]

pub(crate) mod made;

use std::{io::Read, sync::Arc};

use chrono::{DateTime, Utc};
use optin::{
    AccountId, Actor, ActorId, Archive, Content, Engine, Handover, Outbox, Outgoing, PhoneNumber,
    Policy, Record, Role, Storage,
    blocking::block_on,
    import::{Import, ImportError, Totals},
    store::MemoryStorage,
};

/// Takes statuses, and panics on a text.
#[derive(Debug)]
pub(crate) struct NoTexts;

impl Outbox for NoTexts {
    async fn send(&self, outgoing: &Outgoing) -> Handover {
        match &outgoing.content {
            Content::Status(_) => Handover::Accepted { provider_id: None },
            Content::Text(text) => panic!("an import sent a {}", text.kind.name()),
        }
    }
}

pub(crate) type Clock = fn() -> DateTime<Utc>;
pub(crate) type Machine<S> = Engine<S, NoTexts, Clock>;

pub(crate) fn noon() -> DateTime<Utc> {
    DateTime::from_timestamp(1_772_366_400, 0).unwrap()
}

pub(crate) fn over<S: Storage>(storage: S) -> Machine<S> {
    Engine::new(storage, NoTexts, noon)
}

pub(crate) fn memory() -> Machine<Arc<MemoryStorage>> {
    over(Arc::default())
}

pub(crate) fn acme() -> AccountId {
    AccountId::new("acme").unwrap()
}

pub(crate) fn set_double_opt_in<S: Storage>(engine: &Machine<S>, on: bool) {
    let ana = Actor::new(ActorId::new("ana").unwrap(), Role::Owner);
    let edit = |policy: &Policy| {
        let mut settings = policy.settings().clone();
        settings.double_opt_in = on;
        Policy::new(settings)
    };
    block_on(engine.change_policy(&acme(), &ana, edit)).unwrap();
}

/// A row's line, outcome and reason.
pub(crate) type Report = (u64, &'static str, &'static str);

/// Imports a file with the usual columns.
pub(crate) fn import<S: Storage>(
    engine: &Machine<S>,
    file: impl Read,
) -> (Vec<Report>, Result<Totals, ImportError<S::Error>>) {
    run(&Import::new(engine, acme()), file)
}

pub(crate) fn run<S: Storage>(
    import: &Import<'_, S, NoTexts, Clock>,
    file: impl Read,
) -> (Vec<Report>, Result<Totals, ImportError<S::Error>>) {
    let mut reports = Vec::new();
    let totals = block_on(import.csv(file, |row| {
        reports.push((row.line(), row.outcome().name(), row.reason()));
    }));
    (reports, totals)
}

/// The reports of a file that can be read to its end, into an empty account.
pub(crate) fn reports(file: impl AsRef<[u8]>) -> Vec<Report> {
    let (reports, totals) = import(&memory(), file.as_ref());
    assert_eq!(totals.unwrap().rows, reports.len() as u64);
    reports
}

/// What went wrong with a file as a whole, in words.
pub(crate) fn error_of(file: impl AsRef<[u8]>) -> String {
    let (_, totals) = import(&memory(), file.as_ref());
    totals.unwrap_err().to_string()
}

/// All contacts of the account.
pub(crate) fn contacts<S: Archive>(storage: &S) -> Vec<(PhoneNumber, Record)> {
    block_on(storage.contacts(&acme(), None, None, usize::MAX)).unwrap()
}

/// Their states, by number.
pub(crate) fn states<S: Archive>(storage: &S) -> Vec<(String, &'static str)> {
    let contacts = contacts(storage).into_iter();
    contacts.map(|(number, record)| (number.to_e164(), record.state.name())).collect()
}
