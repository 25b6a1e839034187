//! Loading: settings, record and unfinished text as of one moment.

use alloc::{sync::Arc, vec};

use crate::{
    conformance::{
        case::cases,
        failure::{Verdict, same},
        probe::Probe,
        sample::{
            LEASE, at, contact, keep, queue, queue_text, record, reminding, settings_change,
            status, step,
        },
    },
    consent::{decision::Cancel, outgoing::Crm, record::Revision},
    storage::{Commit, CurrentPolicy, PolicyCommitted, Snapshot, Storage, Then},
};

cases! { Storage:
    a_snapshot_has_settings_record_and_text,
    a_text_is_unfinished_until_it_is_settled,
    a_leased_text_is_unfinished,
    a_text_queued_again_is_unfinished,
    a_text_whose_lease_ended_is_unfinished,
    a_text_taken_back_is_not_unfinished,
    a_text_set_aside_is_not_unfinished,
    a_status_is_no_unfinished_text,
    one_unfinished_text_of_two_is_enough,
}

fn a_snapshot_has_settings_record_and_text<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    let contact = contact(1);
    let set = probe.set_policy(settings_change(contact.account(), 0, Some(reminding(2))))?;
    same("set_policy", set, PolicyCommitted::Applied)?;
    probe.applies(queue_text(&contact, 1))?;
    let current = CurrentPolicy { policy: Arc::new(reminding(2)), revision: Revision::new(1) };
    let snapshot =
        Snapshot { current, record: Some(record(1)), text_unfinished: true, suppressed: false };
    same("the snapshot", probe.load(&contact)?, snapshot)
}

fn a_text_is_unfinished_until_it_is_settled<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(queue_text(&contact(1), 1))?;
    probe.text_unfinished(&contact(1), true)?;
    probe.text_unfinished(&contact(2), false)?;
    let claim = probe.only_due(0)?;
    probe.text_unfinished(&contact(1), true)?;
    probe.settles(&claim, Then::Finish)?;
    probe.text_unfinished(&contact(1), false)
}

fn a_leased_text_is_unfinished<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(Commit { lease: Some(at(LEASE)), ..queue_text(&contact(1), 1) })?;
    probe.text_unfinished(&contact(1), true)
}

fn a_text_queued_again_is_unfinished<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(queue_text(&contact(1), 1))?;
    let claim = probe.only_due(0)?;
    probe.settles(&claim, Then::RetryAt(at(LEASE)))?;
    probe.text_unfinished(&contact(1), true)
}

fn a_text_whose_lease_ended_is_unfinished<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(queue_text(&contact(1), 1))?;
    probe.only_due(0)?;
    probe.only_due(LEASE)?;
    probe.text_unfinished(&contact(1), true)
}

fn a_text_taken_back_is_not_unfinished<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(queue_text(&contact(1), 1))?;
    probe.applies(Commit { cancel: Cancel::Prompts, ..step(&contact(1), 2) })?;
    probe.text_unfinished(&contact(1), false)
}

fn a_text_set_aside_is_not_unfinished<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(queue_text(&contact(1), 1))?;
    let claim = probe.only_due(0)?;
    probe.settles(&claim, Then::SetAside)?;
    probe.text_unfinished(&contact(1), false)
}

fn a_status_is_no_unfinished_text<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    let message = status(&contact(1), 1, 1, Crm::Hubspot);
    probe.applies(queue(&contact(1), 1, vec![message]))?;
    probe.text_unfinished(&contact(1), false)?;
    probe.only_due(0)?;
    probe.text_unfinished(&contact(1), false)
}

fn one_unfinished_text_of_two_is_enough<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(queue_text(&contact(1), 1))?;
    probe.applies(queue_text(&contact(1), 2))?;
    let claim = probe.only_due(0)?;
    probe.settles(&claim, Then::Finish)?;
    probe.text_unfinished(&contact(1), true)?;
    probe.applies(Commit { cancel: Cancel::AllQueued, ..keep(&contact(1), 2) })?;
    probe.text_unfinished(&contact(1), false)
}
