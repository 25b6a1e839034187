//! What must hold of the rows of a storage at any time.

use std::path::Path;

use optin::{Outgoing, Record};
use rusqlite::{Connection, types::ValueRef};
use serde::Deserialize;

#[derive(Deserialize)]
struct Stored<T> {
    body: T,
}

fn body<T: for<'a> Deserialize<'a>>(json: &str) -> T {
    serde_json::from_str::<Stored<T>>(json).unwrap().body
}

/// [`check`]s the rows of a file.
pub(crate) fn check_rows(path: &Path) {
    let connection = Connection::open(path).unwrap();
    check(|sql| {
        let mut statement = connection.prepare(sql).unwrap();
        let columns = statement.column_count();
        let rows = statement
            .query_map([], |row| (0..columns).map(|n| Ok(written(row.get_ref(n)?))).collect());
        rows.unwrap().collect::<Result<_, _>>().unwrap()
    });
}

fn written(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Integer(number) => number.to_string(),
        value => value.as_str().unwrap().into(),
    }
}

/// Every message belongs to a record as new as it, is what its key says, and was not cancelled;
/// every prompt that a record waits for is there.
///
/// Takes what runs a query: it gives the rows, each column as it is written.
pub(crate) fn check(rows: impl Fn(&str) -> Vec<Vec<String>>) {
    check_messages(&rows);
    check_outstanding(&rows);
}

fn check_messages(rows: impl Fn(&str) -> Vec<Vec<String>>) {
    let messages = rows(
        "SELECT outgoing.number, destination, outgoing.revision, n, outgoing.state, message, record
         FROM outgoing LEFT JOIN contacts USING (account, number)",
    );
    for row in messages {
        let [number, destination, revision, n, state, message, record] = &row[..] else {
            panic!("{} columns", row.len())
        };
        let (outgoing, record): (Outgoing, Record) = (body(message), body(record));
        let id = &outgoing.id;
        let named = (id.contact.number().to_digits(), id.revision.number(), id.n);
        let key = (number.parse().unwrap(), revision.parse().unwrap(), n.parse().unwrap());
        assert_eq!(named, key);
        assert_eq!(outgoing.destination().name(), destination);
        assert!(id.revision <= record.revision, "{number} {revision}");
        assert!(["queued", "claimed"].contains(&state.as_str()), "{state}");
        let cancelled = destination == "phone" && id.revision < record.cancelled_before;
        assert!(!cancelled || state == "claimed", "{number} {revision} was cancelled");
    }
}

fn check_outstanding(rows: impl Fn(&str) -> Vec<Vec<String>>) {
    for row in rows("SELECT number, record FROM contacts WHERE state = 'pending'") {
        let [number, record] = &row[..] else { panic!("{} columns", row.len()) };
        let record: Record = body(record);
        if let Some(outstanding) = record.pending().unwrap().outstanding {
            let revision = outstanding.revision.number();
            let there = rows(&format!(
                "SELECT 1 FROM outgoing WHERE number = {number} AND destination = 'phone'
                     AND revision = {revision} AND n = 0"
            ));
            assert!(!there.is_empty(), "{number} waits for a prompt that is not there");
        }
    }
}
