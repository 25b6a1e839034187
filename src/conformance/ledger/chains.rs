//! Each entry is the next of its chain, and nothing else is.

use alloc::{collections::BTreeSet, vec, vec::Vec};

use super::{heads, is_whole, rows};
use crate::{
    conformance::{
        case::cases,
        failure::{Failure, Verdict, holds, only, same},
        probe::Probe,
        sample::{account, at, contact, entry, keep, namesake, settings_change, step, text_mark},
    },
    consent::{contact::Contact, ledger::Entry},
    ledger::{Head, Ledger, stored},
    storage::{Commit, Committed},
};

cases! { Ledger:
    each_entry_is_the_next_of_its_chain,
    each_contact_has_a_chain_of_its_own,
    what_names_no_record_is_in_the_accounts_chain,
    an_entry_of_a_kept_record_is_in_the_contacts_chain,
    a_commit_that_did_not_apply_seals_nothing,
    what_is_disclosed_is_the_entry,
    no_salt_is_used_twice,
    a_chain_outlives_the_erasure_of_its_contact,
    a_contact_that_comes_back_has_another_chain,
    pruned_words_are_not_disclosed,
    chains_of_one_account_are_not_anothers,
}

/// A commit that makes this revision, with its entry.
fn told(contact: &Contact, revision: u64) -> Commit {
    Commit { entry: Some(entry(contact, revision)), ..step(contact, revision) }
}

fn head<S: Ledger>(probe: &Probe<'_, S>, contact: &Contact) -> Result<Head, Failure> {
    let head = probe.wait("head", probe.storage.head(contact))?;
    head.ok_or_else(|| Failure::new("the contact has no chain"))
}

fn disclosed<S: Ledger>(probe: &Probe<'_, S>, of: &Contact) -> Result<Vec<Entry>, Failure> {
    let head = head(probe, of)?;
    let rows = rows(probe, of.account(), head.chain)?;
    let disclosed = rows.into_iter().filter_map(|row| row.disclosed);
    let entries = disclosed.map(|it| stored::decode_entry(&it.json));
    entries.collect::<Result<_, _>>().map_err(|_| Failure::new("an entry cannot be read"))
}

fn each_entry_is_the_next_of_its_chain<S: Ledger>(probe: &Probe<'_, S>) -> Verdict {
    same("the head", probe.wait("head", probe.storage.head(&contact(1)))?, None)?;
    for revision in 1..=5 {
        probe.applies(told(&contact(1), revision))?;
        same("the length", head(probe, &contact(1))?.length, revision)?;
        is_whole(probe, &account("acme"))?;
    }
    same("the chains", heads(probe, &account("acme"))?, vec![head(probe, &contact(1))?])
}

fn each_contact_has_a_chain_of_its_own<S: Ledger>(probe: &Probe<'_, S>) -> Verdict {
    for (n, revision) in [(1, 1), (2, 1), (1, 2), (3, 1), (2, 2)] {
        probe.applies(told(&contact(n), revision))?;
    }
    let chains = [1, 2, 3].map(|n| head(probe, &contact(n)));
    let chains = chains.into_iter().collect::<Result<Vec<_>, _>>()?;
    let lengths: Vec<_> = chains.iter().map(|head| head.length).collect();
    same("the lengths", lengths, vec![2, 2, 1])?;
    let names: BTreeSet<_> = chains.iter().map(|head| head.chain).collect();
    same("names", names.len(), 3)?;
    same("the chains", is_whole(probe, &account("acme"))?.len(), 3)
}

fn what_names_no_record_is_in_the_accounts_chain<S: Ledger>(probe: &Probe<'_, S>) -> Verdict {
    let acme = account("acme");
    same("no chain yet", probe.wait("account_head", probe.storage.account_head(&acme))?, None)?;
    let change = settings_change(&acme, 0, None);
    probe.wait("set_policy", probe.storage.set_policy(change))?;
    let attempt = Commit { entry: Some(entry(&contact(1), 1)), ..keep(&contact(1), 0) };
    probe.applies(attempt)?;
    same("the head", probe.wait("head", probe.storage.head(&contact(1)))?, None)?;
    let own = probe.wait("account_head", probe.storage.account_head(&acme))?;
    same("the length", own.map(|head| head.length), Some(2))?;
    same("the chains", is_whole(probe, &acme)?, own.into_iter().collect())
}

fn an_entry_of_a_kept_record_is_in_the_contacts_chain<S: Ledger>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(told(&contact(1), 1))?;
    let kept = Commit { entry: Some(entry(&contact(1), 9)), ..keep(&contact(1), 1) };
    probe.applies(kept)?;
    probe.applies(told(&contact(1), 2))?;
    same("the length", head(probe, &contact(1))?.length, 3)?;
    same("the chains", is_whole(probe, &account("acme"))?.len(), 1)
}

fn a_commit_that_did_not_apply_seals_nothing<S: Ledger>(probe: &Probe<'_, S>) -> Verdict {
    let marked = Commit { mark: Some(text_mark("SM1")), ..told(&contact(1), 1) };
    probe.applies(marked)?;
    let before = head(probe, &contact(1))?;
    let again = Commit { mark: Some(text_mark("SM1")), ..told(&contact(1), 2) };
    same("a duplicate", probe.commit(again)?, Committed::Duplicate)?;
    same("a conflict", probe.commit(told(&contact(1), 1))?, Committed::Conflict)?;
    same("the head", head(probe, &contact(1))?, before)?;
    let lost = settings_change(&account("acme"), 7, None);
    probe.wait("set_policy", probe.storage.set_policy(lost))?;
    same("the chains", is_whole(probe, &account("acme"))?, vec![before])
}

fn what_is_disclosed_is_the_entry<S: Ledger>(probe: &Probe<'_, S>) -> Verdict {
    for revision in 1..=3 {
        probe.applies(told(&contact(1), revision))?;
    }
    let expected = [1, 2, 3].map(|n| entry(&contact(1), n));
    same("what is disclosed", disclosed(probe, &contact(1))?, expected.into())
}

fn no_salt_is_used_twice<S: Ledger>(probe: &Probe<'_, S>) -> Verdict {
    let mut salts = BTreeSet::new();
    for n in 1..=4 {
        probe.applies(told(&contact(n), 1))?;
        let head = head(probe, &contact(n))?;
        let row = only("entries", rows(probe, &account("acme"), head.chain)?)?;
        let disclosed = row.disclosed.ok_or_else(|| Failure::new("nothing is disclosed"))?;
        salts.extend(disclosed.salts.0);
    }
    same("salts", salts.len(), 16)
}

fn a_chain_outlives_the_erasure_of_its_contact<S: Ledger>(probe: &Probe<'_, S>) -> Verdict {
    let acme = account("acme");
    probe.applies(told(&contact(1), 1))?;
    probe.applies(told(&contact(1), 2))?;
    let attempt = Commit { entry: Some(entry(&contact(2), 1)), ..keep(&contact(2), 0) };
    probe.applies(attempt)?;
    let before = is_whole(probe, &acme)?;
    probe.wait("erase", probe.storage.erase(&contact(1)))?;
    probe.wait("erase", probe.storage.erase(&contact(2)))?;
    same("the head", probe.wait("head", probe.storage.head(&contact(1)))?, None)?;
    same("the chains", is_whole(probe, &acme)?, before.clone())?;
    for head in before {
        let rows = rows(probe, &acme, head.chain)?;
        let left = rows.iter().filter(|row| row.disclosed.is_some()).count();
        same("what is disclosed", left, 0)?;
    }
    Ok(())
}

fn a_contact_that_comes_back_has_another_chain<S: Ledger>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(told(&contact(1), 1))?;
    let before = head(probe, &contact(1))?;
    probe.wait("erase", probe.storage.erase(&contact(1)))?;
    probe.applies(probe.anew(told(&contact(1), 1))?)?;
    let after = head(probe, &contact(1))?;
    holds(after.chain != before.chain, "the chain of an erased contact goes on")?;
    same("the length", after.length, 1)?;
    same("the chains", is_whole(probe, &account("acme"))?.len(), 2)
}

fn pruned_words_are_not_disclosed<S: Ledger>(probe: &Probe<'_, S>) -> Verdict {
    for revision in 1..=3 {
        probe.applies(told(&contact(1), revision))?;
    }
    let before = is_whole(probe, &account("acme"))?;
    probe.wait("prune_texts", probe.storage.prune_texts(at(3)))?;
    same("what is disclosed", disclosed(probe, &contact(1))?, vec![entry(&contact(1), 3)])?;
    same("the chains", is_whole(probe, &account("acme"))?, before)
}

fn chains_of_one_account_are_not_anothers<S: Ledger>(probe: &Probe<'_, S>) -> Verdict {
    let there = namesake(&contact(1));
    probe.applies(told(&contact(1), 1))?;
    probe.applies(told(&there, 1))?;
    let (ours, theirs) = (head(probe, &contact(1))?, head(probe, &there)?);
    same("our chains", is_whole(probe, &account("acme"))?, vec![ours])?;
    same("their chains", is_whole(probe, there.account())?, vec![theirs])?;
    same("their chain asked for here", rows(probe, &account("acme"), theirs.chain)?, Vec::new())
}
