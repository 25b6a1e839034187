//! What a text, a claim and a settlement look up in SQLite, they look up by an index: no statement
//! reads a table through, however many contacts there are.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod black_box;

use black_box::Scratch;
use optin::store::SqliteStorage;
use rusqlite::Connection;

/// The files whose statements a text needs, and the dispatcher.
const SOURCES: [(&str, &str); 4] = [
    ("load", include_str!("../src/store/sqlite/load.rs")),
    ("claim", include_str!("../src/store/sqlite/claim.rs")),
    ("commit", include_str!("../src/store/sqlite/commit.rs")),
    ("seal", include_str!("../src/store/sqlite/seal.rs")),
];

#[test]
fn a_load_and_a_claim_search_by_an_index() {
    let plans = Plans::new("searches");
    for (file, source) in SOURCES {
        let statements = statements(source);
        assert!(!statements.is_empty(), "{file} has none");
        for sql in statements {
            let plan = plans.of(&sql);
            let scans: Vec<_> = plan.iter().filter(|step| step.starts_with("SCAN")).collect();
            let is_row = |step: &&String| step.contains("CONSTANT ROW");
            assert!(scans.iter().all(is_row), "{file}: {sql}\n{plan:#?}");
            assert!(
                plan.iter().all(|step| !step.contains("TEMP B-TREE")),
                "{file}: {sql}\n{plan:#?}"
            );
        }
    }
}

#[test]
fn a_due_message_is_searched_by_its_time() {
    let (_, claim) = SOURCES[1];
    let sql = statements(claim).into_iter().find(|sql| sql.starts_with("SELECT 1 FROM outgoing"));
    let plan = Plans::new("due").of(&sql.unwrap());
    assert_eq!(plan, ["SEARCH outgoing USING INDEX outgoing_due (due_at<?)"]);
}

#[test]
fn a_scan_is_seen() {
    let plan = Plans::new("scan").of("SELECT record FROM contacts WHERE revision = ?1");
    assert_eq!(plan, ["SCAN contacts"]);
}

/// How SQLite comes to the rows of a statement, in a file of the crate's.
struct Plans {
    connection: Connection,
    _scratch: Scratch,
}

impl Plans {
    fn new(test: &str) -> Self {
        let scratch = Scratch::new(&format!("plans-{test}"));
        let path = scratch.path("consent.db");
        drop(SqliteStorage::open(&path).unwrap());
        Self { connection: Connection::open(&path).unwrap(), _scratch: scratch }
    }

    fn of(&self, sql: &str) -> Vec<String> {
        let mut explain = self.connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let mut rows = explain.raw_query();
        let mut plan = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            plan.push(row.get(3).unwrap());
        }
        plan
    }
}

/// The literals that are whole statements.
fn statements(source: &str) -> Vec<String> {
    const VERBS: [&str; 4] = ["SELECT ", "INSERT ", "UPDATE ", "DELETE "];
    let literals = source.split('"').skip(1).step_by(2);
    let whole = literals.filter(|literal| VERBS.iter().any(|verb| literal.starts_with(verb)));
    // Parts of statements are none: `mine!` and `format!` make them whole.
    let is_whole = |literal: &&str| {
        !literal.contains('{') && (literal.contains(" WHERE ") || literal.contains("VALUES"))
    };
    whole.filter(is_whole).map(Into::into).collect()
}
