//! The properties of a HubSpot contact that statuses are written to, and read from.

use alloc::string::String;

use crate::{
    consent::event::{Event, Source},
    sync::name::{InvalidName, checked},
};

/// Which properties of a contact are written, and by which one it is found.
///
/// Three properties must stand in the account, or its statuses are refused and tried again until
/// they do (the code says `PROPERTY_DOESNT_EXIST`):
///
/// | property | default name | HubSpot's type |
/// |---|---|---|
/// | opted out | `sms_opted_out` | `bool`, or any that takes `true` and `false` |
/// | when that was decided | `sms_opted_out_updated_at` | `datetime`: UTC, with milliseconds |
/// | what the contact is found by | none | text, **unique** |
///
/// HubSpot's own `phone` and `mobilephone` are not unique: two contacts may share a number, and an
/// upsert by them is refused. Make a property with `hasUniqueValue` ("require unique values"); only
/// a new one can be made so, and a contact can have ten. HubSpot makes a contact where it finds
/// none. (HubSpot's pages "Properties", "Unique Properties support for newly created Contact
/// properties" and "Upsert a batch of contacts".)
///
/// ```
/// use optin::sync::hubspot::Properties;
///
/// let properties = Properties::found_by("sms_number")?.opted_out("sms_blocked")?;
/// # let _ = properties;
/// assert!(Properties::found_by("phone").is_err());
/// # Ok::<(), optin::sync::InvalidName>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Properties {
    pub(super) id: String,
    pub(super) opted_out: String,
    pub(super) updated_at: String,
}

/// Standard properties that several contacts may share.
const SHARED: [&str; 4] =
    ["phone", "mobilephone", "hs_whatsapp_phone_number", "hs_calculated_phone_number"];

impl Properties {
    /// The default names, and contacts found by this unique property: one of the account's own,
    /// `email`, or HubSpot's record id (`hs_object_id`).
    ///
    /// What stands in it is the contact's number, unless [`Ids`](super::Ids) say otherwise.
    ///
    /// # Errors
    /// [`InvalidName`]: not a name, or that of a property of HubSpot's that is not unique.
    pub fn found_by(id: &str) -> Result<Self, InvalidName> {
        let id = checked(id, "id property")?;
        if SHARED.contains(&id.as_str()) {
            return Err(InvalidName::NotUnique { what: "id property" });
        }
        let (opted_out, updated_at) = ("sms_opted_out".into(), "sms_opted_out_updated_at".into());
        Self { id, opted_out, updated_at }.distinct()
    }

    /// The same, with another property that says whether the contact is opted out.
    ///
    /// # Errors
    /// [`InvalidName`]: not a name, or one of the others.
    pub fn opted_out(self, name: &str) -> Result<Self, InvalidName> {
        Self { opted_out: checked(name, "opt-out property")?, ..self }.distinct()
    }

    /// The same, with another property that says when that was decided.
    ///
    /// # Errors
    /// [`InvalidName`]: not a name, or one of the others.
    pub fn updated_at(self, name: &str) -> Result<Self, InvalidName> {
        Self { updated_at: checked(name, "time property")?, ..self }.distinct()
    }

    /// What a change in HubSpot means: the `propertyName` and `propertyValue` of a
    /// `contact.propertyChange` (or `object.propertyChange`) of its webhooks. `None`: a property
    /// that says nothing of consent.
    ///
    /// It can only opt out, whatever it says (R5.1): `true` does, and HubSpot is told again where
    /// it says something else than what holds (R6.5). Anything but `true` and `false`, a cleared
    /// property say, counts as nothing said. What we wrote ourselves and hear of again changes
    /// nothing and is not answered.
    ///
    /// The host verifies the webhook's signature, knows whose account it came from, and finds the
    /// number by its `objectId`.
    ///
    /// ```
    /// use optin::{Event, Source, sync::hubspot::Properties};
    ///
    /// let properties = Properties::found_by("sms_number")?;
    /// let event = Event::Added { source: Source::Hubspot, opted_out: Some(true) };
    /// assert_eq!(properties.changed("sms_opted_out", "true"), Some(event));
    /// assert_eq!(properties.changed("firstname", "true"), None);
    /// # Ok::<(), optin::sync::InvalidName>(())
    /// ```
    pub fn changed(&self, name: &str, value: &str) -> Option<Event<'static>> {
        let opted_out = match value.trim() {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        };
        (name == self.opted_out).then_some(Event::Added { source: Source::Hubspot, opted_out })
    }

    /// HubSpot's own id of a record, which cannot be written.
    pub(super) fn by_record_id(&self) -> bool {
        self.id == "hs_object_id"
    }

    fn distinct(self) -> Result<Self, InvalidName> {
        let Self { id, opted_out, updated_at } = &self;
        if id == opted_out || id == updated_at || opted_out == updated_at {
            return Err(InvalidName::Twice { what: "property" });
        }
        Ok(self)
    }
}
