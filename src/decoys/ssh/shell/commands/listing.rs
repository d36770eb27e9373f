//! `ls`, `stat` and `file`.

use jiff::Timestamp;

use super::{Call, Options};
use crate::decoys::ssh::shell::node::{Form, Meta};
use crate::decoys::ssh::shell::text::{columns, human, unicode_width_of};

/// Deepest `ls -R`, and most entries it prints.
const MAX_RECURSION: usize = 2_000;

struct Style<'a> {
    options: Options<'a>,
    long: bool,
    one: bool,
    colour: bool,
    started: bool,
}

/// `ls`
pub(super) fn ls(call: &mut Call) -> i32 {
    let mut options = Options::new(call.rest(), "wIT");
    if let Some(bad) = options.unknown("laA1hRtrSdFinogsUcupmCxqQGLHkN") {
        return call.bad_option(&bad, 2);
    }
    let operands = std::mem::take(&mut options.operands);
    let colour = (options.long.contains(&"--color=auto") && call.terminal)
        || options.long.contains(&"--color=always")
        || options.long.contains(&"--color");
    let long = options.has('l') || options.has('n') || options.has('o') || options.has('g');
    let mut style = Style { long, one: options.has('1') || !call.terminal, colour, options, started: false };
    let dot = ".".to_owned();
    let names = if operands.is_empty() { vec![&dot] } else { operands };
    let (mut files, mut folders, mut status) = (Vec::new(), Vec::new(), 0);
    for name in names {
        let path = call.shell.path(name);
        let meta = if style.long && !name.ends_with('/') {
            call.shell.fs.lstat(&path)
        } else {
            call.shell.fs.stat(&path).or_else(|_| call.shell.fs.lstat(&path))
        };
        match meta {
            Ok(meta) if meta.is_directory() && !style.options.has('d') => folders.push(name.clone()),
            Ok(meta) => files.push((name.clone(), meta)),
            Err(errno) => status = call.fail(2, &format!("cannot access '{name}': {errno}")),
        }
    }
    let many = folders.len() + files.len() > 1
        || style.options.has('R')
        || status != 0 && !folders.is_empty() && folders.len() + files.len() > 1;
    if !files.is_empty() {
        order(&mut files, &style.options);
        show(call, "", &files, &mut style);
    }
    folders.sort();
    let mut shown = 0;
    while !folders.is_empty() && shown < MAX_RECURSION {
        let name = folders.remove(0);
        if many {
            let gap = if shown > 0 || !files.is_empty() { "\n" } else { "" };
            call.out(&format!("{gap}{name}:\n"));
        }
        shown += 1;
        match folder(call, &name, &mut style) {
            Ok(below) => {
                for inner in below.into_iter().rev() {
                    folders.insert(0, inner);
                }
            }
            Err(errno) => status = call.fail(2, &format!("cannot open directory '{name}': {errno}")),
        }
    }
    status
}

fn folder(
    call: &mut Call,
    name: &str,
    style: &mut Style,
) -> Result<Vec<String>, crate::decoys::ssh::shell::node::Errno> {
    let path = call.shell.path(name);
    let mut entries = call.shell.fs.list(&path)?;
    let all = style.options.has('a');
    if !all && !style.options.has('A') {
        entries.retain(|(n, _)| !n.starts_with('.'));
    }
    if all {
        for dots in ["..", "."] {
            if let Ok(meta) = call.shell.fs.stat(&format!("{path}/{dots}")) {
                entries.insert(0, (dots.to_owned(), meta));
            }
        }
    }
    order(&mut entries, &style.options);
    if style.long || style.options.has('s') {
        let blocks: u64 = entries.iter().map(|(_, m)| blocks(m)).sum();
        let total = if style.options.has('h') { human(blocks * 1024) } else { blocks.to_string() };
        call.out(&format!("total {total}\n"));
    }
    show(call, name, &entries, style);
    let below = if style.options.has('R') {
        entries
            .iter()
            .filter(|(n, m)| m.is_directory() && n != "." && n != "..")
            .map(|(n, _)| format!("{}/{n}", name.trim_end_matches('/')))
            .collect()
    } else {
        Vec::new()
    };
    Ok(below)
}

/// How GNU sorts names in C.UTF-8: by bytes.
fn order(entries: &mut [(String, Meta)], options: &Options) {
    if options.has('U') {
        return;
    }
    entries.sort_by(|(a, _), (b, _)| a.cmp(b));
    if options.has('t') {
        entries.sort_by_key(|(_, m)| std::cmp::Reverse(m.mtime));
    }
    if options.has('S') {
        entries.sort_by_key(|(_, m)| std::cmp::Reverse(m.size));
    }
    if options.has('r') {
        entries.reverse();
    }
}

/// Blocks of 1 KiB on ext4 with 4 KiB clusters.
fn blocks(meta: &Meta) -> u64 {
    match meta.form {
        Form::Directory => 4,
        Form::File => meta.size.div_ceil(4096) * 4,
        Form::Link | Form::Character | Form::Block => 0,
    }
}

fn show(call: &mut Call, folder: &str, entries: &[(String, Meta)], style: &mut Style) {
    if style.long {
        return long(call, folder, entries, style);
    }
    let names: Vec<(String, String)> = entries
        .iter()
        .map(|(name, meta)| {
            let inode = if style.options.has('i') { format!("{} ", inode(name)) } else { String::new() };
            let mark = classify(meta, &style.options);
            (format!("{inode}{name}{mark}"), format!("{inode}{}{mark}", paint(name, meta, style)))
        })
        .collect();
    if style.one && !style.options.has('C') {
        let lines: String = names.iter().map(|(_, shown)| format!("{shown}\n")).collect();
        print(call, &lines, style);
    } else {
        let width = call.shell.screen.as_ref().map_or(80, |s| usize::from(s.columns));
        let text = columns(&names, width);
        print(call, &text, style);
    }
}

/// Prints; the first colour of all is led in by a reset, as GNU does.
fn print(call: &mut Call, text: &str, style: &mut Style) {
    match text.find('\x1b').filter(|_| !style.started) {
        Some(at) => {
            style.started = true;
            let (before, after) = text.split_at(at);
            call.out(&format!("{before}\x1b[0m{after}"));
        }
        None => call.out(text),
    }
}

fn classify(meta: &Meta, options: &Options) -> &'static str {
    if !options.has('F') && (!options.has('p') || !meta.is_directory()) {
        return "";
    }
    match meta.form {
        Form::Directory => "/",
        Form::Link => "@",
        Form::File if meta.mode & 0o111 != 0 => "*",
        Form::File | Form::Character | Form::Block => "",
    }
}

/// Colours of dircolors' defaults.
fn paint(name: &str, meta: &Meta, style: &Style) -> String {
    if !style.colour {
        return name.to_owned();
    }
    let archive = [".tar", ".gz", ".tgz", ".zip", ".bz2", ".xz", ".deb", ".rpm", ".jar", ".war"]
        .iter()
        .any(|e| name.ends_with(e));
    let code = match meta.form {
        Form::Directory if meta.mode & 0o1002 == 0o1002 => "30;42",
        Form::Directory if meta.mode & 0o002 != 0 => "34;42",
        Form::Directory => "01;34",
        Form::Link => "01;36",
        Form::Character | Form::Block => "40;33;01",
        Form::File if meta.mode & 0o4000 != 0 => "37;41",
        Form::File if meta.mode & 0o2000 != 0 => "30;43",
        Form::File if meta.mode & 0o111 != 0 => "01;32",
        Form::File if archive => "01;31",
        Form::File => return name.to_owned(),
    };
    format!("\x1b[{code}m{name}\x1b[0m")
}

fn inode(name: &str) -> u64 {
    name.bytes().fold(131_073, |hash: u64, b| (hash * 31 + u64::from(b)) % 12_582_912)
}

fn long(call: &mut Call, folder: &str, entries: &[(String, Meta)], style: &mut Style) {
    let now = call.shell.session.now();
    let numeric = style.options.has('n');
    let owner = |m: &Meta| if numeric { m.uid.to_string() } else { call.shell.site.user_name(m.uid) };
    let group = |m: &Meta| if numeric { m.gid.to_string() } else { call.shell.site.group_name(m.gid) };
    let size = |m: &Meta| match m.form {
        Form::Character | Form::Block => format!("{}, {}", m.device.0, m.device.1),
        _ if style.options.has('h') => human(m.size),
        _ => m.size.to_string(),
    };
    let rows: Vec<[String; 6]> = entries
        .iter()
        .map(|(name, m)| {
            [
                m.mode_text(),
                links(call, folder, name, m).to_string(),
                owner(m),
                group(m),
                size(m),
                stamp(call, m.mtime, now),
            ]
        })
        .collect();
    let wide = |column: usize| {
        rows.iter().filter_map(|r| r.get(column)).map(|c| unicode_width_of(c)).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..6).map(wide).collect();
    let width = |n: usize| widths.get(n).copied().unwrap_or(0);
    let mut out = String::new();
    for ((name, meta), [mode, links, owner, group, size, time]) in entries.iter().zip(&rows) {
        if style.options.has('i') {
            out.push_str(&format!("{} ", inode(name)));
        }
        out.push_str(&format!("{mode} {links:>0$} ", width(1)));
        if !style.options.has('g') {
            out.push_str(&format!("{owner:<0$} ", width(2)));
        }
        if !style.options.has('o') {
            out.push_str(&format!("{group:<0$} ", width(3)));
        }
        out.push_str(&format!(
            "{size:>0$} {time} {name}{mark}",
            width(4),
            name = paint(name, meta, style),
            mark = classify(meta, &style.options).trim_end_matches('@')
        ));
        if let Some(target) = &meta.target {
            out.push_str(&format!(" -> {target}"));
        }
        out.push('\n');
    }
    print(call, &out, style);
}

fn links(call: &Call, folder: &str, name: &str, meta: &Meta) -> usize {
    let path = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
    call.shell.fs.links(&call.shell.path(&path), meta)
}

/// `Nov 22 21:54`, or with the year when older than six months or in the future.
fn stamp(call: &Call, time: i64, now: Timestamp) -> String {
    let Ok(at) = Timestamp::from_second(time) else { return "?".into() };
    let local = at.to_zoned(call.shell.site.zone());
    let age = now.as_second() - time;
    let recent = (0..15_778_476).contains(&age);
    local.strftime(if recent { "%b %e %H:%M" } else { "%b %e  %Y" }).to_string()
}

/// `stat`
pub(super) fn stat(call: &mut Call) -> i32 {
    let options = Options::new(call.rest(), "cf");
    if options.operands.is_empty() {
        return call.fail(1, "missing operand\nTry 'stat --help' for more information.");
    }
    let mut status = 0;
    for name in &options.operands {
        let path = call.shell.path(name);
        let meta = if options.has('L') { call.shell.fs.stat(&path) } else { call.shell.fs.lstat(&path) };
        match meta {
            Ok(meta) => {
                let text = match options.value('c') {
                    Some(format) => format!("{}\n", stat_format(call, name, &meta, format)),
                    None => stat_text(call, name, &meta),
                };
                call.out(&text);
            }
            Err(errno) => status = call.fail(1, &format!("cannot statx '{name}': {errno}")),
        }
    }
    status
}

fn kind(meta: &Meta) -> &'static str {
    match meta.form {
        Form::Directory => "directory",
        Form::File if meta.size == 0 => "regular empty file",
        Form::File => "regular file",
        Form::Link => "symbolic link",
        Form::Character => "character special file",
        Form::Block => "block special file",
    }
}

fn full_time(call: &Call, time: i64) -> String {
    let Ok(at) = Timestamp::from_second(time) else { return String::new() };
    let nanos = (time * 7_919).rem_euclid(1_000_000_000);
    at.to_zoned(call.shell.site.zone()).strftime(&format!("%Y-%m-%d %H:%M:%S.{nanos:09} %z")).to_string()
}

fn stat_format(call: &Call, name: &str, meta: &Meta, format: &str) -> String {
    let mut out = String::new();
    let mut rest = format.chars();
    while let Some(c) = rest.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        match rest.next() {
            Some('n') => out.push_str(name),
            Some('s') => out.push_str(&meta.size.to_string()),
            Some('a') => out.push_str(&format!("{:o}", meta.mode)),
            Some('A') => out.push_str(&meta.mode_text()),
            Some('U') => out.push_str(&call.shell.site.user_name(meta.uid)),
            Some('G') => out.push_str(&call.shell.site.group_name(meta.gid)),
            Some('u') => out.push_str(&meta.uid.to_string()),
            Some('g') => out.push_str(&meta.gid.to_string()),
            Some('Y' | 'X' | 'Z') => out.push_str(&meta.mtime.to_string()),
            Some('y' | 'x' | 'z') => out.push_str(&full_time(call, meta.mtime)),
            Some('F') => out.push_str(kind(meta)),
            Some('h') => out.push_str(&links(call, "", name, meta).to_string()),
            Some('i') => out.push_str(&inode(name).to_string()),
            Some('%') => out.push('%'),
            Some(other) => {
                out.push('%');
                out.push(other);
            }
            None => out.push('%'),
        }
    }
    out
}

fn stat_text(call: &Call, name: &str, meta: &Meta) -> String {
    let shown = match &meta.target {
        Some(target) => format!("{name} -> {target}"),
        None => name.to_owned(),
    };
    let time = full_time(call, meta.mtime);
    format!(
        "  File: {shown}\n  Size: {:<10}\tBlocks: {:<10} IO Block: 4096   {}\nDevice: 8,1\tInode: {:<11} Links: {}\nAccess: ({:04o}/{})  Uid: ({:>5}/{:>8})   Gid: ({:>5}/{:>8})\nAccess: {time}\nModify: {time}\nChange: {time}\n Birth: {time}\n",
        meta.size,
        blocks(meta) * 2,
        kind(meta),
        inode(name),
        links(call, "", name, meta),
        meta.mode,
        meta.mode_text(),
        meta.uid,
        call.shell.site.user_name(meta.uid),
        meta.gid,
        call.shell.site.group_name(meta.gid),
    )
}

/// `file`
pub(super) fn file(call: &mut Call) -> i32 {
    let options = Options::new(call.rest(), "mf");
    let brief = options.has('b');
    for name in options.operands {
        let path = call.shell.path(name);
        let text = match call.shell.fs.lstat(&path) {
            Err(errno) => format!("cannot open `{name}' ({errno})"),
            Ok(Meta { target: Some(target), .. }) => format!("symbolic link to {target}"),
            Ok(meta) if meta.form == Form::File => match call.shell.fs.read(&path) {
                Ok(bytes) => contents(&bytes).to_owned(),
                Err(_) => "regular file, no read permission".to_owned(),
            },
            Ok(meta) => kind(&meta).replace("special file", "special").to_owned(),
        };
        call.out(&if brief { format!("{text}\n") } else { format!("{name}: {text}\n") });
    }
    0
}

fn contents(bytes: &[u8]) -> &'static str {
    const MAGIC: [(&[u8], &str); 7] = [
        (
            b"\x7fELF\x02\x01\x01",
            "ELF 64-bit LSB pie executable, x86-64, version 1 (SYSV), dynamically linked, interpreter /lib64/ld-linux-x86-64.so.2, for GNU/Linux 3.2.0, stripped",
        ),
        (b"\x1f\x8b", "gzip compressed data, from Unix"),
        (b"PK\x03\x04", "Zip archive data, at least v2.0 to extract, compression method=deflate"),
        (b"%PDF-", "PDF document, version 1.4"),
        (b"\x89PNG", "PNG image data"),
        (b"#!/bin/bash", "Bourne-Again shell script, ASCII text executable"),
        (b"#!/bin/sh", "POSIX shell script, ASCII text executable"),
    ];
    if bytes.is_empty() {
        return "empty";
    }
    if let Some((_, text)) = MAGIC.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return text;
    }
    match std::str::from_utf8(bytes) {
        Ok(text) if text.chars().any(|c| c.is_control() && !c.is_whitespace()) => "data",
        Ok(text) if text.is_ascii() => "ASCII text",
        Ok(_) => "Unicode text, UTF-8 text",
        Err(_) => "data",
    }
}
