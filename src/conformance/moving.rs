//! The cases over a storage that can be moved, each with two: what is taken out of the first is put
//! into the second.

mod going_on;
mod rows;

use alloc::{vec, vec::Vec};

use super::{
    case::Case,
    failure::{Failure, Verdict, same},
    probe::Probe,
    sample::{
        LEASE, SECOND, account, at, contact, entry, keep, namesake, queue, reminding, request_mark,
        settings_change, status, step, text, text_mark,
    },
};
use crate::{
    consent::{contact::Contact, id::AccountId, outgoing::Crm},
    moving::{Movable, PutIn, Row},
    storage::{Commit, Then},
};

pub(super) fn cases<S: Movable>() -> impl Iterator<Item = Case<(S, S)>> {
    rows::cases().chain(going_on::cases())
}

/// A commit that makes this revision, with its entry.
fn told(contact: &Contact, revision: u64) -> Commit {
    Commit { entry: Some(entry(contact, revision)), ..step(contact, revision) }
}

/// Something of every kind: settings and a refused attempt at them, entries with and without words
/// and places in the log, somebody erased, marks, and [`messages`].
fn furnish<S: Movable>(probe: &Probe<'_, S>) -> Verdict {
    let acme = account("acme");
    for (expected, policy) in [(0, Some(reminding(1))), (1, None), (1, Some(reminding(2)))] {
        let change = settings_change(&acme, expected, policy);
        probe.wait("set_policy", probe.storage.set_policy(change))?;
    }
    probe.applies(Commit { mark: Some(text_mark("SM1")), ..told(&contact(1), 1) })?;
    probe.applies(Commit { mark: Some(request_mark("SM1")), ..told(&contact(1), 2) })?;
    probe.applies(Commit { at: at(9), mark: Some(text_mark("SM3")), ..told(&contact(1), 3) })?;
    probe.applies(told(&contact(2), 1))?;
    probe.applies(told(&namesake(&contact(1)), 1))?;
    for n in [2, 8] {
        probe.applies(Commit { entry: Some(entry(&contact(n), n)), ..keep(&contact(8), 0) })?;
    }
    same("the log", probe.wait("sequence", probe.storage.sequence(&acme, 0, 4))?, 4)?;
    same("erased", probe.wait("erase", probe.storage.erase(&contact(2)))?, true)?;
    probe.wait("prune_texts", probe.storage.prune_texts(at(2)))?;
    probe.applies(step(&contact(3), 1))?;
    messages(probe)
}

/// A message in every place: contact 4 has a text set aside; 5 a text that waits for its second
/// attempt, and a status claimed until the usual lease is over; 6 a text that its commit claimed; 7
/// a text whose first lease ended, and which was claimed again; 1 a text and a status queued.
fn messages<S: Movable>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(queue(&contact(4), 1, vec![text(&contact(4), 1)]))?;
    probe.settles(&probe.only_due(0)?, Then::SetAside)?;
    let both = vec![text(&contact(5), 1), status(&contact(5), 1, 1, Crm::Hubspot)];
    probe.applies(queue(&contact(5), 1, both))?;
    for claim in probe.due(0)? {
        if claim.outgoing.id.n == 0 {
            probe.settles(&claim, Then::RetryAt(at(100 * SECOND)))?;
        }
    }
    for (n, until) in [(6, LEASE), (7, 1)] {
        let leased = queue(&contact(n), 1, vec![text(&contact(n), 1)]);
        probe.applies(Commit { lease: Some(at(until)), ..leased })?;
    }
    probe.only_due(2)?;
    let queued = vec![text(&contact(1), 4), status(&contact(1), 4, 1, Crm::Salesforce)];
    probe.applies(queue(&contact(1), 4, queued))
}

/// The rows of an account, page by page.
fn rows_of<S: Movable>(
    probe: &Probe<'_, S>,
    account: &AccountId,
    page: usize,
) -> Result<Vec<Row>, Failure> {
    let mut rows: Vec<Row> = Vec::new();
    loop {
        let after = rows.last().map(Row::key);
        let next = probe.storage.take_out(account, after.as_ref(), page);
        let next = probe.wait("take_out", next)?;
        if next.is_empty() {
            return Ok(rows);
        }
        same("a page is full, or followed by none", next.len() <= page, true)?;
        rows.extend(next);
        if !rows.is_sorted_by(|one, next| one.key() < next.key()) {
            return Err(Failure::new("the rows are not in the order of their keys"));
        }
    }
}

fn put_in<S: Movable>(
    probe: &Probe<'_, S>,
    account: &AccountId,
    rows: Vec<Row>,
) -> Result<PutIn, Failure> {
    probe.wait("put_in", probe.storage.put_in(account, rows))
}

/// Everything in the first storage, put into the second.
fn moved<S: Movable>(probe: &Probe<'_, (S, S)>) -> Verdict {
    let accounts = probe.first().storage.accounts(None, 100);
    for account in probe.wait("accounts", accounts)? {
        let rows = rows_of(&probe.first(), &account, 3)?;
        same("what was put in", put_in(&probe.second(), &account, rows)?, PutIn::Stored)?;
    }
    Ok(())
}
