//! What was moved goes on as it would have.

use alloc::{collections::BTreeMap, vec};

use super::{furnish, moved, told};
use crate::{
    conformance::{
        case::cases,
        failure::{Failure, Verdict, holds, same},
        ledger::{is_right, is_whole},
        probe::Probe,
        sample::{
            LEASE, SECOND, account, at, contact, end, end_of, keep, record, reminding,
            request_mark, settings_change, step, text, text_mark,
        },
    },
    consent::{contact::Contact, outgoing::ClaimToken, record::Revision},
    moving::Movable,
    storage::{Change, Claim, Commit, Committed, PolicyCommitted, Settlement, Task, Then},
};

cases! { two Movable:
    a_mark_that_was_moved_keeps_its_text_from_acting,
    a_mark_that_was_moved_is_as_old_as_before,
    settings_that_were_moved_go_on,
    a_record_that_was_moved_is_compared,
    a_claim_that_was_moved_is_settled_under_its_token,
    a_lease_that_was_moved_ends_when_it_would_have,
    messages_that_were_moved_are_claimed_in_their_order,
    a_message_set_aside_and_moved_is_queued_again,
    an_attempt_that_was_moved_counts,
    a_chain_that_was_moved_goes_on,
    a_log_that_was_moved_goes_on,
    somebody_erased_and_moved_begins_anew,
    words_that_were_moved_are_pruned_once,
    an_erasure_finds_what_was_moved,
}

/// A second storage with everything of a first one in which there is something of every kind.
fn second<'a, S: Movable>(probe: &'a Probe<'_, (S, S)>) -> Result<Probe<'a, &'a S>, Failure> {
    furnish(&probe.first())?;
    moved(probe)?;
    Ok(probe.second())
}

fn a_mark_that_was_moved_keeps_its_text_from_acting<S: Movable>(
    probe: &Probe<'_, (S, S)>,
) -> Verdict {
    let second = second(probe)?;
    for mark in [text_mark("SM1"), text_mark("SM3"), request_mark("SM1")] {
        let again = Commit { mark: Some(mark), ..told(&contact(1), 5) };
        second.answers(again, Committed::Duplicate)?;
    }
    second.applies(Commit { mark: Some(request_mark("SM3")), ..told(&contact(1), 5) })
}

fn a_mark_that_was_moved_is_as_old_as_before<S: Movable>(probe: &Probe<'_, (S, S)>) -> Verdict {
    let second = second(probe)?;
    same("forgotten", second.wait("prune", second.storage.prune(at(9)))?, 2)?;
    let again = Commit { mark: Some(text_mark("SM3")), ..told(&contact(1), 5) };
    second.answers(again, Committed::Duplicate)?;
    second.applies(Commit { mark: Some(text_mark("SM1")), ..told(&contact(1), 5) })
}

fn settings_that_were_moved_go_on<S: Movable>(probe: &Probe<'_, (S, S)>) -> Verdict {
    let second = second(probe)?;
    let acme = account("acme");
    same("the revision", second.policy(&acme)?.revision, Revision::new(2))?;
    let stale = settings_change(&acme, 1, Some(reminding(0)));
    same("a change", second.set_policy(stale)?, PolicyCommitted::Conflict)?;
    let next = settings_change(&acme, 2, Some(reminding(0)));
    same("a change", second.set_policy(next)?, PolicyCommitted::Applied)?;
    let current = second.load(&contact(1))?.current;
    same("the settings", (&*current.policy, current.revision), (&reminding(0), Revision::new(3)))?;
    is_whole(&second, &acme).map(|_| ())
}

fn a_record_that_was_moved_is_compared<S: Movable>(probe: &Probe<'_, (S, S)>) -> Verdict {
    let second = second(probe)?;
    second.answers(step(&contact(1), 4), Committed::Conflict)?;
    second.answers(step(&contact(1), 1), Committed::Conflict)?;
    second.answers(step(&contact(2), 2), Committed::Conflict)?;
    second.applies(step(&contact(1), 5))?;
    second.has(&contact(1), Some(record(5)))
}

/// The first text of this contact, claimed for the `number`th time.
fn claimed(contact: &Contact, number: u64, then: Then) -> Commit {
    let settle = Settlement { then, ..end_of(&text(contact, 1), number) };
    Commit { settle: Some(settle), ..keep(contact, 1) }
}

fn a_claim_that_was_moved_is_settled_under_its_token<S: Movable>(
    probe: &Probe<'_, (S, S)>,
) -> Verdict {
    let second = second(probe)?;
    second.answers(claimed(&contact(6), 2, Then::Finish), Committed::Stale)?;
    second.applies(claimed(&contact(6), 1, Then::Finish))?;
    second.text_unfinished(&contact(6), false)?;
    // Its lease ended once.
    second.answers(claimed(&contact(7), 1, Then::Finish), Committed::Stale)?;
    second.applies(claimed(&contact(7), 2, Then::Finish))?;
    // It waits, and was never claimed under that token.
    second.answers(claimed(&contact(5), 1, Then::Finish), Committed::Stale)
}

fn a_lease_that_was_moved_ends_when_it_would_have<S: Movable>(
    probe: &Probe<'_, (S, S)>,
) -> Verdict {
    let second = second(probe)?;
    let tasks = |claims: &[Claim]| {
        let tasks = claims.iter().map(|it| (it.outgoing.id.contact.number(), it.task));
        tasks.collect::<BTreeMap<_, _>>()
    };
    // What was queued; then what was claimed, each as its lease ends.
    same("due", second.due(3)?.len(), 2)?;
    second.nothing_due(LEASE - 1)?;
    let of = |n: u64, task| (contact(n).number(), task);
    let expected = BTreeMap::from([of(5, Task::HandOver), of(6, Task::Unknown)]);
    same("due", tasks(&second.due(LEASE)?), expected)?;
    second.nothing_due(LEASE + 1)?;
    same("due", tasks(&second.due(LEASE + 2)?), BTreeMap::from([of(7, Task::Unknown)]))
}

fn messages_that_were_moved_are_claimed_in_their_order<S: Movable>(
    probe: &Probe<'_, (S, S)>,
) -> Verdict {
    let second = second(probe)?;
    second.applies(Commit { outgoing: vec![text(&contact(1), 5)], ..step(&contact(1), 5) })?;
    for revision in [4, 5] {
        let due = second.due(3)?;
        let mut texts = due.iter().filter(|claim| claim.outgoing.id.n == 0);
        let claim = texts.next().ok_or_else(|| Failure::new("no text is due"))?;
        same("the text", &claim.outgoing, &text(&contact(1), revision))?;
        holds(texts.next().is_none(), "two texts of a line are due at once")?;
        second.settles(claim, Then::Finish)?;
    }
    Ok(())
}

fn a_message_set_aside_and_moved_is_queued_again<S: Movable>(probe: &Probe<'_, (S, S)>) -> Verdict {
    let second = second(probe)?;
    second.due(3)?;
    let aside = text(&contact(4), 1);
    let requeued = second.wait("requeue", second.storage.requeue(&aside.id))?;
    same("whether it was queued again", requeued, true)?;
    let claim = second.only_due(3)?;
    same("the text", &claim.outgoing, &aside)?;
    same("the token", claim.token, ClaimToken::new(2))?;
    same("the task", claim.task, Task::HandOver)?;
    second.settles(&claim, Then::Finish)
}

fn an_attempt_that_was_moved_counts<S: Movable>(probe: &Probe<'_, (S, S)>) -> Verdict {
    let second = second(probe)?;
    let due = second.due(100 * SECOND)?;
    let waited = due.iter().find(|claim| claim.outgoing == text(&contact(5), 1));
    let waited = waited.ok_or_else(|| Failure::new("the text is not due"))?;
    let found = (waited.task, waited.attempts, waited.token);
    same("the text", found, (Task::HandOver, 1, ClaimToken::new(2)))?;
    let lapsed = due.iter().find(|claim| claim.outgoing == text(&contact(7), 1));
    let lapsed = lapsed.ok_or_else(|| Failure::new("the text that lapsed is not due"))?;
    same("the text that lapsed", (lapsed.task, lapsed.until), (Task::Unknown, at(1)))?;
    let again = Commit { settle: Some(end(waited, Then::Finish)), ..keep(&contact(5), 1) };
    second.applies(again)
}

fn a_chain_that_was_moved_goes_on<S: Movable>(probe: &Probe<'_, (S, S)>) -> Verdict {
    let second = second(probe)?;
    let acme = account("acme");
    let before = is_whole(&second, &acme)?;
    second.applies(told(&contact(1), 5))?;
    second.applies(told(&contact(3), 2))?;
    let attempt = told(&contact(8), 9);
    second.applies(Commit { change: Change::Keep, expected: None, ..attempt })?;
    let after = is_whole(&second, &acme)?;
    let grown = before.iter().zip(&after).filter(|(old, new)| new.length == old.length + 1);
    same("chains that went on", grown.count(), 3)?;
    same("chains", after.len(), before.len())
}

fn a_log_that_was_moved_goes_on<S: Movable>(probe: &Probe<'_, (S, S)>) -> Verdict {
    let second = second(probe)?;
    let acme = account("acme");
    let sequence =
        |expected| second.wait("sequence", second.storage.sequence(&acme, expected, 100));
    same("another size", sequence(3)?, 4)?;
    let leaves = |it: &Probe<'_, &S>| it.wait("leaves", it.storage.leaves(&acme, 0, 100));
    let before = leaves(&second)?;
    same("the size", sequence(4)?, 9)?;
    same("the log", is_right(&second, &acme)?, 9)?;
    same("the first places", leaves(&second)?.get(..4).map(<[_]>::to_vec), Some(before))
}

fn somebody_erased_and_moved_begins_anew<S: Movable>(probe: &Probe<'_, (S, S)>) -> Verdict {
    let second = second(probe)?;
    let chains = is_whole(&second, &account("acme"))?.len();
    second.has(&contact(2), None)?;
    second.applies(told(&contact(2), 1))?;
    same("chains", is_whole(&second, &account("acme"))?.len(), chains + 1)
}

fn words_that_were_moved_are_pruned_once<S: Movable>(probe: &Probe<'_, (S, S)>) -> Verdict {
    let second = second(probe)?;
    let prune = |before| second.wait("prune_texts", second.storage.prune_texts(at(before)));
    same("pruned", prune(2)?, 0)?;
    same("pruned later", prune(3)?, 1)?;
    same("pruned at last", prune(100)?, 2)
}

fn an_erasure_finds_what_was_moved<S: Movable>(probe: &Probe<'_, (S, S)>) -> Verdict {
    let second = second(probe)?;
    let erase = |n| second.wait("erase", second.storage.erase(&contact(n)));
    // Of 8 there is an attempt alone, among the account's entries.
    for n in [1, 4, 8] {
        same("erased", erase(n)?, true)?;
        same("erased again", erase(n)?, false)?;
    }
    let acme = account("acme");
    let left = second.wait("history", second.storage.account_history(&acme, 0, 100))?;
    same("entries that name somebody", left.iter().filter(|it| it.number.is_some()).count(), 0)?;
    is_whole(&second, &acme).map(|_| ())
}
