//! Settlements: the token of a message's last claim ends it, and no other.

use alloc::vec;

use crate::{
    conformance::{
        case::cases,
        failure::{Verdict, same},
        probe::Probe,
        sample::{
            LEASE, at, contact, end, end_of, keep, queue, queue_text, record, status, step, text,
            text_mark, text_of_kind,
        },
    },
    consent::{
        decision::Cancel,
        outgoing::{ClaimToken, Crm, MessageKind},
    },
    storage::{Claim, Commit, Committed, Settlement, Storage, Then},
};

cases! { Storage:
    a_settlement_finishes_its_message,
    a_settlement_with_an_earlier_token_is_stale,
    a_settlement_with_a_token_to_come_is_stale,
    a_settlement_of_a_finished_message_is_stale,
    a_settlement_of_a_message_not_claimed_is_stale,
    a_settlement_of_an_unknown_message_is_stale,
    a_settlement_of_another_message_is_stale,
    a_settlement_of_a_message_decided_at_another_time_is_stale,
    a_settlement_of_a_message_queued_again_is_stale,
    a_settlement_of_a_message_set_aside_is_stale,
    a_late_settlement_counts_until_the_message_is_claimed_again,
    a_late_settlement_is_stale_once_the_message_is_claimed_again,
    one_commit_does_all_that_it_says,
}

/// A commit that ends the claim under another token.
fn under(claim: &Claim, token: u64) -> Commit {
    let settle =
        Settlement { token: ClaimToken::new(token), ..Settlement::of(claim, Then::Finish) };
    Commit { settle: Some(settle), ..keep(&claim.outgoing.id.contact, 1) }
}

fn a_settlement_finishes_its_message<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(queue_text(&contact(1), 1))?;
    let claim = probe.only_due(0)?;
    probe.settles(&claim, Then::Finish)?;
    probe.text_unfinished(&contact(1), false)?;
    probe.nothing_due(10 * LEASE)
}

fn a_settlement_with_an_earlier_token_is_stale<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    let message = status(&contact(1), 1, 1, Crm::Hubspot);
    probe.applies(queue(&contact(1), 1, vec![message]))?;
    let first = probe.only_due(0)?;
    let second = probe.only_due(LEASE)?;
    same("the settlement", probe.settle(&first, Then::Finish)?, Committed::Stale)?;
    probe.settles(&second, Then::Finish)
}

fn a_settlement_with_a_token_to_come_is_stale<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(queue_text(&contact(1), 1))?;
    let claim = probe.only_due(0)?;
    for ahead in 1..=3 {
        probe.answers(under(&claim, claim.token.number() + ahead), Committed::Stale)?;
    }
    probe.settles(&claim, Then::Finish)
}

fn a_settlement_of_a_finished_message_is_stale<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(queue_text(&contact(1), 1))?;
    let claim = probe.only_due(0)?;
    probe.settles(&claim, Then::Finish)?;
    same("the settlement", probe.settle(&claim, Then::Finish)?, Committed::Stale)?;
    same("the settlement", probe.settle(&claim, Then::RetryAt(at(0)))?, Committed::Stale)?;
    probe.nothing_due(LEASE)
}

fn a_settlement_of_a_message_not_claimed_is_stale<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(queue_text(&contact(1), 1))?;
    for token in 0..3 {
        let settle = end_of(&text(&contact(1), 1), token);
        let commit = Commit { settle: Some(settle), ..keep(&contact(1), 1) };
        probe.answers(commit, Committed::Stale)?;
    }
    same("due", probe.only_due(0)?.outgoing, text(&contact(1), 1))
}

/// As of someone who was erased meanwhile, and wrote again.
fn a_settlement_of_a_message_decided_at_another_time_is_stale<S: Storage>(
    probe: &Probe<'_, S>,
) -> Verdict {
    probe.applies(queue_text(&contact(1), 1))?;
    let claim = probe.only_due(0)?;
    for then in [Then::Finish, Then::SetAside, Then::RetryAt(at(0))] {
        for decided_at in [at(-1), at(1)] {
            let settle = Settlement { decided_at, ..end(&claim, then) };
            let commit = Commit { settle: Some(settle), ..keep(&contact(1), 1) };
            probe.answers(commit, Committed::Stale)?;
        }
    }
    probe.settles(&claim, Then::Finish)
}

fn a_settlement_of_an_unknown_message_is_stale<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(queue_text(&contact(1), 1))?;
    let claim = probe.only_due(0)?;
    let settle = Settlement { id: text(&contact(1), 2).id, ..Settlement::of(&claim, Then::Finish) };
    probe.answers(Commit { settle: Some(settle), ..keep(&contact(1), 1) }, Committed::Stale)?;
    probe.settles(&claim, Then::Finish)
}

fn a_settlement_of_another_message_is_stale<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    let of_a_crm = status(&contact(1), 1, 1, Crm::Hubspot);
    probe.applies(queue(&contact(1), 1, vec![text(&contact(1), 1), of_a_crm.clone()]))?;
    let claims = probe.due(0)?;
    same("claims", claims.len(), 2)?;
    for claim in &claims {
        probe.settles(claim, Then::RetryAt(at(LEASE)))?;
    }
    // Each is claimed for the second time, but the text alone is claimed now.
    let again = probe.claim(at(LEASE), at(2 * LEASE), 1)?;
    same("claims", again.len(), 1)?;
    for claim in again {
        let other =
            if claim.outgoing == of_a_crm { text(&contact(1), 1) } else { of_a_crm.clone() };
        let settle = Settlement { id: other.id, ..Settlement::of(&claim, Then::Finish) };
        probe.answers(Commit { settle: Some(settle), ..keep(&contact(1), 1) }, Committed::Stale)?;
        probe.settles(&claim, Then::Finish)?;
    }
    Ok(())
}

fn a_settlement_of_a_message_queued_again_is_stale<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(queue_text(&contact(1), 1))?;
    let claim = probe.only_due(0)?;
    probe.settles(&claim, Then::RetryAt(at(LEASE)))?;
    same("the settlement", probe.settle(&claim, Then::Finish)?, Committed::Stale)?;
    probe.only_due(LEASE).map(drop)
}

fn a_settlement_of_a_message_set_aside_is_stale<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    probe.applies(queue_text(&contact(1), 1))?;
    let claim = probe.only_due(0)?;
    probe.settles(&claim, Then::SetAside)?;
    same("the settlement", probe.settle(&claim, Then::RetryAt(at(0)))?, Committed::Stale)?;
    probe.nothing_due(LEASE)
}

fn a_late_settlement_counts_until_the_message_is_claimed_again<S: Storage>(
    probe: &Probe<'_, S>,
) -> Verdict {
    probe.applies(queue_text(&contact(1), 1))?;
    let claim = probe.only_due(0)?;
    let settle = Some(Settlement::of(&claim, Then::Finish));
    probe.applies(Commit { settle, at: at(10 * LEASE), ..keep(&contact(1), 1) })?;
    probe.nothing_due(20 * LEASE)
}

fn a_late_settlement_is_stale_once_the_message_is_claimed_again<S: Storage>(
    probe: &Probe<'_, S>,
) -> Verdict {
    probe.applies(queue_text(&contact(1), 1))?;
    let late = probe.only_due(0)?;
    let again = probe.only_due(LEASE)?;
    for then in [Then::Finish, Then::RetryAt(at(LEASE)), Then::SetAside] {
        same("the settlement", probe.settle(&late, then)?, Committed::Stale)?;
    }
    probe.nothing_due(LEASE)?;
    probe.settles(&again, Then::Finish)
}

fn one_commit_does_all_that_it_says<S: Storage>(probe: &Probe<'_, S>) -> Verdict {
    let contact = contact(1);
    probe.applies(queue_text(&contact, 1))?;
    let claim = probe.only_due(0)?;
    probe.applies(queue(&contact, 2, vec![text(&contact, 2)]))?;
    let reply = text_of_kind(&contact, 3, MessageKind::OptedOut);
    let told = status(&contact, 3, 1, Crm::Salesforce);
    probe.applies(Commit {
        mark: Some(text_mark("SM3")),
        outgoing: vec![reply.clone(), told.clone()],
        lease: Some(at(LEASE)),
        cancel: Cancel::AllQueued,
        settle: Some(Settlement::of(&claim, Then::Finish)),
        ..step(&contact, 3)
    })?;
    probe.has(&contact, Some(record(3)))?;
    probe.text_unfinished(&contact, true)?;
    let again = Commit { mark: Some(text_mark("SM3")), ..keep(&contact, 3) };
    probe.answers(again, Committed::Duplicate)?;
    same("due", probe.only_due(0)?.outgoing, told)?;
    let settle = end_of(&reply, 1);
    probe.applies(Commit { settle: Some(settle), ..keep(&contact, 3) })?;
    probe.text_unfinished(&contact, false)
}
