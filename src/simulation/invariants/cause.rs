//! G3: what leaves was decided, and each automated text answers one text that came in.

use alloc::collections::BTreeMap;

use super::Trace;
use crate::{
    consent::{
        event::Event,
        outgoing::{MessageKind, OutgoingId},
    },
    simulation::cast::CONTACTS,
};

pub(super) fn check(trace: &Trace) -> Result<(), &'static str> {
    if trace.handed.iter().any(|handed| trace.decision(handed).is_none()) {
        return Err("something left that nobody decided");
    }
    let mut answered: BTreeMap<(usize, usize), &OutgoingId> = BTreeMap::new();
    for (handed, text) in trace.texts() {
        let Some(step) = trace.decision(handed) else { continue };
        if !step.commit.outgoing.contains(&handed.outgoing) {
            return Err("what left is not what was decided");
        }
        if text.kind == MessageKind::Message {
            match step.event() {
                Some(Event::MessageRequested(_)) => continue,
                _ => return Err("a message that nobody asked for"),
            }
        }
        let Some(id) = &text.answers else {
            return Err("an automated text names no cause");
        };
        let account = handed.contact / CONTACTS;
        let index = trace.cast.text_index(&text.from, id);
        let written = index.and_then(|index| trace.books[account].texts.get(index));
        if !written.is_some_and(|written| written.given && written.contact == handed.contact) {
            return Err("an automated text names a cause that never came in");
        }
        match step.event() {
            Some(Event::Texted(cause)) if cause.id == *id && cause.inbox == text.from => {}
            _ => return Err("an automated text was decided by another event than it names"),
        }
        let first = answered.entry((account, index.unwrap_or_default())).or_insert(handed.id());
        if *first != handed.id() {
            return Err("one text caused two");
        }
    }
    Ok(())
}
