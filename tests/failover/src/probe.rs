//! Three bare writers beside ours, one to each node: when a node takes writes, and whether what it
//! acknowledged is there at the end.

use std::{
    error::Error,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    time::{Duration, Instant},
};

use tokio::time::{sleep, timeout};
use tokio_postgres::{Client, Config, NoTls, types::ToSql};

/// Between two rows.
const PAUSE: Duration = Duration::from_millis(20);

/// A row that is not acknowledged by then is not waited for.
const PATIENCE: Duration = Duration::from_secs(1);

/// A row that a node acknowledged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) number: i64,
    pub(crate) at: Instant,
}

/// Runs a future of `tokio-postgres` where there is no runtime.
pub(crate) fn run<T>(future: impl Future<Output = T>) -> Result<T, std::io::Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(future))
}

/// A connection of its own.
pub(crate) async fn connect(config: &Config) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = config.connect(NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// Makes the table, on the leader.
pub(crate) async fn create(leader: &Config) -> Result<(), tokio_postgres::Error> {
    let table = "CREATE TABLE bare (node text, number bigint, PRIMARY KEY (node, number))";
    connect(leader).await?.batch_execute(table).await
}

/// Writes to one node until it is told to stop; what was acknowledged.
pub(crate) async fn write(node: &str, config: &Config, stop: &AtomicBool) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut number = 0;
    while !stop.load(Relaxed) {
        if let Ok(Ok(client)) = timeout(PATIENCE, connect(config)).await {
            while !stop.load(Relaxed) {
                number += 1;
                let insert = "INSERT INTO bare (node, number) VALUES ($1, $2)";
                let row: [&(dyn ToSql + Sync); 2] = [&node, &number];
                let Ok(Ok(_)) = timeout(PATIENCE, client.execute(insert, &row)).await else {
                    break;
                };
                rows.push(Row { number, at: Instant::now() });
                sleep(PAUSE).await;
            }
        }
        sleep(PAUSE * 5).await;
    }
    rows
}

/// The rows of a node that are not in the database any more.
pub(crate) async fn lost(
    leader: &Config,
    node: &str,
    rows: &[Row],
) -> Result<Vec<Row>, Box<dyn Error>> {
    let client = connect(leader).await?;
    let kept = client.query("SELECT number FROM bare WHERE node = $1", &[&node]).await?;
    let kept = kept.iter().map(|row| row.try_get(0)).collect::<Result<Vec<i64>, _>>()?;
    let kept: std::collections::HashSet<i64> = kept.into_iter().collect();
    Ok(rows.iter().filter(|row| !kept.contains(&row.number)).copied().collect())
}
