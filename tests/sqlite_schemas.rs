//! A file of every earlier schema is opened by the present code, and nothing of it is lost.
//!
//! `tests/golden/sqlite_NNN.sql` was made by the code that had this schema, beside the checkpoint
//! of its log. `OPTIN_GOLDEN=tests/golden cargo test --test sqlite_schemas` writes those of the
//! present schema, once a later one is about to come.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod black_box;
mod schemas;
mod support;

use std::{
    fs,
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{Child, Stdio},
    time::Duration,
};

use black_box::{Scratch, this_test};
use optin::{
    Archive, ConsentState, Contact, Dispatcher, Engine, Event, Reason, Source, Storage,
    blocking::block_on,
    ledger::{Checkpoint, Directory, NoteSigner, audit},
    store::{SqliteError, SqliteStorage},
};
use rusqlite::Connection;

use self::{
    schemas::{Provider, Told, bolt, dump, later, load, open, play, publish, signers},
    support::{account, contact, texted},
};

/// A file of an earlier schema.
struct Earlier {
    sql: &'static str,
    /// The checkpoint that was signed of its log.
    note: &'static str,
    told: fn(&Connection) -> Told,
}

const EARLIER: [Earlier; 1] = [Earlier {
    sql: include_str!("golden/sqlite_001.sql"),
    note: include_str!("golden/sqlite_001.note"),
    told: Told::by_schema_1,
}];
/// The script that leads to each schema from the one before it.
const SCRIPTS: [&str; 2] = [
    include_str!("../src/store/sqlite/schema/001.sql"),
    include_str!("../src/store/sqlite/schema/002.sql"),
];

fn version(path: &Path) -> i64 {
    let file = Connection::open(path).unwrap();
    file.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
}

/// What makes the file's tables, by name.
fn tables(path: &Path) -> Vec<(String, String)> {
    let file = Connection::open(path).unwrap();
    let mut all = file
        .prepare("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")
        .unwrap();
    let rows = all.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

/// A new file of the first of the earlier schemas.
fn first(path: &Path) -> Told {
    let [Earlier { sql, told, .. }] = EARLIER;
    load(sql, path);
    told(&Connection::open(path).unwrap())
}

fn count(path: &Path, sql: &str) -> i64 {
    Connection::open(path).unwrap().query_row(sql, [], |row| row.get(0)).unwrap()
}

/// All that was told stands, the audits pass, and traffic goes on as if nothing had been.
fn goes_on(path: &Path, scratch: &Scratch, told: &Told, note: &str) {
    let storage = open(path).unwrap();
    assert_eq!(Told::by(&storage), *told);
    let keys = signers().map(|signer: NoteSigner| signer.key());
    let checkpoint = Checkpoint::open(note, &keys).unwrap();
    let audited =
        |account, checkpoint| block_on(audit::storage(&storage, &account, checkpoint)).unwrap();
    let before = audited(account(), Some(&checkpoint));
    let entries = count(path, "SELECT count(*) FROM entries WHERE account = 'acme'");
    assert_eq!((before.signed, before.logged), (checkpoint.size, checkpoint.size));
    assert_eq!(before.entries, entries.unsigned_abs());
    assert!(before.disclosed < before.entries && before.logged < before.entries);
    audited(bolt(), None);

    let engine = Engine::new(&storage, Provider, later);
    let handle = |of: &Contact, event: Event<'_>| block_on(engine.handle(of, event)).unwrap();
    // Marks, records, settings and who was erased are still known.
    assert_eq!(handle(&contact(6), texted("6-hi", "Hi")).reason, Reason::Duplicate);
    let again = handle(&contact(3), Event::Added { source: Source::Csv, opted_out: None });
    assert!(matches!(again.state, Some(ConsentState::OptedOut { .. })), "{again:?}");
    assert_eq!(handle(&contact(7), texted("7-stop", "stop")).reason, Reason::OptOutKeyword);
    handle(&contact(70), texted("70-hi", "Hi"));
    handle(&Contact::new(bolt(), contact(4).number()), texted("4-yes", "yes"));
    block_on(Dispatcher::new(&engine).run_once(100)).unwrap();
    for aside in block_on(storage.set_aside(&account(), 99)).unwrap() {
        assert!(block_on(storage.requeue(&aside.id)).unwrap());
    }
    assert!(block_on(storage.erase(&contact(4))).unwrap());

    // The log goes on from what was signed.
    let log = Directory::new(scratch.path("log-after"));
    let keys = signers().map(|signer: NoteSigner| signer.key());
    let last = Checkpoint::open(&publish(&storage, &log), &keys).unwrap();
    let after = audited(account(), Some(&last));
    assert!(after.entries > before.entries && after.signed == after.entries);
    assert_eq!(audited(account(), Some(&checkpoint)).signed, checkpoint.size);
    assert_eq!(audited(bolt(), None).chains, 8);
    drop(storage);
    fs::remove_dir_all(scratch.path("log-after")).unwrap();
}

#[test]
fn a_file_of_every_earlier_schema_is_opened() {
    let scratch = Scratch::new("schemas");
    let fresh = scratch.path("fresh.db");
    drop(open(&fresh).unwrap());
    assert_eq!(version(&fresh), SCRIPTS.len() as i64);
    assert_eq!(EARLIER.len() + 1, SCRIPTS.len());
    for (n, Earlier { sql, note, told }) in (1..).zip(EARLIER) {
        let path = scratch.path(&format!("{n}.db"));
        load(sql, &path);
        assert_eq!(version(&path), n);
        let told = told(&Connection::open(&path).unwrap());
        drop(open(&path).unwrap());
        assert_eq!(tables(&path), tables(&fresh), "schema {n}");
        goes_on(&path, &scratch, &told, note);
    }
}

#[test]
fn a_file_of_the_present_schema_goes_through_sql() {
    let scratch = Scratch::new("schemas-present");
    let (path, again) = (scratch.path("it.db"), scratch.path("again.db"));
    let note = play(&path, &Directory::new(scratch.path("log")));
    let sql = dump(&path);
    if let Some(directory) = std::env::var_os("OPTIN_GOLDEN").map(PathBuf::from) {
        let name = format!("sqlite_{:03}", SCRIPTS.len());
        fs::write(directory.join(format!("{name}.sql")), &sql).unwrap();
        fs::write(directory.join(format!("{name}.note")), &note).unwrap();
    }
    for table in tables(&path).iter().filter(|(_, sql)| sql.starts_with("CREATE TABLE")) {
        let rows = count(&path, &format!("SELECT count(*) FROM {}", table.0));
        assert!(rows > 0, "{} is empty", table.0);
    }
    load(&sql, &again);
    assert_eq!(tables(&again), tables(&path));
    let told = Told::by(&open(&path).unwrap());
    goes_on(&again, &scratch, &told, &note);
}

/// As a person would, script by script.
#[test]
fn scripts_applied_by_hand_lead_where_opening_does() {
    let scratch = Scratch::new("schemas-by-hand");
    let (by_hand, opened) = (scratch.path("by-hand.db"), scratch.path("opened.db"));
    let told = first(&by_hand);
    first(&opened);
    drop(open(&opened).unwrap());
    for script in &SCRIPTS[1..] {
        let sql = format!("BEGIN IMMEDIATE; {script}; COMMIT");
        Connection::open(&by_hand).unwrap().execute_batch(&sql).unwrap();
    }
    let rows = |path| {
        let sql = dump(path);
        assert!(sql.lines().count() > 100);
        sql
    };
    assert_eq!(rows(&by_hand), rows(&opened));
    goes_on(&by_hand, &scratch, &told, EARLIER[0].note);
}

#[test]
fn a_chain_is_in_the_log_in_its_order_though_the_clock_went_back() {
    let scratch = Scratch::new("schemas-order");
    let path = scratch.path("it.db");
    first(&path);
    drop(open(&path).unwrap());
    let out_of_order = "SELECT count(*) FROM entries AS one JOIN entries AS next
        USING (account, chain) WHERE next.sequence = one.sequence + 1 AND next.id < one.id";
    let went_back = "SELECT count(*) FROM disclosed AS one JOIN disclosed AS next
        USING (account, chain) WHERE next.sequence = one.sequence + 1 AND next.at < one.at";
    assert_eq!(count(&path, out_of_order), 0);
    assert!(count(&path, went_back) > 0);
}

#[test]
fn a_file_that_cannot_be_brought_on_stays_as_it_is() {
    let scratch = Scratch::new("schemas-cannot");
    let path = scratch.path("it.db");
    first(&path);
    let file = Connection::open(&path).unwrap();
    file.execute("UPDATE log SET leaf = 9223372036854775807 WHERE leaf = 9", []).unwrap();
    drop(file);
    let before = dump(&path);
    assert!(matches!(open(&path).map(drop), Err(SqliteError::Other { .. })));
    assert_eq!((version(&path), dump(&path)), (1, before));
}

/// Opens the file that is named, and texts; a child of the tests below.
#[test]
fn a_process() {
    let Some(path) = std::env::var_os("OPTIN_SCHEMAS_FILE") else { return };
    let who = std::env::var("OPTIN_SCHEMAS_WHO").unwrap().parse::<u8>().unwrap();
    let storage: SqliteStorage = open(Path::new(&path)).unwrap();
    let engine = Engine::new(&storage, Provider, later);
    let id = format!("process-{who}");
    block_on(engine.handle(&contact(who), texted(&id, "Hi"))).unwrap();
}

fn start(path: &Path, who: u8) -> Child {
    let mut command = this_test("a_process");
    command.env("OPTIN_SCHEMAS_FILE", path).env("OPTIN_SCHEMAS_WHO", who.to_string());
    command.stdout(Stdio::null()).spawn().unwrap()
}

#[test]
fn ten_processes_open_an_earlier_file_at_once() {
    let scratch = Scratch::new("schemas-ten");
    for round in 0..3 {
        let path = scratch.path(&format!("{round}.db"));
        let told = first(&path);
        let processes: Vec<_> = (20..30).map(|who| start(&path, who)).collect();
        for process in processes {
            assert!(process.wait_with_output().unwrap().status.success());
        }
        let storage = open(&path).unwrap();
        for who in 20..30 {
            assert!(block_on(storage.load(&contact(who))).unwrap().record.is_some());
        }
        let now = Told::by(&storage);
        told.histories.iter().for_each(|history| assert!(now.histories.contains(history)));
        assert_eq!(now.histories.len(), told.histories.len() + 10);
        drop(storage);
        goes_on(&path, &scratch, &now, EARLIER[0].note);
    }
}

#[test]
fn a_process_killed_meanwhile_leaves_one_schema_or_the_other() {
    let scratch = Scratch::new("schemas-killed");
    let mut found = [0, 0];
    for round in 0..24_u64 {
        let path = scratch.path(&format!("{round}.db"));
        let told = first(&path);
        let mut process = start(&path, 20);
        // Until it begins to write, then a little longer.
        let log = scratch.path(&format!("{round}.db-wal"));
        while process.try_wait().unwrap().is_none() && !log.exists() {
            std::thread::sleep(Duration::from_micros(50));
        }
        std::thread::sleep(Duration::from_micros(1_200 * round));
        process.kill().unwrap();
        let status = process.wait().unwrap();
        assert!(status.success() || status.signal() == Some(9));
        let version = version(&path);
        found[usize::from(version == 2)] += 1;
        if version == 1 {
            assert_eq!(Told::by_schema_1(&Connection::open(&path).unwrap()), told);
        }
        let storage = open(&path).unwrap();
        let now = Told::by(&storage);
        told.histories.iter().for_each(|history| assert!(now.histories.contains(history)));
        drop(storage);
        goes_on(&path, &scratch, &now, EARLIER[0].note);
    }
    println!("{} killed before, {} after", found[0], found[1]);
}
