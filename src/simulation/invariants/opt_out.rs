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
                taken_back(handed, at, step, claimed, steps)?;
            }
        }
    }
    Ok(())
}

/// A text that was decided before step `at`, which takes back what is queued.
fn taken_back(
    handed: &Handed,
    at: usize,
    step: &Step,
    claimed: Option<usize>,
    steps: &[Step],
) -> Result<(), &'static str> {
    if handed.position <= at {
        // It left before. Was it still being handed over?
        let claimed = claimed.unwrap_or(handed.position);
        let settled = steps[claimed.min(at)..=at].iter().any(|step| step.settles(handed.id()));
        if !settled && !step.in_flight.contains(handed.id()) {
            return Err("what was being handed over was not named");
        }
        return Ok(());
    }
    match claimed {
        Some(claimed) if claimed <= at => {
            if step.in_flight.contains(handed.id()) {
                Ok(())
            } else {
                Err("what had been claimed left later, and was not named")
            }
        }
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
