//! How hand-overs end.

use alloc::vec;

use proptest::{prelude::*, sample::select};

use super::{name::code, time::any_times};
use crate::consent::{event::Ending, outgoing::Handover};

/// What an outbox answers; half of it says that nothing was sent.
pub fn handovers() -> impl Strategy<Value = Handover> {
    let not_sent = |retry| Handover::NotSent { retry, code: None };
    select(vec![
        Handover::Accepted { provider_id: None },
        Handover::Accepted { provider_id: None },
        not_sent(false),
        not_sent(true),
        Handover::Unknown,
        Handover::Blocked { code: code("21610") },
    ])
}

/// How a settlement says that a hand-over ended; a retry at any time.
pub fn endings() -> impl Strategy<Value = Ending> {
    prop_oneof![
        5 => select(vec![
            Ending::Accepted { provider_id: None },
            Ending::NotSent { code: None },
            Ending::Blocked { code: code("21610") },
            Ending::Unknown,
            Ending::Expired,
            Ending::SetAside,
        ]),
        1 => any_times().prop_map(|at| Ending::Retry { at }),
    ]
}
