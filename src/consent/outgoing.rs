//! What leaves: texts to contacts, statuses to CRMs, and how their hand-over ended (RULES 6).

use chrono::{DateTime, Utc};

use super::{
    body::Body,
    contact::Contact,
    id::{CarrierCode, InboxId, MessageId},
    record::Revision,
};

/// Names one outgoing message: the contact, the decision it came from, its place in it.
///
/// For ever, unless the contact is erased: then its number may come to a message with the same
/// name, which was decided at another time. [`Outgoing::decided_at`] tells them apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct OutgoingId {
    /// Whom it is about.
    pub contact: Contact,
    /// The revision that the decision made.
    pub revision: Revision,
    /// Its place among the messages of that decision, from 0; a text is always 0.
    pub n: u8,
}

impl OutgoingId {
    /// The id of message `n` of the decision that made `revision` of this contact.
    pub fn new(contact: Contact, revision: Revision, n: u8) -> Self {
        Self { contact, revision, n }
    }
}

/// A message to hand over.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Outgoing {
    /// Its name.
    pub id: OutgoingId,
    /// When it was decided.
    pub decided_at: DateTime<Utc>,
    /// What it is.
    pub content: Content,
}

impl OutgoingText {
    /// A text of this kind that answers none: for tests of an outbox.
    pub fn new(
        kind: MessageKind,
        from: InboxId,
        body: impl Into<Body<'static>>,
        not_after: DateTime<Utc>,
    ) -> Self {
        Self { kind, from, body: body.into(), not_after, answers: None }
    }
}

impl Outgoing {
    /// A message decided at this time.
    pub fn new(id: OutgoingId, decided_at: DateTime<Utc>, content: Content) -> Self {
        Self { id, decided_at, content }
    }

    /// Where it goes: its line among the contact's messages.
    pub fn destination(&self) -> Destination {
        match &self.content {
            Content::Text(_) => Destination::Phone,
            Content::Status(status) => Destination::Crm(status.crm),
        }
    }
}

/// What an outgoing message is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[allow(clippy::exhaustive_enums, reason = "an outbox must handle both")]
pub enum Content {
    /// A text to the contact: handed over at most once.
    Text(OutgoingText),
    /// A status for a CRM: handed over at least once.
    Status(Status),
}

/// A text to a contact.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct OutgoingText {
    /// What it is for.
    pub kind: MessageKind,
    /// The inbox that it leaves from.
    pub from: InboxId,
    /// Its words.
    pub body: Body<'static>,
    /// After this it is never handed over (R6.3).
    pub not_after: DateTime<Utc>,
    /// The contact's text that it answers; absent for staff messages.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub answers: Option<MessageId>,
}

/// A contact's status, as a CRM is told it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Status {
    /// Who is told.
    pub crm: Crm,
    /// Whether the contact is opted out (R1.2).
    pub opted_out: bool,
}

impl Status {
    /// This status, for this CRM.
    pub fn new(crm: Crm, opted_out: bool) -> Self {
        Self { crm, opted_out }
    }
}

/// What a text is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum MessageKind {
    /// The first prompt of a cycle.
    Confirmation,
    /// A later prompt of a cycle.
    Reminder,
    /// The answer to an opt-out.
    OptedOut,
    /// The answer to a help word.
    Help,
    /// The answer to the keyword.
    Confirmed,
    /// A message of staff or the host.
    Message,
}

impl MessageKind {
    /// Its name: `confirmation`, `opted_out`, ...
    pub fn name(self) -> &'static str {
        match self {
            Self::Confirmation => "confirmation",
            Self::Reminder => "reminder",
            Self::OptedOut => "opted_out",
            Self::Help => "help",
            Self::Confirmed => "confirmed",
            Self::Message => "message",
        }
    }

    /// Whether it asks the contact to opt in.
    pub fn is_prompt(self) -> bool {
        matches!(self, Self::Confirmation | Self::Reminder)
    }
}

/// Where a message goes. Each contact has one line to each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(clippy::exhaustive_enums, reason = "a storage keeps a line for each")]
pub enum Destination {
    /// The contact's phone.
    Phone,
    /// A CRM.
    Crm(Crm),
}

impl Destination {
    /// Its name: `phone`, `hubspot` or `salesforce`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Crm(crm) => crm.name(),
        }
    }
}

/// A customer relationship management system that is told statuses, and tells them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Crm {
    /// HubSpot.
    Hubspot,
    /// Salesforce.
    Salesforce,
}

impl Crm {
    /// All of them, by name.
    pub const ALL: [Self; 2] = [Self::Hubspot, Self::Salesforce];

    /// Its name: `hubspot` or `salesforce`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hubspot => "hubspot",
            Self::Salesforce => "salesforce",
        }
    }
}

/// How a hand-over ended, as the outbox saw it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[allow(clippy::exhaustive_enums, reason = "every ending has its own consequence")]
pub enum Handover {
    /// The provider took it.
    Accepted {
        /// The provider's id of it, if it gave one.
        #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
        provider_id: Option<MessageId>,
    },
    /// It was certainly not sent.
    NotSent {
        /// Whether trying again may help: after 1 second, then after twice as long each time. A
        /// text is tried at most nine times, within about four minutes, and never after its
        /// `not_after`; then a message of staff whose `not_after` lies beyond the next try is set
        /// aside for a person, and any other text given up.
        /// A status is tried for about four days, at most an hour apart, then set aside. Without
        /// `retry`, a text is given up, and a status set aside.
        retry: bool,
        /// The provider's code, if it gave one.
        #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
        code: Option<CarrierCode>,
    },
    /// It was certainly not sent, because the number has opted out with the provider.
    Blocked {
        /// The provider's code: `21610`, `40300`.
        code: CarrierCode,
    },
    /// Nobody knows: a time-out, a cut connection, a server error.
    Unknown,
}

impl Handover {
    /// Its name: `accepted`, `not_sent`, `blocked` or `unknown`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Accepted { .. } => "accepted",
            Self::NotSent { .. } => "not_sent",
            Self::Blocked { .. } => "blocked",
            Self::Unknown => "unknown",
        }
    }
}

/// What becomes of a message whose hand-over ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "a storage must handle each")]
pub enum Then {
    /// It is finished, and may be forgotten.
    #[default]
    Finish,
    /// It is queued again, in its old place, and due from this time on.
    RetryAt(DateTime<Utc>),
    /// It waits for a person, and holds up nothing. A status behind which a newer one waits is
    /// finished instead.
    SetAside,
}

/// Proof of a claim: a settlement with another token is stale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ClaimToken(u64);

impl ClaimToken {
    /// The token of a message's claim number `number`, from 1.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Its number.
    pub const fn number(self) -> u64 {
        self.0
    }
}
