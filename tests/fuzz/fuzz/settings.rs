//! libFuzzer over [`optin_fuzz::settings`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| optin_fuzz::settings::target(bytes));
