//! The words of a script: times, texts in quotes, names.

use chrono::{DateTime, TimeDelta, Utc};
use optin::{Actor, ActorId, Permission, Role};
use serde_json::Value;

pub(crate) type Parsed<T> = Result<T, String>;

/// `0h`, `11:59:59.999`, `30d-1ms`, `-5m`: signed terms, after 2026-03-01 09:00 UTC.
pub(crate) fn time(word: &str) -> Parsed<DateTime<Utc>> {
    let start = DateTime::from_timestamp(1_772_355_600, 0).ok_or("no such start")?;
    Ok(start + offset(word)?)
}

pub(crate) fn offset(word: &str) -> Parsed<TimeDelta> {
    let bad = || format!("{word} is no time");
    let mut micros = 0;
    for term in word.replace('-', "+-").split('+').filter(|term| !term.is_empty()) {
        let (sign, term) = match term.strip_prefix('-') {
            Some(term) => (-1, term),
            None => (1, term),
        };
        let term = if term.contains(':') {
            clock(term).ok_or_else(bad)?
        } else {
            let digits = term.find(|char: char| !char.is_ascii_digit()).ok_or_else(bad)?;
            let unit = match &term[digits..] {
                "d" => 86_400_000_000,
                "h" => 3_600_000_000,
                "m" => 60_000_000,
                "s" => 1_000_000,
                "ms" => 1_000,
                "us" => 1,
                _ => return Err(bad()),
            };
            term[..digits].parse::<i64>().map_err(|_| bad())? * unit
        };
        micros += sign * term;
    }
    Ok(TimeDelta::microseconds(micros))
}

/// `hours:minutes`, `hours:minutes:seconds` or `hours:minutes:seconds.millis`, in microseconds.
fn clock(term: &str) -> Option<i64> {
    let (whole, millis) = term.split_once('.').unwrap_or((term, "0"));
    let mut parts = whole.split(':').map(|part| part.parse::<i64>().ok());
    let hours = parts.next()??;
    let minutes = parts.next()??;
    let seconds = parts.next().unwrap_or(Some(0))?;
    let millis = format!("{millis:0<3}").parse::<i64>().ok()?;
    Some(((hours * 60 + minutes) * 60 + seconds) * 1_000_000 + millis * 1_000)
}

pub(crate) fn from_name<T: serde::de::DeserializeOwned>(name: &str) -> Parsed<T> {
    serde_json::from_value(Value::from(name)).map_err(|error| error.to_string())
}

#[derive(PartialEq, Eq, Debug)]
pub(crate) enum Token {
    Word(String),
    Quoted(String),
    Semicolon,
    Comma,
}

pub(crate) struct Tokens(std::iter::Peekable<std::vec::IntoIter<Token>>);

impl Tokens {
    pub(crate) fn new(text: &str) -> Parsed<Self> {
        let mut tokens = Vec::new();
        let mut chars = text.chars().peekable();
        while let Some(char) = chars.next() {
            match char {
                ' ' => {}
                ';' => tokens.push(Token::Semicolon),
                ',' => tokens.push(Token::Comma),
                '"' => tokens.push(Token::Quoted(quoted(&mut chars)?)),
                char => {
                    let mut word = String::from(char);
                    while let Some(char) = chars.next_if(|char| !" ;,\"".contains(*char)) {
                        word.push(char);
                    }
                    tokens.push(Token::Word(word));
                }
            }
        }
        Ok(Self(tokens.into_iter().peekable()))
    }

    pub(crate) fn next_word(&mut self) -> Option<String> {
        match self.0.next_if(|token| matches!(token, Token::Word(_))) {
            Some(Token::Word(word)) => Some(word),
            Some(Token::Quoted(_) | Token::Semicolon | Token::Comma) | None => None,
        }
    }

    pub(crate) fn next_quoted(&mut self) -> Option<String> {
        match self.0.next_if(|token| matches!(token, Token::Quoted(_))) {
            Some(Token::Quoted(text)) => Some(text),
            Some(Token::Word(_) | Token::Semicolon | Token::Comma) | None => None,
        }
    }

    pub(crate) fn next_is(&mut self, token: &Token) -> bool {
        self.0.next_if_eq(token).is_some()
    }

    pub(crate) fn word(&mut self) -> Parsed<String> {
        let found = format!("a word is missing before {:?}", self.0.peek());
        self.next_word().ok_or(found)
    }

    pub(crate) fn quoted(&mut self) -> Parsed<String> {
        self.next_quoted().ok_or_else(|| "a text in quotes is missing".into())
    }

    /// The word or text after `name`, where it comes next.
    pub(crate) fn option(&mut self, name: &str) -> Parsed<Option<String>> {
        if !self.next_is(&Token::Word(name.into())) {
            return Ok(None);
        }
        match self.next_quoted() {
            Some(text) => Ok(Some(text)),
            None => self.word().map(Some),
        }
    }

    /// `by owner`, `by admin`, `by member` or `by member+opt_in_management`.
    pub(crate) fn actor(&mut self) -> Parsed<Actor> {
        let name = self.option("by")?.ok_or("who does it: `by owner`?")?;
        let mut parts = name.split('+');
        let role = match parts.next() {
            Some("owner") => Role::Owner,
            Some("admin") => Role::Admin,
            Some("member") => {
                let granted = parts.by_ref().map(from_name::<Permission>);
                Role::Member(granted.collect::<Result<_, _>>()?)
            }
            _ => return Err(format!("no actor is {name}")),
        };
        let id = ActorId::new("ana").map_err(|error| error.to_string())?;
        Ok(Actor::new(id, role))
    }

    pub(crate) fn done(&mut self) -> Parsed<()> {
        match self.0.next() {
            Some(token) => Err(format!("{token:?} is not understood")),
            None => Ok(()),
        }
    }
}

/// The rest of a text in quotes, with `\"`, `\\`, `\n`, `\r`, `\t` and `\u{200b}` in it.
fn quoted(chars: &mut impl Iterator<Item = char>) -> Parsed<String> {
    let mut text = String::new();
    while let Some(char) = chars.next() {
        match char {
            '"' => return Ok(text),
            '\\' => match chars.next() {
                Some('n') => text.push('\n'),
                Some('r') => text.push('\r'),
                Some('t') => text.push('\t'),
                Some(char @ ('"' | '\\')) => text.push(char),
                Some('u') => {
                    let digits: String = chars.by_ref().skip(1).take_while(|c| *c != '}').collect();
                    let point = u32::from_str_radix(&digits, 16).ok();
                    text.push(point.and_then(char::from_u32).ok_or("no such code point")?);
                }
                other => return Err(format!("\\{other:?} is not understood")),
            },
            char => text.push(char),
        }
    }
    Err("a quote does not end".into())
}
