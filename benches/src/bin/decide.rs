//! `decide` beside the same table by hand, the reading given.

use std::hint::black_box;

use optin::{Decision, Event, Reading, Refusal, Text, Transition, decide, decide_text};
use optin_benches::{
    peer::table::{self, Answer, Row},
    rounds,
    situations::{self, Situation},
};

fn main() {
    let all = situations::all();
    let (texts, others): (Vec<_>, Vec<_>) =
        all.iter().map(Case::new).partition(|case| case.text.is_some());
    let chats =
        texts.iter().filter(|case| case.of.stands == "active" && case.of.happens == "a text");
    for (name, cases, times) in [
        ("texts in every situation", texts.iter().collect::<Vec<_>>(), 20),
        ("a usual text of someone active", chats.collect(), 1_000),
        ("other events in every situation", others.iter().collect(), 20),
    ] {
        println!("{name}: {}", cases.len());
        compare(&cases, times);
    }
}
