//! libFuzzer over [`optin_fuzz::reading`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| optin_fuzz::reading::target(bytes));
