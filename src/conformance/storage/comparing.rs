//! Compare-and-swap: a commit is applied under the record that is stored, and under no other.

use crate::{
    conformance::{
        case::cases,
        failure::{Verdict, same},
        probe::Probe,
        sample::{SECOND, at, contact, keep, record, step, with_state},
    },
    consent::{
        keyword::{Keyword, KeywordSet},
        record::{Record, RestartWindow, Revision},
        state::{ConsentState, OptIn, OptOut, Outstanding, Pending},
    },
    storage::{Change, Commit, Committed, CurrentPolicy, Snapshot, Storage},
};

cases! { Storage:
    nothing_is_stored_of_an_absent_contact,
    a_first_record_is_stored_where_none_is,
    a_first_record_is_refused_where_one_is,
    a_record_is_replaced_under_its_revision,
    a_record_is_not_replaced_under_an_earlier_revision,
    a_record_is_not_replaced_under_a_later_revision,
    a_record_is_not_replaced_under_another_of_its_revision,
    a_record_is_not_replaced_where_none_is,
    a_kept_record_stays_with_its_revision,
    a_kept_absence_stays,
    a_record_is_not_kept_under_another_revision,
    a_record_is_not_kept_under_another_of_its_revision,
    an_absence_is_not_kept_where_a_record_is,
    a_record_is_not_kept_where_none_is,
    every_record_comes_back_whole,
}

fn nothing_is_stored_of_an_absent_contact<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    let nothing = Snapshot {
        current: CurrentPolicy::default(),
        record: None,
        text_unfinished: false,
        suppressed: false,
    };
    same("the snapshot", probe.load(&contact(1))?, nothing)
}

fn a_first_record_is_stored_where_none_is<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(step(&contact(1), 1))?;
    probe.has(&contact(1), Some(record(1)))?;
    probe.has(&contact(2), None)
}

fn a_first_record_is_refused_where_one_is<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(step(&contact(1), 1))?;
    let other = Record { help_replied_at: Some(at(0)), ..record(1) };
    let commit = Commit { change: Change::Put(other), ..keep(&contact(1), 0) };
    probe.answers(commit, Committed::Conflict)?;
    probe.has(&contact(1), Some(record(1)))
}

fn a_record_is_replaced_under_its_revision<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    for revision in 1..=20 {
        probe.applies(step(&contact(1), revision))?;
        probe.has(&contact(1), Some(record(revision)))?;
    }
    Ok(())
}

fn a_record_is_not_replaced_under_an_earlier_revision<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    for revision in 1..=3 {
        probe.applies(step(&contact(1), revision))?;
    }
    for revision in 1..=3 {
        probe.answers(step(&contact(1), revision), Committed::Conflict)?;
        probe.has(&contact(1), Some(record(3)))?;
    }
    Ok(())
}

fn a_record_is_not_replaced_under_a_later_revision<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(step(&contact(1), 1))?;
    probe.answers(step(&contact(1), 3), Committed::Conflict)?;
    probe.has(&contact(1), Some(record(1)))
}

/// Records of revision 1 that are like `record(1)` but for one thing.
fn others() -> [Record; 6] {
    let since = at(SECOND);
    let pending = ConsentState::Pending(Pending::default());
    let opted_out = ConsentState::OptedOut { by: OptOut::Contact, since };
    let later = ConsentState::Active { how: OptIn::Keyword, since: at(SECOND + 1) };
    [
        with_state(1, pending),
        with_state(1, opted_out),
        with_state(1, later),
        Record { help_replied_at: Some(since), ..record(1) },
        Record { restarts: Some(RestartWindow { began: since, count: 1 }), ..record(1) },
        Record { cancelled_before: Revision::new(1), ..record(1) },
    ]
}

fn a_record_is_not_replaced_under_another_of_its_revision<S: Storage>(
    probe: &Probe<'_, S>,
) -> Verdict {
    probe.applies(step(&contact(1), 1))?;
    for other in others() {
        let commit = Commit { expected: Some(other), ..step(&contact(1), 2) };
        probe.answers(commit, Committed::Conflict)?;
        probe.has(&contact(1), Some(record(1)))?;
    }
    probe.applies(step(&contact(1), 2))
}

fn a_record_is_not_replaced_where_none_is<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.answers(step(&contact(1), 2), Committed::Conflict)?;
    probe.has(&contact(1), None)
}

fn a_kept_record_stays_with_its_revision<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(step(&contact(1), 1))?;
    probe.applies(keep(&contact(1), 1))?;
    probe.has(&contact(1), Some(record(1)))?;
    probe.applies(step(&contact(1), 2))
}

fn a_kept_absence_stays<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(keep(&contact(1), 0))?;
    probe.has(&contact(1), None)?;
    probe.applies(step(&contact(1), 1))
}

fn a_record_is_not_kept_under_another_revision<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(step(&contact(1), 1))?;
    probe.applies(step(&contact(1), 2))?;
    probe.answers(keep(&contact(1), 1), Committed::Conflict)?;
    probe.answers(keep(&contact(1), 3), Committed::Conflict)
}

fn a_record_is_not_kept_under_another_of_its_revision<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(step(&contact(1), 1))?;
    for other in others() {
        let commit = Commit { expected: Some(other), ..keep(&contact(1), 1) };
        probe.answers(commit, Committed::Conflict)?;
    }
    probe.applies(keep(&contact(1), 1))
}

fn an_absence_is_not_kept_where_a_record_is<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(step(&contact(1), 1))?;
    probe.answers(keep(&contact(1), 0), Committed::Conflict)
}

fn a_record_is_not_kept_where_none_is<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.answers(keep(&contact(1), 1), Committed::Conflict)
}

fn every_record_comes_back_whole<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    let shown = KeywordSet::default().with(Keyword::Yes).with(Keyword::Approve);
    let outstanding = Outstanding {
        revision: Revision::new(5),
        until: at(1),
        prompts_used: 1,
        last_prompt: Some(at(2)),
        keywords_shown: KeywordSet::default().with(Keyword::Yes),
    };
    let pending = Pending {
        prompts_used: 2,
        last_prompt: Some(at(3)),
        keywords_shown: shown,
        outstanding: Some(outstanding),
        not_sent_in_row: 2,
        texted: true,
    };
    let first = Outstanding { last_prompt: None, ..outstanding };
    let asked = Pending { outstanding: Some(first), last_prompt: None, ..pending };
    let opted_in = [
        OptIn::Keyword,
        OptIn::Override,
        OptIn::Existing,
        OptIn::Added,
        OptIn::FirstText,
        OptIn::Restart,
    ];
    let opted_out = [OptOut::Staff, OptOut::Import, OptOut::Crm, OptOut::Contact, OptOut::Carrier];
    let states = [pending, asked, Pending::default()].map(ConsentState::Pending).into_iter();
    let states = states
        .chain(opted_in.map(|how| ConsentState::Active { how, since: at(4) }))
        .chain(opted_out.map(|by| ConsentState::OptedOut { by, since: at(5) }));
    for (n, state) in (1..).zip(states) {
        let plain = with_state(1, state);
        let full = Record {
            revision: Revision::new(2),
            help_replied_at: Some(at(6)),
            restarts: Some(RestartWindow { began: at(7), count: 3 }),
            cancelled_before: Revision::new(2),
            ..plain
        };
        probe.applies(Commit { change: Change::Put(plain), ..keep(&contact(n), 0) })?;
        probe.has(&contact(n), Some(plain))?;
        let change = Change::Put(full);
        probe.applies(Commit { expected: Some(plain), change, ..keep(&contact(n), 1) })?;
        probe.has(&contact(n), Some(full))?;
    }
    Ok(())
}
