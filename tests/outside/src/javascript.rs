//! Scripts of node that call by the CRMs' own packages.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::Value;

/// Runs `javascript/NAME.mjs` where `javascript/install.sh` put the packages, with one argument of JSON.
///
/// # Panics
/// Where it fails: it wrote why to standard error.
pub fn run(name: &str, argument: &Value) {
    let target = std::env::var_os("CARGO_TARGET_DIR");
    let sources = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target = target.map_or_else(|| sources.join("../../target"), PathBuf::from);
    let folder = target.join("outside/javascript");
    let script = folder.join(name).with_extension("mjs");
    assert!(script.exists(), "{}: run tests/outside/javascript/install.sh", script.display());
    let status = Command::new("node")
        .arg(&script)
        .arg(argument.to_string())
        .stdin(Stdio::null())
        .status()
        .expect("node is installed");
    assert!(status.success(), "{name}: {status}");
}
