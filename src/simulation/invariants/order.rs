//! Of a contact's messages to one destination one is claimed at a time, in the order of decisions.

use super::Trace;
use crate::simulation::trace::{Claimed, Life};

pub(super) fn check(trace: &Trace) -> Result<(), &'static str> {
    for life in &trace.lives {
        for (at, claim) in life.claims.iter().enumerate() {
            let former =
                life.claims[..at].iter().rfind(|former| former.destination == claim.destination);
            let Some(former) = former.filter(|former| former.id != claim.id) else { continue };
            if former.id.revision > claim.id.revision {
                return Err("a message was claimed after a later one");
            }
            if !is_settled(life, former, claim.position) {
                return Err("a message was claimed while an earlier one was being handed over");
            }
        }
    }
    Ok(())
}

fn is_settled(life: &Life, claim: &Claimed, by: usize) -> bool {
    life.steps[claim.position..by].iter().any(|step| step.settles(&claim.id))
}
