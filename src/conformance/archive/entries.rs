//! Entries: each commit's own, in their order, in the right ledger, and none of one that lost.

use alloc::{vec, vec::Vec};

use super::{account_history, history};
use crate::{
    conformance::{
        case::cases,
        failure::{Failure, Verdict, holds, same},
        probe::Probe,
        sample::{
            contact, entry, entry_of, keep, namesake, queue_text, record, reminding,
            settings_change, step, text_mark,
        },
    },
    consent::{
        body::Body,
        event::Event,
        ledger::{Fact, fold},
        outgoing::ClaimToken,
    },
    storage::{Archive, Commit, Committed, PolicyCommitted, Settlement, Then},
};

cases! { Archive:
    an_entry_is_kept_with_its_commit,
    entries_are_in_the_order_of_their_commits,
    a_history_has_pages,
    an_entry_of_a_kept_record_is_the_contacts,
    an_entry_of_someone_absent_is_the_accounts,
    the_first_entry_of_a_contact_is_its_own,
    an_entry_of_a_conflict_does_not_stay,
    an_entry_of_a_duplicate_does_not_stay,
    an_entry_of_a_stale_settlement_does_not_stay,
    settings_and_refused_attempts_are_the_accounts,
    an_entry_of_settings_that_lost_does_not_stay,
    an_accounts_history_has_pages,
    entries_of_one_account_are_not_anothers,
    an_entry_of_a_megabyte_comes_back_whole,
    entries_lead_to_the_record_under_contention,
}

/// Revision `n` of a contact, with its entry.
fn noted(n: u64, revision: u64) -> Commit {
    Commit { entry: Some(entry(&contact(n), revision)), ..step(&contact(n), revision) }
}

fn an_entry_is_kept_with_its_commit<S: Archive>(probe: &Probe<'_, S>) -> Verdict {
    same("the history", history(probe, &contact(1))?, Vec::new())?;
    probe.applies(noted(1, 1))?;
    same("the history", history(probe, &contact(1))?, vec![entry(&contact(1), 1)])?;
    same("another's history", history(probe, &contact(2))?, Vec::new())
}

fn entries_are_in_the_order_of_their_commits<S: Archive>(probe: &Probe<'_, S>) -> Verdict {
    // Times go backwards, as a clock set back has them.
    let order: Vec<u64> = (1..=12).rev().collect();
    for (revision, n) in (1..).zip(&order) {
        let entry = Some(entry(&contact(1), *n));
        probe.applies(Commit { entry, ..step(&contact(1), revision) })?;
    }
    let expected = order.into_iter().map(|n| entry(&contact(1), n)).collect();
    same("the history", history(probe, &contact(1))?, expected)
}

fn a_history_has_pages<S: Archive>(probe: &Probe<'_, S>) -> Verdict {
    for revision in 1..=5 {
        probe.applies(noted(1, revision))?;
    }
    let pages = [(0, 2, 1..3), (2, 2, 3..5), (4, 2, 5..6), (5, 2, 6..6), (0, 0, 1..1)];
    let ends = [(1, usize::MAX, 2..6), (u64::MAX, 10, 6..6)];
    for (from, limit, expected) in pages.into_iter().chain(ends) {
        let contact = contact(1);
        let page = probe.wait("history", probe.storage.history(&contact, from, limit))?;
        let expected = expected.map(|n| entry(&contact, n)).collect();
        same("a page", page, expected)?;
    }
    Ok(())
}

fn an_entry_of_a_kept_record_is_the_contacts<S: Archive>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(noted(1, 1))?;
    let entry_2 = Some(entry(&contact(1), 2));
    probe.applies(Commit { entry: entry_2, ..keep(&contact(1), 1) })?;
    let expected = vec![entry(&contact(1), 1), entry(&contact(1), 2)];
    same("the history", history(probe, &contact(1))?, expected)?;
    same("the account's", account_history(probe, &contact(1))?, Vec::new())
}

fn an_entry_of_someone_absent_is_the_accounts<S: Archive>(probe: &Probe<'_, S>) -> Verdict {
    let refused = entry(&contact(1), 1);
    probe.applies(Commit { entry: Some(refused.clone()), ..keep(&contact(1), 0) })?;
    same("the history", history(probe, &contact(1))?, Vec::new())?;
    same("the account's", account_history(probe, &contact(1))?, vec![refused])
}

fn the_first_entry_of_a_contact_is_its_own<S: Archive>(probe: &Probe<'_, S>) -> Verdict {
    let refused = entry(&contact(1), 9);
    probe.applies(Commit { entry: Some(refused.clone()), ..keep(&contact(1), 0) })?;
    probe.applies(noted(1, 1))?;
    same("the history", history(probe, &contact(1))?, vec![entry(&contact(1), 1)])?;
    same("the account's", account_history(probe, &contact(1))?, vec![refused])
}

/// The entry of a commit that gets this answer is nowhere.
fn leaves_none<S: Archive>(probe: &Probe<'_, S>, lost: Commit, answer: Committed) -> Verdict {
    let contact = lost.contact.clone();
    let before = history(probe, &contact)?;
    probe.answers(Commit { entry: Some(entry(&contact, 99)), ..lost }, answer)?;
    same("the history", history(probe, &contact)?, before)?;
    same("the account's", account_history(probe, &contact)?, Vec::new())
}

fn an_entry_of_a_conflict_does_not_stay<S: Archive>(probe: &Probe<'_, S>) -> Verdict {
    leaves_none(probe, keep(&contact(1), 1), Committed::Conflict)?;
    probe.applies(noted(1, 1))?;
    leaves_none(probe, step(&contact(1), 1), Committed::Conflict)?;
    leaves_none(probe, keep(&contact(1), 2), Committed::Conflict)
}

fn an_entry_of_a_duplicate_does_not_stay<S: Archive>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(Commit { mark: Some(text_mark("SM1")), ..noted(1, 1) })?;
    let again = Commit { mark: Some(text_mark("SM1")), ..keep(&contact(1), 1) };
    leaves_none(probe, again, Committed::Duplicate)?;
    let of_another = Commit { mark: Some(text_mark("SM1")), ..keep(&contact(2), 0) };
    leaves_none(probe, of_another, Committed::Duplicate)
}

fn an_entry_of_a_stale_settlement_does_not_stay<S: Archive>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(queue_text(&contact(1), 1))?;
    let claim = probe.only_due(0)?;
    let settle = Settlement { token: ClaimToken::new(9), ..Settlement::of(&claim, Then::Finish) };
    let stale = Commit { settle: Some(settle), ..step(&contact(1), 2) };
    leaves_none(probe, stale, Committed::Stale)
}

fn settings_and_refused_attempts_are_the_accounts<S: Archive>(probe: &Probe<'_, S>) -> Verdict {
    let contact = contact(1);
    let refused = settings_change(contact.account(), 0, None);
    let set = settings_change(contact.account(), 0, Some(reminding(2)));
    let refused_after = settings_change(contact.account(), 1, None);
    for change in [&refused, &set, &refused_after] {
        same("set_policy", probe.set_policy(change.clone())?, PolicyCommitted::Applied)?;
    }
    let expected = vec![refused.entry, set.entry, refused_after.entry];
    same("the account's", account_history(probe, &contact)?, expected)
}

fn an_entry_of_settings_that_lost_does_not_stay<S: Archive>(probe: &Probe<'_, S>) -> Verdict {
    let contact = contact(1);
    for lost in [
        settings_change(contact.account(), 1, Some(reminding(2))),
        settings_change(contact.account(), 1, None),
    ] {
        same("set_policy", probe.set_policy(lost)?, PolicyCommitted::Conflict)?;
    }
    same("the account's", account_history(probe, &contact)?, Vec::new())
}

fn an_accounts_history_has_pages<S: Archive>(probe: &Probe<'_, S>) -> Verdict {
    for n in 1..=5 {
        let entry = Some(entry(&contact(n), n));
        probe.applies(Commit { entry, ..keep(&contact(n), 0) })?;
    }
    for (from, limit, expected) in [(0, 3, 1..4), (3, 3, 4..6), (5, 3, 6..6)] {
        let contact_1 = contact(1);
        let page = probe.storage.account_history(contact_1.account(), from, limit);
        let expected = expected.map(|n| entry(&contact(n), n)).collect();
        same("a page", probe.wait("account_history", page)?, expected)?;
    }
    Ok(())
}

fn entries_of_one_account_are_not_anothers<S: Archive>(probe: &Probe<'_, S>) -> Verdict {
    let (here, there) = (contact(1), namesake(&contact(1)));
    probe.applies(noted(1, 1))?;
    let refused = Some(entry(&contact(2), 2));
    probe.applies(Commit { entry: refused, ..keep(&contact(2), 0) })?;
    same("the history", history(probe, &there)?, Vec::new())?;
    same("the account's", account_history(probe, &there)?, Vec::new())?;
    probe.applies(Commit { entry: Some(entry(&there, 3)), ..step(&there, 1) })?;
    same("the history", history(probe, &here)?, vec![entry(&here, 1)])?;
    same("the history", history(probe, &there)?, vec![entry(&there, 3)])
}

fn an_entry_of_a_megabyte_comes_back_whole<S: Archive>(probe: &Probe<'_, S>) -> Verdict {
    let mut long = entry(&contact(1), 1);
    if let Fact::Event(event) = &mut long.fact
        && let Event::Texted(text) = &mut **event
    {
        text.body = Body::from("x\u{e9}\u{1f4f1}\n".repeat(131_072));
    }
    probe.applies(Commit { entry: Some(long.clone()), ..step(&contact(1), 1) })?;
    same("the history", history(probe, &contact(1))?, vec![long])
}

fn entries_lead_to_the_record_under_contention<S: Archive>(probe: &Probe<'_, S>) -> Verdict {
    let contact = contact(1);
    probe.at_once(4, |_| {
        let (mut made, mut tries) = (0, 0);
        while made < probe.rounds {
            let stored = probe.load(&contact)?.record;
            let next = stored.map_or(1, |record| record.revision.number() + 1);
            let entry = Some(entry_of(&contact, next, Some(record(next))));
            let commit = Commit { entry, ..step(&contact, next) };
            made += u64::from(matches!(probe.commit(commit)?, Committed::Applied { .. }));
            tries += 1;
            holds(tries < 100_000, "in conflict again and again")?;
        }
        Ok(())
    })?;
    let entries = history(probe, &contact)?;
    same("entries", entries.len() as u64, 4 * probe.rounds)?;
    let led_to = fold(&entries).map_err(|broken| Failure::new(alloc::format!("{broken}")))?;
    same("the record", probe.load(&contact)?.record, led_to)
}
