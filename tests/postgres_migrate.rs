//! The schema of PostgreSQL: made once by however many at once, by hand as well, and only by those
//! who know it.
#![cfg(feature = "postgres-tests")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod black_box;
mod commits;
mod server;

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use black_box::this_test;
use commits::{account, contact, conversation};
use optin::{
    Storage,
    blocking::block_on,
    storage::Committed,
    store::{
        PostgresStorage,
        postgres::{Options, PostgresError},
    },
};
use server::{Database, Server, USER, config, program};
use tokio_postgres::{Config, NoTls};

/// Processes that migrate at once.
const AT_ONCE: usize = 10;
/// Where a process of its own finds the database: directory, name and options of the session.
const ASKED: [&str; 3] = ["OPTIN_DIRECTORY", "OPTIN_DATABASE", "OPTIN_SESSION"];

fn connect(config: Config) -> PostgresStorage {
    PostgresStorage::connect(config, NoTls).unwrap()
}

/// The schema as the server sees it, and what it says of itself.
fn schema(database: &Database<'_>) -> String {
    let dump = run("pg_dump", database, &["--schema-only"]);
    // Later versions of it write a key of chance around the rest.
    let is_dumped =
        |line: &&str| !line.starts_with("\\restrict") && !line.starts_with("\\unrestrict");
    let dump: Vec<&str> = dump.lines().filter(is_dumped).collect();
    let versions = database.session().rows("SELECT name, version FROM optin.schema_version");
    format!("{}\n{versions:?}", dump.join("\n"))
}

/// Runs one of the server's programs on a database, and gives what it says.
fn run(name: &str, database: &Database<'_>, arguments: &[&str]) -> String {
    let output = Command::new(program(name))
        .args(arguments)
        .env("PGHOST", database.directory())
        .env("PGUSER", USER)
        .env("PGDATABASE", database.name())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The schema's files in the order of their names.
fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store/postgres/schema");
    let mut files: Vec<PathBuf> =
        folder.read_dir().unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    files
}

fn by_hand(database: &Database<'_>) {
    for file in files() {
        let file = file.to_str().unwrap();
        run("psql", database, &["--no-psqlrc", "--set=ON_ERROR_STOP=1", "--file", file]);
    }
}

/// It takes a contact's first texts.
fn is_of_use(storage: &PostgresStorage, n: u64) {
    let applied = Ok(Committed::Applied { in_flight: Vec::new() });
    let conversation = conversation(n);
    assert_eq!(block_on(storage.commit(conversation.opening)), applied);
    assert_eq!(block_on(storage.commit(conversation.reply)), applied);
}

/// Run as a process of its own, it waits for a line, migrates, and uses the database.
#[test]
fn a_process_that_migrates() {
    let Ok(directory) = std::env::var(ASKED[0]) else { return };
    let [_, name, session] = ASKED.map(|name| std::env::var(name).unwrap());
    let mut config = config(Path::new(&directory), &name);
    config.options(session);
    let storage = connect(config);
    std::io::stdin().read_line(&mut String::new()).unwrap();
    block_on(storage.migrate()).unwrap();
    is_of_use(&storage, u64::from(std::process::id()));
}

fn migrate_at_once(session: &str) {
    let server = Server::shared();
    let (alone, crowded) = (server.create_database(), server.create_database());
    alone.migrated(Options::default());
    let start = |_| {
        this_test("a_process_that_migrates")
            .env(ASKED[0], crowded.directory())
            .env(ASKED[1], crowded.name())
            .env(ASKED[2], session)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let mut processes: Vec<Child> = (0..AT_ONCE).map(start).collect();
    for process in &mut processes {
        process.stdin.take().unwrap().write_all(b"now\n").unwrap();
    }
    for process in processes {
        let output = process.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let contacts = crowded.session().number("SELECT count(*) FROM optin.contacts");
    assert_eq!(contacts, i64::try_from(AT_ONCE).unwrap());
    assert_eq!(schema(&crowded), schema(&alone));
}

#[test]
fn ten_processes_migrate_an_empty_database_at_once() {
    for _ in 0..3 {
        migrate_at_once("");
    }
}

#[test]
fn ten_processes_migrate_at_once_where_transactions_are_serializable() {
    migrate_at_once("-c default_transaction_isolation=serializable");
}

#[test]
fn the_files_by_hand_give_what_migrate_gives() {
    let server = Server::shared();
    let (of_migrate, of_hand) = (server.create_database(), server.create_database());
    is_of_use(&of_migrate.migrated(Options::default()), 1);
    let expected = schema(&of_migrate);
    by_hand(&of_hand);
    assert_eq!(schema(&of_hand), expected);
    let storage = connect(of_hand.config());
    is_of_use(&storage, 1);
    // Again, and each over the other, they change nothing.
    by_hand(&of_hand);
    block_on(storage.migrate()).unwrap();
    by_hand(&of_migrate);
    assert_eq!(schema(&of_hand), expected);
    assert_eq!(schema(&of_migrate), expected);
    is_of_use(&storage, 2);
}

#[test]
fn the_files_that_the_crate_names_are_those_of_the_folder() {
    let files = files();
    let files: Vec<(&str, String)> = files
        .iter()
        .map(|file| {
            let name = file.file_name().unwrap().to_str().unwrap();
            (name, std::fs::read_to_string(file).unwrap())
        })
        .collect();
    let named = PostgresStorage::SCHEMA.map(|(name, text)| (name, text.to_owned()));
    assert_eq!(named.to_vec(), files);
}

#[test]
fn a_migration_that_is_done_changes_nothing() {
    let database = Server::shared().create_database();
    let storage = database.migrated(Options::default());
    let before = schema(&database);
    block_on(storage.migrate()).unwrap();
    assert_eq!(schema(&database), before);
}

#[test]
fn a_database_of_a_newer_schema_is_refused_and_left_alone() {
    let database = Server::shared().create_database();
    let storage = database.migrated(Options::default());
    is_of_use(&storage, 1);
    let session = database.session();
    let known = session.number("SELECT version FROM optin.schema_version");
    session.run("UPDATE optin.schema_version SET version = version + 1");
    let before = schema(&database);
    let newer = PostgresError::NewerSchema { found: known + 1, known };
    let storage = connect(database.config());
    assert_eq!(block_on(storage.migrate()), Err(newer.clone()));
    assert_eq!(block_on(storage.load(&contact(1))), Err(newer.clone()));
    assert_eq!(block_on(storage.commit(conversation(2).opening)), Err(newer.clone()));
    assert_eq!(block_on(storage.policy(&account())), Err(newer));
    assert_eq!(schema(&database), before);
    assert_eq!(session.number("SELECT count(*) FROM optin.contacts"), 1);
}

#[test]
fn a_database_without_schema_is_told_of() {
    let database = Server::shared().create_database();
    let storage = connect(database.config());
    let missing = Err(PostgresError::NotMigrated);
    assert_eq!(block_on(storage.load(&contact(1))).map(drop), missing);
    assert_eq!(block_on(storage.commit(conversation(1).opening)).map(drop), missing);
    // By somebody else, while the storage is open.
    by_hand(&database);
    is_of_use(&storage, 1);
}

/// It could not keep every text, a STOP among them.
#[test]
fn a_database_of_another_encoding_is_refused() {
    let server = Server::shared();
    for encoding in ["LATIN1", "SQL_ASCII"] {
        let name = encoding.to_lowercase();
        server.session().run(&format!(
            "CREATE DATABASE {name} ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C'
             TEMPLATE template0"
        ));
        let storage = connect(server::config(server.directory(), &name));
        assert_eq!(block_on(storage.migrate()), Err(PostgresError::Encoding));
        assert_eq!(block_on(storage.load(&contact(1))).map(drop), Err(PostgresError::Encoding));
    }
}

/// The owner of the schema migrates; the hosts' role reads and writes rows, and no more.
#[test]
fn a_role_without_rights_on_the_schema_can_use_it() {
    let database = Server::shared().create_database();
    let session = database.session();
    session.run("CREATE ROLE host_of_rows LOGIN");
    let mut config = database.config();
    config.user("host_of_rows");
    let storage = connect(config);
    let refused = block_on(storage.migrate()).unwrap_err();
    let insufficient = tokio_postgres::error::SqlState::INSUFFICIENT_PRIVILEGE;
    assert_eq!(refused, PostgresError::Server { code: insufficient });
    database.migrated(Options::default());
    session.run(
        "GRANT USAGE ON SCHEMA optin TO host_of_rows;
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA optin TO host_of_rows",
    );
    is_of_use(&storage, 1);
    // Nothing is left to be made.
    assert_eq!(block_on(storage.migrate()), Ok(()));
}
