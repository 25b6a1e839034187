//! G7: nothing changes without the permission, and each refusal is on the ledger.

use super::{Step, Trace};
use crate::{
    consent::{
        actor::Permission,
        event::{Event, Override},
        ledger::{Entry, Fact, Verdict},
        state::{ConsentState, OptOut},
    },
    simulation::trace::state,
    storage::Change,
};

pub(super) fn check(trace: &Trace) -> Result<(), &'static str> {
    for life in &trace.lives {
        let refused = life.steps.iter().filter(|step| is_refusal(step));
        if refused.count() < life.refusals {
            return Err("a refusal is not on the ledger");
        }
        for step in &life.steps {
            if is_refusal(step) && step.commit.change != Change::Keep {
                return Err("what was refused changed something");
            }
            if !is_refusal(step) && !is_permitted(step) {
                return Err("something changed without the permission");
            }
        }
    }
    for books in &trace.books {
        let set = books.entries.iter().filter(|entry| is_set(entry));
        if set.clone().any(|entry| !is_set_by_right(entry)) {
            return Err("settings changed without the permission");
        }
        if set.count() + 1 != books.policies.len() {
            return Err("settings changed without an entry");
        }
    }
    Ok(())
}

fn is_refusal(step: &Step) -> bool {
    let entry = step.commit.entry.as_ref();
    entry.is_some_and(|entry| matches!(entry.verdict, Verdict::Refused(_)))
}

fn is_permitted(step: &Step) -> bool {
    match step.event() {
        Some(Event::DeclaredExisting { actor }) => actor.may(Permission::ComplianceSettings),
        Some(Event::Overridden { actor, to, note }) => {
            let noted = note.as_ref().is_some_and(|note| !note.is_blank());
            let lifts = match (to, state(step.before)) {
                (Override::Active, Some(ConsentState::OptedOut { by, .. })) => match by {
                    OptOut::Staff | OptOut::Import => noted,
                    OptOut::Contact | OptOut::Crm => {
                        noted && actor.may(Permission::OverrideRevocation)
                    }
                    OptOut::Carrier => false,
                },
                (Override::Active, None) => false,
                (Override::Active | Override::OptedOut, _) => true,
            };
            actor.may(Permission::OptInManagement) && lifts
        }
        Some(
            Event::Texted(_)
            | Event::Added { .. }
            | Event::CarrierBlocked { .. }
            | Event::MessageRequested(_)
            | Event::StatusRequested { .. }
            | Event::Settled(_),
        )
        | None => true,
    }
}

fn is_set(entry: &Entry) -> bool {
    matches!(entry.verdict, Verdict::PolicySet { .. })
}

fn is_set_by_right(entry: &Entry) -> bool {
    match &entry.fact {
        Fact::PolicyChanged { actor } => actor.may(Permission::ComplianceSettings),
        Fact::Event(_) => false,
    }
}
