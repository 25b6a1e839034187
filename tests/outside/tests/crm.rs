//! HubSpot's and Salesforce's clients for node send what ours sends for the same change.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::sync::Mutex;

use chrono::DateTime;
use http::{Request, Response};
use optin::{
    AccountId, Contact, Content, Crm, Handover, Outbox, Outgoing, OutgoingId, Revision, Status,
    blocking::block_on,
    client::{CallFailed, Client},
    sync::{
        Access, Accounts, Found,
        hubspot::{HubSpot, Properties},
        salesforce::{Record, Records, Salesforce},
    },
};
use optin_outside::{
    javascript,
    recorder::{Recorded, Recorder},
};
use serde_json::{Value, json};

const TOKEN: &str = "a-token";
const DECIDED_AT: i64 = 1_772_355_600_250;

/// Ours: keeps the request, and answers like the CRM.
struct Keeper {
    kept: Mutex<Option<Request<Vec<u8>>>>,
    answer: fn(&Value) -> Value,
}

impl Client for Keeper {
    async fn call(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, CallFailed> {
        let body = serde_json::from_slice(request.body()).unwrap();
        *self.kept.lock().unwrap() = Some(request);
        Ok(Response::new((self.answer)(&body).to_string().into_bytes()))
    }
}

struct Host {
    address: String,
    records: Vec<Record>,
}

impl Accounts for Host {
    async fn access(&self, _account: &AccountId) -> Option<Access> {
        Access::new(&self.address, TOKEN).ok()
    }

    fn expired(&self, _account: &AccountId, _access: &Access) {}
}

impl Records for Host {
    async fn records(&self, _contact: &Contact) -> Found<Vec<Record>> {
        Found::Here(self.records.clone())
    }
}

fn status(crm: Crm, opted_out: bool) -> Outgoing {
    let number = "+12065550101".parse().unwrap();
    let contact = Contact::new(AccountId::new("acme").unwrap(), number);
    let decided_at = DateTime::from_timestamp_millis(DECIDED_AT).unwrap();
    let content = Content::Status(Status::new(crm, opted_out));
    Outgoing::new(OutgoingId::new(contact, Revision::new(3), 0), decided_at, content)
}

/// The path, the method, the token and the body of ours are those of theirs.
fn compare(ours: &Keeper, address: &str, theirs: &Recorded) {
    let ours = ours.kept.lock().unwrap().take().unwrap();
    assert_eq!(ours.method().as_str(), theirs.method);
    assert_eq!(ours.uri().to_string(), format!("{address}{}", theirs.path));
    for name in ["authorization", "content-type"] {
        let ours = ours.headers()[name].to_str().unwrap();
        let theirs = theirs.header(name).unwrap();
        assert_eq!(ours, theirs.split(';').next().unwrap(), "{name}");
    }
    let body: Value = serde_json::from_slice(ours.body()).unwrap();
    assert_eq!(body, theirs.body);
}

fn hubspot_answer(body: &Value) -> Value {
    let results: Vec<Value> = body["inputs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|input| {
            json!({
                "id": "512", "new": true, "archived": false,
                "createdAt": "2026-03-01T09:00:00Z", "updatedAt": "2026-03-01T09:00:00Z",
                "properties": input["properties"],
                "objectWriteTraceId": input["objectWriteTraceId"],
            })
        })
        .collect();
    let at = "2026-03-01T09:00:00Z";
    json!({ "status": "COMPLETE", "results": results, "startedAt": at, "completedAt": at })
}

#[test]
fn hubspots_client_sends_what_ours_sends() {
    for opted_out in [true, false] {
        let recorder = Recorder::start(hubspot_answer);
        let address = recorder.address().to_owned();
        let keeper = Keeper { kept: Mutex::default(), answer: hubspot_answer };
        let host = Host { address: address.clone(), records: Vec::new() };
        let hubspot = HubSpot::new(&keeper, host, Properties::found_by("sms_number").unwrap());
        let handover = block_on(hubspot.send(&status(Crm::Hubspot, opted_out)));
        assert_eq!(handover, Handover::Accepted { provider_id: None });

        // Ours names the message by a trace of its own making; theirs is given the same.
        let ours: Value = {
            let kept = keeper.kept.lock().unwrap();
            serde_json::from_slice(kept.as_ref().unwrap().body()).unwrap()
        };
        let trace = ours["inputs"][0]["objectWriteTraceId"].as_str().unwrap();
        assert!(trace.len() == 32 && trace.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let input = json!({
            "id": "+12065550101", "idProperty": "sms_number", "objectWriteTraceId": trace,
            "properties": {
                "sms_number": "+12065550101",
                "sms_opted_out": if opted_out { "true" } else { "false" },
                "sms_opted_out_updated_at": "2026-03-01T09:00:00.250Z",
            },
        });
        let asked = json!({ "address": address, "token": TOKEN, "inputs": [input] });
        javascript::run("hubspot", &asked);
        compare(&keeper, &address, &recorder.recorded());
    }
}

fn salesforce_answer(body: &Value) -> Value {
    let one = |record: &Value| {
        let id = record.get("id").cloned().unwrap_or(json!("00Q000000000001AAA"));
        json!({ "id": id, "success": true, "errors": [] })
    };
    Value::from_iter(body["records"].as_array().unwrap().iter().map(one))
}

#[track_caller]
fn salesforces_client_sends(records: Vec<Record>, opted_out: bool, theirs: Value) {
    let recorder = Recorder::start(salesforce_answer);
    let address = recorder.address().to_owned();
    let keeper = Keeper { kept: Mutex::default(), answer: salesforce_answer };
    let host = |records| Host { address: address.clone(), records };
    let salesforce = Salesforce::new(&keeper, host(Vec::new()), host(records));
    let handover = block_on(salesforce.send(&status(Crm::Salesforce, opted_out)));
    assert_eq!(handover, Handover::Accepted { provider_id: None });
    let mut asked = json!({ "address": address, "token": TOKEN, "version": "62.0" });
    asked.as_object_mut().unwrap().extend(theirs.as_object().unwrap().clone());
    javascript::run("salesforce", &asked);
    compare(&keeper, &address, &recorder.recorded());
}

#[test]
fn jsforce_updates_a_contact_as_ours_does() {
    let record = Record::by_id("Contact", "003000000000001AAA").unwrap();
    let theirs = json!({
        "object": "Contact",
        "records": [{ "Id": "003000000000001AAA", "SMS_Opt_Out__c": true }],
    });
    salesforces_client_sends(vec![record], true, theirs);
}

#[test]
fn jsforce_updates_a_contact_and_a_lead_in_one_call_as_ours_does() {
    let contact = Record::by_id("Contact", "003000000000001AAA").unwrap();
    let lead = Record::by_id("Lead", "00Q000000000001AAA").unwrap();
    let one = |object: &str, id: &str| json!({ "attributes": { "type": object }, "Id": id, "SMS_Opt_Out__c": true });
    let records = [one("Contact", "003000000000001AAA"), one("Lead", "00Q000000000001AAA")];
    salesforces_client_sends(vec![lead, contact], true, json!({ "records": records }));
}

#[test]
fn jsforce_upserts_a_lead_by_an_external_id_as_ours_does() {
    let record = Record::by_external_id("Lead", "Number__c", "+12065550101").unwrap();
    let theirs = json!({
        "object": "Lead", "field": "Number__c",
        "records": [{ "Number__c": "+12065550101", "SMS_Opt_Out__c": false }],
    });
    salesforces_client_sends(vec![record], false, theirs);
}
