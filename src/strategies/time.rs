//! Times: near one beginning, and up to both ends.

use alloc::vec;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::{prelude::*, sample::select};

/// 2026-03-01T09:00:00Z, which generated times lie around and histories begin at.
pub const START: DateTime<Utc> = DateTime::from_timestamp(1_772_355_600, 0).expect("within time");

/// Times to the millisecond, at most 28 hours from [`START`]: intervals are often over, often not.
pub fn times() -> impl Strategy<Value = DateTime<Utc>> {
    (-100_000_000_i64..100_000_000).prop_map(|by| START + TimeDelta::milliseconds(by))
}

/// Times near [`START`], anywhere, and at both ends of time; some finer than a millisecond.
pub fn any_times() -> impl Strategy<Value = DateTime<Utc>> {
    let (first, last) = (DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC);
    let finer = TimeDelta::nanoseconds(1);
    let ends = vec![first, last, first + finer, last - TimeDelta::hours(12), START + finer];
    let anywhere = first.timestamp_millis()..=last.timestamp_millis();
    prop_oneof![
        3 => times(),
        1 => select(ends),
        1 => anywhere.prop_map(move |millis| {
            DateTime::from_timestamp_millis(millis).unwrap_or(last)
        }),
    ]
}
