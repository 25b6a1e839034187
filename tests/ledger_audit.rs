//! A damaged database is found out by its audit, and the first bad entry is named.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod audited;
mod black_box;
mod support;

use std::{
    cell::Cell,
    fs,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
};

use chrono::TimeDelta;
use optin::{
    Engine,
    blocking::block_on,
    ledger::{
        BadEntry, ChainId, Checkpoint, CheckpointError, Checkpointer, Directory, Flaw, Head,
        Ledger,
        audit::{self, BadLedger},
        merkle::{leaf_hash, root},
        seal,
        stored::{decode_entry, encode_entry},
    },
    store::{SqliteError, SqliteStorage},
};
use proptest::prelude::*;
use rusqlite::Connection;

use self::{
    audited::{Provider, World, bolt, open, publish, signers},
    support::{START, account, contact, texted},
};

/// A chain of the account, with so many entries, none of them waiting for a place.
fn chain_of(world: &World, n: u8) -> Head {
    let storage = open(&world.scratch.path("consent.db")).unwrap();
    block_on(storage.head(&contact(n))).unwrap().unwrap()
}

#[test]
fn the_first_bad_entry_is_named() {
    let world = World::new("audit-named");
    let head = chain_of(&world, 1);
    let chain = format!("x'{}'", head.chain.to_hex());
    let length = head.length;
    let of = |sql: &str| {
        let sql = sql.replace("CHAIN", &format!("account = 'acme' AND chain = {chain}"));
        let path = world.damaged(|file| file.execute_batch(&sql).unwrap());
        world.audit(&path)
    };
    let bad = |sequence, flaw| {
        Err(BadLedger::Entry { chain: head.chain, bad: BadEntry::new(sequence, flaw) })
    };
    for (sql, sequence, flaw) in [
        (
            "UPDATE entries SET sealed = zeroblob(300) WHERE CHAIN AND sequence = 2",
            2,
            Flaw::Changed,
        ),
        ("DELETE FROM entries WHERE CHAIN AND sequence = 0", 0, Flaw::OutOfPlace { found: 1 }),
        ("DELETE FROM entries WHERE CHAIN AND sequence = 2", 2, Flaw::OutOfPlace { found: 3 }),
        ("DELETE FROM entries WHERE CHAIN AND sequence >= 3", 3, Flaw::CutOff { length }),
        ("DELETE FROM entries WHERE CHAIN", 0, Flaw::CutOff { length }),
        (
            "UPDATE entries SET sequence = 99 WHERE CHAIN AND sequence = 1;
             UPDATE entries SET sequence = 1 WHERE CHAIN AND sequence = 2;
             UPDATE entries SET sequence = 2 WHERE CHAIN AND sequence = 99",
            1,
            Flaw::OutOfPlace { found: 2 },
        ),
        (
            "INSERT INTO entries (account, chain, sequence, hash, sealed)
             SELECT account, chain, 99, hash, sealed FROM entries WHERE CHAIN AND sequence = 1",
            length,
            Flaw::OutOfPlace { found: 1 },
        ),
        ("UPDATE contacts SET length = length - 1 WHERE CHAIN", length - 1, Flaw::NotTheHead),
        (
            "UPDATE contacts SET length = length + 1 WHERE CHAIN",
            length,
            Flaw::CutOff { length: length + 1 },
        ),
        ("UPDATE contacts SET head = zeroblob(32) WHERE CHAIN", length - 1, Flaw::NotTheHead),
        ("UPDATE disclosed SET entry = '{}' WHERE CHAIN AND sequence = 1", 1, Flaw::Unreadable),
    ] {
        assert_eq!(of(sql), bad(sequence, flaw), "{sql}");
    }
    // What is not an entry of a chain is named by its place in the log, by itself too.
    let file = open(&world.scratch.path("consent.db")).unwrap();
    let rows = block_on(file.sealed(&account(), head.chain, 0, 1)).unwrap();
    let first = rows[0].leaf.unwrap();
    for (sql, leaf) in [
        ("DELETE FROM contacts WHERE CHAIN", first),
        ("UPDATE entries SET id = id + 1000 WHERE account = 'acme' AND leaf = 5", 5),
        ("UPDATE entries SET id = id + 1000 WHERE account = 'acme' AND leaf >= 7", 7),
        ("UPDATE logs SET size = size + 1000 WHERE account = 'acme'", world.whole.entries),
        ("UPDATE logs SET id = id + 1000 WHERE account = 'acme'", 0),
    ] {
        let path = world.damaged(|file| {
            file.execute_batch(&sql.replace("CHAIN", &format!("chain = {chain}"))).unwrap();
        });
        assert_eq!(world.audit_without(&path), Err(BadLedger::Misplaced { leaf }), "{sql}");
        assert!(world.audit(&path).is_err(), "{sql}");
    }
    let swapped = "UPDATE entries SET id = -1 WHERE account = 'acme' AND leaf = 4;
        UPDATE entries SET id = id - 2 WHERE account = 'acme' AND leaf = 6;
        UPDATE entries SET id = (SELECT id << 40 FROM logs WHERE account = 'acme') + 6
        WHERE id = -1";
    assert_eq!(of(swapped), Err(BadLedger::OtherRoot));
}

/// Moves an entry of the account in its log, by hand.
fn move_entry(file: &Connection, chain: ChainId, sequence: u64, by: i64) {
    let sql = "UPDATE entries SET id = id + ?3 WHERE chain = ?1 AND sequence = ?2";
    assert_eq!(file.execute(sql, (chain.0, sequence as i64, by)), Ok(1));
}

#[test]
fn a_log_with_a_gap_made_by_hand_does_not_go_on() {
    let world = World::new("audit-gap");
    let head = chain_of(&world, 1);
    let path = world.damaged(|file| move_entry(file, head.chain, head.length - 2, 1_000));
    let storage = open(&path).unwrap();
    let log = Directory::new(world.scratch.path("log"));
    let signers = signers();
    let checkpointer = Checkpointer::new(&storage, &log, account(), "example.com/acme", &signers);
    let bad = CheckpointError::Storage(SqliteError::BadRow { what: "place in the log" });
    assert_eq!(block_on(checkpointer.run_once()), Err(bad));
}

#[test]
fn an_entry_that_was_kept_out_of_the_log_is_found() {
    let world = World::new("audit-kept-out");
    let head = chain_of(&world, 1);
    let kept_out = head.length - 2;
    let path = world.damaged(|file| {
        // To the end, and those after it one further to the front.
        move_entry(file, head.chain, kept_out, 1_000);
        let sql = "UPDATE entries SET id = id - 1 WHERE account = 'acme' AND leaf < 1000 AND
            leaf > (SELECT leaf - 1000 FROM entries WHERE chain = ?1 AND sequence = ?2)";
        assert!(file.execute(sql, (head.chain.0, kept_out as i64)).unwrap() > 0);
        let last = "SELECT max(id) FROM entries WHERE account = 'acme' AND leaf < 1000";
        let last: i64 = file.query_row(last, [], |row| row.get(0)).unwrap();
        let sql = "UPDATE entries SET id = ?1 + 1 WHERE account = 'acme' AND leaf >= 1000";
        assert_eq!(file.execute(sql, [last]), Ok(1));
    });
    let storage = open(&path).unwrap();
    // All but that entry are given their places, and signed.
    let (size, all) = (world.checkpoint.size, world.whole.entries);
    let limit = usize::try_from(all - size).unwrap() - 1;
    assert_eq!(block_on(storage.sequence(&account(), size, limit)), Ok(all - 1));
    let leaves = block_on(storage.leaves(&account(), 0, 1_000)).unwrap();
    let leaves: Vec<_> = leaves.iter().map(|leaf| leaf_hash(leaf)).collect();
    let signed = Checkpoint::new("example.com/acme", all - 1, root(&leaves[..], all - 1).unwrap());
    assert_eq!(
        block_on(audit::storage(&storage, &account(), Some(&signed))),
        Err(BadLedger::NotLogged { chain: head.chain, sequence: kept_out })
    );
}

#[test]
fn a_record_or_settings_changed_by_hand_are_found() {
    let world = World::new("audit-kept");
    let (one, two) = (chain_of(&world, 1), chain_of(&world, 4));
    let audit = |sql: &str| {
        let path = world.damaged(|file| assert_eq!(file.execute(sql, []), Ok(1), "{sql}"));
        world.audit(&path)
    };
    let of = |n: u8| {
        let digits = contact(n).number().to_digits();
        format!("WHERE account = 'acme' AND number = {digits}")
    };
    // Contact 1 has opted out; somebody makes it active again, in all columns.
    let active = format!(
        "UPDATE contacts SET state = 'active', record = json_set(record, '$.body.state',
         json((SELECT record -> 'body' -> 'state' FROM contacts {}))) {}",
        of(4),
        of(1)
    );
    let said = |head: Head| BadLedger::OtherRecord { chain: head.chain, sequence: head.length - 1 };
    match audit(&active) {
        Err(BadLedger::OtherRecord { chain, sequence }) => {
            assert_eq!(chain, one.chain);
            assert!(sequence < one.length);
        }
        other => panic!("{other:?}"),
    }
    // Two contacts' records, chains and all, under each other's numbers.
    let digits = contact(90).number().to_digits();
    let moved = format!("UPDATE contacts SET number = {digits} {}", of(4));
    let found = BadLedger::OtherContact { chain: two.chain, sequence: 0 };
    assert_eq!(audit(&moved), Err(found));
    let back = format!(
        "UPDATE contacts SET revision = 1, record = json_set(record, '$.body.revision', 1) {}",
        of(4)
    );
    assert_eq!(audit(&back), Err(said(two)));
    for (sql, revision) in [
        (
            "UPDATE policies SET settings =
             json_set(settings, '$.body.double_opt_in', json('false'))",
            1,
        ),
        ("DELETE FROM policies", 1),
        ("UPDATE policies SET revision = 2", 1),
    ] {
        assert_eq!(audit(sql), Err(BadLedger::OtherSettings { revision }), "{sql}");
    }
    assert!(world.audit(&world.damaged(|_| {})).is_ok());
}

/// Whoever may write to the file may seal too, but not sign.
#[test]
fn a_chain_made_anew_is_found_by_the_checkpoint_alone() {
    let world = World::new("audit-anew");
    let head = chain_of(&world, 2);
    let original = open(&world.scratch.path("consent.db")).unwrap();
    let rows = block_on(original.sealed(&account(), head.chain, 0, 99)).unwrap();
    let path = world.damaged(|file| {
        let mut anew = Head::new(head.chain);
        for (n, row) in rows.iter().enumerate() {
            let disclosed = row.disclosed.clone().unwrap();
            let json = disclosed.json.replace("\"body\":\"Hi\"", "\"body\":\"Yo\"");
            let entry = decode_entry(&json).unwrap();
            assert_eq!(encode_entry(&entry).unwrap(), json);
            let (bytes, next) = seal(&account(), &anew, &entry, &json, &disclosed.salts);
            anew = next;
            let key = (anew.hash.0, bytes, head.chain.0, n as i64);
            let sql =
                "UPDATE entries SET hash = ?1, sealed = ?2 WHERE chain = ?3 AND sequence = ?4";
            assert_eq!(file.execute(sql, key), Ok(1));
            let sql = "UPDATE disclosed SET entry = ?1 WHERE chain = ?2 AND sequence = ?3";
            assert_eq!(file.execute(sql, (json, head.chain.0, n as i64)), Ok(1));
        }
        let sql = "UPDATE contacts SET head = ?1 WHERE chain = ?2";
        assert_eq!(file.execute(sql, (anew.hash.0, head.chain.0)), Ok(1));
        assert_ne!(anew.hash, head.hash);
    });
    let audit = world.audit_without(&path).unwrap();
    assert_eq!((audit.entries, audit.signed), (world.whole.entries, 0));
    assert_eq!(world.audit(&path), Err(BadLedger::OtherRoot));
    // Nor does the checkpointer go on from it.
    let (log, signers) = (Directory::new(world.scratch.path("log")), signers());
    let storage = open(&path).unwrap();
    let checkpointer = Checkpointer::new(&storage, &log, account(), "example.com/acme", &signers);
    assert!(block_on(checkpointer.run_once()).is_err());
}

#[test]
fn a_database_that_went_back_is_found_by_the_checkpoint_alone() {
    let world = World::new("audit-back");
    let texted_by = |storage: &SqliteStorage, numbers: std::ops::Range<u8>| {
        let engine = Engine::new(storage, Provider, || START + TimeDelta::days(30));
        for n in numbers {
            block_on(engine.handle(&contact(n), texted(&format!("new{n}"), "Hi"))).unwrap();
        }
    };
    let older = world.damaged(|_| {});
    let log = Directory::new(world.scratch.path("log"));
    let storage = open(&world.scratch.path("consent.db")).unwrap();
    texted_by(&storage, 20..23);
    let checkpoint = publish(&storage, &log, account());
    let audit = |of: &SqliteStorage| block_on(audit::storage(of, &account(), Some(&checkpoint)));
    assert_eq!(audit(&storage).unwrap().signed, checkpoint.size);
    drop(storage);

    let storage = open(&older).unwrap();
    assert!(block_on(audit::storage(&storage, &account(), None)).is_ok());
    let (found, signed) = (world.checkpoint.size, checkpoint.size);
    assert_eq!(audit(&storage), Err(BadLedger::WentBack { found, signed }));
    // Gone on from, and published elsewhere.
    texted_by(&storage, 40..60);
    let elsewhere = publish(&storage, &Directory::new(world.scratch.path("other")), account());
    assert!(elsewhere.size > signed);
    assert!(block_on(audit::storage(&storage, &account(), Some(&elsewhere))).is_ok());
    assert_eq!(audit(&storage), Err(BadLedger::OtherRoot));
}

#[test]
fn a_checkpoint_of_another_account_is_found() {
    let world = World::new("audit-other");
    let storage = open(&world.scratch.path("consent.db")).unwrap();
    let other = block_on(audit::storage(&storage, &account(), Some(&world.bolts)));
    let found = world.checkpoint.size;
    let expected = match world.bolts.size {
        signed if signed > found => BadLedger::WentBack { found, signed },
        _ => BadLedger::OtherRoot,
    };
    assert_eq!(other, Err(expected));
    assert!(block_on(audit::storage(&storage, &bolt(), Some(&world.bolts))).is_ok());
}

const TABLES: [&str; 6] = ["accounts", "contacts", "disclosed", "entries", "erased", "logs"];

#[derive(Clone, Debug)]
enum Damage {
    /// Bytes of the file.
    Bytes(Vec<(usize, u8)>),
    /// The file, this many thousandths of it.
    Cut(usize),
    /// These rows of a table are gone.
    Rows(usize, Vec<i64>),
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        4 => prop::collection::vec((0..usize::MAX, 1..=255_u8), 1..40).prop_map(Damage::Bytes),
        1 => (0..1_000_usize).prop_map(Damage::Cut),
        2 => (0..TABLES.len(), prop::collection::vec(0..40_i64, 1..5))
            .prop_map(|(table, rows)| Damage::Rows(table, rows)),
    ]
}

#[test]
fn any_damage_gives_an_audit_or_a_typed_error() {
    let world = World::new("audit-any");
    let config = ProptestConfig { cases: 150, failure_persistence: None, ..Default::default() };
    let (refused, held) = (Cell::new(0), Cell::new(0));
    proptest!(config, |(damage in damage())| {
        let path = world.damaged(|file| {
            if let Damage::Rows(table, rows) = &damage {
                let table = TABLES[*table];
                let key = match table {
                    "disclosed" | "logs" => "id",
                    _ => "chain",
                };
                for row in rows {
                    let sql = format!(
                        "DELETE FROM {table} WHERE account = 'acme' AND ({key}) IN
                         (SELECT {key} FROM {table} WHERE account = 'acme' LIMIT 1 OFFSET {row})"
                    );
                    file.execute(&sql, []).unwrap();
                }
            }
        });
        let mut bytes = fs::read(&path).unwrap();
        match &damage {
            Damage::Bytes(flips) => {
                for (at, with) in flips {
                    let at = at % bytes.len();
                    bytes[at] ^= with;
                }
                fs::write(&path, &bytes).unwrap();
            }
            Damage::Cut(part) => {
                bytes.truncate(bytes.len() * part / 1_000);
                fs::write(&path, &bytes).unwrap();
            }
            Damage::Rows(..) => {}
        }
        let Ok(storage) = open(&path) else { return Ok(()) };
        match block_on(audit::storage(&storage, &account(), Some(&world.checkpoint))) {
            // What was signed is there, whatever else is not.
            Ok(audit) => {
                prop_assert_eq!(audit.signed, world.checkpoint.size);
                prop_assert!(audit.entries >= audit.signed);
                held.set(held.get() + 1);
            }
            Err(error) => {
                prop_assert!(!error.to_string().is_empty());
                refused.set(refused.get() + 1);
            }
        }
    });
    println!("{} refused, {} held", refused.get(), held.get());
    assert!(refused.get() > 20);
}

#[test]
fn an_audit_beside_commits_and_checkpointers_is_not_disturbed() {
    let world = World::new("audit-beside");
    let storage = open(&world.scratch.path("consent.db")).unwrap();
    let log = Directory::new(world.scratch.path("log"));
    let is_done = AtomicBool::new(false);
    let audits = thread::scope(|scope| {
        scope.spawn(|| {
            let engine = Engine::new(&storage, Provider, || START + TimeDelta::days(30));
            for n in 0..150 {
                let event = texted(&format!("beside{n}"), "Hi");
                block_on(engine.handle(&contact(1 + n % 40), event)).unwrap();
                if n % 7 == 0 {
                    publish(&storage, &log, account());
                }
            }
            is_done.store(true, Relaxed);
        });
        let mut audits = 0;
        while !is_done.load(Relaxed) {
            let audit = block_on(audit::storage(&storage, &account(), Some(&world.checkpoint)));
            assert!(audit.is_ok(), "{audit:?}");
            audits += 1;
        }
        audits
    });
    println!("{audits} audits");
    let last = publish(&storage, &log, account());
    let audit = block_on(audit::storage(&storage, &account(), Some(&last))).unwrap();
    assert_eq!((audit.entries, audit.signed), (last.size, last.size));
}
