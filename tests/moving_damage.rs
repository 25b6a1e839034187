//! Whatever is damaged after a move is found by its verification, and the row is named.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod black_box;
#[path = "moving/house.rs"]
mod house;
mod support;

use optin::{
    blocking::block_on,
    ledger::{BadEntry, ChainId, Flaw, audit::BadLedger},
    moving::{Key, Move, MoveError, Moved, Row},
    store::{SqliteError, SqliteStorage},
};
use rusqlite::Connection;

use self::{
    black_box::Scratch,
    house::{furnish, memory, open, rows, sqlite},
    support::{account, contact},
};

type Ended = Result<Moved, MoveError<SqliteError, SqliteError>>;

/// The verification of a copy that was moved, with this done to it.
fn verified(scratch: &Scratch, source: &SqliteStorage, damage: &str) -> Ended {
    let path = scratch.path("damaged.db");
    for suffix in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{suffix}", path.display()));
    }
    let target = open(&path);
    block_on(Move::new(source, &target).run(|_| {})).unwrap();
    drop(target);
    let file = Connection::open(&path).unwrap();
    file.execute_batch(damage).unwrap();
    drop(file);
    let target = open(&path);
    block_on(Move::new(source, &target).page(9).verify(|_| {}))
}

#[test]
fn damage_in_the_target_is_found_and_its_row_named() {
    let scratch = Scratch::new("moving-damage");
    let source = sqlite(&scratch);
    furnish(&source);
    let rows = rows(&source);
    assert!(verified(&scratch, &source, "").is_ok());
    // The first row of each kind.
    let first = |is: fn(&Key) -> bool| rows.iter().map(Row::key).find(is).unwrap();
    let settings = first(|key| matches!(key, Key::Settings(_)));
    let contact = first(|key| matches!(key, Key::Contact(_)));
    let erased = first(|key| matches!(key, Key::Erased(_)));
    let suppressed = first(|key| matches!(key, Key::Suppressed(_)));
    let mark = first(|key| matches!(key, Key::Mark(..)));
    let outgoing = first(|key| matches!(key, Key::Outgoing(..)));
    let shown = rows.iter().find_map(|row| match row {
        Row::Entry { chain, sequence, sealed, .. } => {
            sealed.disclosed.as_ref().and(sealed.leaf).map(|_| (*chain, *sequence))
        }
        _ => None,
    });
    let (ChainId(chain), sequence) = shown.unwrap();
    let entry = Key::Entry(ChainId(chain), sequence);
    let one = format!(
        "account = 'acme' AND chain = x'{}' AND sequence = {sequence}",
        ChainId(chain).to_hex()
    );
    let first_of = |table: &str, columns: &str| {
        format!(
            "({columns}) = (SELECT {columns} FROM {table} WHERE account = 'acme'
             ORDER BY {columns} LIMIT 1) AND account = 'acme'"
        )
    };
    let policies = first_of("policies", "revision");
    let contacts = first_of("contacts", "number");
    let erasures = first_of("erased", "chain");
    let marks = first_of("marks", "inbox, id");
    let messages = first_of("outgoing", "number, destination, revision, n");
    let differs = |key: &Key| MoveError::Differs { account: account(), key: key.clone() };
    let missing = |key: &Key| MoveError::Missing { account: account(), key: key.clone() };
    let extra = |key: Key| MoveError::Extra { account: account(), key };
    for (damage, expected) in [
        (format!("DELETE FROM policies WHERE {policies}"), missing(&settings)),
        (format!("UPDATE contacts SET length = length + 1 WHERE {contacts}"), differs(&contact)),
        (format!("DELETE FROM contacts WHERE {contacts}"), missing(&contact)),
        ("UPDATE logs SET size = 1 WHERE account = 'acme'".into(), differs(&Key::Account)),
        ("UPDATE accounts SET length = 1 WHERE account = 'acme'".into(), differs(&Key::Account)),
        ("DELETE FROM accounts WHERE account = 'acme'".into(), differs(&Key::Account)),
        (format!("UPDATE erased SET length = 1 WHERE {erasures}"), differs(&erased)),
        (format!("DELETE FROM erased WHERE {erasures}"), missing(&erased)),
        ("DELETE FROM suppressed".into(), missing(&suppressed)),
        (format!("UPDATE entries SET hash = zeroblob(32) WHERE {one}"), differs(&entry)),
        (format!("UPDATE entries SET id = id + 1000000 WHERE {one}"), differs(&entry)),
        (format!("DELETE FROM entries WHERE {one}"), missing(&entry)),
        (format!("UPDATE disclosed SET salts = zeroblob(128) WHERE {one}"), differs(&entry)),
        (
            format!("UPDATE disclosed SET entry = replace(entry, ':', ': ') WHERE {one}"),
            differs(&entry),
        ),
        (format!("UPDATE disclosed SET salts = NULL WHERE {one}"), differs(&entry)),
        (format!("DELETE FROM disclosed WHERE {one}"), differs(&entry)),
        (format!("UPDATE marks SET at = at + 1 WHERE {marks}"), differs(&mark)),
        (format!("DELETE FROM marks WHERE {marks}"), missing(&mark)),
        (
            "INSERT INTO marks VALUES ('acme', '', 'new', 0)".into(),
            extra(Key::Mark(None, support::message_id("new"))),
        ),
        (format!("UPDATE outgoing SET claims = 9 WHERE {messages}"), differs(&outgoing)),
        (format!("UPDATE outgoing SET due_at = 9 WHERE {messages}"), differs(&outgoing)),
        (format!("UPDATE outgoing SET attempts = 9 WHERE {messages}"), differs(&outgoing)),
        (format!("UPDATE outgoing SET lapsed_at = 9 WHERE {messages}"), differs(&outgoing)),
        (format!("DELETE FROM outgoing WHERE {messages}"), missing(&outgoing)),
    ] {
        assert_eq!(verified(&scratch, &source, &damage), Err(expected), "{damage}");
    }
    // What is at odds within the storage cannot be read.
    let bad = |what| MoveError::To(SqliteError::BadRow { what });
    for (damage, what) in [
        (format!("UPDATE disclosed SET at = at + 1 WHERE {one}"), "entry"),
        ("UPDATE disclosed SET number = 99 WHERE account = 'acme'".into(), "entry"),
        (format!("UPDATE contacts SET state = 'gone' WHERE {contacts}"), "record"),
        (format!("UPDATE contacts SET revision = revision + 1 WHERE {contacts}"), "record"),
        (format!("UPDATE outgoing SET kind = 'gone' WHERE {messages}"), "message"),
        (format!("UPDATE outgoing SET decided_at = 9 WHERE {messages}"), "message"),
        (format!("UPDATE outgoing SET state = 'gone' WHERE {messages}"), "message"),
    ] {
        assert_eq!(verified(&scratch, &source, &damage), Err(bad(what)), "{damage}");
    }
}

#[test]
fn a_source_whose_ledger_does_not_hold_is_found() {
    let scratch = Scratch::new("moving-bad-source");
    let path = scratch.path("bad.db");
    let source = open(&path);
    furnish(&source);
    drop(source);
    let file = Connection::open(&path).unwrap();
    file.execute("UPDATE entries SET hash = zeroblob(32) WHERE sequence = 1", ()).unwrap();
    drop(file);
    let source = open(&path);
    let ended = block_on(Move::new(&source, &memory()).run(|_| {}));
    let Err(MoveError::Ledger { account: of, source: BadLedger::Entry { bad, .. } }) = ended else {
        panic!("{ended:?}");
    };
    assert_eq!((of, bad), (account(), BadEntry::new(1, Flaw::Changed)));
}

#[test]
fn what_is_wrong_is_said_without_numbers_and_ids() {
    let numbers = [
        Key::Contact(contact(1).number()),
        Key::Mark(Some(support::inbox()), support::message_id("SM1234")),
        Key::Mark(None, support::message_id("SM1234")),
        Key::Outgoing(contact(1).number(), "phone", optin::Revision::new(3), 0),
    ];
    let said: Vec<_> = numbers
        .into_iter()
        .map(|key| MoveError::<SqliteError, SqliteError>::Differs { account: account(), key })
        .map(|error| {
            assert!(!format!("{error:?}{error}").contains("1206555"));
            assert!(!format!("{error:?}{error}").contains("1888555"));
            assert!(!format!("{error:?}{error}").contains("SM1234"));
            error.to_string()
        })
        .collect();
    let expected = [
        "account acme: a contact is another there",
        "account acme: the mark of a text is another there",
        "account acme: the mark of a request is another there",
        "account acme: message 0 of revision 3 to phone is another there",
    ];
    assert_eq!(said, expected);
    let storage = memory();
    furnish(&storage);
    for row in rows(&storage) {
        assert!(!format!("{row:?}").contains("1206555"), "{row:?}");
    }
}
