//! Texts that mean no without the word for it: suspected opt-outs and reactions (R2.5, R2.6).

use super::words::{GAP, Words, class};

/// R2.5's phrases: words in a row.
const PHRASES: [&str; 28] = [
    "unsubscribe",
    "optout",
    "stop texting",
    "stop messaging",
    "stop sending",
    "stop contacting",
    "stop this",
    "please stop",
    "pls stop",
    "just stop",
    "said stop",
    "quit texting",
    "quit messaging",
    "no more texts",
    "no more messages",
    "opt out",
    "opt me out",
    "take me off",
    "remove me",
    "leave me alone",
    "do not text",
    "dont text",
    "do not contact",
    "dont contact",
    "not interested",
    "no thanks",
    "no thank you",
    "wrong number",
];

/// What is known of the text so far: the longest beginning of a phrase that its end may be.
///
/// A byte: so that every one is a place in a row of [`STEPS`].
type State = u8;

/// No phrase has begun.
const NOWHERE: State = 0;
/// A phrase was seen; nothing leads away.
const FOUND: State = 1;
const STATES: usize = 256;
const CLASSES: usize = GAP as usize + 1;

/// Where each class of letter leads (Aho and Corasick's automaton, with one gap before and after
/// each phrase): one step a letter, whatever the text.
static STEPS: [[State; STATES]; CLASSES] = automaton();

const fn automaton() -> [[State; STATES]; CLASSES] {
    let mut steps = [[NOWHERE; STATES]; CLASSES];
    let mut after_gap = [false; STATES];
    let mut states = FOUND as usize + 1;
    let mut phrase = 0;
    while phrase < PHRASES.len() {
        let letters = PHRASES[phrase].as_bytes();
        let mut state = NOWHERE as usize;
        let mut at = 0;
        while at <= letters.len() {
            let class = match at {
                0 => GAP,
                _ => class(letters[at - 1]),
            } as usize;
            if steps[class][state] == NOWHERE {
                steps[class][state] = states as State;
                after_gap[states] = class == GAP as usize;
                states += 1;
            }
            state = steps[class][state] as usize;
            at += 1;
        }
        steps[GAP as usize][state] = FOUND;
        phrase += 1;
    }
    assert!(states <= STATES);

    // Where a phrase breaks off, its end may be the beginning of another.
    let mut other = [NOWHERE; STATES];
    let mut queue = [NOWHERE; STATES];
    let (mut first, mut last) = (0, 1);
    while first < last {
        let state = queue[first] as usize;
        first += 1;
        let mut class = 1;
        while class <= GAP as usize {
            let begun = steps[class][other[state] as usize];
            let next = steps[class][state];
            if state == NOWHERE as usize {
                if next != NOWHERE {
                    queue[last] = next;
                    last += 1;
                }
            } else if next == NOWHERE || begun == FOUND {
                steps[class][state] = begun;
            } else if next != FOUND {
                other[next as usize] = begun;
                queue[last] = next;
                last += 1;
            }
            class += 1;
        }
    }

    let mut state = 0;
    while state < STATES {
        if after_gap[state] {
            steps[GAP as usize][state] = state as State;
        }
        state += 1;
    }
    let mut class = 0;
    while class < CLASSES {
        steps[class][FOUND as usize] = FOUND;
        class += 1;
    }
    steps
}

/// Whether one of R2.5's phrases is in the words.
pub(super) fn has_phrase(words: &mut Words<'_>) -> bool {
    let step = |state: State, class: u8| STEPS[usize::from(class)][usize::from(state)];
    let end = words.fold_letters(step(NOWHERE, GAP), step);
    step(end, GAP) == FOUND
}

/// Whether the text is what a phone sends when its owner taps a reaction (R2.6).
pub(super) fn is_reaction(text: &str) -> bool {
    const VERBS: [&str; 6] =
        ["Liked ", "Loved ", "Disliked ", "Laughed at ", "Emphasized ", "Questioned "];
    let text = text.trim();
    if !text.ends_with(['"', '”']) {
        return false;
    }
    VERBS.iter().filter_map(|verb| text.strip_prefix(verb)).any(|span| {
        [('"', '"'), ('“', '”')]
            .into_iter()
            .filter_map(|(open, close)| span.strip_prefix(open)?.strip_suffix(close))
            .any(|inside| !inside.contains(['"', '“', '”']))
    })
}
