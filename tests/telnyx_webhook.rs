//! Telnyx's webhooks: what is signed, and lately, is read; what is not, is not.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod provider;
mod support;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::{DateTime, TimeDelta, Utc};
use ed25519_dalek::{Signer, SigningKey};
use http::HeaderMap;
use optin::{
    CarrierCode, Engine, Event, Handover, InboxId, MessageId, Outbox, Outgoing, PhoneNumber, Text,
    provider::{
        Arrival, MAX_BODY, Received, Unreadable, Unverified,
        telnyx::{PublicKey, Webhook},
    },
    store::MemoryStorage,
};
use proptest::prelude::*;
use provider::{contact, flipped, flipped_headers};
use serde_json::{Value, json};
use support::{Clock, START, now_or_never};

fn signing_key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

fn keys() -> [PublicKey; 1] {
    [public(&signing_key())]
}

fn public(key: &SigningKey) -> PublicKey {
    PublicKey::parse(&STANDARD.encode(key.verifying_key().as_bytes())).unwrap()
}

fn signed(body: &[u8], at: DateTime<Utc>) -> HeaderMap {
    let timestamp = at.timestamp().to_string();
    let message = [timestamp.as_bytes(), b"|", body].concat();
    let signature = STANDARD.encode(signing_key().sign(&message).to_bytes());
    let mut headers = HeaderMap::new();
    headers.insert("content-type", "application/json".parse().unwrap());
    headers.insert("telnyx-signature-ed25519", signature.parse().unwrap());
    headers.insert("telnyx-timestamp", timestamp.parse().unwrap());
    headers
}

/// After *Inbound message*.
fn received() -> Value {
    json!({"data": {
        "record_type": "event",
        "id": "bf6307bd-884d-4c1f-b6ea-c62b8c495d3c",
        "event_type": "message.received",
        "occurred_at": "2026-03-01T08:59:59.500Z",
        "payload": {
            "record_type": "message", "direction": "inbound", "id": "7ee4241c", "type": "SMS",
            "from": {"phone_number": "+12065550100", "carrier": "", "line_type": "Wireless"},
            "to": [{"phone_number": "+18885550100", "status": "webhook_delivered"}],
            "cc": [], "text": "Café 😀?", "subject": null, "media": [], "encoding": "UCS-2",
            "parts": 1, "cost": null, "errors": [], "autoresponse_type": null,
            "received_at": "2026-03-01T08:59:59.250+00:00", "sent_at": null, "valid_until": null
        }
    }, "meta": {"attempt": 1, "delivered_to": "https://example.com"}})
}

/// After *Receiving Webhooks for Messaging*.
fn finalized(status: &str, errors: Value) -> Value {
    json!({"data": {"event_type": "message.finalized", "id": "4ee8c3a6", "payload": {
        "id": "40385f64", "type": "SMS", "direction": "outbound",
        "from": {"phone_number": "+18885550100"},
        "to": [{"phone_number": "+12065550100", "status": status}],
        "errors": errors, "text": "Hi"
    }}})
}

fn with(pointer: &str, value: Value) -> Value {
    let mut webhook = received();
    let (object, field) = pointer.rsplit_once('/').unwrap();
    let object = webhook.pointer_mut(&format!("/data/payload{object}")).unwrap();
    object[field] = value;
    webhook
}

fn without(field: &str) -> Value {
    let mut webhook = received();
    let payload = webhook.pointer_mut("/data/payload").unwrap().as_object_mut().unwrap();
    assert!(payload.remove(field).is_some());
    webhook
}

fn read(webhook: &Value) -> Result<Received, Unreadable> {
    let body = serde_json::to_vec(webhook).unwrap();
    let headers = signed(&body, START);
    Webhook::new(&headers, &body).verify(&keys(), START).unwrap().read()
}

fn inbox() -> InboxId {
    InboxId::new("+18885550100").unwrap()
}

fn text(body: &'static str) -> Text<'static> {
    let sent_at = DateTime::parse_from_rfc3339("2026-03-01T08:59:59.250Z").unwrap().to_utc();
    Text::new(inbox(), MessageId::new("7ee4241c").unwrap(), body).with_sent_at(sent_at)
}

fn a_text(text: Text<'static>) -> Result<Received, Unreadable> {
    let from = PhoneNumber::parse("+12065550100").unwrap();
    Ok(Received::Text { from, inbox: inbox(), event: Event::Texted(text) })
}

#[test]
fn a_text_is_read() {
    assert_eq!(read(&received()), a_text(text("Café 😀?")));
    let stop = with("/autoresponse_type", json!("STOP"));
    assert_eq!(read(&stop), a_text(text("Café 😀?").with_provider_replied(true)));
    let picture = with("/media", json!([{"url": "https://example.com/1.png", "size": 1}]));
    assert_eq!(read(&picture), a_text(text("Café 😀?").with_media(true)));
    let mut wordless = picture;
    wordless["data"]["payload"]["text"] = Value::Null;
    assert_eq!(read(&wordless), a_text(text("").with_media(true)));
    // The least that makes a text.
    let bare = json!({"data": {"event_type": "message.received", "payload": {
        "id": "7ee4241c", "from": {"phone_number": "+12065550100"},
        "to": [{"phone_number": "+18885550100"}], "text": "Hi"
    }}});
    let timeless = Text::new(inbox(), MessageId::new("7ee4241c").unwrap(), "Hi");
    assert_eq!(read(&bare), a_text(timeless));
}

#[test]
fn a_time_that_cannot_be_read_costs_only_itself() {
    for time in [json!("yesterday"), json!(""), Value::Null] {
        let Ok(Received::Text { event: Event::Texted(read), .. }) =
            read(&with("/received_at", time))
        else {
            panic!("not a text");
        };
        assert_eq!(read.sent_at, None);
    }
}

#[test]
fn in_a_group_the_inbox_is_the_one_that_was_told() {
    let group = with(
        "/to",
        json!([
            {"phone_number": "+12065550101", "status": "delivered"},
            {"phone_number": "+18885550100", "status": "webhook_delivered"}
        ]),
    );
    assert_eq!(read(&group), a_text(text("Café 😀?")));
}

#[test]
fn a_sender_that_is_no_number_is_no_contact_and_another_channel_is_another_matter() {
    for sender in ["12345", "ACME", "", "+0123", "12065550100"] {
        let webhook = with("/from/phone_number", json!(sender));
        assert_eq!(read(&webhook), Ok(Received::NoContact), "{sender}");
    }
    let mut whatsapp = with("/type", json!("WHATSAPP"));
    whatsapp["data"]["payload"]["to"] = json!("+18885550100");
    assert_eq!(read(&whatsapp), Ok(Received::Other));
    let call = json!({"data": {"event_type": "call.initiated", "payload": {"to": "+1"}}});
    assert_eq!(read(&call), Ok(Received::Other));
}

#[test]
fn what_became_of_a_message_is_a_report_and_a_block_is_an_event() {
    for (status, arrival) in [
        ("queued", Arrival::Underway),
        ("sent", Arrival::Sent),
        ("delivered", Arrival::Delivered),
        ("sending_failed", Arrival::NotDelivered),
        ("delivery_failed", Arrival::NotDelivered),
        ("delivery_unconfirmed", Arrival::Unconfirmed),
        ("teleported", Arrival::Other),
    ] {
        let Ok(Received::Report(report)) = read(&finalized(status, json!([]))) else {
            panic!("{status}");
        };
        assert_eq!(report.message, MessageId::new("40385f64").unwrap());
        assert_eq!((report.arrival, report.code), (arrival, None), "{status}");
    }
    let lost = read(&finalized("delivery_failed", json!([{"code": "40008", "title": "x"}])));
    let Ok(Received::Report(report)) = lost else { panic!("{lost:?}") };
    assert_eq!(report.code, CarrierCode::new("40008").ok());
    let errors = json!([{"code": "40001", "title": "x"}, {"code": "40300", "title": "y"}]);
    let read = read(&finalized("sending_failed", errors));
    let Ok(Received::Blocked { number, inbox: from, event, report }) = read else {
        panic!("{read:?}");
    };
    let code = CarrierCode::new("40300").unwrap();
    assert_eq!((number, from), (PhoneNumber::parse("+12065550100").unwrap(), Some(inbox())));
    assert_eq!(event, Event::CarrierBlocked { code: code.clone() });
    assert_eq!((report.arrival, report.code), (Arrival::NotDelivered, Some(code)));
}

#[test]
fn what_is_no_text_is_told_by_its_field() {
    for field in ["id", "text", "from", "to"] {
        assert_eq!(read(&without(field)), Err(Unreadable::Missing { field }));
    }
    assert_eq!(read(&with("/to", json!([]))), Err(Unreadable::Missing { field: "to" }));
    let long = "7".repeat(257);
    assert!(matches!(read(&with("/id", json!(long))), Err(Unreadable::OutOfBounds(_))));
    for webhook in [json!([]), json!({}), json!({"data": 1}), with("/text", json!(1))] {
        assert_eq!(read(&webhook), Err(Unreadable::Format));
    }
    let nameless = json!({"data": {}});
    assert_eq!(read(&nameless), Err(Unreadable::Missing { field: "event_type" }));
}

#[test]
fn a_signature_holds_for_five_minutes_before_and_after() {
    let body = received().to_string().into_bytes();
    let headers = signed(&body, START);
    let verify = |seconds: i64| {
        let now = START + TimeDelta::seconds(seconds);
        Webhook::new(&headers, &body).verify(&keys(), now).map(|_| ())
    };
    for seconds in [0, 1, -1, 300, -300] {
        assert_eq!(verify(seconds), Ok(()), "{seconds}");
    }
    for seconds in [301, -301, 86_400, -86_400, 100 * 365 * 86_400] {
        assert_eq!(verify(seconds), Err(Unverified::Stale), "{seconds}");
    }
    let webhook = Webhook::new(&headers, &body);
    for now in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
        assert_eq!(webhook.verify(&keys(), now).err(), Some(Unverified::Stale));
    }
}

#[test]
fn every_flipped_bit_is_refused() {
    let body = received().to_string().into_bytes();
    let headers = signed(&body, START);
    let verify = |headers: &HeaderMap, body: &[u8]| {
        Webhook::new(headers, body).verify(&keys(), START).map(|_| ())
    };
    assert_eq!(verify(&headers, &body), Ok(()));
    let mut flips = 0;
    for changed in flipped(&body) {
        assert_eq!(verify(&headers, &changed), Err(Unverified::Mismatch));
        flips += 1;
    }
    for (name, changed) in flipped_headers(&headers) {
        // The type of the body is not signed, and not looked at.
        assert_eq!(verify(&changed, &body).is_ok(), name == "content-type", "{changed:?}");
        flips += 1;
    }
    assert!(flips > 5_000, "{flips}");
}

#[test]
fn a_timestamp_is_digits_and_is_signed() {
    let body = received().to_string().into_bytes();
    let now = START.timestamp();
    for timestamp in
        [format!("+{now}"), format!("-{now}"), format!(" {now}"), format!("{now}.0"), "".into()]
    {
        let mut headers = signed(&body, START);
        headers.insert("telnyx-timestamp", timestamp.parse().unwrap());
        let refused = Webhook::new(&headers, &body).verify(&keys(), START).err();
        assert_eq!(refused, Some(Unverified::Malformed), "{timestamp}");
    }
    let mut headers = signed(&body, START - TimeDelta::days(1));
    headers.insert("telnyx-timestamp", now.to_string().parse().unwrap());
    let refused = Webhook::new(&headers, &body).verify(&keys(), START).err();
    assert_eq!(refused, Some(Unverified::Mismatch));
}

#[test]
fn a_header_that_is_not_there_once_is_refused() {
    let body = received().to_string().into_bytes();
    for name in ["telnyx-signature-ed25519", "telnyx-timestamp"] {
        let mut headers = signed(&body, START);
        let value = headers[name].clone();
        headers.append(name, value);
        let refused = Webhook::new(&headers, &body).verify(&keys(), START).err();
        assert_eq!(refused, Some(Unverified::Malformed), "{name}");
        headers.remove(name);
        let refused = Webhook::new(&headers, &body).verify(&keys(), START).err();
        assert_eq!(refused, Some(Unverified::NotSigned), "{name}");
    }
}

#[test]
fn each_of_two_keys_will_do_and_no_other() {
    let body = received().to_string().into_bytes();
    let headers = signed(&body, START);
    let webhook = Webhook::new(&headers, &body);
    let other = public(&SigningKey::from_bytes(&[8; 32]));
    let [ours] = keys();
    assert!(webhook.verify(&[other.clone(), ours], START).is_ok());
    assert_eq!(webhook.verify(&[other], START).err(), Some(Unverified::Mismatch));
    assert_eq!(webhook.verify(&[], START).err(), Some(Unverified::UnknownKey));
}

#[test]
fn a_key_that_anybody_can_sign_for_is_refused() {
    // The points of small order that are encoded in the simplest way.
    for first in [0_u8, 1] {
        let mut bytes = [0; 32];
        bytes[0] = first;
        assert!(PublicKey::parse(&STANDARD.encode(bytes)).is_err(), "{first}");
    }
    for key in ["", "KEY0123", "AAAA", "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo"] {
        assert!(PublicKey::parse(key).is_err(), "{key}");
    }
}

#[test]
fn beyond_its_bounds_nothing_is_looked_at() {
    let body = vec![b' '; MAX_BODY + 1];
    let headers = signed(&body, START);
    let webhook = Webhook::new(&headers, &body);
    assert_eq!(webhook.verify(&keys(), START).err(), Some(Unverified::TooLong));
    assert_eq!(webhook.trust_unverified().read(), Err(Unreadable::TooLong));
    let deep = "[".repeat(MAX_BODY).into_bytes();
    assert_eq!(Webhook::new(&headers, &deep).trust_unverified().read(), Err(Unreadable::Format));
}

struct Counting(std::sync::atomic::AtomicU64);

impl Outbox for Counting {
    async fn send(&self, _: &Outgoing) -> Handover {
        self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Handover::Accepted { provider_id: None }
    }
}

/// Within the five minutes a replay is a duplicate; after them it is not even read.
#[test]
fn a_replayed_webhook_sends_nothing() {
    let clock = Clock::at(START);
    let outbox = Counting(0.into());
    let engine = Engine::new(MemoryStorage::new(), &outbox, clock.reader());
    let body = received().to_string().into_bytes();
    let headers = signed(&body, START);
    let handle = || {
        let webhook = Webhook::new(&headers, &body).verify(&keys(), clock.now())?;
        let Ok(Received::Text { event, .. }) = webhook.read() else { panic!("not a text") };
        Ok(now_or_never(engine.handle(&contact(), event)).unwrap().reason.name())
    };
    assert_eq!(handle(), Ok("new_contact"));
    clock.advance(TimeDelta::minutes(5));
    assert_eq!(handle(), Ok("duplicate"));
    clock.advance(TimeDelta::days(1));
    assert_eq!(handle(), Err(Unverified::Stale));
    assert_eq!(outbox.0.load(std::sync::atomic::Ordering::Relaxed), 1);
}

#[test]
fn debug_shows_no_number_or_text() {
    let body = received().to_string().into_bytes();
    let headers = signed(&body, START);
    let webhook = Webhook::new(&headers, &body);
    let trusted = webhook.verify(&keys(), START).unwrap();
    let shown = format!("{webhook:?} {trusted:?} {:?}", trusted.read());
    for secret in ["2065550100", "8885550100", "Caf", "7ee4241c"] {
        assert!(!shown.contains(secret), "{secret}: {shown}");
    }
}

proptest! {
    #[test]
    fn any_request_comes_to_a_result_or_a_typed_error(
        signature in prop_oneof!["[A-Za-z0-9+/]{86}==", "[ -~]{0,90}"],
        timestamp in prop_oneof!["[0-9]{1,25}", "[ -~]{0,20}"],
        body in prop_oneof![
            any::<Vec<u8>>(),
            "\\{\"data\":\\{\"event_type\":\"message.(received|sent)\",\"payload\":[\\[\\]{}\":,a-z0-9]{0,40}\\}\\}"
                .prop_map(String::into_bytes),
        ],
    ) {
        let mut headers = HeaderMap::new();
        headers.insert("telnyx-signature-ed25519", signature.parse().unwrap());
        headers.insert("telnyx-timestamp", timestamp.parse().unwrap());
        let webhook = Webhook::new(&headers, &body);
        prop_assert!(webhook.verify(&keys(), START).is_err());
        let _ = webhook.trust_unverified().read();
    }

    #[test]
    fn whatever_is_signed_is_verified(body in any::<Vec<u8>>()) {
        let headers = signed(&body, START);
        prop_assert!(Webhook::new(&headers, &body).verify(&keys(), START).is_ok());
    }
}
