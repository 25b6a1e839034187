//! The HTTP client of a host with a real number: ureq, on a thread that may wait.

use std::{io::ErrorKind, time::Duration};

use http::{Request, Response};
use optin::client::{CallFailed, Client, MAX_ANSWER};
use ureq::{Agent, Error};

/// How long a call may take; below the engine's lease of 30 seconds.
const MAX_TIME: Duration = Duration::from_secs(20);

/// Makes one call, without retries and redirects.
#[derive(Clone, Debug)]
pub struct Ureq(Agent);

impl Ureq {
    /// A client that gives back every answer, whatever its status.
    pub fn new() -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_idle_connections(0)
            .timeout_global(Some(MAX_TIME));
        Self(config.build().into())
    }
}

impl Default for Ureq {
    fn default() -> Self {
        Self::new()
    }
}

impl Client for Ureq {
    async fn call(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, CallFailed> {
        let agent = self.0.clone();
        let call = tokio::task::spawn_blocking(move || {
            let (parts, mut body) = agent.run(request).map_err(failed)?.into_parts();
            let body = body.with_config().limit(MAX_ANSWER as u64).read_to_vec();
            Ok(Response::from_parts(parts, body.map_err(|_| CallFailed::Unknown)?))
        });
        call.await.unwrap_or(Err(CallFailed::Unknown))
    }
}

/// Only without a connection is it certain that nothing left; each call makes its own.
fn failed(error: Error) -> CallFailed {
    match error {
        Error::HostNotFound | Error::ConnectionFailed => CallFailed::NotSent,
        Error::Io(error) if error.kind() == ErrorKind::ConnectionRefused => CallFailed::NotSent,
        _ => CallFailed::Unknown,
    }
}
