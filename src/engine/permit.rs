//! The send gate as a value: who holds a [`Permit`] may message the contact.

use chrono::{DateTime, TimeDelta, Utc};

use crate::consent::{contact::Contact, record::Record, time};

/// How long a permit is good for.
const VALIDITY: TimeDelta = TimeDelta::seconds(30);

/// Leave to message one contact once, within 30 seconds (R1.1).
///
/// Only [`Engine::permit`](crate::Engine::permit) makes one. It is neither cloned nor stored, and
/// [`Engine::send`](crate::Engine::send) refuses it once the contact's record has changed, an
/// opt-out included. A host that sends by itself takes a `Permit` in its own send function, so
/// that a message to someone who has not opted in does not compile; an opt-out within its 30
/// seconds cannot reach it there.
///
/// ```compile_fail
/// fn twice(permit: optin::Permit) -> (optin::Permit, optin::Permit) {
///     (permit.clone(), permit)
/// }
/// ```
///
/// ```compile_fail
/// let permit = optin::Permit { contact: todo!(), record: todo!(), made_at: todo!() };
/// ```
#[derive(Debug)]
#[must_use = "a permit that is not used ends by itself"]
pub struct Permit {
    contact: Contact,
    record: Record,
    made_at: DateTime<Utc>,
}

impl Permit {
    pub(super) fn new(contact: Contact, record: Record, made_at: DateTime<Utc>) -> Self {
        Self { contact, record, made_at }
    }

    /// Whom it is for.
    pub fn contact(&self) -> &Contact {
        &self.contact
    }

    /// When it ends.
    pub fn ends_at(&self) -> DateTime<Utc> {
        time::after(self.made_at, VALIDITY)
    }

    /// What it is for, if it is still good.
    pub(super) fn open(self, now: DateTime<Utc>) -> Option<(Contact, Record)> {
        (time::elapsed(self.made_at, now) < VALIDITY).then_some((self.contact, self.record))
    }
}
