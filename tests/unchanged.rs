//! What changes nothing leaves the record alone, and what is given is kept as it was given.
#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use chrono::{DateTime, Utc};
use optin::{
    ConsentState, Event, Note, OptIn, PhoneNumber, Policy, Reason, Record, Settings, Text,
    Transition, decide,
};
use support::{START, inbox, message_id, owner};

fn helpful() -> Policy {
    let mut settings = Settings::default();
    settings.replies.help = Some("Call us.".into());
    Policy::new(settings).unwrap()
}

fn active() -> Record {
    let existing = Event::DeclaredExisting { actor: owner() };
    decide(&Policy::default(), None, &existing, START).unwrap().record.unwrap()
}

fn texted(policy: &Policy, record: Option<&Record>, text: Text<'_>) -> Transition {
    decide(policy, record, &Event::Texted(text), START).unwrap()
}

fn text(body: &str) -> Text<'_> {
    Text::new(inbox(), message_id("SM1"), body)
}

/// R4.3
#[test]
fn help_that_the_provider_answered_changes_nothing() {
    let help = text("HELP").with_provider_replied(true);
    let transition = texted(&helpful(), Some(&active()), help);
    assert_eq!(transition.reason, Reason::HelpKeyword);
    assert_eq!(transition.record, None);
}

/// R4.1: the commonest text of all costs one read.
#[test]
fn what_someone_active_says_without_consequence_is_not_remembered() {
    for body in ["See you at ten", "no", "please stop", "Liked “Hi”", "OK"] {
        let transition = texted(&helpful(), Some(&active()), text(body));
        assert!(!transition.remember && transition.record.is_none(), "{body}");
    }
    for body in ["YES", "START", "STOP", "HELP"] {
        assert!(texted(&helpful(), Some(&active()), text(body)).remember, "{body}");
    }
}

/// RULES 0
#[test]
fn a_leap_second_runs_into_the_next() {
    let leap: DateTime<Utc> = "2016-12-31T23:59:60Z".parse().unwrap();
    let next: DateTime<Utc> = "2017-01-01T00:00:00Z".parse().unwrap();
    let existing = Event::DeclaredExisting { actor: owner() };
    let transition = decide(&Policy::default(), None, &existing, leap).unwrap();
    let since = next;
    assert_eq!(transition.state, Some(ConsentState::Active { how: OptIn::Existing, since }));
}

#[test]
fn what_is_given_is_kept_as_it_was_given() {
    assert_eq!(Note::new(" by phone ").unwrap().as_str(), " by phone ");
    let number = PhoneNumber::parse("+12065550100").unwrap();
    assert_eq!((number.to_e164().as_str(), number.to_digits()), ("+12065550100", 12_065_550_100));
    assert_eq!(PhoneNumber::from_digits(12_065_550_100), Ok(number));
}

/// RULES 0: E.164 is `+`, then 2 to 15 digits, the first not 0.
#[test]
fn a_number_is_e_164_or_none() {
    for good in ["+10", "+999999999999999"] {
        let number = PhoneNumber::parse(good).unwrap();
        assert_eq!(PhoneNumber::from_digits(number.to_digits()), Ok(number));
    }
    let bad = ["", "+", "+1", "+01", "+1000000000000000", "10", "+1 2", "+1a", "++10", "+१२"];
    for bad in bad {
        assert!(PhoneNumber::parse(bad).is_err(), "{bad}");
    }
    for bad in [0, 9, 1_000_000_000_000_000, u64::MAX] {
        assert!(PhoneNumber::from_digits(bad).is_err(), "{bad}");
    }
}
