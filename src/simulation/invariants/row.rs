//! R6.2: three prompts in a row that were not sent keep the clock.

use super::{Step, Trace};
use crate::{
    consent::{event::Ending, record::Revision},
    simulation::clock::{millis, whole_millis},
};

pub(super) fn check(trace: &Trace) -> Result<(), &'static str> {
    for (contact, life) in trace.lives.iter().enumerate() {
        for cycle in life.steps.chunk_by(|one, other| one.cycle == other.cycle) {
            let (mut row, mut last) = (0, i64::MIN);
            for step in cycle {
                if let Some(settled) = step.settled().filter(|settled| settled.kind.is_prompt()) {
                    match settled.ending {
                        Ending::NotSent { .. } | Ending::SetAside if is_waited_for(step) => {
                            (row, last) = (row + 1, millis(settled.ended));
                        }
                        Ending::Accepted { .. } | Ending::Unknown => row = 0,
                        Ending::NotSent { .. }
                        | Ending::SetAside
                        | Ending::Blocked { .. }
                        | Ending::Expired
                        | Ending::Retry { .. } => {}
                    }
                }
                let asks = step.text().is_some_and(|text| text.kind.is_prompt());
                if asks && waits(step).is_some() {
                    // What was on its way counts as unknown.
                    row = 0;
                }
                let Some(policy) = trace.policy(contact, step).filter(|_| asks && row >= 3) else {
                    continue;
                };
                if step.at().saturating_sub(last) < whole_millis(policy.reminders().interval()) {
                    return Err("a prompt followed at once on three that were not sent");
                }
            }
        }
    }
    Ok(())
}

/// The decision whose prompt is still on its way before the step.
fn waits(step: &Step) -> Option<Revision> {
    Some(step.before?.pending()?.outstanding?.revision)
}

/// Whether the record waited for this settlement, and not for another prompt's by then.
fn is_waited_for(step: &Step) -> bool {
    let settled = step.settled().map(|settled| settled.revision);
    settled.is_some() && waits(step) == settled
}
