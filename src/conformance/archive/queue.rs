//! What was set aside is queued again by a person, and the queue is counted.

use alloc::{vec, vec::Vec};

use crate::{
    conformance::{
        case::cases,
        failure::{Failure, Verdict, same},
        probe::Probe,
        sample::{
            DEADLINE, LEASE, at, contact, keep, namesake, queue, queue_text, status, step, text,
            text_of_kind,
        },
    },
    consent::{
        decision::Cancel,
        outgoing::{ClaimToken, Crm, MessageKind, Outgoing, OutgoingId},
    },
    storage::{Archive, Claim, Commit, Committed, Queue, Task, Then},
};

cases! { Archive:
    a_message_queued_again_is_handed_over,
    a_message_queued_again_keeps_its_place,
    a_message_is_queued_again_once,
    a_claim_from_before_a_message_was_queued_again_is_stale,
    what_is_not_set_aside_is_not_queued_again,
    a_text_queued_again_expires_as_any_text,
    an_opt_out_takes_back_what_is_set_aside,
    a_cancel_of_prompts_leaves_other_texts_set_aside,
    a_newer_status_takes_the_place_of_one_set_aside,
    a_status_set_aside_before_a_newer_one_does_not_undo_it,
    messages_are_counted_by_where_they_stand,
    the_oldest_unfinished_message_is_told,
}

fn requeue<S: Archive>(probe: &Probe<'_, S>, id: &OutgoingId) -> Result<bool, Failure> {
    probe.wait("requeue", probe.storage.requeue(id))
}

fn is_requeued<S: Archive>(probe: &Probe<'_, S>, id: &OutgoingId, expected: bool) -> Verdict {
    same("whether it was queued again", requeue(probe, id)?, expected)
}

fn counted<S: Archive>(probe: &Probe<'_, S>) -> Result<Queue, Failure> {
    probe.wait("queue", probe.storage.queue())
}

/// Queues the message, claims it, and sets it aside after one failure.
fn set_aside<S: Archive>(probe: &Probe<'_, S>, message: &Outgoing) -> Result<Claim, Failure> {
    let id = &message.id;
    probe.applies(queue(&id.contact, id.revision.number(), vec![message.clone()]))?;
    let failed = probe.only_due(0)?;
    probe.settles(&failed, Then::RetryAt(at(1)))?;
    let claim = probe.only_due(1)?;
    probe.settles(&claim, Then::SetAside)?;
    Ok(claim)
}

fn a_message_queued_again_is_handed_over<S: Archive>(probe: &Probe<'_, S>) -> Verdict {
    for message in [text(&contact(1), 1), status(&contact(2), 1, 1, Crm::Hubspot)] {
        set_aside(probe, &message)?;
        is_requeued(probe, &message.id, true)?;
        let claim = probe.only_due(1)?;
        same("the message", &claim.outgoing, &message)?;
        same("the task", claim.task, Task::HandOver)?;
        same("attempts", claim.attempts, 0)?;
        same("the token", claim.token, ClaimToken::new(3))?;
        probe.settles(&claim, Then::Finish)?;
    }
    Ok(())
}

fn a_message_queued_again_keeps_its_place<S: Archive>(probe: &Probe<'_, S>) -> Verdict {
    set_aside(probe, &text(&contact(1), 1))?;
    probe.applies(queue_text(&contact(1), 2))?;
    is_requeued(probe, &text(&contact(1), 1).id, true)?;
    for revision in [1, 2] {
        let claim = probe.only_due(1)?;
        same("the message", &claim.outgoing, &text(&contact(1), revision))?;
        probe.settles(&claim, Then::Finish)?;
    }
    probe.nothing_due(1)
}

fn a_message_is_queued_again_once<S: Archive>(probe: &Probe<'_, S>) -> Verdict {
    let message = text(&contact(1), 1);
    set_aside(probe, &message)?;
    is_requeued(probe, &message.id, true)?;
    is_requeued(probe, &message.id, false)?;
    probe.only_due(1)?;
    is_requeued(probe, &message.id, false)
}

fn a_claim_from_before_a_message_was_queued_again_is_stale<S: Archive>(
    probe: &Probe<'_, S>,
) -> Verdict {
    let message = text(&contact(1), 1);
    let before = set_aside(probe, &message)?;
    is_requeued(probe, &message.id, true)?;
    same("before the claim", probe.settle(&before, Then::Finish)?, Committed::Stale)?;
    let now = probe.only_due(1)?;
    for token in 1..=before.token.number() {
        let old = Claim { token: ClaimToken::new(token), ..now.clone() };
        same("an old claim", probe.settle(&old, Then::Finish)?, Committed::Stale)?;
    }
    probe.settles(&now, Then::Finish)
}

fn what_is_not_set_aside_is_not_queued_again<S: Archive>(probe: &Probe<'_, S>) -> Verdict {
    let message = text(&contact(1), 1);
    is_requeued(probe, &message.id, false)?;
    probe.applies(queue_text(&contact(1), 1))?;
    is_requeued(probe, &message.id, false)?;
    let claim = probe.only_due(0)?;
    is_requeued(probe, &message.id, false)?;
    probe.settles(&claim, Then::Finish)?;
    is_requeued(probe, &message.id, false)?;
    set_aside(probe, &text(&contact(1), 2))?;
    is_requeued(probe, &text(&namesake(&contact(1)), 2).id, false)?;
    is_requeued(probe, &text(&contact(2), 2).id, false)
}

fn a_text_queued_again_expires_as_any_text<S: Archive>(probe: &Probe<'_, S>) -> Verdict {
    let message = text(&contact(1), 1);
    set_aside(probe, &message)?;
    is_requeued(probe, &message.id, true)?;
    same("the task", probe.only_due(DEADLINE + 1)?.task, Task::Expired)
}

fn an_opt_out_takes_back_what_is_set_aside<S: Archive>(probe: &Probe<'_, S>) -> Verdict {
    let message = text_of_kind(&contact(1), 1, MessageKind::Message);
    let statuses = status(&contact(2), 1, 1, Crm::Hubspot);
    for message in [&message, &statuses] {
        set_aside(probe, message)?;
        let contact = &message.id.contact;
        probe.applies(Commit { cancel: Cancel::AllQueued, ..step(contact, 2) })?;
    }
    is_requeued(probe, &message.id, false)?;
    probe.nothing_due(LEASE)?;
    is_requeued(probe, &statuses.id, true)
}

fn a_cancel_of_prompts_leaves_other_texts_set_aside<S: Archive>(probe: &Probe<'_, S>) -> Verdict {
    for (n, kind) in [(1, MessageKind::Message), (2, MessageKind::Reminder)] {
        let message = text_of_kind(&contact(n), 1, kind);
        set_aside(probe, &message)?;
        probe.applies(Commit { cancel: Cancel::Prompts, ..keep(&contact(n), 1) })?;
        is_requeued(probe, &message.id, !kind.is_prompt())?;
        probe.due(2)?.iter().try_for_each(|claim| probe.settles(claim, Then::Finish))?;
    }
    Ok(())
}

fn a_newer_status_takes_the_place_of_one_set_aside<S: Archive>(probe: &Probe<'_, S>) -> Verdict {
    let older = status(&contact(1), 1, 1, Crm::Hubspot);
    let other = status(&contact(1), 1, 2, Crm::Salesforce);
    probe.applies(queue(&contact(1), 1, vec![older.clone(), other.clone()]))?;
    for claim in probe.due(0)? {
        probe.settles(&claim, Then::SetAside)?;
    }
    let newer = status(&contact(1), 2, 1, Crm::Hubspot);
    probe.applies(queue(&contact(1), 2, vec![newer.clone()]))?;
    is_requeued(probe, &older.id, false)?;
    let claim = probe.only_due(0)?;
    same("the status", &claim.outgoing, &newer)?;
    probe.settles(&claim, Then::Finish)?;
    is_requeued(probe, &other.id, true)
}

fn a_status_set_aside_before_a_newer_one_does_not_undo_it<S: Archive>(
    probe: &Probe<'_, S>,
) -> Verdict {
    let older = status(&contact(1), 1, 1, Crm::Hubspot);
    let newer = status(&contact(1), 2, 1, Crm::Hubspot);
    probe.applies(queue(&contact(1), 1, vec![older.clone()]))?;
    let claim = probe.only_due(0)?;
    probe.applies(queue(&contact(1), 2, vec![newer.clone()]))?;
    probe.settles(&claim, Then::SetAside)?;
    let claim = probe.only_due(0)?;
    same("the status", claim.outgoing.clone(), newer)?;
    probe.settles(&claim, Then::Finish)?;
    is_requeued(probe, &older.id, false)?;
    probe.nothing_due(LEASE)
}

fn messages_are_counted_by_where_they_stand<S: Archive>(probe: &Probe<'_, S>) -> Verdict {
    same("an empty queue", counted(probe)?, Queue::default())?;
    let endings = [None, Some(Then::Finish), Some(Then::RetryAt(at(LEASE))), Some(Then::SetAside)];
    for (n, ending) in (1..).zip(endings) {
        probe.applies(queue_text(&contact(n), 1))?;
        let claim = probe.only_due(0)?;
        if let Some(then) = ending {
            probe.settles(&claim, then)?;
        }
    }
    let elsewhere = namesake(&contact(5));
    probe.applies(queue(
        &elsewhere,
        1,
        vec![text(&elsewhere, 1), status(&elsewhere, 1, 1, Crm::Hubspot)],
    ))?;
    let queue = counted(probe)?;
    same("waiting", queue.waiting, 3)?;
    same("claimed", queue.claimed, 1)?;
    same("set aside", queue.set_aside, 1)
}

fn the_oldest_unfinished_message_is_told<S: Archive>(probe: &Probe<'_, S>) -> Verdict {
    let decided = |n: u64, millis: i64| Outgoing {
        decided_at: at(millis),
        ..status(&contact(n), 1, 1, Crm::Hubspot)
    };
    set_aside(probe, &decided(1, -9))?;
    same("the oldest", counted(probe)?.oldest, None)?;
    let messages: Vec<_> = [(2, 7), (3, -5), (4, 0)].map(|(n, at)| decided(n, at)).into();
    for message in &messages {
        probe.applies(queue(&message.id.contact, 1, vec![message.clone()]))?;
    }
    same("the oldest", counted(probe)?.oldest, Some(at(-5)))?;
    for claim in probe.due(0)? {
        same("the oldest", counted(probe)?.oldest, Some(at(-5)))?;
        if claim.outgoing.id.contact == contact(3) {
            probe.settles(&claim, Then::Finish)?;
            return same("the oldest but one", counted(probe)?.oldest, Some(at(0)));
        }
    }
    Err(Failure::new("what was queued was not due"))
}
