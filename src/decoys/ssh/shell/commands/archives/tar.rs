//! `tar`: what an intruder packs to take away, and unpacks to use.

use std::io::Read;

use tar::{Archive, Builder, EntryType, Header};

use super::gzip::{squeeze, unsqueeze};
use crate::decoys::ssh::shell::commands::{Call, processes};
use crate::decoys::ssh::shell::fs::MAX_FILE;
use crate::decoys::ssh::shell::node::{Errno, Form, Meta, Node};

/// Most entries packed or unpacked at once.
const MAX_ENTRIES: usize = 5_000;

/// Deepest folder packed.
const MAX_DEPTH: usize = 40;

/// Bytes that GNU tar writes at a time: archives are filled up to it.
const RECORD: usize = 10_240;

/// What one call of `tar` was told.
struct Plan {
    verb: char,
    gzip: bool,
    verbose: bool,
    to_output: bool,
    file: Option<String>,
    folder: Option<String>,
    names: Vec<String>,
    excluded: Vec<String>,
}

impl Plan {
    /// Reads the arguments, with or without a dash before the first bundle.
    fn read(arguments: &[String]) -> Option<Plan> {
        let mut plan = Plan {
            verb: ' ',
            gzip: false,
            verbose: false,
            to_output: false,
            file: None,
            folder: None,
            names: Vec::new(),
            excluded: Vec::new(),
        };
        let mut words = arguments.iter().enumerate();
        while let Some((at, word)) = words.next() {
            if let Some(long) = word.strip_prefix("--") {
                plan.long(long);
                continue;
            }
            let bundle = word.strip_prefix('-').or_else(|| (at == 0).then_some(word.as_str()));
            let Some(bundle) = bundle.filter(|b| !b.is_empty()) else {
                plan.names.push(word.clone());
                continue;
            };
            for (place, letter) in bundle.char_indices() {
                match letter {
                    'c' | 'x' | 't' | 'r' | 'u' => plan.verb = letter,
                    'z' => plan.gzip = true,
                    'v' => plan.verbose = true,
                    'O' => plan.to_output = true,
                    'f' | 'C' => {
                        let rest = bundle.get(place + 1..).unwrap_or_default();
                        let attached = word.starts_with('-') && !rest.is_empty();
                        let value = if attached {
                            Some(rest.to_owned())
                        } else {
                            words.next().map(|(_, w)| w.clone())
                        };
                        if letter == 'f' {
                            plan.file = value
                        } else {
                            plan.folder = value
                        }
                        if attached {
                            break;
                        }
                    }
                    _ => {}
                }
            }
        }
        (plan.verb != ' ').then_some(plan)
    }

    fn long(&mut self, option: &str) {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        match name {
            "create" => self.verb = 'c',
            "extract" | "get" => self.verb = 'x',
            "list" => self.verb = 't',
            "gzip" => self.gzip = true,
            "verbose" => self.verbose = true,
            "file" => self.file = Some(value.to_owned()),
            "directory" => self.folder = Some(value.to_owned()),
            "exclude" => self.excluded.push(value.to_owned()),
            _ => {}
        }
    }

    fn leaves_out(&self, path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path);
        self.excluded
            .iter()
            .any(|p| crate::decoys::ssh::shell::text::matches_plain(p, path) || p == name || p == path)
    }
}

/// Whether `tar` reads standard input with these arguments.
pub(crate) fn tar_reads(arguments: &[String]) -> bool {
    Plan::read(arguments.get(1..).unwrap_or_default())
        .is_some_and(|plan| plan.verb != 'c' && plan.file.as_deref().is_none_or(|f| f == "-"))
}

/// `tar`
pub(crate) fn tar(call: &mut Call) -> i32 {
    if call.rest().iter().any(|a| a == "--version") {
        call.out("tar (GNU tar) 1.34\nCopyright (C) 2021 Free Software Foundation, Inc.\nLicense GPLv3+: GNU GPL version 3 or later <https://gnu.org/licenses/gpl.html>.\nThis is free software: you are free to change and redistribute it.\nThere is NO WARRANTY, to the extent permitted by law.\n\nWritten by John Gilmore and Jay Fenlason.\n");
        return 0;
    }
    let Some(plan) = Plan::read(call.rest()) else {
        return call.fail(
            2,
            "You must specify one of the '-Acdtrux', '--delete' or '--test-label' options\nTry 'tar --help' or 'tar --usage' for more information.",
        );
    };
    if let Some(folder) = &plan.folder
        && let Err(errno) = enter(call, folder)
    {
        return call
            .fail(2, &format!("{folder}: Cannot open: {errno}\ntar: Error is not recoverable: exiting now"));
    }
    if plan.verb == 'c' { create(call, &plan) } else { open(call, &plan) }
}

/// Whether a folder can be entered.
fn enter(call: &Call, folder: &str) -> Result<(), Errno> {
    match call.shell.fs.stat(&call.shell.path(folder)) {
        Ok(meta) if meta.is_directory() => Ok(()),
        Ok(_) => Err(Errno::NotDirectory),
        Err(errno) => Err(errno),
    }
}

fn at(call: &Call, plan: &Plan, name: &str) -> String {
    match &plan.folder {
        Some(folder) if !name.starts_with('/') => {
            format!("{}/{name}", call.shell.path(folder).trim_end_matches('/'))
        }
        _ => call.shell.path(name),
    }
}

struct Packing {
    builder: Builder<Vec<u8>>,
    entries: usize,
    bytes: usize,
    failed: bool,
}

fn create(call: &mut Call, plan: &Plan) -> i32 {
    if plan.names.is_empty() {
        return call.fail(
            2,
            "Cowardly refusing to create an empty archive\nTry 'tar --help' or 'tar --usage' for more information.",
        );
    }
    let mut packing = Packing { builder: Builder::new(Vec::new()), entries: 0, bytes: 0, failed: false };
    if plan.names.iter().any(|n| n.starts_with('/')) {
        call.fail(0, "Removing leading `/' from member names");
    }
    for name in &plan.names {
        pack(call, plan, name.trim_end_matches('/'), 0, &mut packing);
    }
    let Ok(mut bytes) = packing.builder.into_inner() else { return 2 };
    bytes.resize(bytes.len().next_multiple_of(RECORD), 0);
    if plan.gzip {
        bytes = squeeze(&bytes, "");
    }
    let mut status = if packing.failed { 2 } else { 0 };
    match plan.file.as_deref() {
        None | Some("-") => call.bytes(&bytes),
        Some(file) => {
            if let Err(errno) = call.shell.fs.write(&call.shell.path(file), &bytes, false) {
                return call.fail(
                    2,
                    &format!("{file}: Cannot open: {errno}\ntar: Error is not recoverable: exiting now"),
                );
            }
        }
    }
    if status != 0 {
        status = call.fail(2, "Exiting with failure status due to previous errors");
    }
    status
}

fn pack(call: &mut Call, plan: &Plan, name: &str, depth: usize, packing: &mut Packing) {
    if packing.entries >= MAX_ENTRIES || depth > MAX_DEPTH || plan.leaves_out(name) {
        return;
    }
    let path = at(call, plan, if name.is_empty() { "/" } else { name });
    let meta = match call.shell.fs.lstat(&path) {
        Ok(meta) => meta,
        Err(errno) => {
            packing.failed = true;
            call.fail(2, &format!("{name}: Cannot stat: {errno}"));
            return;
        }
    };
    let content = match meta.form {
        Form::File => match call.shell.fs.read(&path) {
            Ok(bytes) => bytes,
            Err(errno) => {
                packing.failed = true;
                call.fail(2, &format!("{name}: Cannot open: {errno}"));
                return;
            }
        },
        Form::Directory | Form::Link | Form::Character | Form::Block => Vec::new(),
    };
    packing.entries += 1;
    packing.bytes += content.len();
    if packing.bytes > MAX_FILE {
        packing.failed = true;
        return;
    }
    add(call, packing, name, &meta, &content);
    if plan.verbose {
        let slash = if meta.is_directory() { "/" } else { "" };
        let line = format!("{name}{slash}\n");
        if plan.file.as_deref().is_none_or(|f| f == "-") { call.error(&line) } else { call.out(&line) }
    }
    if !meta.is_directory() {
        return;
    }
    match call.shell.fs.list(&path) {
        Ok(below) => {
            for (inner, _) in below {
                pack(call, plan, &format!("{name}/{inner}"), depth + 1, packing);
            }
        }
        Err(errno) => {
            packing.failed = true;
            call.fail(2, &format!("{name}: Cannot open: {errno}"));
        }
    }
}

fn add(call: &Call, packing: &mut Packing, name: &str, meta: &Meta, content: &[u8]) {
    let mut header = Header::new_gnu();
    header.set_mode(meta.mode);
    header.set_uid(u64::from(meta.uid));
    header.set_gid(u64::from(meta.gid));
    header.set_mtime(u64::try_from(meta.mtime).unwrap_or(0));
    header.set_size(u64::try_from(content.len()).unwrap_or(0));
    let _ = header.set_username(&call.shell.site.user_name(meta.uid));
    let _ = header.set_groupname(&call.shell.site.group_name(meta.gid));
    let stored = name.trim_start_matches('/');
    let stored = if stored.is_empty() { "." } else { stored };
    let done = match meta.form {
        Form::Directory => {
            header.set_entry_type(EntryType::Directory);
            packing.builder.append_data(&mut header, format!("{stored}/"), std::io::empty())
        }
        Form::Link => {
            header.set_entry_type(EntryType::Symlink);
            packing.builder.append_link(&mut header, stored, meta.target.as_deref().unwrap_or_default())
        }
        Form::File => packing.builder.append_data(&mut header, stored, content),
        Form::Character | Form::Block => {
            header.set_entry_type(if meta.form == Form::Block { EntryType::Block } else { EntryType::Char });
            let _ = header.set_device_major(meta.device.0);
            let _ = header.set_device_minor(meta.device.1);
            packing.builder.append_data(&mut header, stored, std::io::empty())
        }
    };
    packing.failed |= done.is_err();
}

/// Lists or unpacks.
fn open(call: &mut Call, plan: &Plan) -> i32 {
    let raw = match plan.file.as_deref() {
        None | Some("-") => std::mem::take(&mut call.input),
        Some(file) => match call.shell.fs.read(&call.shell.path(file)) {
            Ok(bytes) => bytes,
            Err(errno) => {
                return call.fail(
                    2,
                    &format!("{file}: Cannot open: {errno}\ntar: Error is not recoverable: exiting now"),
                );
            }
        },
    };
    let packed = raw.starts_with(&[0x1f, 0x8b]);
    if plan.gzip && !packed {
        call.error("\ngzip: stdin: not in gzip format\n");
        return call.fail(2, "Child returned status 1\ntar: Error is not recoverable: exiting now");
    }
    let Some(bytes) = (if packed { unsqueeze(&raw) } else { Some(raw) }) else {
        call.error("\ngzip: stdin: unexpected end of file\n");
        return call.fail(2, "Child returned status 1\ntar: Error is not recoverable: exiting now");
    };
    let mut archive = Archive::new(bytes.as_slice());
    let Ok(entries) = archive.entries() else { return 2 };
    let (mut status, mut seen) = (0, 0);
    for entry in entries.take(MAX_ENTRIES) {
        let Ok(mut entry) = entry else {
            let text =
                if seen == 0 { "This does not look like a tar archive" } else { "Unexpected EOF in archive" };
            return call.fail(2, &format!("{text}\ntar: Exiting with failure status due to previous errors"));
        };
        seen += 1;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        if !plan.names.is_empty()
            && !plan
                .names
                .iter()
                .any(|n| *n == name || name.starts_with(&format!("{}/", n.trim_end_matches('/'))))
        {
            continue;
        }
        let mut content = Vec::new();
        if entry.by_ref().take(u64::try_from(MAX_FILE).unwrap_or(0)).read_to_end(&mut content).is_err() {
            return call.fail(2, "Unexpected EOF in archive\ntar: Error is not recoverable: exiting now");
        }
        let header = entry.header().clone();
        let target = entry.link_name_bytes().map(|b| String::from_utf8_lossy(&b).into_owned());
        if plan.verb == 't' {
            let line = if plan.verbose {
                long_line(call, &header, &name, target.as_deref())
            } else {
                format!("{name}\n")
            };
            call.out(&line);
            continue;
        }
        if plan.verbose {
            call.out(&format!("{name}\n"));
        }
        if plan.to_output {
            call.bytes(&content);
            continue;
        }
        if let Err(errno) = unpack(call, plan, &name, &header, target.as_deref(), &content) {
            status = call.fail(2, &format!("{name}: Cannot open: {errno}"));
        }
    }
    if status != 0 {
        status = call.fail(2, "Exiting with failure status due to previous errors");
    }
    status
}

fn long_line(call: &Call, header: &Header, name: &str, target: Option<&str>) -> String {
    let form = match header.entry_type() {
        EntryType::Directory => Form::Directory,
        EntryType::Symlink => Form::Link,
        EntryType::Char => Form::Character,
        EntryType::Block => Form::Block,
        _ => Form::File,
    };
    let meta = Meta {
        form,
        mode: header.mode().unwrap_or(0) & 0o7777,
        uid: 0,
        gid: 0,
        size: 0,
        mtime: 0,
        target: None,
        device: (0, 0),
    };
    let owner = |name: Result<Option<&str>, std::str::Utf8Error>, id: Option<u64>| {
        name.ok()
            .flatten()
            .filter(|n| !n.is_empty())
            .map_or_else(|| id.unwrap_or(0).to_string(), str::to_owned)
    };
    let who = format!(
        "{}/{}",
        owner(header.username(), header.uid().ok()),
        owner(header.groupname(), header.gid().ok())
    );
    let size = header.size().unwrap_or(0).to_string();
    // GNU tar keeps 19 columns for owner and size, and grows with what is longer.
    let gap = 19_usize.saturating_sub(who.len() + 1).max(size.len());
    let second = i64::try_from(header.mtime().unwrap_or(0)).unwrap_or(0);
    let when = processes::local(call, second, "%Y-%m-%d %H:%M");
    let arrow =
        if form == Form::Link { format!(" -> {}", target.unwrap_or_default()) } else { String::new() };
    format!("{} {who} {size:>gap$} {when} {name}{arrow}\n", meta.mode_text())
}

fn unpack(
    call: &mut Call,
    plan: &Plan,
    name: &str,
    header: &Header,
    target: Option<&str>,
    content: &[u8],
) -> Result<(), Errno> {
    let inside = name.trim_start_matches('/');
    let path = at(call, plan, inside.trim_end_matches('/'));
    make_parents(call, &path)?;
    let mode = header.mode().unwrap_or(0o644) & 0o7777;
    let mtime = i64::try_from(header.mtime().unwrap_or(0)).unwrap_or(0);
    match header.entry_type() {
        EntryType::Directory => match call.shell.fs.make_directory(&path) {
            Ok(()) | Err(Errno::Exists) => {}
            Err(errno) => return Err(errno),
        },
        EntryType::Symlink => return call.shell.fs.link(target.unwrap_or_default(), &path),
        _ => {
            call.shell.fs.write(&path, content, false)?;
        }
    }
    call.shell.fs.change(&path, |node: &mut Node| {
        node.mode = mode & !0o022;
        node.mtime = mtime;
    })
}

fn make_parents(call: &Call, path: &str) -> Result<(), Errno> {
    let Some((above, _)) = path.rsplit_once('/').filter(|(a, _)| !a.is_empty()) else { return Ok(()) };
    let mut so_far = String::new();
    for part in above.split('/').filter(|p| !p.is_empty()) {
        so_far = format!("{so_far}/{part}");
        if call.shell.fs.lstat(&so_far).is_err() {
            call.shell.fs.make_directory(&so_far)?;
        }
    }
    Ok(())
}
