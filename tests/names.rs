//! Names are those that stored forms have: one name per thing.
#![allow(clippy::unwrap_used, reason = "a test")]

use chrono::DateTime;
use optin::{
    Actor, ActorId, CarrierCode, ClaimToken, ConsentState, Crm, Decision, Destination, Ending,
    Event, Handover, InboxId, Message, MessageId, MessageKind, OptIn, OptOut, Override, Pending,
    Permission, Reason, Refusal, Role, Settled, Source, Text, state_name,
};
use serde::Serialize;
use serde_json::{Value, json, to_value};

fn is_named(value: &impl Serialize, name: &str) {
    let stored = match to_value(value).unwrap() {
        Value::Object(fields) => fields.keys().next().unwrap().clone(),
        stored => stored.as_str().unwrap().into(),
    };
    assert_eq!(name, stored);
}

#[test]
fn who_and_how_are_named_as_stored() {
    use OptIn::{Added, Existing, FirstText, Keyword, Override, Restart};
    for how in [Keyword, Override, Existing, Added, FirstText, Restart] {
        is_named(&how, how.name());
    }
    for by in [OptOut::Staff, OptOut::Import, OptOut::Crm, OptOut::Contact, OptOut::Carrier] {
        is_named(&by, by.name());
    }
    use Source::{Api, Csv, Hubspot, Salesforce, User};
    for source in [User, Csv, Api, Hubspot, Salesforce] {
        is_named(&source, source.name());
    }
    use Permission::{ComplianceSettings, OptInManagement, OverrideRevocation};
    for permission in [ComplianceSettings, OptInManagement, OverrideRevocation] {
        is_named(&permission, permission.name());
    }
    for crm in Crm::ALL {
        is_named(&crm, crm.name());
        assert_eq!(Destination::Crm(crm).name(), crm.name());
    }
    assert_eq!(Destination::Phone.name(), "phone");
}

#[test]
fn what_is_decided_is_named_as_stored() {
    use Decision::{Deliver, MarkActive, OptOut, SendConfirmation, SendHelp, SendReminder};
    let none = Decision::None;
    for decision in [SendConfirmation, SendReminder, MarkActive, OptOut, SendHelp, Deliver, none] {
        is_named(&decision, decision.name());
    }
    for reason in [Reason::Duplicate, Reason::NotAskedYet, Reason::StatusRequested, Reason::Retry] {
        is_named(&reason, reason.name());
    }
    use MessageKind::{Confirmation, Confirmed, Help, Message, OptedOut, Reminder};
    for kind in [Confirmation, Reminder, OptedOut, Help, Confirmed, Message] {
        is_named(&kind, kind.name());
    }
    let forbidden = Refusal::Forbidden(Permission::OptInManagement);
    for refusal in [forbidden, Refusal::BadSettings, Refusal::CarrierBlocked, Refusal::NotOptedIn] {
        is_named(&refusal, refusal.name());
    }
}

#[test]
fn states_are_named_as_stored_and_their_absence_has_a_name() {
    let since = DateTime::UNIX_EPOCH;
    let states = [
        ConsentState::Pending(Pending::default()),
        ConsentState::Active { how: OptIn::Keyword, since },
        ConsentState::OptedOut { by: OptOut::Contact, since },
    ];
    for state in &states {
        is_named(state, state.name());
        assert_eq!(state_name(Some(state)), state.name());
    }
    assert_eq!(state_name(None), "absent");
}

#[test]
fn events_are_named_as_stored() {
    let actor = Actor::new(ActorId::new("ana").unwrap(), Role::Owner);
    let inbox = InboxId::new("+18885550100").unwrap();
    let settled: Settled = serde_json::from_value(json!({
        "revision": 1, "kind": "help", "ended": "2026-03-01T09:00:00Z", "ending": Ending::Unknown,
    }))
    .unwrap();
    for event in [
        Event::Texted(Text::new(inbox.clone(), MessageId::new("SM1").unwrap(), "Hi")),
        Event::Added { source: Source::Api, opted_out: None },
        Event::DeclaredExisting { actor: actor.clone() },
        Event::Overridden { actor, to: Override::Active, note: None },
        Event::CarrierBlocked { code: CarrierCode::new("21610").unwrap() },
        Event::MessageRequested(Message::new(inbox, "Your table is ready")),
        Event::StatusRequested { crm: Crm::Hubspot },
        Event::Settled(settled),
    ] {
        is_named(&event, event.name());
    }
}

#[test]
fn ends_of_hand_overs_are_named_as_stored() {
    let code = CarrierCode::new("21610").unwrap();
    for handover in [
        Handover::Accepted { provider_id: None },
        Handover::NotSent { retry: true, code: None },
        Handover::Blocked { code },
        Handover::Unknown,
    ] {
        is_named(&handover, handover.name());
    }
}

#[test]
fn a_claim_keeps_its_number() {
    assert_eq!(ClaimToken::new(7).number(), 7);
}
