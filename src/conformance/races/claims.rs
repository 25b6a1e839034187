//! Races for messages: each goes to one, in the order of its line.

use alloc::{collections::BTreeSet, vec, vec::Vec};
use std::sync::{Mutex, PoisonError};

use super::THREADS;
use crate::{
    conformance::{
        case::cases,
        failure::{Verdict, holds, same},
        probe::Probe,
        sample::{LEASE, at, contact, keep, queue, queue_text, status, text},
    },
    consent::outgoing::{ClaimToken, Crm, OutgoingId},
    storage::{Claim, Commit, Committed, Storage, Task, Then},
};

cases! { Storage:
    a_message_is_claimed_by_one_of_many,
    a_lease_that_ended_is_taken_over_by_one_of_many,
    a_line_keeps_its_order_under_many_claimers,
    a_leased_text_is_claimed_by_nobody_else,
}

/// Claims of all threads at this time, few at a time.
fn claimed_by_many<S: Storage>(
    probe: &Probe<'_, S>,
    now: i64,
) -> Result<Vec<Claim>, crate::conformance::failure::Failure> {
    let claims = probe.at_once(THREADS, |_| {
        let mut mine = Vec::new();
        for _ in 0..100 {
            let claims = probe.claim(at(now), at(now + LEASE), 3)?;
            if claims.is_empty() {
                break;
            }
            mine.extend(claims);
        }
        Ok(mine)
    })?;
    Ok(claims.into_iter().flatten().collect())
}

/// Each of the messages was claimed once; stragglers are claimed now.
fn once_each<S: Storage>(
    probe: &Probe<'_, S>,
    now: i64,
    messages: &BTreeSet<OutgoingId>,
) -> Result<Vec<Claim>, crate::conformance::failure::Failure> {
    let mut claims = claimed_by_many(probe, now)?;
    claims.extend(probe.due(now)?);
    let claimed: BTreeSet<_> = claims.iter().map(|claim| claim.outgoing.id.clone()).collect();
    same("messages claimed", &claimed, messages)?;
    same("claims", claims.len(), messages.len())?;
    Ok(claims)
}

fn a_message_is_claimed_by_one_of_many<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    let mut queued = BTreeSet::new();
    for n in 1..=probe.rounds {
        let messages = vec![text(&contact(n), 1), status(&contact(n), 1, 1, Crm::Hubspot)];
        queued.extend(messages.iter().map(|message| message.id.clone()));
        probe.applies(queue(&contact(n), 1, messages))?;
    }
    for claim in once_each(probe, 0, &queued)? {
        same("the token", claim.token, ClaimToken::new(1))?;
        same("the task", claim.task, Task::HandOver)?;
    }
    Ok(())
}

fn a_lease_that_ended_is_taken_over_by_one_of_many<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    let mut queued = BTreeSet::new();
    for n in 1..=probe.rounds {
        queued.insert(text(&contact(n), 1).id);
        probe.applies(queue_text(&contact(n), 1))?;
    }
    same("claims", probe.due(0)?.len() as u64, probe.rounds)?;
    for claim in once_each(probe, LEASE, &queued)? {
        same("the token", claim.token, ClaimToken::new(2))?;
        same("the task", claim.task, Task::Unknown)?;
    }
    Ok(())
}

fn a_line_keeps_its_order_under_many_claimers<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    let texts = probe.rounds;
    for revision in 1..=texts {
        for n in 1..=2 {
            probe.applies(queue_text(&contact(n), revision))?;
        }
    }
    let handed_over = Mutex::new(Vec::new());
    let log = || handed_over.lock().unwrap_or_else(PoisonError::into_inner);
    probe.at_once(THREADS, |_| {
        // Between two settlements of others a claimer may find nothing.
        for _ in 0..100 * texts {
            for claim in probe.claim(at(0), at(LEASE), 2)? {
                log().push(claim.outgoing.id.clone());
                let settled = probe.settle(&claim, Then::Finish)?;
                let expected = Committed::Applied { in_flight: Vec::new() };
                same("the settlement", settled, expected)?;
            }
            if log().len() as u64 >= 2 * texts {
                break;
            }
        }
        Ok(())
    })?;
    let log = log();
    for n in 1..=2 {
        let of_it = log.iter().filter(|id| id.contact == contact(n));
        let order: Vec<u64> = of_it.map(|id| id.revision.number()).collect();
        holds(order.is_sorted(), "a text was handed over before one that was queued earlier")?;
        same("the texts of a line", order, (1..=texts).collect())?;
    }
    Ok(())
}

fn a_leased_text_is_claimed_by_nobody_else<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    let claims = probe.at_once(THREADS, |thread| {
        let mut claims = Vec::new();
        for n in 1..=probe.rounds {
            if thread == 0 {
                probe.applies(Commit { lease: Some(at(LEASE)), ..queue_text(&contact(n), 1) })?;
            } else {
                claims.extend(probe.claim(at(0), at(LEASE), 10)?);
            }
        }
        Ok(claims)
    })?;
    same("claims", claims.into_iter().flatten().collect(), Vec::<Claim>::new())?;
    probe.applies(keep(&contact(1), 1))
}
