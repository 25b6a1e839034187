//! The server of the tests: fresh, found again after a crash, and gone with its test.
#![cfg(feature = "postgres-tests")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod black_box;
mod server;

use std::{io::BufRead, io::BufReader, path::PathBuf, process::Stdio, time::Duration};

use black_box::this_test;
use server::{Durability, Server};

#[test]
fn a_database_is_new_and_of_the_tests_own() {
    let server = Server::shared();
    let [one, other] = [server.create_database(), server.create_database()];
    one.session().run("CREATE TABLE things (n int)");
    assert_eq!(
        other.session().number("SELECT count(*) FROM pg_tables WHERE tablename = 'things'"),
        0
    );
}

#[test]
fn what_was_committed_is_there_after_a_stop_at_once() {
    let server = Server::start(Durability::Full, &[]);
    let database = server.create_database();
    let session = database.session();
    session.run("CREATE TABLE things (n int); INSERT INTO things VALUES (7)");
    server.stop_at_once();
    assert!(session.try_run("INSERT INTO things VALUES (8)").is_err());
    server.start_again();
    assert_eq!(database.session().rows("SELECT n FROM things"), [["7"]]);
}

/// Run as a process of its own, it says where its server is and waits to be killed.
#[test]
fn a_server_and_no_end() {
    if std::env::var_os("OPTIN_NO_END").is_some() {
        let server = Server::start(Durability::None, &[]);
        println!("at {}", server.directory().display());
        std::thread::sleep(Duration::from_secs(600));
    }
}

#[test]
fn a_server_is_gone_when_its_test_is_killed() {
    let mut test = this_test("a_server_and_no_end")
        .env("OPTIN_NO_END", "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(test.stdout.take().unwrap()).lines().map(Result::unwrap);
    // The harness writes before it, on the same line.
    let directory = lines.into_iter().find_map(|line| Some(line.split_once("at /")?.1.to_owned()));
    let directory = PathBuf::from(format!("/{}", directory.unwrap()));
    let process = std::fs::read_to_string(directory.join("data/postmaster.pid")).unwrap();
    let process = PathBuf::from(format!("/proc/{}", process.lines().next().unwrap()));
    assert!(process.exists());
    test.kill().unwrap();
    test.wait().unwrap();
    let mut looks = 0;
    while directory.exists() || process.exists() {
        assert!(looks < 1_000, "{} is still there", directory.display());
        looks += 1;
        std::thread::sleep(Duration::from_millis(10));
    }
}
