//! An account's settings, parsed once, valid for ever (RULES 3).

use alloc::string::String;
use core::fmt;

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    keyword::{self, Keyword, KeywordMatcher, Reading},
    outgoing::Crm,
    prompt::PromptTemplate,
    record::RestartWindow,
    reminder::ReminderPolicy,
    settings::Settings,
    time, words,
};

/// Characters (Unicode scalar values) of the longest prompt or reply.
pub(super) const MAX_CHARACTERS: usize = 1_600;
const MAX_WORDS: usize = 50;
const MAX_WORD_CHARACTERS: usize = 40;

/// Settings that RULES 3 refuses, with the first field that is wrong.
///
/// Show it to whoever changed the settings; nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
#[non_exhaustive]
pub struct InvalidPolicy {
    /// The field's path, as in JSON: `prompt.opt_out_notice`.
    pub field: &'static str,
    /// What is wrong with it.
    pub problem: Problem,
}

impl InvalidPolicy {
    pub(super) fn new(field: &'static str, problem: Problem) -> Self {
        Self { field, problem }
    }
}

/// What is wrong with a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// More characters than allowed.
    #[error("{length} characters, more than {max}")]
    TooLong {
        /// Its length in Unicode scalar values.
        length: usize,
        /// The most that is allowed.
        max: usize,
    },
    /// More words than allowed.
    #[error("{count} words, more than 50")]
    TooMany {
        /// How many there are.
        count: usize,
    },
    /// A number out of its bounds.
    #[error("{value} is not within {min} to {max}")]
    OutOfBounds {
        /// The number.
        value: u32,
        /// The least that is allowed.
        min: u32,
        /// The most that is allowed.
        max: u32,
    },
    /// A notice that names no way out.
    #[error("must have the word STOP, STOPALL or UNSUBSCRIBE in capitals")]
    NoOptOutWord,
    /// Nothing that can be seen.
    #[error("must not be blank")]
    Blank,
    /// A word that cannot be told from others: it has no letter and no digit.
    #[error("a word has no letter or digit")]
    NoLetter,
    /// A word that reads as one of the five keywords or as `START`.
    #[error("a word reads as a keyword or as START")]
    Reserved,
    /// A word that reads as an opt-out.
    #[error("a word reads as an opt-out")]
    ReadsAsOptOut,
    /// A restart word that reads as something else.
    #[error("a restart word reads as an opt-out, help, reaction, suspected opt-out or refusal")]
    ReadsOtherwise,
    /// Restart words without `START`.
    #[error("START is missing")]
    NoStart,
}

/// An account's settings: parsed, never invalid.
///
/// ```
/// use optin::{Keyword, Policy, Settings};
///
/// let mut settings = Settings::default();
/// settings.prompt.keyword = Keyword::Confirm;
/// let policy = Policy::new(settings)?;
/// assert!(policy.prompt().text().contains("reply CONFIRM to confirm."));
/// # Ok::<(), optin::InvalidPolicy>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "Settings", into = "Settings"))]
pub struct Policy {
    settings: Settings,
    prompt: PromptTemplate,
    reminders: ReminderPolicy,
    restart_window: TimeDelta,
    matcher: KeywordMatcher,
}

impl Policy {
    /// Checks settings and makes them ready for use.
    ///
    /// # Errors
    /// [`InvalidPolicy`] with the first field out of RULES 3's bounds; nothing is kept of it.
    pub fn new(settings: Settings) -> Result<Self, InvalidPolicy> {
        let prompt = PromptTemplate::new(&settings.prompt)?;
        let reminders = ReminderPolicy::new(&settings.reminders)?;
        for (field, reply) in settings.replies.named() {
            check_reply(field, reply)?;
        }
        whole_within("restarts.max", settings.restarts.max, 0, 10)?;
        let days = whole_within("restarts.window_days", settings.restarts.window_days, 1, 365)?;
        let keywords = &settings.keywords;
        check_added("keywords.opt_out", &keywords.opt_out)?;
        check_added("keywords.help", &keywords.help)?;
        let matcher = KeywordMatcher::new(
            &keywords.opt_out,
            &keywords.help,
            &keywords.restart,
            settings.replies.help.is_some(),
        );
        let reads_as_opt_out = |word: &str| matcher.read(word, false) == Reading::OptOut;
        if keywords.help.iter().any(|word| reads_as_opt_out(word)) {
            return Err(InvalidPolicy::new("keywords.help", Problem::ReadsAsOptOut));
        }
        if ["HELP", "INFO"].into_iter().any(reads_as_opt_out) {
            return Err(InvalidPolicy::new("keywords.opt_out", Problem::ReadsAsOptOut));
        }
        check_restart(&keywords.restart, &matcher)?;
        Ok(Self {
            prompt,
            reminders,
            restart_window: TimeDelta::hours(i64::from(days) * 24),
            matcher,
            settings,
        })
    }

    /// The settings that it was made from.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The keyword that confirms now.
    pub fn keyword(&self) -> Keyword {
        self.settings.prompt.keyword
    }

    /// Whether contacts are asked before they are messaged.
    pub fn double_opt_in(&self) -> bool {
        self.settings.double_opt_in
    }

    /// What a contact is asked.
    pub fn prompt(&self) -> &PromptTemplate {
        &self.prompt
    }

    /// How often, and how far apart.
    pub fn reminders(&self) -> &ReminderPolicy {
        &self.reminders
    }

    /// How this account's texts are read.
    pub fn matcher(&self) -> &KeywordMatcher {
        &self.matcher
    }

    /// Whether statuses go to this CRM.
    pub fn syncs(&self, crm: Crm) -> bool {
        match crm {
            Crm::Hubspot => self.settings.sync.hubspot,
            Crm::Salesforce => self.settings.sync.salesforce,
        }
    }

    /// The window with one more restart in it, or `None` when R4.11 lets none through.
    pub(super) fn restart(
        &self,
        window: Option<RestartWindow>,
        now: DateTime<Utc>,
    ) -> Option<RestartWindow> {
        let open = window.filter(|window| time::elapsed(window.began, now) < self.restart_window);
        let (began, count) = open.map_or((now, 0), |window| (window.began, window.count));
        (u32::from(count) < self.settings.restarts.max)
            .then(|| RestartWindow { began, count: count.saturating_add(1) })
    }
}

impl Default for Policy {
    /// The defaults of RULES 3.
    fn default() -> Self {
        Self::new(Settings::default()).expect("the defaults of RULES 3 are within its bounds")
    }
}

impl TryFrom<Settings> for Policy {
    type Error = InvalidPolicy;

    fn try_from(settings: Settings) -> Result<Self, InvalidPolicy> {
        Self::new(settings)
    }
}

impl From<Policy> for Settings {
    fn from(policy: Policy) -> Self {
        policy.settings
    }
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Policy").field(&self.settings).finish()
    }
}

pub(super) fn whole_within(
    field: &'static str,
    value: u32,
    min: u32,
    max: u32,
) -> Result<u32, InvalidPolicy> {
    if (min..=max).contains(&value) {
        Ok(value)
    } else {
        Err(InvalidPolicy::new(field, Problem::OutOfBounds { value, min, max }))
    }
}

fn check_reply(field: &'static str, reply: Option<&str>) -> Result<(), InvalidPolicy> {
    let Some(reply) = reply else { return Ok(()) };
    let length = reply.chars().count();
    if reply.trim().is_empty() {
        Err(InvalidPolicy::new(field, Problem::Blank))
    } else if length > MAX_CHARACTERS {
        Err(InvalidPolicy::new(field, Problem::TooLong { length, max: MAX_CHARACTERS }))
    } else {
        Ok(())
    }
}

fn check_list(field: &'static str, list: &[String]) -> Result<(), InvalidPolicy> {
    if list.len() > MAX_WORDS {
        return Err(InvalidPolicy::new(field, Problem::TooMany { count: list.len() }));
    }
    let lengths = list.iter().map(|word| word.chars().count());
    match lengths.max().filter(|&length| length > MAX_WORD_CHARACTERS) {
        Some(length) => {
            Err(InvalidPolicy::new(field, Problem::TooLong { length, max: MAX_WORD_CHARACTERS }))
        }
        None => Ok(()),
    }
}

fn check_added(field: &'static str, list: &[String]) -> Result<(), InvalidPolicy> {
    check_list(field, list)?;
    if list.iter().any(|word| words::squeeze(word).is_empty()) {
        return Err(InvalidPolicy::new(field, Problem::NoLetter));
    }
    if list.iter().any(|word| keyword::is_reserved(word)) {
        return Err(InvalidPolicy::new(field, Problem::Reserved));
    }
    Ok(())
}

fn check_restart(list: &[String], matcher: &KeywordMatcher) -> Result<(), InvalidPolicy> {
    const FIELD: &str = "keywords.restart";
    check_list(FIELD, list)?;
    if list.iter().any(|word| words::trim(word).is_empty()) {
        return Err(InvalidPolicy::new(FIELD, Problem::Blank));
    }
    if !list.iter().any(|word| words::trim(word).eq_ignore_ascii_case("START")) {
        return Err(InvalidPolicy::new(FIELD, Problem::NoStart));
    }
    if list.iter().any(|word| matcher.reads_otherwise(word)) {
        return Err(InvalidPolicy::new(FIELD, Problem::ReadsOtherwise));
    }
    Ok(())
}
