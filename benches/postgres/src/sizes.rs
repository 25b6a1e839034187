//! What a contact, an entry and a mark take of the disk: tables with their indexes.

use std::error::Error;

use optin::{Override, store::postgres::Options};
use optin_benches::engines::{self, Driven};

use crate::{
    contest,
    databases::{database, ours, runtime, server},
    server::{Database, Durability},
};

use std::sync::Arc;

const CALLERS: usize = 64;

/// Lets the same things happen to so many contacts, and tells what each took, by table.
pub(crate) fn run(contacts: usize) -> Result<(), Box<dyn Error>> {
    let server = server(Durability::None);
    let runtime = runtime()?;
    let database = database(&server)?;
    let engine = Arc::new(Driven::over(ours(&database, Options::default())?));
    println!("PostgreSQL, bytes of tables and indexes after VACUUM, a mean over {contacts}:");
    let step = |name: &str, event: fn(usize, usize) -> (usize, optin::Event<'static>)| {
        let before = bytes(&database);
        let tasks = (0..CALLERS).map(|caller| {
            let engine = engine.clone();
            runtime.spawn(async move {
                for number in (caller..contacts).step_by(CALLERS) {
                    let (who, event) = event(number, contacts);
                    let done = engine.0.handle(&engines::contact(who), event).await;
                    done.expect("the storage works");
                }
            })
        });
        let rate = contest::rate(&runtime, contacts, tasks)?;
        let after = bytes(&database);
        let each = |of: i64| of as f64 / contacts as f64;
        let grown = before
            .iter()
            .zip(&after)
            .map(|((_, before), (table, after))| (table, each(after - before)));
        let grown: Vec<_> = grown.collect();
        let all: f64 = grown.iter().map(|(_, each)| each).sum();
        println!("  {name:<52} {all:7.0}   ({rate:.0} a second)");
        for (table, each) in grown.into_iter().filter(|(_, each)| each.abs() >= 1.0) {
            println!("    {table:<50} {each:7.0}");
        }
        Ok::<_, Box<dyn Error>>(())
    };
    const HI: &str = "Hi, are you open?";
    step("a contact added, and its entry", |n, _| (n, engines::added()))?;
    step("one more entry (staff opts out)", |n, _| (n, engines::set(Override::OptedOut)))?;
    step("one more entry (carrier block)", |n, _| (n, engines::blocked()))?;
    step("a mark (a text of someone opted out)", |n, _| (n, engines::text(n, 0, HI)))?;
    step("a contact that wrote and was asked: two entries, a mark", |n, all| {
        (n + all, engines::text(n, 1, HI))
    })?;
    engines::wait_hours(1);
    step("its YES: an entry and a mark", |n, all| (n + all, engines::text(n, 2, "YES")))
}

/// The bytes of each table with its indexes, what is dead being free for others again.
pub(crate) fn bytes(database: &Database<'_>) -> Vec<(String, i64)> {
    let session = database.session();
    session.run("VACUUM");
    let sql = "SELECT relname, pg_total_relation_size(oid) FROM pg_class
        WHERE relnamespace = 'optin'::regnamespace AND relkind = 'r' ORDER BY relname";
    let rows = session.rows(sql).into_iter();
    rows.map(|mut row| {
        let bytes = row.remove(1).parse().expect("a number");
        (row.remove(0), bytes)
    })
    .collect()
}
