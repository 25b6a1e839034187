//! HubSpot's answers: what surely happened to each input, and nothing more.

use alloc::{collections::BTreeMap, string::String, vec, vec::Vec};
use core::time::Duration;

use http::{Response, StatusCode};
use serde_json::Value;

use super::{Properties, request::Input};
use crate::{
    consent::{id::CarrierCode, outgoing::Handover},
    sync::{caller::Read, code, pause, split::Called},
};

/// Where an answer does not say how long: HubSpot's bursts are counted over ten seconds, its days
/// by the account's midnight, and a locked record is free after two seconds.
const BURST: Duration = Duration::from_secs(10);
const DAY: Duration = Duration::from_secs(15 * 60);
const LOCK: Duration = Duration::from_secs(2);

/// Reads the answer to these inputs.
pub(super) fn read(answer: &Response<Vec<u8>>, inputs: &[Input], properties: &Properties) -> Read {
    let status = answer.status();
    let body: Option<Value> = serde_json::from_slice(answer.body()).ok();
    let going_on = |called| Read { called, pause: None, expired: false };
    match status.as_u16() {
        200 | 201 | 207 => {
            let each = body.map_or_else(
                || vec![Handover::Unknown; inputs.len()],
                |body| each(status, &body, inputs, properties),
            );
            going_on(Called::Each(each))
        }
        429 | 423 | 477 => {
            let policy = body.as_ref().and_then(|body| text(body, "policyName"));
            let usual = match (status.as_u16(), policy) {
                (423, _) => LOCK,
                (429, Some("DAILY")) | (477, _) => DAY,
                _ => BURST,
            };
            let code = code::of(status, policy);
            let wait = pause::asked_for(answer.headers()).unwrap_or(usual);
            Read { pause: Some((wait, code.clone())), ..going_on(over(code::again(code))) }
        }
        401 => Read { expired: true, ..going_on(over(code::again(code_of(status, &body)))) },
        // A server's own time-out says nothing of what it did.
        408 => going_on(uncertain(inputs)),
        400..=499 => going_on(refusal(status, &body, inputs)),
        503 => {
            let wait = pause::asked_for(answer.headers());
            let pause = wait.map(|wait| (wait, code::of(status, None)));
            Read { pause, ..going_on(uncertain(inputs)) }
        }
        _ => going_on(uncertain(inputs)),
    }
}

/// The whole batch was refused. One contact's data may be the reason, or the account's set-up;
/// what did not come from HubSpot says nothing.
fn refusal(status: StatusCode, body: &Option<Value>, inputs: &[Input]) -> Called {
    let category = body.as_ref().and_then(|body| text(body, "category"));
    let (Some(body), Some(category)) = (body, category) else {
        return uncertain(inputs);
    };
    let handover = of_error(status, body);
    match status.as_u16() {
        400 | 404 | 409 | 422 if !is_set_up(body) => Called::Refused(handover),
        _ if is_set_up(body) => over(handover),
        _ => over(code::again(code::of(status, Some(category)))),
    }
}

/// For each input what the answer says of it: accepted by a result, refused by an error.
fn each(
    status: StatusCode,
    body: &Value,
    inputs: &[Input],
    properties: &Properties,
) -> Vec<Handover> {
    let mut said: Vec<Vec<Handover>> = vec![Vec::new(); inputs.len()];
    let complete = text(body, "status").is_none_or(|status| status == "COMPLETE");
    let results = body.get("results").and_then(Value::as_array);
    let by_trace: BTreeMap<&str, usize> =
        inputs.iter().enumerate().map(|(at, input)| (input.trace.as_str(), at)).collect();
    let by_id: BTreeMap<String, usize> =
        inputs.iter().enumerate().map(|(at, input)| (input.id.to_ascii_lowercase(), at)).collect();
    let find_id = |id: &str| by_id.get(&id.to_ascii_lowercase()).copied();
    for result in results.into_iter().flatten().filter(|_| complete) {
        let written = |name: &str| result.get("properties").and_then(|all| text(all, name));
        let trace = text(result, "objectWriteTraceId").map(|trace| by_trace.get(trace).copied());
        let id =
            if properties.by_record_id() { text(result, "id") } else { written(&properties.id) };
        let named = match (trace, id.map(find_id)) {
            (Some(by_trace), Some(by_id)) if by_trace != by_id => None,
            (Some(named), _) | (None, Some(named)) => named,
            (None, None) => None,
        };
        if let Some(at) = named {
            let sent = if inputs[at].opted_out { "true" } else { "false" };
            let kept = written(&properties.opted_out).is_none_or(|value| value == sent);
            said[at].push(if kept {
                Handover::Accepted { provider_id: None }
            } else {
                Handover::Unknown
            });
        }
    }
    let errors = body.get("errors").and_then(Value::as_array);
    for error in errors.into_iter().flatten() {
        let traced =
            listed(error, &["objectWriteTraceId"]).filter_map(|id| by_trace.get(id).copied());
        let ids = listed(error, &["ids", "id"]).filter_map(find_id);
        let handover = of_error(status, error);
        for at in traced.chain(ids) {
            said[at].push(handover.clone());
        }
    }
    said.into_iter().map(only).collect()
}

/// What is said once; of what is said in two ways, or not at all, nothing is known.
fn only(mut said: Vec<Handover>) -> Handover {
    said.dedup();
    let mut said = said.into_iter();
    match (said.next(), said.next()) {
        (Some(handover), None) => handover,
        (None | Some(_), _) => Handover::Unknown,
    }
}

fn of_error(status: StatusCode, error: &Value) -> Handover {
    let category = text(error, "category");
    if is_set_up(error) {
        return code::again(set_up(status));
    }
    let code = code::of(status, category);
    if category.is_some_and(is_of_the_contact) { code::refused(code) } else { code::again(code) }
}

/// Whether the category names what is wrong with one contact's data.
fn is_of_the_contact(category: &str) -> bool {
    matches!(category, "VALIDATION_ERROR" | "OBJECT_NOT_FOUND")
}

/// Whether a property is missing in the account: that is mended there, for all its contacts.
fn is_set_up(error: &Value) -> bool {
    text(error, "message").is_some_and(|message| message.contains(MISSING))
        || error
            .get("errors")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .any(|error| text(error, "code") == Some(MISSING) || is_set_up(error))
}

const MISSING: &str = "PROPERTY_DOESNT_EXIST";

fn set_up(status: StatusCode) -> Option<CarrierCode> {
    code::of(status, Some(MISSING))
}

fn code_of(status: StatusCode, body: &Option<Value>) -> Option<CarrierCode> {
    code::of(status, body.as_ref().and_then(|body| text(body, "category")))
}

fn over(handover: Handover) -> Called {
    Called::Over(handover.clone(), handover)
}

fn uncertain(inputs: &[Input]) -> Called {
    Called::Each(vec![Handover::Unknown; inputs.len()])
}

fn text<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
    object.get(name)?.as_str()
}

/// The strings of an error's context under these names, which HubSpot gives as lists.
fn listed<'a>(error: &'a Value, names: &'a [&str]) -> impl Iterator<Item = &'a str> {
    let context = error.get("context");
    names.iter().filter_map(move |name| context?.get(name)).flat_map(|value| {
        let many = value.as_array().into_iter().flatten();
        many.chain(value.is_string().then_some(value)).filter_map(Value::as_str)
    })
}
