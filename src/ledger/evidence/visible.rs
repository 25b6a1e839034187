//! Text as it was written, and nothing hidden in it: what cannot be seen is named.

use alloc::{format, string::String};

/// The text with every letter that shows nothing, or turns what is around it, named: `[U+202E]`.
///
/// Line feeds and tabs stay. What belongs to a picture before it (a joiner, a variation) stays too.
pub(super) fn visible(text: &str) -> String {
    let mut visible = String::with_capacity(text.len());
    let mut before = ' ';
    for char in text.chars() {
        let belongs = matches!(char, '\u{200d}' | '\u{fe0e}' | '\u{fe0f}')
            && u32::from(before) >= 0x2000
            && !before.is_alphanumeric()
            && !is_hidden(before);
        if belongs || !is_hidden(char) {
            visible.push(char);
            // A picture and its variation take a joiner together.
            before = if belongs { before } else { char };
        } else {
            visible.push_str(&format!("[U+{:04X}]", u32::from(char)));
            before = char;
        }
    }
    visible
}

/// A name in a row of words: line feeds and tabs are named as well, and its own quotes, so that it
/// cannot end the quote that it stands in.
pub(super) fn name(text: &str) -> String {
    let mut name = visible(text);
    for (mark, named) in
        [("\n", "[U+000A]"), ("\t", "[U+0009]"), ("\u{201c}", "[U+201C]"), ("\u{201d}", "[U+201D]")]
    {
        name = name.replace(mark, named);
    }
    name
}

/// Controls, and what shows nothing of its own: Default_Ignorable_Code_Point of Unicode, what
/// separates lines, and blanks that are no spaces.
fn is_hidden(char: char) -> bool {
    (char.is_control() && !matches!(char, '\n' | '\t'))
        || matches!(char,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{13430}'..='\u{1343f}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}
