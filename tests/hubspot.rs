//! Statuses to HubSpot: requests, and batches that gather themselves.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod crm;
mod support;

use std::sync::atomic::Ordering::SeqCst;

use http::header;
use optin::{
    Contact, Content, Crm, Handover, MessageKind, Outbox, Outgoing, OutgoingText,
    sync::{
        Found, InvalidName,
        hubspot::{HubSpot, Ids, Properties},
    },
};
use serde_json::{Value, json};

use self::{
    crm::{
        ACCEPTED, AtOnce, Got, Server, Tokens, account_of, again, answer,
        hubspot::{all_taken, inputs, properties, told},
        refused, someone, status, status_of, token,
    },
    support::{START, inbox, now_or_never},
};

#[test]
fn a_status_is_an_upsert_of_two_properties() {
    let server = Server::new(all_taken);
    let hubspot = HubSpot::new(&server, Tokens::default(), properties());
    assert_eq!(now_or_never(hubspot.send(&told(7))), ACCEPTED);
    assert_eq!(now_or_never(hubspot.send(&status(Crm::Hubspot, 8, false))), ACCEPTED);
    let got = server.got();
    assert_eq!(got[0].method, "POST");
    assert_eq!(got[0].uri, "https://crm.example/crm/v3/objects/contacts/batch/upsert");
    assert_eq!(got[0].headers[header::CONTENT_TYPE], "application/json");
    assert_eq!(token(&got[0]), "acme-0");
    let trace = inputs(&got[0])[0]["objectWriteTraceId"].as_str().unwrap();
    assert!(trace.len() == 32 && trace.bytes().all(|byte| byte.is_ascii_hexdigit()), "{trace}");
    assert_eq!(
        got[0].body,
        json!({ "inputs": [{
            "id": "+12065550107",
            "idProperty": "sms_number",
            "objectWriteTraceId": trace,
            "properties": {
                "sms_number": "+12065550107",
                "sms_opted_out": "true",
                "sms_opted_out_updated_at": START.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
            },
        }] })
    );
    assert_eq!(inputs(&got[1])[0]["properties"]["sms_opted_out"], "false");
}

#[test]
fn a_trace_is_the_same_at_each_try_and_no_other_message_has_it() {
    let server = Server::new(all_taken);
    let hubspot = HubSpot::new(&server, Tokens::default(), properties());
    let mut later = told(7);
    later.decided_at += chrono::TimeDelta::milliseconds(1);
    for outgoing in [told(7), told(7), told(8), later] {
        assert_eq!(now_or_never(hubspot.send(&outgoing)), ACCEPTED);
    }
    let traces: Vec<Value> =
        server.got().iter().map(|got| inputs(got)[0]["objectWriteTraceId"].clone()).collect();
    assert_eq!(traces[0], traces[1]);
    assert!(traces[1] != traces[2] && traces[1] != traces[3] && traces[2] != traces[3]);
}

#[test]
fn names_and_ids_are_the_hosts_to_choose() {
    struct Addresses;
    impl Ids for Addresses {
        async fn id(&self, contact: &Contact) -> Found<String> {
            match contact.number().to_digits() % 100 {
                1 => Found::Here("ana@example.com".into()),
                2 => Found::NotNow,
                3 => Found::Here(String::new()),
                _ => Found::Nowhere,
            }
        }
    }
    let named = Properties::found_by("email").unwrap();
    let named = named.opted_out("texts_no").unwrap().updated_at("texts_no_at").unwrap();
    let server = Server::new(all_taken);
    let hubspot = HubSpot::new(&server, Tokens::default(), named).with_ids(Addresses);
    let handovers: Vec<Handover> = (1..5).map(|n| now_or_never(hubspot.send(&told(n)))).collect();
    let unknown = refused("unknown_contact");
    assert_eq!(handovers, [ACCEPTED, again("not_found_now"), unknown.clone(), unknown]);
    let got = server.got();
    assert_eq!(got.len(), 1);
    let input = &inputs(&got[0])[0];
    assert_eq!((&input["id"], &input["idProperty"]), (&json!("ana@example.com"), &json!("email")));
    assert_eq!(input["properties"]["texts_no"], "true");
    assert!(!got[0].body.to_string().contains("5550101"));
}

#[test]
fn a_property_that_contacts_share_cannot_be_their_id() {
    for name in ["phone", "mobilephone"] {
        assert_eq!(Properties::found_by(name), Err(InvalidName::NotUnique { what: "id property" }));
    }
    for name in ["", "sms number", "1st", "números", &"a".repeat(101)] {
        assert_eq!(Properties::found_by(name), Err(InvalidName::Form { what: "id property" }));
    }
    assert_eq!(properties().opted_out("sms_number"), Err(InvalidName::Twice { what: "property" }));
}

#[test]
fn hubspots_own_record_id_is_not_written() {
    let server = Server::new(|got: &Got| {
        let id = &inputs(got)[0]["id"];
        answer(200, json!({ "results": [{ "id": id, "properties": {} }] }))
    });
    let properties = Properties::found_by("hs_object_id").unwrap();
    let hubspot = HubSpot::new(&server, Tokens::default(), properties);
    assert_eq!(now_or_never(hubspot.send(&told(1))), ACCEPTED);
    assert_eq!(inputs(&server.got()[0])[0]["properties"].get("hs_object_id"), None);
}

#[test]
fn what_waits_at_the_same_moment_goes_in_one_call() {
    let server = Server::new(all_taken);
    server.shut(true);
    let hubspot = HubSpot::new(&server, Tokens::default(), properties());
    let statuses: Vec<Outgoing> = (0..250).map(told).collect();
    let mut at_once = AtOnce::new(&hubspot, &statuses);
    at_once.poll();
    server.shut(false);
    assert!(at_once.finish().iter().all(|ended| *ended == Some(ACCEPTED)));
    let sizes: Vec<usize> = server.got().iter().map(|got| inputs(got).len()).collect();
    assert_eq!(sizes, [1, 100, 100, 49]);
    let got = server.got();
    let mut ids: Vec<&str> =
        got.iter().flat_map(inputs).map(|input| input["id"].as_str().unwrap()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 250);
}

#[test]
fn accounts_do_not_share_a_call() {
    let server = Server::new(all_taken);
    server.shut(true);
    let hubspot = HubSpot::new(&server, Tokens::default(), properties());
    let statuses: Vec<Outgoing> =
        (0..30).map(|n| status_of(someone(&account_of(n), n), Crm::Hubspot, true)).collect();
    let mut at_once = AtOnce::new(&hubspot, &statuses);
    at_once.poll();
    server.shut(false);
    assert!(at_once.finish().iter().all(|ended| *ended == Some(ACCEPTED)));
    let mut calls: Vec<(String, usize)> =
        server.got().iter().map(|got| (token(got), inputs(got).len())).collect();
    calls.sort();
    let expected = [("acme-0", 1), ("acme-0", 9), ("bravo-0", 1), ("bravo-0", 9), ("carl-0", 1)];
    let expected = expected.into_iter().chain([("carl-0", 9)]);
    assert_eq!(calls, expected.map(|(token, n)| (token.to_owned(), n)).collect::<Vec<_>>());
}

#[test]
fn a_contact_is_never_twice_in_a_batch_and_the_later_status_comes_later() {
    let server = Server::new(all_taken);
    server.shut(true);
    let hubspot = HubSpot::new(&server, Tokens::default(), properties());
    let statuses = [told(0), told(1), status(Crm::Hubspot, 1, false), told(2)];
    let mut at_once = AtOnce::new(&hubspot, &statuses);
    at_once.poll();
    server.shut(false);
    at_once.finish();
    let got = server.got();
    let calls: Vec<Vec<(&Value, &Value)>> = got
        .iter()
        .map(|got| inputs(got).iter().map(|i| (&i["id"], &i["properties"]["sms_opted_out"])))
        .map(Iterator::collect)
        .collect();
    let (yes, no) = (json!("true"), json!("false"));
    let [zero, one, two] = [0, 1, 2].map(|n| json!(format!("+120655501{n:02}")));
    assert_eq!(calls, [vec![(&zero, &yes)], vec![(&one, &yes), (&two, &yes)], vec![(&one, &no)]]);
}

#[test]
fn a_leader_dropped_before_its_call_takes_nobody_with_it() {
    let server = Server::new(all_taken);
    let hubspot = HubSpot::new(&server, Tokens::default(), properties());
    let tokens = Tokens::default();
    tokens.slow.store(true, SeqCst);
    let slow = HubSpot::new(&server, &tokens, properties());
    let statuses: Vec<Outgoing> = (0..5).map(told).collect();
    let mut at_once = AtOnce::new(&slow, &statuses);
    at_once.poll();
    at_once.drop_one(0);
    // The next to lead goes as well, before it knows.
    at_once.drop_one(1);
    tokens.slow.store(false, SeqCst);
    let ended = at_once.finish();
    assert_eq!(ended, [None, None, Some(ACCEPTED), Some(ACCEPTED), Some(ACCEPTED)]);
    assert_eq!(server.got().len(), 1);
    // And nothing of it is left behind.
    assert_eq!(now_or_never(slow.send(&told(0))), ACCEPTED);
    assert_eq!(now_or_never(hubspot.send(&told(0))), ACCEPTED);
}

#[test]
fn of_a_leader_dropped_in_its_call_nobody_knows_and_the_next_leads() {
    let server = Server::new(all_taken);
    server.shut(true);
    let hubspot = HubSpot::new(&server, Tokens::default(), properties());
    let statuses: Vec<Outgoing> = (0..6).map(told).collect();
    let mut at_once = AtOnce::new(&hubspot, &statuses);
    at_once.poll();
    // The first is called alone; the second leads the others, and is dropped in its call.
    server.shut(false);
    at_once.poll_only(0);
    server.shut(true);
    at_once.poll_only(1);
    let late = [told(6), told(7)];
    let mut later = AtOnce::new(&hubspot, &late);
    later.poll();
    at_once.drop_one(1);
    server.shut(false);
    assert!(later.finish().iter().all(|ended| *ended == Some(ACCEPTED)));
    let unknown = Some(Handover::Unknown);
    let ended = at_once.finish();
    assert_eq!(ended[..2], [Some(ACCEPTED), None]);
    assert!(ended[2..].iter().all(|ended| *ended == unknown));
    let sizes: Vec<usize> = server.got().iter().map(|got| inputs(got).len()).collect();
    assert_eq!(sizes, [1, 5, 2]);
}

#[test]
fn a_caller_that_is_dropped_while_it_waits_is_not_told() {
    let server = Server::new(all_taken);
    server.shut(true);
    let hubspot = HubSpot::new(&server, Tokens::default(), properties());
    let statuses: Vec<Outgoing> = (0..4).map(told).collect();
    let mut at_once = AtOnce::new(&hubspot, &statuses);
    at_once.poll();
    at_once.drop_one(2);
    server.shut(false);
    assert_eq!(at_once.finish(), [Some(ACCEPTED), Some(ACCEPTED), None, Some(ACCEPTED)]);
    let sizes: Vec<usize> = server.got().iter().map(|got| inputs(got).len()).collect();
    assert_eq!(sizes, [1, 2]);
}

#[test]
fn texts_and_statuses_of_others_are_refused() {
    let server = Server::new(all_taken);
    let hubspot = HubSpot::new(&server, Tokens::default(), properties());
    let text = OutgoingText::new(MessageKind::Message, inbox(), "Hi", START);
    let text = Outgoing::new(told(1).id, START, Content::Text(text));
    assert_eq!(now_or_never(hubspot.send(&text)), refused("not_a_status"));
    let other = status(Crm::Salesforce, 1, true);
    assert_eq!(now_or_never(hubspot.send(&other)), refused("other_crm"));
    assert!(server.got().is_empty());
}

#[test]
fn nothing_shows_a_token() {
    let access = optin::sync::Access::new("https://crm.example/", "quokka").unwrap();
    assert_eq!(format!("{access:?}"), "Access(https://crm.example, ..)");
    let hubspot = HubSpot::new(Server::new(all_taken), Tokens::default(), properties());
    assert!(format!("{hubspot:?}").starts_with("HubSpot { properties"));
}

#[test]
fn an_address_in_the_clear_or_with_a_path_is_refused() {
    use optin::sync::{Access, InvalidAccess};
    for address in ["http://crm.example", "https://a@crm.example", "https://crm.example/x", "x", ""]
    {
        assert_eq!(Access::new(address, "token"), Err(InvalidAccess::Address), "{address}");
    }
    for address in ["https://crm.example:8443", "http://127.0.0.1:80", "http://localhost:1"] {
        assert!(Access::new(address, "token").is_ok(), "{address}");
    }
    for token in ["", " ", "a\nb"] {
        assert_eq!(Access::new("https://crm.example", token), Err(InvalidAccess::Token));
    }
}
