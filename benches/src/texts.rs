//! The texts to read: those of a file, or made ones as long as people's are.

use std::{env, fs, io};

/// Texts, and where they are from.
#[derive(Debug)]
pub struct Texts {
    /// What to call them in a report.
    pub source: String,
    /// The texts.
    pub list: Vec<String>,
}

impl Texts {
    /// Those of the file that the first argument or `OPTIN_TEXTS` names, else made ones.
    ///
    /// A line of the file is a label, a tab and the text.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn given_or_made() -> io::Result<Self> {
        let path = env::args().nth(1).or_else(|| env::var("OPTIN_TEXTS").ok());
        match path {
            Some(path) => Self::read(&path),
            None => Ok(Self::made()),
        }
    }

    /// Those of this file.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn read(path: &str) -> io::Result<Self> {
        let lines = fs::read_to_string(path)?;
        let list = lines
            .lines()
            .map(|line| line.split_once('\t').map_or(line, |(_, text)| text).into())
            .collect();
        Ok(Self { source: "the texts given".into(), list })
    }

    /// 5,574 made ones, always the same.
    pub fn made() -> Self {
        let mut chance = Chance(1);
        let list = (0..5_574).map(|_| made(&mut chance)).collect();
        Self { source: "made texts".into(), list }
    }

    /// Their bytes.
    pub fn bytes(&self) -> usize {
        self.list.iter().map(String::len).sum()
    }

    /// Those in ASCII.
    pub fn ascii(&self) -> impl Iterator<Item = &str> {
        self.list.iter().map(String::as_str).filter(|text| text.is_ascii())
    }
}

/// Short texts by which people answer a prompt, as they write them.
pub const ANSWERS: [&str; 16] = [
    "YES",
    "Yes",
    "yes",
    "y",
    "Y ",
    " OK",
    "ok",
    "Confirm",
    "APPROVE\n",
    "START",
    "yes please",
    "Yes.",
    "Yeah",
    "no",
    "STOP",
    "\u{200b}Yes",
];

/// Parts that long texts are made of to make a reader slow, by name.
pub const NASTY: [(&str, &str); 17] = [
    ("plain words", "see you at seven then "),
    ("one long word", "abcdefgh"),
    ("opt-out words", "stop "),
    ("phrases not ended", "no more stop opt "),
    ("opening marks, two kinds", "\u{201c}\u{ab}"),
    ("straight marks", "\""),
    ("quoted words", "\u{201c}a\u{201d} "),
    ("a mark in another's span", "\u{ab}\u{201c}\u{bb} a "),
    ("a mark that never closes", "\u{201c}a \"b\" \u{ab}"),
    ("apostrophes", "'"),
    ("apostrophes in words", "don't \u{2019}s "),
    ("apostrophes in one word", "a'"),
    ("combining marks", "e\u{301}"),
    ("invisible characters in words", "s\u{200b}t\u{ad}op "),
    ("invisible characters", "\u{200b}"),
    ("letters that fold to more", "\u{df}\u{fb03} \u{130}"),
    ("white space", " \u{a0}\n"),
];

/// A small generator of numbers (splitmix64): the same from the same seed.
#[derive(Debug)]
pub struct Chance(pub u64);

impl Chance {
    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % end as u64).unwrap_or(0)
    }

    fn of<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len())]
    }
}

/// A text of one in twenty shares of these bytes, as texts between people are long.
fn made(chance: &mut Chance) -> String {
    const BYTES: [usize; 20] =
        [12, 22, 25, 29, 32, 36, 39, 44, 48, 54, 62, 70, 79, 89, 106, 122, 137, 149, 156, 161];
    const SENTENCES: [&str; 32] = [
        "see you at seven",
        "is the blue one still there",
        "running late, sorry",
        "call me later",
        "what time do you open tomorrow",
        "I'm at the corner by the bakery",
        "ok that works",
        "can you hold a table for four",
        "thank you so much",
        "we'll take two of them then",
        "my train is stuck again",
        "did you get the pictures",
        "happy birthday to your sister",
        "I don't know yet",
        "the kids are asleep",
        "let me check with Tom and come back to you",
        "do you deliver on Sundays",
        "please send me the address",
        "nothing new here",
        "it was lovely meeting you",
        "how much is it with the larger screen",
        "no problem at all",
        "the doctor said next week",
        "order 48213 has not arrived",
        "just got home",
        "you can stop by any time",
        "he'll bring the keys",
        "not today I think",
        "won 2 tickets for the game on 14/06",
        "text me when you leave",
        "more snow coming",
        "that's all from me for now",
    ];
    const ENDS: [&str; 10] =
        [". ", "... ", "! ", "? ", " :) ", ", ", " - ", "\u{2019} ", " & ", " "];
    let least = BYTES[chance.below(BYTES.len())];
    if least == BYTES[0] {
        return chance.of(&ANSWERS).into();
    }
    let mut text = String::new();
    loop {
        let sentence = chance.of(&SENTENCES);
        let capital = chance.below(2) == 0;
        let initial = sentence.get(..1).unwrap_or_default();
        text += &if capital { initial.to_ascii_uppercase() } else { initial.into() };
        text += sentence.get(1..).unwrap_or_default();
        if text.len() >= least {
            return text;
        }
        text += chance.of(&ENDS);
    }
}
