#![no_main]

#[path = "../bodies.rs"]
#[allow(dead_code)] // each target calls one of them
mod bodies;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bodies::csv(bytes));
