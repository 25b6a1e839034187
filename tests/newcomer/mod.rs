//! The examples as a newcomer runs them, over a file of contacts.
#![allow(clippy::unwrap_used, clippy::panic, dead_code, reason = "shared by tests")]

use std::{
    path::Path,
    process::{Command, Output},
    sync::OnceLock,
};

use optin::{
    Engine, Handover, Outbox, Outgoing, Storage, blocking::block_on, store::SqliteStorage,
};

use crate::{
    black_box::{Scratch, example},
    support::{START, contact, texted},
};

pub(crate) struct Provider;

impl Outbox for Provider {
    async fn send(&self, _outgoing: &Outgoing) -> Handover {
        Handover::Accepted { provider_id: None }
    }
}

pub(crate) fn run(
    scratch: &Scratch,
    name: &'static str,
    arguments: &[&str],
) -> (Option<i32>, String, String) {
    static BUILT: OnceLock<()> = OnceLock::new();
    BUILT.get_or_init(|| drop((example("export"), example("verify"))));
    let program = std::env::current_exe().unwrap();
    let profile = program.parent().unwrap().parent().unwrap();
    run_program(&profile.join("examples").join(name), scratch, arguments)
}

pub(crate) fn run_program(
    program: &Path,
    scratch: &Scratch,
    arguments: &[&str],
) -> (Option<i32>, String, String) {
    let mut run = Command::new(program);
    run.args(arguments).current_dir(scratch.directory());
    let Output { status, stdout, stderr } = run.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

/// Twelve contacts who wrote, in `it.db`.
pub(crate) fn made(name: &str) -> Scratch {
    let scratch = Scratch::new(name);
    fill(SqliteStorage::open(scratch.path("it.db")).unwrap());
    scratch
}

/// Has twelve contacts write.
pub(crate) fn fill<S: Storage>(storage: S) {
    let engine = Engine::new(storage, Provider, || START);
    for n in 0..12 {
        for (m, words) in ["Yes please", "yes"].into_iter().enumerate() {
            let text = texted(&format!("in-{n}-{m}"), words);
            block_on(engine.handle(&contact(n), text)).unwrap();
        }
    }
}

/// One of them.
pub(crate) const NUMBER: &str = "+12065550003";
