//! Files that are not ours, damaged, full, locked or unwritable: a typed error, nothing lost.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod black_box;

use std::path::Path;

use black_box::Scratch;
use chrono::Utc;
use optin::{
    AccountId, Archive, Contact, Dispatcher, Engine, Event, HandleError, Handover, InboxId,
    MessageId, Outbox, Outcome, Outgoing, PhoneNumber, Round, Storage, Text,
    blocking::block_on,
    store::{SqliteError, SqliteStorage, sqlite::Options},
};
use rusqlite::Connection;

struct Accepts;

impl Outbox for Accepts {
    async fn send(&self, _outgoing: &Outgoing) -> Handover {
        Handover::Accepted { provider_id: None }
    }
}

fn contact(n: u64) -> Contact {
    let number = PhoneNumber::from_digits(12_065_550_000 + n).unwrap();
    Contact::new(AccountId::new("acme").unwrap(), number)
}

fn text<'a>(id: &str, body: &'a str) -> Event<'a> {
    Event::Texted(Text::new(InboxId::new("in").unwrap(), MessageId::new(id).unwrap(), body))
}

fn handle(
    storage: &SqliteStorage,
    n: u64,
    id: &str,
    body: &str,
) -> Result<Outcome, HandleError<SqliteError>> {
    block_on(Engine::new(storage, Accepts, Utc::now).handle(&contact(n), text(id, body)))
}

fn open_error(path: &Path) -> SqliteError {
    SqliteStorage::open(path).map(drop).unwrap_err()
}

#[test]
fn a_file_of_another_application_is_refused_and_left_alone() {
    let scratch = Scratch::new("other");
    let path = scratch.path("other.db");
    let other = Connection::open(&path).unwrap();
    other.execute_batch("CREATE TABLE songs (title TEXT)").unwrap();
    drop(other);
    let before = std::fs::read(&path).unwrap();
    assert_eq!(open_error(&path), SqliteError::OtherApplication);
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn a_file_that_names_another_application_is_refused() {
    let scratch = Scratch::new("named");
    let path = scratch.path("other.db");
    Connection::open(&path).unwrap().pragma_update(None, "application_id", 42).unwrap();
    assert_eq!(open_error(&path), SqliteError::OtherApplication);
}

#[test]
fn a_newer_schema_is_refused_by_its_number() {
    let scratch = Scratch::new("newer");
    let path = scratch.path("consent.db");
    drop(SqliteStorage::open(&path).unwrap());
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 9).unwrap();
    assert_eq!(open_error(&path), SqliteError::NewerSchema { found: 9, known: 2 });
}

#[test]
fn a_file_that_is_no_database_is_refused() {
    let scratch = Scratch::new("garbage");
    let path = scratch.path("consent.db");
    std::fs::write(&path, "not a database, but long enough to be looked at ".repeat(200)).unwrap();
    assert_eq!(open_error(&path), SqliteError::Corrupt);
}

#[test]
fn a_damaged_page_is_an_error_and_no_panic() {
    let scratch = Scratch::new("damaged");
    let path = scratch.path("consent.db");
    let storage = SqliteStorage::open(&path).unwrap();
    for n in 0..50 {
        handle(&storage, n, &n.to_string(), "Hi").unwrap();
    }
    drop(storage);
    Connection::open(&path).unwrap().execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[4096..].iter_mut().for_each(|byte| *byte ^= 0x5A);
    std::fs::write(&path, bytes).unwrap();
    let answer = SqliteStorage::open(&path)
        .and_then(|storage| block_on(storage.load(&contact(1))).map(drop));
    assert_eq!(answer, Err(SqliteError::Corrupt));
}

#[test]
fn a_directory_and_a_missing_directory_cannot_be_opened() {
    let scratch = Scratch::new("directory");
    assert_eq!(open_error(scratch.directory()), SqliteError::CannotOpen);
    assert_eq!(open_error(&scratch.path("missing/consent.db")), SqliteError::CannotOpen);
}

#[test]
fn a_full_disk_loses_nothing() {
    let scratch = Scratch::new("full");
    let path = scratch.path("consent.db");
    let storage = Options::default().max_pages(40).open(&path).unwrap();
    let mut stored = Vec::new();
    let error = (0..10_000)
        .find_map(|n| match handle(&storage, n, &n.to_string(), "Hi") {
            Ok(_) => {
                stored.push(n);
                None
            }
            Err(error) => Some(error),
        })
        .unwrap();
    assert_eq!(error, HandleError::Storage(SqliteError::Full));
    assert!(stored.len() > 10, "{}", stored.len());
    drop(storage);

    let roomy = SqliteStorage::open(&path).unwrap();
    for &n in &stored {
        assert!(block_on(roomy.load(&contact(n))).unwrap().record.is_some());
    }
    let next = stored.len() as u64;
    handle(&roomy, next, &next.to_string(), "Hi").unwrap();
    assert!(block_on(roomy.load(&contact(next))).unwrap().record.is_some());
}

#[test]
fn an_unknown_stored_version_is_named() {
    let scratch = Scratch::new("version");
    let path = scratch.path("consent.db");
    let storage = SqliteStorage::open(&path).unwrap();
    handle(&storage, 1, "SM1", "Hi").unwrap();
    let change = |record: &str| {
        let other = Connection::open(&path).unwrap();
        other.execute("UPDATE contacts SET record = ?1", [record]).unwrap();
    };
    change(r#"{"version":7,"soul":"none"}"#);
    let found = SqliteError::UnknownVersion { what: "record", found: 7 };
    assert_eq!(handle(&storage, 1, "SM2", "Hi"), Err(HandleError::Storage(found)));
    change(r#"{"version":1,"body":{"revision":-1}}"#);
    let unreadable = SqliteError::BadRow { what: "record" };
    assert_eq!(handle(&storage, 1, "SM2", "Hi"), Err(HandleError::Storage(unreadable)));
    change("");
    assert_eq!(handle(&storage, 1, "SM2", "Hi"), Err(HandleError::Storage(unreadable)));
}

/// Defers a confirmation to each of three contacts, damages the second's, and dispatches.
fn dispatch_with_damage(scratch: &Scratch, damage: &str) -> (SqliteStorage, Round) {
    let path = scratch.path("consent.db");
    let storage = SqliteStorage::open(&path).unwrap();
    let engine = Engine::new(&storage, Accepts, Utc::now).deferred();
    for n in 1..=3 {
        block_on(engine.handle(&contact(n), text(&n.to_string(), "Hi"))).unwrap();
    }
    let number = contact(2).number().to_digits();
    let damaged = Connection::open(&path)
        .unwrap()
        .execute(&format!("UPDATE outgoing SET {damage} WHERE number = {number}"), [])
        .unwrap();
    assert_eq!(damaged, 1);
    let round = block_on(Dispatcher::new(&engine).run_once(10)).unwrap();
    (storage, round)
}

#[test]
fn a_message_that_cannot_be_read_is_set_aside_and_holds_up_nobody() {
    let unreadable = SqliteError::BadRow { what: "message" };
    let newer = SqliteError::UnknownVersion { what: "message", found: 7 };
    let damages = [
        ("message = ''", unreadable),
        (r#"message = '{"version":1,"body":{"id":1}}'"#, unreadable),
        (r#"message = '{"version":7,"soul":"none"}'"#, newer),
    ];
    for (n, (damage, error)) in damages.into_iter().enumerate() {
        let scratch = Scratch::new(&format!("unreadable-{n}"));
        let (storage, round) = dispatch_with_damage(&scratch, damage);
        assert_eq!((round.claimed, round.handed_over), (2, 2), "{damage}");
        // Whoever looks is told.
        let account = contact(2).account().clone();
        assert_eq!(block_on(storage.set_aside(&account, 10)), Err(error), "{damage}");
        // And it is still there.
        let other = Connection::open(scratch.path("consent.db")).unwrap();
        let sql = "SELECT count(*) FROM outgoing WHERE state = 'set_aside'";
        assert_eq!(other.query_row(sql, [], |row| row.get(0)), Ok(1), "{damage}");
        // Nor does it hold up what else is for its contact.
        handle(&storage, 2, "later", "STOP").unwrap();
        assert!(!block_on(storage.load(&contact(2))).unwrap().text_unfinished);
    }
}

#[test]
fn a_message_of_another_key_or_place_than_was_written_is_set_aside() {
    let message = "(SELECT message FROM outgoing AS first WHERE first.number <> outgoing.number)";
    for (n, damage) in
        [&format!("message = {message}"), "attempts = -1", "claims = -1", "lapsed_at = 1 << 62"]
            .into_iter()
            .enumerate()
    {
        let scratch = Scratch::new(&format!("misplaced-{n}"));
        let (storage, round) = dispatch_with_damage(&scratch, damage);
        assert_eq!((round.claimed, round.handed_over), (2, 2), "{damage}");
        let account = contact(2).account().clone();
        assert_eq!(block_on(storage.set_aside(&account, 10)).unwrap().len(), 1, "{damage}");
    }
}

#[test]
fn two_storages_open_a_new_file_at_once_and_share_it() {
    let scratch = Scratch::new("two");
    for round in 0..20 {
        let path = scratch.path(&format!("{round}.db"));
        std::thread::scope(|scope| {
            for writer in 0..4 {
                let path = &path;
                scope.spawn(move || {
                    let storage = SqliteStorage::open(path).unwrap();
                    for n in 0..5 {
                        handle(&storage, n, &format!("{writer}-{n}"), "Hi").unwrap();
                    }
                });
            }
        });
        let storage = SqliteStorage::open(&path).unwrap();
        let counts = block_on(storage.counts(contact(0).account())).unwrap();
        assert_eq!(counts.pending, 5);
    }
}

#[cfg(unix)]
#[test]
fn a_read_only_file_is_refused() {
    use std::os::unix::{fs::PermissionsExt, process::CommandExt};

    let scratch = Scratch::new("readonly");
    let path = scratch.path("consent.db");
    drop(SqliteStorage::open(&path).unwrap());
    // Root may write anything: let somebody try who may not.
    let binary = scratch.path("replay");
    std::fs::copy(black_box::replay_binary(), &binary).unwrap();
    let set = |path: &Path, mode| {
        std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap()
    };
    set(&binary, 0o755);
    set(&path, 0o444);
    set(scratch.directory(), 0o555);
    let mut process = std::process::Command::new(&binary);
    process.arg("--store").arg(&path).stdin(std::process::Stdio::null());
    let is_root = std::fs::read_to_string("/proc/self/status")
        .is_ok_and(|status| status.lines().any(|line| line.starts_with("Uid:\t0\t")));
    if is_root {
        process.uid(65_534);
    }
    let output = process.output().unwrap();
    set(scratch.directory(), 0o755);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("the file is read-only"), "{said}");
}
