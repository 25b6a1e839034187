//! Fuzz targets of `optin` as plain functions of bytes: each panics where a claim does not hold.
//!
//! `run.sh TARGET SECONDS` fuzzes one; `cargo test -p optin-fuzz` replays what was found before.

mod black_box;
pub mod operations;
pub mod reading;
pub mod replay;
pub mod settings;
pub mod stored;

/// A target: any bytes may come.
pub type Target = fn(&[u8]);

/// All of them, by the name of their corpus.
pub const TARGETS: [(&str, Target); 5] = [
    ("operations", operations::target),
    ("reading", reading::target),
    ("replay", replay::target),
    ("settings", settings::target),
    ("stored", stored::target),
];
