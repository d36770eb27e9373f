//! Options of programs that fetch, and files that they read and write.

use crate::decoys::ssh::shell::run::{Io, Run};

/// One option or operand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Word {
    /// By its long name, with its value where it takes one.
    Option(&'static str, String),
    /// No option.
    Operand(String),
    /// An option that the program does not know, as written.
    Unknown(String),
    /// An option without the value that it needs.
    Lacking(String),
}

/// An option: letter (a space for none), long name, whether it takes a value.
pub(super) type Known = (char, &'static str, bool);

/// Reads arguments by a table.
pub(super) fn words(arguments: &[String], table: &[Known]) -> Vec<Word> {
    let mut out = Vec::new();
    let mut rest = arguments.iter();
    while let Some(word) = rest.next() {
        if let Some(long) = word.strip_prefix("--").filter(|long| !long.is_empty()) {
            let (name, attached) = match long.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (long, None),
            };
            let Some((_, name, valued)) = table.iter().find(|(_, known, _)| *known == name) else {
                out.push(Word::Unknown(word.clone()));
                continue;
            };
            let value = if *valued { attached.or_else(|| rest.next().cloned()) } else { Some(String::new()) };
            out.push(value.map_or_else(|| Word::Lacking(word.clone()), |value| Word::Option(name, value)));
        } else if let Some(letters) = word.strip_prefix('-').filter(|letters| !letters.is_empty()) {
            short(letters, table, &mut rest, &mut out);
        } else {
            out.push(Word::Operand(word.clone()));
        }
    }
    out
}

fn short<'a>(
    letters: &str,
    table: &[Known],
    rest: &mut impl Iterator<Item = &'a String>,
    out: &mut Vec<Word>,
) {
    for (at, letter) in letters.char_indices() {
        let Some((_, name, valued)) = table.iter().find(|(known, ..)| *known == letter) else {
            out.push(Word::Unknown(format!("-{letter}")));
            return;
        };
        if !valued {
            out.push(Word::Option(name, String::new()));
            continue;
        }
        let attached = letters.get(at + letter.len_utf8()..).unwrap_or_default();
        let value = if attached.is_empty() { rest.next().cloned() } else { Some(attached.to_owned()) };
        let lacking = || Word::Lacking(format!("-{letter}"));
        out.push(value.map_or_else(lacking, |value| Word::Option(name, value)));
        return;
    }
}

impl Run<'_> {
    /// A file's bytes, or standard input's for `-`.
    pub(super) async fn file(&mut self, name: &str, io: &Io) -> Option<Vec<u8>> {
        if name == "-" {
            return Some(self.read_all(io).await);
        }
        let path = self.shell.path(name);
        self.shell.fs.read(&path).ok()
    }

    /// Keeps what was fetched in a file; `false` when it may not be written.
    pub(super) fn store(&mut self, name: &str, bytes: &[u8]) -> bool {
        let path = self.shell.path(name);
        self.shell.fs.write(&path, bytes, false).is_ok()
    }
}
