//! A Salesforce that takes all, and statuses and records for it.

use optin::{
    Contact, Crm, Outgoing,
    sync::{
        Found,
        salesforce::{Record, Records},
    },
};
use serde_json::{Value, json};

use super::{Answer, Got, answer, status};

/// A made id of 18 letters and digits.
pub(crate) fn id(object: &str, contact: &Contact) -> String {
    format!("{}{:012}AAA", &object[..3], contact.number().to_digits() % 1_000_000_000_000)
}

pub(crate) fn contact_record(contact: &Contact) -> Record {
    Record::by_id("Contact", &id("Contact", contact)).unwrap()
}

/// Records by a function of the contact.
pub(crate) struct By<F>(pub(crate) F);

impl<F: Fn(&Contact) -> Vec<Record> + Send + Sync> Records for By<F> {
    async fn records(&self, contact: &Contact) -> Found<Vec<Record>> {
        Found::Here((self.0)(contact))
    }
}

pub(crate) fn contacts_alone() -> By<impl Fn(&Contact) -> Vec<Record> + Send + Sync> {
    By(|contact: &Contact| vec![contact_record(contact)])
}

pub(crate) fn told(n: usize) -> Outgoing {
    status(Crm::Salesforce, n, true)
}

pub(crate) fn records(got: &Got) -> &Vec<Value> {
    got.body["records"].as_array().unwrap()
}

pub(crate) fn taken(record: &Value) -> Value {
    let id = record.get("id").cloned().unwrap_or(json!("00Q000000000001AAA"));
    json!({ "id": id, "success": true, "errors": [] })
}

pub(crate) fn failed(word: &str) -> Value {
    let error = json!({ "statusCode": word, "message": "no", "fields": [] });
    json!({ "success": false, "errors": [error] })
}

pub(crate) fn all_taken(got: &Got) -> Answer {
    answer(200, Value::from_iter(records(got).iter().map(taken)))
}
