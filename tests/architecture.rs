//! Holds the table of rooms.
//!
//! One package with one crate drifts unless something checks: this is that something. It reads the
//! sources as text (comments and strings taken out), finds every path that begins with `crate`,
//! `super`, `std`, `tokio` or `rand`, resolves it, and compares it with the tables below.

#[path = "architecture/source.rs"]
mod source;

use std::collections::BTreeSet;

use source::{Source, has_word, paths, sources, without_tests};

/// Every room and the rooms it may import; `app` joins them all.
const ROOMS: &[(&str, &[&str])] = &[
    ("event", &[]),
    ("runtime", &[]),
    ("sys", &[]),
    ("wire", &[]),
    ("persona", &["event"]),
    ("world", &["event", "persona"]),
    ("imaging", &["event", "wire", "persona", "world"]),
    ("session", &["event", "wire", "persona", "world"]),
    ("archive", &["event", "wire", "persona", "world", "imaging", "session"]),
    ("database", &["event", "sys", "persona", "world"]),
    ("rpc", &["event", "wire", "persona", "world", "session"]),
    ("decoys", &["event", "wire", "persona", "world", "session", "imaging", "archive", "database", "rpc"]),
    ("lure", &["event", "persona", "wire", "imaging"]),
    ("link", &["event", "runtime"]),
    ("record", &["event", "runtime"]),
    (
        "sensor",
        &[
            "event", "runtime", "sys", "link", "wire", "persona", "world", "imaging", "session", "decoys",
            "record",
        ],
    ),
    ("detect", &["event"]),
    ("store", &["event", "runtime"]),
    ("export", &["event", "imaging", "record", "store"]),
    ("forward", &["event", "runtime", "sys"]),
    ("privileged", &["event", "runtime", "sys", "record"]),
    ("console", &["event", "runtime", "store", "record", "wire"]),
    ("appliance", &["event", "runtime", "sys", "persona", "privileged"]),
];

/// Rooms that compute and nothing else: time, randomness and bytes are handed to them.
const PURE: &[&str] =
    &["decoys", "archive", "database", "rpc", "world", "imaging", "wire", "detect", "lure", "forward/format"];

/// What a pure room may not reach for.
const IMPURE_PATHS: &[&str] = &[
    "std::fs",
    "std::env",
    "std::process",
    "std::thread",
    "std::net::TcpListener",
    "std::net::TcpStream",
    "std::net::UdpSocket",
    "std::os::unix::net",
    "std::time::SystemTime",
    "std::time::Instant",
    "tokio::fs",
    "tokio::net",
    "tokio::process",
    "rand::rng",
    "rand::random",
    "rand::rngs::ThreadRng",
    "rand::rngs::SysRng",
    "rand::rngs::OsRng",
];

/// The same where only the last part of a path is written.
const IMPURE_WORDS: &[&str] = &[
    "SystemTime",
    "Instant::now",
    "Timestamp::now",
    "Zoned::now",
    "thread_rng",
    "ThreadRng",
    "from_os_rng",
    "Uuid::now_v7",
    "Uuid::new_v4",
];

/// A file that is longer does not fit one reading.
const LINES: usize = 450;

#[test]
fn rooms_import_only_what_the_table_names() {
    assert_none(sources().iter().flat_map(wrong_imports));
}

#[test]
fn every_room_is_in_the_table() {
    let rooms: BTreeSet<_> = sources().iter().map(|file| file.module[0].clone()).collect();
    let unknown = rooms.into_iter().filter(|room| !["app", "lib", "main"].contains(&room.as_str()));
    assert_none(
        unknown.filter(|room| allowed(room).is_none()).map(|room| format!("src/{room}: not in ROOMS")),
    );
}

#[test]
fn no_decoy_imports_another() {
    let decoys = sources().into_iter().filter(|file| file.module[0] == "decoys");
    let names: BTreeSet<_> = decoys.filter_map(|file| file.module.get(1).cloned()).collect();
    assert_none(sources().iter().flat_map(|file| other_decoys(file, &names)));
}

#[test]
fn pure_rooms_do_no_io_and_read_no_clock_and_no_unseeded_randomness() {
    assert_none(sources().iter().flat_map(impurities));
}

#[test]
fn unsafe_is_in_sys_only() {
    let outside = sources().into_iter().filter(|file| file.module[0] != "sys");
    assert_none(
        outside.filter(|file| has_word(&file.code, "unsafe")).map(|file| format!("{}: unsafe", file.name)),
    );
}

#[test]
fn files_fit_one_reading() {
    let long = sources().into_iter().filter(|file| file.lines > LINES);
    assert_none(long.map(|file| format!("{}: {} lines, at most {LINES}", file.name, file.lines)));
}

fn assert_none(faults: impl Iterator<Item = String>) {
    let faults: Vec<_> = faults.collect();
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

fn allowed(room: &str) -> Option<&'static [&'static str]> {
    ROOMS.iter().find(|(name, _)| *name == room).map(|(_, allowed)| *allowed)
}

fn wrong_imports(file: &Source) -> Vec<String> {
    let room = file.module[0].as_str();
    let Some(allowed) = allowed(room) else {
        return Vec::new();
    };
    let is_wrong = |target: &&String| {
        *target != room
            && !allowed.contains(&target.as_str())
            && (*target == "app" || self::allowed(target).is_some())
    };
    let paths = file.own_paths();
    let wrong: BTreeSet<_> = paths.iter().filter_map(|path| path.first()).filter(is_wrong).collect();
    wrong.into_iter().map(|target| format!("{}: room {room} may not import {target}", file.name)).collect()
}

fn other_decoys(file: &Source, decoys: &BTreeSet<String>) -> Vec<String> {
    let [room, decoy, ..] = file.module.as_slice() else {
        return Vec::new();
    };
    if room != "decoys" {
        return Vec::new();
    }
    let paths = file.own_paths();
    let others: BTreeSet<_> = paths
        .iter()
        .filter_map(|path| match path.as_slice() {
            [room, other, ..] if room == "decoys" && other != decoy && decoys.contains(other) => Some(other),
            _ => None,
        })
        .collect();
    others.into_iter().map(|other| format!("{}: decoy {decoy} may not import {other}", file.name)).collect()
}

fn impurities(file: &Source) -> Vec<String> {
    let place = file.module.join("/");
    let is_test = file.module.iter().any(|part| part == "tests");
    if is_test || !PURE.iter().any(|room| place == *room || place.starts_with(&format!("{room}/"))) {
        return Vec::new();
    }
    let code = without_tests(&file.code);
    let paths = paths(&code, &["std", "tokio", "rand"]);
    let by_path = IMPURE_PATHS.iter().filter(|bad| paths.iter().any(|path| begins(path, bad)));
    let by_word = IMPURE_WORDS.iter().filter(|bad| has_word(&code, bad));
    by_path.chain(by_word).map(|bad| format!("{}: {bad} in a pure room", file.name)).collect()
}

fn begins(path: &[String], prefix: &str) -> bool {
    let prefix: Vec<_> = prefix.split("::").collect();
    path.len() >= prefix.len() && path.iter().zip(prefix).all(|(a, b)| a == b)
}

/// The checks themselves, on code that breaks each rule.
mod checks {
    use super::source::strip;
    use super::*;

    fn imports(name: &str, text: &str) -> usize {
        wrong_imports(&Source::new(name, text)).len()
    }

    #[test]
    fn an_import_is_found_however_it_is_written() {
        for text in [
            "use crate::store::Store;",
            "use crate::{event::Event, store::{Store, Reader}};",
            "fn f() -> crate::store::Store { todo }",
            "use super::super::store::Store;",
            "pub(crate) use crate::{\n    event::{self, Tainted as T},\n    store,\n};",
            "use crate::app;",
        ] {
            assert_eq!(imports("src/decoys/x.rs", text), 1, "{text}");
        }
    }

    #[test]
    fn what_is_allowed_or_no_code_is_not_found() {
        for text in [
            "use crate::{event::Event, wire::dicom::{self, *}};",
            "use super::store; // crate::store",
            "/* use crate::store; */ const A: &str = \"crate::store\"; const B: char = '\"';",
            "const A: &str = r#\"say \"crate::store\"\"#;",
            "fn f<'a>(mycrate: &'a str) { mycrate::store(); }",
        ] {
            assert_eq!(imports("src/decoys/x/y.rs", text), 0, "{text}");
        }
    }

    #[test]
    fn a_decoy_in_a_decoy_is_found() {
        let found = |text: &str| {
            let decoys = BTreeSet::from(["mllp".to_owned(), "astm".to_owned()]);
            other_decoys(&Source::new("src/decoys/mllp/machine.rs", text), &decoys).len()
        };
        for text in
            ["use super::super::astm::Frame;", "use crate::decoys::astm;", "use crate::decoys::{astm}; "]
        {
            assert_eq!(found(text), 1, "{text}");
        }
        assert_eq!(found("use super::codec; use crate::decoys::Making;"), 0);
    }

    #[test]
    fn impurities_are_found_outside_of_tests_only() {
        let found = |name: &str, text: &str| impurities(&Source::new(name, text)).len();
        for text in [
            "use std::{fs, io};",
            "let now = jiff::Timestamp::now();",
            "use std::time::{Duration, Instant};",
            "let x = rand::rng();",
            "#[cfg(test)]\nmod tests { fn f() {} }\nuse std::env;",
        ] {
            assert_eq!(found("src/world/x.rs", text), 1, "{text}");
        }
        let tests =
            "use std::time::Duration; #[cfg(test)] mod tests { fn f() { if a { std::fs::read(\"x\") } } }";
        assert_eq!(found("src/forward/format/x.rs", tests), 0);
        assert_eq!(found("src/forward/spool.rs", "use std::fs;"), 0);
    }

    #[test]
    fn unsafe_is_a_word_in_code() {
        let found = |text: &str| has_word(&strip(text), "unsafe");
        assert!(found("unsafe { f() }"));
        assert!(!found("#![deny(unsafe_code)] // unsafe\nconst A: &str = \"unsafe\";"));
    }
}
