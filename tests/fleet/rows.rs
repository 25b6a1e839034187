//! What must hold of the rows of a file at any time.

use std::path::Path;

use optin::{Outgoing, Record};
use rusqlite::Connection;
use serde::Deserialize;

#[derive(Deserialize)]
struct Stored<T> {
    body: T,
}

fn body<T: for<'a> Deserialize<'a>>(json: &str) -> T {
    serde_json::from_str::<Stored<T>>(json).unwrap().body
}

/// Every message belongs to a record as new as it, is what its key says, and was not cancelled;
/// every prompt that a record waits for is there.
pub(crate) fn check_rows(path: &Path) {
    let connection = Connection::open(path).unwrap();
    check_messages(&connection);
    check_outstanding(&connection);
}

fn check_messages(connection: &Connection) {
    let mut rows = connection
        .prepare(
            "SELECT outgoing.number, destination, outgoing.revision, n, outgoing.state, message,
                 record
             FROM outgoing LEFT JOIN contacts USING (account, number)",
        )
        .unwrap();
    let mut rows = rows.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let number: i64 = row.get(0).unwrap();
        let destination: String = row.get(1).unwrap();
        let revision: i64 = row.get(2).unwrap();
        let n: u8 = row.get(3).unwrap();
        let state: String = row.get(4).unwrap();
        let outgoing: Outgoing = body(row.get_ref(5).unwrap().as_str().unwrap());
        let record: Record = body(row.get_ref(6).unwrap().as_str().unwrap());
        let id = &outgoing.id;
        let digits = id.contact.number().to_digits().cast_signed();
        let named = (digits, id.revision.number().cast_signed(), id.n);
        assert_eq!(named, (number, revision, n));
        assert_eq!(outgoing.destination().name(), destination);
        assert!(id.revision <= record.revision, "{number} {revision}");
        assert!(["queued", "claimed"].contains(&state.as_str()), "{state}");
        let cancelled = destination == "phone" && id.revision < record.cancelled_before;
        assert!(!cancelled || state == "claimed", "{number} {revision} was cancelled");
    }
}

fn check_outstanding(connection: &Connection) {
    let sql = "SELECT number, record FROM contacts WHERE state = 'pending'";
    let mut rows = connection.prepare(sql).unwrap();
    let mut rows = rows.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let number: i64 = row.get(0).unwrap();
        let record: Record = body(row.get_ref(1).unwrap().as_str().unwrap());
        if let Some(outstanding) = record.pending().unwrap().outstanding {
            let there = connection
                .prepare_cached(
                    "SELECT 1 FROM outgoing WHERE number = ?1 AND destination = 'phone'
                     AND revision = ?2 AND n = 0",
                )
                .unwrap()
                .exists((number, outstanding.revision.number().cast_signed()))
                .unwrap();
            assert!(there, "{number} waits for a prompt that is not there");
        }
    }
}
