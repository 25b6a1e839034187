//! For hosts without a runtime.

use core::future::Future;

/// Runs a future to its end on this thread, which sleeps while there is nothing to do.
///
/// Not for use inside an async runtime: there, `.await`.
pub fn block_on<F: Future>(future: F) -> F::Output {
    pollster::block_on(future)
}
