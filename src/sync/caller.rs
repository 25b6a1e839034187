//! What every CRM does around a call: who is called now, and what an answer means for the account.

use alloc::vec::Vec;
use core::time::Duration;
use std::time::Instant;

use http::{Request, Response};

use super::{
    access::{Access, Accounts},
    clock::Clock,
    code,
    found::Found,
    pause::Pauses,
    split::Called,
};
use crate::{
    client::{CallFailed, Client},
    consent::{
        id::{AccountId, CarrierCode},
        outgoing::{Content, Crm, Handover, Outgoing, Status},
    },
};

/// The host's client and accounts, and the accounts that wait.
pub(super) struct Caller<C, A> {
    client: C,
    accounts: A,
    pauses: Pauses,
}

/// What an answer means for its batch, and for the account's next calls.
pub(super) struct Read {
    pub(super) called: Called,
    /// How long the account waits, and why.
    pub(super) pause: Option<(Duration, Option<CarrierCode>)>,
    pub(super) expired: bool,
}

impl<C: Client, A: Accounts> Caller<C, A> {
    pub(super) fn new(client: C, accounts: A) -> Self {
        Self { client, accounts, pauses: Pauses::default() }
    }

    pub(super) fn with_clock(self, clock: impl Fn() -> Instant + Send + Sync + 'static) -> Self {
        Self { pauses: Pauses::new(Clock::new(clock)), ..self }
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.pauses.clock
    }

    /// The status that this CRM is to be told now.
    pub(super) fn status(&self, outgoing: &Outgoing, crm: Crm) -> Result<Status, Handover> {
        let status = match &outgoing.content {
            Content::Status(status) => *status,
            Content::Text(_) => return Err(code::refused(code::named("not_a_status"))),
        };
        if status.crm != crm {
            return Err(code::refused(code::named("other_crm")));
        }
        match self.pauses.of(outgoing.id.contact.account()) {
            Some(waits) => Err(waits),
            None => Ok(status),
        }
    }

    /// The account's access, unless it waits.
    pub(super) async fn ready(&self, account: &AccountId) -> Result<Access, Handover> {
        // The call before it may have begun a pause.
        if let Some(waits) = self.pauses.of(account) {
            return Err(waits);
        }
        let access = self.accounts.access(account).await;
        access.ok_or_else(|| code::again(code::named("not_connected")))
    }

    /// Makes the call, and does for the account what the answer asks for.
    pub(super) async fn call(
        &self,
        account: &AccountId,
        access: &Access,
        request: Request<Vec<u8>>,
        read: impl FnOnce(&Response<Vec<u8>>) -> Read,
    ) -> Called {
        let Read { called, pause, expired } = match self.client.call(request).await {
            Ok(answer) => read(&answer),
            Err(CallFailed::NotSent) => return Called::Over(code::again(None), code::again(None)),
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

/// Where the contact is, if it is somewhere now; `is_empty`: the host named no place.
pub(super) fn place<T>(found: Found<T>, is_empty: impl FnOnce(&T) -> bool) -> Result<T, Handover> {
    match found {
        Found::Here(place) if !is_empty(&place) => Ok(place),
        Found::Here(_) | Found::Nowhere => Err(code::refused(code::named("unknown_contact"))),
        Found::NotNow => Err(code::again(code::named("not_found_now"))),
    }
}
