//! R4.2: whoever says STOP is opted out, whatever the state before.

use super::Trace;
use crate::{
    consent::{decision::Reason, keyword::Reading, policy::Policy, state::ConsentState},
    simulation::cast::CONTACTS,
};

pub(super) fn check(trace: &Trace) -> Result<(), &'static str> {
    let policy = Policy::default();
    for text in trace.books.iter().flat_map(|books| &books.texts) {
        let stops = policy.matcher().read(text.body, text.media) == Reading::OptOut;
        let mut states = trace.lives[text.contact].steps.iter().filter_map(|step| step.after);
        let was_out = states.any(|record| matches!(record.state, ConsentState::OptedOut { .. }));
        if stops && text.marked > 0 && !was_out {
            return Err("a text that said STOP is remembered, and was never heeded");
        }
    }
    for answer in &trace.answers {
        let text = &trace.books[answer.contact / CONTACTS].texts[answer.text];
        let stops = policy.matcher().read(text.body, text.media) == Reading::OptOut;
        let heeded = matches!(
            answer.outcome.reason,
            Reason::OptOutKeyword | Reason::AlreadyOptedOut | Reason::Duplicate
        );
        if stops && !heeded {
            return Err("a text that said STOP opted nobody out");
        }
    }
    Ok(())
}
