//! Texts that mean no without the word for it: suspected opt-outs, refusals, reactions (R2.5, R2.6).

use super::words::{Folded, Word};

/// The words that R2.5's phrases are made of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Token {
    Alone,
    Contact,
    Contacting,
    Do,
    Dont,
    Interested,
    Just,
    Leave,
    Me,
    Messages,
    Messaging,
    More,
    No,
    Not,
    Number,
    Off,
    Opt,
    OptOut,
    Out,
    Please,
    Quit,
    Remove,
    Said,
    Sending,
    Stop,
    Take,
    Text,
    Texting,
    Texts,
    Thank,
    Thanks,
    This,
    Unsubscribe,
    Wrong,
    You,
    Other,
}

/// Letters that a phrase word begins with, a bit each: most words of a text fall here.
const INITIALS: u32 = {
    let letters = b"acdijlmnopqrstuwy";
    let mut bits = 0;
    let mut at = 0;
    while at < letters.len() {
        bits |= 1 << (letters[at] & 31);
        at += 1;
    }
    bits
};

const LONGEST: usize = "unsubscribe".len();

fn token(word: &Word<'_>) -> Token {
    let Some(plain) = word.as_plain() else {
        return folded_token(Folded::of(word).as_str().as_bytes());
    };
    let bytes = plain.as_bytes();
    let initial = bytes.first().map_or(0, |byte| byte & 31);
    if bytes.len() > LONGEST || INITIALS & (1 << initial) == 0 {
        return Token::Other;
    }
    let mut folded = [0; LONGEST];
    for (to, from) in folded.iter_mut().zip(bytes) {
        *to = from.to_ascii_lowercase();
    }
    folded_token(folded.get(..bytes.len()).unwrap_or_default())
}

fn folded_token(word: &[u8]) -> Token {
    match word {
        b"alone" => Token::Alone,
        b"contact" => Token::Contact,
        b"contacting" => Token::Contacting,
        b"do" => Token::Do,
        b"dont" => Token::Dont,
        b"interested" => Token::Interested,
        b"just" => Token::Just,
        b"leave" => Token::Leave,
        b"me" => Token::Me,
        b"messages" => Token::Messages,
        b"messaging" => Token::Messaging,
        b"more" => Token::More,
        b"no" => Token::No,
        b"not" => Token::Not,
        b"number" => Token::Number,
        b"off" => Token::Off,
        b"opt" => Token::Opt,
        b"optout" => Token::OptOut,
        b"out" => Token::Out,
        b"please" | b"pls" => Token::Please,
        b"quit" => Token::Quit,
        b"remove" => Token::Remove,
        b"said" => Token::Said,
        b"sending" => Token::Sending,
        b"stop" => Token::Stop,
        b"take" => Token::Take,
        b"text" => Token::Text,
        b"texting" => Token::Texting,
        b"texts" => Token::Texts,
        b"thank" => Token::Thank,
        b"thanks" => Token::Thanks,
        b"this" => Token::This,
        b"unsubscribe" => Token::Unsubscribe,
        b"wrong" => Token::Wrong,
        b"you" => Token::You,
        _ => Token::Other,
    }
}

/// Looks for R2.5's phrases while the words go by.
pub(super) struct Suspicion {
    before: [Token; 2],
    found: bool,
}

impl Suspicion {
    pub(super) fn new() -> Self {
        Self { before: [Token::Other; 2], found: false }
    }

    pub(super) fn see(&mut self, word: &Word<'_>) {
        let now = token(word);
        self.found |= now != Token::Other && ends_phrase(self.before, now);
        self.before = [self.before[1], now];
    }

    pub(super) fn found(&self) -> bool {
        self.found
    }
}

fn ends_phrase(before: [Token; 2], now: Token) -> bool {
    use Token::{
        Alone, Contact, Contacting, Do, Dont, Interested, Just, Leave, Me, Messages, Messaging,
        More, No, Not, Number, Off, Opt, OptOut, Out, Please, Quit, Remove, Said, Sending, Stop,
        Take, Text, Texting, Texts, Thank, Thanks, This, Unsubscribe, Wrong, You,
    };
    matches!(
        (before[0], before[1], now),
        (_, _, Unsubscribe | OptOut)
            | (_, Stop, Texting | Messaging | Sending | Contacting | This)
            | (_, Please | Just | Said, Stop)
            | (_, Quit, Texting | Messaging)
            | (No, More, Texts | Messages)
            | (_, Opt, Out)
            | (Opt, Me, Out)
            | (Take, Me, Off)
            | (_, Remove, Me)
            | (Leave, Me, Alone)
            | (Do, Not, Text | Contact)
            | (_, Dont, Text | Contact)
            | (_, Not, Interested)
            | (_, No, Thanks)
            | (No, Thank, You)
            | (_, Wrong, Number)
    )
}

/// Whether the squeezed text is a refusal (R2.6).
pub(super) fn refuses(squeezed: &str) -> bool {
    matches!(squeezed, "no" | "nope" | "nothanks" | "nothankyou" | "notinterested")
}

/// Whether the text is what a phone sends when its owner taps a reaction (R2.6).
pub(super) fn is_reaction(text: &str) -> bool {
    const VERBS: [&str; 6] =
        ["Liked ", "Loved ", "Disliked ", "Laughed at ", "Emphasized ", "Questioned "];
    let text = text.trim();
    VERBS.iter().filter_map(|verb| text.strip_prefix(verb)).any(|span| {
        [('"', '"'), ('“', '”')]
            .into_iter()
            .filter_map(|(open, close)| span.strip_prefix(open)?.strip_suffix(close))
            .any(|inside| !inside.contains(['"', '“', '”']))
    })
}
