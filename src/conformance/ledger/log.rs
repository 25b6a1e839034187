//! The account's log: each entry has one place in it, for ever, whoever gives it.

use alloc::{collections::BTreeSet, vec, vec::Vec};

use super::{heads, rows};
use crate::{
    conformance::{
        case::cases,
        failure::{Failure, Verdict, holds, same},
        probe::Probe,
        sample::{account, at, contact, entry, keep, namesake, settings_change, step},
    },
    consent::{contact::Contact, id::AccountId},
    ledger::Ledger,
    storage::Commit,
};

cases! { Ledger:
    an_account_without_entries_has_an_empty_log,
    each_entry_has_one_place_in_the_log,
    places_are_given_some_at_a_time,
    an_entry_is_not_placed_before_those_before_it,
    no_place_is_given_under_another_size,
    a_place_is_kept_whatever_comes_after,
    one_of_many_gives_each_place,
    the_log_of_one_account_is_not_anothers,
    a_place_outlives_an_erasure,
}

fn told(contact: &Contact, revision: u64) -> Commit {
    Commit { entry: Some(entry(contact, revision)), ..step(contact, revision) }
}

fn size<S: Ledger>(probe: &Probe<'_, S>, account: &AccountId) -> Result<u64, Failure> {
    probe.wait("log_size", probe.storage.log_size(account))
}

fn sequence<S: Ledger>(
    probe: &Probe<'_, S>,
    account: &AccountId,
    expected: u64,
    limit: usize,
) -> Result<u64, Failure> {
    probe.wait("sequence", probe.storage.sequence(account, expected, limit))
}

/// The log's leaves, page by page of two.
fn leaves<S: Ledger>(probe: &Probe<'_, S>, account: &AccountId) -> Result<Vec<Vec<u8>>, Failure> {
    let mut leaves: Vec<Vec<u8>> = Vec::new();
    loop {
        let page = probe.wait("leaves", probe.storage.leaves(account, leaves.len() as u64, 2))?;
        if page.is_empty() {
            return Ok(leaves);
        }
        leaves.extend(page);
        holds(leaves.len() < 10_000, "the log has no end")?;
    }
}

/// The log is the entries that say they have a place in it, each in that place.
pub(in crate::conformance) fn is_right<S: Ledger>(
    probe: &Probe<'_, S>,
    account: &AccountId,
) -> Result<u64, Failure> {
    let leaves = leaves(probe, account)?;
    let mut placed = vec![None; leaves.len()];
    for head in heads(probe, account)? {
        for row in rows(probe, account, head.chain)? {
            let Some(leaf) = row.leaf else { continue };
            let place = usize::try_from(leaf).ok().and_then(|leaf| placed.get_mut(leaf));
            let place = place.ok_or_else(|| Failure::new("a place past the end of the log"))?;
            holds(place.replace(row.bytes).is_none(), "two entries have one place")?;
        }
    }
    let placed: Option<Vec<_>> = placed.into_iter().collect();
    same("the log", placed, Some(leaves.clone()))?;
    same("the size of the log", size(probe, account)?, leaves.len() as u64)?;
    Ok(leaves.len() as u64)
}

fn an_account_without_entries_has_an_empty_log<S: Ledger>(probe: &Probe<'_, S>) -> Verdict {
    let acme = account("acme");
    same("the size", size(probe, &acme)?, 0)?;
    same("the size", sequence(probe, &acme, 0, 10)?, 0)?;
    same("the leaves", leaves(probe, &acme)?, Vec::new())?;
    same("the heads", heads(probe, &acme)?, Vec::new())
}

fn each_entry_has_one_place_in_the_log<S: Ledger>(probe: &Probe<'_, S>) -> Verdict {
    let acme = account("acme");
    for (n, revision) in [(1, 1), (2, 1), (1, 2)] {
        probe.applies(told(&contact(n), revision))?;
    }
    probe.wait("set_policy", probe.storage.set_policy(settings_change(&acme, 0, None)))?;
    let attempt = Commit { entry: Some(entry(&contact(3), 1)), ..keep(&contact(3), 0) };
    probe.applies(attempt)?;
    same("the size", sequence(probe, &acme, 0, 100)?, 5)?;
    same("the log", is_right(probe, &acme)?, 5)?;
    let distinct: BTreeSet<_> = leaves(probe, &acme)?.into_iter().collect();
    same("different leaves", distinct.len(), 5)
}

fn places_are_given_some_at_a_time<S: Ledger>(probe: &Probe<'_, S>) -> Verdict {
    let acme = account("acme");
    for n in 1..=5 {
        probe.applies(told(&contact(n), 1))?;
    }
    same("the size", sequence(probe, &acme, 0, 2)?, 2)?;
    same("the log", is_right(probe, &acme)?, 2)?;
    let first = leaves(probe, &acme)?;
    same("the size", sequence(probe, &acme, 2, 2)?, 4)?;
    same("the size", sequence(probe, &acme, 4, 2)?, 5)?;
    same("the size", sequence(probe, &acme, 5, 2)?, 5)?;
    same("the log", is_right(probe, &acme)?, 5)?;
    same("the first places", leaves(probe, &acme)?.get(..2).map(<[_]>::to_vec), Some(first))
}

fn an_entry_is_not_placed_before_those_before_it<S: Ledger>(probe: &Probe<'_, S>) -> Verdict {
    let acme = account("acme");
    for revision in 1..=4 {
        for n in 1..=2 {
            let mut commit = told(&contact(n), revision);
            if let Some(entry) = &mut commit.entry {
                // The clock goes back.
                entry.at = at(100 - i64::try_from(revision).unwrap_or_default());
            }
            probe.applies(commit)?;
        }
    }
    for size in 0..8 {
        sequence(probe, &acme, size, 1)?;
        same("the log", is_right(probe, &acme)?, size + 1)?;
        for head in heads(probe, &acme)? {
            let places = rows(probe, &acme, head.chain)?.into_iter().map(|row| row.leaf);
            // Those that have none yet are the last.
            let places: Vec<u64> = places.map(|leaf| leaf.unwrap_or(u64::MAX)).collect();
            holds(places.is_sorted(), "an entry was placed before one before it in its chain")?;
        }
    }
    Ok(())
}

fn no_place_is_given_under_another_size<S: Ledger>(probe: &Probe<'_, S>) -> Verdict {
    let acme = account("acme");
    probe.applies(told(&contact(1), 1))?;
    same("the size", sequence(probe, &acme, 1, 10)?, 0)?;
    same("the size", sequence(probe, &acme, 0, 10)?, 1)?;
    probe.applies(told(&contact(1), 2))?;
    same("the size", sequence(probe, &acme, 0, 10)?, 1)?;
    same("the size", sequence(probe, &acme, 2, 10)?, 1)?;
    same("the log", is_right(probe, &acme)?, 1)
}

fn a_place_is_kept_whatever_comes_after<S: Ledger>(probe: &Probe<'_, S>) -> Verdict {
    let acme = account("acme");
    // Later entries have earlier times.
    for n in (1..=3).rev() {
        probe.applies(told(&contact(n), 1))?;
        let before = leaves(probe, &acme)?;
        let size = before.len() as u64;
        same("the size", sequence(probe, &acme, size, 10)?, size + 1)?;
        let after = leaves(probe, &acme)?;
        same("the places before", after.get(..before.len()), Some(&before[..]))?;
    }
    same("the log", is_right(probe, &acme)?, 3)
}

fn one_of_many_gives_each_place<S: Ledger>(probe: &Probe<'_, S>) -> Verdict {
    let acme = account("acme");
    for round in 0..probe.rounds.min(20) {
        for n in 1..=4 {
            probe.applies(told(&contact(round * 4 + n), 1))?;
        }
        let size = size(probe, &acme)?;
        let told = probe.at_once(4, |_| sequence(probe, &acme, size, 3))?;
        holds(told.iter().all(|&told| told == size + 3), "another size was told")?;
        same("the rest", sequence(probe, &acme, size + 3, 3)?, size + 4)?;
        same("the log", is_right(probe, &acme)?, size + 4)?;
    }
    Ok(())
}

fn the_log_of_one_account_is_not_anothers<S: Ledger>(probe: &Probe<'_, S>) -> Verdict {
    let there = namesake(&contact(1));
    probe.applies(told(&contact(1), 1))?;
    probe.applies(told(&there, 1))?;
    same("the size", sequence(probe, &account("acme"), 0, 10)?, 1)?;
    same("the size there", size(probe, there.account())?, 0)?;
    same("the size there", sequence(probe, there.account(), 0, 10)?, 1)?;
    let (ours, theirs) = (leaves(probe, &account("acme"))?, leaves(probe, there.account())?);
    holds(ours != theirs, "two accounts have one log")?;
    same("the log", is_right(probe, &account("acme"))?, 1)?;
    same("the log there", is_right(probe, there.account())?, 1)
}

fn a_place_outlives_an_erasure<S: Ledger>(probe: &Probe<'_, S>) -> Verdict {
    let acme = account("acme");
    for n in 1..=3 {
        probe.applies(told(&contact(n), 1))?;
    }
    sequence(probe, &acme, 0, 2)?;
    let before = leaves(probe, &acme)?;
    for n in 1..=3 {
        probe.wait("erase", probe.storage.erase(&contact(n)))?;
    }
    same("the leaves", leaves(probe, &acme)?, before)?;
    // What was erased before it had a place gets one as any other.
    same("the size", sequence(probe, &acme, 2, 10)?, 3)?;
    same("the log", is_right(probe, &acme)?, 3)
}
