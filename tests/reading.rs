//! How a text is read: tables of texts, each with the reading that RULES 2 gives it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use optin::{Keyword, Policy, Reading, Settings};

const RESTART: Reading = Reading::Answer { keyword: None, restart: true };

fn answer(keyword: Keyword) -> Reading {
    Reading::Answer { keyword: Some(keyword), restart: keyword == Keyword::Yes }
}

/// The default settings, with a help reply.
fn policy() -> Policy {
    policy_with(|_| ())
}

fn policy_with(change: impl FnOnce(&mut Settings)) -> Policy {
    let mut settings = Settings::default();
    settings.replies.help = Some("Call 555.".into());
    change(&mut settings);
    Policy::new(settings).expect("the settings are within bounds")
}

#[track_caller]
fn all_read_as(policy: &Policy, reading: Reading, texts: &[&str]) {
    let matcher = policy.matcher();
    let others: Vec<_> = texts
        .iter()
        .map(|text| (text.escape_debug().to_string(), matcher.read(text, false)))
        .filter(|(_, read)| *read != reading)
        .collect();
    assert!(others.is_empty(), "not {reading:?}: {others:?}");
}

/// R2.1
#[rustfmt::skip]
#[test]
fn opt_out_words_are_read_leniently() {
    all_read_as(
        &policy(),
        Reading::OptOut,
        &[
            "STOP", "stop", "Stop!", " stop \r\n", "S T O P", "s-t-o-p", "st.op", "'stop'", "st’op",
            "“STOP”", "\"STOP\"", "«stop»", "STOP 🛑", "🛑stop🛑", "*stop*", "STOPALL", "Stop all",
            "STOP-ALL", "unsubscribe", "Un subscribe", "UNSUBSCRIBE.", "cancel", "Cancel?", "end",
            "END.", "quit", "quit…", "revoke", "Revoke,", "optout", "opt out", "Opt-Out",
            "OPT  OUT!", "O p t o u t", "stop stop", "STOP STOP STOP", "stop, cancel",
            "end quit revoke", "stop\nunsubscribe", "stop \"cancel\"", "stop stopall",
        ],
    );
}

/// R2.1: default-ignorable code points are dropped, case is folded in full.
#[rustfmt::skip]
#[test]
fn opt_out_words_are_read_through_invisible_and_odd_letters() {
    all_read_as(
        &policy(),
        Reading::OptOut,
        &[
            "\u{200b}STOP\u{200b}", "S\u{200b}T\u{200b}O\u{200b}P", "ST\u{ad}OP", "stop\u{fe0f}",
            "\u{feff}stop", "st\u{3164}op", "st\u{ffa0}op", "\u{115f}quit", "\u{e0001}end",
            "st\u{34f}op", "\u{2066}stop\u{2069}", "ﬆop", "ﬅop", "ﬆop all", "ſtop", "ſTOP ﬆop",
            "revo\u{212a}e", "REVO\u{212a}E!", "ſt\u{200d}op cancel", "un\u{200b}subscribe stop",
            "op\u{2060}t o\u{2060}ut",
        ],
    );
}

/// R2.1: the whole text, or every word of it; nothing less.
#[rustfmt::skip]
#[test]
fn a_word_beside_an_opt_out_word_is_no_opt_out() {
    let policy = policy();
    for text in [
        "stop it", "stop that", "please cancel", "the end", "weekend", "quite", "stopped", "stops",
        "s7op", "stop1", "STÖP", "СТОП", "stоp", "cancel that order", "st op pls", "", " ", "🛑",
        "?!", "\u{200b}", "\u{3164}",
    ] {
        let read = policy.matcher().read(text, false);
        assert_ne!(read, Reading::OptOut, "{}", text.escape_debug());
    }
}

/// R2.2
#[rustfmt::skip]
#[test]
fn help_words_are_read_leniently_where_help_is_answered() {
    let texts = [
        "HELP", "help!", "Help?", "h.e.l.p", "info", "INFO\u{200b}", "help help", "Help, info",
        "in fo", "HE\u{200b}LP", "“help”",
    ];
    all_read_as(&policy(), Reading::Help, &texts);
    all_read_as(&Policy::default(), Reading::Other, &texts);
    all_read_as(&policy(), Reading::Other, &["help me", "helpful", "information", "need info"]);
}

/// R2.3
#[rustfmt::skip]
#[test]
fn keywords_are_read_strictly() {
    for keyword in Keyword::ALL {
        let word = keyword.as_str();
        let lower = word.to_lowercase();
        for text in [
            word.to_owned(),
            lower.clone(),
            format!(" {word}\r\n"),
            format!("\u{200b}{lower}\u{a0}\u{feff}"),
            format!("\u{2003}\u{ad}{word}\u{3164}\t"),
        ] {
            assert_eq!(Keyword::strict(&text), Some(keyword), "{text:?}");
            assert_eq!(policy().matcher().read(&text, false), answer(keyword), "{text:?}");
        }
        for text in [
            format!("{word}."),
            format!("“{word}”"),
            format!("\"{word}\""),
            format!("{word} please"),
            format!("{word} {word}"),
            format!("{word}👍"),
            format!(".{word}"),
            format!("{word}\u{301}"),
            format!("{word}!\u{200b}"),
        ] {
            assert_eq!(Keyword::strict(&text), None, "{text:?}");
            let read = policy().matcher().read(&text, false);
            assert!(!matches!(read, Reading::Answer { .. }), "{text:?}");
        }
    }
    for text in [
        "", " ", "\u{200b}", "ＹＥＳ", "Y\u{200b}ES", "Y ES", "YES\u{0}", "yess", "ye", "O\u{212a}",
        "YEſ", "ok.",
    ] {
        assert_eq!(Keyword::strict(text), None, "{text:?}");
    }
}

/// R2.4: strict, and the account's own list, each trimmed likewise.
#[rustfmt::skip]
#[test]
fn restart_words_are_read_strictly() {
    all_read_as(
        &policy(),
        RESTART,
        &["START", "start", " Start\n", "\u{feff}UNSTOP", "unstop\u{200b} "],
    );
    all_read_as(
        &policy(),
        Reading::Other,
        &[
            "START.", "start me", "re start", "START START", "ＳＴＡＲＴ", "ſtart", "st\u{200b}art",
            "un-stop",
        ],
    );
    let own = policy_with(|settings| {
        settings.keywords.restart = vec![" start\u{200b}".into(), "Écris-moi".into(), "OK".into()];
    });
    all_read_as(&own, RESTART, &["START", "Écris-MOI", " Écris-moi\u{feff}"]);
    // ASCII case aside, and no other case.
    all_read_as(&own, Reading::Other, &["écris-moi", "UNSTOP", "Ecris-moi"]);
    let both = Reading::Answer { keyword: Some(Keyword::Ok), restart: true };
    all_read_as(&own, both, &["ok", "Ok\n"]);
}

/// R2.5: by its first words, by a word anywhere, by a phrase in a row.
#[rustfmt::skip]
#[test]
fn a_no_in_other_words_is_suspected() {
    all_read_as(
        &policy(),
        Reading::SuspectedOptOut,
        &[
            "stop it", "Stop, please!", "STOP texting me", "cancel my subscription", "Quit it",
            "end this now", "opt out please", "Opt-out of this", "st op pls", "un subscribe me",
            "stop all of it", "revoke my consent", "how do I unsubscribe", "I choose optout here",
            "and stop messaging me", "will you stop sending these", "you should stop contacting me",
            "you must stop this", "would you please stop", "pls stop", "can you just stop",
            "I said stop", "you better quit texting", "and quit messaging us", "no more texts",
            "no more messages!", "I want to opt out", "opt me out", "kindly opt me out",
            "take me off", "please take me off your list", "remove me", "please REMOVE me.",
            "leave me alone", "leave  me\nalone", "do not text", "Do not text me again",
            "don't text", "don’t text here", "dont text", "do not contact", "don't contact us",
            "DONT CONTACT", "I am not interested", "not interested thank you", "uh no thanks",
            "no thanks", "ah no thank you", "wrong number", "Sorry, wrong number", "yes no thanks",
            "no, thanks", "ta\u{212a}e me off", "pleaſe ﬆop it now",
        ],
    );
}

/// R2.5: words that are near to the phrases and are none.
#[rustfmt::skip]
#[test]
fn what_only_sounds_like_a_no_is_not_suspected() {
    all_read_as(
        &policy(),
        Reading::Other,
        &[
            "I can't stop laughing", "bus stop on 5th", "the weekend was fun", "please do stop by",
            "please don't stop", "no more text", "no more for me", "not very interested",
            "opt in and out", "remove it", "take it off", "leave me a note", "leave them alone",
            "do text me", "do not call", "number is wrong", "thanks no", "unsubscribed already",
            "my stopwatch", "stopping by later", "non stop fun", "endless", "cancelled again",
            "thank you", "yes thank you", "kindly stop", "he stops texting", "sub\u{200b}stop",
            "wrong\u{200b}ly number", "un sub scribe me",
        ],
    );
}

/// R2.5: quoted spans are somebody else's words, unless nothing else is left.
#[rustfmt::skip]
#[test]
fn quoted_words_are_not_the_contacts_own() {
    let policy = policy();
    all_read_as(
        &policy,
        Reading::Other,
        &[
            "It says \"reply STOP to opt out\"", "why “unsubscribe”?", "ad: «no thanks»",
            "he \"just stop\" ok", "a \"please stop\" b \"opt out\"", "“please stop” she said",
            "«wrong number» lol", "x “please «stop” y",
        ],
    );
    all_read_as(
        &policy,
        Reading::SuspectedOptOut,
        &[
            "\"please stop\"", "“remove me”!", "«no thanks» 👍", "it says “please stop",
            "5\" of rain, please stop", "please \"x\" stop", "\"a\" please stop \"b\"",
            "“a” opt \"\" out", "\"x\"stop it", "please stop ”x“", "\"please\" \"stop\"",
            "opt «so called» out",
        ],
    );
}

/// R2.6
#[rustfmt::skip]
#[test]
fn a_plain_no_is_a_refusal() {
    all_read_as(
        &policy(),
        Reading::Refusal,
        &[
            "no", "NO", "No.", "n.o.", "N O", "nope", "Nope!", "no pe", "nothanks", "NOTHANKS!",
            "nothankyou", "notinterested", "NOTINTERESTED.", "n\u{200b}o", "“no”", "noth anks",
            "notinter ested", "no 👎",
        ],
    );
    all_read_as(
        &policy(),
        Reading::Other,
        &["no no", "nope nope", "nah", "no way", "know", "not now", "non", "nopes", "no?yes"],
    );
}

/// R2.6: as phones write them, to the letter.
#[rustfmt::skip]
#[test]
fn reactions_are_read_to_the_letter() {
    all_read_as(
        &policy(),
        Reading::Reaction,
        &[
            "Liked “See you”", "Loved \"See you\"", "Disliked “”", "Disliked \"\"",
            "Laughed at “a\nb”", "Emphasized “x”", "Questioned \"STOP\"", " Liked “please stop” \n",
            "Liked “wrong number”", "Liked “it's «fine»”",
        ],
    );
    all_read_as(
        &policy(),
        Reading::Other,
        &[
            "liked “x”", "LIKED “x”", "Liked  “x”", "Liked\n“x”", "Liked x", "Liked “x",
            "Liked “x\"", "Liked \"x”", "Liked “x” too", "I Liked “x”", "Liked “a”b”",
            "Liked \"a“b\"", "Laughed “x”", "Liked «x»", "Liked \"", "Liked", "Liked ",
            "\u{200b}Liked “x”",
        ],
    );
}

/// R2.7: the order, and what media cannot be.
#[test]
fn pictures_are_never_an_answer() {
    let policy = policy();
    let read = |text| policy.matcher().read(text, true);
    assert_eq!(read("YES"), Reading::Other);
    assert_eq!(read("START"), Reading::Other);
    assert_eq!(read("UNSTOP"), Reading::Other);
    assert_eq!(read("stop"), Reading::OptOut);
    assert_eq!(read("help"), Reading::Help);
    assert_eq!(read("Liked “x”"), Reading::Reaction);
    assert_eq!(read("please stop"), Reading::SuspectedOptOut);
    assert_eq!(read("no"), Reading::Refusal);
    assert_eq!(read(""), Reading::Other);
}

/// R2.1, R2.2: an account adds words, and they are read as the others are.
#[test]
fn added_words_are_read_like_those_of_the_rules() {
    let policy = policy_with(|settings| {
        settings.keywords.opt_out = vec!["Arrêt".into(), "Straße zu".into()];
        settings.keywords.help = vec!["Aide-moi".into()];
    });
    all_read_as(
        &policy,
        Reading::OptOut,
        &["arrêt", "ARRÊT!", "arrêt stop", "strasse zu", "STRASSE-ZU", "straßezu", "Arrêt ARRÊT"],
    );
    all_read_as(&policy, Reading::Help, &["aide moi", "AIDEMOI", "help aidemoi", "Aide... moi"]);
    all_read_as(&policy, Reading::SuspectedOptOut, &["arrêt svp", "straße zu machen"]);
    all_read_as(&policy, Reading::Other, &["aide", "zu straße", "un arrêt"]);
}

/// R2.8
#[test]
fn more_than_16384_bytes_are_not_read() {
    let policy = policy();
    let read = |text: &str| policy.matcher().read(text, false);
    let padded = |word: &str, bytes: usize| format!("{word}{}", " ".repeat(bytes - word.len()));
    for (word, reading) in [
        ("stop", Reading::OptOut),
        ("help", Reading::Help),
        ("YES", answer(Keyword::Yes)),
        ("please stop", Reading::SuspectedOptOut),
        ("Liked “x”", Reading::Reaction),
        ("no", Reading::Refusal),
    ] {
        assert_eq!(read(&padded(word, 16_384)), reading, "{word}");
        assert_eq!(read(&padded(word, 16_385)), Reading::Other, "{word}");
    }
    let cyrillic = "я".repeat(8_190);
    assert_eq!(read(&format!("стоп {cyrillic}")), Reading::Other);
}

/// What people write to a shop, and how it must be read; whatever it is, it is no opt-in.
#[rustfmt::skip]
#[test]
fn everyday_texts_are_read_as_a_person_would() {
    let policy = policy();
    all_read_as(
        &policy,
        Reading::Other,
        &[
            "Hi, are you open on Sunday?", "yes please", "Yes!", "ok thanks", "sounds good", "Sure",
            "👍", "yep", "Y?", "Can I move my appointment to 3?", "My order hasn't arrived",
            "who is this", "call me at the end of the day", "Please quit smoking, haha",
            "I'll stop by at noon", "what's the return policy", "thx!!", "Confirmed",
            "I approve of this", "start at 9?", "Do you text back?", "is this number right?",
            "¿Hablan español?",
        ],
    );
    all_read_as(
        &policy,
        Reading::SuspectedOptOut,
        &[
            "Stop texting me or I report you", "PLEASE STOP", "You have the wrong number",
            "Take me off this list!!", "Remove me from your list", "I don't want this, unsubscribe",
            "Not interested, thanks", "Leave me alone!", "Cancel everything", "No thanks, I'm good",
            "How do I opt out?", "I've said stop twice",
        ],
    );
}

#[test]
fn a_text_longer_than_a_word_is_not_that_word() {
    let mut settings = Settings::default();
    settings.keywords.opt_out = vec!["\u{fb03}".repeat(40)];
    let policy = Policy::new(settings).unwrap();
    let read = |text: &str| policy.matcher().read(text, false);
    assert_eq!(read(&"ffi".repeat(40)), Reading::OptOut);
    assert_eq!(read(&format!("{}x", "ffi".repeat(40))), Reading::Other);
    assert_eq!(read(&format!("STOP {}x", "ffi".repeat(40))), Reading::SuspectedOptOut);
}
