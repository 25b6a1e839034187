//! Settings as a contact would read them, before they are saved: texts, what they cost, warnings.

use alloc::{string::String, vec::Vec};
use core::fmt;

use super::{
    keyword::Keyword,
    policy::Policy,
    prompt,
    segment::{Encoding, Segments, segments, septets},
    settings::PromptSettings,
    words,
};

/// What an account's contacts would read under these settings.
///
/// ```
/// use optin::{Policy, Preview, Settings, Warning};
///
/// let mut settings = Settings::default();
/// settings.prompt.before = "Hi, it’s Acme! Reply".into();
/// let preview = Preview::of(&Policy::new(settings)?);
/// let prompt = &preview.texts[0];
/// assert!(prompt.text.starts_with("Hi, it’s Acme! Reply YES to confirm."));
/// assert!(matches!(prompt.warnings[..], [Warning::CostlyCharacters { .. }]));
/// # Ok::<(), optin::InvalidPolicy>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Preview {
    /// The prompt, then each reply that is set.
    pub texts: Vec<PreviewedText>,
}

/// One text of the settings as it would be sent.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct PreviewedText {
    /// Where it comes from, as in JSON: `prompt`, `replies.opted_out`, ...
    pub field: &'static str,
    /// The whole text, the opt-out notice included where it is added (R3.1).
    pub text: String,
    /// What it costs (R3.4).
    pub segments: Segments,
    /// What its author might not have meant; none of it keeps the settings from being saved.
    pub warnings: Vec<Warning>,
}

/// What the author of a text might not have meant.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Warning {
    /// Curly quotes, dashes and their like, often put in by a word processor, make the text UCS-2:
    /// with plain ones it costs fewer segments.
    CostlyCharacters {
        /// Each of them once, in the order of the text.
        characters: Vec<char>,
        /// What the text costs with plain ones.
        plain: Segments,
    },
    /// Says how to opt out, but not by a word in capitals, so that the notice is added and it is
    /// said twice (R3.1).
    NoticeTwice,
    /// Names another of the five keywords in capitals, which would not confirm.
    OtherKeyword {
        /// Which.
        keyword: Keyword,
    },
}

impl Preview {
    /// The texts of these settings. Nothing is stored or sent.
    pub fn of(policy: &Policy) -> Self {
        let settings = policy.settings();
        let mut asked = previewed("prompt", policy.prompt().text());
        asked.warnings.extend(of_prompt(&settings.prompt));
        let replies = settings.replies.named();
        let replies = replies.into_iter().filter_map(|(field, reply)| Some((field, reply?)));
        let replies = replies.map(|(field, reply)| previewed(field, reply));
        Self { texts: core::iter::once(asked).chain(replies).collect() }
    }
}

impl fmt::Debug for PreviewedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PreviewedText")
            .field("field", &self.field)
            .field("segments", &self.segments)
            .field("warnings", &self.warnings)
            .finish_non_exhaustive()
    }
}

fn previewed(field: &'static str, text: &str) -> PreviewedText {
    let cost = segments(text);
    PreviewedText {
        field,
        text: text.into(),
        segments: cost,
        warnings: costly(text, cost).into_iter().collect(),
    }
}

fn of_prompt(settings: &PromptSettings) -> Vec<Warning> {
    let text = prompt::words_of(settings);
    let twice = words::names_opt_out(&text) && !words::tells_opt_out(&text);
    let mut warnings: Vec<_> = twice.then_some(Warning::NoticeTwice).into_iter().collect();
    for keyword in Keyword::ALL {
        let is_named = words::spelt(&text).any(|word| word == keyword.as_str());
        if is_named && keyword != settings.keyword {
            warnings.push(Warning::OtherKeyword { keyword });
        }
    }
    warnings
}

fn costly(text: &str, cost: Segments) -> Option<Warning> {
    if cost.encoding == Encoding::Gsm7 {
        return None;
    }
    let mut characters = Vec::new();
    let mut plain = String::with_capacity(text.len());
    for char in text.chars() {
        match plain_of(char) {
            Some(replacement) => {
                plain.push_str(replacement);
                if !characters.contains(&char) {
                    characters.push(char);
                }
            }
            None => plain.push(char),
        }
    }
    let plain = segments(&plain);
    (plain.count < cost.count).then_some(Warning::CostlyCharacters { characters, plain })
}

/// What one would type instead of a character that word processors put in.
fn plain_of(char: char) -> Option<&'static str> {
    let plain = match char {
        '‘' | '’' | '‚' | '‛' | '′' | '´' | '`' => "'",
        '“' | '”' | '„' | '‟' | '″' | '«' | '»' => "\"",
        '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' => "-",
        '…' => "...",
        '•' | '·' => "*",
        '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' => " ",
        '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' => "",
        _ => return None,
    };
    septets(char).is_none().then_some(plain)
}
