//! What is set aside is listed, and marks are forgotten by their age alone.

use alloc::{vec, vec::Vec};

use crate::{
    conformance::{
        case::cases,
        failure::{Failure, Verdict, same},
        probe::Probe,
        sample::{
            LEASE, account, at, contact, keep, namesake, queue, queue_text, record, request_mark,
            status, step, text, text_mark,
        },
    },
    consent::{
        contact::Contact,
        id::AccountId,
        outgoing::{Crm, Outgoing},
    },
    storage::{Archive, Commit, Committed, Mark, Then},
};

cases! { Archive:
    a_message_set_aside_is_listed_whole,
    messages_set_aside_are_listed_in_the_order_of_their_ids,
    messages_set_aside_in_one_account_are_not_anothers,
    only_what_is_set_aside_is_listed,
    a_mark_made_before_the_time_is_forgotten,
    a_mark_made_at_the_time_or_later_stays,
    marks_are_forgotten_in_every_account,
    forgetting_marks_leaves_all_else,
}

fn set_aside<S: Archive>(
    probe: &Probe<'_, S>,
    account: &AccountId,
    limit: usize,
) -> Result<Vec<Outgoing>, Failure> {
    probe.wait("set_aside", probe.storage.set_aside(account, limit))
}

/// Sets aside whatever is due.
fn set_all_aside<S: Archive>(probe: &Probe<'_, S>, now: i64) -> Verdict {
    probe.due(now)?.iter().try_for_each(|claim| probe.settles(claim, Then::SetAside))
}

fn a_message_set_aside_is_listed_whole<S: Archive>(probe: &Probe<'_, S>) -> Verdict {
    let messages = vec![text(&contact(1), 1), status(&contact(1), 1, 1, Crm::Hubspot)];
    probe.applies(queue(&contact(1), 1, messages.clone()))?;
    same("set aside", set_aside(probe, &account("acme"), 10)?, Vec::new())?;
    set_all_aside(probe, 0)?;
    same("set aside", set_aside(probe, &account("acme"), 10)?, messages)
}

fn messages_set_aside_are_listed_in_the_order_of_their_ids<S: Archive>(
    probe: &Probe<'_, S>,
) -> Verdict {
    let mut expected = Vec::new();
    for n in [3, 1, 2] {
        // A newer status may take the place of one set aside: each CRM gets one.
        let statuses = [(1, Crm::Hubspot), (2, Crm::Salesforce)];
        let statuses = statuses.map(|(k, crm)| status(&contact(n), 2, k, crm));
        let messages = [text(&contact(n), 2)].into_iter().chain(statuses);
        for (revision, messages) in [(1, vec![text(&contact(n), 1)]), (2, messages.collect())] {
            expected.extend(messages.clone());
            probe.applies(queue(&contact(n), revision, messages))?;
            set_all_aside(probe, 0)?;
        }
    }
    expected.sort_by(|a, b| a.id.cmp(&b.id));
    same("set aside", &set_aside(probe, &account("acme"), 100)?, &expected)?;
    expected.truncate(5);
    same("the first five", set_aside(probe, &account("acme"), 5)?, expected)
}

fn messages_set_aside_in_one_account_are_not_anothers<S: Archive>(probe: &Probe<'_, S>) -> Verdict {
    let there = namesake(&contact(1));
    probe.applies(queue_text(&contact(1), 1))?;
    set_all_aside(probe, 0)?;
    probe.applies(queue_text(&there, 1))?;
    same("set aside there", set_aside(probe, there.account(), 10)?, Vec::new())?;
    set_all_aside(probe, 0)?;
    same("set aside there", set_aside(probe, there.account(), 10)?, vec![text(&there, 1)])
}

fn only_what_is_set_aside_is_listed<S: Archive>(probe: &Probe<'_, S>) -> Verdict {
    let endings = [None, Some(Then::Finish), Some(Then::RetryAt(at(LEASE))), Some(Then::SetAside)];
    for (n, ending) in (1..).zip(endings) {
        probe.applies(queue_text(&contact(n), 1))?;
        let claim = probe.only_due(0)?;
        if let Some(then) = ending {
            probe.settles(&claim, then)?;
        }
    }
    probe.applies(queue_text(&contact(5), 1))?;
    same("set aside", set_aside(probe, &account("acme"), 10)?, vec![text(&contact(4), 1)])
}

/// A kept absence that leaves this mark, made at this time.
fn marked(contact: &Contact, mark: Mark, millis: i64) -> Commit {
    Commit { mark: Some(mark), at: at(millis), ..keep(contact, 0) }
}

fn prune<S: Archive>(probe: &Probe<'_, S>, millis: i64) -> Result<u64, Failure> {
    probe.wait("prune", probe.storage.prune(at(millis)))
}

fn a_mark_made_before_the_time_is_forgotten<S: Archive>(probe: &Probe<'_, S>) -> Verdict {
    let commits =
        [marked(&contact(1), text_mark("SM1"), 999), marked(&contact(1), request_mark("R1"), -999)];
    for commit in &commits {
        probe.applies(commit.clone())?;
    }
    same("marks forgotten", prune(probe, 1_000)?, 2)?;
    same("marks forgotten again", prune(probe, 1_000)?, 0)?;
    commits.into_iter().try_for_each(|commit| probe.applies(commit))
}

fn a_mark_made_at_the_time_or_later_stays<S: Archive>(probe: &Probe<'_, S>) -> Verdict {
    let commits = [
        marked(&contact(1), text_mark("SM1"), 1_000),
        marked(&contact(1), request_mark("R1"), 1_001),
    ];
    for commit in &commits {
        probe.applies(commit.clone())?;
    }
    same("marks forgotten", prune(probe, 1_000)?, 0)?;
    commits.into_iter().try_for_each(|commit| probe.answers(commit, Committed::Duplicate))
}

fn marks_are_forgotten_in_every_account<S: Archive>(probe: &Probe<'_, S>) -> Verdict {
    let contacts = [contact(1), namesake(&contact(1))];
    for contact in &contacts {
        probe.applies(marked(contact, text_mark("SM1"), 0))?;
        probe.applies(marked(contact, text_mark("SM2"), 2_000))?;
    }
    same("marks forgotten", prune(probe, 1_000)?, 2)?;
    for contact in &contacts {
        probe.answers(marked(contact, text_mark("SM2"), 0), Committed::Duplicate)?;
        probe.applies(marked(contact, text_mark("SM1"), 0))?;
    }
    Ok(())
}

fn forgetting_marks_leaves_all_else<S: Archive>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(Commit { mark: Some(text_mark("SM1")), ..queue_text(&contact(1), 1) })?;
    probe.applies(step(&contact(2), 1))?;
    same("marks forgotten", prune(probe, 1_000_000)?, 1)?;
    probe.has(&contact(1), Some(record(1)))?;
    probe.has(&contact(2), Some(record(1)))?;
    same("the message", probe.only_due(0)?.outgoing, text(&contact(1), 1))
}
