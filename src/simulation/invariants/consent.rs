//! G4: a message of staff or host goes to nobody but who is active, from decision to claim.

use super::Trace;
use crate::consent::outgoing::MessageKind;

pub(super) fn check(trace: &Trace) -> Result<(), &'static str> {
    for (handed, _) in trace.texts().filter(|(_, text)| text.kind == MessageKind::Message) {
        let steps = &trace.lives[handed.contact].steps;
        let claimed = handed.claim.as_ref().map_or(handed.position, |held| held.position);
        let Some(decided) = handed.decided else { continue };
        // An inline hand-over is claimed with its own decision.
        let until = claimed.max(decided + 1).min(steps.len());
        if steps[decided..until].iter().any(|step| !step.is_active()) {
            return Err("somebody was messaged without consent");
        }
    }
    Ok(())
}
