//! What Twilio's message API answered, as a hand-over. The table is the module's.

use alloc::{string::String, vec::Vec};

use http::Response;

use super::read::BLOCKED;
use crate::{
    client::CallFailed,
    consent::outgoing::Handover,
    provider::answer::{Class, Code, answered, refused, taken},
};

/// The message that it made.
#[derive(serde::Deserialize)]
struct Made {
    sid: Option<String>,
    status: Option<String>,
    error_code: Option<Code>,
}

/// Twilio's own refusal: a proxy's has no code beside a message.
#[derive(serde::Deserialize)]
struct Refusal {
    code: Code,
    #[serde(rename = "message")]
    _message: String,
}

pub(super) fn handover(answer: Result<&Response<Vec<u8>>, CallFailed>) -> Handover {
    let (class, body) = match answered(answer) {
        Ok(answered) => answered,
        Err(handover) => return handover,
    };
    match class {
        Class::Taken => made(body),
        Class::Refused => {
            refusal(body).map_or(Handover::Unknown, |code| refused(false, &code, BLOCKED))
        }
        Class::ForNow => refused(true, &refusal(body).unwrap_or_default(), BLOCKED),
        Class::Doubtful => Handover::Unknown,
    }
}

fn made(body: &[u8]) -> Handover {
    let Ok(made) = serde_json::from_slice::<Made>(body) else {
        return Handover::Unknown;
    };
    match made.status.as_deref() {
        // An undelivered one left: it is not certain that nobody got it.
        Some("failed" | "canceled") => {
            let code = made.error_code.map(|code| code.to_text()).unwrap_or_default();
            refused(false, &code, BLOCKED)
        }
        _ => taken(made.sid.as_deref()),
    }
}

fn refusal(body: &[u8]) -> Option<String> {
    serde_json::from_slice::<Refusal>(body).ok().map(|refusal| refusal.code.to_text())
}
