//! What Telnyx's message API answered, as a hand-over. The table is the module's.

use alloc::{string::String, vec::Vec};

use http::Response;
use serde::Deserialize;

use super::read::{BLOCKED, Fault};
use crate::{
    client::CallFailed,
    consent::outgoing::Handover,
    provider::answer::{Class, answered, refused, taken},
};

/// Unexpected error, request timeout: refusals that say nothing of the message.
const DOUBTFUL: [&str; 2] = ["10007", "10008"];

#[derive(Deserialize)]
struct Made {
    data: Message,
}

#[derive(Deserialize)]
struct Message {
    id: Option<String>,
    to: Option<Vec<Recipient>>,
    errors: Option<Vec<Fault>>,
}

#[derive(Deserialize)]
struct Recipient {
    status: Option<String>,
}

#[derive(Deserialize)]
struct Refusal {
    errors: Vec<Fault>,
}

pub(super) fn handover(answer: Result<&Response<Vec<u8>>, CallFailed>) -> Handover {
    let (class, body) = match answered(answer) {
        Ok(answered) => answered,
        Err(handover) => return handover,
    };
    match class {
        Class::Taken => made(body),
        Class::Refused => match refusal(body) {
            Some(code) if !DOUBTFUL.contains(&code.as_str()) => refused(false, &code, BLOCKED),
            Some(_) | None => Handover::Unknown,
        },
        Class::ForNow => refused(true, &refusal(body).unwrap_or_default(), BLOCKED),
        Class::Doubtful => Handover::Unknown,
    }
}

fn made(body: &[u8]) -> Handover {
    let Ok(Made { data }) = serde_json::from_slice(body) else {
        return Handover::Unknown;
    };
    let to = data.to.unwrap_or_default();
    let failed = |to: &Recipient| to.status.as_deref() == Some("sending_failed");
    // One whose delivery failed left: it is not certain that nobody got it.
    if !to.is_empty() && to.iter().all(failed) {
        let code = code_of(&data.errors.unwrap_or_default()).unwrap_or_default();
        return refused(false, &code, BLOCKED);
    }
    taken(data.id.as_deref())
}

fn refusal(body: &[u8]) -> Option<String> {
    let refusal = serde_json::from_slice::<Refusal>(body).ok()?;
    code_of(&refusal.errors)
}

/// The code of a block, if there is one, else the first.
fn code_of(errors: &[Fault]) -> Option<String> {
    let codes: Vec<String> = errors.iter().map(|fault| fault.code.to_text()).collect();
    let blocked = codes.iter().find(|code| *code == BLOCKED);
    blocked.or_else(|| codes.first()).cloned()
}
