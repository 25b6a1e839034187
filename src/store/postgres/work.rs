//! Work that is not gathered: its own statements over a connection of its own while it lasts.

use std::boxed::Box;

use futures_channel::oneshot;
use futures_util::future::LocalBoxFuture;
use tokio::time::Instant;

use super::{PostgresError, failure::Failure, session::Session};

/// Something to do over a connection, more than once if it fails, and somebody who waits for it.
pub(super) trait Work: Send {
    fn until(&self) -> Instant;
    fn is_given_up(&self) -> bool;
    fn needs_schema(&self) -> bool;
    fn run<'w>(&'w mut self, session: &'w Session) -> LocalBoxFuture<'w, Result<(), Failure>>;
    fn answer(self: Box<Self>, done: Result<(), PostgresError>);
}

pub(super) struct Task<F, T> {
    pub(super) work: F,
    pub(super) value: Option<T>,
    pub(super) answer: oneshot::Sender<Result<T, PostgresError>>,
    pub(super) until: Instant,
    pub(super) needs_schema: bool,
}

impl<F, T> Work for Task<F, T>
where
    T: Send,
    F: AsyncFn(&Session) -> Result<T, Failure> + Send,
{
    fn until(&self) -> Instant {
        self.until
    }

    fn is_given_up(&self) -> bool {
        self.answer.is_canceled()
    }

    fn needs_schema(&self) -> bool {
        self.needs_schema
    }

    fn run<'w>(&'w mut self, session: &'w Session) -> LocalBoxFuture<'w, Result<(), Failure>> {
        Box::pin(async {
            self.value = Some((self.work)(session).await?);
            Ok(())
        })
    }

    fn answer(self: Box<Self>, done: Result<(), PostgresError>) {
        let Self { value, answer, .. } = *self;
        // Nobody waits any more where the future was dropped.
        let _ = answer.send(done.and_then(|()| value.ok_or(PostgresError::Stopped)));
    }
}
