//! Cancels: what is queued is taken back, what is claimed is named, and nothing else is touched.

use alloc::{vec, vec::Vec};

use super::lines::is_text;
use crate::{
    conformance::{
        case::cases,
        failure::{Failure, Verdict, same},
        probe::Probe,
        sample::{LEASE, at, contact, keep, queue, queue_text, status, step, text, text_of_kind},
    },
    consent::{
        decision::Cancel,
        outgoing::{Crm, MessageKind, Outgoing, OutgoingId},
    },
    storage::{Commit, Settlement, Storage, Task, Then},
};

cases! { Storage:
    a_cancel_of_nothing_takes_nothing_back,
    a_cancel_of_prompts_takes_back_prompts_alone,
    a_cancel_of_all_takes_back_every_text,
    a_cancel_leaves_statuses,
    a_cancel_leaves_other_contacts,
    a_cancel_leaves_the_messages_of_its_own_commit,
    a_cancel_takes_back_what_waits_for_a_retry,
    a_cancel_that_keeps_the_record_counts,
    a_cancel_names_what_is_claimed,
    a_cancel_names_what_its_commit_before_leased,
    a_cancel_names_what_is_claimed_past_its_lease,
    a_cancel_of_prompts_names_prompts_alone,
    a_cancel_names_no_status,
    a_cancel_of_nothing_names_nothing,
    a_cancel_does_not_name_what_its_commit_settles,
    what_a_cancel_named_is_settled_as_before,
    what_a_cancel_took_back_frees_its_line,
}

const KINDS: [MessageKind; 6] = [
    MessageKind::Confirmation,
    MessageKind::Reminder,
    MessageKind::OptedOut,
    MessageKind::Help,
    MessageKind::Confirmed,
    MessageKind::Message,
];

/// Queues a text of each kind, to a contact each.
fn one_of_each_kind<S: Storage>(probe: &Probe<'_, S>) -> Result<Vec<Outgoing>, Failure> {
    (1..)
        .zip(KINDS)
        .map(|(n, kind)| {
            let message = text_of_kind(&contact(n), 1, kind);
            probe.applies(queue(&contact(n), 1, vec![message.clone()]))?;
            Ok(message)
        })
        .collect()
}

/// The second revision of a contact, with this cancel.
fn cancelling(n: u64, cancel: Cancel) -> Commit {
    Commit { cancel, ..step(&contact(n), 2) }
}

/// What is left of a text of each kind.
fn left<S: Storage>(
    probe: &Probe<'_, S>,
    cancel: Cancel,
    stays: fn(MessageKind) -> bool,
) -> Verdict {
    let queued = one_of_each_kind(probe)?;
    for n in 1..=6 {
        probe.applies(cancelling(n, cancel))?;
    }
    let expected = KINDS.into_iter().zip(queued).filter(|(kind, _)| stays(*kind));
    let mut found: Vec<_> = probe.due(0)?.into_iter().map(|claim| claim.outgoing).collect();
    found.sort_by(|a, b| a.id.cmp(&b.id));
    same("what is left", found, expected.map(|(_, message)| message).collect())
}

fn a_cancel_of_nothing_takes_nothing_back<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    left(probe, Cancel::Nothing, |_| true)
}

fn a_cancel_of_prompts_takes_back_prompts_alone<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    left(probe, Cancel::Prompts, |kind| !kind.is_prompt())
}

fn a_cancel_of_all_takes_back_every_text<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    left(probe, Cancel::AllQueued, |_| false)
}

fn a_cancel_leaves_statuses<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    let statuses = [(1, Crm::Hubspot), (2, Crm::Salesforce)];
    let statuses = statuses.map(|(n, crm)| status(&contact(1), 1, n, crm));
    let messages = [text(&contact(1), 1)].into_iter().chain(statuses).collect();
    probe.applies(queue(&contact(1), 1, messages))?;
    probe.applies(cancelling(1, Cancel::AllQueued))?;
    let left = probe.due(0)?;
    same("texts left", left.iter().filter(|claim| is_text(claim)).count(), 0)?;
    same("statuses left", left.len(), 2)
}

fn a_cancel_leaves_other_contacts<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    for n in 1..=3 {
        probe.applies(queue_text(&contact(n), 1))?;
    }
    probe.applies(cancelling(2, Cancel::AllQueued))?;
    let left = probe.due(0)?;
    same("texts left", left.len(), 2)?;
    let of_it = left.iter().filter(|claim| claim.outgoing.id.contact == contact(2));
    same("of the one cancelled", of_it.count(), 0)
}

fn a_cancel_leaves_the_messages_of_its_own_commit<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(queue_text(&contact(1), 1))?;
    let reply = text_of_kind(&contact(1), 2, MessageKind::OptedOut);
    let outgoing = vec![reply.clone()];
    probe.applies(Commit { outgoing, ..cancelling(1, Cancel::AllQueued) })?;
    same("the message", probe.only_due(0)?.outgoing, reply)?;
    // Nor does a commit name what it leases itself.
    probe.applies(queue_text(&contact(2), 1))?;
    let outgoing = vec![text(&contact(2), 2)];
    let lease = Some(at(LEASE));
    probe.applies(Commit { outgoing, lease, ..cancelling(2, Cancel::Prompts) })?;
    probe.text_unfinished(&contact(2), true)
}

fn a_cancel_takes_back_what_waits_for_a_retry<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(queue_text(&contact(1), 1))?;
    let claim = probe.only_due(0)?;
    probe.settles(&claim, Then::RetryAt(at(LEASE)))?;
    probe.applies(cancelling(1, Cancel::Prompts))?;
    probe.nothing_due(2 * LEASE)
}

fn a_cancel_that_keeps_the_record_counts<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(queue_text(&contact(1), 1))?;
    let cancel = Cancel::AllQueued;
    probe.applies(Commit { cancel, ..keep(&contact(1), 1) })?;
    probe.nothing_due(0)
}

/// The cancel names exactly these.
fn names<S: Storage>(probe: &Probe<'_, S>, commit: Commit, expected: Vec<OutgoingId>) -> Verdict {
    let mut named = probe.applied(commit)?;
    named.sort();
    same("in flight", named, expected)
}

fn a_cancel_names_what_is_claimed<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    for (n, cancel) in [(1, Cancel::Prompts), (2, Cancel::AllQueued)] {
        probe.applies(queue_text(&contact(n), 1))?;
        probe.only_due(0)?;
        probe.applies(queue_text(&contact(n), 2))?;
        let commit = Commit { cancel, ..step(&contact(n), 3) };
        names(probe, commit, vec![text(&contact(n), 1).id])?;
    }
    Ok(())
}

fn a_cancel_names_what_its_commit_before_leased<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(Commit { lease: Some(at(LEASE)), ..queue_text(&contact(1), 1) })?;
    names(probe, cancelling(1, Cancel::Prompts), vec![text(&contact(1), 1).id])
}

fn a_cancel_names_what_is_claimed_past_its_lease<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(queue_text(&contact(1), 1))?;
    probe.only_due(0)?;
    let late = Commit { at: at(10 * LEASE), ..cancelling(1, Cancel::AllQueued) };
    names(probe, late, vec![text(&contact(1), 1).id])?;
    // It may have been handed over: it is not taken back, and never handed over again.
    same("the task", probe.only_due(10 * LEASE)?.task, Task::Unknown)
}

fn a_cancel_of_prompts_names_prompts_alone<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    let queued = one_of_each_kind(probe)?;
    same("claims", probe.due(0)?.len(), queued.len())?;
    for ((n, kind), message) in (1..).zip(KINDS).zip(queued) {
        let expected = kind.is_prompt().then_some(message.id);
        names(probe, cancelling(n, Cancel::Prompts), expected.into_iter().collect())?;
    }
    Ok(())
}

fn a_cancel_names_no_status<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    let messages = vec![text(&contact(1), 1), status(&contact(1), 1, 1, Crm::Hubspot)];
    probe.applies(queue(&contact(1), 1, messages))?;
    same("claims", probe.due(0)?.len(), 2)?;
    names(probe, cancelling(1, Cancel::AllQueued), vec![text(&contact(1), 1).id])
}

fn a_cancel_of_nothing_names_nothing<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(queue_text(&contact(1), 1))?;
    probe.only_due(0)?;
    probe.applies(cancelling(1, Cancel::Nothing))
}

fn a_cancel_does_not_name_what_its_commit_settles<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(queue_text(&contact(1), 1))?;
    let claim = probe.only_due(0)?;
    let settle = Some(Settlement::of(&claim, Then::Finish));
    probe.applies(Commit { settle, ..cancelling(1, Cancel::AllQueued) })?;
    probe.text_unfinished(&contact(1), false)
}

fn what_a_cancel_named_is_settled_as_before<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(queue_text(&contact(1), 1))?;
    let claim = probe.only_due(0)?;
    names(probe, cancelling(1, Cancel::AllQueued), vec![claim.outgoing.id.clone()])?;
    probe.text_unfinished(&contact(1), true)?;
    probe.nothing_due(LEASE - 1)?;
    probe.settles(&claim, Then::Finish)?;
    probe.text_unfinished(&contact(1), false)
}

fn what_a_cancel_took_back_frees_its_line<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(queue_text(&contact(1), 1))?;
    probe.applies(cancelling(1, Cancel::AllQueued))?;
    probe.applies(queue_text(&contact(1), 3))?;
    same("the message", probe.only_due(0)?.outgoing, text(&contact(1), 3))
}
