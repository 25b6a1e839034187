//! A HubSpot that takes all, and statuses for it.

use optin::{Crm, Outgoing, sync::hubspot::Properties};
use serde_json::{Value, json};

use super::{Answer, Got, answer, status};

pub(crate) fn properties() -> Properties {
    Properties::found_by("sms_number").unwrap()
}

pub(crate) fn told(n: usize) -> Outgoing {
    status(Crm::Hubspot, n, true)
}

pub(crate) fn inputs(got: &Got) -> &Vec<Value> {
    got.body["inputs"].as_array().unwrap()
}

/// The answer of a HubSpot that took all.
pub(crate) fn all_taken(got: &Got) -> Answer {
    let results: Vec<Value> = inputs(got).iter().map(result).collect();
    answer(200, json!({ "status": "COMPLETE", "results": results }))
}

pub(crate) fn result(input: &Value) -> Value {
    json!({
        "id": "512", "new": false, "properties": input["properties"],
        "objectWriteTraceId": input["objectWriteTraceId"],
    })
}
