//! Accounts that a CRM asked to wait: until then it is not called.

use core::time::Duration;
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use chrono::{DateTime, FixedOffset};
use http::{
    HeaderMap, HeaderName,
    header::{DATE, RETRY_AFTER},
};

use super::{clock::Clock, code};
use crate::consent::{
    id::{AccountId, CarrierCode},
    outgoing::Handover,
};

/// No account waits longer: HubSpot's own longest is a migration's.
const LONGEST: Duration = Duration::from_secs(24 * 3_600);

/// Who waits, until when, and why.
#[derive(Debug, Default)]
pub(super) struct Pauses {
    pub(super) clock: Clock,
    until: Mutex<HashMap<AccountId, (Instant, Option<CarrierCode>)>>,
}

impl Pauses {
    pub(super) fn new(clock: Clock) -> Self {
        Self { clock, until: Mutex::default() }
    }

    /// Why the account is not called now, if it waits.
    pub(super) fn of(&self, account: &AccountId) -> Option<Handover> {
        let now = self.clock.now();
        let mut until = self.until();
        let (end, code) = until.get(account)?;
        if now < *end {
            return Some(code::again(code.clone()));
        }
        until.remove(account);
        None
    }

    /// From now on the account waits.
    pub(super) fn begin(&self, account: &AccountId, length: Duration, code: Option<CarrierCode>) {
        let now = self.clock.now();
        let Some(end) = now.checked_add(length.min(LONGEST)) else {
            return;
        };
        let mut until = self.until();
        // Of accounts that nobody asked for since.
        until.retain(|_, (end, _)| now < *end);
        until.insert(account.clone(), (end, code));
    }

    fn until(&self) -> MutexGuard<'_, HashMap<AccountId, (Instant, Option<CarrierCode>)>> {
        self.until.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long an answer asks to wait, in seconds or until a date (RFC 9110, 10.2.3), which is read
/// by the answer's own date: clocks differ.
pub(super) fn asked_for(headers: &HeaderMap) -> Option<Duration> {
    let asked = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = asked.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let end = DateTime::parse_from_rfc2822(asked).ok()?;
    (end - date(headers, DATE)?).to_std().ok()
}

fn date(headers: &HeaderMap, name: HeaderName) -> Option<DateTime<FixedOffset>> {
    DateTime::parse_from_rfc2822(headers.get(name)?.to_str().ok()?).ok()
}
