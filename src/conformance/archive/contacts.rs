//! Contacts: pages by number, and how many are in each state.

use alloc::vec::Vec;

use crate::{
    conformance::{
        case::cases,
        failure::{Failure, Verdict, same},
        probe::Probe,
        sample::{account, at, contact, keep, namesake, number, record, step, with_state},
    },
    consent::{
        contact::{Contact, PhoneNumber},
        id::AccountId,
        record::Record,
        standing::Standing,
        state::{ConsentState, OptIn, OptOut, Pending},
    },
    storage::{Archive, Change, Commit, Counts},
};

cases! { Archive:
    contacts_are_listed_by_number,
    contacts_have_pages,
    a_list_of_contacts_has_their_present_records,
    contacts_of_one_account_are_not_anothers,
    contacts_are_listed_by_state,
    a_contact_that_changes_is_listed_where_it_stands,
    contacts_are_counted_by_state,
    a_contact_that_changes_is_counted_once,
}

type Listed = Vec<(PhoneNumber, Record)>;

fn contacts<S: Archive>(
    probe: &Probe<'_, S>,
    account: &AccountId,
    after: Option<PhoneNumber>,
    limit: usize,
) -> Result<Listed, Failure> {
    probe.wait("contacts", probe.storage.contacts(account, None, after, limit))
}

fn counts<S: Archive>(probe: &Probe<'_, S>, account: &AccountId) -> Result<Counts, Failure> {
    probe.wait("counts", probe.storage.counts(account))
}

fn contacts_are_listed_by_number<S: Archive>(probe: &Probe<'_, S>) -> Verdict {
    let acme = account("acme");
    same("the contacts", contacts(probe, &acme, None, 10)?, Vec::new())?;
    let mut numbers = [99, 10, 999_999_999_999_999, 100, 12_065_550_100, 9_999_999_999].map(number);
    for number in numbers {
        probe.applies(step(&Contact::new(acme.clone(), number), 1))?;
    }
    numbers.sort_unstable();
    let listed = contacts(probe, &acme, None, 10)?;
    same("the contacts", listed, numbers.map(|number| (number, record(1))).into())
}

fn contacts_have_pages<S: Archive>(probe: &Probe<'_, S>) -> Verdict {
    let acme = account("acme");
    for n in 1..=5 {
        probe.applies(step(&contact(n), 1))?;
    }
    let number_of = |n| contact(n).number();
    let pages = [
        (None, 2, 1..3),
        (Some(number_of(2)), 2, 3..5),
        (Some(number_of(4)), 2, 5..6),
        (Some(number_of(5)), 2, 6..6),
        (Some(number(10)), usize::MAX, 1..6),
        (None, 0, 1..1),
    ];
    for (after, limit, expected) in pages {
        let page = contacts(probe, &acme, after, limit)?;
        same("a page", page, expected.map(|n| (number_of(n), record(1))).collect())?;
    }
    Ok(())
}

fn a_list_of_contacts_has_their_present_records<S: Archive>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(step(&contact(1), 1))?;
    probe.applies(step(&contact(1), 2))?;
    probe.applies(keep(&contact(2), 0))?;
    let listed = contacts(probe, &account("acme"), None, 10)?;
    same("the contacts", listed, [(contact(1).number(), record(2))].into())
}

fn contacts_of_one_account_are_not_anothers<S: Archive>(probe: &Probe<'_, S>) -> Verdict {
    let there = namesake(&contact(2));
    probe.applies(step(&contact(1), 1))?;
    probe.applies(step(&there, 1))?;
    probe.applies(step(&there, 2))?;
    let listed = contacts(probe, there.account(), None, 10)?;
    same("the contacts", listed, [(there.number(), record(2))].into())?;
    same("active contacts", counts(probe, there.account())?.active, 1)
}

fn standing<S: Archive>(
    probe: &Probe<'_, S>,
    standing: Standing,
    after: Option<PhoneNumber>,
    limit: usize,
) -> Result<Vec<PhoneNumber>, Failure> {
    let acme = account("acme");
    let listed = probe.storage.contacts(&acme, Some(standing), after, limit);
    let listed = probe.wait("contacts", listed)?;
    Ok(listed.into_iter().map(|(number, _)| number).collect())
}

fn contacts_are_listed_by_state<S: Archive>(probe: &Probe<'_, S>) -> Verdict {
    let [pending, active, opted_out] = states();
    for (n, state) in (1..).zip([opted_out, pending, active, active, opted_out, active]) {
        into_state(probe, n, 1, state)?;
    }
    probe.applies(step(&namesake(&contact(2)), 1))?;
    let number_of = |n| contact(n).number();
    same("pending", standing(probe, Standing::Pending, None, 10)?, [2].map(number_of).into())?;
    let opted_out = standing(probe, Standing::OptedOut, None, 10)?;
    same("opted out", opted_out, [1, 5].map(number_of).into())?;
    for (after, limit, page) in [
        (None, 10, &[3, 4, 6][..]),
        (None, 2, &[3, 4]),
        (Some(4), 2, &[6]),
        (Some(5), 2, &[6]),
        (Some(6), 2, &[]),
        (None, 0, &[]),
    ] {
        let listed = standing(probe, Standing::Active, after.map(number_of), limit)?;
        same("a page of active", listed, page.iter().map(|&n| number_of(n)).collect())?;
    }
    Ok(())
}

fn a_contact_that_changes_is_listed_where_it_stands<S: Archive>(probe: &Probe<'_, S>) -> Verdict {
    let steps = states().into_iter().chain([ConsentState::Pending(Pending::default())]);
    for (revision, state) in (1..).zip(steps) {
        into_state(probe, 1, revision, state)?;
        for asked in Standing::ALL {
            let expected = (asked == state.standing()).then_some(contact(1).number());
            let listed = standing(probe, asked, None, 10)?;
            same("who stands so", listed, expected.into_iter().collect())?;
        }
    }
    Ok(())
}

/// Makes this revision of a contact, in this state.
fn into_state<S: Archive>(
    probe: &Probe<'_, S>,
    n: u64,
    revision: u64,
    state: ConsentState,
) -> Verdict {
    let change = Change::Put(with_state(revision, state));
    let expected = probe.load(&contact(n))?.record;
    probe.applies(Commit { expected, change, ..keep(&contact(n), 0) })
}

fn states() -> [ConsentState; 3] {
    [
        ConsentState::Pending(Pending::default()),
        ConsentState::Active { how: OptIn::Existing, since: at(0) },
        ConsentState::OptedOut { by: OptOut::Carrier, since: at(0) },
    ]
}

fn contacts_are_counted_by_state<S: Archive>(probe: &Probe<'_, S>) -> Verdict {
    same("the counts", counts(probe, &account("acme"))?, Counts::default())?;
    let [pending, active, opted_out] = states();
    let states = [pending, active, active, opted_out, opted_out, opted_out];
    for (n, state) in (1..).zip(states) {
        into_state(probe, n, 1, state)?;
    }
    let expected = Counts { pending: 1, active: 2, opted_out: 3 };
    same("the counts", counts(probe, &account("acme"))?, expected)
}

fn a_contact_that_changes_is_counted_once<S: Archive>(probe: &Probe<'_, S>) -> Verdict {
    let [pending, active, opted_out] = states();
    let zero = Counts::default();
    let steps = [
        (pending, Counts { pending: 1, ..zero }),
        (active, Counts { active: 1, ..zero }),
        (opted_out, Counts { opted_out: 1, ..zero }),
        (pending, Counts { pending: 1, ..zero }),
    ];
    for (revision, (state, expected)) in (1..).zip(steps) {
        into_state(probe, 1, revision, state)?;
        same("the counts", counts(probe, &account("acme"))?, expected)?;
    }
    Ok(())
}
