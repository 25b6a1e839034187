//! libFuzzer over [`optin_fuzz::operations`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| optin_fuzz::operations::target(bytes));
