//! Reading a text: the strict readings, and the whole [`Reading`] in its order (R2.1 to R2.8).

use alloc::{string::String, vec::Vec};

use super::{
    suspicion,
    words::{self, DIGIT, Folded, Quotes, Word, Words},
};

/// The keyword that a contact confirms with: one of five, exactly one is configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "UPPERCASE"))]
#[allow(clippy::exhaustive_enums, reason = "RULES 2 closes the set")]
pub enum Keyword {
    /// `YES`
    Yes,
    /// `Y`
    Y,
    /// `OK`
    Ok,
    /// `CONFIRM`
    Confirm,
    /// `APPROVE`
    Approve,
}

impl Keyword {
    /// All five, in the order that settings list them.
    pub const ALL: [Self; 5] = [Self::Yes, Self::Y, Self::Ok, Self::Confirm, Self::Approve];

    /// The keyword in upper case, as a prompt shows it.
    #[inline]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "YES",
            Self::Y => "Y",
            Self::Ok => "OK",
            Self::Confirm => "CONFIRM",
            Self::Approve => "APPROVE",
        }
    }

    /// The keyword that a whole text strictly is (R2.3): ASCII case aside, white space and
    /// default-ignorable code points at its ends aside.
    ///
    /// ```
    /// use optin::Keyword;
    ///
    /// assert_eq!(Keyword::strict(" yes\r\n"), Some(Keyword::Yes));
    /// assert_eq!(Keyword::strict("YES."), None);
    /// ```
    #[inline]
    pub fn strict(text: &str) -> Option<Self> {
        let word = words::trim(text);
        Self::ALL.into_iter().find(|keyword| word.eq_ignore_ascii_case(keyword.as_str()))
    }

    fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// A set of keywords: those shown to a contact in one cycle.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(from = "Vec<Keyword>", into = "Vec<Keyword>"))]
pub struct KeywordSet(u8);

impl KeywordSet {
    /// The set with this keyword in it.
    #[must_use]
    pub fn with(self, keyword: Keyword) -> Self {
        Self(self.0 | keyword.bit())
    }

    /// Whether the keyword is in it.
    pub fn contains(self, keyword: Keyword) -> bool {
        self.0 & keyword.bit() != 0
    }

    /// Its keywords, in the order of [`Keyword::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Keyword> {
        Keyword::ALL.into_iter().filter(move |keyword| self.contains(*keyword))
    }
}

impl core::fmt::Debug for KeywordSet {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl From<Vec<Keyword>> for KeywordSet {
    fn from(keywords: Vec<Keyword>) -> Self {
        keywords.into_iter().fold(Self::default(), Self::with)
    }
}

impl From<KeywordSet> for Vec<Keyword> {
    fn from(set: KeywordSet) -> Self {
        set.iter().collect()
    }
}

/// What a text says, before anyone asks who wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums, reason = "the table of rules is total over it")]
pub enum Reading {
    /// An opt-out word and nothing else (R2.1).
    OptOut,
    /// A help word and nothing else, where help is answered (R2.2).
    Help,
    /// Strictly one of the five keywords, a restart word, or both (R2.3, R2.4).
    Answer {
        /// The keyword that it is.
        keyword: Option<Keyword>,
        /// Whether it is a restart word of the account.
        restart: bool,
    },
    /// A phone's report that its owner tapped a reaction (R2.6).
    Reaction,
    /// Words that mean an opt-out to a person (R2.5).
    SuspectedOptOut,
    /// A plain no (R2.6).
    Refusal,
    /// Anything else.
    Other,
}

/// A text of more bytes is not read (R2.8).
const MAX_BYTES: usize = 16_384;

/// Reads texts as an account's settings say.
///
/// Made by a [`Policy`](crate::Policy), which checks the words.
#[derive(Clone, PartialEq, Eq)]
pub struct KeywordMatcher {
    opt_out: WordList,
    help: WordList,
    refusal: WordList,
    openings: Openings,
    restart: Vec<String>,
    answers_help: bool,
    /// Bytes of the longest word that a lenient reading compares, and a strict one.
    longest_lenient: usize,
    longest_strict: usize,
}

impl KeywordMatcher {
    pub(super) fn new(
        opt_out: &[String],
        help: &[String],
        restart: &[String],
        answers_help: bool,
    ) -> Self {
        let opt_out = WordList::new(&OPT_OUT, opt_out);
        let help = WordList::new(&HELP, help);
        let refusal = WordList::new(&REFUSAL, &[]);
        let restart: Vec<String> = restart.iter().map(|word| words::trim(word).into()).collect();
        let longest = |words: &[String]| words.iter().map(String::len).max().unwrap_or(0);
        Self {
            longest_lenient: longest(&opt_out.0).max(longest(&help.0)).max(longest(&refusal.0)),
            longest_strict: longest(&restart).max("CONFIRM".len()),
            openings: Openings::of(opt_out.0.iter().chain(&help.0).chain(&refusal.0)),
            opt_out,
            help,
            refusal,
            restart,
            answers_help,
        }
    }

    /// Whether the whole text strictly is a restart word of the account (R2.4).
    #[inline]
    pub fn restarts(&self, text: &str) -> bool {
        let word = words::trim(text);
        self.restart.iter().any(|restart| word.eq_ignore_ascii_case(restart))
    }

    /// What the text says; `media` when pictures or sound came with it.
    ///
    /// Linear in the text, and without allocation for ASCII.
    pub fn read(&self, text: &str, media: bool) -> Reading {
        if text.len() > MAX_BYTES {
            return Reading::Other;
        }
        let scan = Scan::of(self, text);
        if scan.opt_out {
            return Reading::OptOut;
        }
        if scan.help && self.answers_help {
            return Reading::Help;
        }
        if let Some(answer) = self.answer(text).filter(|_| !media) {
            return answer;
        }
        if suspicion::is_reaction(text) {
            Reading::Reaction
        } else if scan.suspected {
            Reading::SuspectedOptOut
        } else if scan.refusal {
            Reading::Refusal
        } else {
            Reading::Other
        }
    }

    fn answer(&self, text: &str) -> Option<Reading> {
        let word = words::trim(text);
        if word.len() > self.longest_strict {
            return None;
        }
        let keyword = Keyword::strict(word);
        let restart = self.restarts(word);
        (keyword.is_some() || restart).then_some(Reading::Answer { keyword, restart })
    }

    /// Whether the text reads as anything that no restart word may read as (RULES 3).
    pub(super) fn reads_otherwise(&self, text: &str) -> bool {
        let scan = Scan::of(self, text);
        scan.opt_out || scan.help || scan.suspected || scan.refusal || suspicion::is_reaction(text)
    }
}

impl core::fmt::Debug for KeywordMatcher {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("KeywordMatcher").finish_non_exhaustive()
    }
}

/// Words of the rules and words that an account added to them, squeezed.
#[derive(Clone, PartialEq, Eq)]
struct WordList(Vec<String>);

impl WordList {
    fn new(of_rules: &[&str], added: &[String]) -> Self {
        let added = added.iter().map(|word| words::squeeze(word));
        let of_rules = of_rules.iter().map(|&word| word.into());
        Self(of_rules.chain(added).collect())
    }

    fn contains(&self, folded: &[u8]) -> bool {
        self.0.iter().any(|word| word.as_bytes() == folded)
    }
}

const OPT_OUT: [&str; 8] =
    ["stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"];
const HELP: [&str; 2] = ["help", "info"];
const REFUSAL: [&str; 5] = ["no", "nope", "nothanks", "nothankyou", "notinterested"];

/// The first two letters of listed words: by the first a bit for each second.
#[derive(Clone, PartialEq, Eq)]
struct Openings([u32; Self::CLASSES]);

impl Openings {
    const CLASSES: usize = DIGIT as usize + 1;

    fn of<'a>(listed: impl Iterator<Item = &'a String>) -> Self {
        let mut openings = [0; Self::CLASSES];
        for word in listed {
            let mut classes = word.bytes().map(|byte| words::class(byte).min(DIGIT));
            let first = classes.next().unwrap_or(DIGIT);
            openings[usize::from(first)] |= classes.next().map_or(u32::MAX, |class| 1 << class);
        }
        Self(openings)
    }

    /// Whether a listed word can be the whole of a text, or of its first words, that begins so.
    fn admit(&self, first: &Word<'_>) -> bool {
        let mut classes = first.as_plain().bytes().map(words::class);
        match (classes.next(), classes.next()) {
            (Some(first), Some(second)) => self.0[usize::from(first)] & (1 << second) != 0,
            _ => true,
        }
    }
}

/// Whether a text reads, leniently, as one of the keywords or as `START`: an account may not make
/// it an opt-out or help word.
pub(super) fn is_reserved(text: &str) -> bool {
    let reserved: fn(&[u8]) -> bool =
        |folded| matches!(folded, b"yes" | b"y" | b"ok" | b"confirm" | b"approve" | b"start");
    let text = words::visible(text);
    let mut whole = Folded::new();
    let mut every = true;
    for word in Words::new(&text, Quotes::Kept) {
        every &= reserved(Folded::of(&word).as_bytes());
        whole.push(&word);
    }
    !whole.as_bytes().is_empty() && (every || reserved(whole.as_bytes()))
}

/// What the lenient readings find in a text.
struct Scan {
    opt_out: bool,
    help: bool,
    suspected: bool,
    refusal: bool,
}

impl Scan {
    fn of(matcher: &KeywordMatcher, text: &str) -> Self {
        let mut words = Words::new(text, Quotes::Kept);
        let mut suspected = suspicion::has_phrase(&mut words);
        let mut kept = Lenient::over(matcher, text, Quotes::Kept);
        suspected |= kept.opens_as_opt_out;
        if words.quoted {
            let own = Lenient::over(matcher, text, Quotes::Dropped);
            if own.any {
                let mut words = Words::new(text, Quotes::Dropped);
                suspected = own.opens_as_opt_out || suspicion::has_phrase(&mut words);
            }
        }
        if words.ignorable {
            kept = Lenient::over(matcher, &words::visible(text), Quotes::Kept);
        }
        Self { opt_out: kept.opt_out, help: kept.help, suspected, refusal: kept.refusal }
    }
}

/// What whole words say, looked at only until nothing can come of them any more.
#[derive(Default)]
struct Lenient {
    any: bool,
    opens_as_opt_out: bool,
    opt_out: bool,
    help: bool,
    refusal: bool,
}

impl Lenient {
    fn over(matcher: &KeywordMatcher, text: &str, quotes: Quotes) -> Self {
        let mut squeezed = Folded::new();
        let mut letters = 0;
        let mut opens_as_opt_out = false;
        let mut every_opt_out = false;
        let mut every_help = false;
        for (index, word) in Words::new(text, quotes).enumerate() {
            if index == 0 && !matcher.openings.admit(&word) {
                return Self { any: true, ..Self::default() };
            }
            letters += word.length();
            let comparable = letters <= matcher.longest_lenient;
            if comparable {
                squeezed.push(&word);
                opens_as_opt_out |= index < 2 && matcher.opt_out.contains(squeezed.as_bytes());
            }
            if index == 0 {
                every_opt_out = opens_as_opt_out;
                every_help = comparable && matcher.help.contains(squeezed.as_bytes());
            } else if every_opt_out || every_help {
                let folded = Folded::of(&word);
                every_opt_out = every_opt_out && matcher.opt_out.contains(folded.as_bytes());
                every_help = every_help && matcher.help.contains(folded.as_bytes());
            } else if !comparable {
                break;
            }
        }
        let whole = if letters <= matcher.longest_lenient { squeezed.as_bytes() } else { &[] };
        let any = letters > 0;
        Self {
            any,
            opens_as_opt_out,
            opt_out: any && (every_opt_out || matcher.opt_out.contains(whole)),
            help: any && (every_help || matcher.help.contains(whole)),
            refusal: matcher.refusal.contains(whole),
        }
    }
}
