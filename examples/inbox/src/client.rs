//! The HTTP client of a host with a real number: ureq, on a thread that may wait.

use http::{Request, Response};
use optin::{
    blocking::block_on,
    client::{CallFailed, Client},
};
use optin_ureq::Ureq;

/// Calls from a thread of their own: those that serve requests must not wait.
#[derive(Clone, Debug, Default)]
pub struct Aside(Ureq);

impl Client for Aside {
    async fn call(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, CallFailed> {
        let client = self.0.clone();
        let call = tokio::task::spawn_blocking(move || block_on(client.call(request)));
        // A call that panicked may have left.
        call.await.unwrap_or(Err(CallFailed::Unknown))
    }
}
