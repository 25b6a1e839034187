//! libFuzzer over [`optin_fuzz::replay`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| optin_fuzz::replay::target(bytes));
