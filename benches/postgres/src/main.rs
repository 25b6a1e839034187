//! Texts through PostgreSQL: ours, the same with gathering off, the same by hand with sqlx, and
//! the same statements by pgbench; 1, 16 and 64 callers.

mod by_hand;
mod pgbench;
#[allow(unreachable_pub, reason = "shared with the tests")]
#[path = "../../../tests/server/mod.rs"]
mod server;

use std::{
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Instant,
};

use optin::{Storage, store::postgres};
use optin_benches::{
    engines::{self, Driven},
    rounds::Spread,
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::runtime::Runtime;
use tokio_postgres::NoTls;

use self::{
    by_hand::ByHand,
    pgbench::Pgbench,
    server::{Database, Durability, Server},
};

/// How many callers, and how many texts each of them sends a round.
const CALLERS: [(usize, usize); 3] = [(1, 200), (16, 100), (64, 50)];

fn main() -> Result<(), Box<dyn Error>> {
    let rounds = std::env::args().nth(1).map_or(Ok(7), |rounds| rounds.parse())?;
    let server = Server::start(
        Durability::Full,
        &["autovacuum = on", "shared_buffers = '512MB'", "max_wal_size = '4GB'"],
    );
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let ours = database(&server)?;
    let alone = database(&server)?;
    let by_hand = database(&server)?;
    let scripted = database(&server)?;
    let contenders = [
        Contender::engine("ours", connect(&ours, true)?),
        Contender::engine("ours, gathering off", connect(&alone, false)?),
        Contender::engine("sqlx by hand", pool(&runtime, &by_hand)?),
        Contender::script("pgbench", Pgbench::new(&server, &scripted, false)?),
        Contender::script("pgbench, pipelined", Pgbench::new(&server, &scripted, true)?),
    ];
    for (callers, texts) in CALLERS {
        let mut rates = vec![Vec::new(); contenders.len()];
        // The first round does not count.
        for round in 0..=rounds {
            for turn in 0..contenders.len() {
                let at = (round + turn) % contenders.len();
                let rate = contenders[at].rate(&runtime, callers, texts)?;
                if round > 0 {
                    rates[at].push(rate);
                }
            }
        }
        println!("{callers} callers, texts a second:");
        for (contender, rates) in contenders.iter().zip(&rates) {
            println!("  {:<22} {:.0}", contender.name, Spread::of(rates.clone()));
        }
        for (at, contender) in contenders.iter().enumerate().skip(1) {
            let ratios = rates[0].iter().zip(&rates[at]).map(|(ours, other)| ours / other);
            println!("  ours / {}: {:.2}", contender.name, Spread::of(ratios.collect()));
        }
    }
    Ok(())
}

/// Who sends the texts.
struct Contender {
    name: &'static str,
    kind: Kind,
}

enum Kind {
    Engine(Box<dyn Fn(&Runtime, usize, usize) -> f64>),
    Script(Pgbench),
}

impl Contender {
    fn engine<S: Storage + 'static>(name: &'static str, storage: S) -> Self {
        let engine = Arc::new(Driven::over(storage));
        let next = Arc::new(AtomicUsize::new(0));
        let kind = Kind::Engine(Box::new(move |runtime, callers, texts| {
            let began = Instant::now();
            let tasks: Vec<_> = (0..callers)
                .map(|_| {
                    let (engine, next) = (engine.clone(), next.clone());
                    runtime.spawn(async move {
                        for _ in 0..texts {
                            let number = next.fetch_add(1, Relaxed);
                            let text = engines::text(number, 0, "Hi, are you open?");
                            let handled = engine.0.handle(&engines::contact(number), text).await;
                            handled.expect("the storage works");
                        }
                    })
                })
                .collect();
            for task in tasks {
                runtime.block_on(task).expect("no task fails");
            }
            (callers * texts) as f64 / began.elapsed().as_secs_f64()
        }));
        Self { name, kind }
    }

    fn script(name: &'static str, script: Pgbench) -> Self {
        Self { name, kind: Kind::Script(script) }
    }

    fn rate(&self, runtime: &Runtime, callers: usize, texts: usize) -> Result<f64, Box<dyn Error>> {
        match &self.kind {
            Kind::Engine(run) => Ok(run(runtime, callers, texts)),
            Kind::Script(script) => script.rate(callers, texts),
        }
    }
}

/// A database with the tables.
fn database(server: &Server) -> Result<Database<'_>, Box<dyn Error>> {
    let database = server.create_database();
    optin::blocking::block_on(connect(&database, true)?.migrate())?;
    Ok(database)
}

fn connect(
    database: &Database<'_>,
    gather: bool,
) -> Result<postgres::PostgresStorage, Box<dyn Error>> {
    let options = postgres::Options::default().gather(gather);
    Ok(options.connect(database.config(), NoTls)?)
}

/// As many connections as PostgreSQL has use for on two cores, or rather more.
fn pool(runtime: &Runtime, database: &Database<'_>) -> Result<ByHand, Box<dyn Error>> {
    let config = database.config();
    let options = PgConnectOptions::new_without_pgpass()
        .socket(database.directory())
        .username(server::USER)
        .database(config.get_dbname().unwrap_or_default());
    let pool = PgPoolOptions::new().max_connections(CONNECTIONS).min_connections(CONNECTIONS);
    Ok(ByHand::over(runtime.block_on(pool.test_before_acquire(false).connect_with(options))?))
}

/// The peer's: found to be its best among 8, 16, 32 and 64.
const CONNECTIONS: u32 = 16;
