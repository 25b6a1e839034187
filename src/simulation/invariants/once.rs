//! G9 and R6.2: no text acts twice, and no text leaves twice unless it certainly was not sent.

use alloc::collections::{BTreeMap, BTreeSet};

use super::Trace;
use crate::{
    consent::{
        decision::Decision,
        event::Event,
        ledger::Verdict,
        outgoing::{Handover, OutgoingId},
        state::ConsentState,
    },
    simulation::{cast::CONTACTS, trace::Handed},
};

pub(super) fn check(trace: &Trace) -> Result<(), &'static str> {
    for books in &trace.books {
        if books.texts.iter().any(|text| text.marked > 1) {
            return Err("a text was marked twice");
        }
        if books.requests.iter().any(|acted| *acted > 1) {
            return Err("a request was marked twice");
        }
    }
    for answer in &trace.answers {
        let text = &trace.books[answer.contact / CONTACTS].texts[answer.text];
        let state = answer.outcome.state;
        let silent = answer.outcome.decision == Decision::None
            && matches!(state, Some(ConsentState::Active { .. }));
        if text.marked == 0 && !silent {
            return Err("a text was answered, and is not remembered");
        }
    }
    acts(trace)?;
    let mut left: BTreeMap<&OutgoingId, &Handed> = BTreeMap::new();
    for (handed, _) in trace.texts() {
        if handed.claim.is_none() {
            return Err("a text left that nobody had claimed");
        }
        let former = left.insert(handed.id(), handed);
        if former.is_some_and(|former| !may_follow(former, handed)) {
            return Err("a text left twice");
        }
    }
    Ok(())
}

/// Each text and each request has at most one entry that decided something.
fn acts(trace: &Trace) -> Result<(), &'static str> {
    let mut texts = BTreeSet::new();
    let mut requests = BTreeSet::new();
    for (contact, life) in trace.lives.iter().enumerate() {
        let account = contact / CONTACTS;
        let decided = life.steps.iter().filter(|step| {
            let entry = step.commit.entry.as_ref();
            entry.is_some_and(|entry| matches!(entry.verdict, Verdict::Decided { .. }))
        });
        for event in decided.filter_map(|step| step.event()) {
            match event {
                Event::Texted(text) if !texts.insert((account, &text.inbox, &text.id)) => {
                    return Err("a text acted twice");
                }
                Event::MessageRequested(message) => {
                    if let Some(id) = &message.request
                        && !requests.insert((account, id))
                    {
                        return Err("a request acted twice");
                    }
                }
                Event::Texted(_)
                | Event::Added { .. }
                | Event::DeclaredExisting { .. }
                | Event::Overridden { .. }
                | Event::CarrierBlocked { .. }
                | Event::StatusRequested { .. }
                | Event::Settled(_) => {}
            }
        }
    }
    Ok(())
}

fn may_follow(former: &Handed, next: &Handed) -> bool {
    former.end.as_ref().is_some_and(|end| {
        end.at <= next.begun && matches!(end.handover, Handover::NotSent { retry: true, .. })
    })
}
