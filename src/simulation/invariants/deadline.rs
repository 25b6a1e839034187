//! R6.3: no text is handed over after its deadline, by the machine's own clock.

use chrono::TimeDelta;

use super::Trace;
use crate::{consent::outgoing::MessageKind, simulation::clock::millis};

const DEADLINE: TimeDelta = TimeDelta::minutes(5);

pub(super) fn check(trace: &Trace) -> Result<(), &'static str> {
    for (handed, text) in trace.texts() {
        if handed.begun_there > millis(text.not_after) {
            return Err("a text left after its deadline");
        }
        let decided = handed.outgoing.decided_at;
        let latest = decided.checked_add_signed(DEADLINE);
        let automated = text.kind != MessageKind::Message;
        if automated && latest.is_some_and(|latest| text.not_after > latest) {
            return Err("an automated text has a deadline of more than five minutes");
        }
    }
    Ok(())
}
