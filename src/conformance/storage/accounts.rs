//! Accounts: the same numbers, ids and inboxes in another account are others.

use alloc::vec;

use crate::{
    conformance::{
        case::cases,
        failure::{Failure, Verdict, same},
        probe::Probe,
        sample::{
            LEASE, account, at, contact, keep, namesake, number, queue, queue_text, record, status,
            step, text,
        },
    },
    consent::{contact::Contact, decision::Cancel, outgoing::Crm},
    storage::{Claim, Commit, Committed, Settlement, Storage, Then},
};

cases! { Storage:
    the_same_number_in_two_accounts_is_two_contacts,
    a_revision_of_one_account_is_not_anothers,
    a_line_of_one_account_holds_up_no_other,
    a_text_is_unfinished_in_its_own_account,
    a_cancel_in_one_account_leaves_the_others,
    a_settlement_in_one_account_leaves_the_others,
    a_claim_of_one_account_is_not_settled_from_another,
    newer_statuses_of_one_account_replace_none_of_another,
    names_of_accounts_are_compared_byte_for_byte,
}

/// Two contacts with one number, each with a text of its first revision.
fn both<S: Storage>(probe: &Probe<'_, S>) -> Result<[Contact; 2], Failure> {
    let both = [contact(1), namesake(&contact(1))];
    for contact in &both {
        probe.applies(queue_text(contact, 1))?;
    }
    Ok(both)
}

/// The claim on the text of this contact.
fn claim_of<S: Storage>(probe: &Probe<'_, S>, contact: &Contact) -> Result<Claim, Failure> {
    let mut claims = probe.due(0)?.into_iter();
    let claim = claims.find(|claim| claim.outgoing.id.contact == *contact);
    claim.ok_or_else(|| Failure::new("a text of one account is due, and was not claimed"))
}

fn the_same_number_in_two_accounts_is_two_contacts<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    let (here, there) = (contact(1), namesake(&contact(1)));
    probe.applies(step(&here, 1))?;
    probe.has(&there, None)?;
    probe.applies(step(&there, 1))?;
    probe.applies(step(&there, 2))?;
    probe.has(&here, Some(record(1)))?;
    probe.has(&there, Some(record(2)))
}

fn a_revision_of_one_account_is_not_anothers<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    let (here, there) = (contact(1), namesake(&contact(1)));
    probe.applies(step(&here, 1))?;
    probe.applies(step(&here, 2))?;
    probe.answers(step(&there, 3), Committed::Conflict)?;
    probe.answers(keep(&there, 2), Committed::Conflict)?;
    probe.applies(keep(&there, 0))
}

fn a_line_of_one_account_holds_up_no_other<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    let [here, there] = both(probe)?;
    let claim = claim_of(probe, &here)?;
    probe.settles(&claim, Then::RetryAt(at(LEASE)))?;
    probe.applies(queue_text(&there, 2))?;
    same("claims", probe.due(2 * LEASE)?.len(), 2)
}

fn a_text_is_unfinished_in_its_own_account<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(queue_text(&contact(1), 1))?;
    probe.text_unfinished(&namesake(&contact(1)), false)
}

fn a_cancel_in_one_account_leaves_the_others<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    let [here, there] = both(probe)?;
    probe.applies(Commit { cancel: Cancel::AllQueued, ..step(&here, 2) })?;
    same("the message", probe.only_due(0)?.outgoing, text(&there, 1))?;
    // Nor does it name what another account is handing over.
    probe.applies(Commit { cancel: Cancel::AllQueued, ..step(&here, 3) })
}

fn a_settlement_in_one_account_leaves_the_others<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    let [here, there] = both(probe)?;
    let claim = claim_of(probe, &here)?;
    probe.settles(&claim, Then::Finish)?;
    probe.text_unfinished(&here, false)?;
    probe.text_unfinished(&there, true)?;
    same("the message", probe.only_due(LEASE)?.outgoing, text(&there, 1))
}

fn a_claim_of_one_account_is_not_settled_from_another<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(queue_text(&contact(1), 1))?;
    let claim = probe.only_due(0)?;
    let mut settle = Settlement::of(&claim, Then::Finish);
    settle.id.contact = namesake(&contact(1));
    let commit = Commit { settle: Some(settle), ..keep(&namesake(&contact(1)), 0) };
    probe.answers(commit, Committed::Stale)?;
    probe.settles(&claim, Then::Finish)
}

fn newer_statuses_of_one_account_replace_none_of_another<S: Storage>(
    probe: &Probe<'_, S>,
) -> Verdict {
    let (here, there) = (contact(1), namesake(&contact(1)));
    probe.applies(queue(&here, 1, vec![status(&here, 1, 1, Crm::Hubspot)]))?;
    probe.applies(step(&there, 1))?;
    probe.applies(queue(&there, 2, vec![status(&there, 2, 1, Crm::Hubspot)]))?;
    same("claims", probe.due(0)?.len(), 2)
}

fn names_of_accounts_are_compared_byte_for_byte<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    let names = ["acme", "ACME", "acme ", " acme", "acm\u{e9}", "acme\u{301}", "acm_", "%", "''"];
    let contacts = names.map(|name| Contact::new(account(name), number(12_065_550_100)));
    for contact in &contacts {
        probe.has(contact, None)?;
        probe.applies(step(contact, 1))?;
    }
    Ok(())
}
