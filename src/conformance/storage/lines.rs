//! Claims: each message to one caller, in the order of its line, and lines apart.

use alloc::{vec, vec::Vec};

use crate::{
    conformance::{
        case::cases,
        failure::{Failure, Verdict, holds, same},
        probe::Probe,
        sample::{
            LEASE, at, contact, namesake, queue, queue_text, status, step, text, text_of_kind,
        },
    },
    consent::{
        outgoing::{ClaimToken, Content, Crm, Destination, MessageKind},
        record::Revision,
    },
    storage::{Claim, Commit, Storage, Task, Then},
};

cases! { Storage:
    a_message_is_claimed_by_one_caller,
    a_claim_is_told_in_full,
    a_message_is_claimed_as_it_was_queued,
    a_line_gives_its_texts_in_order,
    revisions_are_ordered_as_numbers,
    a_text_waits_for_the_one_before_it,
    a_crm_that_waits_holds_up_no_text,
    one_crm_holds_up_no_other,
    a_contact_that_waits_holds_up_no_other,
    a_claim_takes_no_more_than_its_limit,
    a_claim_of_nothing_takes_nothing,
    claims_one_by_one_take_all,
    a_claim_spans_accounts,
    the_newest_status_arrives_last,
    a_status_waits_for_the_one_before_it,
    a_status_set_free_again_does_not_undo_a_newer_one,
}

fn a_message_is_claimed_by_one_caller<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(queue_text(&contact(1), 1))?;
    probe.only_due(0)?;
    probe.nothing_due(0)?;
    probe.nothing_due(1)
}

fn a_claim_is_told_in_full<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(queue_text(&contact(1), 1))?;
    let claim = Claim {
        outgoing: text(&contact(1), 1),
        token: ClaimToken::new(1),
        until: at(LEASE),
        attempts: 0,
        task: Task::HandOver,
    };
    same("the claims", probe.claim(at(0), at(LEASE), 10)?, vec![claim])
}

fn a_message_is_claimed_as_it_was_queued<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    let kinds = [
        MessageKind::Confirmation,
        MessageKind::Reminder,
        MessageKind::OptedOut,
        MessageKind::Help,
        MessageKind::Confirmed,
        MessageKind::Message,
    ];
    for (n, kind) in (1..).zip(kinds) {
        let message = text_of_kind(&contact(n), 1, kind);
        probe.applies(queue(&contact(n), 1, vec![message.clone()]))?;
        same("the message", probe.only_due(0)?.outgoing, message)?;
    }
    for (n, crm) in (7..).zip(Crm::ALL) {
        for revision in 1..=2 {
            let message = status(&contact(n), revision, 1, crm);
            probe.applies(queue(&contact(n), revision, vec![message.clone()]))?;
            let claim = probe.only_due(0)?;
            same("the message", &claim.outgoing, &message)?;
            probe.settles(&claim, Then::Finish)?;
        }
    }
    Ok(())
}

/// Takes and finishes what is due until nothing is, and says in which order.
fn drained<S: Storage>(probe: &Probe<'_, S>) -> Result<Vec<(Destination, Revision)>, Failure> {
    let mut order = Vec::new();
    for _ in 0..100 {
        let claims = probe.due(0)?;
        if claims.is_empty() {
            return Ok(order);
        }
        for claim in claims {
            order.push((claim.outgoing.destination(), claim.outgoing.id.revision));
            probe.settles(&claim, Then::Finish)?;
        }
    }
    Err(Failure::new("what is finished is due again and again"))
}

fn a_line_gives_its_texts_in_order<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    texts_in_order(probe, 1, 5)
}

fn revisions_are_ordered_as_numbers<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    texts_in_order(probe, 8, 12)?;
    texts_in_order(probe, 98, 102)
}

/// Texts of these revisions come in their order.
fn texts_in_order<S: Storage>(probe: &Probe<'_, S>, first: u64, last: u64) -> Verdict {
    let contact = contact(first);
    for revision in 1..first {
        probe.applies(step(&contact, revision))?;
    }
    for revision in first..=last {
        probe.applies(queue_text(&contact, revision))?;
    }
    let expected = (first..=last).map(|revision| (Destination::Phone, Revision::new(revision)));
    same("the order", drained(probe)?, expected.collect())
}

fn a_text_waits_for_the_one_before_it<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(queue_text(&contact(1), 1))?;
    probe.applies(queue_text(&contact(1), 2))?;
    let first = probe.only_due(0)?;
    probe.nothing_due(LEASE - 1)?;
    probe.settles(&first, Then::RetryAt(at(LEASE)))?;
    probe.nothing_due(LEASE - 1)?;
    let again = probe.only_due(LEASE)?;
    same("the message", &again.outgoing, &first.outgoing)?;
    probe.settles(&again, Then::Finish)?;
    same("the message", probe.only_due(LEASE)?.outgoing, text(&contact(1), 2))
}

fn a_crm_that_waits_holds_up_no_text<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(queue(&contact(1), 1, vec![status(&contact(1), 1, 1, Crm::Hubspot)]))?;
    let waits = probe.only_due(0)?;
    probe.applies(queue_text(&contact(1), 2))?;
    same("the message", probe.only_due(0)?.outgoing, text(&contact(1), 2))?;
    probe.settles(&waits, Then::RetryAt(at(LEASE)))?;
    probe.applies(queue_text(&contact(2), 1))?;
    same("the message", probe.only_due(0)?.outgoing, text(&contact(2), 1))
}

fn one_crm_holds_up_no_other<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    let hubspot = status(&contact(1), 1, 1, Crm::Hubspot);
    let salesforce = status(&contact(1), 2, 1, Crm::Salesforce);
    probe.applies(queue(&contact(1), 1, vec![hubspot]))?;
    probe.only_due(0)?;
    probe.applies(queue(&contact(1), 2, vec![salesforce.clone()]))?;
    same("the message", probe.only_due(0)?.outgoing, salesforce)
}

fn a_contact_that_waits_holds_up_no_other<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(queue_text(&contact(1), 1))?;
    probe.only_due(0)?;
    probe.applies(queue_text(&contact(2), 1))?;
    same("the message", probe.only_due(0)?.outgoing, text(&contact(2), 1))
}

fn a_claim_takes_no_more_than_its_limit<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    for n in 1..=5 {
        probe.applies(queue_text(&contact(n), 1))?;
    }
    let taken = probe.claim(at(0), at(LEASE), 3)?.len();
    holds((1..=3).contains(&taken), "a claim of 3 took nothing where 5 are due")?;
    same("what is left", probe.due(0)?.len(), 5_usize.saturating_sub(taken))
}

fn a_claim_of_nothing_takes_nothing<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(queue_text(&contact(1), 1))?;
    same("the claims", probe.claim(at(0), at(LEASE), 0)?, Vec::new())?;
    probe.only_due(0).map(drop)
}

fn claims_one_by_one_take_all<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    for n in 1..=20 {
        probe.applies(queue_text(&contact(n), 1))?;
    }
    let mut numbers = Vec::new();
    for _ in 0..20 {
        let claims = probe.claim(at(0), at(LEASE), 1)?;
        numbers.extend(claims.into_iter().map(|claim| claim.outgoing.id.contact.number()));
    }
    numbers.sort_unstable();
    same("the contacts", numbers, (1..=20).map(|n| contact(n).number()).collect())
}

fn a_claim_spans_accounts<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    let contacts = [contact(1), namesake(&contact(1)), contact(2), namesake(&contact(3))];
    for contact in &contacts {
        probe.applies(queue_text(contact, 1))?;
    }
    let claims = probe.due(0)?;
    for contact in &contacts {
        let of_it = claims.iter().filter(|claim| claim.outgoing.id.contact == *contact);
        same("claims of a contact", of_it.count(), 1)?;
    }
    same("claims", claims.len(), contacts.len())
}

fn the_newest_status_arrives_last<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    for revision in 1..=5 {
        let messages = [(1, Crm::Hubspot), (2, Crm::Salesforce)]
            .map(|(n, crm)| status(&contact(1), revision, n, crm));
        probe.applies(queue(&contact(1), revision, messages.into()))?;
    }
    let order = drained(probe)?;
    for crm in Crm::ALL {
        let of_it: Vec<u64> = order
            .iter()
            .filter(|(destination, _)| *destination == Destination::Crm(crm))
            .map(|(_, revision)| revision.number())
            .collect();
        holds(of_it.is_sorted_by(|a, b| a < b), "statuses came out of order, or twice")?;
        same("the last status", of_it.last(), Some(&5))?;
    }
    Ok(())
}

fn a_status_waits_for_the_one_before_it<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(queue(&contact(1), 1, vec![status(&contact(1), 1, 1, Crm::Hubspot)]))?;
    let first = probe.only_due(0)?;
    let newer = status(&contact(1), 2, 1, Crm::Hubspot);
    probe.applies(queue(&contact(1), 2, vec![newer.clone()]))?;
    probe.nothing_due(LEASE - 1)?;
    probe.settles(&first, Then::Finish)?;
    same("the message", probe.only_due(LEASE - 1)?.outgoing, newer)
}

fn a_status_set_free_again_does_not_undo_a_newer_one<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(queue(&contact(1), 1, vec![status(&contact(1), 1, 1, Crm::Hubspot)]))?;
    let older = probe.only_due(0)?;
    let newer = status(&contact(1), 2, 1, Crm::Hubspot);
    probe.applies(Commit { outgoing: vec![newer], ..step(&contact(1), 2) })?;
    probe.settles(&older, Then::RetryAt(at(0)))?;
    let order = drained(probe)?;
    let revisions: Vec<u64> = order.iter().map(|(_, revision)| revision.number()).collect();
    let told_last = revisions == [1, 2] || revisions == [2];
    holds(told_last, "an older status was handed over after a newer one, or the newer never")
}

/// Whether it is a text.
pub(super) fn is_text(claim: &Claim) -> bool {
    matches!(claim.outgoing.content, Content::Text(_))
}
