//! Salesforce's answers: what surely happened to each record, and nothing more.

use alloc::{vec, vec::Vec};
use core::time::Duration;

use http::{Response, StatusCode};
use serde_json::Value;

use super::{
    records::{Group, is_same_id},
    request::Write,
};
use crate::{
    consent::outgoing::Handover,
    sync::{caller::Read, code, pause, split::Called},
};

/// Requests are counted over 24 hours, each by its own time: some are free again soon.
const USED_UP: Duration = Duration::from_secs(5 * 60);

/// Reads the answer to these records.
pub(super) fn read(answer: &Response<Vec<u8>>, part: &[Write<'_>]) -> Read {
    let status = answer.status();
    let body: Option<Value> = serde_json::from_slice(answer.body()).ok();
    let going_on = |called| Read { called, pause: None, expired: false };
    let asked_for = pause::asked_for(answer.headers());
    match status.as_u16() {
        200 | 201 => going_on(Called::Each(each(status, body.as_ref(), part))),
        401 => {
            let code = code::of(status, body.as_ref().and_then(error_code));
            Read { expired: true, ..going_on(over(code::again(code))) }
        }
        429 => {
            let code = code::of(status, body.as_ref().and_then(error_code));
            let wait = asked_for.unwrap_or(USED_UP);
            Read { pause: Some((wait, code.clone())), ..going_on(over(code::again(code))) }
        }
        408 => going_on(uncertain(part)),
        400..=499 => refusal(status, body.as_ref().and_then(error_code), part),
        503 => {
            let pause = asked_for.map(|wait| (wait, code::of(status, None)));
            Read { pause, ..going_on(uncertain(part)) }
        }
        _ => going_on(uncertain(part)),
    }
}

/// The whole part was refused. What did not come from Salesforce says nothing.
fn refusal(status: StatusCode, word: Option<&str>, part: &[Write<'_>]) -> Read {
    let going_on = |called| Read { called, pause: None, expired: false };
    let Some(word) = word else {
        return going_on(uncertain(part));
    };
    let code = code::of(status, Some(word));
    let again = code::again(code.clone());
    match word {
        "INVALID_SESSION_ID" => Read { expired: true, ..going_on(over(again)) },
        "REQUEST_LIMIT_EXCEEDED" => Read { pause: Some((USED_UP, code)), ..going_on(over(again)) },
        _ if status != StatusCode::BAD_REQUEST => going_on(Called::Each(vec![again; part.len()])),
        // The account's set-up, perhaps of one object alone.
        "INVALID_FIELD" | "INVALID_TYPE" => {
            let object = |write: &Write<'_>| write.record.group.object().to_ascii_lowercase();
            let first = part.first().map(object);
            if part.iter().all(|write| Some(object(write)) == first) {
                going_on(Called::Each(vec![again; part.len()]))
            } else {
                going_on(Called::Refused(again))
            }
        }
        _ => going_on(Called::Refused(code::refused(code))),
    }
}

/// The answers by place; of a list that is not as long, or is none, nothing is known.
fn each(status: StatusCode, body: Option<&Value>, part: &[Write<'_>]) -> Vec<Handover> {
    match body.and_then(Value::as_array) {
        Some(results) if results.len() == part.len() => {
            results.iter().zip(part).map(|(result, write)| one(status, result, write)).collect()
        }
        Some(_) | None => vec![Handover::Unknown; part.len()],
    }
}

fn one(status: StatusCode, result: &Value, write: &Write<'_>) -> Handover {
    let errors = result.get("errors").and_then(Value::as_array);
    let id = result.get("id").and_then(Value::as_str);
    let is_ours = |id: &str| match &write.record.group {
        Group::ById { .. } => is_same_id(id, &write.record.key),
        // Which id it has is Salesforce's to say.
        Group::ByExternalId { .. } => matches!(id.len(), 15 | 18),
    };
    match (result.get("success").and_then(Value::as_bool), errors) {
        (Some(true), Some(errors)) if errors.is_empty() && id.is_some_and(is_ours) => {
            Handover::Accepted { provider_id: None }
        }
        (Some(false), Some(errors)) if !errors.is_empty() && id.is_none_or(is_ours) => {
            let word = |error: &Value| {
                let word = error.get("statusCode").and_then(Value::as_str);
                (word.is_some_and(is_of_the_record), code::of(status, word))
            };
            let (poison, again): (Vec<_>, Vec<_>) =
                errors.iter().map(word).partition(|(poison, _)| *poison);
            match (again.into_iter().next(), poison.into_iter().next()) {
                (Some((_, code)), _) => code::again(code),
                (None, Some((_, code))) => code::refused(code),
                (None, None) => Handover::Unknown,
            }
        }
        (Some(_) | None, _) => Handover::Unknown,
    }
}

/// Whether the word names what is wrong with one record, and stays so until a person mends it.
/// (Salesforce's page "StatusCode".)
fn is_of_the_record(word: &str) -> bool {
    matches!(
        word,
        "CANNOT_UPDATE_CONVERTED_LEAD"
            | "DUPLICATES_DETECTED"
            | "DUPLICATE_EXTERNAL_ID"
            | "DUPLICATE_VALUE"
            | "ENTITY_IS_ARCHIVED"
            | "ENTITY_IS_DELETED"
            | "FIELD_CUSTOM_VALIDATION_EXCEPTION"
            | "FIELD_FILTER_VALIDATION_EXCEPTION"
            | "FIELD_INTEGRITY_EXCEPTION"
            | "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY"
            | "INSUFFICIENT_ACCESS_OR_READONLY"
            | "INVALID_CROSS_REFERENCE_KEY"
            | "INVALID_EMAIL_ADDRESS"
            | "INVALID_ID_FIELD"
            | "MALFORMED_ID"
            | "NOT_FOUND"
            | "REQUIRED_FIELD_MISSING"
            | "STRING_TOO_LONG"
    )
}

/// The word of an error: Salesforce gives a list of them.
fn error_code(body: &Value) -> Option<&str> {
    body.as_array()?.first()?.get("errorCode")?.as_str()
}

fn over(handover: Handover) -> Called {
    Called::Over(handover.clone(), handover)
}

fn uncertain(part: &[Write<'_>]) -> Called {
    Called::Each(vec![Handover::Unknown; part.len()])
}
