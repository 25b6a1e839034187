//! The requests: records by id, or by an external id (Salesforce's pages "Update Records Using
//! sObject Collections" and "Upsert Records Using sObject Collections").

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::ops::Range;

use serde_json::{Map, Value, json};

use super::{
    OptOutField,
    records::{Group, Record},
};
use crate::consent::contact::Contact;

/// Salesforce's most for one call.
pub(super) const MOST_RECORDS: usize = 200;

/// Salesforce's most of chunks in a call: runs of records of one object. Here, of groups in a batch.
pub(super) const MOST_GROUPS: usize = 10;

/// One contact's status, and its records.
pub(in crate::sync) struct Item {
    pub(super) contact: Contact,
    pub(super) records: Vec<Record>,
    pub(super) opted_out: bool,
}

/// One record to write, and whose it is: the place of its item in the batch.
pub(super) struct Write<'a> {
    pub(super) record: &'a Record,
    pub(super) opted_out: bool,
    pub(super) item: usize,
}

/// All records of a batch, those of a group together.
pub(super) fn writes(batch: &[Item]) -> Vec<Write<'_>> {
    let mut writes: Vec<Write<'_>> = Vec::new();
    for (item, Item { records, opted_out, .. }) in batch.iter().enumerate() {
        writes.extend(records.iter().map(|record| Write { record, opted_out: *opted_out, item }));
    }
    writes.sort_by(|one, other| one.record.group.cmp(&other.record.group));
    writes
}

/// The parts of these that can go in one call each.
pub(super) fn parts(writes: &[Write<'_>]) -> Vec<Range<usize>> {
    let mut start = 0;
    let together =
        |one: &Write<'_>, other: &Write<'_>| match (&one.record.group, &other.record.group) {
            (Group::ById { .. }, Group::ById { .. }) => true,
            (ours, theirs) => ours == theirs,
        };
    let runs = writes.chunk_by(together).map(|run| {
        let part = start..start + run.len();
        start = part.end;
        part
    });
    runs.collect()
}

/// The path for a part.
pub(super) fn path(version: &str, group: &Group) -> String {
    let collections = format!("/services/data/v{version}/composite/sobjects");
    match group {
        Group::ById { .. } => collections,
        Group::ByExternalId { object, field } => format!("{collections}/{object}/{field}"),
    }
}

/// The body for a part.
pub(super) fn body(part: &[Write<'_>], field: &OptOutField) -> Vec<u8> {
    let records: Vec<Value> = part.iter().map(|write| to_json(write, field)).collect();
    json!({ "allOrNone": false, "records": records }).to_string().into_bytes()
}

fn to_json(write: &Write<'_>, field: &OptOutField) -> Value {
    let group = &write.record.group;
    let key = match group {
        Group::ById { .. } => "id",
        Group::ByExternalId { field, .. } => field,
    };
    let mut record = Map::new();
    record.insert("attributes".into(), json!({ "type": group.object() }));
    record.insert(key.into(), json!(write.record.key));
    record.insert(field.name().into(), json!(write.opted_out));
    Value::Object(record)
}
