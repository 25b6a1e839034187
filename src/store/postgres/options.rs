//! How a storage uses the server.

use core::time::Duration;
use std::{format, string::String, sync::Arc};

use tokio_postgres::{
    Config, Socket,
    config::TargetSessionAttrs,
    tls::{MakeTlsConnect, TlsConnect},
};

use super::{
    PostgresError, PostgresStorage,
    lanes::Limits,
    opener::{TIME_TO_CONNECT, opener},
    pool::Pool,
    queue::Queue,
};
use crate::ledger::SuppressionKey;

/// How to use a server.
///
/// ```
/// use core::time::Duration;
/// use optin::store::postgres::Options;
///
/// let options = Options::default()
///     .connections(8)
///     .statement_timeout(Duration::from_secs(5))
///     .lock_timeout(Duration::from_secs(2));
/// # let _ = options;
/// ```
#[derive(Clone, Debug)]
pub struct Options {
    connections: usize,
    max_batch: usize,
    linger: Duration,
    gathers: bool,
    statement_timeout: Duration,
    lock_timeout: Duration,
    patience: Duration,
    suppression: Option<SuppressionKey>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            connections: 4,
            max_batch: 256,
            linger: Duration::from_millis(1),
            gathers: true,
            statement_timeout: Duration::from_secs(10),
            lock_timeout: Duration::from_secs(5),
            patience: Duration::from_secs(10),
            suppression: None,
        }
    }
}

impl Options {
    /// The same options with so many connections, 1 to 64. Default: 4.
    #[must_use]
    pub fn connections(self, connections: usize) -> Self {
        Self { connections: connections.clamp(1, 64), ..self }
    }

    /// The same options with at most so many loads or commits in one round trip, 1 to 4,096.
    /// Default: 256.
    #[must_use]
    pub fn max_batch(self, jobs: usize) -> Self {
        Self { max_batch: jobs.clamp(1, 4_096), ..self }
    }

    /// The same options with a bound on how long a batch waits to grow, while one that is larger
    /// is under way; at most a millisecond. Who comes alone never waits. Default: a millisecond.
    #[must_use]
    pub fn linger(self, linger: Duration) -> Self {
        Self { linger: linger.min(Duration::from_millis(1)), ..self }
    }

    /// The same options, gathering or not: without, each load and each commit goes alone, as many
    /// at once as there are connections. Default: gathering.
    ///
    /// The statements stay the same, with one row in them: a server that refuses one of them
    /// refuses it either way.
    #[must_use]
    pub fn gather(self, gathers: bool) -> Self {
        Self { gathers, ..self }
    }

    /// The same options with a bound on each statement, 100 milliseconds to an hour: then the call
    /// fails with [`PostgresError::TimedOut`]. An answer is waited for 5 seconds longer. Default:
    /// 10 seconds.
    #[must_use]
    pub fn statement_timeout(self, timeout: Duration) -> Self {
        Self { statement_timeout: bounded(timeout), ..self }
    }

    /// The same options with a bound on waiting for a lock, 100 milliseconds to an hour: then the
    /// call fails with [`PostgresError::TimedOut`]. Default: 5 seconds.
    #[must_use]
    pub fn lock_timeout(self, timeout: Duration) -> Self {
        Self { lock_timeout: bounded(timeout), ..self }
    }

    /// The same options with a bound on waiting for a connection, 100 milliseconds to an hour:
    /// then calls fail with [`PostgresError::Unreachable`]. Default: 10 seconds.
    #[must_use]
    pub fn patience(self, patience: Duration) -> Self {
        Self { patience: bounded(patience), ..self }
    }

    /// The same options, with which the storage remembers by this key whom it erased. Default:
    /// it forgets. Always use a database with the same key: with another, or none, who was erased
    /// is added as new, and nothing says so.
    #[must_use]
    pub fn suppression(self, key: SuppressionKey) -> Self {
        Self { suppression: Some(key), ..self }
    }

    /// A storage with these options. It connects when it is first used.
    ///
    /// Of many hosts each may take the configuration's `connect_timeout` (3 seconds where it has
    /// none) for the network, and as long again for all that follows; then the next one is tried.
    ///
    /// Where a call times out or has no answer, its connection is closed, and the other hosts are
    /// tried before that one. So, with the defaults, a leader that stands still holds its callers
    /// up for 15 seconds, and each further host that says nothing for 6 more, until the one that
    /// takes writes is found; a caller whose patience ends before is told, and the next one goes
    /// on from there. Name each host: of one name with many addresses they share these 6 seconds.
    ///
    /// # Errors
    /// As [`PostgresStorage::connect`].
    pub fn connect<T>(self, config: Config, tls: T) -> Result<PostgresStorage, PostgresError>
    where
        T: MakeTlsConnect<Socket> + Clone + Send + Sync + 'static,
        T::Stream: Send,
        T::TlsConnect: Send,
        <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
    {
        let limits = self.limits();
        let config = self.settled(config);
        // The server's own limit comes first.
        let patience = self.statement_timeout + Duration::from_secs(5);
        let opens = move || opener(&config, tls, patience);
        Ok(PostgresStorage {
            suppression: self.suppression,
            pool: Pool::start(Queue::new(limits), self.connections, self.patience, opens)?,
            policies: Arc::default(),
        })
    }

    fn limits(&self) -> Limits {
        // Upkeep must not keep texts waiting.
        let working = self.connections.saturating_sub(1).max(1);
        if self.gathers {
            let half = self.connections.div_ceil(2);
            let (batch, linger) = (self.max_batch, self.linger);
            Limits { batch, linger, loading: half, committing: half, working }
        } else {
            let (all, linger) = (self.connections, Duration::ZERO);
            Limits { batch: 1, linger, loading: all, committing: all, working }
        }
    }

    /// The configuration with what we rest on; settings are given when the connection begins, so
    /// that a new one has them too.
    fn settled(&self, mut config: Config) -> Config {
        let settings = format!(
            "{} -c statement_timeout={} -c lock_timeout={} \
             -c idle_in_transaction_session_timeout={}",
            config.get_options().unwrap_or(""),
            self.statement_timeout.as_millis(),
            self.lock_timeout.as_millis(),
            self.statement_timeout.as_millis(),
        );
        config.options(String::from(settings.trim_start()));
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        if config.get_application_name().is_none() {
            config.application_name("optin");
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(TIME_TO_CONNECT);
        }
        config
    }
}

fn bounded(duration: Duration) -> Duration {
    duration.clamp(Duration::from_millis(100), Duration::from_secs(3_600))
}
