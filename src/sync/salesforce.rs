//! Salesforce: statuses as a field of its contacts and leads.
//!
//! What becomes of a record, by Salesforce's answer (its pages "Status Codes and Error Responses",
//! "Update Records Using sObject Collections" and "StatusCode"):
//!
//! | answer | hand-over |
//! |---|---|
//! | 200, at its place: `success` with its id and no errors | accepted |
//! | 200, at its place: errors that a person must mend (`ENTITY_IS_DELETED`, `FIELD_CUSTOM_VALIDATION_EXCEPTION`, ...) | not sent, set aside |
//! | 200, at its place: other errors (`UNABLE_TO_LOCK_ROW`, ...) | not sent, tried again |
//! | 200: a list of another length, another record's id, unreadable | unknown, told again |
//! | 400 of Salesforce's (JSON with an `errorCode`) | halved until the refused record is alone: that one set aside |
//! | 400 `INVALID_FIELD`, `INVALID_TYPE` | not sent, tried again: the account's set-up |
//! | 401; `INVALID_SESSION_ID` | not sent, tried again; [`Accounts::expired`] is told |
//! | 429; 403 `REQUEST_LIMIT_EXCEEDED` | not sent, tried again; the account is not called for five minutes, or as `Retry-After` says |
//! | other 4xx of Salesforce's | not sent, tried again |
//! | 408, 5xx, redirects, anything else | unknown, told again |
//!
//! A contact with several records is accepted when all of them are; else the worst of them counts:
//! unknown, then tried again, then set aside.

mod answer;
mod field;
mod records;
mod request;

use alloc::{string::String, vec, vec::Vec};
use core::{fmt, ops::Range};
use std::{collections::BTreeSet, time::Instant};

use http::Method;

use self::request::{Item, MOST_GROUPS, MOST_RECORDS, Write};
pub use self::{
    field::OptOutField,
    records::{Record, Records},
};
use super::{
    access::{Access, Accounts},
    batch::{Calls, Gatherer},
    caller::{self, Caller},
    code,
    split::{self, Called},
};
use crate::{
    client::Client,
    consent::{
        id::AccountId,
        outgoing::{Crm, Handover, Outgoing},
    },
    outbox::Outbox,
};

/// The version of Salesforce's API that is called, unless the host names another.
const VERSION: (u16, u16) = (62, 0);

/// An outbox for statuses to Salesforce.
///
/// ```
/// use http::{Request, Response};
/// use optin::{
///     AccountId, Contact,
///     client::{CallFailed, Client},
///     sync::{Access, Accounts, Found, salesforce::{Record, Records, Salesforce}},
/// };
///
/// struct Host;
///
/// impl Client for Host {
///     async fn call(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, CallFailed> {
///         // `examples/ureq` has one.
///         # let _ = request;
///         Err(CallFailed::NotSent)
///     }
/// }
///
/// impl Accounts for Host {
///     async fn access(&self, _account: &AccountId) -> Option<Access> {
///         Access::new("https://acme.my.salesforce.com", "the token of this account").ok()
///     }
///
///     fn expired(&self, _account: &AccountId, _access: &Access) {}
/// }
///
/// impl Records for Host {
///     async fn records(&self, contact: &Contact) -> Found<Vec<Record>> {
///         let number = contact.number().to_e164();
///         match Record::by_external_id("Contact", "SMS_Number__c", &number) {
///             Ok(record) => Found::Here(vec![record]),
///             Err(_) => Found::Nowhere,
///         }
///     }
/// }
///
/// let salesforce = Salesforce::new(Host, Host, Host);
/// # let contact = Contact::new(AccountId::new("acme")?, "+12065550100".parse()?);
/// # let id = optin::OutgoingId::new(contact, optin::Revision::new(1), 0);
/// # let status = optin::Content::Status(optin::Status::new(optin::Crm::Salesforce, true));
/// # let outgoing = optin::Outgoing::new(id, chrono::DateTime::UNIX_EPOCH, status);
/// # let handover = optin::blocking::block_on(optin::Outbox::send(&salesforce, &outgoing));
/// # assert_eq!(handover, optin::Handover::NotSent { retry: true, code: None });
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Salesforce<C, A, R> {
    caller: Caller<C, A>,
    records: R,
    field: OptOutField,
    version: String,
    gatherer: Gatherer<Item>,
}

impl<C: Client, A: Accounts, R: Records> Salesforce<C, A, R> {
    /// Tells Salesforce through this client, with these accounts' tokens, on these records.
    pub fn new(client: C, accounts: A, records: R) -> Self {
        let new = Self {
            caller: Caller::new(client, accounts),
            records,
            field: OptOutField::default(),
            version: String::new(),
            gatherer: Gatherer::new(),
        };
        new.with_version(VERSION.0, VERSION.1)
    }

    /// The same, with another field.
    #[must_use]
    pub fn with_field(self, field: OptOutField) -> Self {
        Self { field, ..self }
    }

    /// The same, calling this version of Salesforce's API. Default: 62.0; older than 46.0 there
    /// are no external ids.
    #[must_use]
    pub fn with_version(self, major: u16, minor: u16) -> Self {
        Self { version: alloc::format!("{major}.{minor}"), ..self }
    }

    /// The same, with another clock for how long an account waits: for tests.
    #[must_use]
    pub fn with_clock(self, clock: impl Fn() -> Instant + Send + Sync + 'static) -> Self {
        Self { caller: self.caller.with_clock(clock), ..self }
    }

    /// The field, to read Salesforce's changes by.
    pub fn field(&self) -> &OptOutField {
        &self.field
    }

    async fn item(&self, outgoing: &Outgoing) -> Result<Item, Handover> {
        let status = self.caller.status(outgoing, Crm::Salesforce)?;
        let contact = &outgoing.id.contact;
        let records = caller::place(self.records.records(contact).await, Vec::is_empty)?;
        let (contact, records) = (contact.clone(), distinct(records));
        let item = Item { contact, records, opted_out: status.opted_out };
        if item.records.len() > MOST_RECORDS || groups([&item]) > MOST_GROUPS {
            return Err(code::refused(code::named("too_many_records")));
        }
        Ok(item)
    }

    async fn write(&self, account: &AccountId, access: &Access, part: &[Write<'_>]) -> Called {
        let Some(first) = part.first() else {
            return Called::Each(Vec::new());
        };
        let path = request::path(&self.version, &first.record.group);
        let body = request::body(part, &self.field);
        let request = access.request(Method::PATCH, &path, body);
        let read = |answer: &_| answer::read(answer, part);
        self.caller.call(account, access, request, read).await
    }
}

impl<C: Client, A: Accounts, R: Records> Outbox for Salesforce<C, A, R> {
    async fn send(&self, outgoing: &Outgoing) -> Handover {
        let item = match self.item(outgoing).await {
            Ok(item) => item,
            Err(handover) => return handover,
        };
        self.gatherer.send(self, outgoing.id.contact.account(), item).await
    }
}

impl<C: Client, A: Accounts, R: Records> Calls for Salesforce<C, A, R> {
    type Item = Item;
    type Ready = Access;

    async fn ready(&self, account: &AccountId) -> Result<Access, Handover> {
        self.caller.ready(account).await
    }

    fn fits(&self, batch: &[Item], next: &Item) -> bool {
        let records = || batch.iter().flat_map(|item| &item.records);
        records().count() + next.records.len() <= MOST_RECORDS
            && groups(batch.iter().chain([next])) <= MOST_GROUPS
            && batch.iter().all(|item| item.contact != next.contact)
            && next.records.iter().all(|next| records().all(|record| record.is_apart_from(next)))
    }

    async fn call(&self, account: &AccountId, access: Access, batch: &[Item]) -> Vec<Handover> {
        let writes = request::writes(batch);
        let (access, written) = (&access, writes.as_slice());
        let parts: Vec<Range<usize>> = request::parts(written);
        let clock = self.caller.clock();
        let each = split::call(clock, written.len(), parts, |part| {
            self.write(account, access, &written[part])
        })
        .await;
        let mut answers = vec![None; batch.len()];
        for (write, handover) in writes.iter().zip(each) {
            let answer = &mut answers[write.item];
            *answer = Some(match answer.take() {
                Some(other) if badness(&other) >= badness(&handover) => other,
                Some(_) | None => handover,
            });
        }
        answers.into_iter().map(|answer| answer.unwrap_or(Handover::Unknown)).collect()
    }
}

/// Which of two records' hand-overs counts for the contact: the higher.
fn badness(handover: &Handover) -> u8 {
    match handover {
        Handover::Accepted { .. } => 0,
        Handover::NotSent { retry: false, .. } | Handover::Blocked { .. } => 1,
        Handover::NotSent { retry: true, .. } => 2,
        Handover::Unknown => 3,
    }
}

/// The records without those that surely are another of them.
fn distinct(records: Vec<Record>) -> Vec<Record> {
    let mut kept: Vec<Record> = Vec::new();
    for record in records.into_iter().take(MOST_RECORDS + 1) {
        if kept.iter().all(|other| other.is_apart_from(&record)) {
            kept.push(record);
        }
    }
    kept
}

fn groups<'a>(items: impl IntoIterator<Item = &'a Item>) -> usize {
    let groups: BTreeSet<_> =
        items.into_iter().flat_map(|item| &item.records).map(|record| &record.group).collect();
    groups.len()
}

impl<C, A, R> fmt::Debug for Salesforce<C, A, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Salesforce").field("field", &self.field).finish_non_exhaustive()
    }
}
