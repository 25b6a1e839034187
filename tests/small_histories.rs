//! Every short history, through the engine and through a second writing of the rules.
//!
//! `OPTIN_DEPTH` sets how many letters a history has at most: 3 unless told otherwise. Waits are none,
//! twelve hours, and a millisecond less or more; hand-overs take no time and are never left waiting.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]
#![allow(clippy::wildcard_enum_match_arm, reason = "letters are many, and most of no account")]

#[path = "small_histories/letters.rs"]
mod letters;
#[path = "small_histories/reference.rs"]
mod reference;
#[path = "small_histories/shelf.rs"]
mod shelf;
mod support;
#[path = "small_histories/walk.rs"]
mod walk;

use self::{
    letters::{
        Ending,
        Letter::{self, *},
        Rules,
    },
    walk::walk,
};

const DAY: i64 = 24 * 3_600_000;

const DEFAULTS: Rules = Rules {
    double_opt_in: true,
    yes_is_keyword: true,
    help_reply: true,
    confirmed_reply: true,
    reminders: 3,
    restarts: 3,
    window: 30 * DAY,
    outbox: Ending::Accepted,
};

const ALL: [Letter; 20] = [
    Hi,
    Yes,
    Start,
    Stop,
    Help,
    No,
    PleaseStop,
    Liked,
    Again,
    Added,
    Existing,
    SetActive,
    SetOptedOut,
    CarrierBlock,
    Message,
    SwitchDoubleOptIn,
    SwitchKeyword,
    Answer(Ending::NotSent),
    Answer(Ending::Unknown),
    Answer(Ending::Blocked),
];

const TEXTS: [Letter; 8] = [Hi, Yes, Start, Stop, Help, Again, SwitchDoubleOptIn, CarrierBlock];

#[test]
fn every_small_history_goes_as_the_reference_says() {
    let depth = std::env::var("OPTIN_DEPTH").map_or(3, |depth| depth.parse().unwrap());
    let with = |letter| [&TEXTS[..], &[letter]].concat();
    let histories = walk(&ALL, DEFAULTS, depth)
        // The first letter that makes a difference comes early.
        + walk(&with(Added), Rules { double_opt_in: false, ..DEFAULTS }, depth)
        + walk(
            &with(Answer(Ending::Accepted)),
            Rules { outbox: Ending::NotSent, ..DEFAULTS },
            depth,
        )
        + walk(
            &with(SetActive),
            Rules { reminders: 1, restarts: 1, window: DAY, help_reply: false, ..DEFAULTS },
            depth,
        )
        + walk(
            &with(SwitchKeyword),
            Rules { reminders: 0, restarts: 0, confirmed_reply: false, ..DEFAULTS },
            depth,
        );
    println!("small histories: {histories} of up to {depth} events compared");
}
