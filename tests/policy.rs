//! Settings are checked once, by constructor and deserialiser alike (RULES 3).
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use optin::{InvalidPolicy, Keyword, Policy, Problem, Settings};

const NOTICE: &str = "Reply STOP to opt out.";

type Set<T> = fn(&mut Settings, T);

fn with(change: impl FnOnce(&mut Settings)) -> Settings {
    let mut settings = Settings::default();
    change(&mut settings);
    settings
}

fn from_json(settings: &Settings) -> Result<Policy, String> {
    let json = serde_json::to_string(settings).unwrap();
    serde_json::from_str(&json).map_err(|error| error.to_string())
}

/// Both refuse, and both name the field.
#[track_caller]
fn refused(field: &str, problem: Problem, change: impl FnOnce(&mut Settings)) {
    let settings = with(change);
    let error: InvalidPolicy = Policy::new(settings.clone()).unwrap_err();
    assert_eq!((error.field, error.problem), (field, problem));
    let message = from_json(&settings).unwrap_err();
    assert!(message.starts_with(&error.to_string()), "{message}");
    assert!(message.starts_with(field), "{message}");
}

/// Both accept, and make the same of it.
#[track_caller]
fn accepted(change: impl FnOnce(&mut Settings)) {
    let settings = with(change);
    let policy = Policy::new(settings.clone()).unwrap();
    assert_eq!(policy.settings(), &settings);
    assert_eq!(from_json(&settings), Ok(policy));
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.into()).collect()
}

/// Distinct words, each of which reads as nothing else.
fn many(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("word{n}")).collect()
}

#[test]
fn no_more_than_three_reminders_are_accepted() {
    let out = |value| Problem::OutOfBounds { value, min: 0, max: 3 };
    for max in 0..=3 {
        accepted(|settings| settings.reminders.max = max);
    }
    refused("reminders.max", out(4), |settings| settings.reminders.max = 4);
    refused("reminders.max", out(u32::MAX), |settings| settings.reminders.max = u32::MAX);
}

#[test]
fn an_interval_is_twelve_hours_to_a_year() {
    let out = |value| Problem::OutOfBounds { value, min: 12, max: 8_760 };
    for hours in [12, 13, 8_760] {
        accepted(|settings| settings.reminders.interval_hours = hours);
    }
    for hours in [0, 11, 8_761, u32::MAX] {
        let change = |settings: &mut Settings| settings.reminders.interval_hours = hours;
        refused("reminders.interval_hours", out(hours), change);
    }
}

#[test]
fn restarts_are_at_most_ten_in_a_window_of_a_day_to_a_year() {
    for max in [0, 10] {
        accepted(|settings| settings.restarts.max = max);
    }
    for days in [1, 365] {
        accepted(|settings| settings.restarts.window_days = days);
    }
    let out = Problem::OutOfBounds { value: 11, min: 0, max: 10 };
    refused("restarts.max", out, |settings| settings.restarts.max = 11);
    for value in [0, 366] {
        let out = Problem::OutOfBounds { value, min: 1, max: 365 };
        let change = |settings: &mut Settings| settings.restarts.window_days = value;
        refused("restarts.window_days", out, change);
    }
}

#[test]
fn a_notice_has_a_way_out_in_capitals() {
    for notice in
        [NOTICE, "STOP", "Text 'STOP'.", "“STOP” ends", "STOPALL!", "UNSUBSCRIBE", "-STOP-"]
    {
        accepted(|settings| settings.prompt.opt_out_notice = notice.into());
    }
    for notice in
        ["", "  ", "Reply stop", "Reply Stop", "STOPPED", "CANCEL", "UN SUBSCRIBE", "STOP1"]
    {
        let change = |settings: &mut Settings| settings.prompt.opt_out_notice = notice.into();
        refused("prompt.opt_out_notice", Problem::NoOptOutWord, change);
    }
    // Even where the prompt itself names a way out.
    refused("prompt.opt_out_notice", Problem::NoOptOutWord, |settings| {
        settings.prompt.after = "or STOP".into();
        settings.prompt.opt_out_notice = "Bye".into();
    });
}

#[test]
fn a_rendered_prompt_has_at_most_1600_characters() {
    // "é…é YES" and a new line and the notice.
    let before = |length: usize| "é".repeat(length - " YES\n".len() - NOTICE.len());
    let prompt = |length| {
        move |settings: &mut Settings| {
            settings.prompt.before = before(length);
            settings.prompt.after = String::new();
        }
    };
    accepted(prompt(1_600));
    refused("prompt", Problem::TooLong { length: 1_601, max: 1_600 }, prompt(1_601));
    // The notice counts only where it is shown, white space at the ends not at all.
    accepted(|settings| {
        settings.prompt.before = format!(" {} ", "x".repeat(1_600 - " YES STOP".len()));
        settings.prompt.after = " STOP\n".into();
    });
}

#[test]
fn a_reply_is_not_blank_and_has_at_most_1600_characters() {
    let replies: [(&str, Set<Option<String>>); 4] = [
        ("replies.opted_out", |settings, reply| settings.replies.opted_out = reply),
        ("replies.opted_out_final", |settings, reply| settings.replies.opted_out_final = reply),
        ("replies.help", |settings, reply| settings.replies.help = reply),
        ("replies.confirmed", |settings, reply| settings.replies.confirmed = reply),
    ];
    for (field, set) in replies {
        accepted(|settings| set(settings, None));
        accepted(|settings| set(settings, Some(".".into())));
        accepted(|settings| set(settings, Some("é".repeat(1_600))));
        for blank in ["", " ", "\r\n\u{a0}\u{3000}"] {
            refused(field, Problem::Blank, |settings| set(settings, Some(blank.into())));
        }
        let long = Problem::TooLong { length: 1_601, max: 1_600 };
        refused(field, long, |settings| set(settings, Some("é".repeat(1_601))));
    }
}

#[test]
fn added_words_are_few_short_and_no_keyword() {
    let lists: [(&str, Set<Vec<String>>); 2] = [
        ("keywords.opt_out", |settings, list| settings.keywords.opt_out = list),
        ("keywords.help", |settings, list| settings.keywords.help = list),
    ];
    for (field, set) in lists {
        accepted(|settings| set(settings, Vec::new()));
        accepted(|settings| set(settings, many(50)));
        accepted(|settings| set(settings, vec!["é".repeat(40)]));
        accepted(|settings| {
            set(settings, words(&["basta", "¡7!", "yes please", "okay", "restart"]))
        });
        refused(field, Problem::TooMany { count: 51 }, |settings| set(settings, many(51)));
        let long = Problem::TooLong { length: 41, max: 40 };
        refused(field, long, |settings| set(settings, vec!["é".repeat(41)]));
        for word in ["", "!?", " ", "🛑", "\u{200b}"] {
            refused(field, Problem::NoLetter, |settings| set(settings, words(&["bye", word])));
        }
        for word in [
            "YES",
            "yes!",
            "y-e-s",
            "Y",
            "o.k.",
            "Confirm",
            "APPROVE",
            "start",
            "St art",
            "yes YES",
            "start yes",
            "y\u{200b}es",
        ] {
            refused(field, Problem::Reserved, |settings| set(settings, words(&["bye", word])));
        }
    }
}

#[test]
fn no_help_word_reads_as_an_opt_out() {
    for word in ["STOP", "opt-out", "Stop! Stop", "stop all", "quit"] {
        let change = |settings: &mut Settings| settings.keywords.help = words(&["aid", word]);
        refused("keywords.help", Problem::ReadsAsOptOut, change);
    }
    refused("keywords.help", Problem::ReadsAsOptOut, |settings| {
        settings.keywords.opt_out = words(&["basta"]);
        settings.keywords.help = words(&["¡Basta!"]);
    });
    for word in ["HELP", "help!", "in fo"] {
        let change = |settings: &mut Settings| settings.keywords.opt_out = words(&[word]);
        refused("keywords.opt_out", Problem::ReadsAsOptOut, change);
    }
}

#[test]
fn restart_words_have_start_and_read_as_nothing_else() {
    let restart = |list: &[&str]| {
        let list = words(list);
        move |settings: &mut Settings| settings.keywords.restart = list
    };
    const FIELD: &str = "keywords.restart";
    for list in [&["START"][..], &["start", "again"], &[" StArT\u{200b}", "!", "OK", "come back"]] {
        accepted(restart(list));
    }
    accepted(|settings| {
        settings.keywords.restart = many(49);
        settings.keywords.restart.push("START".into());
    });
    refused(FIELD, Problem::TooMany { count: 51 }, |settings| {
        settings.keywords.restart = many(50);
        settings.keywords.restart.push("START".into());
    });
    let long = "é".repeat(41);
    let too_long = Problem::TooLong { length: 41, max: 40 };
    refused(FIELD, too_long, restart(&["START", &long]));
    for list in [&[][..], &["UNSTOP", "YES"], &["START.", "ST ART", "RESTART"]] {
        refused(FIELD, Problem::NoStart, restart(list));
    }
    for blank in ["", " \t", "\u{3000}"] {
        refused(FIELD, Problem::Blank, restart(&["START", blank]));
    }
    for word in [
        "STOP",
        "opt out",
        "HELP",
        "info!",
        "Liked “Hi”",
        "please stop",
        "stop it",
        "not interested",
        "no",
        "Nope",
    ] {
        refused(FIELD, Problem::ReadsOtherwise, restart(&["START", word]));
    }
    refused(FIELD, Problem::ReadsOtherwise, |settings| {
        settings.keywords.opt_out = words(&["basta"]);
        settings.keywords.restart = words(&["START", "Basta!"]);
    });
    refused(FIELD, Problem::ReadsOtherwise, |settings| {
        settings.keywords.help = words(&["aid"]);
        settings.keywords.restart = words(&["START", "AID"]);
    });
}

#[test]
fn all_five_keywords_and_both_crms_are_accepted() {
    for keyword in Keyword::ALL {
        accepted(|settings| settings.prompt.keyword = keyword);
    }
    accepted(|settings| (settings.sync.hubspot, settings.sync.salesforce) = (true, true));
    accepted(|settings| settings.double_opt_in = false);
}

#[test]
fn what_is_left_out_has_its_default() {
    for json in ["{}", r#"{"prompt":{},"reminders":{"max":3}}"#] {
        assert_eq!(serde_json::from_str::<Policy>(json).unwrap(), Policy::default());
    }
}

#[test]
fn a_list_is_no_settings() {
    for json in ["[]", "[false]", r#"{"prompt":["Hi"]}"#, r#"{"sync":[]}"#] {
        assert!(serde_json::from_str::<Policy>(json).is_err(), "{json}");
    }
}

#[test]
fn unknown_fields_and_wrong_types_are_refused() {
    for json in [
        r#"{"colour":"red"}"#,
        r#"{"prompt":{"colour":"red"}}"#,
        r#"{"reminders":{"min":1}}"#,
        r#"{"keywords":{"confirm":["YES"]}}"#,
        r#"{"replies":{"stop":"Bye"}}"#,
        r#"{"restarts":{"min":1}}"#,
        r#"{"sync":{"zoho":true}}"#,
        r#"{"double_opt_in":"yes"}"#,
        r#"{"double_opt_in":null}"#,
        r#"{"prompt":{"keyword":"yes"}}"#,
        r#"{"prompt":{"keyword":"AGREE"}}"#,
        r#"{"prompt":{"before":null}}"#,
        r#"{"reminders":{"max":1.5}}"#,
        r#"{"reminders":{"max":-1}}"#,
        r#"{"reminders":{"max":"3"}}"#,
        r#"{"reminders":{"interval_hours":4294967308}}"#,
        r#"{"reminders":{"max":1,"max":2}}"#,
        r#"{"keywords":{"restart":null}}"#,
        r#"{"keywords":{"opt_out":[7]}}"#,
        r#"{"replies":{"help":false}}"#,
        "null",
        "",
        "{",
    ] {
        assert!(serde_json::from_str::<Policy>(json).is_err(), "{json}");
    }
}
