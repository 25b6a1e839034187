//! Why a case does not hold, and the comparisons that say so.

use alloc::{format, string::String};
use core::fmt::Debug;

/// Why a case does not hold.
#[derive(Debug)]
pub(super) struct Failure(String);

/// Whether a case holds.
pub(super) type Verdict = Result<(), Failure>;

impl Failure {
    pub(super) fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }

    pub(super) fn into_reason(self) -> String {
        self.0
    }
}

/// Found and expected are the same.
pub(super) fn same<T: PartialEq + Debug>(what: &str, found: T, expected: T) -> Verdict {
    if found == expected {
        Ok(())
    } else {
        let (found, expected) = (shown(&found), shown(&expected));
        Err(Failure(format!("{what}: {found} where {expected} should be")))
    }
}

/// As much of it as a person reads.
fn shown(value: &impl Debug) -> String {
    const MAX: usize = 600;
    let whole = format!("{value:?}");
    match whole.char_indices().nth(MAX) {
        Some((end, _)) => format!("{} ...", whole.get(..end).unwrap_or_default()),
        None => whole,
    }
}

/// It is so; if not, `otherwise` says what is.
pub(super) fn holds(is_so: bool, otherwise: &str) -> Verdict {
    if is_so { Ok(()) } else { Err(Failure::new(otherwise)) }
}

/// The one that there must be.
pub(super) fn only<T: Debug>(what: &str, found: impl IntoIterator<Item = T>) -> Result<T, Failure> {
    let mut found = found.into_iter();
    match (found.next(), found.next()) {
        (Some(only), None) => Ok(only),
        (None, _) => Err(Failure(format!("{what}: none where one should be"))),
        (Some(first), Some(second)) => {
            let (first, second) = (shown(&first), shown(&second));
            Err(Failure(format!("{what}: {first} and {second} where one should be")))
        }
    }
}
