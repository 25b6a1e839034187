//! The strict readings by hand: trim, look at the length, compare ASCII case aside.

use optin::Keyword;

/// Which of the five keywords the text is.
pub fn keyword(text: &str) -> Option<Keyword> {
    let word = trim(text);
    let is = |keyword: &str| word.eq_ignore_ascii_case(keyword);
    match word.len() {
        1 if is("Y") => Some(Keyword::Y),
        2 if is("OK") => Some(Keyword::Ok),
        3 if is("YES") => Some(Keyword::Yes),
        7 if is("CONFIRM") => Some(Keyword::Confirm),
        7 if is("APPROVE") => Some(Keyword::Approve),
        _ => None,
    }
}

/// Whether the text is one of these words, which are trimmed.
pub fn restarts(words: &[String], text: &str) -> bool {
    let text = trim(text);
    words.iter().any(|word| word.len() == text.len() && word.eq_ignore_ascii_case(text))
}

/// The text without white space and default-ignorable code points at its ends.
///
/// Nearly every text begins and ends with something that ASCII shows: that is looked at first.
fn trim(text: &str) -> &str {
    match text.as_bytes() {
        [only] if only.is_ascii_graphic() => text,
        [first, .., last] if first.is_ascii_graphic() && last.is_ascii_graphic() => text,
        _ => text.trim_matches(|char: char| char.is_whitespace() || is_ignorable(char)),
    }
}

fn is_ignorable(char: char) -> bool {
    matches!(
        u32::from(char),
        0xAD | 0x34F
            | 0x61C
            | 0x115F..=0x1160
            | 0x17B4..=0x17B5
            | 0x180B..=0x180F
            | 0x200B..=0x200F
            | 0x202A..=0x202E
            | 0x2060..=0x206F
            | 0x3164
            | 0xFE00..=0xFE0F
            | 0xFEFF
            | 0xFFA0
            | 0xFFF0..=0xFFF8
            | 0x1BCA0..=0x1BCA3
            | 0x1D173..=0x1D17A
            | 0xE0000..=0xE0FFF
    )
}
