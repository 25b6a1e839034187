//! Where a contact stands (RULES 1).

use chrono::{DateTime, Utc};

use super::{
    keyword::{Keyword, KeywordSet},
    policy::Policy,
    record::Revision,
    reminder::Due,
};

/// What is stored of a contact's consent. A contact without a record is *absent*.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[allow(clippy::exhaustive_enums, reason = "a host that forgets a state does not compile")]
pub enum ConsentState {
    /// Not confirmed in this cycle: may not be messaged.
    Pending(Pending),
    /// May be messaged.
    Active {
        /// How it came to be.
        how: OptIn,
        /// Since when.
        since: DateTime<Utc>,
    },
    /// Said no, or somebody did for them: may not be messaged.
    OptedOut {
        /// Who said so.
        by: OptOut,
        /// Since when.
        since: DateTime<Utc>,
    },
}

impl ConsentState {
    /// The state's name: `pending`, `active` or `opted_out`.
    pub fn name(&self) -> &'static str {
        self.standing().name()
    }

    /// The status that others are told (R1.2): everything but active is opted out.
    pub fn opted_out(&self) -> bool {
        self.standing().opted_out()
    }

    /// Whether staff or the host may message the contact (R1.1).
    pub fn may_be_messaged(&self) -> bool {
        matches!(self, Self::Active { .. })
    }
}

/// How far a contact is on the way to a yes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Pending {
    /// Prompts used in this cycle, an outstanding one included: 0 is not asked yet.
    pub prompts_used: u8,
    /// When the hand-over of the last prompt ended, or the clock that R6.2 keeps.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub last_prompt: Option<DateTime<Utc>>,
    /// The keywords shown in this cycle.
    pub keywords_shown: KeywordSet,
    /// The prompt whose hand-over has not ended yet.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub outstanding: Option<Outstanding>,
    /// Prompts in a row that ended not sent (R6.2).
    pub not_sent_in_row: u8,
    /// Whether a text came from the contact; false for one that was only added.
    pub texted: bool,
}

/// A prompt on its way, with what to go back to if it was not sent (R6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Outstanding {
    /// The decision that it came from.
    pub revision: Revision,
    /// When its hand-over is over at the latest.
    pub until: DateTime<Utc>,
    /// Prompts used before it.
    pub prompts_used: u8,
    /// The last prompt before it.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub last_prompt: Option<DateTime<Utc>>,
    /// The keywords shown before it.
    pub keywords_shown: KeywordSet,
}

impl Pending {
    /// Whether a prompt was sent, or is on its way, in this cycle.
    pub fn asked(&self) -> bool {
        self.prompts_used > 0
    }

    /// Whether this keyword confirms (R4.5): the one configured now, or one shown in this cycle.
    pub fn confirms(&self, keyword: Keyword, policy: &Policy) -> bool {
        keyword == policy.keyword() || self.keywords_shown.contains(keyword)
    }

    /// Whether another prompt may go at `now`.
    pub fn due(&self, policy: &Policy, now: DateTime<Utc>) -> Due {
        policy.reminders().due(self.prompts_used, self.last(), now)
    }

    /// When the next prompt could go, past or future; absent when none went yet or none is left.
    pub fn next_reminder_at(&self, policy: &Policy) -> Option<DateTime<Utc>> {
        let reminders = policy.reminders();
        self.last()
            .filter(|_| reminders.is_left(self.prompts_used))
            .map(|last| super::time::after(last, reminders.interval()))
    }

    /// The time of the last prompt (RULES 0): an outstanding one counts with its latest end.
    fn last(&self) -> Option<DateTime<Utc>> {
        match self.outstanding {
            Some(outstanding) => Some(outstanding.until),
            None => self.last_prompt,
        }
    }

    /// The same without its outstanding prompt, which ended unknown: used, at its latest end.
    pub(super) fn without_outstanding(self) -> Self {
        match self.outstanding {
            Some(outstanding) => Self {
                last_prompt: Some(outstanding.until),
                outstanding: None,
                not_sent_in_row: 0,
                ..self
            },
            None => self,
        }
    }
}

/// How a contact became active.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum OptIn {
    /// Answered with the keyword.
    Keyword,
    /// Somebody with the permission said so.
    Override,
    /// Was there before the engine came.
    Existing,
    /// Was added while double opt-in was off.
    Added,
    /// Wrote first while double opt-in was off.
    FirstText,
    /// Asked to come back while double opt-in was off.
    Restart,
}

impl OptIn {
    /// Its name, as JSON has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Keyword => "keyword",
            Self::Override => "override",
            Self::Existing => "existing",
            Self::Added => "added",
            Self::FirstText => "first_text",
            Self::Restart => "restart",
        }
    }
}

/// Who opted a contact out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum OptOut {
    /// Somebody who works for the account.
    Staff,
    /// An import, or a call of the host's API.
    Import,
    /// A CRM.
    Crm,
    /// The contact.
    Contact,
    /// The provider or carrier, which delivers nothing any more.
    Carrier,
}

impl OptOut {
    /// Its name, as JSON has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Staff => "staff",
            Self::Import => "import",
            Self::Crm => "crm",
            Self::Contact => "contact",
            Self::Carrier => "carrier",
        }
    }

    /// Carrier over contact over staff, import and crm, which are equal (R1.3).
    pub fn is_stronger_than(self, other: Self) -> bool {
        self.strength() > other.strength()
    }

    fn strength(self) -> u8 {
        match self {
            Self::Staff | Self::Import | Self::Crm => 0,
            Self::Contact => 1,
            Self::Carrier => 2,
        }
    }
}
