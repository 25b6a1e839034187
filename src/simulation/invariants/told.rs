//! R6.5: each CRM is told what it must be told, and in the end has been.

use super::{Step, Trace};
use crate::{
    consent::{
        contact::Contact,
        event::Event,
        ledger::Verdict,
        outgoing::{Content, Crm, Destination, Handover, Outgoing},
        policy::Policy,
        record::Record,
        state::ConsentState,
    },
    simulation::trace::Handed,
};

pub(super) fn check(trace: &Trace) -> Result<(), &'static str> {
    for (contact, life) in trace.lives.iter().enumerate() {
        for crm in Crm::ALL {
            let mut last = None;
            for step in &life.steps {
                let status = statuses(step, crm).next();
                let policy = trace.policy(contact, step);
                let due = policy.and_then(|policy| due(step, crm, policy));
                if status.map(|(_, opted_out)| opted_out) != due {
                    return Err("a CRM is told something else than the rule says");
                }
                last = status.map(|(outgoing, _)| outgoing).or(last);
            }
            if trace.bound.is_some()
                && let Some(last) = last
                && !trace.after.set_aside.contains(&last.id)
                && !handed(trace, &last.id.contact, crm)
                    .any(|handed| handed.id() == &last.id && is_taken(handed))
            {
                return Err("a CRM never got the last status");
            }
        }
    }
    Ok(())
}

fn statuses(step: &Step, crm: Crm) -> impl Iterator<Item = (&Outgoing, bool)> {
    step.commit.outgoing.iter().filter_map(move |outgoing| match &outgoing.content {
        Content::Status(status) if status.crm == crm => Some((outgoing, status.opted_out)),
        Content::Status(_) | Content::Text(_) => None,
    })
}

fn handed<'a>(trace: &'a Trace, of: &'a Contact, crm: Crm) -> impl Iterator<Item = &'a Handed> {
    trace.handed.iter().filter(move |handed| {
        handed.id().contact == *of && handed.outgoing.destination() == Destination::Crm(crm)
    })
}

fn is_taken(handed: &Handed) -> bool {
    matches!(&handed.end, Some(end) if matches!(end.handover, Handover::Accepted { .. }))
}

/// What the CRM must be told of a step, if anything.
fn due(step: &Step, crm: Crm, policy: &Policy) -> Option<bool> {
    let opted_out =
        |record: Option<Record>| record.map(|record| ConsentState::opted_out(&record.state));
    let (before, holds) = (opted_out(step.before), opted_out(step.after)?);
    let decided = matches!(step.commit.entry.as_ref()?.verdict, Verdict::Decided { .. });
    let is_told = match step.event()? {
        Event::Added { source, opted_out } if source.crm() == Some(crm) => match opted_out {
            Some(said) => *said != holds,
            None => before.is_none(),
        },
        Event::StatusRequested { crm: asking } => *asking == crm || before != Some(holds),
        Event::Added { .. }
        | Event::Texted(_)
        | Event::DeclaredExisting { .. }
        | Event::Overridden { .. }
        | Event::CarrierBlocked { .. }
        | Event::MessageRequested(_)
        | Event::Settled(_) => before != Some(holds),
    };
    (decided && is_told && policy.syncs(crm)).then_some(holds)
}
