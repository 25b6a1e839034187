//! Texts from people not yet known: load, decide, commit with mark, entry and prompt; settle with
//! another entry.

use std::error::Error;

use optin::store::postgres::Options;
use tokio::runtime::Runtime;

use crate::{
    contest::{self, Contender},
    databases::{by_hand, database, ours, runtime, server},
    pgbench::Pgbench,
    server::{Database, Durability, Server},
};

/// How many callers, and how many texts each of them sends a round.
const CALLERS: [(usize, usize); 3] = [(1, 400), (16, 40), (64, 20)];
/// A text is two commits.
const COMMITS: usize = 2;
/// Texts by which the contenders' rows are compared.
const COMPARED: usize = 200;

pub(crate) fn run(rounds: usize) -> Result<(), Box<dyn Error>> {
    let server = server(Durability::Full);
    let runtime = runtime()?;
    let databases = (0..6).map(|_| database(&server)).collect::<Result<Vec<_>, _>>()?;
    let off = || Options::default().gather(false);
    let mut contenders = vec![
        Contender::engine("ours", ours(&databases[0], Options::default())?),
        Contender::engine("gathering off", ours(&databases[1], off())?),
        Contender::engine("off, 16 connections", ours(&databases[2], off().connections(16))?),
        Contender::engine("sqlx by hand", by_hand(&runtime, &databases[3])?),
        Contender::script("pgbench", Pgbench::new(&server, &databases[4], false)?),
        Contender::script("pgbench, pipelined", Pgbench::new(&server, &databases[5], true)?),
    ];
    println!("log and rows of a text:");
    let mut bytes = 0;
    for (contender, database) in contenders.iter().zip(&databases) {
        let log = written(&server, &runtime, contender, database)?;
        println!("  {:<24} {log} bytes; {}", contender.name, rows(database));
        bytes = if bytes == 0 { log } else { bytes };
    }
    let file = std::env::temp_dir().join(format!("optin-appended-{}", std::process::id()));
    contenders.push(Contender::appends(&file, bytes / COMMITS)?);
    let done = contest::run(&runtime, "texts", rounds, &CALLERS, contenders);
    std::fs::remove_file(file)?;
    done
}

impl Contender<'_> {
    fn script(name: &'static str, script: Pgbench) -> Self {
        Self::new(name, move |_, callers, texts| script.rate(callers, texts))
    }
}

/// The bytes of PostgreSQL's log a text takes.
fn written(
    server: &Server,
    runtime: &Runtime,
    contender: &Contender<'_>,
    database: &Database<'_>,
) -> Result<usize, Box<dyn Error>> {
    // Whole pages, as the log has them after a checkpoint, are written once.
    (contender.rate)(runtime, 1, COMPARED)?;
    database.session().run(
        "TRUNCATE optin.marks, optin.entries, optin.disclosed, \
        optin.unlogged, optin.contacts, optin.outgoing",
    );
    let end = "SELECT pg_current_wal_insert_lsn() - '0/0'";
    let before = server.session().number(end);
    (contender.rate)(runtime, 1, COMPARED)?;
    let log = server.session().number(end) - before;
    Ok(usize::try_from(log)? / COMPARED)
}

/// How many rows there are for a text, and how long each is.
fn rows(database: &Database<'_>) -> String {
    let session = database.session();
    let tables = ["contacts", "marks", "entries", "disclosed", "unlogged", "outgoing"];
    let each = tables.map(|table| {
        let sql = format!(
            "SELECT count(*)::float8 / {COMPARED}, round(coalesce(avg(pg_column_size(it)), 0))
             FROM optin.{table} AS it"
        );
        let row = session.rows(&sql).remove(0);
        format!("{} {table} of {}", row[0], row[1])
    });
    each.join(", ")
}
