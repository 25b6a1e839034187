//! The program itself: it starts with nothing, says where it is, and stops in order.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod support;

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
};

struct Running {
    process: Child,
    lines: BufReader<ChildStdout>,
    /// `127.0.0.1:3000`
    address: String,
}

impl Running {
    fn start(arguments: &[&str]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_inbox"))
            .args(arguments)
            .env("TMPDIR", env!("CARGO_TARGET_TMPDIR"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("inbox: http://").unwrap().to_owned();
        Self { process, lines, address }
    }

    fn get(&self, page: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let host = &self.address;
        write!(stream, "GET {page} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// As by ctrl-c; gives back what it still said.
    fn interrupt(mut self) -> String {
        let id = self.process.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
        let mut said = String::new();
        self.lines.read_to_string(&mut said).unwrap();
        assert!(self.process.wait().unwrap().success(), "{said}");
        said
    }
}

#[test]
fn it_starts_with_nothing_and_stops_in_order() {
    let one = Running::start(&[]);
    // The port is taken by now.
    let two = Running::start(&[]);
    assert_ne!(one.address, two.address);
    assert!(one.address.starts_with("127.0.0.1:") && two.address.starts_with("127.0.0.1:"));
    let page = one.get("/");
    assert!(page.starts_with("HTTP/1.1 200 OK"));
    assert!(page.contains("Maya Chen") && page.contains("See it work, in a minute"));
    let said = one.interrupt();
    assert!(said.contains("inbox.db; ctrl-c ends it"));
    assert!(said.ends_with("inbox: stopped; what still waits goes out at the next start\n"));
    two.interrupt();
}

#[test]
fn a_file_that_is_named_is_gone_on_with() {
    let file = support::file("named");
    let arguments = ["--file", file.to_str().unwrap()];
    let first = Running::start(&arguments);
    assert!(Path::new(&file).exists() && file.with_extension("host.db").exists());
    let count =
        |page: String| page.split("All <span class=\"count\">").nth(1).unwrap()[..2].to_owned();
    assert_eq!(count(first.get("/")), "11");
    first.interrupt();
    let again = Running::start(&arguments);
    assert_eq!(count(again.get("/")), "11");
    again.interrupt();
}

#[test]
fn arguments_without_sense_are_told() {
    let told = Command::new(env!("CARGO_BIN_EXE_inbox")).arg("--help").output().unwrap();
    assert_eq!(told.status.code(), Some(2));
    assert!(String::from_utf8(told.stderr).unwrap().starts_with("usage: inbox [--file FILE.db]"));
}
