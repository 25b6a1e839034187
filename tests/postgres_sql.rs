//! The statements for PostgreSQL keep to what Citus, CockroachDB and YugabyteDB run unchanged.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod sql_rules;

use std::{fs, path::Path};

use sql_rules::{breaches, words};

/// The name and the text of each file of this kind in a folder of the storage.
fn files(folder: &str, ending: &str) -> Vec<(String, String)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store").join(folder);
    let mut files = Vec::new();
    for file in fs::read_dir(path).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|extension| extension == ending) {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            files.push((name, fs::read_to_string(path).unwrap()));
        }
    }
    files.sort();
    files
}

#[test]
fn no_statement_breaks_a_rule() {
    let mut statements = files("postgres/sql", "sql");
    assert!(statements.len() > 40, "{} statements", statements.len());
    statements.extend(files("postgres/schema", "sql"));
    let found: Vec<_> = statements.iter().flat_map(|(name, sql)| breaches(name, sql)).collect();
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn every_statement_stands_in_a_file_of_its_own() {
    let mut sources = files("postgres", "rs");
    sources.extend(files("", "rs").into_iter().filter(|(name, _)| name == "postgres"));
    assert!(sources.len() > 15, "{} sources", sources.len());
    for (name, source) in &sources {
        for verb in ["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "CREATE ", "WITH "] {
            assert!(!source.contains(verb), "{name}.rs: {verb}");
        }
    }
    // Each file is sent by somebody.
    let (_, list) = sources.iter().find(|(name, _)| name == "sql").unwrap();
    let code: String = sources.iter().map(|(_, source)| source.as_str()).collect();
    for (name, _) in files("postgres/sql", "sql") {
        assert!(list.contains(&format!("\"{name}\"")), "{name}.sql is in no constant");
        let constant = format!("sql::{}", name.to_uppercase());
        assert!(code.contains(&constant), "{name}.sql is not used");
    }
}

/// What is found in this, where nothing else is wrong.
#[track_caller]
fn finds(sql: &str, expected: &str) {
    let found = breaches("x", sql);
    assert!(found.iter().any(|breach| breach.contains(expected)), "{sql}\n{found:?}");
}

#[track_caller]
fn allows(sql: &str) {
    assert_eq!(breaches("x", sql), Vec::<String>::new(), "{sql}");
}

#[test]
fn what_must_not_be_sent_is_found() {
    finds("SELECT pg_advisory_xact_lock($1)", "advisory lock");
    finds("SELECT pg_try_advisory_lock(1)", "advisory lock");
    finds("SELECT nextval('optin.ids')", "sequence");
    finds("CREATE SEQUENCE IF NOT EXISTS optin.ids", "sequence");
    finds("CREATE TABLE IF NOT EXISTS optin.t (account text, id bigserial)", "sequence");
    finds(
        "CREATE TABLE IF NOT EXISTS optin.t (id bigint GENERATED ALWAYS AS IDENTITY)",
        "sequence",
    );
    finds("LISTEN optin", "notification");
    finds("NOTIFY optin", "notification");
    finds("SELECT pg_notify('optin', '')", "notification");
    finds("CREATE TRIGGER t AFTER INSERT ON optin.t EXECUTE FUNCTION f()", "trigger");
    finds("CREATE TEMP TABLE t (a int)", "temporary table");
    finds("CREATE TEMPORARY TABLE t (a int)", "temporary table");
    finds("SET statement_timeout = 5", "state of the session");
    finds("PREPARE x AS SELECT 1", "state of the session");
    finds("LOCK TABLE optin.contacts", "lock of a table");
}

#[test]
fn a_key_without_the_account_is_found() {
    let key = "CREATE TABLE IF NOT EXISTS optin.t (account text, id text, PRIMARY KEY (id))";
    finds(key, "a key that does not begin with the account");
    finds(&key.replace("(id)", "(id, account)"), "a key that does not begin with the account");
    allows(&key.replace("(id)", "(account, id)"));
    let index = "CREATE INDEX IF NOT EXISTS i ON optin.t (id)";
    finds(index, "an index that does not begin with the account");
    allows(&index.replace("(id)", "(account, id)"));
    finds(&index.replace("INDEX", "UNIQUE INDEX"), "an index that does not begin with the account");
    finds("CREATE TABLE IF NOT EXISTS optin.t (account text PRIMARY KEY)", "a key in a column");
}

#[test]
fn what_a_second_run_would_fail_on_is_found() {
    finds("CREATE TABLE optin.t (account text)", "not IF NOT EXISTS");
    finds("CREATE INDEX i ON optin.t (account)", "not IF NOT EXISTS");
    finds("DROP TABLE optin.t", "takes something away");
    finds("ALTER TABLE optin.t DROP COLUMN a", "takes something away");
}

#[test]
fn a_statement_without_the_account_is_found() {
    finds("SELECT record FROM optin.contacts WHERE number = $1", "without the account");
    allows("SELECT record FROM optin.contacts WHERE account = $2 AND number = $1");
    finds("DELETE FROM optin.marks WHERE at < $1", "without the account");
    finds("UPDATE optin.outgoing AS o SET n = 1 WHERE o.number = $1", "without the account");
    finds(
        "SELECT c.record FROM optin.contacts AS c JOIN optin.marks AS m ON m.id = c.record
         WHERE c.account = $1",
        "without the account",
    );
    finds("INSERT INTO optin.marks (inbox, account) VALUES ($1, $2)", "without the account");
    allows("INSERT INTO optin.marks (account, inbox) VALUES ($1, $2)");
    // The claim's search may; what it does with the line may not.
    let search = include_str!("../src/store/postgres/sql/due.sql");
    assert_eq!(breaches("due", search), Vec::<String>::new());
    let line = search.replace("earlier.account = head.account AND ", "");
    assert_eq!(breaches("due", &line), ["due: optin.outgoing AS earlier without the account"]);
}

#[test]
fn a_table_without_its_schema_is_found() {
    finds("SELECT record FROM contacts WHERE account = $1", "not in the schema optin");
    finds("UPDATE public.contacts SET state = $2 WHERE account = $1", "not in the schema optin");
    allows("WITH old AS (SELECT account FROM optin.erased WHERE account = $1) SELECT 1 FROM old");
}

#[test]
fn a_conflict_without_a_target_is_found() {
    let insert = "INSERT INTO optin.marks (account, id) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    finds(insert, "ON CONFLICT without a target");
    allows(&insert.replace("CONFLICT", "CONFLICT (account, id)"));
    finds(
        &insert.replace("CONFLICT", "CONFLICT ON CONSTRAINT marks_pkey"),
        "ON CONFLICT without a target",
    );
}

#[test]
fn a_claim_that_skips_locked_rows_alone_is_found() {
    let claim = include_str!("../src/store/postgres/sql/claim.sql");
    assert_eq!(breaches("claim", claim), Vec::<String>::new());
    for guard in [" AND message.claims = seen.claims", " AND stored.due_at = found.due_at"] {
        let unguarded = claim.replace(guard, "").replace(&guard[1..], "");
        assert_ne!(claim, unguarded, "{guard}");
        let found = breaches("claim", &unguarded);
        assert!(found.iter().any(|it| it.contains("SKIP LOCKED alone")), "{guard}: {found:?}");
    }
    finds(
        "SELECT message FROM optin.outgoing WHERE account = $1 FOR UPDATE SKIP LOCKED",
        "SKIP LOCKED alone",
    );
}

#[test]
fn what_a_comment_or_a_text_says_is_no_statement() {
    allows("-- no LISTEN, no nextval(), no TRIGGER here\nSELECT 1");
    allows("SELECT 'listen' FROM optin.t WHERE account = 'temp'");
    assert_eq!(words("a.b = 'x''y' -- c\n AND $1"), ["a", ".", "b", "=", "''", "and", "$1"]);
}
