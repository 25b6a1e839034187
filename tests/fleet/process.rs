//! A machine as a process: this test binary again, which a test pauses, resumes and kills.
//!
//! It takes what is delivered again on its standard input, up to a line with a full stop, works
//! until it is to pause, and says so with a full stop on its standard error.

use std::{
    io::{BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStderr, Command, Stdio},
    sync::Arc,
};

use optin::store::sqlite::{Durability, Options};

use super::{
    controls::{Controls, settings},
    journal::Sms,
    machine::{Machine, Role},
};

const ASKED: &str = "OPTIN_MACHINE";
/// Set where a machine's file need not survive a power loss.
pub(crate) const NOT_DURABLE: &str = "OPTIN_NOT_DURABLE";

#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    says: BufReader<ChildStderr>,
}

impl Process {
    /// Starts a command that runs a test which calls [`run_if_asked`].
    pub(crate) fn start(
        mut test: Command,
        directory: &Path,
        number: u64,
        role: Role,
        seed: u64,
    ) -> Self {
        let role = Role::ALL.iter().position(|one| *one == role).unwrap();
        let asked = format!("{number} {role} {seed} {}", directory.display());
        let mut child = test
            .env(ASKED, asked)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let says = BufReader::new(child.stderr.take().unwrap());
        Self { child, says }
    }

    /// Lets it work, first on these texts.
    pub(crate) fn resume(&mut self, again: &[Sms]) {
        let mut lines = String::new();
        for sms in again {
            lines += &serde_json::to_string(sms).unwrap();
            lines.push('\n');
        }
        lines += ".\n";
        self.child.stdin.as_mut().unwrap().write_all(lines.as_bytes()).unwrap();
    }

    /// Waits until it stands still.
    pub(crate) fn wait_for_pause(&mut self) {
        let mut line = String::new();
        self.says.read_line(&mut line).unwrap();
        assert_eq!(line, ".\n", "{}", self.rest());
    }

    /// Begins to kill it.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
    }

    /// Waits until it is dead.
    pub(crate) fn bury(mut self) {
        self.child.wait().unwrap();
        let said = self.rest();
        assert!(said.is_empty(), "it failed before it was killed: {said}");
    }

    /// Ends it, which must be paused.
    pub(crate) fn end(mut self) {
        drop(self.child.stdin.take());
        let said = self.rest();
        assert!(self.child.wait().unwrap().success(), "{said}");
    }

    fn rest(&mut self) -> String {
        let mut rest = String::new();
        self.says.read_to_string(&mut rest).unwrap();
        rest
    }
}

/// The other side: nothing to do unless a test started this process.
pub(crate) fn run_if_asked() {
    let Ok(asked) = std::env::var(ASKED) else {
        return;
    };
    let mut asked = asked.splitn(4, ' ');
    let mut number = || asked.next().unwrap().parse::<u64>().unwrap();
    let (number, role, seed) = (number(), number(), number());
    let directory = PathBuf::from(asked.next().unwrap());
    let role = Role::ALL[usize::try_from(role).unwrap()];
    let normal = std::env::var_os(NOT_DURABLE).is_some();
    let durability = if normal { Durability::Normal } else { Durability::Full };
    let options = Options::default().durability(durability);
    let storage = Arc::new(options.open(directory.join("consent.db")).unwrap());
    settings(&storage, &Controls::open(&directory));
    let mut machine = Machine::new(storage, &directory, number, role, seed);
    for line in std::io::stdin().lines() {
        let line = line.unwrap();
        if line == "." {
            machine.work();
            eprintln!(".");
        } else {
            machine.take(&serde_json::from_str(&line).unwrap());
        }
    }
}
