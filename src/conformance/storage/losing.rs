//! A commit that is not applied leaves nothing: no mark, message, settlement, cancel or record.

use alloc::vec;

use crate::{
    conformance::{
        case::cases,
        failure::{Failure, Verdict, same},
        probe::Probe,
        sample::{
            LEASE, at, contact, end, end_of, keep, queue_text, record, step, text, text_mark,
        },
    },
    consent::{contact::Contact, decision::Cancel},
    storage::{Claim, Commit, Committed, Storage, Then},
};

cases! { Storage:
    a_mark_of_a_commit_that_lost_does_not_stay,
    a_message_of_a_commit_that_lost_does_not_stay,
    a_leased_text_of_a_commit_that_lost_does_not_stay,
    a_settlement_of_a_commit_that_lost_does_not_count,
    a_retry_of_a_commit_that_lost_does_not_count,
    a_message_is_not_set_aside_by_a_commit_that_lost,
    a_cancel_of_a_commit_that_lost_takes_nothing_back,
    a_record_of_a_duplicate_is_not_stored,
    a_message_of_a_duplicate_does_not_stay,
    a_settlement_of_a_duplicate_does_not_count,
    a_cancel_of_a_duplicate_takes_nothing_back,
    a_mark_of_a_stale_settlement_does_not_stay,
    a_record_of_a_stale_settlement_is_not_stored,
    a_message_of_a_stale_settlement_does_not_stay,
    a_cancel_of_a_stale_settlement_takes_nothing_back,
}

/// A commit that must lose: it expects no record where there is one.
fn loser(contact: &Contact) -> Commit {
    step(contact, 1)
}

/// A contact with a record of revision 1, whose text is claimed.
fn claimed<S: Storage>(probe: &Probe<'_, S>) -> Result<Claim, Failure> {
    probe.applies(queue_text(&contact(1), 1))?;
    probe.only_due(0)
}

/// A contact with a record of revision 1, and mark `SM1`.
fn marked<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(Commit { mark: Some(text_mark("SM1")), ..step(&contact(1), 1) })
}

/// A commit of revision 2 whose mark stands.
fn duplicate() -> Commit {
    Commit { mark: Some(text_mark("SM1")), ..step(&contact(1), 2) }
}

/// A commit of revision 2 that ends a claim there never was.
fn stale() -> Commit {
    let settle = Some(end_of(&text(&contact(1), 9), 1));
    Commit { settle, ..step(&contact(1), 2) }
}

fn a_mark_of_a_commit_that_lost_does_not_stay<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(step(&contact(1), 1))?;
    let mark = Some(text_mark("SM1"));
    probe.answers(Commit { mark: mark.clone(), ..loser(&contact(1)) }, Committed::Conflict)?;
    probe.applies(Commit { mark, ..step(&contact(1), 2) })
}

fn a_message_of_a_commit_that_lost_does_not_stay<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(step(&contact(1), 1))?;
    probe.answers(queue_text(&contact(1), 1), Committed::Conflict)?;
    probe.text_unfinished(&contact(1), false)?;
    probe.nothing_due(0)
}

fn a_leased_text_of_a_commit_that_lost_does_not_stay<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(step(&contact(1), 1))?;
    let commit = Commit { lease: Some(at(LEASE)), ..queue_text(&contact(1), 1) };
    probe.answers(commit, Committed::Conflict)?;
    probe.text_unfinished(&contact(1), false)?;
    probe.nothing_due(LEASE)
}

fn a_settlement_of_a_commit_that_lost_does_not_count<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    unsettled(probe, Then::Finish)
}

fn a_retry_of_a_commit_that_lost_does_not_count<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    unsettled(probe, Then::RetryAt(at(0)))
}

fn a_message_is_not_set_aside_by_a_commit_that_lost<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    unsettled(probe, Then::SetAside)
}

/// A claim ended by a commit that lost is held as before.
fn unsettled<S: Storage>(probe: &Probe<'_, S>, then: Then) -> Verdict {
    let claim = claimed(probe)?;
    let commit = Commit { settle: Some(end(&claim, then)), ..loser(&contact(1)) };
    probe.answers(commit, Committed::Conflict)?;
    probe.text_unfinished(&contact(1), true)?;
    probe.nothing_due(LEASE - 1)?;
    probe.settles(&claim, Then::Finish)
}

fn a_cancel_of_a_commit_that_lost_takes_nothing_back<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(queue_text(&contact(1), 1))?;
    let commit = Commit { cancel: Cancel::AllQueued, ..loser(&contact(1)) };
    probe.answers(commit, Committed::Conflict)?;
    same("due", probe.only_due(0)?.outgoing, text(&contact(1), 1))
}

fn a_record_of_a_duplicate_is_not_stored<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    marked(probe)?;
    probe.answers(duplicate(), Committed::Duplicate)?;
    probe.has(&contact(1), Some(record(1)))
}

fn a_message_of_a_duplicate_does_not_stay<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    marked(probe)?;
    let commit = Commit { outgoing: vec![text(&contact(1), 2)], ..duplicate() };
    probe.answers(commit, Committed::Duplicate)?;
    probe.text_unfinished(&contact(1), false)?;
    probe.nothing_due(0)
}

fn a_settlement_of_a_duplicate_does_not_count<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    let claim = claimed(probe)?;
    probe.applies(Commit { mark: Some(text_mark("SM1")), ..keep(&contact(1), 1) })?;
    let commit = Commit { settle: Some(end(&claim, Then::Finish)), ..duplicate() };
    probe.answers(commit, Committed::Duplicate)?;
    probe.settles(&claim, Then::Finish)
}

fn a_cancel_of_a_duplicate_takes_nothing_back<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(Commit { mark: Some(text_mark("SM1")), ..queue_text(&contact(1), 1) })?;
    let commit = Commit { cancel: Cancel::AllQueued, ..duplicate() };
    probe.answers(commit, Committed::Duplicate)?;
    same("due", probe.only_due(0)?.outgoing, text(&contact(1), 1))
}

fn a_mark_of_a_stale_settlement_does_not_stay<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(step(&contact(1), 1))?;
    let mark = Some(text_mark("SM1"));
    probe.answers(Commit { mark: mark.clone(), ..stale() }, Committed::Stale)?;
    probe.applies(Commit { mark, ..step(&contact(1), 2) })
}

fn a_record_of_a_stale_settlement_is_not_stored<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(step(&contact(1), 1))?;
    probe.answers(stale(), Committed::Stale)?;
    probe.has(&contact(1), Some(record(1)))
}

fn a_message_of_a_stale_settlement_does_not_stay<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(step(&contact(1), 1))?;
    let commit = Commit { outgoing: vec![text(&contact(1), 2)], ..stale() };
    probe.answers(commit, Committed::Stale)?;
    probe.text_unfinished(&contact(1), false)?;
    probe.nothing_due(0)
}

fn a_cancel_of_a_stale_settlement_takes_nothing_back<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(queue_text(&contact(1), 1))?;
    probe.answers(Commit { cancel: Cancel::AllQueued, ..stale() }, Committed::Stale)?;
    same("due", probe.only_due(0)?.outgoing, text(&contact(1), 1))
}
