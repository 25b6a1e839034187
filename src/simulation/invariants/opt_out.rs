//! G5: an opt-out takes back what is queued, an end of a cycle its prompts; what had been claimed
//! is named (R6.4).

use super::{Step, Trace};
use crate::{
    consent::{
        outgoing::{MessageKind, OutgoingText},
        state::ConsentState,
    },
    simulation::trace::Handed,
};

pub(super) fn check(trace: &Trace) -> Result<(), &'static str> {
    for (handed, text) in trace.texts() {
        let steps = &trace.lives[handed.contact].steps;
        let Some(decided) = handed.decided else { continue };
        is_allowed(&steps[decided], text)?;
        let claimed = handed.claim.as_ref().map(|held| held.position);
        for (at, step) in steps.iter().enumerate().skip(decided + 1) {
            let takes_back = step.opts_out() || text.kind.is_prompt() && ends_cycle(step);
            if takes_back {
                taken_back(handed, claimed, at, steps, trace.bound)?;
            }
        }
    }
    Ok(())
}

/// A text that was decided before step `at`, which takes back what is queued.
fn taken_back(
    handed: &Handed,
    claimed: Option<usize>,
    at: usize,
    steps: &[Step],
    bound: Option<i64>,
) -> Result<(), &'static str> {
    let named = steps[at].in_flight.contains(handed.id());
    let since = claimed.unwrap_or(handed.position).min(at);
    let settled = steps[since..=at].iter().any(|step| step.settles(handed.id()));
    if handed.position <= at {
        // It left before. If it was still being handed over it is named.
        return if settled || named { Ok(()) } else { Err("what was in flight was not named") };
    }
    match claimed {
        // A clock that was ahead saw its lease end, and it was called unknown before.
        Some(claimed) if claimed <= at && settled && bound != Some(0) => Ok(()),
        Some(claimed) if claimed <= at && named => Ok(()),
        Some(claimed) if claimed <= at => Err("what had been claimed left, and was not named"),
        Some(_) | None => Err("what was queued left after it should have been taken back"),
    }
}

fn ends_cycle(step: &Step) -> bool {
    let was = step.before.is_some_and(|record| record.pending().is_some());
    was && step.after.is_some_and(|record| record.pending().is_none())
}

/// Whether the state that a text was decided in lets it be.
fn is_allowed(step: &Step, text: &OutgoingText) -> Result<(), &'static str> {
    let allowed = match (text.kind, step.after.map(|record| record.state)) {
        (MessageKind::Confirmation | MessageKind::Reminder, state) => {
            matches!(state, Some(ConsentState::Pending(_)))
        }
        (MessageKind::Confirmed | MessageKind::Message, state) => {
            matches!(state, Some(ConsentState::Active { .. }))
        }
        (MessageKind::OptedOut, _) => step.opts_out(),
        (MessageKind::Help, state) => state.is_some(),
    };
    if allowed { Ok(()) } else { Err("a text that the contact's state does not allow") }
}
