//! The server, its databases, and the storages over them.

use std::error::Error;

use optin::{
    blocking::block_on,
    store::{PostgresStorage, postgres::Options},
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::NoTls;

use crate::{
    by_hand::ByHand,
    server::{self, Database, Durability, Server},
};

/// The peer's: found to be its best among 8, 16, 32 and 64.
const CONNECTIONS: u32 = 16;

/// A server with memory for what is measured; a durable one writes no checkpoint meanwhile.
pub(crate) fn server(durability: Durability) -> Server {
    let log = match durability {
        Durability::Full => "max_wal_size = '4GB'",
        Durability::None => "max_wal_size = '1GB'",
    };
    let settings = [
        "autovacuum = on",
        "shared_buffers = '1GB'",
        "checkpoint_timeout = '1h'",
        "max_connections = 200",
        log,
    ];
    Server::start(durability, &settings)
}

/// As many threads as the machine has cores.
pub(crate) fn runtime() -> std::io::Result<Runtime> {
    Builder::new_multi_thread().worker_threads(2).enable_all().build()
}

/// A database with the tables.
pub(crate) fn database(server: &Server) -> Result<Database<'_>, Box<dyn Error>> {
    let database = server.create_database();
    block_on(ours(&database, Options::default())?.migrate())?;
    Ok(database)
}

/// The crate's storage.
pub(crate) fn ours(
    database: &Database<'_>,
    options: Options,
) -> Result<PostgresStorage, Box<dyn Error>> {
    Ok(options.connect(database.config(), NoTls)?)
}

/// The peer's, over a pool of as many connections as served it best.
pub(crate) fn by_hand(
    runtime: &Runtime,
    database: &Database<'_>,
) -> Result<ByHand, Box<dyn Error>> {
    let options = PgConnectOptions::new_without_pgpass()
        .socket(database.directory())
        .username(server::USER)
        .database(database.name());
    let pool = PgPoolOptions::new().max_connections(CONNECTIONS).min_connections(CONNECTIONS);
    Ok(ByHand::over(runtime.block_on(pool.test_before_acquire(false).connect_with(options))?))
}
