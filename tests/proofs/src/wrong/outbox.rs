//! Providers' clients that say something else than what happened, or send twice.

use optin::{Handover, Outbox, Outgoing};

use super::Wrong;

/// The way to the provider, wrong where it is an outbox's fault.
pub(super) struct WrongOutbox<O> {
    pub(super) wrong: Wrong,
    pub(super) outbox: O,
}

impl<O: Outbox> Outbox for WrongOutbox<O> {
    async fn send(&self, outgoing: &Outgoing) -> Handover {
        let handover = self.outbox.send(outgoing).await;
        match (self.wrong, &handover) {
            (Wrong::UnknownIsSentAgain, Handover::Unknown) => self.outbox.send(outgoing).await,
            (Wrong::UnknownIsTriedAgain, Handover::Unknown) => {
                Handover::NotSent { retry: true, code: None }
            }
            (Wrong::UnknownIsNotSent, Handover::Unknown)
            | (Wrong::BlockIsNotSent, Handover::Blocked { .. }) => {
                Handover::NotSent { retry: false, code: None }
            }
            _ => handover,
        }
    }
}
