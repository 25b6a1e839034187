//! libFuzzer over [`optin_fuzz::stored`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| optin_fuzz::stored::target(bytes));
