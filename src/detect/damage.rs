//! Signs that files are being encrypted, as an event shows them.

use crate::event::detail::SmbFile;
use crate::event::{Detail, Observation};

/// Entropy from which on bytes look encrypted, hundredths of a bit per byte. 64 KiB of ciphertext have
/// 799; text has some 500, pixels some 650.
const HIGH: u16 = 780;
/// Files of so many bytes at least: in a shorter one ciphertext does not reach that entropy.
const LEAST: u64 = 4096;
/// What a file is called that tells how to pay; a note has one of these words.
const NOTES: [&str; 12] = [
    "readme",
    "read_me",
    "recover",
    "restore",
    "decrypt",
    "unlock",
    "how_to",
    "howto",
    "ransom",
    "help_",
    "instructions",
    "恢复",
];
/// Kinds of files that notes are.
const NOTE_KINDS: [&str; 4] = [".txt", ".hta", ".html", ".htm"];
/// What has no kind by its first bytes.
const NO_KIND: &str = "application/octet-stream";

/// The file that an event shows the encryption of, by its name without what was added to it; a note
/// counts as one more.
pub(super) fn sign(observation: &Observation) -> Option<String> {
    let Observation::Request { verb, target, detail: Some(Detail::SmbFile(file)), .. } = observation else {
        return None;
    };
    let path = target.as_untrusted().to_lowercase();
    let shows = match verb.as_untrusted() {
        "WRITE" if file.is_new && is_note(&path) => return Some("a note".to_owned()),
        "WRITE" => is_encrypted(file, &path),
        "RENAME" => is_marked(&path, &file.renamed_to.as_untrusted().to_lowercase()),
        _ => false,
    };
    shows.then(|| stem(&path).to_owned())
}

/// Whether what was written is a ciphertext where something else was, or beside something else.
fn is_encrypted(file: &SmbFile, path: &str) -> bool {
    let after = file.entropy_after.unwrap_or(0);
    let looks = file.bytes >= LEAST && after >= HIGH && file.kind_after == NO_KIND;
    // What had no kind and looked like nothing before (a compressed backup) shows nothing new.
    let differs = file.kind_before != NO_KIND || file.entropy_before.unwrap_or(0) + 20 < after;
    looks && if file.is_new { stem(path) != path } else { differs }
}

/// Whether a new name is the old one with an extension added.
fn is_marked(from: &str, to: &str) -> bool {
    let added = to.strip_prefix(from).and_then(|rest| rest.strip_prefix('.'));
    added.is_some_and(|added| !added.is_empty() && !added.contains('\\'))
}

fn is_note(path: &str) -> bool {
    let name = path.rsplit('\\').next().unwrap_or(path);
    NOTE_KINDS.iter().any(|kind| name.ends_with(kind)) && NOTES.iter().any(|word| name.contains(word))
}

/// A path without a second extension: `scan.pdf.locked` was `scan.pdf`.
fn stem(path: &str) -> &str {
    let name = path.rfind('\\').map_or(0, |at| at + 1);
    match path.rfind('.') {
        Some(last) if path.get(name..last).is_some_and(|before| before.contains('.')) => {
            path.get(..last).unwrap_or(path)
        }
        _ => path,
    }
}
