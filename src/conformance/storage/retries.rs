//! Retries and messages set aside: when they come back, in which place, or never.

use alloc::vec;

use crate::{
    conformance::{
        case::cases,
        failure::{Verdict, same},
        probe::Probe,
        sample::{DEADLINE, LEASE, at, contact, queue, queue_text, status, text},
    },
    consent::outgoing::{ClaimToken, Crm, Outgoing},
    storage::{Storage, Task, Then},
};

cases! { Storage:
    a_retry_waits_for_exactly_its_time,
    a_retry_at_a_time_past_is_due_at_once,
    a_retry_in_time_is_handed_over,
    a_retry_expires_as_any_text,
    attempts_are_counted,
    a_retry_keeps_its_place_in_the_line,
    a_message_set_aside_is_never_claimed,
    a_message_set_aside_holds_up_nothing,
}

fn a_retry_waits_for_exactly_its_time<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    for (n, wait) in (1..).zip([1, 5_000, LEASE - 1, LEASE, LEASE + 1, DEADLINE]) {
        probe.applies(queue_text(&contact(n), 1))?;
        let claim = probe.only_due(0)?;
        probe.settles(&claim, Then::RetryAt(at(wait)))?;
        probe.nothing_due(wait - 1)?;
        let again = probe.only_due(wait)?;
        probe.settles(&again, Then::Finish)?;
    }
    Ok(())
}

fn a_retry_at_a_time_past_is_due_at_once<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(queue_text(&contact(1), 1))?;
    let claim = probe.only_due(LEASE)?;
    probe.settles(&claim, Then::RetryAt(at(0)))?;
    probe.only_due(LEASE).map(drop)
}

fn a_retry_in_time_is_handed_over<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(queue_text(&contact(1), 1))?;
    let claim = probe.only_due(0)?;
    probe.settles(&claim, Then::RetryAt(at(10 * 1_000)))?;
    let again = probe.only_due(10 * 1_000)?;
    same("the task", again.task, Task::HandOver)?;
    same("the token", again.token, ClaimToken::new(2))?;
    same("the end of the claim", again.until, at(10 * 1_000 + LEASE))
}

fn a_retry_expires_as_any_text<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(queue_text(&contact(1), 1))?;
    let claim = probe.only_due(0)?;
    probe.settles(&claim, Then::RetryAt(at(DEADLINE)))?;
    let again = probe.only_due(DEADLINE + 1)?;
    same("the task", again.task, Task::Expired)?;
    same("attempts", again.attempts, 1)
}

fn attempts_are_counted<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    let messages = [text(&contact(1), 1), status(&contact(2), 1, 1, Crm::Salesforce)];
    for message in messages {
        counts_attempts(probe, message)?;
    }
    Ok(())
}

fn counts_attempts<S: Storage>(probe: &Probe<'_, S>, message: Outgoing) -> Verdict {
    let contact = message.id.contact.clone();
    probe.applies(queue(&contact, 1, vec![message]))?;
    for attempts in 0..12 {
        let claim = probe.only_due(i64::from(attempts))?;
        same("attempts", claim.attempts, attempts)?;
        probe.settles(&claim, Then::RetryAt(at(i64::from(attempts) + 1)))?;
    }
    let last = probe.only_due(12)?;
    probe.settles(&last, Then::Finish)
}

fn a_retry_keeps_its_place_in_the_line<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    for revision in 1..=3 {
        probe.applies(queue_text(&contact(1), revision))?;
    }
    let first = probe.only_due(0)?;
    probe.settles(&first, Then::RetryAt(at(LEASE)))?;
    probe.nothing_due(LEASE - 1)?;
    for revision in 1..=3 {
        let claim = probe.only_due(LEASE)?;
        same("the message", &claim.outgoing, &text(&contact(1), revision))?;
        probe.settles(&claim, Then::Finish)?;
    }
    Ok(())
}

fn a_message_set_aside_is_never_claimed<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    let messages = vec![text(&contact(1), 1), status(&contact(1), 1, 1, Crm::Hubspot)];
    probe.applies(queue(&contact(1), 1, messages))?;
    for claim in probe.due(0)? {
        probe.settles(&claim, Then::SetAside)?;
    }
    probe.nothing_due(0)?;
    probe.nothing_due(LEASE)?;
    probe.nothing_due(100 * DEADLINE)
}

fn a_message_set_aside_holds_up_nothing<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    let first = vec![text(&contact(1), 1), status(&contact(1), 1, 1, Crm::Hubspot)];
    probe.applies(queue(&contact(1), 1, first))?;
    for claim in probe.due(0)? {
        probe.settles(&claim, Then::SetAside)?;
    }
    let second = vec![text(&contact(1), 2), status(&contact(1), 2, 1, Crm::Hubspot)];
    probe.applies(queue(&contact(1), 2, second))?;
    same("claims", probe.due(0)?.len(), 2)
}
