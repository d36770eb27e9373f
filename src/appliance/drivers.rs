//! Loads the drivers of the machine's devices: the kernel says what each device is, `modprobe` knows who
//! drives it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What no device announces: the file systems of the media, tags of frames, many hosts on one card, the
/// watchdog that every machine has, and the power button.
const ALWAYS: [&str; 9] =
    ["vfat", "nls_cp437", "nls_ascii", "ext4", "isofs", "efivarfs", "8021q", "macvlan", "evdev"];

/// How deep the tree of devices is looked through.
const DEPTH: usize = 24;

/// Loads what is not loaded, as often as new devices appear behind the drivers (a disk behind its
/// controller); tells what it could not load in words.
pub fn load_all() {
    modprobe(&ALWAYS.map(str::to_owned));
    let mut known = BTreeSet::new();
    loop {
        let fresh: Vec<String> =
            announced().into_iter().filter(|alias| known.insert(alias.clone())).collect();
        if fresh.is_empty() {
            return;
        }
        modprobe(&fresh);
    }
}

/// Loads modules by name or alias; those that nobody drives are passed over.
fn modprobe(names: &[String]) {
    // A command line of the kernel's default limit holds thousands; a machine has hundreds.
    for some in names.chunks(200) {
        let status = Command::new("/usr/sbin/modprobe")
            .args(["--all", "--quiet", "--use-blacklist"])
            .args(some)
            .stderr(Stdio::null())
            .status();
        if let Err(error) = status {
            tracing::warn!(%error, "modprobe can't be run");
        }
    }
}

/// What all devices say they are (`modalias`).
fn announced() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut folders: Vec<(PathBuf, usize)> = vec![(Path::new("/sys/devices").to_owned(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries.flatten() {
            let kind = entry.file_type();
            if kind.as_ref().is_ok_and(fs::FileType::is_dir) && depth < DEPTH {
                folders.push((entry.path(), depth + 1));
            } else if entry.file_name() == "modalias"
                && let Ok(alias) = fs::read_to_string(entry.path())
                && !alias.trim().is_empty()
            {
                found.insert(alias.trim().to_owned());
            }
        }
    }
    found
}
