//! One line of output (RULES 7).

use std::io::{self, Write};

use chrono::{DateTime, SecondsFormat, Utc};
use optin::{ConsentState, Content, Outgoing, state_name};
use serde_json::{Value, json};

use super::line::LineError;

/// What one event led to, its settlement included.
pub(crate) struct Answer {
    pub(crate) decision: &'static str,
    pub(crate) reason: &'static str,
    pub(crate) state: Option<ConsentState>,
    pub(crate) next_reminder_at: Option<DateTime<Utc>>,
}

pub(crate) fn answer(
    to: &mut impl Write,
    line: u64,
    answer: &Answer,
    left: &[Outgoing],
) -> io::Result<()> {
    let Answer { decision, reason, state, next_reminder_at } = answer;
    let state = state.as_ref();
    write!(
        to,
        r#"{{"line":{line},"decision":"{decision}","reason":"{reason}","state":"{}","opted_out":{},"next_reminder_at":{},"#,
        state_name(state),
        json!(state.map(ConsentState::opted_out)),
        json!(next_reminder_at.map(time)),
    )?;
    sent_and_synced(to, left)
}

/// The answer to a line that is about no contact.
pub(crate) fn done(
    to: &mut impl Write,
    line: u64,
    what: &str,
    left: &[Outgoing],
) -> io::Result<()> {
    write!(to, r#"{{"line":{line},"decision":"none","reason":"{what}","#)?;
    sent_and_synced(to, left)
}

pub(crate) fn error(to: &mut impl Write, line: u64, error: &LineError) -> io::Result<()> {
    let LineError { code, message } = error;
    writeln!(to, r#"{{"line":{line},"error":"{code}","message":{}}}"#, json!(message))
}

fn sent_and_synced(to: &mut impl Write, left: &[Outgoing]) -> io::Result<()> {
    let sent: Vec<String> = left.iter().filter_map(sent).collect();
    let mut synced: Vec<(&str, bool)> = left.iter().filter_map(synced).collect();
    synced.sort_by_key(|(crm, _)| *crm);
    let synced: Vec<String> = synced
        .into_iter()
        .map(|(crm, opted_out)| format!(r#"{{"to":"{crm}","opted_out":{opted_out}}}"#))
        .collect();
    writeln!(to, r#""sent":[{}],"synced":[{}]}}"#, sent.join(","), synced.join(","))
}

fn sent(outgoing: &Outgoing) -> Option<String> {
    let Content::Text(text) = &outgoing.content else {
        return None;
    };
    Some(format!(
        r#"{{"kind":"{}","to":"{}","from":{},"text":{}}}"#,
        text.kind.name(),
        outgoing.id.contact.number().to_e164(),
        Value::from(text.from.as_str()),
        Value::from(text.body.as_str()),
    ))
}

fn synced(outgoing: &Outgoing) -> Option<(&'static str, bool)> {
    match &outgoing.content {
        Content::Text(_) => None,
        Content::Status(status) => Some((status.crm.name(), status.opted_out)),
    }
}

/// In UTC, with a fraction only where it is not zero.
fn time(time: DateTime<Utc>) -> String {
    let format = match time.timestamp_subsec_millis() {
        0 => SecondsFormat::Secs,
        _ => SecondsFormat::Millis,
    };
    time.to_rfc3339_opts(format, true)
}
