//! The prompt: what a contact is asked, in the account's words (R3.1).

use alloc::{format, string::String};

use super::{
    keyword::Keyword,
    policy::{InvalidPolicy, MAX_CHARACTERS, Problem},
    segment::{Segments, segments},
    settings::PromptSettings,
    words,
};

/// The text of confirmations and reminders, checked and rendered.
#[derive(Clone, PartialEq, Eq)]
pub struct PromptTemplate {
    keyword: Keyword,
    text: String,
}

impl PromptTemplate {
    /// Renders the prompt of these settings.
    ///
    /// # Errors
    /// [`InvalidPolicy`] when the notice names no way to opt out, or the rendered prompt has more
    /// than 1,600 characters.
    pub fn new(settings: &PromptSettings) -> Result<Self, InvalidPolicy> {
        if !words::tells_opt_out(&settings.opt_out_notice) {
            return Err(InvalidPolicy::new("prompt.opt_out_notice", Problem::NoOptOutWord));
        }
        let text = render(settings);
        match text.chars().count() {
            0..=MAX_CHARACTERS => Ok(Self { keyword: settings.keyword, text }),
            length => {
                Err(InvalidPolicy::new("prompt", Problem::TooLong { length, max: MAX_CHARACTERS }))
            }
        }
    }

    /// The keyword that the prompt asks for.
    pub fn keyword(&self) -> Keyword {
        self.keyword
    }

    /// The rendered prompt.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What the rendered prompt costs (R3.4).
    pub fn segments(&self) -> Segments {
        segments(&self.text)
    }
}

impl core::fmt::Debug for PromptTemplate {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "PromptTemplate({})", self.keyword.as_str())
    }
}

/// `before`, the keyword and `after`, without the notice.
pub(super) fn words_of(settings: &PromptSettings) -> String {
    let before = settings.before.trim();
    let after = settings.after.trim();
    let mut text = String::from(before);
    if !before.is_empty() {
        text.push(' ');
    }
    text.push_str(settings.keyword.as_str());
    if !after.is_empty() && !after.starts_with(['.', ',', ';', ':', '!', '?', ')']) {
        text.push(' ');
    }
    text.push_str(after);
    text
}

fn render(settings: &PromptSettings) -> String {
    let text = words_of(settings);
    if words::tells_opt_out(&text) { text } else { format!("{text}\n{}", settings.opt_out_notice) }
}
