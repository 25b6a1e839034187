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

use alloc::vec::Vec;
use core::fmt;
use std::time::Instant;

use http::Method;

use self::{
    answer::Read,
    request::{Input, MOST, PATH},
};
pub use self::{
    ids::{Ids, Numbers},
    properties::Properties,
};
use super::{
    Found,
    access::{Access, Accounts},
    batch::{Calls, Gatherer},
    clock::Clock,
    code,
    pause::Pauses,
    split::{self, Called},
};
use crate::{
    client::{CallFailed, Client},
    consent::{
        id::AccountId,
        outgoing::{Content, Crm, Handover, Outgoing},
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
    client: C,
    accounts: A,
    ids: I,
    properties: Properties,
    pauses: Pauses,
    gatherer: Gatherer<Input>,
}

impl<C: Client, A: Accounts> HubSpot<C, A> {
    /// Tells HubSpot through this client, with these accounts' tokens, and finds contacts by their
    /// numbers.
    pub fn new(client: C, accounts: A, properties: Properties) -> Self {
        let (pauses, gatherer) = (Pauses::default(), Gatherer::new());
        Self { client, accounts, ids: Numbers, properties, pauses, gatherer }
    }
}

impl<C: Client, A: Accounts, I: Ids> HubSpot<C, A, I> {
    /// The same, finding contacts by these ids.
    #[must_use]
    pub fn with_ids<J: Ids>(self, ids: J) -> HubSpot<C, A, J> {
        let Self { client, accounts, properties, pauses, gatherer, ids: _ } = self;
        HubSpot { client, accounts, ids, properties, pauses, gatherer }
    }

    /// The same, with another clock for how long an account waits: for tests.
    #[must_use]
    pub fn with_clock(self, clock: impl Fn() -> Instant + Send + Sync + 'static) -> Self {
        Self { pauses: Pauses::new(Clock::new(clock)), ..self }
    }

    /// The properties, to read HubSpot's webhooks by.
    pub fn properties(&self) -> &Properties {
        &self.properties
    }

    async fn upsert(&self, account: &AccountId, access: &Access, inputs: &[Input]) -> Called {
        let body = request::body(inputs, &self.properties);
        let answer = self.client.call(access.request(Method::POST, PATH, body)).await;
        let Read { called, pause, expired } = match &answer {
            Ok(answer) => answer::read(answer, inputs, &self.properties),
            Err(CallFailed::NotSent) => {
                return Called::Over(code::again(None), code::again(None));
            }
            Err(CallFailed::Unknown) => {
                return Called::Over(Handover::Unknown, code::again(code::named("not_tried")));
            }
        };
        if expired {
            self.accounts.expired(account, access);
        }
        if let Some((length, code)) = pause {
            self.pauses.begin(account, length, code);
        }
        called
    }
}

impl<C: Client, A: Accounts, I: Ids> Outbox for HubSpot<C, A, I> {
    async fn send(&self, outgoing: &Outgoing) -> Handover {
        let status = match &outgoing.content {
            Content::Status(status) => *status,
            Content::Text(_) => return code::refused(code::named("not_a_status")),
        };
        if status.crm != Crm::Hubspot {
            return code::refused(code::named("other_crm"));
        }
        let contact = &outgoing.id.contact;
        if let Some(waits) = self.pauses.of(contact.account()) {
            return waits;
        }
        let id = match self.ids.id(contact).await {
            Found::Here(id) if !id.is_empty() => id,
            Found::Here(_) | Found::Nowhere => {
                return code::refused(code::named("unknown_contact"));
            }
            Found::NotNow => return code::again(code::named("not_found_now")),
        };
        let input = Input::new(outgoing, id, status.opted_out);
        self.gatherer.send(self, contact.account(), input).await
    }
}

impl<C: Client, A: Accounts, I: Ids> Calls for HubSpot<C, A, I> {
    type Item = Input;
    type Ready = Access;

    async fn ready(&self, account: &AccountId) -> Result<Access, Handover> {
        // The call before it may have begun a pause.
        if let Some(waits) = self.pauses.of(account) {
            return Err(waits);
        }
        let access = self.accounts.access(account).await;
        access.ok_or_else(|| code::again(code::named("not_connected")))
    }

    fn fits(&self, batch: &[Input], next: &Input) -> bool {
        batch.len() < MOST && batch.iter().all(|input| input.is_apart_from(next))
    }

    async fn call(&self, account: &AccountId, access: Access, batch: &[Input]) -> Vec<Handover> {
        let access = &access;
        let whole = alloc::vec![0..batch.len()];
        split::call(&self.pauses.clock, batch.len(), whole, |part| {
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
