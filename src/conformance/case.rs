//! A case: a name that is its claim, and a check over a fresh storage.

use super::{failure::Verdict, probe::Probe};

pub(super) struct Case<S> {
    pub(super) name: &'static str,
    pub(super) check: fn(&Probe<'_, S>) -> Verdict,
}

/// The cases of a file, for storages with this trait, or for `two` of them each.
macro_rules! cases {
    (two $bound:ident: $($name:ident,)*) => {
        pub(in crate::conformance) fn cases<S: $bound>()
        -> impl Iterator<Item = $crate::conformance::case::Case<(S, S)>> {
            [$($crate::conformance::case::Case { name: stringify!($name), check: $name::<S> }),*]
                .into_iter()
        }
    };
    ($bound:ident: $($name:ident,)*) => {
        pub(in crate::conformance) fn cases<S: $bound>()
        -> impl Iterator<Item = $crate::conformance::case::Case<S>> {
            [$($crate::conformance::case::Case { name: stringify!($name), check: $name::<S> }),*]
                .into_iter()
        }
    };
}

pub(super) use cases;
