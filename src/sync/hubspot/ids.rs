//! By what HubSpot finds a contact: its number, or what the host has instead.

use alloc::{string::String, sync::Arc};
use core::future::Future;

use crate::{consent::contact::Contact, sync::Found};

/// What stands in the id property of a contact.
///
/// It must be the contact's alone: of two numbers under one id the later status would hold for
/// both.
///
/// ```
/// use optin::{Contact, sync::{Found, hubspot::Ids}};
///
/// /// E-mail addresses of the host's own table, for `Properties::found_by("email")`.
/// struct Addresses;
///
/// impl Ids for Addresses {
///     async fn id(&self, contact: &Contact) -> Found<String> {
///         # let _ = contact;
///         Found::Nowhere
///     }
/// }
/// ```
pub trait Ids: Send + Sync {
    /// The contact's id at HubSpot.
    fn id(&self, contact: &Contact) -> impl Future<Output = Found<String>> + Send;
}

/// The contact's number in E.164 is its id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Numbers;

impl Ids for Numbers {
    async fn id(&self, contact: &Contact) -> Found<String> {
        Found::Here(contact.number().to_e164())
    }
}

impl<I: Ids> Ids for &I {
    fn id(&self, contact: &Contact) -> impl Future<Output = Found<String>> + Send {
        I::id(self, contact)
    }
}

impl<I: Ids> Ids for Arc<I> {
    fn id(&self, contact: &Contact) -> impl Future<Output = Found<String>> + Send {
        I::id(self, contact)
    }
}
