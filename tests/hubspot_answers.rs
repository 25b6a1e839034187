//! What HubSpot's answers mean for a status, its batch and its account.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod crm;
mod support;

use std::{sync::atomic::Ordering::SeqCst, time::Duration};

use http::Response;
use optin::{Crm, Handover, Outbox, Outgoing, client::CallFailed, sync::hubspot::HubSpot};
use serde_json::{Value, json};

use self::{
    crm::{
        ACCEPTED, Answer, AtOnce, Got, Pace, Server, Tokens, account_of, again, answer,
        hubspot::{all_taken, inputs, properties, result, told},
        refused, shown, someone, status_of, token,
    },
    support::now_or_never,
};

fn error(input: &Value, category: &str) -> Value {
    json!({
        "status": "error", "category": category, "message": "no",
        "context": { "objectWriteTraceId": [input["objectWriteTraceId"]] },
    })
}

/// One status, and what HubSpot's answer makes of it.
#[track_caller]
fn one(answered: Answer, expected: &Handover) {
    let shown_answer = format!("{answered:?}");
    let answered = std::sync::Mutex::new(Some(answered));
    let server = Server::new(move |_: &Got| answered.lock().unwrap().take().unwrap());
    let hubspot = HubSpot::new(&server, Tokens::default(), properties());
    let handover = now_or_never(hubspot.send(&told(1)));
    assert_eq!(shown(&handover), shown(expected), "{shown_answer}");
    assert_eq!(server.got().len(), 1, "the adapter itself never retries");
}

#[test]
fn what_an_answer_says_of_the_whole_call() {
    let of = |category: &str| json!({ "status": "error", "category": category, "message": "no" });
    let unknown = &Handover::Unknown;
    one(answer(400, of("VALIDATION_ERROR")), &refused("400 VALIDATION_ERROR"));
    one(answer(404, of("OBJECT_NOT_FOUND")), &refused("404 OBJECT_NOT_FOUND"));
    one(answer(409, of("CONFLICT")), &again("409 CONFLICT"));
    one(answer(400, of("SOMETHING_NEW")), &again("400 SOMETHING_NEW"));
    one(answer(401, of("EXPIRED_AUTHENTICATION")), &again("401 EXPIRED_AUTHENTICATION"));
    one(answer(401, "<html>"), &again("401"));
    one(answer(403, of("MISSING_SCOPES")), &again("403 MISSING_SCOPES"));
    one(answer(423, "{}"), &again("423"));
    one(answer(477, "{}"), &again("477"));
    one(answer(429, json!({ "policyName": "DAILY" })), &again("429 DAILY"));
    one(answer(429, json!({ "policyName": "+12065550101" })), &again("429"));
    one(answer(429, json!({ "policyName": "A".repeat(65) })), &again("429"));
    // Not HubSpot's words, or none.
    for status in [400, 403, 404, 418, 408, 500, 502, 503, 504, 524, 999, 100, 202, 204, 304] {
        one(answer(status, "<html>+12065550101 is taken</html>"), unknown);
        one(answer(status, ""), unknown);
    }
    for status in [301, 302, 307, 308] {
        let redirect = Response::builder().status(status).header("Location", "https://x.example");
        one(Ok(redirect.body(Vec::new()).unwrap()), unknown);
    }
    one(Err(CallFailed::NotSent), &again(""));
    one(Err(CallFailed::Unknown), unknown);
    let missing = json!({
        "category": "VALIDATION_ERROR",
        "message": "Property values were not valid: [{\"error\":\"PROPERTY_DOESNT_EXIST\"}]",
    });
    one(answer(400, missing), &again("400 PROPERTY_DOESNT_EXIST"));
    let missing = json!({
        "category": "VALIDATION_ERROR", "message": "no",
        "errors": [{ "code": "PROPERTY_DOESNT_EXIST", "message": "no" }],
    });
    one(answer(400, missing), &again("400 PROPERTY_DOESNT_EXIST"));
}

#[test]
fn a_success_that_does_not_name_the_contact_is_none() {
    let unknown = &Handover::Unknown;
    let results = |results: Value| json!({ "status": "COMPLETE", "results": results });
    let number = json!({ "sms_number": "+12065550101" });
    for status in [200, 201, 207] {
        let named = results(json!([{ "id": "1", "properties": number }]));
        one(answer(status, &named), &ACCEPTED);
        let half = named.to_string();
        one(answer(status, &half[..half.len() - 9]), unknown);
        one(answer(status, "<html>ok</html>"), unknown);
        one(answer(status, ""), unknown);
        one(answer(status, "null"), unknown);
        one(answer(status, "[]"), unknown);
        one(answer(status, "{}"), unknown);
        one(answer(status, results(json!([]))), unknown);
        one(answer(status, results(json!({}))), unknown);
        one(answer(status, results(json!([null, 7, "x", []]))), unknown);
        one(answer(status, results(json!([{ "id": "1", "properties": {} }]))), unknown);
        let other = json!([{ "properties": { "sms_number": "+12065550199" } }]);
        one(answer(status, results(other)), unknown);
        let trace = json!([{ "objectWriteTraceId": "somebody's", "properties": number }]);
        one(answer(status, results(trace)), unknown);
        let kept =
            json!([{ "properties": { "sms_number": "+12065550101", "sms_opted_out": "false" } }]);
        one(answer(status, results(kept)), unknown);
        for open in ["PENDING", "PROCESSING", "CANCELED"] {
            let open = json!({ "status": open, "results": [{ "properties": number }] });
            one(answer(status, open), unknown);
        }
        let both = json!({
            "results": [{ "properties": number }],
            "errors": [{ "category": "VALIDATION_ERROR", "context": { "ids": ["+12065550101"] } }],
        });
        one(answer(status, both), unknown);
    }
}

#[test]
fn each_error_of_207_finds_its_input() {
    let server = Server::new(|got: &Got| {
        let inputs = inputs(got);
        if inputs.len() == 1 {
            return all_taken(got);
        }
        let missing = json!({
            "category": "VALIDATION_ERROR", "context": { "ids": [inputs[6]["id"]] },
            "message": "[{\"error\":\"PROPERTY_DOESNT_EXIST\"}]",
        });
        let stranger = json!({ "objectWriteTraceId": "not one of ours" });
        let nobody = json!({ "category": "VALIDATION_ERROR", "message": "somebody is wrong" });
        let by_id = json!({ "category": "OBJECT_NOT_FOUND", "context": { "id": inputs[2]["id"] } });
        answer(
            207,
            json!({
                "status": "COMPLETE",
                "results": [result(&inputs[0]), result(&inputs[0]), result(&inputs[3])],
                "numErrors": 7,
                "errors": [
                    error(&inputs[1], "VALIDATION_ERROR"), by_id, error(&inputs[3], "CONFLICT"),
                    error(&inputs[4], "RATE_LIMITS"), error(&stranger, "VALIDATION_ERROR"), nobody,
                    missing,
                ],
            }),
        )
    });
    server.shut(true);
    let hubspot = HubSpot::new(&server, Tokens::default(), properties());
    let statuses: Vec<Outgoing> = (0..8).map(told).collect();
    let mut at_once = AtOnce::new(&hubspot, &statuses);
    at_once.poll();
    server.shut(false);
    let ended = at_once.finish();
    let shown: Vec<String> = ended[1..].iter().flatten().map(shown).collect();
    assert_eq!(
        shown,
        [
            "accepted",
            "not sent, refused: 207 VALIDATION_ERROR",
            "not sent, refused: 207 OBJECT_NOT_FOUND",
            "unknown",
            "not sent, again: 207 RATE_LIMITS",
            "unknown",
            "not sent, again: 207 PROPERTY_DOESNT_EXIST",
        ]
    );
}

#[test]
fn one_that_spoils_its_batch_is_found_and_the_others_are_told_once() {
    let is_bad =
        |input: &Value| ["17", "93"].iter().any(|n| input["id"].as_str().unwrap().ends_with(n));
    let server = Server::new(move |got: &Got| {
        if inputs(got).iter().any(is_bad) {
            return answer(400, json!({ "category": "VALIDATION_ERROR", "message": "no" }));
        }
        all_taken(got)
    });
    server.shut(true);
    let hubspot = HubSpot::new(&server, Tokens::default(), properties());
    let statuses: Vec<Outgoing> = (0..100).map(told).collect();
    let mut rest: Vec<Outgoing> = statuses;
    let mut accepted = 0;
    let mut bad = 0;
    for _ in 0..10 {
        let mut at_once = AtOnce::new(&hubspot, &rest);
        server.shut(true);
        at_once.poll();
        server.shut(false);
        let ended = at_once.finish();
        let mut left = Vec::new();
        for (outgoing, ended) in rest.iter().zip(ended) {
            match shown(&ended.unwrap()).as_str() {
                "accepted" => accepted += 1,
                "not sent, refused: 400 VALIDATION_ERROR" => bad += 1,
                "not sent, again: not_tried" => left.push(outgoing.clone()),
                other => panic!("{other}"),
            }
        }
        rest = left;
        if rest.is_empty() {
            break;
        }
    }
    assert_eq!((accepted, bad), (98, 2));
    let got = server.got();
    let mut told: Vec<&str> = got
        .iter()
        .filter(|got| !inputs(got).iter().any(is_bad))
        .flat_map(inputs)
        .map(|input| input["id"].as_str().unwrap())
        .collect();
    told.sort_unstable();
    assert_eq!(told.len(), 98);
    told.dedup();
    assert_eq!(told.len(), 98, "nobody who was accepted is told again");
    assert!(got.len() <= 40, "{} calls", got.len());
}

#[test]
fn a_batch_that_is_refused_slowly_is_left_within_the_lease() {
    let pace = Pace::new();
    let slow = pace.clone();
    let server = Server::new(move |_: &Got| {
        slow.advance(Duration::from_secs(5));
        answer(400, json!({ "category": "VALIDATION_ERROR", "message": "no" }))
    });
    server.shut(true);
    let hubspot = HubSpot::new(&server, Tokens::default(), properties()).with_clock(pace.reader());
    let statuses: Vec<Outgoing> = (0..100).map(told).collect();
    let mut at_once = AtOnce::new(&hubspot, &statuses);
    at_once.poll();
    server.shut(false);
    at_once.poll_only(0);
    at_once.poll_only(1);
    assert_eq!(server.got().len(), 1 + 3);
    assert_eq!(at_once.ended[1], Some(again("not_tried")));
}

#[test]
fn an_account_that_is_asked_to_wait_is_not_called_until_then() {
    let limited = |wait: Option<&str>| {
        let mut response =
            Response::builder().status(429).header("Date", "Sun, 01 Mar 2026 09:00:00 GMT");
        if let Some(wait) = wait {
            response = response.header("Retry-After", wait);
        }
        Ok(response.body(br#"{"policyName":"TEN_SECONDLY_ROLLING"}"#.to_vec()).unwrap())
    };
    let waits = [
        (Some("7"), 7),
        (Some("Sun, 01 Mar 2026 09:01:30 GMT"), 90),
        (Some("soon"), 10),
        (None, 10),
        (Some("99999999999999"), 24 * 3_600),
    ];
    for (wait, seconds) in waits {
        let pace = Pace::new();
        let first = std::sync::atomic::AtomicBool::new(true);
        let server =
            Server::new(
                move |got: &Got| {
                    if first.swap(false, SeqCst) { limited(wait) } else { all_taken(got) }
                },
            );
        let hubspot =
            HubSpot::new(&server, Tokens::default(), properties()).with_clock(pace.reader());
        let limited = again("429 TEN_SECONDLY_ROLLING");
        assert_eq!(now_or_never(hubspot.send(&told(1))), limited);
        pace.advance(Duration::from_secs(seconds) - Duration::from_millis(1));
        assert_eq!(now_or_never(hubspot.send(&told(2))), limited);
        assert_eq!(server.got().len(), 1);
        // Only this account waits.
        let other = status_of(someone(&account_of(1), 1), Crm::Hubspot, true);
        assert_eq!(now_or_never(hubspot.send(&other)), ACCEPTED);
        pace.advance(Duration::from_millis(1));
        assert_eq!(now_or_never(hubspot.send(&told(1))), ACCEPTED, "{wait:?}");
    }
}

#[test]
fn those_who_wait_while_the_account_is_limited_are_not_called_either() {
    let server = Server::new(|_: &Got| answer(429, json!({ "policyName": "DAILY" })));
    server.shut(true);
    let hubspot = HubSpot::new(&server, Tokens::default(), properties());
    let statuses: Vec<Outgoing> = (0..9).map(told).collect();
    let mut at_once = AtOnce::new(&hubspot, &statuses);
    at_once.poll();
    server.shut(false);
    assert!(at_once.finish().iter().all(|ended| *ended == Some(again("429 DAILY"))));
    assert_eq!(server.got().len(), 1);
}

#[test]
fn a_refused_token_is_said_to_the_host_and_the_next_call_has_another() {
    let server = Server::new(|got: &Got| {
        if token(got) == "acme-0" {
            return answer(401, json!({ "category": "EXPIRED_AUTHENTICATION" }));
        }
        all_taken(got)
    });
    let tokens = Tokens::default();
    let hubspot = HubSpot::new(&server, &tokens, properties());
    assert_eq!(now_or_never(hubspot.send(&told(1))), again("401 EXPIRED_AUTHENTICATION"));
    assert_eq!(now_or_never(hubspot.send(&told(1))), ACCEPTED);
    tokens.away.store(true, SeqCst);
    assert_eq!(now_or_never(hubspot.send(&told(1))), again("not_connected"));
    assert_eq!(server.got().len(), 2);
}
