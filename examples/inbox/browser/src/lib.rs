//! The tests of the inbox in a real browser: see `tests/`.
