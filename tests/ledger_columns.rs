//! Each column of each table that the ledger has a part in: changed, it is found, or it is no part
//! of what is sealed.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod audited;
mod black_box;
mod support;

use std::collections::BTreeMap;

use optin::{blocking::block_on, ledger::Ledger};
use rusqlite::{Connection, types::Value};

use self::{audited::World, support::account};

/// What the audit makes of a column that was changed.
#[derive(Clone, Copy, PartialEq)]
enum Made {
    /// An error.
    Found,
    /// As of something erased: whoever can write to the file can always erase.
    Erased,
    /// An error, or where it had no place in the log yet, the log does not go on.
    Stops,
    /// Nothing: it is no part of what is sealed.
    Nothing,
}

/// The columns of all tables that the ledger has a part in.
fn columns() -> BTreeMap<&'static str, Vec<(&'static str, Made)>> {
    use Made::{Erased, Found, Nothing, Stops};
    BTreeMap::from([
        (
            "contacts",
            vec![
                ("account", Found),
                ("number", Found),
                ("state", Nothing),
                ("revision", Nothing),
                ("record", Found),
                ("chain", Found),
                ("length", Found),
                ("head", Found),
            ],
        ),
        (
            "accounts",
            vec![("account", Found), ("chain", Found), ("length", Found), ("head", Found)],
        ),
        ("erased", vec![("account", Found), ("chain", Found), ("length", Found), ("head", Found)]),
        (
            "entries",
            vec![
                ("id", Stops),
                ("account", Found),
                ("chain", Found),
                ("sequence", Found),
                ("hash", Found),
                ("sealed", Found),
                ("disclosed", Erased),
            ],
        ),
        (
            "disclosed",
            vec![
                ("id", Erased),
                ("account", Erased),
                ("chain", Erased),
                ("sequence", Erased),
                ("at", Nothing),
                ("number", Nothing),
                ("entry", Found),
                ("salts", Found),
            ],
        ),
        ("policies", vec![("account", Found), ("revision", Found), ("settings", Found)]),
        ("logs", vec![("id", Found), ("account", Found), ("size", Found)]),
    ])
}

/// Something else of the same type: larger numbers and smaller ones, one letter, one bit.
fn others(value: &Value) -> Vec<Value> {
    match value {
        Value::Null => vec![Value::Integer(999)],
        Value::Integer(n) => vec![Value::Integer(n + 100), Value::Integer(n - 1)],
        Value::Real(x) => vec![Value::Real(x + 1.0)],
        Value::Text(text) => vec![Value::Text(format!("{text}x"))],
        Value::Blob(bytes) => {
            let mut flipped = bytes.clone();
            *flipped.last_mut().unwrap() ^= 1;
            vec![Value::Blob(flipped), Value::Blob(bytes[1..].to_vec()), Value::Blob(Vec::new())]
        }
    }
}

/// The column by which a table names what is disclosed.
fn id_of(table: &str) -> &'static str {
    if table == "entries" { "disclosed" } else { "id" }
}

#[test]
fn every_column_of_every_table_changed_is_found_or_no_part_of_it() {
    let world = World::new("audit-columns");
    let file = Connection::open(world.scratch.path("consent.db")).unwrap();
    let tables: Vec<String> = file
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    // The rest is not the ledger's.
    let beside = ["marks", "outgoing", "suppressed"].map(String::from);
    let known: Vec<_> = columns().keys().map(|table| (*table).to_owned()).chain(beside).collect();
    assert!(tables.iter().all(|table| known.contains(table)), "{tables:?}");

    let mut changes = 0;
    for (table, columns) in columns() {
        let sql = format!("SELECT name FROM pragma_table_info('{table}') ORDER BY cid");
        let names: Vec<String> = file
            .prepare(&sql)
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        assert_eq!(names, columns.iter().map(|(name, _)| *name).collect::<Vec<_>>(), "{table}");
        let rows: Vec<Vec<Value>> = file
            .prepare(&format!("SELECT {} FROM {table} WHERE account = 'acme'", names.join(", ")))
            .unwrap()
            .query_map([], |row| (0..names.len()).map(|n| row.get(n)).collect())
            .unwrap()
            .map(Result::unwrap)
            .collect();
        assert!(!rows.is_empty(), "{table}");
        let key = names.iter().enumerate().map(|(n, name)| format!("{name} IS ?{}", n + 2));
        let key = key.collect::<Vec<_>>().join(" AND ");
        for row in rows.iter().step_by(rows.len().div_ceil(4)) {
            for (n, (column, made)) in columns.iter().enumerate() {
                for other in others(&row[n]) {
                    let mut changed = 0;
                    let path = world.damaged(|file| {
                        let sql = format!("UPDATE OR IGNORE {table} SET {column} = ?1 WHERE {key}");
                        let values = rusqlite::params_from_iter([&other].into_iter().chain(row));
                        changed = file.execute(&sql, values).unwrap();
                    });
                    if changed == 0 {
                        // Another row has that key.
                        continue;
                    }
                    let audit = world.audit(&path);
                    let what = format!("{table}.{column} = {other:?}: {audit:?}");
                    match made {
                        Made::Found => assert!(audit.is_err(), "{what}"),
                        Made::Stops => {
                            let storage = audited::open(&path).unwrap();
                            let size = world.checkpoint.size;
                            let placed = block_on(storage.sequence(&account(), size, 100));
                            assert!(audit.is_err() || placed.is_err(), "{what}, {placed:?}");
                        }
                        Made::Nothing => assert_eq!(audit.as_ref(), Ok(&world.whole), "{what}"),
                        Made::Erased => {
                            // Of what is erased already, nothing more is.
                            let id =
                                &row[names.iter().position(|name| name == id_of(table)).unwrap()];
                            let sql = "SELECT count(*) FROM disclosed WHERE id = ?1";
                            let shown: i64 = file.query_row(sql, [id], |row| row.get(0)).unwrap();
                            let left = world.whole.disclosed - shown.unsigned_abs();
                            assert_eq!(audit.unwrap().disclosed, left, "{what}");
                        }
                    }
                    changes += 1;
                }
            }
        }
    }
    println!("{changes} changes");
    assert!(changes > 150, "{changes}");
}
