//! Which records of Salesforce a contact is: by id, or by an external id.

use alloc::{string::String, sync::Arc, vec::Vec};
use core::{fmt, future::Future};

use crate::{
    consent::contact::Contact,
    sync::{
        Found,
        name::{InvalidName, checked},
    },
};

/// Which records a contact is.
///
/// A contact may be several: a Contact and a Lead, or two Leads with one number. Its status is
/// accepted when all of them took it. A record must be of one contact only: of two numbers on one
/// record the later status would hold for both.
///
/// ```
/// use optin::{Contact, sync::{Found, salesforce::{Record, Records}}};
///
/// /// The host's own table of numbers and records.
/// struct Table;
///
/// impl Records for Table {
///     async fn records(&self, contact: &Contact) -> Found<Vec<Record>> {
///         # let _ = contact;
///         match Record::by_id("Contact", "003xx000004TmiQAAS") {
///             Ok(record) => Found::Here(vec![record]),
///             Err(_) => Found::Nowhere,
///         }
///     }
/// }
/// ```
pub trait Records: Send + Sync {
    /// The contact's records, at most 200; none is [`Found::Nowhere`].
    fn records(&self, contact: &Contact) -> impl Future<Output = Found<Vec<Record>>> + Send;
}

impl<R: Records> Records for &R {
    fn records(&self, contact: &Contact) -> impl Future<Output = Found<Vec<Record>>> + Send {
        R::records(self, contact)
    }
}

impl<R: Records> Records for Arc<R> {
    fn records(&self, contact: &Contact) -> impl Future<Output = Found<Vec<Record>>> + Send {
        R::records(self, contact)
    }
}

/// One record: its object and what it is found by. `Debug` shows the object alone.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Record {
    pub(super) group: Group,
    /// The id, or the value of the external id field.
    pub(super) key: String,
}

/// What can go in one call: records by id, whatever their object; or by one field of one object.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Group {
    ById { object: String },
    ByExternalId { object: String, field: String },
}

impl Record {
    /// The record of this object (`Contact`, `Lead`) with this id of 15 or 18 letters and digits.
    ///
    /// # Errors
    /// [`InvalidName`]: the object is no name, or the id none.
    pub fn by_id(object: &str, id: &str) -> Result<Self, InvalidName> {
        let object = checked(object, "object")?;
        let alphanumeric = id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !alphanumeric || !matches!(id.len(), 15 | 18) {
            return Err(InvalidName::Value { what: "record id" });
        }
        Ok(Self { group: Group::ById { object }, key: id.into() })
    }

    /// The record of this object whose external id field has this value. Salesforce makes one
    /// where there is none, if it can without any other field.
    ///
    /// # Errors
    /// [`InvalidName`]: object or field are no name, or the value is empty.
    pub fn by_external_id(object: &str, field: &str, value: &str) -> Result<Self, InvalidName> {
        let (object, field) = (checked(object, "object")?, checked(field, "external id field")?);
        if value.is_empty() {
            return Err(InvalidName::Value { what: "external id" });
        }
        Ok(Self { group: Group::ByExternalId { object, field }, key: value.into() })
    }

    /// Whether both are surely two records: ids of 18 are ids of 15 with three letters behind,
    /// and external ids are compared without case.
    pub(super) fn is_apart_from(&self, other: &Self) -> bool {
        match (&self.group, &other.group) {
            (Group::ById { .. }, Group::ById { .. }) => !is_same_id(&self.key, &other.key),
            (ours, theirs) => ours != theirs || !self.key.eq_ignore_ascii_case(&other.key),
        }
    }
}

/// Whether two ids name one record, in their short form or their long one.
pub(super) fn is_same_id(one: &str, other: &str) -> bool {
    matches!((one.get(..15), other.get(..15)), (Some(one), Some(other)) if one == other)
}

impl Group {
    pub(super) fn object(&self) -> &str {
        match self {
            Self::ById { object } | Self::ByExternalId { object, .. } => object,
        }
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Record({}, ..)", self.group.object())
    }
}
