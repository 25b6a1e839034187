//! A hand-over as the provider saw it.

use crate::consent::outgoing::{Handover, Outgoing, OutgoingId};

/// A hand-over as the provider saw it.
#[derive(Clone, Debug)]
pub(crate) struct Handed {
    pub(crate) contact: usize,
    pub(crate) outgoing: Outgoing,
    pub(crate) machine: usize,
    pub(crate) begun: i64,
    /// By the machine's clock.
    pub(crate) begun_there: i64,
    /// How many steps the contact had when it began.
    pub(crate) position: usize,
    /// The step that decided it, where there is one.
    pub(crate) decided: Option<usize>,
    /// The claim under which it left, where there is one.
    pub(crate) claim: Option<Held>,
    pub(crate) end: Option<End>,
    /// When its task was dropped before that.
    pub(crate) dropped: Option<i64>,
}

/// The answer that a task heard.
#[derive(Clone, Debug)]
pub(crate) struct End {
    pub(crate) at: i64,
    /// By the machine's clock.
    pub(crate) there: i64,
    pub(crate) handover: Handover,
}

/// A claim that a task was given.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) id: OutgoingId,
    /// How many steps the contact had then.
    pub(crate) position: usize,
    /// When it ends by the machine's clock.
    pub(crate) until: i64,
}

impl Handed {
    /// Whether the contact may have got it, as far as anybody heard.
    pub(crate) fn may_be_sent(&self) -> bool {
        let heard = self.end.as_ref().map(|end| &end.handover);
        !matches!(heard, Some(Handover::NotSent { .. } | Handover::Blocked { .. }))
    }

    pub(crate) fn id(&self) -> &OutgoingId {
        &self.outgoing.id
    }
}
