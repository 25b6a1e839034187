//! R4.11: who opted out comes back by a later text, at most so often in a window.

use super::{Step, Trace};
use crate::{
    consent::{event::Event, state::ConsentState},
    simulation::{
        clock::{DAY, millis},
        trace::state,
    },
};

pub(super) fn check(trace: &Trace) -> Result<(), &'static str> {
    for (contact, life) in trace.lives.iter().enumerate() {
        let (mut began, mut count) = (i64::MIN, 0);
        for step in life.steps.iter().filter(|step| comes_back(step)) {
            let Some(policy) = trace.policy(contact, step) else {
                return Err("somebody came back under settings that never were");
            };
            if is_older(step) {
                return Err("somebody came back by a text from before the opt-out");
            }
            let restarts = &policy.settings().restarts;
            let since = step.at().saturating_sub(began);
            if since >= i64::from(restarts.window_days) * DAY {
                (began, count) = (step.at(), 0);
            }
            count += 1;
            if count > restarts.max {
                return Err("somebody came back more often than the settings allow");
            }
        }
    }
    Ok(())
}

fn comes_back(step: &Step) -> bool {
    let was_out = matches!(state(step.before), Some(ConsentState::OptedOut { .. }));
    was_out && !step.is_opted_out() && matches!(step.event(), Some(Event::Texted(_)))
}

/// Whether the text was sent before the opt-out was.
fn is_older(step: &Step) -> bool {
    match (step.event(), state(step.before)) {
        (Some(Event::Texted(text)), Some(ConsentState::OptedOut { since, .. })) => {
            let sent = text.sent_at.map_or(i64::MAX, millis);
            sent.min(step.at()) < millis(since)
        }
        _ => false,
    }
}
