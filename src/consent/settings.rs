//! The settings of an account as they are written down, not yet checked (RULES 3).

use alloc::{string::String, vec, vec::Vec};
use core::fmt;

use super::keyword::Keyword;

/// All settings of an account, in the form that JSON has them.
///
/// Anything goes in here; only a [`Policy`](crate::Policy) made from it is used. Fields left out
/// of JSON take their default, unknown ones are refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields, remote = "Self"))]
#[allow(clippy::exhaustive_structs, reason = "hosts write it out")]
pub struct Settings {
    /// Whether contacts are asked before they are messaged. Default: true.
    pub double_opt_in: bool,
    /// What a contact is asked.
    pub prompt: PromptSettings,
    /// How often a contact is reminded, and how far apart.
    pub reminders: ReminderSettings,
    /// Words beside those of RULES 2.
    pub keywords: KeywordSettings,
    /// What is said in answer.
    pub replies: ReplySettings,
    /// How often someone who opted out may ask to be asked again.
    pub restarts: RestartSettings,
    /// Which CRMs are told of statuses.
    pub sync: SyncSettings,
}

/// The prompt: `before`, the keyword, `after`, and the notice where they name no way out.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields, remote = "Self"))]
#[allow(clippy::exhaustive_structs, reason = "hosts write it out")]
pub struct PromptSettings {
    /// The words before the keyword; may be empty.
    pub before: String,
    /// The keyword that is asked for. Default: `YES`.
    pub keyword: Keyword,
    /// The words after the keyword; may be empty.
    pub after: String,
    /// How to opt out; has `STOP`, `STOPALL` or `UNSUBSCRIBE` in capitals.
    pub opt_out_notice: String,
}

/// Stricter than the default is allowed, looser is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields, remote = "Self"))]
#[allow(clippy::exhaustive_structs, reason = "hosts write it out")]
pub struct ReminderSettings {
    /// Reminders in a cycle: 0 to 3. Default: 3.
    pub max: u32,
    /// Hours between two prompts: 12 to 8,760. Default: 12.
    pub interval_hours: u32,
}

/// Words beside those of the rules: at most 50 in a list, of at most 40 characters.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields, remote = "Self"))]
#[allow(clippy::exhaustive_structs, reason = "hosts write it out")]
pub struct KeywordSettings {
    /// Opt-out words added to R2.1's, which cannot be removed.
    pub opt_out: Vec<String>,
    /// Help words added to R2.2's.
    pub help: Vec<String>,
    /// The restart words; `START` is among them. Default: `START`, `UNSTOP`, `YES`.
    pub restart: Vec<String>,
}

/// What is said in answer; `None` says nothing. At most 1,600 characters each.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields, remote = "Self"))]
#[allow(clippy::exhaustive_structs, reason = "hosts write it out")]
pub struct ReplySettings {
    /// To an opt-out.
    pub opted_out: Option<String>,
    /// To an opt-out that no restart can follow for now.
    pub opted_out_final: Option<String>,
    /// To a help word; `None`: help words are read as any other text.
    pub help: Option<String>,
    /// To the keyword.
    pub confirmed: Option<String>,
}

/// How often someone who opted out may ask to be asked again.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields, remote = "Self"))]
#[allow(clippy::exhaustive_structs, reason = "hosts write it out")]
pub struct RestartSettings {
    /// Restarts in a window: 0 to 10. Default: 3.
    pub max: u32,
    /// Length of the window in days of 24 hours: 1 to 365. Default: 30.
    pub window_days: u32,
}

/// Which CRMs are told of statuses. Default: none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields, remote = "Self"))]
#[allow(clippy::exhaustive_structs, reason = "hosts write it out")]
pub struct SyncSettings {
    /// HubSpot's "conversation status sync".
    pub hubspot: bool,
    /// Salesforce's "opt-out settings".
    pub salesforce: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            double_opt_in: true,
            prompt: PromptSettings::default(),
            reminders: ReminderSettings::default(),
            keywords: KeywordSettings::default(),
            replies: ReplySettings::default(),
            restarts: RestartSettings::default(),
            sync: SyncSettings::default(),
        }
    }
}

impl Default for PromptSettings {
    fn default() -> Self {
        Self {
            before: "Thanks for texting us! To get our messages, reply".into(),
            keyword: Keyword::Yes,
            after: "to confirm. Msg & data rates may apply.".into(),
            opt_out_notice: "Reply STOP to opt out.".into(),
        }
    }
}

impl Default for ReminderSettings {
    fn default() -> Self {
        Self { max: 3, interval_hours: 12 }
    }
}

impl Default for KeywordSettings {
    fn default() -> Self {
        Self {
            opt_out: Vec::new(),
            help: Vec::new(),
            restart: vec!["START".into(), "UNSTOP".into(), "YES".into()],
        }
    }
}

impl Default for ReplySettings {
    fn default() -> Self {
        let opted_out = "You are opted out and will get no more messages.";
        Self {
            opted_out: Some(alloc::format!("{opted_out} Reply START to opt back in.")),
            opted_out_final: Some(opted_out.into()),
            help: None,
            confirmed: None,
        }
    }
}

impl Default for RestartSettings {
    fn default() -> Self {
        Self { max: 3, window_days: 30 }
    }
}

impl ReplySettings {
    /// Each reply with its path.
    pub(super) fn named(&self) -> [(&'static str, Option<&str>); 4] {
        [
            ("replies.opted_out", self.opted_out.as_deref()),
            ("replies.opted_out_final", self.opted_out_final.as_deref()),
            ("replies.help", self.help.as_deref()),
            ("replies.confirmed", self.confirmed.as_deref()),
        ]
    }
}

impl fmt::Debug for PromptSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PromptSettings({})", self.keyword.as_str())
    }
}

impl fmt::Debug for KeywordSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeywordSettings")
            .field("opt_out", &self.opt_out.len())
            .field("help", &self.help.len())
            .field("restart", &self.restart.len())
            .finish()
    }
}

impl fmt::Debug for ReplySettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let replies = self.named();
        let said = replies.iter().filter(|(_, reply)| reply.is_some());
        f.debug_set().entries(said.map(|(field, _)| field)).finish()
    }
}

#[cfg(feature = "serde")]
super::object::only_objects!(
    Settings,
    PromptSettings,
    ReminderSettings,
    KeywordSettings,
    ReplySettings,
    RestartSettings,
    SyncSettings
);
