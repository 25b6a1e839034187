//! A contact is erased whole and alone, and words are pruned by their age alone.

use alloc::{vec, vec::Vec};

use super::{account_history, history};
use crate::{
    conformance::{
        case::cases,
        failure::{Failure, Verdict, same},
        probe::Probe,
        sample::{
            account, at, contact, entry, keep, namesake, number, queue, record, settings_change,
            status, step, text, text_mark, with_state,
        },
    },
    consent::{
        contact::Contact,
        ledger::Entry,
        outgoing::{Crm, Outgoing},
        state::{ConsentState, OptOut},
    },
    storage::{Archive, Change, Commit, Committed, Counts, Queue, Then},
};

cases! { Archive:
    an_erased_contact_is_absent,
    an_erased_contact_begins_anew,
    a_commit_from_before_an_erasure_is_a_conflict,
    a_first_record_from_before_an_erasure_that_is_remembered_is_a_conflict,
    what_waits_for_an_erased_contact_is_gone,
    a_settlement_of_an_erased_message_is_stale,
    a_settlement_from_before_an_erasure_is_stale,
    attempts_on_someone_absent_are_erased,
    an_erasure_leaves_the_others,
    an_erasure_in_one_account_leaves_the_others,
    an_erasure_of_nothing_says_so,
    marks_outlive_an_erasure,
    words_before_the_time_are_pruned,
    words_at_the_time_or_later_stay,
    words_are_pruned_once,
}

fn erase<S: Archive>(probe: &Probe<'_, S>, contact: &Contact) -> Result<bool, Failure> {
    probe.wait("erase", probe.storage.erase(contact))
}

fn prune<S: Archive>(probe: &Probe<'_, S>, before: i64) -> Result<u64, Failure> {
    probe.wait("prune_texts", probe.storage.prune_texts(at(before)))
}

/// A commit that makes this revision, with its entry.
fn told(contact: &Contact, revision: u64) -> Commit {
    Commit { entry: Some(entry(contact, revision)), ..step(contact, revision) }
}

fn an_erased_contact_is_absent<S: Archive>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(told(&contact(1), 1))?;
    probe.applies(told(&contact(1), 2))?;
    same("erased", erase(probe, &contact(1))?, true)?;
    same("the record", probe.load(&contact(1))?.record, None)?;
    same("the history", history(probe, &contact(1))?, Vec::new())?;
    let acme = account("acme");
    let counts = probe.wait("counts", probe.storage.counts(&acme))?;
    same("the counts", counts, Counts::default())?;
    let listed = probe.storage.contacts(&acme, None, None, 10);
    same("the contacts", probe.wait("contacts", listed)?, Vec::new())
}

fn an_erased_contact_begins_anew<S: Archive>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(told(&contact(1), 1))?;
    erase(probe, &contact(1))?;
    let again = Commit { entry: Some(entry(&contact(1), 7)), ..step(&contact(1), 1) };
    probe.applies(probe.anew(again)?)?;
    same("the record", probe.load(&contact(1))?.record, Some(record(1)))?;
    same("the history", history(probe, &contact(1))?, vec![entry(&contact(1), 7)])
}

fn a_commit_from_before_an_erasure_is_a_conflict<S: Archive>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(told(&contact(1), 1))?;
    erase(probe, &contact(1))?;
    let opted_out = ConsentState::OptedOut { by: OptOut::Contact, since: at(0) };
    let other = with_state(1, opted_out);
    let anew = Commit { change: Change::Put(other), ..told(&contact(1), 1) };
    probe.applies(probe.anew(anew)?)?;
    same("the commit", probe.commit(told(&contact(1), 2))?, Committed::Conflict)?;
    probe.has(&contact(1), Some(other))?;
    same("the history", history(probe, &contact(1))?, vec![entry(&contact(1), 1)])
}

fn a_first_record_from_before_an_erasure_that_is_remembered_is_a_conflict<S: Archive>(
    probe: &Probe<'_, S>,
) -> Verdict {
    erase(probe, &contact(1))?;
    let remembered = probe.load(&contact(1))?.suppressed;
    let before = Commit { mark: Some(text_mark("SM1")), ..told(&contact(1), 1) };
    if remembered {
        for commit in [&before, &keep(&contact(1), 0)] {
            same("the commit", probe.commit(commit.clone())?, Committed::Conflict)?;
        }
        probe.has(&contact(1), None)?;
        let wrong = Commit { suppressed: true, ..told(&contact(2), 1) };
        same("of somebody else", probe.commit(wrong)?, Committed::Conflict)?;
    }
    probe.applies(Commit { suppressed: remembered, ..before })?;
    probe.has(&contact(1), Some(record(1)))?;
    // Whoever has a record is not suppressed.
    same("suppressed", probe.load(&contact(1))?.suppressed, false)?;
    probe.applies(told(&contact(1), 2))
}

fn what_waits_for_an_erased_contact_is_gone<S: Archive>(probe: &Probe<'_, S>) -> Verdict {
    let messages = vec![text(&contact(1), 1), status(&contact(1), 1, 1, Crm::Hubspot)];
    probe.applies(queue(&contact(1), 1, messages))?;
    for claim in probe.due(0)? {
        probe.settles(&claim, Then::SetAside)?;
    }
    let messages = vec![text(&contact(1), 2), status(&contact(1), 2, 1, Crm::Salesforce)];
    probe.applies(queue(&contact(1), 2, messages))?;
    same("erased", erase(probe, &contact(1))?, true)?;
    same("the queue", probe.wait("queue", probe.storage.queue())?, Queue::default())?;
    same("what is due", probe.due(0)?, Vec::new())?;
    let acme = account("acme");
    let set_aside = probe.wait("set_aside", probe.storage.set_aside(&acme, 10))?;
    same("set aside", set_aside, Vec::new())
}

fn a_settlement_of_an_erased_message_is_stale<S: Archive>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(queue(&contact(1), 1, vec![text(&contact(1), 1)]))?;
    let claim = probe.only_due(0)?;
    erase(probe, &contact(1))?;
    same("the settlement", probe.settle(&claim, Then::Finish)?, Committed::Stale)
}

fn a_settlement_from_before_an_erasure_is_stale<S: Archive>(probe: &Probe<'_, S>) -> Verdict {
    let decided = |at| Outgoing { decided_at: at, ..text(&contact(1), 1) };
    probe.applies(queue(&contact(1), 1, vec![decided(at(0))]))?;
    let late = probe.only_due(0)?;
    erase(probe, &contact(1))?;
    probe.applies(probe.anew(queue(&contact(1), 1, vec![decided(at(1))]))?)?;
    let present = probe.only_due(1)?;
    same("the token", present.token, late.token)?;
    for then in [Then::Finish, Then::RetryAt(at(2)), Then::SetAside] {
        same("the settlement", probe.settle(&late, then)?, Committed::Stale)?;
    }
    probe.settles(&present, Then::Finish)
}

fn attempts_on_someone_absent_are_erased<S: Archive>(probe: &Probe<'_, S>) -> Verdict {
    let attempt = |n| Commit { entry: Some(entry(&contact(n), n)), ..keep(&contact(n), 0) };
    probe.applies(attempt(1))?;
    probe.applies(attempt(2))?;
    probe.applies(attempt(1))?;
    same("erased", erase(probe, &contact(1))?, true)?;
    let left = account_history(probe, &contact(1))?;
    same("the account's entries", left, vec![entry(&contact(2), 2)])
}

fn an_erasure_leaves_the_others<S: Archive>(probe: &Probe<'_, S>) -> Verdict {
    let acme = account("acme");
    let change = settings_change(&acme, 0, None);
    let settings = change.entry.clone();
    probe.wait("set_policy", probe.storage.set_policy(change))?;
    let neighbours = [contact(1), Contact::new(acme, number(12))];
    for other in neighbours.iter().chain([&contact(2)]) {
        let commit = queue(other, 1, vec![text(other, 1)]);
        probe.applies(Commit { entry: Some(entry(other, 1)), ..commit })?;
    }
    erase(probe, &contact(2))?;
    for other in &neighbours {
        same("the record", probe.load(other)?.record, Some(record(1)))?;
        same("the history", history(probe, other)?, vec![entry(other, 1)])?;
    }
    same("the account's entries", account_history(probe, &contact(1))?, vec![settings])?;
    same("what is due", probe.due(0)?.len(), 2)
}

fn an_erasure_in_one_account_leaves_the_others<S: Archive>(probe: &Probe<'_, S>) -> Verdict {
    let there = namesake(&contact(1));
    for contact in [&contact(1), &there] {
        let commit = queue(contact, 1, vec![text(contact, 1)]);
        probe.applies(Commit { entry: Some(entry(contact, 1)), ..commit })?;
    }
    erase(probe, &contact(1))?;
    same("the record there", probe.load(&there)?.record, Some(record(1)))?;
    same("the history there", history(probe, &there)?, vec![entry(&there, 1)])?;
    same("what is due", probe.only_due(0)?.outgoing, text(&there, 1))
}

fn an_erasure_of_nothing_says_so<S: Archive>(probe: &Probe<'_, S>) -> Verdict {
    same("of someone unknown", erase(probe, &contact(1))?, false)?;
    probe.applies(probe.anew(told(&contact(1), 1))?)?;
    same("of someone known", erase(probe, &contact(1))?, true)?;
    same("of someone erased", erase(probe, &contact(1))?, false)
}

fn marks_outlive_an_erasure<S: Archive>(probe: &Probe<'_, S>) -> Verdict {
    let texted = Commit { mark: Some(text_mark("SM1")), ..told(&contact(1), 1) };
    probe.applies(texted)?;
    erase(probe, &contact(1))?;
    let again = Commit { mark: Some(text_mark("SM1")), ..told(&contact(1), 1) };
    same("the text, delivered again", probe.commit(again)?, Committed::Duplicate)
}

/// Two contacts with entries of three times each, and somebody absent with one.
fn some_words<S: Archive>(probe: &Probe<'_, S>) -> Result<Vec<(Contact, u64)>, Failure> {
    let mut told_of = Vec::new();
    for contact in [contact(1), namesake(&contact(2))] {
        for revision in 1..=3 {
            probe.applies(told(&contact, revision))?;
            told_of.push((contact.clone(), revision));
        }
    }
    Ok(told_of)
}

/// The entries as they are once those before this time have no words.
fn pruned(told_of: &[(Contact, u64)], of: &Contact, before: u64) -> Vec<Entry> {
    let of_it = told_of.iter().filter(|(contact, _)| contact == of);
    let entries = of_it.map(|(contact, n)| {
        let entry = entry(contact, *n);
        if *n < before { entry.without_words() } else { entry }
    });
    entries.collect()
}

fn words_before_the_time_are_pruned<S: Archive>(probe: &Probe<'_, S>) -> Verdict {
    let told_of = some_words(probe)?;
    let absent = Commit { entry: Some(entry(&contact(3), 1)), ..keep(&contact(3), 0) };
    probe.applies(absent)?;
    same("pruned", prune(probe, 3)?, 5)?;
    for of in [contact(1), namesake(&contact(2))] {
        same("the history", history(probe, &of)?, pruned(&told_of, &of, 3))?;
        same("the record", probe.load(&of)?.record, Some(record(3)))?;
    }
    let left = account_history(probe, &contact(3))?;
    same("the account's entries", left, vec![entry(&contact(3), 1).without_words()])
}

fn words_at_the_time_or_later_stay<S: Archive>(probe: &Probe<'_, S>) -> Verdict {
    let told_of = some_words(probe)?;
    same("pruned", prune(probe, 1)?, 0)?;
    for of in [contact(1), namesake(&contact(2))] {
        same("the history", history(probe, &of)?, pruned(&told_of, &of, 0))?;
    }
    Ok(())
}

fn words_are_pruned_once<S: Archive>(probe: &Probe<'_, S>) -> Verdict {
    some_words(probe)?;
    same("pruned", prune(probe, 3)?, 4)?;
    same("pruned again", prune(probe, 3)?, 0)?;
    same("pruned later", prune(probe, 9)?, 2)
}
