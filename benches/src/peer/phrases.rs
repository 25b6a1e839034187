//! R2.5's phrases looked for with `aho-corasick`, ASCII case aside.

use aho_corasick::{AhoCorasick, AhoCorasickKind};

/// The phrases as the rule lists them.
pub const PHRASES: [&str; 28] = [
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

/// The machine of this kind; none: the one that the crate chooses by itself.
///
/// # Panics
/// Never: 28 short phrases make a small machine.
pub fn machine(kind: Option<AhoCorasickKind>) -> AhoCorasick {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .kind(kind)
        .build(PHRASES)
        .expect("28 short phrases make a small machine")
}

/// Every machine that could be meant, by name.
pub fn machines() -> [(&'static str, AhoCorasick); 3] {
    [
        ("aho-corasick, its own choice", machine(None)),
        ("aho-corasick, DFA", machine(Some(AhoCorasickKind::DFA))),
        ("aho-corasick, contiguous NFA", machine(Some(AhoCorasickKind::ContiguousNFA))),
    ]
}

/// Whether a phrase is in the text: the search ends at the first.
pub fn found(machine: &AhoCorasick, text: &str) -> bool {
    machine.is_match(text)
}
