//! What a process wrote and synced, in its order, as the shim wrote it down.

use std::path::{Path, PathBuf};

/// Something that was done to a file below the watched directory; `.` is the directory itself.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) name: String,
    pub(crate) does: Does,
}

#[derive(Clone, Debug)]
pub(crate) enum Does {
    Create,
    Write { at: usize, bytes: Vec<u8> },
    Truncate { size: usize },
    Sync,
    Unlink,
}

/// Compiles the shim.
pub(crate) fn compile_shim(directory: &Path) -> PathBuf {
    let library = directory.join("shim.so");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/power_loss/shim.c");
    let compiled = std::process::Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o"])
        .arg(&library)
        .args([source, "-lpthread"])
        .status();
    let compiled = compiled.expect("this test needs a C compiler, by the name of cc");
    assert!(compiled.success(), "cc could not compile {source}");
    library
}

pub(crate) fn read(log: &Path) -> Vec<Step> {
    let bytes = std::fs::read(log).unwrap();
    let mut rest = &bytes[..];
    let mut steps = Vec::new();
    while !rest.is_empty() {
        let [operation, at, name, length] = [0, 1, 2, 3].map(|n| {
            let number = rest[8 * n..8 * n + 8].try_into().unwrap();
            usize::try_from(u64::from_le_bytes(number)).unwrap()
        });
        let (name, after) = rest[32..].split_at(name);
        let (bytes, after) = after.split_at(length);
        let does = match u8::try_from(operation).unwrap() {
            b'c' => Does::Create,
            b'w' => Does::Write { at, bytes: bytes.to_vec() },
            b't' => Does::Truncate { size: at },
            b's' => Does::Sync,
            b'u' => Does::Unlink,
            other => panic!("the shim wrote {other}"),
        };
        steps.push(Step { name: String::from_utf8(name.to_vec()).unwrap(), does });
        rest = after;
    }
    steps
}
