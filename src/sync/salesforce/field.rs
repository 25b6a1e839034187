//! The field of a Salesforce record that says whether its person is opted out.

use alloc::string::String;

use crate::{
    consent::event::{Event, Source},
    sync::name::{InvalidName, checked},
};

/// A checkbox of Contact and Lead, checked when opted out. Default: `SMS_Opt_Out__c`.
///
/// It must stand on every object that [`Records`](super::Records) name, and the token's user must
/// be allowed to change it; until then statuses are refused and tried again.
///
/// ```
/// use optin::sync::salesforce::OptOutField;
///
/// let field = OptOutField::new("No_Texts__c")?;
/// # let _ = field;
/// # Ok::<(), optin::sync::InvalidName>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptOutField(String);

impl OptOutField {
    /// The field of this name.
    ///
    /// # Errors
    /// [`InvalidName`]: not a name.
    pub fn new(name: &str) -> Result<Self, InvalidName> {
        checked(name, "opt-out field").map(Self)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.0
    }

    /// What a change in Salesforce means, as change events, outbound messages and queries report
    /// it: a field and `true` or `false`. `None`: a field that says nothing of consent.
    ///
    /// It can only opt out, whatever it says (R5.1): `true` does, and Salesforce is told again
    /// where it says something else than what holds (R6.5). Anything else counts as nothing said.
    /// What we wrote ourselves and hear of again changes nothing and is not answered.
    ///
    /// ```
    /// use optin::{Event, Source, sync::salesforce::OptOutField};
    ///
    /// let event = Event::Added { source: Source::Salesforce, opted_out: Some(true) };
    /// assert_eq!(OptOutField::default().changed("SMS_Opt_Out__c", "true"), Some(event));
    /// assert_eq!(OptOutField::default().changed("LastName", "true"), None);
    /// ```
    pub fn changed(&self, name: &str, value: &str) -> Option<Event<'static>> {
        let opted_out = match value.trim() {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        };
        // Salesforce does not tell names apart by case.
        let ours = name.eq_ignore_ascii_case(&self.0);
        ours.then_some(Event::Added { source: Source::Salesforce, opted_out })
    }
}

impl Default for OptOutField {
    fn default() -> Self {
        Self("SMS_Opt_Out__c".into())
    }
}
