//! A preview shows each text as it would be sent, what it costs, and what its author should know.
#![allow(clippy::unwrap_used, reason = "a test")]

use optin::{Encoding, Keyword, Policy, Preview, PreviewedText, Settings, Warning, segments};
use serde_json::json;

fn preview(change: impl FnOnce(&mut Settings)) -> Preview {
    let mut settings = Settings::default();
    change(&mut settings);
    Preview::of(&Policy::new(settings).unwrap())
}

fn prompt(change: impl FnOnce(&mut Settings)) -> PreviewedText {
    preview(change).texts.swap_remove(0)
}

#[test]
fn the_defaults_are_shown_as_they_are_sent_without_a_warning() {
    let preview = preview(|_| {});
    let fields: Vec<_> = preview.texts.iter().map(|text| text.field).collect();
    assert_eq!(fields, ["prompt", "replies.opted_out", "replies.opted_out_final"]);
    let prompt = &preview.texts[0];
    assert_eq!(prompt.text, Policy::default().prompt().text());
    assert_eq!(prompt.segments, segments(&prompt.text));
    assert!(preview.texts.iter().all(|text| text.warnings.is_empty()));
}

#[test]
fn every_reply_that_is_set_is_shown() {
    let preview = preview(|settings| {
        settings.replies.opted_out = None;
        settings.replies.help = Some("Call us.".into());
        settings.replies.confirmed = Some("Thanks!".into());
    });
    let shown: Vec<_> = preview.texts[1..].iter().map(|it| (it.field, it.text.as_str())).collect();
    assert_eq!(
        shown,
        [
            ("replies.opted_out_final", "You are opted out and will get no more messages."),
            ("replies.help", "Call us."),
            ("replies.confirmed", "Thanks!"),
        ]
    );
}

#[test]
fn curly_quotes_that_triple_the_price_are_told() {
    let plain = "It's Acme, your corner shop. To get \"our\" news, offers and opening hours, reply";
    let curly = plain.replace('\'', "’").replacen('"', "“", 1).replace('"', "”");
    let cheap = prompt(|settings| settings.prompt.before = plain.into());
    assert_eq!((cheap.segments.encoding, cheap.segments.count), (Encoding::Gsm7, 1));
    assert_eq!(cheap.warnings, []);
    let costly = prompt(|settings| settings.prompt.before = curly);
    assert_eq!((costly.segments.encoding, costly.segments.count), (Encoding::Ucs2, 3));
    let characters = vec!['’', '“', '”'];
    assert_eq!(costly.warnings, [Warning::CostlyCharacters { characters, plain: cheap.segments }]);
}

#[test]
fn what_plain_characters_would_not_make_cheaper_is_not_told() {
    // Cyrillic is UCS-2 whatever its quotes are.
    let cyrillic = prompt(|settings| settings.prompt.before = "«Акме»: ответьте".into());
    assert_eq!(cyrillic.segments.encoding, Encoding::Ucs2);
    assert_eq!(cyrillic.warnings, []);
    // One segment either way.
    let short = preview(|settings| settings.replies.confirmed = Some("Thanks – bye".into()));
    assert_eq!(short.texts[3].segments.count, 1);
    assert_eq!(short.texts[3].warnings, []);
}

#[test]
fn a_notice_that_is_said_twice_is_told() {
    let twice = prompt(|settings| settings.prompt.after = "to join, or stop to opt out.".into());
    assert!(twice.text.ends_with("or stop to opt out.\nReply STOP to opt out."));
    assert_eq!(twice.warnings, [Warning::NoticeTwice]);
    let once = prompt(|settings| settings.prompt.after = "to join, or STOP to opt out.".into());
    assert!(once.text.ends_with("or STOP to opt out."));
    assert_eq!(once.warnings, []);
    let other = prompt(|settings| settings.prompt.after = "to join; we never stopped.".into());
    assert_eq!(other.warnings, []);
}

#[test]
fn another_keyword_than_the_one_that_confirms_is_told() {
    let other = prompt(|settings| {
        settings.prompt.keyword = Keyword::Confirm;
        settings.prompt.before = "Say YES! Reply".into();
    });
    assert_eq!(other.warnings, [Warning::OtherKeyword { keyword: Keyword::Yes }]);
    let small = prompt(|settings| settings.prompt.before = "Is that ok? Reply".into());
    assert_eq!(small.warnings, []);
}

#[test]
fn a_preview_is_json_and_its_debug_is_silent() {
    let preview = preview(|settings| {
        settings.prompt.before = "“Acme”".into();
        settings.replies.opted_out = None;
        settings.replies.opted_out_final = None;
        settings.prompt.after = "or stop".into();
    });
    assert_eq!(
        serde_json::to_value(&preview).unwrap(),
        json!({
            "texts": [{
                "field": "prompt",
                "text": "“Acme” YES or stop\nReply STOP to opt out.",
                "segments": {"encoding": "ucs2", "units": 41, "count": 1},
                "warnings": ["notice_twice"],
            }],
        })
    );
    assert!(!format!("{preview:?}").contains("Acme"));
}
