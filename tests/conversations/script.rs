//! A conversation script, line by line: when, who, what, and what must come of it.
//!
//! ```text
//! # R4.8: a comment; the rules that it cites are the rules that the script is about
//! 0h       texts "Hi"             => send_confirmation new_contact; pending; next 12h; sent confirmation
//! 12h-1ms  bob@beta texts "YES"   => none duplicate; absent
//! 2d       settings by owner {"double_opt_in":false} => none settings
//! ```
//! Times count from one start (`1d`, `12h-1ms`, `11:59:59.999`) and may go back. Without a name it
//! is `ann` of account `acme`; `bob` and `cy` are others, `bob@beta` is a contact of account `beta`.
//!
//! | event | with |
//! |---|---|
//! | `texts "..."` | `media`, `provider_replied`, `sent_at TIME`, `id ID`, `inbox NUMBER`, `times N` (repeated) |
//! | `added SOURCE` | `opted_out true`, `opted_out false` |
//! | `existing by ACTOR` | an actor is `owner`, `admin`, `member` or `member+PERMISSION+...` |
//! | `override active by ACTOR` | `note "..."`; or `override opted_out` |
//! | `carrier_block CODE` | |
//! | `send "..." by ACTOR` | `request ID` |
//! | `settings by ACTOR {...}` | JSON, merged into the settings key by key |
//! | `outbox ANSWER` | `accepted`, `not_sent`, `retry`, `unknown`, `blocked CODE`, `crashes`; `taking TIME` |
//! | `deferred` | as the first line: texts wait for a `tick` |
//! | `tick` | whatever is due is handed over |
//!
//! After `=>` stand the decision and its reason (or `refused ERROR`, or `crashed`), the state (with
//! `by` and `since`, where it matters), `next` for the time of the next reminder, `sent` for each
//! text that left, with its words where they matter, `synced` for each status, and
//! `in_flight` for how many texts could not be taken back. What is not there must not have happened.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use optin::{Actor, Override, Source};
use serde_json::Value;

use crate::words::{Parsed, Token, Tokens, from_name, offset, time};

pub(crate) const ACCOUNT: &str = "acme";
pub(crate) const INBOX: &str = "+18885550100";

pub(crate) struct Script {
    /// The rules that its comments cite.
    pub(crate) rules: BTreeSet<String>,
    pub(crate) lines: Vec<Line>,
}

pub(crate) struct Line {
    pub(crate) number: usize,
    pub(crate) at: DateTime<Utc>,
    pub(crate) account: String,
    pub(crate) contact: String,
    pub(crate) step: Step,
    pub(crate) expected: Expected,
}

pub(crate) enum Step {
    Texts(Texts),
    Added(Source, Option<bool>),
    Existing(Actor),
    Override(Override, Actor, Option<String>),
    CarrierBlock(String),
    Send(Actor, String, Option<String>),
    Settings(Actor, Value),
    Outbox(Answer, TimeDelta),
    Deferred,
    Tick,
}

pub(crate) struct Texts {
    pub(crate) words: String,
    pub(crate) id: String,
    pub(crate) inbox: String,
    pub(crate) media: bool,
    pub(crate) provider_replied: bool,
    pub(crate) sent_at: Option<DateTime<Utc>>,
}

#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    Accepted,
    NotSent,
    Retry,
    Unknown,
    Blocked(String),
    Crashes,
}

/// What the right-hand side says; what it leaves out of a state is not looked at.
#[derive(Default)]
pub(crate) struct Expected {
    pub(crate) head: String,
    pub(crate) state: Option<String>,
    pub(crate) by: Option<String>,
    pub(crate) since: Option<DateTime<Utc>>,
    pub(crate) next: Option<DateTime<Utc>>,
    pub(crate) sent: Vec<(String, Option<String>)>,
    pub(crate) synced: Vec<String>,
    pub(crate) in_flight: usize,
}

impl Script {
    pub(crate) fn parse(text: &str) -> Result<Self, Vec<(usize, String)>> {
        let mut script = Self { rules: BTreeSet::new(), lines: Vec::new() };
        let mut wrong = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if let Some(comment) = line.strip_prefix('#') {
                let words = comment.split(|char: char| !char.is_alphanumeric() && char != '.');
                let words = words.map(|word| word.trim_end_matches('.'));
                script.rules.extend(words.filter(|word| is_rule(word)).map(String::from));
            } else if !line.is_empty() {
                match parse_line(number, line) {
                    Ok(line) => script.lines.push(line),
                    Err(problem) => wrong.push((number, problem)),
                }
            }
        }
        if script.lines.is_empty() && wrong.is_empty() {
            wrong.push((1, "nothing happens in it".into()));
        }
        if script.rules.is_empty() {
            wrong.push((1, "it cites no rule".into()));
        }
        if wrong.is_empty() { Ok(script) } else { Err(wrong) }
    }
}

fn is_rule(word: &str) -> bool {
    let parts = word.strip_prefix('R').and_then(|rule| rule.split_once('.'));
    parts.is_some_and(|(chapter, number)| {
        chapter.parse::<u8>().is_ok() && number.parse::<u8>().is_ok()
    })
}

fn parse_line(number: usize, line: &str) -> Parsed<Line> {
    let (left, right) = match line.rsplit_once(" => ") {
        Some((left, right)) => (left, Some(right)),
        None => (line, None),
    };
    let (left, json) = match left.find('{').filter(|_| left.contains(" settings by ")) {
        Some(at) => (&left[..at], Some(&left[at..])),
        None => (left, None),
    };
    let mut tokens = Tokens::new(left)?;
    let at = time(&tokens.word()?)?;
    let mut verb = tokens.word()?;
    let (mut contact, mut account) = ("ann".to_owned(), ACCOUNT.to_owned());
    if !VERBS.contains(&verb.as_str()) {
        let (name, of) = verb.split_once('@').unwrap_or((&verb, ACCOUNT));
        (contact, account) = (name.to_owned(), of.to_owned());
        verb = tokens.word()?;
    }
    let step = step(&verb, &mut tokens, number, json)?;
    tokens.done()?;
    let is_silent = matches!(step, Step::Outbox(..) | Step::Deferred);
    if is_silent == right.is_some() {
        return Err("every line but `outbox` and `deferred` says `=> ...`".into());
    }
    Ok(Line {
        number,
        at,
        account,
        contact,
        step,
        expected: right.map(expected).transpose()?.unwrap_or_default(),
    })
}

const VERBS: [&str; 10] = [
    "texts",
    "added",
    "existing",
    "override",
    "carrier_block",
    "send",
    "settings",
    "outbox",
    "deferred",
    "tick",
];

fn step(verb: &str, tokens: &mut Tokens, number: usize, json: Option<&str>) -> Parsed<Step> {
    Ok(match verb {
        "texts" => Step::Texts(texts(tokens, number)?),
        "added" => {
            let source = from_name(&tokens.word()?)?;
            let opted_out = tokens.option("opted_out")?;
            let opted_out = opted_out.map(|word| word.parse().map_err(|_| "true or false"));
            Step::Added(source, opted_out.transpose()?)
        }
        "existing" => Step::Existing(tokens.actor()?),
        "override" => {
            let to = from_name(&tokens.word()?)?;
            let actor = tokens.actor()?;
            Step::Override(to, actor, tokens.option("note")?)
        }
        "carrier_block" => Step::CarrierBlock(tokens.word()?),
        "send" => {
            let words = tokens.quoted()?;
            let actor = tokens.actor()?;
            Step::Send(actor, words, tokens.option("request")?)
        }
        "settings" => {
            let json = json.ok_or("settings without {...}")?;
            let json = serde_json::from_str(json).map_err(|error| error.to_string())?;
            Step::Settings(tokens.actor()?, json)
        }
        "outbox" => {
            let answer = match tokens.word()?.as_str() {
                "accepted" => Answer::Accepted,
                "not_sent" => Answer::NotSent,
                "retry" => Answer::Retry,
                "unknown" => Answer::Unknown,
                "blocked" => Answer::Blocked(tokens.word()?),
                "crashes" => Answer::Crashes,
                other => return Err(format!("no outbox is {other}")),
            };
            let takes = tokens.option("taking")?;
            let takes = takes.map(|word| offset(&word)).transpose()?;
            Step::Outbox(answer, takes.unwrap_or_default())
        }
        "deferred" => Step::Deferred,
        _ => Step::Tick,
    })
}

fn texts(tokens: &mut Tokens, number: usize) -> Parsed<Texts> {
    let mut texts = Texts {
        words: tokens.quoted()?,
        id: format!("line-{number}"),
        inbox: INBOX.into(),
        media: false,
        provider_replied: false,
        sent_at: None,
    };
    while let Some(flag) = tokens.next_word() {
        match flag.as_str() {
            "times" => {
                let times: usize = tokens.word()?.parse().map_err(|_| "times needs a number")?;
                texts.words = texts.words.repeat(times);
            }
            "id" => texts.id = tokens.word()?,
            "inbox" => texts.inbox = tokens.word()?,
            "media" => texts.media = true,
            "provider_replied" => texts.provider_replied = true,
            "sent_at" => texts.sent_at = Some(time(&tokens.word()?)?),
            other => return Err(format!("a text has no {other}")),
        }
    }
    Ok(texts)
}

fn expected(text: &str) -> Parsed<Expected> {
    let mut tokens = Tokens::new(text)?;
    let mut expected = Expected { head: tokens.word()?, ..Expected::default() };
    if let Some(reason) = tokens.next_word() {
        expected.head.push(' ');
        expected.head.push_str(&reason);
    }
    while tokens.next_is(&Token::Semicolon) {
        match tokens.word()?.as_str() {
            "next" => expected.next = Some(time(&tokens.word()?)?),
            "sent" => loop {
                expected.sent.push((tokens.word()?, tokens.next_quoted()));
                if !tokens.next_is(&Token::Comma) {
                    break;
                }
            },
            "in_flight" => {
                let count = tokens.word()?.parse();
                expected.in_flight = count.map_err(|_| "in_flight needs a number")?;
            }
            "synced" => {
                while let Some(status) = tokens.next_word() {
                    expected.synced.push(status);
                }
            }
            state => {
                expected.state = Some(state.to_owned());
                expected.by = tokens.option("by")?;
                expected.since = tokens.option("since")?.map(|word| time(&word)).transpose()?;
            }
        }
    }
    tokens.done()?;
    Ok(expected)
}
