//! The outboxes of Twilio and Telnyx, before the suite that every outbox must pass.
#![allow(clippy::unwrap_used, reason = "a test")]

mod provider;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use optin::{
    client::CallFailed,
    conformance::{OutboxSuite, Rig, Scene},
    provider::{Secret, telnyx, twilio},
};
use provider::{Answer, Wire, answer};

type Clock = fn() -> DateTime<Utc>;

/// What the provider answers in a scene; the client has a time-out of its own.
fn answered(scene: Scene, accepts: &str, refuses: &str, blocks: &str) -> Option<Answer> {
    Some(match scene {
        Scene::Accepts => answer(200, accepts),
        Scene::Refuses => answer(400, refuses),
        Scene::RefusesForNow => answer(429, refuses),
        Scene::Blocks => answer(400, blocks),
        Scene::ServerError => answer(500, refuses),
        Scene::CutsTheConnection | Scene::NeverAnswers => Err(CallFailed::Unknown),
        Scene::AnswersNonsense => answer(200, "<html>"),
        _ => return None,
    })
}

#[test]
fn twilios_outbox_passes() {
    let token = Secret::new("12345").unwrap();
    let messages = twilio::Messages::by_auth_token("AC1", &token).unwrap();
    let suite = OutboxSuite::new(|scene| {
        let refuses = r#"{"code":21211,"message":"Invalid"}"#;
        let blocks = r#"{"code":21610,"message":"Unsubscribed"}"#;
        let wire = Wire::answering([answered(scene, r#"{"sid":"SM1"}"#, refuses, blocks)?]);
        let wire = Arc::new(wire);
        let seen = Arc::clone(&wire);
        let outbox = twilio::Twilio::new(wire, messages.clone(), Utc::now as Clock);
        Some(Rig::new(outbox, move || seen.requests().len() as u64))
    });
    let report = suite.run();
    println!("{report:?}");
    report.ok().unwrap();
}

#[test]
fn telnyxs_outbox_passes() {
    let messages = telnyx::Messages::by_api_key(&Secret::new("KEY0123").unwrap()).unwrap();
    let suite = OutboxSuite::new(|scene| {
        let refuses = r#"{"errors":[{"code":"40310"}]}"#;
        let blocks = r#"{"errors":[{"code":"40300"}]}"#;
        let wire = Wire::answering([answered(scene, r#"{"data":{"id":"1"}}"#, refuses, blocks)?]);
        let wire = Arc::new(wire);
        let seen = Arc::clone(&wire);
        let outbox = telnyx::Telnyx::new(wire, messages.clone(), Utc::now as Clock);
        Some(Rig::new(outbox, move || seen.requests().len() as u64))
    });
    let report = suite.run();
    println!("{report:?}");
    report.ok().unwrap();
}

#[test]
fn every_public_type_crosses_threads() {
    fn crosses<T: Send + Sync + Unpin + 'static>() {}
    crosses::<Secret>();
    crosses::<optin::provider::Received>();
    crosses::<optin::provider::Unverified>();
    crosses::<optin::provider::Unreadable>();
    crosses::<optin::provider::Unsendable>();
    crosses::<twilio::Twilio<Arc<Wire>, Clock>>();
    crosses::<twilio::Secrets>();
    crosses::<twilio::Webhook<'static>>();
    crosses::<twilio::Trusted<'static>>();
    crosses::<twilio::Twiml>();
    crosses::<telnyx::Telnyx<Arc<Wire>, Clock>>();
    crosses::<telnyx::PublicKey>();
    crosses::<telnyx::Webhook<'static>>();
    crosses::<telnyx::Trusted<'static>>();
}
