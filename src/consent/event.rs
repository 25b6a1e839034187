//! What can happen to a contact.

use chrono::{DateTime, Utc};

use super::{
    actor::Actor,
    body::{Body, Note},
    id::{CarrierCode, InboxId, MessageId},
    outgoing::{Crm, MessageKind},
    record::Revision,
    state::OptOut,
};

/// What happened to a contact.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Event<'a> {
    /// A text came from the contact (RULES 4).
    Texted(Text<'a>),
    /// Somebody put the contact on the list (R5.1). The host decides who may.
    Added {
        /// Who did.
        source: Source,
        /// What they said of its status, if anything. `Some(false)` opts nobody in: it is as good
        /// as nothing, but to the CRM that said so.
        #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
        opted_out: Option<bool>,
    },
    /// The host said that a conversation stood before the engine came (R5.2). Who was erased, where
    /// that is remembered, is opted out by it.
    DeclaredExisting {
        /// Who said so; needs `compliance_settings`.
        actor: Actor,
    },
    /// Somebody set the contact active or opted out by hand (R5.3, R5.4).
    Overridden {
        /// Who did; needs `opt_in_management`.
        actor: Actor,
        /// To what.
        to: Override,
        /// Why, in their words.
        #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
        note: Option<Note>,
    },
    /// The provider said that the number has opted out (R5.5).
    ///
    /// Of somebody absent, erased or not, it makes a record: the provider's word is about the
    /// number, and nobody is to message it.
    CarrierBlocked {
        /// The provider's code: `21610`, `40300`.
        code: CarrierCode,
    },
    /// Staff or the host asked to message the contact (R5.6).
    MessageRequested(Message<'a>),
    /// The host asked for the contact's status to be sent to a CRM again (R6.5).
    StatusRequested {
        /// Which CRM.
        crm: Crm,
    },
    /// The hand-over of a text to the contact ended (R6.2).
    Settled(Settled),
}

impl Event<'_> {
    /// Its name, as JSON has it: `texted`, `added`, ...
    pub fn name(&self) -> &'static str {
        match self {
            Self::Texted(_) => "texted",
            Self::Added { .. } => "added",
            Self::DeclaredExisting { .. } => "declared_existing",
            Self::Overridden { .. } => "overridden",
            Self::CarrierBlocked { .. } => "carrier_blocked",
            Self::MessageRequested(_) => "message_requested",
            Self::StatusRequested { .. } => "status_requested",
            Self::Settled(_) => "settled",
        }
    }

    /// The same event without what anybody wrote: texts are empty, notes gone.
    pub(super) fn without_words(self) -> Self {
        match self {
            Self::Texted(text) => Self::Texted(Text { body: Body::from(""), ..text }),
            Self::MessageRequested(message) => {
                Self::MessageRequested(Message { body: Body::from(""), ..message })
            }
            Self::Overridden { actor, to, note: _ } => Self::Overridden { actor, to, note: None },
            Self::Added { .. }
            | Self::DeclaredExisting { .. }
            | Self::CarrierBlocked { .. }
            | Self::StatusRequested { .. }
            | Self::Settled(_) => self,
        }
    }

    /// The same event, owned.
    pub fn into_owned(self) -> Event<'static> {
        match self {
            Self::Texted(text) => Event::Texted(Text { body: text.body.into_owned(), ..text }),
            Self::Added { source, opted_out } => Event::Added { source, opted_out },
            Self::DeclaredExisting { actor } => Event::DeclaredExisting { actor },
            Self::Overridden { actor, to, note } => Event::Overridden { actor, to, note },
            Self::CarrierBlocked { code } => Event::CarrierBlocked { code },
            Self::MessageRequested(message) => {
                Event::MessageRequested(Message { body: message.body.into_owned(), ..message })
            }
            Self::StatusRequested { crm } => Event::StatusRequested { crm },
            Self::Settled(settled) => Event::Settled(settled),
        }
    }
}

/// A text from a contact.
///
/// ```
/// use optin::{InboxId, MessageId, Text};
///
/// let text = Text::new(InboxId::new("+18885550100")?, MessageId::new("SM1")?, "Hi");
/// assert!(!text.media);
/// # Ok::<(), optin::InvalidId>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Text<'a> {
    /// The inbox that it came in on.
    pub inbox: InboxId,
    /// The provider's id of it: with the inbox, what makes it the same text again (R4.1).
    pub id: MessageId,
    /// Its words.
    pub body: Body<'a>,
    /// Whether pictures or sound came with it: then it is never a yes (R2.7).
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "core::ops::Not::not"))]
    pub media: bool,
    /// Whether the provider has answered the opt-out or help word itself.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "core::ops::Not::not"))]
    pub provider_replied: bool,
    /// The provider's time of it, if known; later than the time of handling counts as that.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub sent_at: Option<DateTime<Utc>>,
}

impl<'a> Text<'a> {
    /// A text without media, unanswered, sent just now.
    pub fn new(inbox: InboxId, id: MessageId, body: impl Into<Body<'a>>) -> Self {
        Self { inbox, id, body: body.into(), media: false, provider_replied: false, sent_at: None }
    }

    /// The same text with or without media.
    #[must_use]
    pub fn with_media(self, media: bool) -> Self {
        Self { media, ..self }
    }

    /// The same text, answered by the provider or not.
    #[must_use]
    pub fn with_provider_replied(self, provider_replied: bool) -> Self {
        Self { provider_replied, ..self }
    }

    /// The same text with the provider's time of it.
    #[must_use]
    pub fn with_sent_at(self, sent_at: DateTime<Utc>) -> Self {
        Self { sent_at: Some(sent_at), ..self }
    }
}

/// A message of staff or the host to a contact.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Message<'a> {
    /// The inbox that it leaves from.
    pub inbox: InboxId,
    /// Who wrote it, for the ledger: no permission is needed. Absent for the host itself.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub actor: Option<Actor>,
    /// Its words, handed over as they are, empty or long.
    pub body: Body<'a>,
    /// The host's id of the request, unique in its account: with it the message acts once, however
    /// often it is asked for, and for whomever. It is kept when the contact is erased: see
    /// [`MessageId`].
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub request: Option<MessageId>,
    /// After this it is never handed over; absent is five minutes after it was asked for.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub not_after: Option<DateTime<Utc>>,
}

impl<'a> Message<'a> {
    /// A message of the host itself.
    pub fn new(inbox: InboxId, body: impl Into<Body<'a>>) -> Self {
        Self { inbox, actor: None, body: body.into(), request: None, not_after: None }
    }

    /// The same message, written by this actor.
    #[must_use]
    pub fn with_actor(self, actor: Actor) -> Self {
        Self { actor: Some(actor), ..self }
    }

    /// The same message under the host's id of the request, which must not be personal data.
    #[must_use]
    pub fn with_request(self, request: MessageId) -> Self {
        Self { request: Some(request), ..self }
    }

    /// The same message with another deadline.
    #[must_use]
    pub fn with_not_after(self, not_after: DateTime<Utc>) -> Self {
        Self { not_after: Some(not_after), ..self }
    }
}

/// Who added a contact (R5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Source {
    /// Somebody who works for the account.
    User,
    /// A file.
    Csv,
    /// A call of the host's API.
    Api,
    /// HubSpot.
    Hubspot,
    /// Salesforce.
    Salesforce,
}

impl Source {
    /// Its name, as JSON has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Csv => "csv",
            Self::Api => "api",
            Self::Hubspot => "hubspot",
            Self::Salesforce => "salesforce",
        }
    }

    /// The CRM that it is, if it is one.
    pub fn crm(self) -> Option<Crm> {
        match self {
            Self::Hubspot => Some(Crm::Hubspot),
            Self::Salesforce => Some(Crm::Salesforce),
            Self::User | Self::Csv | Self::Api => None,
        }
    }

    /// Who opted the contact out, when the source says that it is.
    pub(super) fn opt_out(self) -> OptOut {
        match self {
            Self::User => OptOut::Staff,
            Self::Csv | Self::Api => OptOut::Import,
            Self::Hubspot | Self::Salesforce => OptOut::Crm,
        }
    }
}

/// What somebody sets a contact to by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[allow(clippy::exhaustive_enums, reason = "RULES 5 closes the set")]
pub enum Override {
    /// May be messaged.
    Active,
    /// May not be messaged.
    OptedOut,
}

/// The end of a text's hand-over.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Settled {
    /// The decision that the text came from.
    pub revision: Revision,
    /// What the text was for.
    pub kind: MessageKind,
    /// When the hand-over ended: by the host's clock, or the end of its lease.
    pub ended: DateTime<Utc>,
    /// How it ended.
    pub ending: Ending,
}

/// How the hand-over of a text ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[allow(clippy::exhaustive_enums, reason = "the table of rules is total over it")]
pub enum Ending {
    /// The provider took it.
    Accepted {
        /// The provider's id of it, if it gave one.
        #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
        provider_id: Option<MessageId>,
    },
    /// Certainly not sent, and not to be tried again.
    NotSent {
        /// The provider's code, if it gave one.
        #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
        code: Option<CarrierCode>,
    },
    /// Certainly not sent: the number has opted out with the provider.
    Blocked {
        /// The provider's code: `21610`, `40300`.
        code: CarrierCode,
    },
    /// Nobody knows; or the lease ended without an answer.
    Unknown,
    /// Its deadline passed before a hand-over began.
    Expired,
    /// Certainly not sent, and to be tried again.
    Retry {
        /// When.
        at: DateTime<Utc>,
    },
    /// Certainly not sent, again and again: a message of staff waits for a person to queue it
    /// anew.
    SetAside,
}
