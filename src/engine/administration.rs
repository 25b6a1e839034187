//! What a host's own screens and HTTP API show and change: settings, contacts, a timeline.

use alloc::vec::Vec;

use chrono::{DateTime, Utc};

use super::{ChangePolicyError, Engine, HandleError};
use crate::{
    consent::{
        actor::Actor,
        body::Note,
        contact::{Contact, PhoneNumber},
        event::{Event, Override},
        id::AccountId,
        ledger::Entry,
        policy::{InvalidPolicy, Policy},
        record::{Record, Revision},
        settings::Settings,
        standing::Standing,
        state::ConsentState,
    },
    outbox::Outbox,
    storage::{Archive, CurrentPolicy, Storage},
};

/// Entries or contacts of the longest page; a longer one that is asked for is cut to this.
const MAX_PAGE: usize = 1_000;

/// An account's settings as a host's API shows them and takes them back.
///
/// As JSON: `{"revision":3,"settings":{"double_opt_in":true,...}}`. Settings left out take their
/// default, so a client sends back all that it was shown.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[allow(clippy::exhaustive_structs, reason = "hosts write it out")]
pub struct AccountSettings {
    /// How often they changed; when they come back, the revision that the change was made of.
    pub revision: Revision,
    /// The settings, checked or not.
    pub settings: Settings,
}

impl From<CurrentPolicy> for AccountSettings {
    fn from(current: CurrentPolicy) -> Self {
        Self { revision: current.revision, settings: current.policy.settings().clone() }
    }
}

/// A change of a contact's status by hand, as a host's API takes it (R5.3, R5.4).
///
/// As JSON: `{"to":"active","note":"by phone"}`. Who makes it never comes with it, but from the
/// host's login.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[allow(clippy::exhaustive_structs, reason = "hosts write it out")]
pub struct StatusChange {
    /// To what.
    pub to: Override,
    /// Why, in the words of whoever does it; needed where the contact had opted out.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub note: Option<Note>,
}

impl StatusChange {
    /// The event to [`handle`](Engine::handle).
    pub fn by(self, actor: Actor) -> Event<'static> {
        Event::Overridden { actor, to: self.to, note: self.note }
    }
}

/// A contact as a host's screens show it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ContactStatus {
    /// The contact's number.
    pub number: PhoneNumber,
    /// Where it stands, by name.
    pub standing: Standing,
    /// The status that others are told (R1.2).
    pub opted_out: bool,
    /// All that is stored of its consent.
    pub state: ConsentState,
    /// When the next reminder could go, in answer to a text: past or future; absent when none can.
    pub next_reminder_at: Option<DateTime<Utc>>,
}

impl ContactStatus {
    fn new(number: PhoneNumber, record: &Record, policy: &Policy) -> Self {
        Self {
            number,
            standing: record.state.standing(),
            opted_out: record.state.opted_out(),
            state: record.state,
            next_reminder_at: record.next_reminder_at(policy),
        }
    }
}

/// Some of an account's contacts, by number.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ContactPage {
    /// The contacts.
    pub contacts: Vec<ContactStatus>,
    /// What to ask for the next page with; absent after the last.
    pub next: Option<PhoneNumber>,
}

/// Some of a contact's ledger entries, in their order.
///
/// They hold numbers and texts: who may read them is the host's decision.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Timeline {
    /// The entries.
    pub entries: Vec<Entry>,
    /// What to ask for the next page with; absent after the last.
    pub next: Option<u64>,
}

impl<S, O, C> Engine<S, O, C>
where
    S: Storage,
    O: Outbox,
    C: Fn() -> DateTime<Utc> + Send + Sync,
{
    /// Puts these settings in the place of those at `changed.revision`, whole or not at all.
    ///
    /// Needs `compliance_settings`. For a form that one person sees and another may have saved
    /// meanwhile; [`change_policy`](Engine::change_policy) is for code.
    ///
    /// # Errors
    /// [`ChangePolicyError::Changed`] when other settings are in force by now: show those. Else as
    /// [`change_policy`](Engine::change_policy): the settings are as they were, and the ledger has
    /// the attempt.
    pub async fn change_settings(
        &self,
        account: &AccountId,
        actor: &Actor,
        changed: AccountSettings,
    ) -> Result<Revision, ChangePolicyError<S::Error, InvalidPolicy>> {
        let AccountSettings { revision, settings } = changed;
        let edit = |_: &Policy| Policy::new(settings.clone());
        self.edit_policy(account, actor, Some(revision), edit).await
    }

    /// The contact as screens show it; `None` when nothing is stored of it.
    ///
    /// # Errors
    /// [`HandleError::Storage`]; try again.
    pub async fn contact(
        &self,
        contact: &Contact,
    ) -> Result<Option<ContactStatus>, HandleError<S::Error>> {
        let snapshot = self.load(contact).await?;
        let policy = &snapshot.current.policy;
        Ok(snapshot.record.map(|record| ContactStatus::new(contact.number(), &record, policy)))
    }
}

impl<S, O, C> Engine<S, O, C>
where
    S: Archive,
    O: Outbox,
    C: Fn() -> DateTime<Utc> + Send + Sync,
{
    /// The account's contacts by number, at most `limit` (1 to 1,000) after `after`; with
    /// `standing` those alone who stand so. How many there are says [`Archive::counts`].
    ///
    /// # Errors
    /// The storage's own; try again.
    pub async fn contacts(
        &self,
        account: &AccountId,
        standing: Option<Standing>,
        after: Option<PhoneNumber>,
        limit: usize,
    ) -> Result<ContactPage, S::Error> {
        let limit = limit.clamp(1, MAX_PAGE);
        let current = self.policy(account).await?;
        let listed = self.storage.contacts(account, standing, after, limit).await?;
        let full = listed.len() >= limit;
        let next = listed.last().map(|(number, _)| *number).filter(|_| full);
        let contacts = listed
            .iter()
            .map(|(number, record)| ContactStatus::new(*number, record, &current.policy));
        Ok(ContactPage { contacts: contacts.collect(), next })
    }

    /// The contact's ledger entries, at most `limit` (1 to 1,000) from number `from` (from 0) on.
    ///
    /// # Errors
    /// The storage's own; try again.
    pub async fn timeline(
        &self,
        contact: &Contact,
        from: u64,
        limit: usize,
    ) -> Result<Timeline, S::Error> {
        let limit = limit.clamp(1, MAX_PAGE);
        let entries = self.storage.history(contact, from, limit).await?;
        let full = entries.len() >= limit;
        let next = full.then(|| from.saturating_add(entries.len() as u64));
        Ok(Timeline { entries, next })
    }
}
