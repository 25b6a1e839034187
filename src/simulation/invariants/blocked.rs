//! R6.2: that the number has opted out with the provider is never taken for anything else.

use super::Trace;
use crate::consent::{
    event::{Ending, Settled},
    outgoing::Handover,
};

pub(super) fn check(trace: &Trace) -> Result<(), &'static str> {
    for (handed, _) in trace.texts() {
        let end = handed.end.as_ref().map(|end| &end.handover);
        if !matches!(end, Some(Handover::Blocked { .. })) {
            continue;
        }
        let revision = handed.outgoing.id.revision;
        let after = trace.lives[handed.contact].steps.iter().skip(handed.position);
        let mut settled =
            after.filter_map(|step| step.settled()).filter(|settled| settled.revision == revision);
        if settled.any(says_otherwise) {
            return Err("a number that the provider blocks was settled as something else");
        }
    }
    Ok(())
}

/// Unknown is no contradiction: the lease may end first.
fn says_otherwise(settled: &Settled) -> bool {
    match settled.ending {
        Ending::Accepted { .. }
        | Ending::NotSent { .. }
        | Ending::Retry { .. }
        | Ending::SetAside
        | Ending::Expired => true,
        Ending::Blocked { .. } | Ending::Unknown => false,
    }
}
