//! Codes of what was not sent: a status and the CRM's word for it, and nothing else of an answer.

use http::StatusCode;

use crate::consent::{id::CarrierCode, outgoing::Handover};

/// Longer words are none: codes go into ledgers and monitoring.
const MAX_WORD: usize = 64;

/// A code of our own.
pub(super) fn named(name: &str) -> Option<CarrierCode> {
    CarrierCode::new(name).ok()
}

/// `429 DAILY`; `429` where the answer has no word, or one that is not upper-case letters and
/// underscores: digits could be a number of somebody.
pub(super) fn of(status: StatusCode, word: Option<&str>) -> Option<CarrierCode> {
    let word = word.filter(|word| is_word(word));
    match word {
        Some(word) => named(&alloc::format!("{} {word}", status.as_str())),
        None => named(status.as_str()),
    }
}

fn is_word(word: &str) -> bool {
    (1..=MAX_WORD).contains(&word.len())
        && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
}

/// Certainly not sent; trying again may help.
pub(super) fn again(code: Option<CarrierCode>) -> Handover {
    Handover::NotSent { retry: true, code }
}

/// Certainly not sent, and refused for good.
pub(super) fn refused(code: Option<CarrierCode>) -> Handover {
    Handover::NotSent { retry: false, code }
}
