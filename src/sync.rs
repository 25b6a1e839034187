//! CRMs that are told statuses (R6.5), and tell them.
//!
//! [`HubSpot`](hubspot::HubSpot) and [`Salesforce`](salesforce::Salesforce) are each an
//! [`Outbox`](crate::Outbox) for statuses: a host's own outbox looks at the content and forwards
//! statuses to them, texts to its provider. Both work in the same way:
//!
//! - What waits at the same moment goes in one call, and one call at a time is under way for an
//!   account. Let many dispatchers run at once, as threads or as futures: one of them makes the
//!   call for all that wait, and must be polled or dropped: they wait for it. There is no timer
//!   and no thread.
//! - Accepted is only what the CRM's answer says of this very contact. What it does not say is
//!   [`Unknown`](crate::Handover::Unknown) and told again.
//! - They never retry: the engine does, with its back-off. What the CRM refuses for the contact's
//!   own sake is set aside and listed ([`Archive::set_aside`](crate::Archive::set_aside)).
//! - The code of a [`NotSent`](crate::Handover::NotSent) is the answer's status, a space and the
//!   CRM's word for it, where it has one: `429 DAILY`, `403 REQUEST_LIMIT_EXCEEDED`. Where nothing
//!   was asked it is one of these:
//!
//! | code | retry | why |
//! |---|---|---|
//! | `not_a_status` | no | it was a text |
//! | `other_crm` | no | it was a status for another CRM |
//! | `not_connected` | yes | [`Accounts::access`] had none |
//! | `not_found_now` | yes | where the contact is could not be looked up now |
//! | `unknown_contact` | no | the host knows no record of the contact at the CRM |
//! | `too_many_records` | no | a contact with more records than one call takes |
//! | `not_tried` | yes | the call for others of its batch took up the time |

mod access;
mod batch;
mod caller;
mod clock;
mod code;
mod found;
mod name;
mod pause;
mod split;

#[cfg(feature = "hubspot")]
pub mod hubspot;
#[cfg(feature = "salesforce")]
pub mod salesforce;

pub use self::{
    access::{Access, Accounts, InvalidAccess},
    found::Found,
    name::InvalidName,
};
