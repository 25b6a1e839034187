//! What Salesforce's answers mean for a record, its call and its account.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod crm;
mod support;

use std::{
    sync::{Mutex, atomic::Ordering::SeqCst},
    time::Duration,
};

use http::Response;
use optin::{
    Contact, Handover, Outbox, Outgoing,
    client::CallFailed,
    sync::salesforce::{Record, Salesforce},
};
use serde_json::json;

use self::{
    crm::{
        ACCEPTED, Answer, AtOnce, Got, Pace, Server, Tokens, again, answer, refused,
        salesforce::{By, all_taken, contacts_alone, failed, id, records, taken, told},
        shown, token,
    },
    support::now_or_never,
};

#[track_caller]
fn one(answered: Answer, expected: &Handover) {
    let shown_answer = format!("{answered:?}");
    let answered = Mutex::new(Some(answered));
    let server = Server::new(move |_: &Got| answered.lock().unwrap().take().unwrap());
    let salesforce = Salesforce::new(&server, Tokens::default(), contacts_alone());
    let handover = now_or_never(salesforce.send(&told(1)));
    assert_eq!(shown(&handover), shown(expected), "{shown_answer}");
    assert_eq!(server.got().len(), 1, "the adapter itself never retries");
}

#[test]
fn what_an_answer_says_of_the_whole_call() {
    let of = |word: &str| json!([{ "errorCode": word, "message": "no" }]);
    let unknown = &Handover::Unknown;
    one(answer(401, of("INVALID_SESSION_ID")), &again("401 INVALID_SESSION_ID"));
    one(answer(401, "<html>"), &again("401"));
    one(answer(403, of("REQUEST_LIMIT_EXCEEDED")), &again("403 REQUEST_LIMIT_EXCEEDED"));
    one(answer(403, of("API_DISABLED_FOR_ORG")), &again("403 API_DISABLED_FOR_ORG"));
    one(answer(404, of("NOT_FOUND")), &again("404 NOT_FOUND"));
    one(answer(400, of("JSON_PARSER_ERROR")), &refused("400 JSON_PARSER_ERROR"));
    one(answer(400, of("INVALID_FIELD")), &again("400 INVALID_FIELD"));
    one(answer(400, of("INVALID_TYPE")), &again("400 INVALID_TYPE"));
    one(answer(429, of("TOO_MANY")), &again("429 TOO_MANY"));
    // A word with digits is left out: it could be a number.
    one(answer(400, of("+12065550101")), &refused("400"));
    for status in [400, 403, 404, 408, 418, 500, 502, 503, 504, 999, 100, 202, 204, 300, 304] {
        one(answer(status, "<html>+12065550101</html>"), unknown);
        one(answer(status, "{}"), unknown);
        one(answer(status, "[]"), unknown);
        one(answer(status, ""), unknown);
    }
    let redirect = Response::builder().status(302).header("Location", "https://x.example");
    one(Ok(redirect.body(Vec::new()).unwrap()), unknown);
    one(Err(CallFailed::NotSent), &again(""));
    one(Err(CallFailed::Unknown), unknown);
}

#[test]
fn what_an_answer_says_of_a_record() {
    let unknown = &Handover::Unknown;
    let ours = "Con012065550101AAA";
    let ok = json!({ "id": ours, "success": true, "errors": [] });
    one(answer(200, json!([ok])), &ACCEPTED);
    let short = json!({ "id": &ours[..15], "success": true, "errors": [] });
    one(answer(200, json!([short])), &ACCEPTED);
    for poison in [
        "ENTITY_IS_DELETED",
        "FIELD_CUSTOM_VALIDATION_EXCEPTION",
        "INSUFFICIENT_ACCESS_OR_READONLY",
        "INVALID_CROSS_REFERENCE_KEY",
        "MALFORMED_ID",
        "REQUIRED_FIELD_MISSING",
        "DUPLICATE_VALUE",
    ] {
        one(answer(200, json!([failed(poison)])), &refused(&format!("200 {poison}")));
    }
    for passing in
        ["UNABLE_TO_LOCK_ROW", "UNKNOWN_EXCEPTION", "SERVER_UNAVAILABLE", "SOMETHING_NEW"]
    {
        one(answer(200, json!([failed(passing)])), &again(&format!("200 {passing}")));
    }
    let two = json!([{ "success": false, "errors": [
        { "statusCode": "ENTITY_IS_DELETED" }, { "statusCode": "UNABLE_TO_LOCK_ROW" },
    ] }]);
    one(answer(200, two), &again("200 UNABLE_TO_LOCK_ROW"));
    for lie in [
        json!([]),
        json!([ok, ok]),
        json!({}),
        json!([null]),
        json!(ok),
        json!(["ok"]),
        json!([{ "success": true, "errors": [] }]),
        json!([{ "id": "003000000000009AAA", "success": true, "errors": [] }]),
        json!([{ "id": ours, "success": true }]),
        json!([{ "id": ours, "success": "true", "errors": [] }]),
        json!([{ "id": ours, "success": true, "errors": [{ "statusCode": "X" }] }]),
        json!([{ "id": ours, "success": false, "errors": [] }]),
        json!([{ "id": "003000000000009AAA", "success": false, "errors": [{ "statusCode": "MALFORMED_ID" }] }]),
    ] {
        one(answer(200, lie), unknown);
    }
    let half = json!([ok]).to_string();
    one(answer(200, &half[..half.len() - 4]), unknown);
    one(answer(200, "<html>ok</html>"), unknown);
}

#[test]
fn each_error_finds_its_record_by_place_and_id() {
    let server = Server::new(|got: &Got| {
        let records = records(got);
        if records.len() == 1 {
            return all_taken(got);
        }
        // Two results have changed places.
        answer(
            200,
            json!([
                taken(&records[0]),
                failed("MALFORMED_ID"),
                taken(&records[3]),
                taken(&records[2]),
                failed("UNABLE_TO_LOCK_ROW"),
            ]),
        )
    });
    server.shut(true);
    let salesforce = Salesforce::new(&server, Tokens::default(), contacts_alone());
    let statuses: Vec<Outgoing> = (0..6).map(told).collect();
    let mut at_once = AtOnce::new(&salesforce, &statuses);
    at_once.poll();
    server.shut(false);
    let shown: Vec<String> = at_once.finish()[1..].iter().flatten().map(shown).collect();
    assert_eq!(
        shown,
        [
            "accepted",
            "not sent, refused: 200 MALFORMED_ID",
            "unknown",
            "unknown",
            "not sent, again: 200 UNABLE_TO_LOCK_ROW",
        ]
    );
}

#[test]
fn one_that_spoils_its_call_is_found() {
    let server = Server::new(|got: &Got| {
        if records(got).iter().any(|record| record["id"] == "Con012065550133AAA") {
            return answer(400, json!([{ "errorCode": "JSON_PARSER_ERROR", "message": "no" }]));
        }
        all_taken(got)
    });
    server.shut(true);
    let salesforce = Salesforce::new(&server, Tokens::default(), contacts_alone());
    let statuses: Vec<Outgoing> = (0..100).map(told).collect();
    let mut at_once = AtOnce::new(&salesforce, &statuses);
    at_once.poll();
    server.shut(false);
    let ended = at_once.finish();
    for (n, ended) in ended.into_iter().enumerate() {
        let expected = if n == 33 { refused("400 JSON_PARSER_ERROR") } else { ACCEPTED };
        assert_eq!(ended, Some(expected), "{n}");
    }
}

#[test]
fn a_field_that_one_object_lacks_holds_up_no_other() {
    let server = Server::new(|got: &Got| {
        if records(got).iter().any(|record| record["attributes"]["type"] == "Lead") {
            return answer(400, json!([{ "errorCode": "INVALID_FIELD", "message": "no" }]));
        }
        all_taken(got)
    });
    server.shut(true);
    let mixed = By(|contact: &Contact| {
        let object =
            if contact.number().to_digits().is_multiple_of(2) { "Contact" } else { "Lead" };
        vec![Record::by_id(object, &id("Contact", contact)).unwrap()]
    });
    let salesforce = Salesforce::new(&server, Tokens::default(), mixed);
    let statuses: Vec<Outgoing> = (0..41).map(told).collect();
    let mut at_once = AtOnce::new(&salesforce, &statuses);
    at_once.poll();
    server.shut(false);
    for (n, ended) in at_once.finish().into_iter().enumerate() {
        let expected = if n % 2 == 0 { ACCEPTED } else { again("400 INVALID_FIELD") };
        assert_eq!(ended, Some(expected), "{n}");
    }
    assert!(server.got().len() < 15, "{} calls", server.got().len());
}

#[test]
fn a_used_up_limit_pauses_the_account_and_an_ended_session_does_not() {
    let pace = Pace::new();
    let word = Mutex::new("REQUEST_LIMIT_EXCEEDED");
    let server = Server::new(|got: &Got| match *word.lock().unwrap() {
        "" => all_taken(got),
        word => answer(403, json!([{ "errorCode": word, "message": "no" }])),
    });
    let tokens = Tokens::default();
    let salesforce = Salesforce::new(&server, &tokens, contacts_alone()).with_clock(pace.reader());
    let limited = again("403 REQUEST_LIMIT_EXCEEDED");
    assert_eq!(now_or_never(salesforce.send(&told(1))), limited);
    assert_eq!(now_or_never(salesforce.send(&told(2))), limited);
    assert_eq!((server.got().len(), tokens.number.load(SeqCst)), (1, 0));
    pace.advance(Duration::from_secs(300));
    *word.lock().unwrap() = "INVALID_SESSION_ID";
    assert_eq!(now_or_never(salesforce.send(&told(2))), again("403 INVALID_SESSION_ID"));
    *word.lock().unwrap() = "";
    assert_eq!(now_or_never(salesforce.send(&told(2))), ACCEPTED);
    let tokens: Vec<String> = server.got().iter().map(token).collect();
    assert_eq!(tokens, ["acme-0", "acme-0", "acme-1"]);
}
