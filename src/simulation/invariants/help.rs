//! R4.3: no help reply is decided sooner than ten minutes after the last.

use super::Trace;
use crate::{consent::outgoing::MessageKind, simulation::clock::MINUTE};

pub(super) fn check(trace: &Trace) -> Result<(), &'static str> {
    for life in &trace.lives {
        let helps = life
            .steps
            .iter()
            .filter(|step| step.text().is_some_and(|text| text.kind == MessageKind::Help));
        let mut last = None;
        for at in helps.map(|step| step.at()) {
            if last.replace(at).is_some_and(|last| at.saturating_sub(last) < 10 * MINUTE) {
                return Err("help was answered again within ten minutes");
            }
        }
    }
    Ok(())
}
