//! The request: an upsert of up to 100 contacts (HubSpot's page "Upsert a batch of contacts").

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::Properties;
use crate::consent::{contact::Contact, outgoing::Outgoing};

pub(super) const PATH: &str = "/crm/v3/objects/contacts/batch/upsert";

/// HubSpot's most for one call.
pub(super) const MOST: usize = 100;

/// One contact's status.
pub(in crate::sync) struct Input {
    pub(super) contact: Contact,
    pub(super) id: String,
    pub(super) trace: String,
    pub(super) opted_out: bool,
    decided_at: DateTime<Utc>,
}

impl Input {
    pub(super) fn new(outgoing: &Outgoing, id: String, opted_out: bool) -> Self {
        Self {
            contact: outgoing.id.contact.clone(),
            id,
            trace: trace(outgoing),
            opted_out,
            decided_at: outgoing.decided_at,
        }
    }

    /// Whether it may stand beside the other: not the same contact, not the same record.
    pub(super) fn is_apart_from(&self, other: &Self) -> bool {
        self.contact != other.contact && !self.id.eq_ignore_ascii_case(&other.id)
    }

    fn to_json(&self, properties: &Properties) -> Value {
        let mut written = Map::new();
        // Written too, so that the answer has it.
        if !properties.by_record_id() {
            written.insert(properties.id.clone(), json!(self.id));
        }
        written.insert(properties.opted_out.clone(), json!(self.opted_out.to_string()));
        let decided_at = self.decided_at.to_rfc3339_opts(SecondsFormat::Millis, true);
        written.insert(properties.updated_at.clone(), json!(decided_at));
        json!({
            "id": self.id,
            "idProperty": properties.id,
            "objectWriteTraceId": self.trace,
            "properties": written,
        })
    }
}

pub(super) fn body(inputs: &[Input], properties: &Properties) -> Vec<u8> {
    let inputs: Vec<Value> = inputs.iter().map(|input| input.to_json(properties)).collect();
    json!({ "inputs": inputs }).to_string().into_bytes()
}

/// The same at each try of a message, and no other's: 32 hexadecimal digits of a digest, so that
/// it shows no number.
fn trace(outgoing: &Outgoing) -> String {
    let id = &outgoing.id;
    let name = format!(
        "{}\n{}\n{}\n{}\n{}",
        id.contact.account().as_str(),
        id.contact.number().to_digits(),
        id.revision.number(),
        id.n,
        outgoing.decided_at.timestamp_millis(),
    );
    Sha256::digest(name).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
