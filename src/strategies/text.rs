//! Texts of all readings, and texts of any characters.

use alloc::{string::String, vec};

use proptest::{collection::vec, option, prelude::*, sample::select};

use super::{
    name::{inbox, text_id},
    time::any_times,
};
use crate::consent::event::Text;

/// What contacts write: each [`Reading`](crate::Reading) is among them (help, where it is
/// answered), and those that lead somewhere more often.
pub fn bodies() -> impl Strategy<Value = &'static str> {
    select(vec![
        "hello",
        "hello",
        "hello",
        "YES",
        "confirm",
        "START",
        "START",
        "STOP",
        "HELP",
        "no",
        "please stop",
        "Liked “Hi”",
    ])
}

/// Texts of [`bodies`] with one of 60 ids, so that some come twice; some answered by the provider.
pub fn texts() -> impl Strategy<Value = Text<'static>> {
    (0..60_u8, bodies(), prop::bool::weighted(0.1)).prop_map(|(id, body, replied)| {
        Text::new(inbox(), text_id(id), body).with_provider_replied(replied)
    })
}

/// Any characters; words that mean something in any order; and up to 40,000 bytes.
pub fn any_bodies() -> impl Strategy<Value = String> {
    let word = select(vec![
        "STOP", "yes", "START", "“", "\"", "Liked ", "'", "\u{200b}", "ſ", " ", "help", "opt out",
    ]);
    prop_oneof![
        any::<String>(),
        vec(word, 0..6).prop_map(|words| words.concat()),
        (0..40_000_usize).prop_map(|length| "stop ".repeat(length / 5)),
    ]
}

/// Texts of [`any_bodies`], with media or without, sent at any time; all with one id.
pub fn any_texts() -> impl Strategy<Value = Text<'static>> {
    let sent_at = option::of(any_times());
    (any_bodies(), any::<bool>(), any::<bool>(), sent_at).prop_map(
        |(body, media, replied, sent_at)| Text {
            media,
            provider_replied: replied,
            sent_at,
            ..Text::new(inbox(), text_id(1), body)
        },
    )
}
