//! Opening connections: host by host, each for a bounded time.

use core::{cell::Cell, error::Error as _, time::Duration};
use std::{boxed::Box, format, io, rc::Rc, vec::Vec};

use futures_util::future::LocalBoxFuture;
use tokio::time::timeout;
use tokio_postgres::{Config, Error, Socket, config::Host, error::SqlState, tls::MakeTlsConnect};

use super::{
    PostgresError,
    failure::{Failure, refuses},
    session::Session,
};

/// Opens connections.
pub(super) type Opens = Rc<dyn Fn() -> LocalBoxFuture<'static, Result<Session, Failure>>>;

/// What keeps every statement on its index, however small a table was when its plan was made.
const PLANS: &str = "-c plan_cache_mode=force_generic_plan -c enable_seqscan=off \
    -c enable_bitmapscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c enable_material=off \
    -c jit=off";

/// How long a host may take for all that comes before a connection is of use, unless the
/// configuration has a `connect_timeout`: that holds once for the network and once for the server.
pub(super) const TIME_TO_CONNECT: Duration = Duration::from_secs(3);

struct Opener<T> {
    /// One host each.
    hosts: Vec<Config>,
    /// The host that is tried first: the one that worked last, or the one after that which did not.
    first: Cell<usize>,
    /// Whether the server knows the settings of [`PLANS`].
    knows_plans: Cell<bool>,
    tls: T,
    patience: Duration,
}

/// What opens connections to the first of these hosts that can be used.
pub(super) fn opener<T>(config: &Config, tls: T, patience: Duration) -> Opens
where
    T: MakeTlsConnect<Socket> + Clone + 'static,
    T::Stream: Send,
{
    let hosts = hosts(config);
    let (first, knows_plans) = (Cell::new(0), Cell::new(true));
    let opener = Rc::new(Opener { hosts, first, knows_plans, tls, patience });
    Rc::new(move || {
        let opener = opener.clone();
        Box::pin(async move { opener.open().await })
    })
}

impl<T> Opener<T>
where
    T: MakeTlsConnect<Socket> + Clone,
    T::Stream: Send + 'static,
{
    async fn open(&self) -> Result<Session, Failure> {
        let mut failure = Failure::Lost;
        let first = self.first.get();
        for n in 0..self.hosts.len() {
            let index = (first + n) % self.hosts.len();
            // A caller that does not wait for its end goes on with the next one.
            self.first.set((index + 1) % self.hosts.len());
            match self.open_host(&self.hosts[index]).await {
                Ok(session) => {
                    self.first.set(index);
                    return Ok(session);
                }
                Err(Failure::Lost) => {}
                Err(refused) => failure = refused,
            }
        }
        Err(failure)
    }

    async fn open_host(&self, host: &Config) -> Result<Session, Failure> {
        if self.knows_plans.get() {
            let mut planned = host.clone();
            planned.options(format!("{PLANS} {}", host.get_options().unwrap_or("")));
            let opened = self.open_once(&planned).await?;
            let code = opened.as_ref().err().and_then(Error::code);
            // Another server than PostgreSQL, that speaks as it does.
            if code != Some(&SqlState::UNDEFINED_OBJECT) {
                return opened.map_err(|error| refused(&error));
            }
            self.knows_plans.set(false);
        }
        self.open_once(host).await?.map_err(|error| refused(&error))
    }

    /// A host may take the connection and then say nothing, as one does whose processes stand still.
    async fn open_once(&self, host: &Config) -> Result<Result<Session, Error>, Failure> {
        let bound = host.get_connect_timeout().copied().unwrap_or(TIME_TO_CONNECT);
        let open = Session::open(host, self.tls.clone(), self.patience);
        timeout(bound.saturating_mul(2), open).await.map_err(|_| Failure::Lost)
    }
}

/// Whether the host refused, and would again, or could not be reached.
fn refused(error: &Error) -> Failure {
    let refused = |code| PostgresError::Refused { code }.into();
    match error.code() {
        Some(code) if refuses(code) => refused(Some(code.clone())),
        // A network that fails and a server that takes no writes are errors of input and output;
        // what is left is TLS, or the configuration: a password that is needed and not given.
        None if error.source().is_some_and(|source| !source.is::<io::Error>()) => refused(None),
        Some(_) | None => Failure::Lost,
    }
}

/// The configuration for each host alone, in their order. Many hosts in one would be tried one
/// after the other without a bound on what comes after the network's connection.
fn hosts(config: &Config) -> Vec<Config> {
    let (names, addresses) = (config.get_hosts(), config.get_hostaddrs());
    let (ports, count) = (config.get_ports(), names.len().max(addresses.len()));
    let matches = |length: usize| length == 0 || length == count;
    if count < 2 || !matches(names.len()) || !matches(addresses.len()) {
        return std::vec![config.clone()];
    }
    if ports.len() > 1 && ports.len() != count {
        return std::vec![config.clone()];
    }
    let one = |n: usize| {
        let mut one = without_hosts(config);
        match names.get(n) {
            Some(Host::Tcp(name)) => {
                one.host(name.as_str());
            }
            #[cfg(unix)]
            Some(Host::Unix(path)) => {
                one.host_path(path);
            }
            None => {}
        }
        if let Some(address) = addresses.get(n) {
            one.hostaddr(*address);
        }
        if let Some(port) = ports.get(n).or_else(|| ports.first()) {
            one.port(*port);
        }
        one
    };
    (0..count).map(one).collect()
}

/// All that a configuration says, its hosts aside: there is no way to take them out of a copy.
fn without_hosts(config: &Config) -> Config {
    let mut copy = Config::new();
    copy.ssl_mode(config.get_ssl_mode())
        .ssl_negotiation(config.get_ssl_negotiation())
        .keepalives(config.get_keepalives())
        .keepalives_idle(config.get_keepalives_idle())
        .target_session_attrs(config.get_target_session_attrs())
        .channel_binding(config.get_channel_binding());
    if let Some(user) = config.get_user() {
        copy.user(user);
    }
    if let Some(password) = config.get_password() {
        copy.password(password);
    }
    if let Some(name) = config.get_dbname() {
        copy.dbname(name);
    }
    if let Some(options) = config.get_options() {
        copy.options(options);
    }
    if let Some(name) = config.get_application_name() {
        copy.application_name(name);
    }
    if let Some(bound) = config.get_connect_timeout() {
        copy.connect_timeout(*bound);
    }
    if let Some(bound) = config.get_tcp_user_timeout() {
        copy.tcp_user_timeout(*bound);
    }
    if let Some(interval) = config.get_keepalives_interval() {
        copy.keepalives_interval(interval);
    }
    if let Some(retries) = config.get_keepalives_retries() {
        copy.keepalives_retries(retries);
    }
    copy
}
