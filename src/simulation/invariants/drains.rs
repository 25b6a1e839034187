//! G17: once faults stop and clocks are true, everything drains.

use super::Trace;

pub(super) fn check(trace: &Trace) -> Result<(), &'static str> {
    if trace.bound.is_none() {
        // What was claimed by a clock far ahead waits until then.
        return Ok(());
    }
    if trace.after.left > 0 {
        return Err("something is still queued");
    }
    if trace.after.unfinished > 0 {
        return Err("a text is still unfinished");
    }
    Ok(())
}
