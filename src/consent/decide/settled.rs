//! A hand-over ends: what becomes of the prompt's place and clock (R6.2).

use super::{Case, Transition};
use crate::consent::{
    decision::{Decision, Reason},
    event::{Ending, Settled},
    outgoing::{MessageKind, Then},
    state::{ConsentState, Outstanding, Pending},
    time,
};

/// From this many *not sent* in a row on, the clock is kept.
const KEEPS_CLOCK_FROM: u8 = 3;

impl Case<'_> {
    /// R6.2
    pub(super) fn settled(&self, settled: &Settled) -> Transition {
        if let Ending::Blocked { .. } = settled.ending {
            return self.blocked();
        }
        let reason = reason(&settled.ending);
        let transition = match outstanding(self, settled) {
            Some((pending, outstanding)) => {
                let pending = end(pending, outstanding, settled);
                self.put(ConsentState::Pending(pending), Decision::None, reason)
            }
            None => self.keep(reason),
        };
        let then = match settled.ending {
            Ending::Retry { at } if is_wanted(self, settled) => Then::RetryAt(at),
            Ending::SetAside
                if settled.kind == MessageKind::Message && is_wanted(self, settled) =>
            {
                Then::SetAside
            }
            Ending::Retry { .. }
            | Ending::SetAside
            | Ending::Accepted { .. }
            | Ending::NotSent { .. }
            | Ending::Blocked { .. }
            | Ending::Unknown
            | Ending::Expired => Then::Finish,
        };
        Transition { then, ..transition }.finish(self, None)
    }
}

fn reason(ending: &Ending) -> Reason {
    match ending {
        Ending::Accepted { .. } => Reason::Accepted,
        Ending::NotSent { .. } => Reason::NotSent,
        Ending::Blocked { .. } => Reason::CarrierBlock,
        Ending::Unknown => Reason::Unknown,
        Ending::Expired => Reason::Expired,
        Ending::Retry { .. } => Reason::Retry,
        Ending::SetAside => Reason::SetAside,
    }
}

/// The prompt that the settlement names, if the record still waits for it.
fn outstanding(case: &Case<'_>, settled: &Settled) -> Option<(Pending, Outstanding)> {
    match case.state()? {
        ConsentState::Pending(pending) => pending
            .outstanding
            .filter(|outstanding| outstanding.revision == settled.revision)
            .map(|outstanding| (*pending, outstanding)),
        ConsentState::Active { .. } | ConsentState::OptedOut { .. } => None,
    }
}

fn end(pending: Pending, outstanding: Outstanding, settled: &Settled) -> Pending {
    let used = Pending {
        last_prompt: Some(time::to_millisecond(settled.ended)),
        outstanding: None,
        not_sent_in_row: 0,
        ..pending
    };
    let given_back = Pending {
        prompts_used: outstanding.prompts_used,
        last_prompt: outstanding.last_prompt,
        keywords_shown: outstanding.keywords_shown,
        not_sent_in_row: pending.not_sent_in_row,
        ..used
    };
    match settled.ending {
        Ending::Accepted { .. } | Ending::Unknown => used,
        Ending::NotSent { .. } | Ending::Blocked { .. } | Ending::SetAside => {
            let not_sent_in_row = pending.not_sent_in_row.saturating_add(1);
            let last_prompt = if not_sent_in_row >= KEEPS_CLOCK_FROM {
                used.last_prompt
            } else {
                given_back.last_prompt
            };
            Pending { not_sent_in_row, last_prompt, ..given_back }
        }
        Ending::Expired => given_back,
        Ending::Retry { .. } => pending,
    }
}

/// Whether a text that was not sent may still be tried: nothing cancelled it meanwhile (R6.4).
fn is_wanted(case: &Case<'_>, settled: &Settled) -> bool {
    let Some(record) = case.record else {
        return false;
    };
    let in_time = settled.revision >= record.cancelled_before;
    match settled.kind {
        MessageKind::Confirmation | MessageKind::Reminder => outstanding(case, settled).is_some(),
        MessageKind::Message => in_time && record.state.may_be_messaged(),
        MessageKind::OptedOut | MessageKind::Help | MessageKind::Confirmed => in_time,
    }
}
