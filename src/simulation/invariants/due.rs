//! R4.8: nothing is called too soon that is due, to the millisecond.

use chrono::{DateTime, Utc};

use super::Trace;
use crate::{
    consent::decision::Reason,
    simulation::{cast::CONTACTS, clock::millis},
};

pub(super) fn check(trace: &Trace) -> Result<(), &'static str> {
    for answer in trace.answers.iter().filter(|answer| answer.outcome.reason == Reason::TooSoon) {
        let text = &trace.books[answer.contact / CONTACTS].texts[answer.text];
        let due = answer.outcome.next_reminder_at.map(millis);
        // At the end of time nothing is due any more.
        let ended = text.decided == millis(DateTime::<Utc>::MAX_UTC);
        if !ended && due.is_none_or(|due| due <= text.decided) {
            return Err("a prompt was put off that was due");
        }
    }
    Ok(())
}
