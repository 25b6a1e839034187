//! What is taken out is everything, and what is put in is that and stays.

use alloc::{sync::Arc, vec, vec::Vec};
use core::fmt::Debug;

use super::{furnish, moved, put_in, rows_of, told};
use crate::{
    conformance::{
        case::cases,
        failure::{Failure, Verdict, holds, same},
        probe::Probe,
        sample::{account, at, contact, number, record, reminding, text_mark},
    },
    consent::{id::AccountId, record::Revision},
    ledger::{Hash, Head, SealedRow},
    moving::{Key, Movable, Pruned, PutIn, Row},
    storage::{Commit, Place},
};

cases! { two Movable:
    an_empty_storage_has_no_rows,
    accounts_are_listed_by_name,
    rows_have_pages,
    there_is_a_row_of_every_kind,
    what_was_put_in_is_all_that_was_taken_out,
    what_was_put_in_is_shown_as_it_was,
    what_is_put_in_again_changes_nothing,
    another_row_under_a_key_is_refused,
    rows_of_one_account_are_not_anothers,
}

fn accounts<S: Movable>(
    probe: &Probe<'_, S>,
    after: Option<&AccountId>,
    limit: usize,
) -> Result<Vec<AccountId>, Failure> {
    probe.wait("accounts", probe.storage.accounts(after, limit))
}

fn an_empty_storage_has_no_rows<S: Movable>(probe: &Probe<'_, (S, S)>) -> Verdict {
    same("the accounts", accounts(&probe.first(), None, 10)?, Vec::new())?;
    same("the rows", rows_of(&probe.first(), &account("acme"), 10)?, Vec::new())
}

fn accounts_are_listed_by_name<S: Movable>(probe: &Probe<'_, (S, S)>) -> Verdict {
    let first = probe.first();
    // In the order of their bytes.
    let names = ["Zed", "acme", "acme-2", "\u{e9}"].map(account);
    for name in names.iter().rev() {
        let mark = Some(text_mark("SM1"));
        let contact = crate::consent::contact::Contact::new(name.clone(), number(12));
        first.applies(Commit { mark, ..told(&contact, 1) })?;
    }
    same("the accounts", accounts(&first, None, 10)?, names.to_vec())?;
    let [one, two, three, _] = names;
    same("a page", accounts(&first, None, 2)?, vec![one, two.clone()])?;
    same("the next", accounts(&first, Some(&two), 1)?, vec![three])
}

fn rows_have_pages<S: Movable>(probe: &Probe<'_, (S, S)>) -> Verdict {
    furnish(&probe.first())?;
    let all = rows_of(&probe.first(), &account("acme"), 1_000)?;
    for page in [1, 2, 5] {
        same("the rows", rows_of(&probe.first(), &account("acme"), page)?, all.clone())?;
    }
    Ok(())
}

fn there_is_a_row_of_every_kind<S: Movable>(probe: &Probe<'_, (S, S)>) -> Verdict {
    furnish(&probe.first())?;
    // Settings, the account, contacts, erased, entries, marks, messages.
    let mut kinds = [0; 7];
    let (mut logged, mut pruned, mut hidden) = (0, 0, 0);
    for row in rows_of(&probe.first(), &account("acme"), 10)? {
        let kind = match &row {
            Row::Settings { .. } => 0,
            Row::Account { .. } => 1,
            Row::Contact { .. } => 2,
            Row::Erased { .. } => 3,
            // Only where the storage has a key for it.
            Row::Suppressed { .. } => continue,
            Row::Entry { sealed, pruned: json, .. } => {
                logged += u64::from(sealed.leaf.is_some());
                pruned += u64::from(json.is_some());
                hidden += u64::from(json.is_none() && sealed.disclosed.is_none());
                4
            }
            Row::Mark { .. } => 5,
            Row::Outgoing { .. } => 6,
        };
        kinds[kind] += 1;
    }
    same("rows of each kind", kinds, [2, 1, 6, 1, 9, 3, 7])?;
    same("entries in the log", logged, 4)?;
    same("entries without words", pruned, 4)?;
    same("entries of somebody erased", hidden, 2)
}

fn what_was_put_in_is_all_that_was_taken_out<S: Movable>(probe: &Probe<'_, (S, S)>) -> Verdict {
    furnish(&probe.first())?;
    moved(probe)?;
    for name in ["acme", "other"].map(account) {
        let before = rows_of(&probe.first(), &name, 7)?;
        same("the rows", rows_of(&probe.second(), &name, 7)?, before)?;
    }
    same("the accounts", accounts(&probe.second(), None, 9)?, accounts(&probe.first(), None, 9)?)
}

/// Something is answered by both storages alike.
fn alike<S: Movable, T: PartialEq + Debug>(
    probe: &Probe<'_, (S, S)>,
    what: &str,
    ask: impl Fn(&Probe<'_, &S>) -> Result<T, Failure>,
) -> Verdict {
    same(what, ask(&probe.second())?, ask(&probe.first())?)
}

fn what_was_put_in_is_shown_as_it_was<S: Movable>(probe: &Probe<'_, (S, S)>) -> Verdict {
    furnish(&probe.first())?;
    moved(probe)?;
    alike(probe, "the queue", |it| it.wait("queue", it.storage.queue()))?;
    for name in ["acme", "other"].map(account) {
        for n in 1..=9 {
            let of = crate::consent::contact::Contact::new(name.clone(), contact(n).number());
            alike(probe, "a contact", |it| it.load(&of))?;
            alike(probe, "a history", |it| it.wait("history", it.storage.history(&of, 0, 100)))?;
            alike(probe, "a head", |it| it.wait("head", it.storage.head(&of)))?;
        }
        alike(probe, "the settings", |it| it.policy(&name))?;
        alike(probe, "the counts", |it| it.wait("counts", it.storage.counts(&name)))?;
        alike(probe, "what is set aside", |it| {
            it.wait("set_aside", it.storage.set_aside(&name, 100))
        })?;
        alike(probe, "the account's history", |it| {
            it.wait("account_history", it.storage.account_history(&name, 0, 100))
        })?;
        alike(probe, "the account's head", |it| {
            it.wait("account_head", it.storage.account_head(&name))
        })?;
        alike(probe, "the size of the log", |it| it.wait("log_size", it.storage.log_size(&name)))?;
        alike(probe, "the log", |it| it.wait("leaves", it.storage.leaves(&name, 0, 100)))?;
        let heads = |it: &Probe<'_, &S>| it.wait("heads", it.storage.heads(&name, None, 100));
        alike(probe, "the heads", heads)?;
        for Head { chain, .. } in heads(&probe.first())? {
            alike(probe, "a chain", |it| {
                it.wait("sealed", it.storage.sealed(&name, chain, 0, 100))
            })?;
        }
    }
    Ok(())
}

fn what_is_put_in_again_changes_nothing<S: Movable>(probe: &Probe<'_, (S, S)>) -> Verdict {
    furnish(&probe.first())?;
    moved(probe)?;
    moved(probe)?;
    // Into itself, too, and alone.
    let rows = rows_of(&probe.first(), &account("acme"), 100)?;
    for row in &rows {
        let again = put_in(&probe.first(), &account("acme"), vec![row.clone()])?;
        same("what was put in", again, PutIn::Stored)?;
    }
    for it in [probe.first(), probe.second()] {
        same("the rows", rows_of(&it, &account("acme"), 100)?, rows.clone())?;
    }
    Ok(())
}

/// Another row under the same key.
fn other(row: &Row) -> Vec<Row> {
    let shorter = |head: &Head| Head { length: head.length.wrapping_add(1), ..*head };
    match row.clone() {
        Row::Settings { revision, .. } => {
            vec![Row::Settings { revision, policy: Arc::new(reminding(0)) }]
        }
        Row::Account { head, log_size } => vec![
            Row::Account { head: head.as_ref().map(shorter), log_size },
            Row::Account { head, log_size: log_size + 1 },
        ],
        Row::Contact { number, record: stored, head } => vec![
            Row::Contact { number, record: record(77), head },
            Row::Contact { number, record: stored, head: shorter(&head) },
        ],
        Row::Erased { head } => vec![Row::Erased { head: shorter(&head) }],
        // There is no other under its key.
        Row::Suppressed { .. } => Vec::new(),
        Row::Entry { chain, sequence, sealed, pruned } => {
            let with = |sealed, pruned| Row::Entry { chain, sequence, sealed, pruned };
            let leaf = match sealed.leaf {
                Some(_) => None,
                None => Some(99),
            };
            vec![
                with(SealedRow { hash: Hash([7; 32]), ..sealed.clone() }, pruned.clone()),
                with(SealedRow { leaf, ..sealed.clone() }, pruned.clone()),
                with(
                    SealedRow { disclosed: None, ..sealed },
                    pruned.xor(Some(Pruned("{}".into()))),
                ),
            ]
        }
        Row::Mark { mark, .. } => vec![Row::Mark { mark, at: at(77) }],
        Row::Outgoing { outgoing, place, set_aside } => {
            let with =
                |place, set_aside| Row::Outgoing { outgoing: outgoing.clone(), place, set_aside };
            let place = Place { claimed: false, ..place };
            vec![
                with(Place { attempts: 77, ..place }, set_aside),
                with(Place { claims: 77, ..place }, set_aside),
                with(Place { due: at(77), ..place }, set_aside),
                with(Place { lapsed: Some(at(77)), ..place }, set_aside),
                with(place, !set_aside),
            ]
        }
    }
}

fn another_row_under_a_key_is_refused<S: Movable>(probe: &Probe<'_, (S, S)>) -> Verdict {
    furnish(&probe.first())?;
    moved(probe)?;
    let acme = account("acme");
    let rows = rows_of(&probe.first(), &acme, 100)?;
    for row in &rows {
        for other in other(row) {
            let refused = put_in(&probe.second(), &acme, vec![other])?;
            same("what was put in", refused, PutIn::Refused(row.key()))?;
        }
    }
    same("the rows", rows_of(&probe.second(), &acme, 100)?, rows)
}

fn rows_of_one_account_are_not_anothers<S: Movable>(probe: &Probe<'_, (S, S)>) -> Verdict {
    furnish(&probe.first())?;
    moved(probe)?;
    let first = probe.first();
    let rows = rows_of(&first, &account("acme"), 100)?;
    let theirs = rows_of(&first, &account("other"), 100)?;
    let contacts =
        |rows: &[Row]| rows.iter().filter(|row| matches!(row.key(), Key::Contact(_))).count();
    same("contacts there", contacts(&theirs), 1)?;
    holds(theirs.iter().all(|row| !rows.contains(row)), "a row is in two accounts")?;
    // What is settled in one account is not in the other: its keys are free there.
    let settings = Row::Settings { revision: Revision::new(1), policy: Arc::new(reminding(0)) };
    let put = put_in(&probe.second(), &account("other"), vec![settings.clone()])?;
    same("what was put in", put, PutIn::Stored)?;
    same("the rows", rows_of(&probe.second(), &account("acme"), 100)?, rows)?;
    let there = rows_of(&probe.second(), &account("other"), 100)?;
    same("the rows there", there, core::iter::once(settings).chain(theirs).collect())
}
