//! How a text falls into letters, digits and words (RULES 0, R2.1, R2.5).

use alloc::{borrow::Cow, string::String};

use unicase::UniCase;

/// Code points that show nothing: `Default_Ignorable_Code_Point`, Unicode 16, as ranges.
const IGNORABLE: [(u32, u32); 17] = [
    (0x00AD, 0x00AD),
    (0x034F, 0x034F),
    (0x061C, 0x061C),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x200B, 0x200F),
    (0x202A, 0x202E),
    (0x2060, 0x206F),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFF8),
    (0x1BCA0, 0x1BCA3),
    (0x1D173, 0x1D17A),
    (0xE0000, 0xE0FFF),
];

pub(crate) fn is_ignorable(char: char) -> bool {
    let point = u32::from(char);
    point >= 0xAD && IGNORABLE.iter().any(|&(first, last)| (first..=last).contains(&point))
}

/// A letter or digit that can be seen: the Hangul fillers are letters to Unicode, and invisible.
pub(crate) fn is_letter_or_digit(char: char) -> bool {
    if char.is_ascii() {
        char.is_ascii_alphanumeric()
    } else {
        char.is_alphanumeric() && !is_ignorable(char)
    }
}

/// The text without white space and default-ignorable code points at both ends (R2.3).
#[inline]
pub(crate) fn trim(text: &str) -> &str {
    // Nearly every text begins and ends with something that ASCII shows.
    if let (Some(first), Some(last)) = (text.as_bytes().first(), text.as_bytes().last())
        && first.is_ascii_graphic()
        && last.is_ascii_graphic()
    {
        return text;
    }
    trim_unicode(text)
}

fn trim_unicode(text: &str) -> &str {
    text.trim_matches(|char: char| char.is_whitespace() || is_ignorable(char))
}

/// The text without default-ignorable code points anywhere.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    if text.chars().any(is_ignorable) {
        text.chars().filter(|&char| !is_ignorable(char)).collect()
    } else {
        text.into()
    }
}

/// Letters and digits only, case folded: what a lenient reading compares (R2.1).
pub(crate) fn squeeze(text: &str) -> String {
    let kept: String = text.chars().filter(|&char| is_letter_or_digit(char)).collect();
    UniCase::new(kept).to_folded_case()
}

/// Whether spans in quotation marks are words of the text or somebody else's.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quotes {
    Kept,
    Dropped,
}

/// What a byte is to a word. A letter, case aside, is 1 to 26.
pub(crate) const DIGIT: u8 = 27;
/// Anything in ASCII that is nothing else.
pub(crate) const GAP: u8 = 28;
const QUOTE: u8 = 29;
const APOSTROPHE: u8 = 30;
/// A part of a character that is not ASCII.
const WIDE: u8 = 31;

const CLASSES: [u8; 256] = {
    let mut classes = [WIDE; 256];
    let mut byte = 0;
    while byte < 128 {
        classes[byte] = match byte as u8 {
            letter @ (b'a'..=b'z' | b'A'..=b'Z') => letter & 31,
            b'0'..=b'9' => DIGIT,
            b'\'' => APOSTROPHE,
            b'"' => QUOTE,
            _ => GAP,
        };
        byte += 1;
    }
    classes
};

pub(crate) const fn class(byte: u8) -> u8 {
    CLASSES[byte as usize]
}

/// One word: a run of letters and digits, apostrophes within it not counted.
#[derive(Clone, Copy)]
pub(crate) struct Word<'a> {
    /// As it stands in the text, apostrophes included.
    raw: &'a str,
    /// ASCII and without apostrophes.
    plain: bool,
}

impl<'a> Word<'a> {
    /// The word without its apostrophes, in its own case.
    pub(crate) fn spelt(&self) -> Cow<'a, str> {
        if self.plain { self.raw.into() } else { self.letters().collect() }
    }

    /// The word where it is ASCII without apostrophes, in its own case; else nothing.
    pub(crate) fn as_plain(&self) -> &'a str {
        if self.plain { self.raw } else { "" }
    }

    /// Its letters and digits.
    pub(crate) fn letters(&self) -> impl Iterator<Item = char> + Clone + use<'a> {
        self.raw.chars().filter(|&char| !is_apostrophe(char))
    }

    /// How many letters and digits it has; folding never makes them fewer.
    pub(crate) fn length(&self) -> usize {
        if self.plain { self.raw.len() } else { self.letters().count() }
    }
}

/// Words case folded and joined; on the stack while they are ASCII.
pub(crate) struct Folded {
    ascii: [u8; Self::MAX_ASCII],
    length: usize,
    other: Option<String>,
    /// Longer than any word that it could be compared with: it is none of them.
    too_long: bool,
}

impl Folded {
    /// A word of an account has at most 40 characters, each of which folds to at most three.
    const MAX_ASCII: usize = 120;

    pub(crate) fn new() -> Self {
        Self { ascii: [0; Self::MAX_ASCII], length: 0, other: None, too_long: false }
    }

    pub(crate) fn of(word: &Word<'_>) -> Self {
        let mut folded = Self::new();
        folded.push(word);
        folded
    }

    /// Adds a word.
    pub(crate) fn push(&mut self, word: &Word<'_>) {
        if self.other.is_none() && (word.plain || word.raw.chars().all(is_ascii_or_apostrophe)) {
            self.too_long |= self.length + word.length() > Self::MAX_ASCII;
            let room = self.ascii.iter_mut().skip(self.length);
            let letters = word.raw.bytes().filter(u8::is_ascii_alphanumeric);
            for (to, letter) in room.zip(letters) {
                *to = letter.to_ascii_lowercase();
                self.length += 1;
            }
        } else {
            let folded = UniCase::new(word.spelt()).to_folded_case();
            let before = core::str::from_utf8(self.as_bytes()).unwrap_or_default();
            let before = String::from(before);
            self.other.get_or_insert(before).push_str(&folded);
        }
    }

    /// The words; empty when they are too long.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        match &self.other {
            _ if self.too_long => &[],
            Some(folded) => folded.as_bytes(),
            None => self.ascii.get(..self.length).unwrap_or_default(),
        }
    }
}

fn is_ascii_or_apostrophe(char: char) -> bool {
    char.is_ascii() || is_apostrophe(char)
}

fn is_apostrophe(char: char) -> bool {
    matches!(char, '\'' | '’')
}

/// The words of a text in their order, or its letters: one pass, nothing allocated for ASCII.
pub(crate) struct Words<'a> {
    text: &'a str,
    at: usize,
    quotes: Quotes,
    /// Closing marks known not to come any more, so that no mark is looked for twice in vain.
    unclosed: [bool; 3],
    /// Whether an opening mark was passed.
    pub(crate) quoted: bool,
    /// Whether [`fold_letters`](Self::fold_letters) passed a default-ignorable code point.
    pub(crate) ignorable: bool,
}

impl<'a> Words<'a> {
    pub(crate) fn new(text: &'a str, quotes: Quotes) -> Self {
        Self { text, at: 0, quotes, unclosed: [false; 3], quoted: false, ignorable: false }
    }

    fn char_at(&self, at: usize) -> Option<char> {
        self.text.get(at..)?.chars().next()
    }

    /// Passes the mark at `self.at`, or the whole span where spans are dropped and it closes.
    fn pass_quote(&mut self, width: usize, kind: usize, closing: char) {
        self.quoted = true;
        self.at += width;
        if self.quotes == Quotes::Kept || self.unclosed[kind] {
            return;
        }
        match self.text.get(self.at..).and_then(|rest| rest.find(closing)) {
            Some(length) => self.at += length + closing.len_utf8(),
            None => self.unclosed[kind] = true,
        }
    }

    /// Folds what is left letter by letter, as classes: letters, case aside, [`DIGIT`] for digits
    /// and letters beyond ASCII, [`GAP`] for whatever parts words.
    pub(crate) fn fold_letters<S>(&mut self, mut state: S, step: impl Fn(S, u8) -> S) -> S {
        let bytes = self.text.as_bytes();
        let mut at = self.at;
        while let Some(&byte) = bytes.get(at) {
            let class = class(byte);
            if class <= GAP {
                state = step(state, class);
                at += 1;
            } else {
                self.at = at;
                state = self.fold_rare(state, &step);
                at = self.at;
            }
        }
        self.at = at;
        state
    }

    /// A mark or a character beyond ASCII.
    #[cold]
    fn fold_rare<S>(&mut self, state: S, step: &impl Fn(S, u8) -> S) -> S {
        let Some(char) = self.char_at(self.at) else {
            self.at = self.text.len();
            return state;
        };
        match char {
            '"' => self.pass_quote(1, 0, '"'),
            '“' => self.pass_quote('“'.len_utf8(), 1, '”'),
            '«' => self.pass_quote('«'.len_utf8(), 2, '»'),
            _ => {
                self.at += char.len_utf8();
                if is_apostrophe(char) {
                    return state;
                }
                if is_letter_or_digit(char) {
                    let folded = UniCase::new(char.encode_utf8(&mut [0; 4])).to_folded_case();
                    let classes = folded.chars().map(|char| {
                        u8::try_from(char).map_or(DIGIT, |byte| self::class(byte).min(DIGIT))
                    });
                    return classes.fold(state, step);
                }
                self.ignorable |= is_ignorable(char);
            }
        }
        step(state, GAP)
    }

    /// Moves to the next letter or digit, if there is one.
    fn pass_gap(&mut self) -> Option<()> {
        let bytes = self.text.as_bytes();
        loop {
            let class = class(*bytes.get(self.at)?);
            if class <= DIGIT {
                return Some(());
            }
            if class == GAP || class == APOSTROPHE {
                self.at += 1;
                continue;
            }
            match self.char_at(self.at)? {
                '"' => self.pass_quote(1, 0, '"'),
                '“' => self.pass_quote('“'.len_utf8(), 1, '”'),
                '«' => self.pass_quote('«'.len_utf8(), 2, '»'),
                char if is_letter_or_digit(char) => return Some(()),
                char => {
                    self.at += char.len_utf8();
                }
            }
        }
    }
}

impl<'a> Iterator for Words<'a> {
    type Item = Word<'a>;

    fn next(&mut self) -> Option<Word<'a>> {
        self.pass_gap()?;
        let bytes = self.text.as_bytes();
        let start = self.at;
        let mut plain = true;
        let mut at = start;
        while let Some(&byte) = bytes.get(at) {
            let class = class(byte);
            if class <= DIGIT {
                at += 1;
                continue;
            }
            if class <= QUOTE {
                break;
            }
            let char = self.char_at(at)?;
            if !is_apostrophe(char) && !is_letter_or_digit(char) {
                break;
            }
            plain = false;
            at += char.len_utf8();
        }
        self.at = at;
        let raw = self.text.get(start..self.at)?;
        Some(Word { raw, plain })
    }
}

/// Whether a word of the text, in any case, is one of [`tells_opt_out`]'s.
pub(crate) fn names_opt_out(text: &str) -> bool {
    Words::new(text, Quotes::Kept).any(|word| {
        let word = word.spelt();
        ["STOP", "STOPALL", "UNSUBSCRIBE"].iter().any(|name| word.eq_ignore_ascii_case(name))
    })
}

/// The words of a text as they are spelt.
pub(crate) fn spelt(text: &str) -> impl Iterator<Item = Cow<'_, str>> {
    Words::new(text, Quotes::Kept).map(|word| word.spelt())
}

/// Whether a word of the text, in this case, is one that tells a person how to opt out (R3.1).
pub(crate) fn tells_opt_out(text: &str) -> bool {
    Words::new(text, Quotes::Kept)
        .any(|word| matches!(&*word.spelt(), "STOP" | "STOPALL" | "UNSUBSCRIBE"))
}
