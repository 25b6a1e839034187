//! What an event leads to: an action and its reason, or a refusal.

use super::{
    actor::Permission,
    outgoing::{Content, Outgoing},
    state::ConsentState,
};

/// What to do, as one word. At most one action follows from an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[allow(clippy::exhaustive_enums, reason = "a host that forgets a decision does not compile")]
pub enum Decision {
    /// Ask the contact to opt in.
    SendConfirmation,
    /// Ask the contact again.
    SendReminder,
    /// The contact may be messaged from now on.
    MarkActive,
    /// The contact may not be messaged any more.
    OptOut,
    /// Answer a help word.
    SendHelp,
    /// Hand over a message of staff or the host.
    Deliver,
    /// Nothing.
    None,
}

macro_rules! names {
    ($type:ident { $($(#[$doc:meta])* $variant:ident = $name:literal,)* }) => {
        impl $type {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// Its name, as JSON and the black box have it.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

names! {
    Decision {
        SendConfirmation = "send_confirmation",
        SendReminder = "send_reminder",
        MarkActive = "mark_active",
        OptOut = "opt_out",
        SendHelp = "send_help",
        Deliver = "deliver",
        None = "none",
    }
}

/// Why it was decided so; each belongs to a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Reason {
    /// The text was seen before (R4.1).
    Duplicate,
    /// An opt-out word (R4.2).
    OptOutKeyword,
    /// Opted out before (R4.2, R5.4, R5.5).
    AlreadyOptedOut,
    /// A help word (R4.3).
    HelpKeyword,
    /// Help was answered less than ten minutes ago (R4.3).
    HelpTooSoon,
    /// A reaction (R4.4, R4.6).
    Reaction,
    /// Words that mean an opt-out to a person (R4.4, R4.6, R4.10).
    SuspectedOptOut,
    /// A plain no (R4.4, R4.6).
    Declined,
    /// The first text of someone unknown (R4.4).
    NewContact,
    /// Double opt-in is off (R4.4, R4.7, R4.9).
    DoubleOptInOff,
    /// The keyword (R4.5).
    KeywordMatched,
    /// Known, but not asked in this cycle (R4.7).
    NotAskedYet,
    /// A reminder is due (R4.8).
    ReminderDue,
    /// The interval is not over (R4.7, R4.8).
    TooSoon,
    /// No reminder is left in this cycle (R4.8).
    RemindersUsedUp,
    /// Active already, or active and so may be messaged (R4.10, R5.6).
    Active,
    /// Asked to come back (R4.9, R4.11).
    Restarted,
    /// Came back too often (R4.11).
    RestartLimit,
    /// Opted out, and stays so (R4.11, R4.12).
    OptedOut,
    /// Added as opted out (R5.1).
    AddedOptedOut,
    /// Added (R5.1).
    Added,
    /// Known already (R5.1, R5.2).
    AlreadyPresent,
    /// Was there before the engine came (R5.2).
    Existing,
    /// Set by hand (R5.3, R5.4).
    Overridden,
    /// Active already (R5.3).
    AlreadyActive,
    /// The provider said that the number has opted out (R5.5).
    CarrierBlock,
    /// The host asked for the status to be sent again (R6.5).
    StatusRequested,
    /// A hand-over ended accepted (R6.2).
    Accepted,
    /// A hand-over ended not sent (R6.2).
    NotSent,
    /// A hand-over ended unknown (R6.2).
    Unknown,
    /// A message's deadline passed before its hand-over (R6.3).
    Expired,
    /// A hand-over is to be tried again (R6.2).
    Retry,
    /// A hand-over failed too often, and waits for a person (R6.2).
    SetAside,
}

names! {
    Reason {
        Duplicate = "duplicate",
        OptOutKeyword = "opt_out_keyword",
        AlreadyOptedOut = "already_opted_out",
        HelpKeyword = "help_keyword",
        HelpTooSoon = "help_too_soon",
        Reaction = "reaction",
        SuspectedOptOut = "suspected_opt_out",
        Declined = "declined",
        NewContact = "new_contact",
        DoubleOptInOff = "double_opt_in_off",
        KeywordMatched = "keyword_matched",
        NotAskedYet = "not_asked_yet",
        ReminderDue = "reminder_due",
        TooSoon = "too_soon",
        RemindersUsedUp = "reminders_used_up",
        Active = "active",
        Restarted = "restarted",
        RestartLimit = "restart_limit",
        OptedOut = "opted_out",
        AddedOptedOut = "added_opted_out",
        Added = "added",
        AlreadyPresent = "already_present",
        Existing = "existing",
        Overridden = "overridden",
        AlreadyActive = "already_active",
        CarrierBlock = "carrier_block",
        StatusRequested = "status_requested",
        Accepted = "accepted",
        NotSent = "not_sent",
        Unknown = "unknown",
        Expired = "expired",
        Retry = "retry",
        SetAside = "set_aside",
    }
}

/// An attempt that the rules refuse: nothing changed, and the ledger has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Refusal {
    /// The actor lacks a permission (R5.7). Ask someone who has it.
    #[error("the actor lacks the permission {}", .0.name())]
    Forbidden(Permission),
    /// The settings are out of their bounds (RULES 3). Mend them.
    #[error("the settings are out of their bounds")]
    BadSettings,
    /// There is no such contact (R5.3). Add it first.
    #[error("there is no such contact")]
    UnknownContact,
    /// The carrier blocks the number (R5.3): only the contact can lift that, by texting START.
    #[error("the carrier blocks the contact")]
    CarrierBlocked,
    /// The contact opted out (R5.3): a note, and for some the permission `override_revocation`,
    /// is needed.
    #[error("the contact opted out: that takes a note, and for some override_revocation")]
    Revoked,
    /// The contact may not be messaged (R5.6). It is not active; it can opt in by texting.
    #[error("the contact has not opted in")]
    NotOptedIn,
}

impl Refusal {
    /// Its name, as the black box has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Forbidden(_) => "forbidden",
            Self::BadSettings => "bad_settings",
            Self::UnknownContact => "unknown_contact",
            Self::CarrierBlocked => "carrier_blocked",
            Self::Revoked => "revoked",
            Self::NotOptedIn => "not_opted_in",
        }
    }
}

/// What a decision takes back of what is queued for the contact or set aside (R6.4). Statuses
/// always stay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums, reason = "a storage must handle each")]
pub enum Cancel {
    /// Nothing.
    #[default]
    Nothing,
    /// Confirmations and reminders: a cycle ended.
    Prompts,
    /// Every text: the contact opted out.
    AllQueued,
}

impl Cancel {
    /// Whether it takes back this message, unless it is claimed.
    pub fn takes_back(self, outgoing: &Outgoing) -> bool {
        match (&outgoing.content, self) {
            (Content::Text(text), Self::Prompts) => text.kind.is_prompt(),
            (Content::Text(_), Self::AllQueued) => true,
            (Content::Text(_), Self::Nothing) | (Content::Status(_), _) => false,
        }
    }
}

/// The name of a state, for those who have none yet too: `absent` without a record.
pub fn state_name(state: Option<&ConsentState>) -> &'static str {
    state.map_or("absent", ConsentState::name)
}
