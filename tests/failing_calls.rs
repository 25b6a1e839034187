//! Every call of the storage and of the outbox fails once, at its n-th use, for all n.
//!
//! The host repeats what failed, as the README says, and nothing comes of it that was not to come.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

#[path = "failing_calls/fault.rs"]
mod fault;
#[path = "failing_calls/scenario.rs"]
mod scenario;
mod support;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use optin::{
    Archive, CarrierCode, ConsentState, Decision, Entry, Event, Fact, Handover, MessageKind, OptIn,
    OptOut, Reason, Storage, Verdict, consent::ledger::fold,
};

use self::{
    fault::{Fault, Sent, status, text},
    scenario::Host,
    support::{account, now_or_never},
};

/// What must be so however often something failed.
fn holds(host: &Host, fault: &Fault) {
    let sent = host.provider.sent();
    let may_be_sent =
        |sent: &&Sent| matches!(sent.2, Handover::Accepted { .. } | Handover::Unknown);
    let texts: Vec<&Sent> = sent.iter().filter(|sent| text(sent).is_some()).collect();

    // R6.2: no text twice, and one text at most in answer to one.
    let (mut ids, mut answered) = (BTreeSet::new(), BTreeMap::new());
    for text_sent in texts.iter().copied().filter(may_be_sent) {
        assert!(ids.insert(text_sent.0.id.clone()), "{fault:?}: twice");
        if let Some(answers) = text(text_sent).unwrap().answers.clone() {
            assert_eq!(answered.insert(answers, ()), None, "{fault:?}: answered twice");
        }
    }
    let count = |kind| {
        texts
            .iter()
            .copied()
            .filter(may_be_sent)
            .filter(|it| text(it).unwrap().kind == kind)
            .count()
    };
    assert!(count(MessageKind::Message) <= 2, "{fault:?}: a request acted twice");

    // R6.1: a reminder begins at least the interval after the former prompt.
    let mut former: Option<DateTime<Utc>> = None;
    for prompt in texts.iter().copied().filter(|it| text(it).unwrap().kind.is_prompt()) {
        if text(prompt).unwrap().kind == MessageKind::Reminder {
            let waited = former.map(|former| prompt.1 - former);
            assert!(waited.is_none_or(|it| it >= TimeDelta::hours(12)), "{fault:?}: {waited:?}");
        }
        if may_be_sent(&prompt) {
            former = Some(prompt.1);
        }
    }
    let restarts = decided(host).iter().filter(|(_, reason)| *reason == Reason::Restarted).count();
    assert!(count(MessageKind::Confirmation) <= 1 + restarts, "{fault:?}: asked too often");

    // R6.6 and G10: the record is what the ledger says.
    let stored = now_or_never(host.storage.load(&host.whom)).unwrap();
    assert_eq!(fold(&entries(host)), Ok(stored.record), "{fault:?}");

    // G17: nothing is left.
    assert!(!stored.text_unfinished, "{fault:?}: a text is left");
    let far = DateTime::<Utc>::MAX_UTC;
    assert_eq!(now_or_never(host.storage.claim(far, far, 9)).unwrap(), [], "{fault:?}");
    // A status that its CRM refused for good waits for a person, until a newer one.
    let set_aside = now_or_never(host.storage.set_aside(&account(), 9)).unwrap();
    let refused = |outgoing| sent.iter().any(|sent| sent.0 == outgoing && is_refused(&sent.2));
    assert!(set_aside.iter().cloned().all(refused), "{fault:?}");

    // R6.5: what is so in the end, others are told in the end.
    if set_aside.is_empty() {
        let mut taken = sent.iter().rev().filter(|sent| is_accepted(sent)).filter_map(status);
        let told = taken.next().map(|status| status.opted_out);
        assert_eq!(told, stored.record.map(|record| record.state.opted_out()), "{fault:?}");
    }
}

fn is_active_by_keyword(host: &Host) -> bool {
    let record = now_or_never(host.storage.load(&host.whom)).unwrap().record.unwrap();
    matches!(record.state, ConsentState::Active { how: OptIn::Keyword, .. })
}

fn is_refused(handover: &Handover) -> bool {
    matches!(handover, Handover::NotSent { retry: false, .. } | Handover::Blocked { .. })
}

fn is_accepted(sent: &Sent) -> bool {
    matches!(sent.2, Handover::Accepted { .. })
}

fn entries(host: &Host) -> Vec<Entry> {
    now_or_never(host.storage.history(&host.whom, 0, usize::MAX)).unwrap()
}

/// What was decided of what the host heard, each once.
fn decided(host: &Host) -> Vec<(Decision, Reason)> {
    let heard = |entry: &Entry| {
        let Fact::Event(event) = &entry.fact else { return None };
        if matches!(**event, Event::Settled(_) | Event::StatusRequested { .. }) {
            return None;
        }
        match entry.verdict {
            // To add somebody again tells the CRM again, and changes nothing.
            Verdict::Decided { reason: Reason::AlreadyPresent, .. } => None,
            Verdict::Decided { decision, reason, .. } => Some((decision, reason)),
            _ => None,
        }
    };
    entries(host).iter().filter_map(heard).collect()
}

/// The kinds of prompts and replies that came through, in their order.
fn kinds(host: &Host) -> Vec<&'static str> {
    let sent = host.provider.sent();
    sent.iter()
        .filter(|sent| is_accepted(sent))
        .filter_map(text)
        .map(|text| text.kind.name())
        .collect()
}

#[test]
fn a_storage_that_fails_at_its_nth_call_changes_no_decision() {
    let mut runs = 0;
    for deferred in [false, true] {
        let smooth = Host::play(&Fault::Nothing, deferred);
        holds(&smooth, &Fault::Nothing);
        for (done, length) in [(false, 1), (true, 1), (false, 3), (true, 3)] {
            for n in 1.. {
                let fault = Fault::Storage { n, length, done };
                let host = Host::play(&fault, deferred);
                holds(&host, &fault);
                assert_eq!(decided(&host), decided(&smooth), "{fault:?}");
                assert!(is_active_by_keyword(&host), "{fault:?}");
                runs += 1;
                if host.failing.calls() < n {
                    break;
                }
            }
        }
    }
    println!("failing calls: {runs} runs, each with a storage that fails");
}

#[test]
fn an_outbox_that_fails_at_its_nth_call_is_made_up_for_or_in_doubt() {
    let not_sent = |retry| Handover::NotSent { retry, code: None };
    let mut runs = 0;
    for deferred in [false, true] {
        let smooth = Host::play(&Fault::Nothing, deferred);
        let (expected, prompts) = (decided(&smooth), kinds(&smooth));
        for end in [not_sent(false), not_sent(true), Handover::Unknown] {
            for n in 1..=smooth.provider.sent().len() {
                let fault = Fault::Outbox { n, end: end.clone() };
                let host = Host::play(&fault, deferred);
                holds(&host, &fault);
                let failed = &host.provider.sent()[n - 1];
                assert!(is_active_by_keyword(&host), "{fault:?}");
                let kind = text(failed).map(|text| text.kind);
                let is_prompt = kind.is_some_and(MessageKind::is_prompt);
                match &end {
                    // Its place is given back, and the next text is answered with it.
                    Handover::NotSent { retry: false, .. } if is_prompt => {
                        assert_eq!(kinds(&host), prompts, "{fault:?}");
                        assert_ne!(decided(&host), expected, "{fault:?}");
                    }
                    // It is sent a little later.
                    Handover::NotSent { retry: true, .. } => {
                        assert_eq!(kinds(&host), prompts, "{fault:?}");
                        assert_eq!(decided(&host), expected, "{fault:?}");
                    }
                    // Its place is used, and it is not sent again.
                    _ => {
                        let lost = usize::from(kind.is_some());
                        assert_eq!(kinds(&host).len(), prompts.len() - lost, "{fault:?}");
                        assert_eq!(decided(&host), expected, "{fault:?}");
                    }
                }
                runs += 1;
            }
        }
    }
    println!("failing calls: {runs} runs, each with an outbox that fails");
}

#[test]
fn a_number_that_the_carrier_blocks_at_the_nth_call_is_opted_out_with_it() {
    let mut runs = 0;
    let end = Handover::Blocked { code: CarrierCode::new("21610").unwrap() };
    for deferred in [false, true] {
        let smooth = Host::play(&Fault::Nothing, deferred);
        for n in 1..=smooth.provider.sent().len() {
            let fault = Fault::Outbox { n, end: end.clone() };
            let host = Host::play(&fault, deferred);
            holds(&host, &fault);
            let is_text = text(&host.provider.sent()[n - 1]).is_some();
            let entries = entries(&host);
            let blocks: Vec<_> = entries
                .iter()
                .filter(|it| {
                    matches!(it.verdict, Verdict::Decided { reason: Reason::CarrierBlock, .. })
                })
                .filter_map(Entry::record)
                .collect();
            assert_eq!(blocks.len(), usize::from(is_text), "{fault:?}");
            let by_carrier =
                |state| matches!(state, ConsentState::OptedOut { by: OptOut::Carrier, .. });
            assert!(blocks.iter().all(|record| by_carrier(record.state)), "{fault:?}");
            runs += 1;
        }
    }
    println!("failing calls: {runs} runs, each with a number that is blocked");
}
