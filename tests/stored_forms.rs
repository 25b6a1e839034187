//! What is written down reads back the same; what was tampered with is an error.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod support;

use std::fmt::Debug;

use chrono::{DateTime, TimeDelta, Utc};
use optin::{
    Actor, ActorId, CarrierCode, ConsentState, Content, Crm, Ending, Entry, Event, Handover,
    Keyword, Message, MessageId, MessageKind, Note, OptIn, OptOut, Outgoing, OutgoingId,
    OutgoingText, Override, Permission, Policy, Record, Refusal, Revision, Role, Settings, Settled,
    Source, Status, Text, Transition, decide,
};
use serde::{
    Deserialize, Serialize,
    de::{
        DeserializeOwned,
        value::{BytesDeserializer, Error as ValueError},
    },
};
use serde_json::{Value, json};

use self::support::{START, contact, inbox, message_id, owner, texted};

/// Both ends of time, to the millisecond, and what lies between.
fn times() -> [DateTime<Utc>; 4] {
    let last = DateTime::<Utc>::MAX_UTC.timestamp_millis();
    [
        DateTime::<Utc>::MIN_UTC,
        START,
        START + TimeDelta::milliseconds(7),
        DateTime::from_timestamp_millis(last).unwrap(),
    ]
}

fn sources() -> [Source; 5] {
    [Source::User, Source::Csv, Source::Api, Source::Hubspot, Source::Salesforce]
}

fn roles() -> [Role; 4] {
    let granted = [
        Permission::ComplianceSettings,
        Permission::OptInManagement,
        Permission::OverrideRevocation,
    ];
    [Role::Owner, Role::Admin, Role::Member([].into()), Role::Member(granted.into())]
}

fn endings(at: DateTime<Utc>) -> [Ending; 8] {
    let code = CarrierCode::new("21610").unwrap();
    [
        Ending::Accepted { provider_id: None },
        Ending::Accepted { provider_id: Some(message_id("SM9")) },
        Ending::NotSent { code: None },
        Ending::NotSent { code: Some(code.clone()) },
        Ending::Blocked { code },
        Ending::Unknown,
        Ending::Expired,
        Ending::Retry { at },
    ]
}

const KINDS: [MessageKind; 6] = [
    MessageKind::Confirmation,
    MessageKind::Reminder,
    MessageKind::OptedOut,
    MessageKind::Help,
    MessageKind::Confirmed,
    MessageKind::Message,
];

fn settled(kind: MessageKind, ended: DateTime<Utc>, ending: Ending) -> Event<'static> {
    let form = json!({"revision": u64::MAX, "kind": "help", "ended": START, "ending": "unknown"});
    let mut settled: Settled = serde_json::from_value(form).unwrap();
    (settled.kind, settled.ended, settled.ending) = (kind, ended, ending);
    Event::Settled(settled)
}

fn events(at: DateTime<Utc>) -> Vec<Event<'static>> {
    let text = Text::new(inbox(), message_id("SM1"), "“Hé\u{0}llo”\n🛑\\\"");
    let message = Message::new(inbox(), "Your table is ready");
    let code = CarrierCode::new("40300").unwrap();
    let mut events = vec![
        Event::Texted(text.clone()),
        Event::Texted(text.with_media(true).with_provider_replied(true).with_sent_at(at)),
        Event::CarrierBlocked { code },
        Event::MessageRequested(message.clone()),
    ];
    for source in sources() {
        for opted_out in [None, Some(false), Some(true)] {
            events.push(Event::Added { source, opted_out });
        }
    }
    for role in roles() {
        let actor = Actor::new(ActorId::new("bo").unwrap(), role);
        events.push(Event::DeclaredExisting { actor: actor.clone() });
        for to in [Override::Active, Override::OptedOut] {
            for note in [None, Some(Note::new("by phone").unwrap())] {
                events.push(Event::Overridden { actor: actor.clone(), to, note });
            }
        }
        let message = message.clone().with_actor(actor);
        let message = message.with_request(message_id("R1")).with_not_after(at);
        events.push(Event::MessageRequested(message));
    }
    for ending in endings(at) {
        events.extend(KINDS.map(|kind| settled(kind, at, ending.clone())));
    }
    events
}

fn step(record: Option<&Record>, body: &str, now: DateTime<Utc>) -> Transition {
    decide(&Policy::default(), record, &texted("SM1", body), now).unwrap()
}

fn records(at: DateTime<Utc>) -> Vec<Record> {
    let asked = step(None, "Hi", at).record.unwrap();
    let stopped = step(Some(&asked), "STOP", at).record.unwrap();
    let back = step(Some(&stopped), "START", at).record.unwrap();
    let added = Event::Added { source: Source::Csv, opted_out: None };
    let added = decide(&Policy::default(), None, &added, at).unwrap().record.unwrap();
    let how = [
        OptIn::Keyword,
        OptIn::Override,
        OptIn::Existing,
        OptIn::Added,
        OptIn::FirstText,
        OptIn::Restart,
    ];
    let by = [OptOut::Staff, OptOut::Import, OptOut::Crm, OptOut::Contact, OptOut::Carrier];
    let states = how.map(|how| ConsentState::Active { how, since: at }).into_iter();
    let states = states.chain(by.map(|by| ConsentState::OptedOut { by, since: at }));
    let mut records = vec![asked, stopped, back, added];
    for state in states {
        let mut record = back;
        (record.state, record.help_replied_at) = (state, Some(at));
        (record.revision, record.cancelled_before) = (Revision::new(u64::MAX), Revision::new(7));
        records.push(record);
    }
    let mut shown = asked;
    if let ConsentState::Pending(pending) = &mut shown.state {
        pending.keywords_shown = Keyword::ALL.to_vec().into();
        (pending.last_prompt, pending.not_sent_in_row) = (Some(at), u8::MAX);
    }
    records.push(shown);
    records
}

fn entries(at: DateTime<Utc>) -> Vec<Entry> {
    let number = contact(1).number();
    let mut entries = Vec::new();
    for event in events(at) {
        let transition = step(None, "Hi", at);
        entries.extend(Entry::of_decision(number, &event, &transition, Revision::new(3), at));
        for refusal in [
            Refusal::Forbidden(Permission::OptInManagement),
            Refusal::BadSettings,
            Refusal::UnknownContact,
            Refusal::CarrierBlocked,
            Refusal::Revoked,
            Refusal::NotOptedIn,
        ] {
            entries.push(Entry::of_refusal(number, &event, refusal, Revision::default(), at));
        }
    }
    let settings = settings();
    for set in settings.iter().map(Ok).chain([Err(Refusal::BadSettings)]) {
        entries.push(Entry::of_policy_change(owner(), set, Revision::default(), at));
    }
    entries
}

fn outgoing(at: DateTime<Utc>) -> Vec<Outgoing> {
    let id = OutgoingId::new(contact(1), Revision::new(u64::MAX), u8::MAX);
    let texts = KINDS.map(|kind| {
        let mut text: OutgoingText = step(None, "Hi", START).text.unwrap();
        (text.kind, text.not_after) = (kind, at);
        text.answers = text.answers.filter(|_| kind != MessageKind::Message);
        Content::Text(text)
    });
    let statuses = Crm::ALL.map(|crm| Content::Status(Status::new(crm, crm == Crm::Hubspot)));
    let contents = texts.into_iter().chain(statuses);
    contents.map(|content| Outgoing::new(id.clone(), at, content)).collect()
}

fn settings() -> Vec<Policy> {
    let mut all = Settings { double_opt_in: false, ..Settings::default() };
    all.prompt.keyword = Keyword::Approve;
    all.prompt.before = "“Hé”\n\u{0}".into();
    all.keywords.opt_out = vec!["basta".into(), "🛑 7".into()];
    all.keywords.help = vec!["aid".into()];
    (all.replies.opted_out, all.replies.opted_out_final) = (None, None);
    (all.replies.help, all.replies.confirmed) = (Some("Call".into()), Some("Thanks".into()));
    (all.sync.hubspot, all.sync.salesforce) = (true, true);
    vec![Policy::default(), Policy::new(all).unwrap()]
}

fn holds<T: Serialize + DeserializeOwned + PartialEq + Debug>(values: &[T]) {
    for value in values {
        let json = serde_json::to_string(value).unwrap();
        assert_eq!(&serde_json::from_str::<T>(&json).unwrap(), value, "{json}");
        assert_eq!(serde_json::from_slice::<T>(json.as_bytes()).unwrap(), *value);
    }
}

/// Cut off anywhere, or with another type at any leaf, it is an error.
fn resists<T: Serialize + DeserializeOwned + PartialEq + Debug>(values: &[T], defaults: bool) {
    for value in values.iter().step_by(1 + values.len() / 40) {
        let json = serde_json::to_string(value).unwrap();
        for end in (0..json.len()).filter(|&end| json.is_char_boundary(end)) {
            assert!(serde_json::from_str::<T>(&json[..end]).is_err(), "{}", &json[..end]);
        }
        let form: Value = serde_json::from_str(&json).unwrap();
        let mut paths = Vec::new();
        leaves(&form, String::new(), &mut paths);
        assert!(!paths.is_empty(), "{json}");
        for path in paths {
            for other in [json!({"x": 1}), json!(-1.5), json!([[]])] {
                let mut form = form.clone();
                *form.pointer_mut(&path).unwrap() = other;
                let read = serde_json::from_value::<T>(form.clone());
                assert!(read.is_err(), "{path} in {form}");
            }
        }
        for field in form.as_object().unwrap().keys() {
            let mut form = form.clone();
            let without = form.as_object_mut().unwrap().remove(field);
            let optional = defaults || without == Some(Value::Null) || is_option(field);
            let read = serde_json::from_value::<T>(form.clone());
            assert!(read.is_err() || optional, "without {field}: {form}");
        }
    }
}

/// Fields that may be absent: what they say then is that nothing is known.
fn is_option(field: &str) -> bool {
    matches!(field, "help_replied_at" | "restarts" | "number")
}

fn leaves(form: &Value, path: String, paths: &mut Vec<String>) {
    match form {
        Value::Object(fields) => {
            for (name, field) in fields {
                leaves(field, format!("{path}/{name}"), paths);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            paths.push(path);
        }
    }
}

#[test]
fn every_record_reads_back_and_a_tampered_one_is_an_error() {
    holds(&times().map(records).concat());
    resists(&records(START), false);
}

#[test]
fn every_entry_reads_back_and_a_tampered_one_is_an_error() {
    holds(&times().map(entries).concat());
    resists(&entries(START), false);
}

#[test]
fn every_message_reads_back_and_a_tampered_one_is_an_error() {
    holds(&times().map(outgoing).concat());
    resists(&outgoing(START), false);
}

#[test]
fn every_policy_reads_back_and_a_tampered_one_is_an_error() {
    holds(&settings());
    resists(&settings(), true);
}

#[test]
fn every_handover_reads_back() {
    let code = CarrierCode::new("30008").unwrap();
    for handover in [
        Handover::Accepted { provider_id: Some(message_id("SM9")) },
        Handover::Accepted { provider_id: None },
        Handover::NotSent { retry: true, code: Some(code.clone()) },
        Handover::NotSent { retry: false, code: None },
        Handover::Blocked { code },
        Handover::Unknown,
    ] {
        let json = serde_json::to_string(&handover).unwrap();
        assert_eq!(serde_json::from_str::<Handover>(&json).unwrap(), handover);
    }
}

#[test]
fn unknown_words_and_values_out_of_bounds_are_errors() {
    let entry = serde_json::to_value(&entries(START)[0]).unwrap();
    let record = serde_json::to_value(records(START)[0]).unwrap();
    for (path, other) in [
        ("/at", json!("+262143-01-01T00:00:00Z")),
        ("/at", json!("yesterday")),
        ("/number", json!("12065550100")),
        ("/number", json!("+1206555010012345")),
        ("/policy_revision", json!(-1)),
        ("/fact", json!({"rumour": {}})),
        ("/verdict/decided/reason", json!("whim")),
        ("/verdict/decided/text/from", json!("x".repeat(257))),
        ("/fact/event/texted/id", json!("")),
    ] {
        let mut form = entry.clone();
        *form.pointer_mut(path).unwrap() = other;
        assert!(serde_json::from_value::<Entry>(form.clone()).is_err(), "{form}");
    }
    for (path, other) in [
        ("/state", json!("active")),
        ("/state", json!({"asleep": {}})),
        ("/state/pending/prompts_used", json!(256)),
        ("/state/pending/keywords_shown", json!(["AGREE"])),
        ("/revision", json!(1.0e30)),
    ] {
        let mut form = record.clone();
        *form.pointer_mut(path).unwrap() = other;
        assert!(serde_json::from_value::<Record>(form.clone()).is_err(), "{form}");
    }
}

/// What stood there may be anybody's number: the error names what should have.
#[test]
fn an_error_says_what_was_expected_and_not_what_was_found() {
    let error = |json: &str| serde_json::from_str::<Settings>(json).unwrap_err().to_string();
    assert!(error("[]").contains("expected an object"), "{}", error("[]"));
    for found in ["true", "-20655501", "20655501", "2.0655501", "[20655501]"] {
        let error = serde_json::from_str::<MessageId>(found).unwrap_err().to_string();
        let bare = found.trim_matches(['[', ']', '-']);
        assert!(error.contains("a string") && !error.contains(bare), "{found}: {error}");
    }
    let bytes = BytesDeserializer::<ValueError>::new(b"20655501");
    assert_eq!(MessageId::deserialize(bytes).unwrap_err().to_string(), "expected a string");
    let id: MessageId = serde_json::from_str(r#""a\u0062c""#).unwrap();
    assert_eq!(id.as_str(), "abc");
    assert_eq!(serde_json::from_str::<MessageId>(r#""abc""#).unwrap(), id);
    let owned: MessageId = serde_json::from_value("abc".into()).unwrap();
    assert_eq!(owned, id);
}
