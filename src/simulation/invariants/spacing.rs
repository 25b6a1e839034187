//! G2: a reminder begins at least the interval after the former prompt ended, less the skew (R6.1).

use super::{Prompt, Step, Trace, prompts};
use crate::{
    consent::outgoing::MessageKind,
    simulation::clock::{millis, whole_millis},
};

pub(super) fn check(trace: &Trace) -> Result<(), &'static str> {
    let prompts = prompts(trace);
    for cycle in prompts.chunk_by(|one, other| one.is_of_cycle(other)) {
        for reminder in cycle.iter().filter(|p| p.text.kind == MessageKind::Reminder) {
            let Some(policy) = trace.policy(reminder.handed.contact, reminder.step) else {
                return Err("a reminder was decided under settings that never were");
            };
            let interval = whole_millis(policy.reminders().interval());
            let former = cycle
                .iter()
                .filter(|former| former.decided < reminder.decided && former.handed.may_be_sent());
            for former in former {
                let steps = &trace.lives[former.handed.contact].steps;
                let between = &steps[former.decided..reminder.decided];
                let settled = between.iter().rfind(|step| step.settles(former.handed.id()));
                let ended = settled.and_then(Step::settled).map(|settled| millis(settled.ended));
                apart(former, reminder, interval, ended, trace.bound)?;
            }
        }
    }
    Ok(())
}

fn apart(
    former: &Prompt<'_>,
    reminder: &Prompt<'_>,
    interval: i64,
    settled: Option<i64>,
    bound: Option<i64>,
) -> Result<(), &'static str> {
    let handed = former.handed;
    // What outlasts its lease counts as ended with it.
    let lease = handed.claim.as_ref().map_or(i64::MAX, |held| held.until);
    let dropped = handed.dropped.unwrap_or(i64::MAX);
    let ended = handed.end.as_ref().map_or(dropped, |end| end.at).min(lease);
    if let Some(bound) = bound
        && reminder.handed.begun.saturating_sub(ended) < interval - bound
    {
        return Err("a reminder began before the interval after the former prompt was over");
    }
    if let Some(settled) = settled
        && reminder.step.at().saturating_sub(settled.min(lease)) < interval
    {
        return Err("a reminder was decided before the interval was over by the ledger");
    }
    if let Some(end) = &handed.end
        && handed.machine == reminder.step.machine
    {
        // By one and the same clock, however it was set: back, it shortens nothing.
        let ended = end.there.max(handed.begun_there).min(lease);
        let ended = ended.max(millis(handed.outgoing.decided_at));
        if reminder.step.at().saturating_sub(ended) < interval {
            return Err("a reminder was decided before the interval was over by that very clock");
        }
    }
    Ok(())
}
