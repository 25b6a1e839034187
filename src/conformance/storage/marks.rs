//! Marks: a text and a request act once in their account, whoever they name.

use alloc::format;

use crate::{
    conformance::{
        case::cases,
        failure::{Verdict, holds},
        probe::Probe,
        sample::{
            contact, inbox, keep, message_id, namesake, record, request_mark, step, text_mark,
        },
    },
    storage::{Commit, Committed, Mark, Storage},
};

cases! { Storage:
    a_text_acts_once,
    a_request_acts_once,
    a_text_that_changes_no_record_acts_once,
    a_text_of_someone_absent_acts_once,
    a_text_acts_once_whichever_contact_it_names,
    a_request_acts_once_whichever_contact_it_names,
    the_same_id_in_another_inbox_is_another_text,
    a_request_is_no_text,
    a_text_of_another_account_is_another,
    a_request_of_another_account_is_another,
    marks_are_compared_byte_for_byte,
    inbox_and_id_are_not_run_together,
    a_commit_that_is_repeated_is_not_applied_again,
}

/// A commit of the record's first revision, with this mark.
fn first(n: u64, mark: Mark) -> Commit {
    Commit { mark: Some(mark), ..step(&contact(n), 1) }
}

/// The mark acts once on one contact, change or no change.
fn acts_once<S: Storage>(probe: &Probe<'_, S>, mark: Mark) -> Verdict {
    probe.applies(first(1, mark.clone()))?;
    let again = Commit { mark: Some(mark), ..step(&contact(1), 2) };
    probe.answers(again.clone(), Committed::Duplicate)?;
    probe.answers(again, Committed::Duplicate)?;
    probe.applies(step(&contact(1), 2))
}

fn a_text_acts_once<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    acts_once(probe, text_mark("SM1"))
}

fn a_request_acts_once<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    acts_once(probe, request_mark("R1"))
}

fn a_text_that_changes_no_record_acts_once<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(step(&contact(1), 1))?;
    let commit = Commit { mark: Some(text_mark("SM1")), ..keep(&contact(1), 1) };
    probe.applies(commit.clone())?;
    probe.answers(commit, Committed::Duplicate)
}

fn a_text_of_someone_absent_acts_once<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    let commit = Commit { mark: Some(text_mark("SM1")), ..keep(&contact(1), 0) };
    probe.applies(commit.clone())?;
    probe.answers(commit, Committed::Duplicate)?;
    probe.answers(first(1, text_mark("SM1")), Committed::Duplicate)?;
    probe.has(&contact(1), None)
}

fn a_text_acts_once_whichever_contact_it_names<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(first(1, text_mark("SM1")))?;
    probe.answers(first(2, text_mark("SM1")), Committed::Duplicate)?;
    probe.has(&contact(2), None)
}

fn a_request_acts_once_whichever_contact_it_names<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(first(1, request_mark("R1")))?;
    probe.answers(first(2, request_mark("R1")), Committed::Duplicate)?;
    probe.has(&contact(2), None)
}

fn the_same_id_in_another_inbox_is_another_text<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(first(1, Mark::Text { inbox: inbox("one"), id: message_id("SM1") }))?;
    probe.applies(first(2, Mark::Text { inbox: inbox("two"), id: message_id("SM1") }))
}

fn a_request_is_no_text<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(first(1, request_mark("SM1")))?;
    probe.applies(first(2, text_mark("SM1")))?;
    let named_as_one = Mark::Text { inbox: inbox("request"), id: message_id("SM1") };
    probe.applies(first(3, named_as_one))
}

fn a_text_of_another_account_is_another<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    other_account(probe, text_mark("SM1"))
}

fn a_request_of_another_account_is_another<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    other_account(probe, request_mark("R1"))
}

fn other_account<S: Storage>(probe: &Probe<'_, S>, mark: Mark) -> Verdict {
    probe.applies(first(1, mark.clone()))?;
    probe.applies(Commit { mark: Some(mark), ..step(&namesake(&contact(1)), 1) })
}

fn marks_are_compared_byte_for_byte<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    let ids =
        ["SM1", "sm1", "SM1 ", " SM1", "SM01", "SM%", "S_1", "\u{e9}", "e\u{301}", "1", "1.0"];
    for (n, id) in (1..).zip(ids) {
        probe.applies(first(n, text_mark(id)))?;
        probe.applies(Commit { mark: Some(request_mark(id)), ..keep(&contact(n), 1) })?;
    }
    for id in ids {
        probe.answers(first(99, text_mark(id)), Committed::Duplicate)?;
    }
    Ok(())
}

fn inbox_and_id_are_not_run_together<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    let pairs = [("a", "bc"), ("ab", "c"), ("a:b", "c"), ("a", "b:c"), ("a/", "b"), ("a", "/b")];
    for (n, (name, id)) in (1..).zip(pairs) {
        probe.applies(first(n, Mark::Text { inbox: inbox(name), id: message_id(id) }))?;
    }
    Ok(())
}

fn a_commit_that_is_repeated_is_not_applied_again<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    for n in 1..=5 {
        let commit = first(n, text_mark(&format!("SM{n}")));
        probe.applies(commit.clone())?;
        let again = probe.commit(commit)?;
        let refused = matches!(again, Committed::Duplicate | Committed::Conflict);
        holds(refused, "a commit whose outcome was lost was applied twice")?;
        probe.has(&contact(n), Some(record(1)))?;
    }
    Ok(())
}
