//! Races for one record, one mark, one account's settings: one wins, and loses nothing.

use alloc::{collections::BTreeSet, format, vec::Vec};
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::THREADS;
use crate::{
    conformance::{
        case::cases,
        failure::{Failure, Verdict, holds, same},
        probe::Probe,
        sample::{
            account, contact, queue_text, record, reminding, request_mark, settings_change, step,
            text_mark,
        },
    },
    consent::{contact::Contact, decision::Cancel},
    storage::{Commit, Committed, Mark, PolicyCommitted, Storage},
};

cases! { Storage:
    no_update_is_lost,
    one_of_many_under_a_revision_is_applied,
    one_of_many_first_records_is_stored,
    one_of_many_repeats_of_a_commit_is_applied,
    one_of_many_texts_with_an_id_is_applied,
    one_of_many_requests_with_an_id_is_applied,
    a_mark_that_lost_under_contention_does_not_stay,
    one_of_many_changes_of_settings_is_applied,
    a_load_never_sees_half_a_commit,
}

/// Commits what `make` makes of the stored revision until it is not in conflict any more.
fn until_applied<S: Storage>(
    probe: &Probe<'_, S>,
    contact: &Contact,
    make: impl Fn(u64) -> Commit,
) -> Result<(u64, Committed), Failure> {
    // Of those in conflict one is always applied: this many cannot all be overtaken.
    for _ in 0..10_000 {
        let stored = probe.load(contact)?.record;
        let revision = stored.map_or(0, |record| record.revision.number());
        match probe.commit(make(revision))? {
            Committed::Conflict => {}
            other @ (Committed::Applied { .. } | Committed::Duplicate | Committed::Stale) => {
                return Ok((revision, other));
            }
        }
    }
    Err(Failure::new("in conflict again and again, and nobody else commits"))
}

fn is_applied(committed: &Committed) -> bool {
    matches!(committed, Committed::Applied { .. })
}

fn no_update_is_lost<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    let contact = contact(1);
    let made = probe.at_once(THREADS, |_| {
        let mut made = Vec::new();
        for _ in 0..probe.rounds {
            let next = |revision| step(&contact, revision + 1);
            let (revision, committed) = until_applied(probe, &contact, next)?;
            holds(is_applied(&committed), "a commit without mark or settlement was refused")?;
            made.push(revision + 1);
        }
        Ok(made)
    })?;
    let last = THREADS * probe.rounds;
    probe.has(&contact, Some(record(last)))?;
    let revisions: BTreeSet<u64> = made.into_iter().flatten().collect();
    same("revisions, each made once", revisions, (1..=last).collect())
}

/// Of the same commit by many, in each round one is applied, and the others get this.
fn one_wins<S: Storage>(
    probe: &Probe<'_, S>,
    make: impl Fn(u64, u64) -> Commit + Sync,
    others: &[Committed],
) -> Verdict {
    for round in 1..=probe.rounds {
        let answers = probe.at_once(THREADS, |thread| probe.commit(make(round, thread)))?;
        let (applied, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(is_applied);
        same("commits applied", applied.len(), 1)?;
        for answer in refused {
            holds(others.contains(&answer), &format!("{answer:?} for one that came too late"))?;
        }
    }
    Ok(())
}

fn one_of_many_under_a_revision_is_applied<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    one_wins(probe, |round, _| step(&contact(1), round), &[Committed::Conflict])?;
    probe.has(&contact(1), Some(record(probe.rounds)))
}

fn one_of_many_first_records_is_stored<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    one_wins(probe, |round, _| step(&contact(round), 1), &[Committed::Conflict])
}

fn one_of_many_repeats_of_a_commit_is_applied<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    let make = |round, _| {
        let mark = Some(text_mark(&format!("SM{round}")));
        Commit { mark, ..queue_text(&contact(round), 1) }
    };
    one_wins(probe, make, &[Committed::Conflict, Committed::Duplicate])?;
    let claimed: BTreeSet<_> =
        probe.due(0)?.into_iter().map(|claim| claim.outgoing.id.contact).collect();
    same("texts", claimed, (1..=probe.rounds).map(contact).collect())
}

/// The same mark for another contact each.
fn one_mark_wins<S: Storage>(probe: &Probe<'_, S>, mark: fn(&str) -> Mark) -> Verdict {
    let make = |round, thread| {
        let mark = Some(mark(&format!("M{round}")));
        Commit { mark, ..step(&contact(round * THREADS + thread), 1) }
    };
    one_wins(probe, make, &[Committed::Duplicate])?;
    let mut stored = 0;
    for n in THREADS..(probe.rounds + 1) * THREADS {
        stored += u64::from(probe.load(&contact(n))?.record.is_some());
    }
    same("records", stored, probe.rounds)
}

fn one_of_many_texts_with_an_id_is_applied<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    one_mark_wins(probe, text_mark)
}

fn one_of_many_requests_with_an_id_is_applied<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    one_mark_wins(probe, request_mark)
}

fn a_mark_that_lost_under_contention_does_not_stay<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    let contact = contact(1);
    for round in 0..probe.rounds {
        let stored = round * THREADS;
        probe.at_once(THREADS, |thread| {
            let mark = text_mark(&format!("SM{round}-{thread}"));
            let text =
                |revision| Commit { mark: Some(mark.clone()), ..step(&contact, revision + 1) };
            // All but one lose the first time, and repeat.
            let mut committed = probe.commit(text(stored))?;
            if committed == Committed::Conflict {
                (_, committed) = until_applied(probe, &contact, text)?;
            }
            let stayed = "a text that had never been applied was a duplicate: its mark stayed";
            holds(committed != Committed::Duplicate, stayed)?;
            holds(is_applied(&committed), "a commit without settlement was stale")
        })?;
    }
    probe.has(&contact, Some(record(THREADS * probe.rounds)))
}

fn one_of_many_changes_of_settings_is_applied<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    let account = account("acme");
    for revision in 0..probe.rounds {
        let answers = probe.at_once(THREADS, |_| {
            probe.set_policy(settings_change(&account, revision, Some(reminding(2))))
        })?;
        let applied = answers.iter().filter(|answer| **answer == PolicyCommitted::Applied);
        same("changes applied", applied.count(), 1)?;
    }
    same("the revision", probe.policy(&account)?.revision.number(), probe.rounds)
}

fn a_load_never_sees_half_a_commit<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    let contact = contact(1);
    let (readers, written) = (AtomicU64::new(THREADS - 1), AtomicBool::new(false));
    probe.at_once(THREADS, |thread| {
        if thread == 0 {
            let wrote = write_by_turns(probe, &contact, &readers);
            written.store(true, Ordering::Release);
            wrote
        } else {
            let read = read_whole(probe, &contact, &written);
            readers.fetch_sub(1, Ordering::AcqRel);
            read
        }
    })?;
    Ok(())
}

/// While there are readers: odd revisions queue a text, even ones take it back.
fn write_by_turns<S: Storage>(
    probe: &Probe<'_, S>,
    contact: &Contact,
    readers: &AtomicU64,
) -> Verdict {
    let revisions = (1..1_000 * probe.rounds).step_by(2);
    for revision in revisions.take_while(|_| readers.load(Ordering::Acquire) > 0) {
        probe.applies(queue_text(contact, revision))?;
        let cancel = Cancel::AllQueued;
        probe.applies(Commit { cancel, ..step(contact, revision + 1) })?;
    }
    Ok(())
}

/// Reads until so many revisions were seen as there are rounds.
fn read_whole<S: Storage>(
    probe: &Probe<'_, S>,
    contact: &Contact,
    written: &AtomicBool,
) -> Verdict {
    let mut seen = BTreeSet::new();
    while (seen.len() as u64) < probe.rounds && !written.load(Ordering::Acquire) {
        let snapshot = probe.load(contact)?;
        let revision = snapshot.record.map_or(0, |record| record.revision.number());
        same("text_unfinished", snapshot.text_unfinished, revision % 2 == 1)?;
        seen.insert(revision);
    }
    Ok(())
}
