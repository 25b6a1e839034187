//! Whatever fails before there is a connection to send on fails with one error.

use ureq::{
    Error,
    config::Config,
    http::Uri,
    unversioned::{
        resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver},
        transport::{ConnectionDetails, Connector, DefaultConnector, NextTimeout},
    },
};

/// Looks names up, and connects: [`Error::ConnectionFailed`] where it cannot.
#[derive(Debug, Default)]
pub(crate) struct Connecting<T>(T);

impl Resolver for Connecting<DefaultResolver> {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        self.0.resolve(uri, config, timeout).map_err(|_| Error::ConnectionFailed)
    }
}

impl Connector for Connecting<DefaultConnector> {
    type Out = <DefaultConnector as Connector>::Out;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<()>,
    ) -> Result<Option<Self::Out>, Error> {
        self.0.connect(details, chained).map_err(|_| Error::ConnectionFailed)
    }
}
