//! What is stored of a contact, field by field as the crate's record.

use chrono::{DateTime, Utc};
use optin::{ConsentState, Keyword, KeywordSet, OptIn, OptOut, Policy, Record};

/// What is stored of a contact.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs, reason = "field by field as in `optin::Record`")]
pub struct Row {
    pub revision: u64,
    pub state: State,
    pub help_replied_at: Option<DateTime<Utc>>,
    pub restarts: Option<(DateTime<Utc>, u8)>,
    pub cancelled_before: u64,
}

/// Where a contact stands.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs, reason = "as in `optin::ConsentState`")]
pub enum State {
    Pending(Pending),
    Active { how: OptIn, since: DateTime<Utc> },
    OptedOut { by: OptOut, since: DateTime<Utc> },
}

/// How far a contact is on the way to a yes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[allow(missing_docs, reason = "field by field as in `optin::Pending`")]
pub struct Pending {
    pub prompts_used: u8,
    pub last_prompt: Option<DateTime<Utc>>,
    pub keywords_shown: KeywordSet,
    pub outstanding: Option<Outstanding>,
    pub not_sent_in_row: u8,
    pub texted: bool,
}

/// A prompt on its way.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs, reason = "field by field as in `optin::Outstanding`")]
pub struct Outstanding {
    pub revision: u64,
    pub until: DateTime<Utc>,
    pub prompts_used: u8,
    pub last_prompt: Option<DateTime<Utc>>,
    pub keywords_shown: KeywordSet,
}

impl State {
    /// Whether staff may write.
    #[inline]
    pub fn is_active(&self) -> bool {
        matches!(self, Self::Active { .. })
    }
}

impl Pending {
    #[inline]
    pub(super) fn last(&self) -> Option<DateTime<Utc>> {
        match &self.outstanding {
            Some(outstanding) => Some(outstanding.until),
            None => self.last_prompt,
        }
    }

    /// Whether this keyword is a yes.
    #[inline]
    pub fn confirms(&self, keyword: Keyword, policy: &Policy) -> bool {
        keyword == policy.keyword() || self.keywords_shown.contains(keyword)
    }
}

impl From<&Record> for Row {
    fn from(record: &Record) -> Self {
        Self {
            revision: record.revision.number(),
            state: match record.state {
                ConsentState::Pending(pending) => State::Pending(Pending {
                    prompts_used: pending.prompts_used,
                    last_prompt: pending.last_prompt,
                    keywords_shown: pending.keywords_shown,
                    outstanding: pending.outstanding.map(|outstanding| Outstanding {
                        revision: outstanding.revision.number(),
                        until: outstanding.until,
                        prompts_used: outstanding.prompts_used,
                        last_prompt: outstanding.last_prompt,
                        keywords_shown: outstanding.keywords_shown,
                    }),
                    not_sent_in_row: pending.not_sent_in_row,
                    texted: pending.texted,
                }),
                ConsentState::Active { how, since } => State::Active { how, since },
                ConsentState::OptedOut { by, since } => State::OptedOut { by, since },
            },
            help_replied_at: record.help_replied_at,
            restarts: record.restarts.map(|window| (window.began, window.count)),
            cancelled_before: record.cancelled_before.number(),
        }
    }
}
