//! Any JSON is settings that RULES 3 allows, or is refused; and what is allowed keeps its bounds.

use optin::{Keyword, Policy, PromptSettings, Reading, Settings, Text, decide};

const FIELDS: [&str; 13] = [
    "prompt",
    "prompt.opt_out_notice",
    "reminders.max",
    "reminders.interval_hours",
    "keywords.opt_out",
    "keywords.help",
    "keywords.restart",
    "replies.opted_out",
    "replies.opted_out_final",
    "replies.help",
    "replies.confirmed",
    "restarts.max",
    "restarts.window_days",
];

/// Reads settings.
pub fn target(bytes: &[u8]) {
    let Ok(settings) = serde_json::from_slice::<Settings>(bytes) else {
        assert!(serde_json::from_slice::<Policy>(bytes).is_err());
        return;
    };
    let stored = serde_json::to_string(&settings).expect("settings have a stored form");
    assert_eq!(serde_json::from_str::<Settings>(&stored).ok().as_ref(), Some(&settings));
    match Policy::new(settings.clone()) {
        Err(invalid) => {
            assert!(FIELDS.contains(&invalid.field), "{invalid}");
            assert!(serde_json::from_slice::<Policy>(bytes).is_err());
        }
        Ok(policy) => {
            assert_eq!(policy.settings(), &settings);
            assert_eq!(serde_json::to_string(&policy).ok(), Some(stored));
            assert!(serde_json::from_slice::<Policy>(bytes).is_ok_and(|again| again == policy));
            within_bounds(&settings);
            reads_its_words(&policy);
            asks(&policy);
        }
    }
}

/// The table of RULES 3.
fn within_bounds(settings: &Settings) {
    let Settings { reminders, keywords, replies, restarts, .. } = settings;
    assert!(reminders.max <= 3 && (12..=8_760).contains(&reminders.interval_hours));
    assert!(restarts.max <= 10 && (1..=365).contains(&restarts.window_days));
    for list in [&keywords.opt_out, &keywords.help, &keywords.restart] {
        assert!(list.len() <= 50 && list.iter().all(|word| word.chars().count() <= 40));
    }
    for reply in [&replies.opted_out, &replies.opted_out_final, &replies.help, &replies.confirmed] {
        let said = |reply: &String| !reply.trim().is_empty() && reply.chars().count() <= 1_600;
        assert!(reply.as_ref().is_none_or(said));
    }
}

/// Whatever an account adds, STOP, the keywords and START keep their meaning, and added words have
/// the one that they were added for.
fn reads_its_words(policy: &Policy) {
    let settings = policy.settings();
    let read = |text: &str| policy.matcher().read(text, false);
    for word in ["STOP", "Stop!", "unsubscribe", "opt-out", "end"] {
        assert_eq!(read(word), Reading::OptOut, "{word}");
    }
    for word in &settings.keywords.opt_out {
        assert_eq!(read(word), Reading::OptOut, "{word:?}");
    }
    let help = settings.keywords.help.iter().map(String::as_str).chain(["HELP", "info"]);
    for word in help.filter(|_| settings.replies.help.is_some()) {
        assert_eq!(read(word), Reading::Help, "{word:?}");
    }
    for keyword in Keyword::ALL {
        let restart = policy.matcher().restarts(keyword.as_str());
        let answer = Reading::Answer { keyword: Some(keyword), restart };
        assert_eq!(read(keyword.as_str()), answer, "{keyword:?}");
    }
    for word in settings.keywords.restart.iter().map(String::as_str).chain(["START"]) {
        let answer = read(word);
        assert!(matches!(answer, Reading::Answer { restart: true, .. }), "{word:?}: {answer:?}");
    }
}

/// R3.1: what a contact is asked has the keyword, a way out, and at most 1,600 characters.
fn asks(policy: &Policy) {
    let PromptSettings { before, keyword, after, opt_out_notice } = &policy.settings().prompt;
    let prompt = policy.prompt();
    let text = prompt.text();
    assert!(text.chars().count() <= 1_600);
    let rest = text.strip_prefix(before.trim()).expect("it begins with `before`").trim_start();
    let rest = rest.strip_prefix(keyword.as_str()).expect("then comes the keyword");
    let rest = rest.strip_prefix(' ').unwrap_or(rest);
    let rest = rest.strip_prefix(after.trim()).expect("then comes `after`");
    let notice = rest.strip_prefix('\n').unwrap_or_default();
    assert!(rest.is_empty() || notice == opt_out_notice, "{text:?}");
    assert!(
        ["STOP", "UNSUBSCRIBE"]
            .into_iter()
            .any(|word| text.replace(['\'', '’'], "").contains(word))
    );
    assert_eq!(prompt.segments(), optin::segments(text));
    first_text_is_answered(policy);
}

fn first_text_is_answered(policy: &Policy) {
    let (inbox, id) = crate::stored::names();
    let text = optin::Event::Texted(Text::new(inbox, id, "Hi"));
    let now = chrono::DateTime::UNIX_EPOCH;
    let transition = decide(policy, None, &text, now).expect("a text is never refused");
    let body = transition.text.map(|text| text.body.as_str().to_owned());
    let prompt = policy.double_opt_in().then(|| policy.prompt().text().to_owned());
    if policy.matcher().read("Hi", false) == Reading::Other {
        assert_eq!(body, prompt);
    }
}
