//! Texts through Telnyx's message API: what is asked, and what each answer is taken for.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod provider;
mod support;

use std::collections::BTreeSet;

use chrono::TimeDelta;
use http::{HeaderMap, Method, Request};
use optin::{
    AccountId, CarrierCode, Contact, Delivery, Dispatcher, Engine, Handover, MessageId, Outbox,
    Outgoing, PhoneNumber, Revision,
    client::{CallFailed, MAX_ANSWER},
    provider::{
        Secret, Unsendable,
        telnyx::{Messages, Telnyx},
    },
    store::MemoryStorage,
};
use proptest::prelude::*;
use provider::{Wire, answer, contact, message, status, table};
use serde_json::{Value, json};
use support::{Clock, START, now_or_never, texted};

const PROFILE: &str = "0f512bda-ae1e-4597-8e11-e5f5686b97d3";

fn messages() -> Messages {
    Messages::by_api_key(&Secret::new("KEY0123").unwrap()).unwrap()
}

fn text(body: &str) -> Outgoing {
    message("+18885550100", body, START, START + TimeDelta::minutes(5))
}

fn key(outgoing: &Outgoing) -> String {
    let request = messages().request(outgoing, START).unwrap();
    request.headers()["idempotency-key"].to_str().unwrap().to_owned()
}

fn json_of(request: &Request<Vec<u8>>) -> Value {
    serde_json::from_slice(request.body()).unwrap()
}

#[test]
fn a_text_is_one_request() {
    let text = text("Café & 100 %? \"\\\n");
    let request = messages().request(&text, START).unwrap();
    assert_eq!(request.method(), Method::POST);
    assert_eq!(request.uri(), "https://api.telnyx.com/v2/messages");
    let mut headers = HeaderMap::new();
    headers.insert("content-type", "application/json".parse().unwrap());
    headers.insert("accept", "application/json".parse().unwrap());
    headers.insert("authorization", "Bearer KEY0123".parse().unwrap());
    headers.insert("idempotency-key", key(&text).parse().unwrap());
    assert_eq!(request.headers(), &headers);
    assert!(request.headers()["authorization"].is_sensitive());
    let body = json!({
        "to": "+12065550100", "from": "+18885550100", "text": "Café & 100 %? \"\\\n"
    });
    assert_eq!(json_of(&request), body);
}

#[test]
fn what_the_host_sets_is_in_the_request() {
    let messages = messages()
        .with_messaging_profile("profile")
        .at("http://127.0.0.1:8080")
        .and_then(|messages| messages.with_webhook("https://example.com/telnyx"))
        .unwrap();
    let request = messages.request(&text("Hi"), START).unwrap();
    assert_eq!(request.uri(), "http://127.0.0.1:8080/v2/messages");
    let body = json!({
        "to": "+12065550100", "from": "+18885550100", "text": "Hi",
        "messaging_profile_id": "profile", "webhook_url": "https://example.com/telnyx"
    });
    assert_eq!(json_of(&request), body);
    let pool = message(PROFILE, "Hi", START, START + TimeDelta::minutes(5));
    let body = json!({
        "to": "+12065550100", "text": "Hi", "messaging_profile_id": PROFILE,
        "webhook_url": "https://example.com/telnyx"
    });
    assert_eq!(json_of(&messages.request(&pool, START).unwrap()), body);
}

#[test]
fn a_key_is_the_same_for_one_message_and_never_anothers() {
    let text = text("Hi");
    let first = key(&text);
    assert_eq!(key(&text), first);
    assert_eq!(first.len(), 64);
    assert!(first.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)));
    let mut others = Vec::new();
    for (account, number) in [
        ("acme", "+12065550101"),
        ("acm", "+12065550100"),
        ("acme1", "+2065550100"),
        ("other", "+12065550100"),
    ] {
        let mut other = text.clone();
        let number = PhoneNumber::parse(number).unwrap();
        other.id.contact = Contact::new(AccountId::new(account).unwrap(), number);
        others.push(other);
    }
    let mut other = text.clone();
    other.id.revision = Revision::new(8);
    others.push(other.clone());
    other.id.n = 1;
    others.push(other.clone());
    other.decided_at += TimeDelta::milliseconds(1);
    others.push(other);
    let keys: BTreeSet<String> = others.iter().map(key).chain([first]).collect();
    assert_eq!(keys.len(), others.len() + 1);
}

#[test]
fn what_cannot_be_sent_makes_no_call() {
    let wire = Wire::default();
    let outbox = Telnyx::new(&wire, messages(), || START + TimeDelta::minutes(5));
    let refused = now_or_never(outbox.send(&text("Hi")));
    assert_eq!(refused, Handover::NotSent { retry: false, code: None });
    let refused = now_or_never(outbox.send(&status(START)));
    let code = CarrierCode::new("not_a_text").ok();
    assert_eq!(refused, Handover::NotSent { retry: false, code });
    assert_eq!(wire.requests().len(), 0);
    let refused = messages().request(&status(START), START).err();
    assert_eq!(refused, Some(Unsendable::NotAText));
}

#[test]
fn each_answer_is_taken_for_what_the_table_says() {
    let rows = table(include_str!("../src/provider/telnyx.rs"));
    assert_eq!(rows.len(), 27);
    for (answer, expected) in rows {
        let wire = Wire::answering([answer.clone()]);
        let outbox = Telnyx::new(&wire, messages(), || START);
        assert_eq!(now_or_never(outbox.send(&text("Hi"))), expected, "{answer:?}");
        assert_eq!(wire.requests().len(), 1);
    }
}

#[test]
fn an_answer_out_of_bounds_loses_only_what_is() {
    let handover =
        |status: u16, body: &str| Messages::handover(answer(status, body).as_ref().map_err(|f| *f));
    let long = "9".repeat(257);
    let accepted = handover(200, &format!(r#"{{"data":{{"id":"{long}"}}}}"#));
    assert_eq!(accepted, Handover::Accepted { provider_id: None });
    assert_eq!(handover(200, r#"{"data":{"id":""}}"#), Handover::Unknown);
    let refused = handover(400, &format!(r#"{{"errors":[{{"code":"{long}"}}]}}"#));
    assert_eq!(refused, Handover::NotSent { retry: false, code: None });
    let huge = format!(r#"{{"data":{{"id":"1","x":"{}"}}}}"#, "x".repeat(MAX_ANSWER));
    assert_eq!(handover(200, &huge), Handover::Unknown);
    assert_eq!(handover(400, &"[".repeat(1_000_000)), Handover::Unknown);
}

#[test]
fn each_try_of_a_message_has_the_same_key_and_body() {
    let slow = answer(429, r#"{"errors":[{"code":"10011","title":"Too many requests"}]}"#);
    let taken = answer(200, r#"{"data":{"id":"40385f64","to":[{"status":"queued"}]}}"#);
    let wire = Wire::answering([slow, Err(CallFailed::NotSent), taken]);
    let clock = Clock::at(START);
    let outbox = Telnyx::new(&wire, messages(), clock.reader());
    let engine = Engine::new(MemoryStorage::new(), outbox, clock.reader());
    let asked = now_or_never(engine.handle(&contact(), texted("1", "Hi"))).unwrap();
    let code = CarrierCode::new("10011").ok();
    let for_now = Delivery::HandedOver(Handover::NotSent { retry: true, code });
    assert_eq!(asked.delivery, Some(for_now));
    for _ in 0..5 {
        clock.advance(TimeDelta::seconds(30));
        now_or_never(Dispatcher::new(&engine).run_once(9)).unwrap();
    }
    let requests = wire.requests();
    assert_eq!(requests.len(), 3);
    let same = |request: &Request<Vec<u8>>| {
        (request.headers()["idempotency-key"].clone(), request.body().clone())
    };
    assert!(requests.iter().all(|request| same(request) == same(&requests[0])));
}

#[test]
fn a_block_opts_out_by_carrier_and_an_accepted_text_keeps_its_id() {
    let taken = answer(200, r#"{"data":{"id":"40385f64","to":[{"status":"queued"}]}}"#);
    let blocked = answer(400, r#"{"errors":[{"code":"40300","title":"Blocked"}]}"#);
    let wire = Wire::answering([taken, blocked]);
    let clock = Clock::at(START);
    let outbox = Telnyx::new(&wire, messages(), clock.reader());
    let engine = Engine::new(MemoryStorage::new(), outbox, clock.reader());
    let asked = now_or_never(engine.handle(&contact(), texted("1", "Hi"))).unwrap();
    let provider_id = MessageId::new("40385f64").ok();
    assert_eq!(asked.delivery, Some(Delivery::HandedOver(Handover::Accepted { provider_id })));
    clock.advance(TimeDelta::hours(12));
    let reminded = now_or_never(engine.handle(&contact(), texted("2", "Hello?"))).unwrap();
    let code = CarrierCode::new("40300").unwrap();
    assert_eq!(reminded.delivery, Some(Delivery::HandedOver(Handover::Blocked { code })));
    assert!(reminded.state.unwrap().opted_out());
}

#[test]
fn debug_shows_no_secret() {
    let outbox = Telnyx::new(Wire::default(), messages(), || START);
    let (parts, _) = messages().request(&text("Hi"), START).unwrap().into_parts();
    let shown = format!("{outbox:?} {:?} {:?}", messages(), parts.headers);
    assert!(!shown.contains("KEY0123") && !shown.contains("2065550100"), "{shown}");
}

proptest! {
    #[test]
    fn any_answer_is_taken_for_something(status in 100..=999_u16, body in any::<Vec<u8>>()) {
        let response = http::Response::builder().status(status).body(body).unwrap();
        let handover = Messages::handover(Ok(&response));
        if !(200..300).contains(&status) {
            let accepted = matches!(handover, Handover::Accepted { .. });
            prop_assert!(!accepted);
        }
        if status >= 500 {
            prop_assert_eq!(handover, Handover::Unknown);
        }
    }

    #[test]
    fn any_words_arrive_as_they_are(body in ".{0,200}") {
        let request = messages().request(&text(&body), START).unwrap();
        prop_assert_eq!(&json_of(&request)["text"], &Value::from(body));
    }
}
