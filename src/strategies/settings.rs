//! Settings: within RULES 3 by construction, and raw ones that may be refused.

use alloc::{
    string::{String, ToString},
    vec,
    vec::Vec,
};

use proptest::{
    collection::vec,
    option,
    prelude::*,
    sample::{select, subsequence},
};

use crate::consent::{
    keyword::Keyword,
    policy::Policy,
    settings::{
        KeywordSettings, PromptSettings, ReminderSettings, ReplySettings, RestartSettings,
        Settings, SyncSettings,
    },
};

/// Settings made ready for use: each field anywhere within its bounds, most often at its default.
pub fn policies() -> impl Strategy<Value = Policy> {
    settings().prop_map(|settings| Policy::new(settings).expect("each field is within its bounds"))
}

/// Settings within their bounds: [`Policy::new`] takes all of them.
pub fn settings() -> impl Strategy<Value = Settings> {
    let reminders = (0..=3_u32, prop_oneof![Just(12), 12..=48_u32, 12..=8_760_u32])
        .prop_map(|(max, interval_hours)| ReminderSettings { max, interval_hours });
    let restarts = (0..=10_u32, 1..=365_u32)
        .prop_map(|(max, window_days)| RestartSettings { max, window_days });
    let sync = any::<(bool, bool)>()
        .prop_map(|(hubspot, salesforce)| SyncSettings { hubspot, salesforce });
    (
        prop::bool::weighted(0.8),
        or_default(prompts()),
        or_default(reminders),
        or_default(keywords()),
        or_default(replies()),
        or_default(restarts),
        sync,
    )
        .prop_map(|(double_opt_in, prompt, reminders, keywords, replies, restarts, sync)| {
            Settings { double_opt_in, prompt, reminders, keywords, replies, restarts, sync }
        })
}

fn or_default<T: Clone + core::fmt::Debug + Default>(
    strategy: impl Strategy<Value = T>,
) -> impl Strategy<Value = T> {
    prop_oneof![Just(T::default()), strategy]
}

fn prompts() -> impl Strategy<Value = PromptSettings> {
    // Twice 700 characters, a keyword and a notice have fewer than 1,600.
    let words = || {
        let few = select(vec!["", "Reply", ", please"]).prop_map(String::from);
        prop_oneof![4 => few, 1 => "\\PC{0,700}"]
    };
    let notices = ["Reply STOP to opt out.", "STOPALL: no more", "To leave, text UNSUBSCRIBE!"];
    (words(), select(Keyword::ALL.as_slice()), words(), select(notices.to_vec())).prop_map(
        |(before, keyword, after, notice)| PromptSettings {
            before,
            keyword,
            after,
            opt_out_notice: notice.into(),
        },
    )
}

fn keywords() -> impl Strategy<Value = KeywordSettings> {
    let some = |words: &'static [&'static str]| {
        subsequence(words, 0..=words.len())
            .prop_map(|words| words.iter().map(ToString::to_string).collect::<Vec<String>>())
    };
    (
        some(&["ARRET", "Basta!", "АЛТО", "fin de semana", "no more"]),
        some(&["AYUDA", "Who is this?", "助けて", "?1"]),
        some(&["UNSTOP", "YES", "Begin again", "confirm"]),
    )
        .prop_map(|(opt_out, help, mut restart)| {
            restart.push("START".into());
            KeywordSettings { opt_out, help, restart }
        })
}

fn replies() -> impl Strategy<Value = ReplySettings> {
    let reply = |probability| {
        let some = prop_oneof![
            4 => Just(String::from("Call us.")),
            2 => "[a-z]{1,80}",
            1 => Just("a".repeat(1_600)),
        ];
        option::weighted(probability, some)
    };
    // Help alone decides how a text is read.
    (reply(0.5), reply(0.5), reply(0.9), reply(0.5)).prop_map(
        |(opted_out, opted_out_final, help, confirmed)| ReplySettings {
            opted_out,
            opted_out_final,
            help,
            confirmed,
        },
    )
}

/// Settings with up to three fields that hold anything: about half of them are refused.
pub fn any_settings() -> impl Strategy<Value = Settings> {
    (settings(), vec(breaks(), 0..4)).prop_map(|(mut settings, breaks)| {
        for broken in breaks {
            broken.apply(&mut settings);
        }
        settings
    })
}

/// One field, set to something.
#[derive(Clone, Debug)]
enum Break {
    Number(usize, u32),
    Words(usize, String),
    List(usize, Vec<String>),
}

fn breaks() -> impl Strategy<Value = Break> {
    let number = prop_oneof![0..400_u32, any::<u32>()];
    let words = prop_oneof![any::<String>(), Just("a".repeat(1_601)), Just(" \u{200b}".into())];
    let word = prop_oneof![
        select(vec!["STOP", "yes", "start", "HELP", "no", "please stop", "!", "", "opt-out"])
            .prop_map(String::from),
        any::<String>(),
        Just("a".repeat(41)),
    ];
    let list = prop_oneof![5 => vec(word, 0..4), 1 => Just(vec!["a".to_string(); 51])];
    prop_oneof![
        (0..4_usize, number).prop_map(|(field, number)| Break::Number(field, number)),
        (0..7_usize, words).prop_map(|(field, words)| Break::Words(field, words)),
        (0..3_usize, list).prop_map(|(field, list)| Break::List(field, list)),
    ]
}

impl Break {
    fn apply(self, settings: &mut Settings) {
        let Settings { prompt, reminders, keywords, replies, restarts, .. } = settings;
        match self {
            Self::Number(field, number) => {
                let fields = [
                    &mut reminders.max,
                    &mut reminders.interval_hours,
                    &mut restarts.max,
                    &mut restarts.window_days,
                ];
                set(fields, field, number);
            }
            Self::Words(field @ 0..3, words) => {
                let fields = [&mut prompt.before, &mut prompt.after, &mut prompt.opt_out_notice];
                set(fields, field, words);
            }
            Self::Words(field, words) => {
                let fields = [
                    &mut replies.opted_out,
                    &mut replies.opted_out_final,
                    &mut replies.help,
                    &mut replies.confirmed,
                ];
                set(fields, field - 3, Some(words));
            }
            Self::List(field, list) => {
                let fields = [&mut keywords.opt_out, &mut keywords.help, &mut keywords.restart];
                set(fields, field, list);
            }
        }
    }
}

fn set<T, const N: usize>(fields: [&mut T; N], field: usize, value: T) {
    if let Some(at) = fields.into_iter().nth(field) {
        *at = value;
    }
}
