//! What a host's HTTP client must do for CRMs and providers: the [`Client`] trait.

use alloc::{sync::Arc, vec::Vec};
use core::future::Future;

use http::{Request, Response};

/// Makes one HTTP call. The crate builds the requests and reads the answers, and knows no network.
///
/// # Contract
/// - [`call`](Self::call) MUST make the call at most once: no retries, and no following of
///   redirects.
/// - It MUST give back every answer, whatever its status; none is an error.
/// - It MUST say [`CallFailed::NotSent`] only where certainly nothing of the request left: what is
///   doubtful (a time-out, a cut connection) is [`CallFailed::Unknown`].
/// - It SHOULD end well within the engine's lease (30 seconds unless the host sets another), and
///   SHOULD stop reading an answer after [`MAX_ANSWER`] bytes: no true one is longer.
/// - It MUST NOT log the request: headers hold secrets (they are marked sensitive), addresses and
///   bodies hold numbers and texts.
///
/// Implementers write `async fn`; in an async runtime with a client that blocks, they hand the call
/// to a thread that may. `examples/ureq` is one for ureq.
///
/// ```
/// use http::{Request, Response};
/// use optin::client::{CallFailed, Client};
///
/// /// A client that is never connected.
/// struct Offline;
///
/// impl Client for Offline {
///     async fn call(&self, _request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, CallFailed> {
///         Err(CallFailed::NotSent)
///     }
/// }
/// ```
pub trait Client: Send + Sync {
    /// Makes this call, and says what was answered.
    fn call(
        &self,
        request: Request<Vec<u8>>,
    ) -> impl Future<Output = Result<Response<Vec<u8>>, CallFailed>> + Send;
}

/// Bytes of the longest answer that a [`Client`] need read: 4 MiB.
pub const MAX_ANSWER: usize = 4 << 20;

/// Why a call has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[allow(clippy::exhaustive_enums, reason = "a client must know which it was")]
pub enum CallFailed {
    /// Certainly nothing left: no address for the name, no connection. It may be tried again.
    #[error("nothing was sent")]
    NotSent,
    /// Nobody knows what the other side got: a time-out, a cut connection, half an answer.
    #[error("whether it was received is not known")]
    Unknown,
}

impl<C: Client> Client for &C {
    fn call(
        &self,
        request: Request<Vec<u8>>,
    ) -> impl Future<Output = Result<Response<Vec<u8>>, CallFailed>> + Send {
        C::call(self, request)
    }
}

impl<C: Client> Client for Arc<C> {
    fn call(
        &self,
        request: Request<Vec<u8>>,
    ) -> impl Future<Output = Result<Response<Vec<u8>>, CallFailed>> + Send {
        C::call(self, request)
    }
}
