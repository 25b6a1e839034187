//! How time is read: to the millisecond, elapsed never negative, the far end never overflowing.

use chrono::{DateTime, TimeDelta, Utc};

/// The time with digits finer than a millisecond cut (RULES 0); a leap second runs into the next.
#[inline]
pub(crate) fn to_millisecond(time: DateTime<Utc>) -> DateTime<Utc> {
    let nanos = time.timestamp_subsec_nanos();
    if nanos < 1_000_000_000 && nanos.is_multiple_of(1_000_000) {
        return time;
    }
    DateTime::from_timestamp_millis(time.timestamp_millis()).unwrap_or(time)
}

/// How long ago `then` was; a time still to come was just now (RULES 0).
pub(crate) fn elapsed(then: DateTime<Utc>, now: DateTime<Utc>) -> TimeDelta {
    now.signed_duration_since(then).max(TimeDelta::zero())
}

/// `time` plus `delta`, or the last time there is.
pub(crate) fn after(time: DateTime<Utc>, delta: TimeDelta) -> DateTime<Utc> {
    time.checked_add_signed(delta).unwrap_or_else(|| to_millisecond(DateTime::<Utc>::MAX_UTC))
}
