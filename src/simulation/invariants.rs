//! What must hold of every seed, each in a file of its own.

mod apart;
mod blocked;
mod cap;
mod cause;
mod consent;
mod deadline;
mod drains;
mod due;
mod explained;
mod fold;
mod heeded;
mod help;
mod lease;
mod once;
mod opt_out;
mod order;
mod permission;
mod restarts;
mod row;
mod spacing;
mod told;

use alloc::vec::Vec;

use super::trace::{Handed, Step, Trace};
use crate::consent::outgoing::OutgoingText;

type Check = fn(&Trace) -> Result<(), &'static str>;

const ALL: [(&str, Check); 21] = [
    ("cause", cause::check),
    ("once", once::check),
    ("cap", cap::check),
    ("spacing", spacing::check),
    ("consent", consent::check),
    ("opt_out", opt_out::check),
    ("heeded", heeded::check),
    ("deadline", deadline::check),
    ("lease", lease::check),
    ("order", order::check),
    ("due", due::check),
    ("row", row::check),
    ("blocked", blocked::check),
    ("restarts", restarts::check),
    ("help", help::check),
    ("explained", explained::check),
    ("permission", permission::check),
    ("fold", fold::check),
    ("apart", apart::check),
    ("told", told::check),
    ("drains", drains::check),
];

/// The first invariant that does not hold, and what is wrong.
pub(super) fn check(trace: &Trace) -> Result<(), (&'static str, &'static str)> {
    if let Some(broken) = trace.broken {
        return Err(broken);
    }
    ALL.iter().try_for_each(|(name, check)| check(trace).map_err(|words| (*name, words)))
}

/// A prompt that was handed over.
struct Prompt<'a> {
    handed: &'a Handed,
    text: &'a OutgoingText,
    step: &'a Step,
    /// The number of its step.
    decided: usize,
}

impl Prompt<'_> {
    fn is_of_cycle(&self, other: &Self) -> bool {
        (self.handed.contact, self.step.cycle) == (other.handed.contact, other.step.cycle)
    }
}

/// What was handed over of prompts, by contact, in the order of their decisions.
fn prompts(trace: &Trace) -> Vec<Prompt<'_>> {
    let texts = trace.texts().filter(|(_, text)| text.kind.is_prompt());
    let mut prompts: Vec<_> = texts
        .filter_map(|(handed, text)| {
            let step = trace.decision(handed)?;
            Some(Prompt { handed, text, step, decided: handed.decided? })
        })
        .collect();
    prompts.sort_by_key(|prompt| (prompt.handed.contact, prompt.decided));
    prompts
}
