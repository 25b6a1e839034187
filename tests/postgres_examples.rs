//! `examples/export.rs` and `examples/verify.rs` over a database.
#![cfg(feature = "postgres-tests")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod black_box;
mod newcomer;
mod server;
mod support;

use std::fs;

use optin::store::postgres::Options;

use self::{
    black_box::{Scratch, example_with},
    newcomer::{NUMBER, fill, run_program},
    server::Server,
};

#[test]
fn evidence_is_exported_and_a_whole_account_is_audited() {
    let [export, verify] = ["export", "verify"].map(|name| example_with(name, "postgres-tests"));
    let scratch = Scratch::new("postgres-examples");
    let database = Server::shared().create_database();
    fill(database.migrated(Options::default()));
    let url = database.url();
    let run = |program, arguments: &[&str]| run_program(program, &scratch, arguments);

    let (status, evidence, said) = run(&export, &[&url, "acme", NUMBER, "--log", "log"]);
    assert_eq!(status, Some(0), "{said}");
    let key = said.trim().strip_prefix("signed 36 entries with the key ").unwrap();
    fs::write(scratch.path("one.json"), evidence).unwrap();
    let (status, said, error) = run(&export, &[&url, "acme", "--all", "all.jsonl", "--log", "log"]);
    assert_eq!((status, said.as_str()), (Some(0), "12 contacts in all.jsonl\n"), "{error}");
    for arguments in [
        &["one.json", "--log", "log", key] as &[&str],
        &["all.jsonl", "--log", "log", key],
        &["--database", &url, "acme", "--log", "log", key],
    ] {
        let (status, said, error) = run(&verify, arguments);
        assert_eq!(status, Some(0), "{arguments:?}: {said}{error}");
    }

    database.session().run(
        "UPDATE optin.disclosed SET entry = replace(entry, 'Yes please', 'Yes pleaze')
         WHERE sequence = 0 AND chain = (
             SELECT chain FROM optin.contacts WHERE number = 12065550003)",
    );
    let audit: &[&str] = &["--database", &url, "acme", "--log", "log", key];
    let (status, said, error) = run(&verify, audit);
    assert_eq!(status, Some(1), "{said}{error}");
    assert!(said.starts_with("refused: ") && said.contains("entry 0"), "{said}");
    // What cannot be looked at is not refused.
    database.session().run("ALTER TABLE optin.disclosed RENAME TO gone");
    let secret = "postgres://ana:hunter2@127.0.0.1:port/db";
    for (program, arguments, status) in [
        (&verify, audit, 2),
        (&verify, &["--database", &url, "bolt"], 2),
        (&verify, &[secret], 2),
        (&verify, &["--database", secret, "acme"], 2),
        (&verify, &["--database", " postgres://ana:hunter2@h/db", "acme"], 2),
        (&verify, &["--database", "host=h user=ana password=hunter2 port=no", "acme"], 2),
        (&export, &["POSTGRES://ana:hunter2@h/db", "acme", NUMBER], 1),
    ] {
        let (found, said, error) = run(program, arguments);
        assert_eq!((found, said.as_str()), (Some(status), ""), "{arguments:?}: {error}");
        assert!(!error.is_empty() && !error.contains("hunter2"), "{error}");
    }
}
