//! What the public strategies give: everything they say, and nothing that cannot be.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

#[path = "support/run.rs"]
mod run;
mod support;

use std::collections::BTreeSet;

use optin::{
    ConsentState, Policy, Reading, Record, Settings, Verdict,
    strategies::{
        any_bodies, any_contacts, any_records, any_settings, any_times, bodies, contact, histories,
        records, records_under, settings, times,
    },
};
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{TestRng, TestRunner},
};

/// So many values, the same in each run.
fn values<S: Strategy>(strategy: &S, count: usize) -> Vec<S::Value> {
    let rng = TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(ProptestConfig::default(), rng);
    (0..count).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect()
}

fn with_help() -> Policy {
    let mut settings = Settings::default();
    settings.replies.help = Some("Call us.".into());
    Policy::new(settings).unwrap()
}

#[test]
fn settings_are_within_their_bounds_and_any_settings_are_not_always() {
    for settings in values(&settings(), 1_000) {
        assert_eq!(Policy::new(settings).err(), None);
    }
    let refused: BTreeSet<&str> = values(&any_settings(), 2_000)
        .into_iter()
        .filter_map(|settings| Policy::new(settings).err())
        .map(|refused| refused.field)
        .collect();
    let expected = [
        "keywords.help",
        "keywords.opt_out",
        "keywords.restart",
        "prompt",
        "prompt.opt_out_notice",
        "reminders.interval_hours",
        "reminders.max",
        "replies.confirmed",
        "replies.help",
        "replies.opted_out",
        "replies.opted_out_final",
        "restarts.max",
        "restarts.window_days",
    ];
    assert_eq!(Vec::from_iter(refused), expected);
    let taken = values(&any_settings(), 1_000).into_iter().map(Policy::new).filter(Result::is_ok);
    let taken = taken.count();
    assert!((200..800).contains(&taken), "{taken} of 1,000 are taken");
}

#[test]
fn bodies_have_every_reading_and_any_bodies_are_of_any_length() {
    let policy = with_help();
    let read = |body| policy.matcher().read(body, false);
    let readings: Vec<Reading> = values(&bodies(), 1_000).into_iter().map(read).collect();
    let is_keyword = |of: &Reading| matches!(of, Reading::Answer { keyword: Some(_), .. });
    let is_restart = |of: &Reading| matches!(of, Reading::Answer { restart: true, keyword: None });
    assert!(readings.iter().any(is_keyword) && readings.iter().any(is_restart));
    for reading in [
        Reading::OptOut,
        Reading::Help,
        Reading::Reaction,
        Reading::SuspectedOptOut,
        Reading::Refusal,
        Reading::Other,
    ] {
        assert!(readings.contains(&reading), "{reading:?}");
    }
    let longest = values(&any_bodies(), 1_000).iter().map(String::len).max().unwrap();
    assert!(longest > 16_384, "R2.8's bound is crossed");
}

#[test]
fn records_are_what_histories_lead_to_and_any_records_are_not() {
    let stored = |record: &Record| match &record.state {
        ConsentState::Pending(pending) => pending.prompts_used <= 4,
        ConsentState::Active { .. } | ConsentState::OptedOut { .. } => true,
    };
    let kinds = |records: &[Record]| {
        let waits = |record: &&Record| record.pending().is_some_and(|it| it.outstanding.is_some());
        let names: BTreeSet<&str> = records.iter().map(|record| record.state.name()).collect();
        (names.len(), records.iter().any(|record| waits(&record)))
    };
    for reached in [values(&records(), 1_000), values(&records_under(with_help()), 1_000)] {
        assert!(reached.iter().all(stored));
        assert_eq!(kinds(&reached), (3, true));
        assert!(reached.iter().any(|record| record.restarts.is_some()));
    }
    assert!(
        values(&records_under(with_help()), 1_000)
            .iter()
            .any(|record| record.help_replied_at.is_some())
    );
    let any = values(&any_records(), 1_000);
    assert_eq!(kinds(&any), (3, true));
    assert!(!any.iter().all(stored));
}

#[test]
fn times_and_contacts_meet_and_go_to_the_ends() {
    let near = values(&times(), 1_000);
    let span = *near.iter().max().unwrap() - *near.iter().min().unwrap();
    assert!(span > chrono::TimeDelta::hours(48) && span < chrono::TimeDelta::hours(60));
    let any = values(&any_times(), 1_000);
    for end in [chrono::DateTime::<chrono::Utc>::MIN_UTC, chrono::DateTime::<chrono::Utc>::MAX_UTC]
    {
        assert!(any.contains(&end));
    }
    let contacts = values(&any_contacts(), 1_000);
    let accounts: BTreeSet<_> = contacts.iter().map(|contact| contact.account()).collect();
    let digits = |contact: &optin::Contact| contact.number().to_e164().len() - 1;
    let lengths: BTreeSet<_> = contacts.iter().map(digits).collect();
    assert_eq!((accounts.len(), lengths.len()), (2, 14));
    assert!(contacts.contains(&contact(0)));
}

#[test]
fn histories_reach_every_decision_and_reason() {
    let (mut decisions, mut reasons, mut refusals) =
        (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for history in values(&histories(), 1_200) {
        let trace = run::run(&history);
        let outcomes = trace.taken.iter().filter_map(|taken| taken.outcome.as_ref());
        for outcome in outcomes {
            match outcome {
                Ok(outcome) => {
                    decisions.insert(outcome.decision.name());
                    reasons.insert(outcome.reason.name());
                }
                Err(refusal) => drop(refusals.insert(refusal.name())),
            }
        }
        for entry in trace.entries(&contact(0)) {
            if let Verdict::Decided { reason, .. } = entry.verdict {
                reasons.insert(reason.name());
            }
        }
    }
    assert_eq!(decisions.len(), 7, "{decisions:?}");
    assert_eq!(reasons.len(), 32, "{reasons:?}");
    // Settings are always changed by somebody who may, to what is valid.
    assert_eq!(refusals.len(), 5, "{refusals:?}");
}
