#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| honeyward_fuzz::run("pjl", input));
