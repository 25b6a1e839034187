//! Spans of what the engine does, where the feature `tracing` is on; elsewhere they are nothing.
//!
//! A span names what happened and what came of it, never whom it was about or what was said.

use core::future::Future;

/// One call, as a subscriber sees it: target `optin`, level debug.
pub(crate) struct Span {
    #[cfg(feature = "tracing")]
    span: tracing::Span,
}

#[cfg(feature = "tracing")]
impl Span {
    /// `handle`: an event comes in; `decision` and `reason` say what came of it, or `error` why
    /// nothing did.
    pub(crate) fn handle(event: &'static str) -> Self {
        use tracing::field::Empty;
        let span = tracing::debug_span!(target: "optin", "handle", event, decision = Empty,
            reason = Empty, error = Empty);
        Self { span }
    }

    /// `hand_over`: a claimed message of this kind goes out; `result` says how that ended.
    pub(crate) fn hand_over(kind: &'static str) -> Self {
        use tracing::field::Empty;
        let span = tracing::debug_span!(target: "optin", "hand_over", kind, result = Empty,
            error = Empty);
        Self { span }
    }

    /// `dispatch`: a round of the dispatcher.
    pub(crate) fn dispatch() -> Self {
        use tracing::field::Empty;
        let span = tracing::debug_span!(target: "optin", "dispatch", claimed = Empty,
            error = Empty);
        Self { span }
    }

    /// The future, within the span.
    pub(crate) fn around<F: Future>(&self, future: F) -> impl Future<Output = F::Output> + use<F> {
        tracing::Instrument::instrument(future, self.span.clone())
    }

    /// Says one of the things that the span has room for.
    pub(crate) fn say(&self, field: &'static str, value: &'static str) {
        self.span.record(field, value);
    }

    /// Says how many there were.
    pub(crate) fn count(&self, field: &'static str, count: usize) {
        self.span.record(field, count as u64);
    }
}

#[cfg(not(feature = "tracing"))]
impl Span {
    pub(crate) fn handle(_event: &'static str) -> Self {
        Self {}
    }

    pub(crate) fn hand_over(_kind: &'static str) -> Self {
        Self {}
    }

    pub(crate) fn dispatch() -> Self {
        Self {}
    }

    pub(crate) fn around<F: Future>(&self, future: F) -> F {
        future
    }

    pub(crate) fn say(&self, _field: &'static str, _value: &'static str) {}

    pub(crate) fn count(&self, _field: &'static str, _count: usize) {}
}
