//! Texts through Twilio's message API: what is asked, and what each answer is taken for.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod provider;
mod support;

use std::sync::Arc;

use chrono::TimeDelta;
use hmac::Hmac;
use http::{HeaderMap, Method, Request};
use optin::{
    CarrierCode, Decision, Delivery, Dispatcher, Engine, Handover, MessageId, Outbox, Reason,
    client::{CallFailed, MAX_ANSWER},
    provider::{
        InvalidSetting, Received, Secret, Unsendable,
        twilio::{MAX_VALIDITY, Messages, Secrets, Twilio, Webhook},
    },
    store::MemoryStorage,
};
use proptest::prelude::*;
use provider::{Wire, answer, contact, message, sign, status, table};
use sha1::Sha1;
use support::{Clock, START, now_or_never};

const SERVICE: &str = "MG0123456789abcdef0123456789abcdef";

fn messages() -> Messages {
    Messages::by_auth_token("AC1", &Secret::new("12345").unwrap()).unwrap()
}

fn form(request: &Request<Vec<u8>>) -> Vec<(String, String)> {
    form_urlencoded::parse(request.body()).into_owned().collect()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn a_text_is_one_request() {
    let text = message("+18885550100", "Café & 100 %?", START, START + TimeDelta::seconds(61));
    let request = messages().request(&text, START).unwrap();
    assert_eq!(request.method(), Method::POST);
    assert_eq!(request.uri(), "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages.json");
    let mut headers = HeaderMap::new();
    headers.insert("content-type", "application/x-www-form-urlencoded".parse().unwrap());
    headers.insert("accept", "application/json".parse().unwrap());
    headers.insert("authorization", "Basic QUMxOjEyMzQ1".parse().unwrap());
    assert_eq!(request.headers(), &headers);
    assert!(request.headers()["authorization"].is_sensitive());
    assert_eq!(
        form(&request),
        pairs(&[
            ("To", "+12065550100"),
            ("From", "+18885550100"),
            ("Body", "Café & 100 %?"),
            ("ValidityPeriod", "61"),
        ])
    );
}

#[test]
fn what_the_host_sets_is_in_the_request() {
    let secret = Secret::new("s3cret").unwrap();
    let messages = Messages::by_api_key("AC1", "SK1", &secret)
        .and_then(|messages| messages.at("http://127.0.0.1:8080/"))
        .and_then(|messages| messages.with_status_callback("https://example.com/status?a=b&c"))
        .unwrap();
    let text = message(SERVICE, "Hi", START, START + TimeDelta::minutes(5));
    let request = messages.request(&text, START).unwrap();
    assert_eq!(request.uri(), "http://127.0.0.1:8080/2010-04-01/Accounts/AC1/Messages.json");
    assert_eq!(request.headers()["authorization"], "Basic U0sxOnMzY3JldA==");
    assert_eq!(
        form(&request),
        pairs(&[
            ("To", "+12065550100"),
            ("MessagingServiceSid", SERVICE),
            ("Body", "Hi"),
            ("ValidityPeriod", "300"),
            ("StatusCallback", "https://example.com/status?a=b&c"),
        ])
    );
}

#[test]
fn the_validity_is_the_whole_seconds_that_are_left() {
    let validity = |left: TimeDelta| {
        let text = message("+18885550100", "Hi", START, START + left);
        let request = messages().request(&text, START)?;
        Ok(form(&request).into_iter().find(|(name, _)| name == "ValidityPeriod").unwrap().1)
    };
    for (milliseconds, seconds) in
        [(1_000, 1), (1_999, 1), (300_000, 300), (36_000_000, 36_000), (36_001_000, MAX_VALIDITY)]
    {
        let left = TimeDelta::milliseconds(milliseconds);
        assert_eq!(validity(left), Ok(seconds.to_string()), "{milliseconds}");
    }
    for milliseconds in [999, 0, -1, -300_000] {
        let left = TimeDelta::milliseconds(milliseconds);
        assert_eq!(validity(left), Err(Unsendable::TooLate), "{milliseconds}");
    }
}

#[test]
fn what_cannot_be_sent_makes_no_call() {
    let wire = Wire::default();
    let outbox = Twilio::new(&wire, messages(), || START);
    let late = message("+18885550100", "Hi", START - TimeDelta::minutes(5), START);
    let refused = now_or_never(outbox.send(&late));
    assert_eq!(refused, Handover::NotSent { retry: false, code: None });
    let refused = now_or_never(outbox.send(&status(START)));
    let code = CarrierCode::new("not_a_text").ok();
    assert_eq!(refused, Handover::NotSent { retry: false, code });
    assert_eq!(wire.requests().len(), 0);
}

#[test]
fn each_answer_is_taken_for_what_the_table_says() {
    let rows = table(include_str!("../src/provider/twilio.rs"));
    assert_eq!(rows.len(), 25);
    for (answer, expected) in rows {
        let text = message("+18885550100", "Hi", START, START + TimeDelta::minutes(5));
        let wire = Wire::answering([answer.clone()]);
        let outbox = Twilio::new(&wire, messages(), || START);
        assert_eq!(now_or_never(outbox.send(&text)), expected, "{answer:?}");
        assert_eq!(wire.requests().len(), 1);
    }
}

#[test]
fn an_answer_out_of_bounds_loses_only_what_is() {
    let handover =
        |status: u16, body: &str| Messages::handover(answer(status, body).as_ref().map_err(|f| *f));
    let long = "9".repeat(257);
    let accepted = handover(201, &format!(r#"{{"sid":"{long}"}}"#));
    assert_eq!(accepted, Handover::Accepted { provider_id: None });
    assert_eq!(handover(201, r#"{"sid":""}"#), Handover::Unknown);
    for code in [format!("\"{long}\""), "\"\"".to_owned()] {
        let refused = handover(400, &format!(r#"{{"code":{code},"message":""}}"#));
        assert_eq!(refused, Handover::NotSent { retry: false, code: None }, "{code}");
    }
    let huge = format!(r#"{{"sid":"SM1","x":"{}"}}"#, "x".repeat(MAX_ANSWER));
    assert_eq!(handover(201, &huge), Handover::Unknown);
    assert_eq!(handover(400, &"[".repeat(1_000_000)), Handover::Unknown);
}

#[test]
fn a_conversation_goes_through_twilio_and_a_replayed_webhook_does_nothing() {
    let sid = |n: u8| answer(201, &format!(r#"{{"sid":"SM9{n}","status":"queued"}}"#));
    let blocked = r#"{"code":21610,"message":"unsubscribed","status":400}"#;
    let wire = Wire::answering([sid(1), answer(400, blocked)]);
    let clock = Clock::at(START);
    let storage = Arc::new(MemoryStorage::new());
    let outbox = Twilio::new(&wire, messages(), clock.reader());
    let engine = Engine::new(storage, outbox, clock.reader());
    let secrets = Secrets::auth_token(Secret::new("12345").unwrap());
    let texted = |id: &str, body: &str| {
        let form =
            format!("MessageSid={id}&From=%2B12065550100&To=%2B18885550100&Body={body}&NumMedia=0");
        let mut headers = HeaderMap::new();
        headers.insert("content-type", "application/x-www-form-urlencoded".parse().unwrap());
        let signature = sign::<Hmac<Sha1>>("12345", "https://example.com/", &form);
        headers.insert("x-twilio-signature", signature.parse().unwrap());
        let webhook = Webhook::new("https://example.com/", &headers, form.as_bytes());
        let webhook = webhook.verify(&secrets).unwrap();
        let Received::Text { from, event, .. } = webhook.read().unwrap() else {
            panic!("not a text");
        };
        assert_eq!(from, contact().number());
        now_or_never(engine.handle(&contact(), event)).unwrap()
    };

    let asked = texted("SM1", "Hi");
    let provider_id = MessageId::new("SM91").ok();
    assert_eq!(asked.decision, Decision::SendConfirmation);
    assert_eq!(asked.delivery, Some(Delivery::HandedOver(Handover::Accepted { provider_id })));
    let sent = wire.requests();
    let sent = form(&sent[0]);
    assert_eq!(sent[0], ("To".into(), "+12065550100".into()));
    assert!(sent[2].1.contains("YES"), "{sent:?}");

    // A day later somebody sends the same webhook again: its signature holds, its mark stands.
    clock.advance(TimeDelta::days(1));
    let replayed = texted("SM1", "Hi");
    assert_eq!((replayed.decision, replayed.reason), (Decision::None, Reason::Duplicate));
    assert_eq!(wire.requests().len(), 0);

    assert_eq!(texted("SM2", "YES").decision, Decision::MarkActive);
    // Twilio answered STOP by itself and did not say so.
    let stopped = texted("SM3", "STOP");
    let code = CarrierCode::new("21610").unwrap();
    assert_eq!(stopped.delivery, Some(Delivery::HandedOver(Handover::Blocked { code })));
    assert!(stopped.state.unwrap().opted_out());
    assert_eq!(wire.requests().len(), 1);
}

#[test]
fn too_many_requests_are_tried_again_until_the_deadline() {
    let slow = || answer(429, r#"{"code":20429,"message":"Too Many Requests","status":429}"#);
    let wire = Wire::answering([slow(), Err(CallFailed::NotSent), Err(CallFailed::Unknown)]);
    let clock = Clock::at(START);
    let outbox = Twilio::new(&wire, messages(), clock.reader());
    let engine = Engine::new(MemoryStorage::new(), outbox, clock.reader());
    let event = support::texted("SM1", "Hi");
    now_or_never(engine.handle(&contact(), event)).unwrap();
    let mut made = wire.requests().len();
    for _ in 0..5 {
        clock.advance(TimeDelta::seconds(30));
        now_or_never(Dispatcher::new(&engine).run_once(9)).unwrap();
        made += wire.requests().len();
    }
    // The third was cut off: nobody knows, and nobody tries again.
    assert_eq!(made, 3);
}

#[test]
fn a_setting_that_cannot_be_used_is_refused() {
    let token = Secret::new("12345").unwrap();
    for account in ["", "AC/1", "AC 1", &"A".repeat(65)] {
        let refused = Messages::by_auth_token(account, &token).err();
        assert_eq!(refused.map(|error| error.what), Some("the account"), "{account}");
    }
    let refused: Option<InvalidSetting> = Messages::by_api_key("AC1", "SK:1", &token).err();
    assert_eq!(refused.map(|error| error.what), Some("the API key"));
    for base in ["", "api.twilio.com", "/v1", "ftp://example.com", "https://", "https://a b"] {
        assert!(messages().at(base).is_err(), "{base}");
        assert!(messages().with_status_callback(base).is_err(), "{base}");
    }
    for secret in ["", "a b", "a\n", "é", &"a".repeat(1_025)] {
        assert!(Secret::new(secret).is_err(), "{secret}");
    }
}

#[test]
fn debug_shows_no_secret() {
    let text = message("+18885550100", "Hi", START, START + TimeDelta::minutes(5));
    let outbox = Twilio::new(Wire::default(), messages(), || START);
    let request = messages().request(&text, START).unwrap();
    let (parts, _) = request.into_parts();
    let shown = format!("{outbox:?} {:?} {:?}", messages(), parts.headers);
    for secret in ["12345", "QUMx", "AC1"] {
        assert!(!shown.contains(secret), "{secret}: {shown}");
    }
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
        let text = message("+18885550100", &body, START, START + TimeDelta::minutes(5));
        let request = messages().request(&text, START).unwrap();
        prop_assert_eq!(&form(&request)[2], &("Body".to_owned(), body));
    }
}
