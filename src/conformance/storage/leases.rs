//! Leases and deadlines: what a claim finds of a message claimed before, or too late.

use alloc::{vec, vec::Vec};

use super::lines::is_text;
use crate::{
    conformance::{
        case::cases,
        failure::{Failure, Verdict, holds, only, same},
        probe::Probe,
        sample::{
            DEADLINE, LEASE, SECOND, at, contact, end_of, keep, queue, queue_text, status, text,
        },
    },
    consent::outgoing::{ClaimToken, Crm},
    storage::{Commit, Storage, Task, Then},
};

cases! { Storage:
    a_lease_holds_until_exactly_its_end,
    a_lease_is_as_long_as_it_was_asked_for,
    a_text_whose_lease_ended_is_unknown,
    an_unknown_text_names_the_end_of_its_first_lease_ever_after,
    a_status_whose_lease_ended_is_handed_over_again,
    a_lease_that_ended_is_no_attempt,
    tokens_ascend,
    a_commits_lease_claims_its_text,
    a_commits_lease_ends_as_any_other,
    a_commits_lease_claims_no_status,
    a_commits_claim_is_settled_under_token_1,
    a_text_expires_exactly_after_its_deadline,
    an_expired_text_whose_lease_ended_is_never_handed_over,
    a_text_whose_lease_and_deadline_are_over_is_unknown,
    a_status_does_not_expire,
    a_lapse_lets_no_later_text_pass,
}

fn a_lease_holds_until_exactly_its_end<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(queue(&contact(1), 1, both()))?;
    same("claims", probe.due(0)?.len(), 2)?;
    probe.nothing_due(LEASE - 1)?;
    same("claims", probe.due(LEASE)?.len(), 2)
}

/// A text and a status of the first revision of contact 1.
fn both() -> Vec<crate::consent::outgoing::Outgoing> {
    vec![text(&contact(1), 1), status(&contact(1), 1, 1, Crm::Hubspot)]
}

fn a_lease_is_as_long_as_it_was_asked_for<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    for (n, lease) in (1..).zip([1, SECOND, 86_400 * SECOND]) {
        let message = status(&contact(n), 1, 1, Crm::Hubspot);
        probe.applies(queue(&contact(n), 1, vec![message]))?;
        let claim = only("due", probe.claim(at(0), at(lease), 10)?)?;
        same("the end of the claim", claim.until, at(lease))?;
        probe.nothing_due(lease - 1)?;
        let again = probe.only_due(lease)?;
        probe.settles(&again, Then::Finish)?;
    }
    Ok(())
}

fn a_text_whose_lease_ended_is_unknown<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(queue_text(&contact(1), 1))?;
    same("the first task", probe.only_due(0)?.task, Task::HandOver)?;
    let again = probe.only_due(LEASE + SECOND)?;
    same("the second task", again.task, Task::Unknown)?;
    same("the end of its lease", again.until, at(LEASE))?;
    probe.settles(&again, Then::Finish)?;
    probe.nothing_due(10 * LEASE)
}

fn an_unknown_text_names_the_end_of_its_first_lease_ever_after<S: Storage>(
    probe: &Probe<'_, S>,
) -> Verdict {
    probe.applies(queue_text(&contact(1), 1))?;
    probe.only_due(0)?;
    for claims in 2..=5 {
        let again = probe.only_due(claims * 2 * LEASE)?;
        same("the task", again.task, Task::Unknown)?;
        same("the end of its first lease", again.until, at(LEASE))?;
        same("the token", again.token, ClaimToken::new(claims.unsigned_abs()))?;
    }
    Ok(())
}

fn a_status_whose_lease_ended_is_handed_over_again<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    let message = status(&contact(1), 1, 1, Crm::Hubspot);
    probe.applies(queue(&contact(1), 1, vec![message.clone()]))?;
    for claims in 0..4 {
        let claim = probe.only_due(claims * LEASE)?;
        same("the message", &claim.outgoing, &message)?;
        same("the task", claim.task, Task::HandOver)?;
        same("the end of the claim", claim.until, at((claims + 1) * LEASE))?;
    }
    Ok(())
}

fn a_lease_that_ended_is_no_attempt<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(queue(&contact(1), 1, both()))?;
    for claims in 0..3 {
        for claim in probe.due(claims * LEASE)? {
            same("attempts", claim.attempts, 0)?;
        }
    }
    Ok(())
}

fn tokens_ascend<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(queue(&contact(1), 1, vec![status(&contact(1), 1, 1, Crm::Hubspot)]))?;
    for claims in 1..=6 {
        let claim = probe.only_due(claims * LEASE)?;
        same("the token", claim.token, ClaimToken::new(claims.unsigned_abs()))?;
        // Each second claim is ended, the others lapse: both count.
        if claims % 2 == 0 {
            probe.settles(&claim, Then::RetryAt(at(0)))?;
        }
    }
    Ok(())
}

fn leased<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    let commit = queue(&contact(1), 1, both());
    probe.applies(Commit { lease: Some(at(LEASE)), ..commit })
}

fn a_commits_lease_claims_its_text<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    leased(probe)?;
    let texts = probe.due(0)?.into_iter().filter(is_text);
    same("texts due", texts.count(), 0)?;
    let texts = probe.due(LEASE - 1)?.into_iter().filter(is_text);
    same("texts due", texts.count(), 0)
}

fn a_commits_lease_ends_as_any_other<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(Commit { lease: Some(at(LEASE)), ..queue_text(&contact(1), 1) })?;
    let claim = probe.only_due(LEASE)?;
    same("the task", claim.task, Task::Unknown)?;
    same("the end of its lease", claim.until, at(LEASE))?;
    same("the token", claim.token, ClaimToken::new(2))
}

fn a_commits_lease_claims_no_status<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    leased(probe)?;
    let claim = probe.only_due(0)?;
    same("the message", claim.outgoing, status(&contact(1), 1, 1, Crm::Hubspot))?;
    same("the token", claim.token, ClaimToken::new(1))
}

fn a_commits_claim_is_settled_under_token_1<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    leased(probe)?;
    let settle = end_of(&text(&contact(1), 1), 1);
    probe.applies(Commit { settle: Some(settle), ..keep(&contact(1), 1) })?;
    probe.text_unfinished(&contact(1), false)
}

/// The task that a text queued by contact `n` finds at this time.
fn task_at<S: Storage>(probe: &Probe<'_, S>, n: u64, now: i64) -> Result<Task, Failure> {
    probe.applies(queue_text(&contact(n), 1))?;
    Ok(probe.only_due(now)?.task)
}

fn a_text_expires_exactly_after_its_deadline<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    same("the task before", task_at(probe, 1, DEADLINE - 1)?, Task::HandOver)?;
    same("the task at the deadline", task_at(probe, 2, DEADLINE)?, Task::HandOver)?;
    same("the task after it", task_at(probe, 3, DEADLINE + 1)?, Task::Expired)
}

fn an_expired_text_whose_lease_ended_is_never_handed_over<S: Storage>(
    probe: &Probe<'_, S>,
) -> Verdict {
    same("the task", task_at(probe, 1, DEADLINE + 1)?, Task::Expired)?;
    let again = probe.only_due(DEADLINE + 1 + LEASE)?;
    holds(again.task != Task::HandOver, "a text past its deadline is to be handed over")?;
    // A clock set back revives nothing.
    same("the task", task_at(probe, 2, DEADLINE + 1)?, Task::Expired)?;
    probe.nothing_due(0)
}

fn a_text_whose_lease_and_deadline_are_over_is_unknown<S: Storage>(
    probe: &Probe<'_, S>,
) -> Verdict {
    same("the task", task_at(probe, 1, 0)?, Task::HandOver)?;
    let again = probe.only_due(DEADLINE + 1)?;
    same("the task", again.task, Task::Unknown)?;
    same("the end of its lease", again.until, at(LEASE))
}

fn a_status_does_not_expire<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(queue(&contact(1), 1, vec![status(&contact(1), 1, 1, Crm::Hubspot)]))?;
    same("the task", probe.only_due(10_000 * DEADLINE)?.task, Task::HandOver)
}

fn a_lapse_lets_no_later_text_pass<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(queue_text(&contact(1), 1))?;
    probe.only_due(0)?;
    probe.applies(queue_text(&contact(1), 2))?;
    let lapsed = probe.only_due(LEASE)?;
    same("the message", &lapsed.outgoing, &text(&contact(1), 1))?;
    probe.settles(&lapsed, Then::Finish)?;
    same("the message", probe.only_due(LEASE)?.outgoing, text(&contact(1), 2))
}
