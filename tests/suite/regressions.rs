//! Every parser and decoy on hostile bytes, with the fuzzer's own targets: inputs that are kept in
//! `tests/regressions`, and seeded changes of them.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

// Public for the fuzzer's crate, which is where they live.
#[allow(unreachable_pub)]
#[path = "../../fuzz/targets/mod.rs"]
mod targets;

/// Changed inputs of one target. The same are tried each time, in the same order, so what fails here
/// fails everywhere.
const CHANGED: u64 = 4_000;

/// Longest time for them: a slow machine tries fewer, never others.
const TIME: Duration = Duration::from_secs(2);

/// Longest input that changes may grow to.
const LONGEST: usize = 64 << 10;

fn folder(target: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/regressions").join(target)
}

/// The kept inputs of a target, by name.
fn kept(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = folder(target);
    let entries = fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut kept: Vec<_> = entries
        .map(|entry| {
            let entry = entry.unwrap();
            (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())
        })
        .collect();
    kept.sort();
    assert!(!kept.is_empty(), "{}: no input", folder.display());
    kept
}

/// Replays what is kept, then changes it.
fn exercise(target: &str) {
    let kept = kept(target);
    for (name, input) in &kept {
        attempt(target, name, input);
    }
    let seeds: Vec<&[u8]> = kept.iter().map(|(_, input)| input.as_slice()).collect();
    let begun = Instant::now();
    for number in 0..CHANGED {
        if begun.elapsed() > TIME {
            break;
        }
        let input = changed(&seeds, &mut StdRng::seed_from_u64(number));
        attempt(target, &format!("change {number}"), &input);
    }
}

fn attempt(target: &str, what: &str, input: &[u8]) {
    let outcome = catch_unwind(AssertUnwindSafe(|| targets::run(target, input)));
    assert!(
        outcome.is_ok(),
        "{target}, {what}: fails; to keep it: echo {} | xxd -r -p > {}",
        hex::encode(input),
        folder(target).join("NAME").display()
    );
}

/// A kept input with one to eight changes.
fn changed(seeds: &[&[u8]], rng: &mut StdRng) -> Vec<u8> {
    let mut input = seeds.choose(rng).unwrap().to_vec();
    for _ in 0..rng.random_range(1..=8) {
        change(&mut input, seeds, rng);
    }
    input.truncate(LONGEST);
    input
}

fn change(input: &mut Vec<u8>, seeds: &[&[u8]], rng: &mut StdRng) {
    const SHARP: [u8; 14] = [0, 1, 0x7f, 0x80, 0xff, b'\r', b'\n', b'|', b'^', b'\\', 0x0b, 0x1c, 0x02, 0x03];
    let at = rng.random_range(0..=input.len());
    let end = rng.random_range(at..=input.len());
    match rng.random_range(0..9) {
        0 if at < input.len() => input[at] ^= 1 << rng.random_range(0..8),
        1 if at < input.len() => input[at] = *SHARP.choose(rng).unwrap(),
        2 => input.insert(at, *SHARP.choose(rng).unwrap()),
        3 => drop(input.drain(at..end)),
        4 => input.truncate(at),
        5 => {
            let part = input[at..end].repeat(rng.random_range(1..=4));
            input.splice(at..at, part);
        }
        6 => {
            let other = seeds.choose(rng).unwrap();
            let from = rng.random_range(0..=other.len());
            input.splice(at.., other[from..].iter().copied());
        }
        // Lengths: two or four bytes, all ones or off by a little.
        7 => (input.iter_mut().skip(at).take(rng.random_range(2..=4))).for_each(|b| *b = 0xff),
        _ => {
            if let Some(byte) = input.get_mut(at) {
                *byte = byte.wrapping_add(rng.random_range(0..=8)).wrapping_sub(4);
            }
        }
    }
}

macro_rules! exercised {
    ($($name:ident)*) => {
        /// The targets below, to be compared with those that there are.
        const EXERCISED: &[&str] = &[$(stringify!($name)),*];
        $(#[test] fn $name() { exercise(stringify!($name)); })*
    };
}

exercised! {
    frame dicom_pdu dicom_dataset pixels content dicom_machine hl7 mllp mllp_machine astm astm_machine poct1a
    poct1a_machine telnet_machine nport_machine winrm winrm_machine pjl pjl_machine http_head http_machine web_head web_multipart web_store web_query web_machine ssh_shell pcapng transcript
    mysql mysql_machine postgres postgres_machine tds tds_machine sql tns tns_machine rdp rdp_machine soap_envelope fhir_machine
    smb smb_machine
    rpc rpc_machine rpc_pipe netbios_ns snmp ftp ftp_machine vnc_machine redis redis_machine
}

#[test]
fn every_target_is_exercised_and_fuzzed() {
    let names: Vec<_> = targets::TARGETS.iter().map(|t| t.name).collect();
    assert_eq!(names, EXERCISED);
    let manifest = include_str!("../../fuzz/Cargo.toml");
    for name in names {
        let path = format!("fuzz_targets/{name}.rs");
        assert!(manifest.contains(&format!("path = \"{path}\"")), "fuzz/Cargo.toml lacks {name}");
        let text = fs::read_to_string(format!("{}/fuzz/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        assert!(text.contains(&format!("\"{name}\"")), "fuzz/{path} runs another target");
    }
}
