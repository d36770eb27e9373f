//! What `find` sees of a tree: entries, what holds of them, how they are printed.

use jiff::Timestamp;

use super::trees::{compare, permission};
use crate::decoys::ssh::shell::node::{Errno, Form, Meta};
use crate::decoys::ssh::shell::regex::Regex;
use crate::decoys::ssh::shell::state::Shell;
use crate::decoys::ssh::shell::text::{matches_plain, unescape};

/// Most entries one walk visits.
const MAX_ENTRIES: usize = 20_000;

/// Deepest walk.
const MAX_DEPTH: usize = 64;

/// One entry of a walk.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its path, as it was come to.
    pub path: String,
    /// How far below the start.
    pub depth: usize,
    /// What it is.
    pub meta: Meta,
    /// Why its folder could not be read.
    pub fault: Option<Errno>,
}

/// Everything below a path, parents first.
pub fn entries(shell: &Shell, path: &str, deepest: usize) -> Vec<Entry> {
    let mut out = Vec::new();
    walk(shell, path, 0, deepest.min(MAX_DEPTH), &mut out);
    out
}

fn walk(shell: &Shell, path: &str, depth: usize, deepest: usize, out: &mut Vec<Entry>) {
    if out.len() >= MAX_ENTRIES {
        return;
    }
    let Ok(meta) = shell.fs.lstat(&shell.path(path)) else { return };
    let enters = meta.is_directory() && depth < deepest;
    let below = if enters { Some(shell.fs.list(&shell.path(path))) } else { None };
    let fault = below.as_ref().and_then(|r| r.as_ref().err().copied());
    out.push(Entry { path: path.to_owned(), depth, meta, fault });
    for (name, _) in below.and_then(Result::ok).unwrap_or_default() {
        let inner = if path.ends_with('/') { format!("{path}{name}") } else { format!("{path}/{name}") };
        walk(shell, &inner, depth + 1, deepest, out);
    }
}

fn letter(form: Form) -> char {
    match form {
        Form::Directory => 'd',
        Form::File => 'f',
        Form::Link => 'l',
        Form::Character => 'c',
        Form::Block => 'b',
    }
}

/// Whether a test holds.
pub fn holds(shell: &Shell, test: &str, value: &str, entry: &Entry) -> bool {
    let (path, meta) = (entry.path.as_str(), &entry.meta);
    let name = path.rsplit('/').next().filter(|n| !n.is_empty()).unwrap_or(path);
    let full = shell.path(path);
    let age = shell.session.now().as_second() - meta.mtime;
    let newer = |path: &str| shell.fs.stat(&shell.path(path)).is_ok_and(|m| meta.mtime > m.mtime);
    match test {
        "-name" => matches_plain(value, name),
        "-iname" => matches_plain(&value.to_lowercase(), &name.to_lowercase()),
        "-path" | "-wholename" => matches_plain(value, path),
        "-ipath" => matches_plain(&value.to_lowercase(), &path.to_lowercase()),
        "-regex" | "-iregex" => {
            Regex::new(&format!("^{value}$"), false, test == "-iregex").is_ok_and(|r| r.is_match(path))
        }
        "-lname" => meta.target.as_ref().is_some_and(|t| matches_plain(value, t)),
        "-type" => value.contains(letter(meta.form)),
        "-size" => size(value, meta.size),
        "-mtime" | "-ctime" | "-atime" => compare(value, age / 86_400),
        "-mmin" | "-cmin" | "-amin" => compare(value, age / 60),
        "-user" => shell.site.user_name(meta.uid) == value || meta.uid.to_string() == value,
        "-group" => shell.site.group_name(meta.gid) == value || meta.gid.to_string() == value,
        "-uid" => compare(value, i64::from(meta.uid)),
        "-gid" => compare(value, i64::from(meta.gid)),
        "-links" => compare(value, if meta.is_directory() { 2 } else { 1 }),
        "-perm" => permission(value, meta.mode),
        "-newer" => newer(value),
        "-newermt" => value.parse::<Timestamp>().is_ok_and(|t| meta.mtime > t.as_second()),
        "-writable" => shell.fs.may(&full, 'w'),
        "-readable" => shell.fs.may(&full, 'r'),
        "-executable" => shell.fs.may(&full, 'x'),
        "-empty" if meta.is_directory() => shell.fs.list(&full).is_ok_and(|l| l.is_empty()),
        "-empty" => meta.size == 0,
        "-true" => true,
        "-fstype" => value == "ext4",
        _ => false,
    }
}

fn size(value: &str, size: u64) -> bool {
    let unit = match value.chars().last() {
        Some('c') => 1,
        Some('w') => 2,
        Some('k') => 1024,
        Some('M') => 1 << 20,
        Some('G') => 1 << 30,
        _ => 512,
    };
    let number = value.trim_end_matches(|c: char| c.is_alphabetic());
    compare(number, i64::try_from(size.div_ceil(unit)).unwrap_or(0))
}

fn local(shell: &Shell, second: i64, format: &str) -> String {
    let at = Timestamp::from_second(second).unwrap_or_default();
    at.to_zoned(shell.site.zone()).strftime(format).to_string()
}

/// `-ls`
pub fn listed(shell: &Shell, entry: &Entry) -> String {
    let meta = &entry.meta;
    let recent = (0..15_778_476).contains(&(shell.session.now().as_second() - meta.mtime));
    let time = local(shell, meta.mtime, if recent { "%b %e %H:%M" } else { "%b %e  %Y" });
    let link = meta.target.as_ref().map(|t| format!(" -> {t}")).unwrap_or_default();
    format!(
        "{:>9} {:>6} {} {:>3} {:<8} {:<8} {:>8} {time} {}{link}\n",
        inode(shell, &entry.path),
        meta.size.div_ceil(4096) * 4,
        meta.mode_text(),
        shell.fs.links(&shell.path(&entry.path), meta),
        shell.site.user_name(meta.uid),
        shell.site.group_name(meta.gid),
        meta.size,
        entry.path
    )
}

fn inode(shell: &Shell, path: &str) -> u64 {
    131_072 + shell.site.trait_number(&format!("inode/{}", shell.path(path)), 3_000_000)
}

/// `-printf`
pub fn formatted(shell: &Shell, format: &str, entry: &Entry) -> String {
    let (format, _) = unescape(format, false);
    let format = String::from_utf8_lossy(&format).into_owned();
    let meta = &entry.meta;
    let (folder, name) = entry.path.rsplit_once('/').unwrap_or((".", &entry.path));
    let mut out = String::new();
    let mut rest = format.chars().peekable();
    while let Some(c) = rest.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut wide = String::new();
        while let Some(d) = rest.next_if(|c| c.is_ascii_digit() || "-.".contains(*c)) {
            wide.push(d);
        }
        let text = match rest.next() {
            Some('p') => entry.path.clone(),
            Some('f') => name.to_owned(),
            Some('h') => folder.to_owned(),
            Some('P') => entry.path.split_once('/').map(|(_, p)| p.to_owned()).unwrap_or_default(),
            Some('s') => meta.size.to_string(),
            Some('k') => (meta.size.div_ceil(4096) * 4).to_string(),
            Some('b') => (meta.size.div_ceil(4096) * 8).to_string(),
            Some('m') => format!("{:o}", meta.mode),
            Some('M') => meta.mode_text(),
            Some('u') => shell.site.user_name(meta.uid),
            Some('g') => shell.site.group_name(meta.gid),
            Some('U') => meta.uid.to_string(),
            Some('G') => meta.gid.to_string(),
            Some('d') => entry.depth.to_string(),
            Some('y') => letter(meta.form).to_string(),
            Some('l') => meta.target.clone().unwrap_or_default(),
            Some('i') => inode(shell, &entry.path).to_string(),
            Some('n') => shell.fs.links(&shell.path(&entry.path), meta).to_string(),
            Some('t' | 'c' | 'a') => local(shell, meta.mtime, "%a %b %e %H:%M:%S.0000000000 %Y"),
            Some('T' | 'C' | 'A') => match rest.next() {
                Some('@') => format!("{}.0000000000", meta.mtime),
                Some('+') => local(shell, meta.mtime, "%Y-%m-%d+%H:%M:%S.0000000000"),
                Some('T') => local(shell, meta.mtime, "%H:%M:%S.0000000000"),
                Some(letter) if "aAbBcdDHIjkmMpSUwxyY".contains(letter) => {
                    local(shell, meta.mtime, &format!("%{letter}"))
                }
                Some('F') => local(shell, meta.mtime, "%Y-%m-%d"),
                _ => String::new(),
            },
            Some('%') => "%".to_owned(),
            Some(other) => format!("%{other}"),
            None => "%".to_owned(),
        };
        match wide.trim_start_matches('-').parse::<usize>() {
            Ok(n) if wide.starts_with('-') => out.push_str(&format!("{text:<n$}")),
            Ok(n) => out.push_str(&format!("{text:>n$}")),
            Err(_) => out.push_str(&text),
        }
    }
    out
}
