//! The black box, from its own source.
#![allow(unreachable_pub, missing_docs, reason = "it is an example's")]

#[path = "../../../examples/replay/json.rs"]
mod json;
#[path = "../../../examples/replay/line.rs"]
mod line;
#[path = "../../../examples/replay/output.rs"]
mod output;
#[path = "../../../examples/replay/runner.rs"]
mod runner;
#[path = "../../../examples/replay/settings.rs"]
mod settings;

pub(crate) use runner::replay;
