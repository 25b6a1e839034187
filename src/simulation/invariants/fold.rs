//! G10: the ledger has every entry in its order, and leads to the stored record.

use super::Trace;
use crate::consent::ledger::fold;

pub(super) fn check(trace: &Trace) -> Result<(), &'static str> {
    for (life, (record, entries)) in trace.lives.iter().zip(&trace.after.contacts) {
        if life.record != *record {
            return Err("the stored record is not the last that was stored");
        }
        let known = life.steps.iter().filter(|step| step.after.is_some());
        let known = known.filter_map(|step| step.commit.entry.as_ref());
        if !known.eq(entries) {
            return Err("the ledger is not what was written");
        }
        if fold(entries) != Ok(*record) {
            return Err("the ledger does not lead to the stored record");
        }
    }
    Ok(())
}
