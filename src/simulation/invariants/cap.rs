//! G1: one confirmation and at most so many reminders in a cycle as the settings allow (R6.1).

use super::{Trace, prompts};
use crate::consent::outgoing::{MessageKind, OutgoingId};

pub(super) fn check(trace: &Trace) -> Result<(), &'static str> {
    let prompts = prompts(trace);
    for cycle in prompts.chunk_by(|one, other| one.is_of_cycle(other)) {
        let mut last: Option<&OutgoingId> = None;
        let (mut confirmations, mut reminders) = (0, 0);
        for prompt in cycle.iter().filter(|prompt| prompt.handed.may_be_sent()) {
            if last.replace(prompt.handed.id()) == Some(prompt.handed.id()) {
                continue;
            }
            if prompt.text.kind == MessageKind::Confirmation {
                confirmations += 1;
            } else {
                reminders += 1;
            }
            let policy = trace.policy(prompt.handed.contact, prompt.step);
            let most = policy.map_or(0, |policy| policy.settings().reminders.max);
            if confirmations > 1 {
                return Err("a second confirmation in one cycle");
            }
            if reminders > most && prompt.text.kind == MessageKind::Reminder {
                return Err("more reminders in one cycle than the settings allow");
            }
        }
    }
    Ok(())
}
