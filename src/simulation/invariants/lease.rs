//! A claim is one task's until its lease is over: then it neither begins nor settles (DESIGN 4).

use super::Trace;

pub(super) fn check(trace: &Trace) -> Result<(), &'static str> {
    for handed in &trace.handed {
        if handed.claim.as_ref().is_some_and(|held| handed.begun_there >= held.until) {
            return Err("a hand-over began when its lease was over");
        }
    }
    for step in trace.lives.iter().flat_map(|life| &life.steps) {
        let token = step.commit.settle.as_ref().map(|settlement| settlement.token);
        if token != step.token {
            return Err("a settlement under another claim than the last was stored");
        }
    }
    Ok(())
}
