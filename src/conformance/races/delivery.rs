//! Races about one message: a cancel, a settlement and a second claim of it.

use alloc::{collections::BTreeSet, vec::Vec};
use core::sync::atomic::{AtomicBool, Ordering};

use super::THREADS;
use crate::{
    conformance::{
        case::cases,
        failure::{Failure, Verdict, holds, same},
        probe::Probe,
        sample::{LEASE, at, contact, keep, queue_text, step},
    },
    consent::{decision::Cancel, outgoing::OutgoingId},
    storage::{Claim, Commit, Committed, Settlement, Storage, Task, Then},
};

cases! { Storage:
    a_cancel_takes_back_or_names_what_is_claimed_meanwhile,
    one_of_many_settlements_counts,
    a_late_settlement_or_a_second_claim_counts,
    a_settlement_and_a_change_of_the_record_are_both_seen,
}

/// What one thread saw in a race of cancels against claims.
#[derive(Default)]
struct Seen {
    named: BTreeSet<OutgoingId>,
    claimed: BTreeSet<OutgoingId>,
}

fn a_cancel_takes_back_or_names_what_is_claimed_meanwhile<S: Storage>(
    probe: &Probe<'_, S>,
) -> Verdict {
    let cancelled = AtomicBool::new(false);
    let seen = probe.at_once(THREADS, |thread| {
        if thread == 0 {
            let named = queue_and_cancel(probe);
            cancelled.store(true, Ordering::Release);
            return Ok(Seen { named: named?, ..Seen::default() });
        }
        let mut claimed = BTreeSet::new();
        while !cancelled.load(Ordering::Acquire) {
            let claims = probe.claim(at(0), at(LEASE), 10)?;
            claimed.extend(claims.into_iter().map(|claim| claim.outgoing.id));
        }
        Ok(Seen { claimed, ..Seen::default() })
    })?;
    let (mut named, mut claimed) = (BTreeSet::new(), BTreeSet::new());
    for seen in seen {
        named.extend(seen.named);
        claimed.extend(seen.claimed);
    }
    let unnamed = "a text was claimed, and the cancel neither took it back nor named it";
    holds(claimed.is_subset(&named), unnamed)?;
    holds(named.is_subset(&claimed), "a cancel named a text that nobody had claimed")?;
    probe.nothing_due(0)
}

/// Queues texts that others claim, takes each back at once, and says what was in flight.
fn queue_and_cancel<S: Storage>(probe: &Probe<'_, S>) -> Result<BTreeSet<OutgoingId>, Failure> {
    let mut named = BTreeSet::new();
    for n in 1..=5 * probe.rounds {
        probe.applies(queue_text(&contact(n), 1))?;
        let commit = Commit { cancel: Cancel::AllQueued, ..step(&contact(n), 2) };
        let in_flight = probe.applied(commit)?;
        probe.text_unfinished(&contact(n), !in_flight.is_empty())?;
        named.extend(in_flight);
    }
    Ok(named)
}

fn one_of_many_settlements_counts<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    for n in 1..=probe.rounds {
        probe.applies(queue_text(&contact(n), 1))?;
        let claim = probe.only_due(0)?;
        let answers = probe.at_once(THREADS, |thread| {
            let then = if thread % 2 == 0 { Then::Finish } else { Then::SetAside };
            let settle = Some(Settlement::of(&claim, then));
            probe.commit(Commit { settle, ..keep(&contact(n), 1) })
        })?;
        let stale = answers.iter().filter(|answer| **answer == Committed::Stale);
        same("stale settlements", stale.count() as u64, THREADS - 1)?;
        probe.text_unfinished(&contact(n), false)?;
    }
    probe.nothing_due(LEASE)
}

/// What one thread did in a race of a late settlement against a second claim.
enum Late {
    Settled(Committed),
    Claimed(Vec<Claim>),
}

fn a_late_settlement_or_a_second_claim_counts<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    for n in 1..=probe.rounds {
        probe.applies(queue_text(&contact(n), 1))?;
        let claim = probe.only_due(0)?;
        let did = probe.at_once(2, |thread| {
            if thread == 0 {
                probe.settle(&claim, Then::Finish).map(Late::Settled)
            } else {
                probe.claim(at(LEASE), at(2 * LEASE), 10).map(Late::Claimed)
            }
        })?;
        let (mut counted, mut again) = (false, Vec::new());
        for did in did {
            match did {
                Late::Settled(Committed::Stale) => {}
                Late::Settled(Committed::Applied { .. }) => counted = true,
                Late::Settled(other @ (Committed::Conflict | Committed::Duplicate)) => {
                    return Err(Failure::new(alloc::format!("{other:?} for a settlement")));
                }
                Late::Claimed(claims) => again = claims,
            }
        }
        let both = "a late settlement counted, and the text was claimed again";
        holds(!counted || again.is_empty(), both)?;
        holds(counted || !again.is_empty(), "a settlement is stale, and nobody claimed again")?;
        for claim in again {
            same("the task", claim.task, Task::Unknown)?;
            probe.settles(&claim, Then::Finish)?;
        }
        probe.text_unfinished(&contact(n), false)?;
    }
    Ok(())
}

fn a_settlement_and_a_change_of_the_record_are_both_seen<S: Storage>(
    probe: &Probe<'_, S>,
) -> Verdict {
    for n in 1..=probe.rounds {
        probe.applies(queue_text(&contact(n), 1))?;
        let claim = probe.only_due(0)?;
        let answers = probe.at_once(2, |thread| {
            // Both make the second revision; one of them ends the claim with it.
            let settle = (thread == 0).then(|| Settlement::of(&claim, Then::Finish));
            Ok((thread, probe.commit(Commit { settle, ..step(&contact(n), 2) })?))
        })?;
        let applied = answers.iter().filter(|(_, it)| matches!(it, Committed::Applied { .. }));
        let winners: Vec<u64> = applied.map(|(thread, _)| *thread).collect();
        same("commits applied", winners.len(), 1)?;
        probe.text_unfinished(&contact(n), winners != [0])?;
        if winners != [0] {
            probe.settles(&claim, Then::Finish)?;
        }
    }
    Ok(())
}
