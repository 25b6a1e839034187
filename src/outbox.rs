//! What a host's provider must do: the [`Outbox`] trait.

use alloc::sync::Arc;
use core::future::Future;

use crate::consent::outgoing::{Handover, Outgoing};

/// Where messages leave: an SMS provider for texts, a CRM for statuses.
///
/// # Contract
/// - [`send`](Self::send) MUST NOT retry by itself, and MUST NOT send a text after its
///   `not_after`. The engine has looked at its own clock just before; look again, by the same
///   clock, where something waits inside.
/// - It MUST answer [`Handover::NotSent`] or [`Handover::Blocked`] only where the message certainly
///   was not sent: what is doubtful (a time-out, a cut connection, a server error) is
///   [`Handover::Unknown`].
/// - It SHOULD end well within the lease (30 seconds unless the host sets another): set the
///   client's time-out below it.
///
/// Statuses come at least once, texts at most once. Implementers write `async fn`; in an async
/// runtime with a client that blocks, they hand the call to a thread that may.
pub trait Outbox: Send + Sync {
    /// Hands one message over and says how that ended.
    fn send(&self, outgoing: &Outgoing) -> impl Future<Output = Handover> + Send;
}

impl<O: Outbox> Outbox for &O {
    fn send(&self, outgoing: &Outgoing) -> impl Future<Output = Handover> + Send {
        O::send(self, outgoing)
    }
}

impl<O: Outbox> Outbox for Arc<O> {
    fn send(&self, outgoing: &Outgoing) -> impl Future<Output = Handover> + Send {
        O::send(self, outgoing)
    }
}
