//! How the provider behaves, and the host's outbox before it.

use alloc::boxed::Box;
use core::fmt;

/// How the provider that the host plays answers each request for a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Scene {
    /// Takes it: `201`, with an id.
    Accepts,
    /// Refuses it for good: `400`, with a code that means it was not sent.
    Refuses,
    /// Refuses it for now: `429`.
    RefusesForNow,
    /// Refuses it since the number has opted out: Twilio's `21610`.
    Blocks,
    /// Fails: `500`. Whether it was sent nobody knows.
    ServerError,
    /// Reads the request and closes the connection without an answer.
    CutsTheConnection,
    /// Reads the request, keeps the connection and never answers.
    NeverAnswers,
    /// Answers `200` with what is no answer of the provider's: an empty page, say.
    AnswersNonsense,
}

/// An outbox before a provider that plays a [`Scene`].
pub struct Rig<'a, O> {
    pub(super) outbox: O,
    pub(super) requests: Box<dyn Fn() -> u64 + 'a>,
}

impl<'a, O> Rig<'a, O> {
    /// This outbox, and how many requests for a text its provider has received so far.
    pub fn new(outbox: O, requests: impl Fn() -> u64 + 'a) -> Self {
        Self { outbox, requests: Box::new(requests) }
    }
}

impl<O> fmt::Debug for Rig<'_, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rig").finish_non_exhaustive()
    }
}
