//! RULES 2 again, as plainly as can be: sentence by sentence, whatever it costs.

use optin::{Keyword, Reading, Settings};
use unicase::UniCase;

const OPT_OUT: &str = "STOP STOPALL UNSUBSCRIBE CANCEL END QUIT REVOKE OPTOUT";
const HELP: &str = "HELP INFO";
const REFUSAL: &str = "NO NOPE NOTHANKS NOTHANKYOU NOTINTERESTED";
const PHRASES: &str = "unsubscribe,optout,stop texting,stop messaging,stop sending,\
stop contacting,stop this,please stop,pls stop,just stop,said stop,quit texting,quit messaging,\
no more texts,no more messages,opt out,opt me out,take me off,remove me,leave me alone,\
do not text,dont text,do not contact,dont contact,not interested,no thanks,no thank you,\
wrong number";
const VERBS: [&str; 6] =
    ["Liked ", "Loved ", "Disliked ", "Laughed at ", "Emphasized ", "Questioned "];

pub(super) fn read(text: &str, media: bool, settings: &Settings) -> Reading {
    let (keyword, restart) = (keyword(text), restarts(text, settings));
    if text.len() > super::MAX_BYTES {
        Reading::Other
    } else if is_leniently(text, OPT_OUT, &settings.keywords.opt_out) {
        Reading::OptOut
    } else if settings.replies.help.is_some() && is_leniently(text, HELP, &settings.keywords.help) {
        Reading::Help
    } else if !media && (keyword.is_some() || restart) {
        Reading::Answer { keyword, restart }
    } else if is_reaction(text) {
        Reading::Reaction
    } else if is_suspected(text, settings) {
        Reading::SuspectedOptOut
    } else if list(REFUSAL, &[]).contains(&squeeze(text)) {
        Reading::Refusal
    } else {
        Reading::Other
    }
}

/// R2.3
pub(super) fn keyword(text: &str) -> Option<Keyword> {
    let mut keywords = Keyword::ALL.into_iter();
    keywords.find(|keyword| trim(text).eq_ignore_ascii_case(keyword.as_str()))
}

/// R2.4
pub(super) fn restarts(text: &str, settings: &Settings) -> bool {
    let mut restart = settings.keywords.restart.iter();
    restart.any(|word| trim(text).eq_ignore_ascii_case(trim(word)))
}

/// R2.1, R2.2
fn is_leniently(text: &str, of_rules: &str, added: &[String]) -> bool {
    let listed = list(of_rules, added);
    let visible: String = text.chars().filter(|&char| !is_ignorable(char)).collect();
    let words = words(&visible);
    listed.contains(&squeeze(text))
        || (!words.is_empty() && words.iter().all(|word| listed.contains(word)))
}

/// R2.5
fn is_suspected(text: &str, settings: &Settings) -> bool {
    let unquoted = unquoted(text);
    let words = words(if unquoted.chars().any(is_alphanumeric) { &unquoted } else { text });
    let listed = list(OPT_OUT, &settings.keywords.opt_out);
    let opens =
        |count: usize| words.get(..count).is_some_and(|some| listed.contains(&some.concat()));
    let spaced = format!(" {} ", words.join(" "));
    opens(1) || opens(2) || PHRASES.split(',').any(|phrase| spaced.contains(&format!(" {phrase} ")))
}

/// R2.6
fn is_reaction(text: &str) -> bool {
    let text = text.trim();
    VERBS.iter().any(|verb| {
        let span: Vec<char> = text.strip_prefix(verb).unwrap_or("").chars().collect();
        let inside = match span[..] {
            ['"', ref inside @ .., '"'] | ['“', ref inside @ .., '”'] => inside,
            _ => return false,
        };
        !inside.iter().any(|char| matches!(char, '"' | '“' | '”'))
    })
}

fn list(of_rules: &str, added: &[String]) -> Vec<String> {
    of_rules.split(' ').chain(added.iter().map(String::as_str)).map(squeeze).collect()
}

fn squeeze(text: &str) -> String {
    fold(text.chars().filter(|&char| is_alphanumeric(char)).collect())
}

fn words(text: &str) -> Vec<String> {
    let without: String = text.chars().filter(|char| !matches!(char, '\'' | '’')).collect();
    let words = without.split(|char| !is_alphanumeric(char)).filter(|word| !word.is_empty());
    words.map(|word| fold(word.into())).collect()
}

fn unquoted(text: &str) -> String {
    let (mut left, mut rest) = (String::new(), text);
    while let Some(char) = rest.chars().next() {
        let after = &rest[char.len_utf8()..];
        let closing = match char {
            '"' => Some('"'),
            '“' => Some('”'),
            '«' => Some('»'),
            _ => None,
        };
        match closing.and_then(|closing| Some(after.split_once(closing)?.1)) {
            Some(after) => {
                left.push(' ');
                rest = after;
            }
            None => {
                left.push(char);
                rest = after;
            }
        }
    }
    left
}

fn trim(text: &str) -> &str {
    text.trim_matches(|char: char| char.is_whitespace() || is_ignorable(char))
}

fn fold(text: String) -> String {
    UniCase::unicode(text).to_folded_case()
}

fn is_alphanumeric(char: char) -> bool {
    char.is_alphanumeric() && !is_ignorable(char)
}

/// Default-ignorable, from Unicode's `DerivedCoreProperties.txt`.
fn is_ignorable(char: char) -> bool {
    matches!(char,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}'
        | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}'
        | '\u{FFA0}' | '\u{FFF0}'..='\u{FFF8}' | '\u{1BCA0}'..='\u{1BCA3}'
        | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}
