//! HubSpot: statuses as properties of its contacts.
//!
//! What becomes of a status, by HubSpot's answer (its pages "Error handling" and "API usage
//! guidelines"):
//!
//! | answer | hand-over |
//! |---|---|
//! | 200, 201, 207: a result names the input, by its trace id or the value of the id property | accepted |
//! | 207: an error names the input (`context.objectWriteTraceId`, `context.ids`) as `VALIDATION_ERROR` or `OBJECT_NOT_FOUND` | not sent, set aside |
//! | 207: another error names the input | not sent, tried again |
//! | 200, 201, 207: neither, both, or unreadable; a status other than `COMPLETE` | unknown, told again |
//! | 400, 404, 409, 422 of HubSpot's (JSON with a `category`) | the batch is halved until the refused contact is alone: that one as an error above |
//! | any with `PROPERTY_DOESNT_EXIST` | not sent, tried again: the account's set-up |
//! | 401 | not sent, tried again; [`Accounts::expired`] is told |
//! | 403, another 4xx of HubSpot's | not sent, tried again: the token lacks a scope, say |
//! | 429, 423, 477 | not sent, tried again; the account is not called before `Retry-After` |
//! | 408, 5xx, redirects, anything else | unknown, told again |

mod answer;
mod ids;
mod properties;
mod request;

use alloc::{string::String, vec::Vec};
use core::fmt;
use std::time::Instant;

use http::Method;

use self::request::{Input, MOST, PATH};
pub use self::{
    ids::{Ids, Numbers},
    properties::Properties,
};
use super::{
    access::{Access, Accounts},
    batch::{Calls, Gatherer},
    caller::{self, Caller},
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

/// HubSpot's address, for [`Access::new`].
pub const ADDRESS: &str = "https://api.hubapi.com";

/// An outbox for statuses to HubSpot.
///
/// ```
/// use http::{Request, Response};
/// use optin::{
///     AccountId, Handover, Outbox, Outgoing,
///     client::{CallFailed, Client},
///     sync::{Access, Accounts, hubspot::{self, HubSpot, Properties}},
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
///         Access::new(hubspot::ADDRESS, "the token of this account").ok()
///     }
///
///     fn expired(&self, _account: &AccountId, _access: &Access) {}
/// }
///
/// let hubspot = HubSpot::new(Host, Host, Properties::found_by("sms_number")?);
///
/// /// The host's outbox sends texts itself.
/// struct Everything(HubSpot<Host, Host>);
///
/// impl Outbox for Everything {
///     async fn send(&self, outgoing: &Outgoing) -> Handover {
///         use optin::{Content, Crm};
///         match &outgoing.content {
///             Content::Status(status) if status.crm == Crm::Hubspot => self.0.send(outgoing).await,
///             Content::Status(_) | Content::Text(_) => Handover::Unknown,
///         }
///     }
/// }
/// # let outbox = Everything(hubspot);
/// # let contact = optin::Contact::new(AccountId::new("acme")?, "+12065550100".parse()?);
/// # let id = optin::OutgoingId::new(contact, optin::Revision::new(1), 0);
/// # let status = optin::Status::new(optin::Crm::Hubspot, true);
/// # let outgoing = Outgoing::new(id, chrono::DateTime::UNIX_EPOCH, optin::Content::Status(status));
/// # let handover = optin::blocking::block_on(outbox.send(&outgoing));
/// # assert_eq!(handover, Handover::NotSent { retry: true, code: None });
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct HubSpot<C, A, I = Numbers> {
    caller: Caller<C, A>,
    ids: I,
    properties: Properties,
    gatherer: Gatherer<Input>,
}

impl<C: Client, A: Accounts> HubSpot<C, A> {
    /// Tells HubSpot through this client, with these accounts' tokens, and finds contacts by their
    /// numbers.
    pub fn new(client: C, accounts: A, properties: Properties) -> Self {
        let (caller, gatherer) = (Caller::new(client, accounts), Gatherer::new());
        Self { caller, ids: Numbers, properties, gatherer }
    }
}

impl<C: Client, A: Accounts, I: Ids> HubSpot<C, A, I> {
    /// The same, finding contacts by these ids.
    #[must_use]
    pub fn with_ids<J: Ids>(self, ids: J) -> HubSpot<C, A, J> {
        let Self { caller, properties, gatherer, ids: _ } = self;
        HubSpot { caller, ids, properties, gatherer }
    }

    /// The same, with another clock for how long an account waits: for tests.
    #[must_use]
    pub fn with_clock(self, clock: impl Fn() -> Instant + Send + Sync + 'static) -> Self {
        Self { caller: self.caller.with_clock(clock), ..self }
    }

    /// The properties, to read HubSpot's webhooks by.
    pub fn properties(&self) -> &Properties {
        &self.properties
    }

    async fn input(&self, outgoing: &Outgoing) -> Result<Input, Handover> {
        let status = self.caller.status(outgoing, Crm::Hubspot)?;
        let id = caller::place(self.ids.id(&outgoing.id.contact).await, String::is_empty)?;
        Ok(Input::new(outgoing, id, status.opted_out))
    }

    async fn upsert(&self, account: &AccountId, access: &Access, inputs: &[Input]) -> Called {
        let body = request::body(inputs, &self.properties);
        let request = access.request(Method::POST, PATH, body);
        let read = |answer: &_| answer::read(answer, inputs, &self.properties);
        self.caller.call(account, access, request, read).await
    }
}

impl<C: Client, A: Accounts, I: Ids> Outbox for HubSpot<C, A, I> {
    async fn send(&self, outgoing: &Outgoing) -> Handover {
        let input = match self.input(outgoing).await {
            Ok(input) => input,
            Err(handover) => return handover,
        };
        self.gatherer.send(self, outgoing.id.contact.account(), input).await
    }
}

impl<C: Client, A: Accounts, I: Ids> Calls for HubSpot<C, A, I> {
    type Item = Input;
    type Ready = Access;

    async fn ready(&self, account: &AccountId) -> Result<Access, Handover> {
        self.caller.ready(account).await
    }

    fn fits(&self, batch: &[Input], next: &Input) -> bool {
        batch.len() < MOST && batch.iter().all(|input| input.is_apart_from(next))
    }

    async fn call(&self, account: &AccountId, access: Access, batch: &[Input]) -> Vec<Handover> {
        let access = &access;
        let whole = alloc::vec![0..batch.len()];
        split::call(self.caller.clock(), batch.len(), whole, |part| {
            self.upsert(account, access, &batch[part])
        })
        .await
    }
}

impl<C, A, I> fmt::Debug for HubSpot<C, A, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HubSpot").field("properties", &self.properties).finish_non_exhaustive()
    }
}
