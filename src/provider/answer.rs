//! What a provider's answer says before its body is looked at.

use alloc::{string::String, vec::Vec};

use http::{Response, StatusCode};

use crate::{
    client::CallFailed,
    consent::{
        id::{CarrierCode, MessageId},
        outgoing::Handover,
    },
};

/// Bytes of the longest answer that is read: 1 MiB. True ones have a few thousand.
const MAX_READ: usize = 1 << 20;

/// What the status of an answer says of the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// Taken, if the body says so too.
    Taken,
    /// Refused, if the provider itself says so in the body: a proxy on the way may refuse an
    /// answer as well as a request.
    Refused,
    /// Refused for now: too many requests.
    ForNow,
    /// Nobody knows.
    Doubtful,
}

/// An answer of the provider or of somebody on the way to it: what its status says, and its body.
/// An error is what the call itself came to.
pub(super) fn answered(
    answer: Result<&Response<Vec<u8>>, CallFailed>,
) -> Result<(Class, &[u8]), Handover> {
    match answer {
        Ok(answer) => {
            let body = answer.body().as_slice();
            Ok((class(answer.status()), if body.len() > MAX_READ { b"" } else { body }))
        }
        Err(CallFailed::NotSent) => Err(Handover::NotSent { retry: true, code: None }),
        Err(CallFailed::Unknown) => Err(Handover::Unknown),
    }
}

fn class(status: StatusCode) -> Class {
    match status.as_u16() {
        200..=299 => Class::Taken,
        429 => Class::ForNow,
        // Request timeout, conflict with a request under way, too early, closed by the client: the
        // message of this or of another request may be on its way.
        408 | 409 | 425 | 499 => Class::Doubtful,
        400..=499 => Class::Refused,
        _ => Class::Doubtful,
    }
}

/// The hand-over that an answer with this id is: unknown where it gave none.
pub(super) fn taken(id: Option<&str>) -> Handover {
    match id.filter(|id| !id.is_empty()) {
        // Beyond the bound it is an id all the same, which nobody can look up.
        Some(id) => Handover::Accepted { provider_id: MessageId::new(id).ok() },
        None => Handover::Unknown,
    }
}

/// The hand-over that a refusal with this code is. A code beyond its bound is left out.
pub(super) fn refused(retry: bool, code: &str, blocked: &str) -> Handover {
    match CarrierCode::new(code) {
        Ok(code) if code.as_str() == blocked => Handover::Blocked { code },
        code => Handover::NotSent { retry, code: code.ok() },
    }
}

/// A code, which providers write as a string or a number.
#[derive(serde::Deserialize)]
#[serde(untagged)]
pub(super) enum Code {
    Number(u64),
    Text(String),
}

impl Code {
    pub(super) fn to_text(&self) -> String {
        match self {
            Self::Number(number) => alloc::format!("{number}"),
            Self::Text(text) => text.clone(),
        }
    }
}
