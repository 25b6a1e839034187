//! An HTTP client for optin's CRMs and providers, made of ureq: copy it into your host.

mod connecting;

use std::time::Duration;

use http::{Request, Response};
use optin::client::{CallFailed, Client, MAX_ANSWER};
use ureq::{
    Agent, Error,
    unversioned::{resolver::DefaultResolver, transport::DefaultConnector},
};

use self::connecting::Connecting;

/// Well below the engine's lease of 30 seconds.
const TIME: Duration = Duration::from_secs(20);

/// For the connection alone.
const CONNECT: Duration = Duration::from_secs(10);

/// Calls with ureq, on the thread that asks. In an async runtime hand its calls to a thread that
/// may block.
///
/// ```
/// use optin_ureq::Ureq;
///
/// let client = Ureq::new();
/// # let _ = client;
/// ```
#[derive(Clone, Debug)]
pub struct Ureq {
    agent: Agent,
}

impl Ureq {
    /// A client that gives up after 20 seconds.
    pub fn new() -> Self {
        Self::with_time(TIME)
    }

    /// A client that gives up after this time; keep it below the engine's lease.
    pub fn with_time(time: Duration) -> Self {
        let config = Agent::config_builder()
            .timeout_global(Some(time))
            .timeout_connect(Some(CONNECT.min(time)))
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            // A kept connection that the server has closed meanwhile takes a request that nobody
            // then knows the end of: a text would be lost for a handshake saved.
            .max_idle_connections(0)
            .build();
        let (connector, resolver) =
            (Connecting::<DefaultConnector>::default(), Connecting::<DefaultResolver>::default());
        Self { agent: Agent::with_parts(config, connector, resolver) }
    }
}

impl Default for Ureq {
    fn default() -> Self {
        Self::new()
    }
}

impl Client for Ureq {
    async fn call(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, CallFailed> {
        let answer = self.agent.run(request).map_err(|error| failure(&error))?;
        let (parts, body) = answer.into_parts();
        // Half an answer, or too long a one: the other side may have done all of it.
        let limit = u64::try_from(MAX_ANSWER).unwrap_or(u64::MAX);
        let body = body.into_with_config().limit(limit).read_to_vec();
        Ok(Response::from_parts(parts, body.map_err(|_| CallFailed::Unknown)?))
    }
}

/// Not sent is what failed before there was a connection to send on.
fn failure(error: &Error) -> CallFailed {
    match error {
        Error::ConnectionFailed | Error::BadUri(_) | Error::Http(_) => CallFailed::NotSent,
        _ => CallFailed::Unknown,
    }
}
