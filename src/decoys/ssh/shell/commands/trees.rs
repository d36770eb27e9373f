//! Programs that walk directories.

use super::{Call, Options};
use crate::decoys::ssh::shell::node::{Errno, Meta};
use crate::decoys::ssh::shell::text::human;

/// Most entries one walk visits.
const MAX_ENTRIES: usize = 20_000;

/// Deepest walk.
const MAX_DEPTH: usize = 64;

/// Everything below a path, parents first: (path, depth, what it is).
fn walk(call: &Call, path: &str, depth: usize, out: &mut Vec<(String, usize, Meta, Option<Errno>)>) {
    if out.len() >= MAX_ENTRIES || depth > MAX_DEPTH {
        return;
    }
    let Ok(meta) = call.shell.fs.lstat(&call.shell.path(path)) else { return };
    let below = if meta.is_directory() { Some(call.shell.fs.list(&call.shell.path(path))) } else { None };
    let fault = below.as_ref().and_then(|r| r.as_ref().err().copied());
    out.push((path.to_owned(), depth, meta, fault));
    for (name, _) in below.and_then(Result::ok).unwrap_or_default() {
        let inner = if path.ends_with('/') { format!("{path}{name}") } else { format!("{path}/{name}") };
        walk(call, &inner, depth + 1, out);
    }
}

pub(super) fn permission(value: &str, mode: u32) -> bool {
    let (any, text) = match (value.strip_prefix('-'), value.strip_prefix('/')) {
        (Some(text), _) => (Some(false), text),
        (_, Some(text)) => (Some(true), text),
        _ => (None, value),
    };
    let bits = match text {
        "u=s" | "u+s" => 0o4000,
        "g=s" | "g+s" => 0o2000,
        _ => u32::from_str_radix(text, 8).unwrap_or(0),
    };
    match any {
        None => mode == bits,
        Some(false) => mode & bits == bits,
        Some(true) => bits == 0 || mode & bits != 0,
    }
}

pub(super) fn compare(value: &str, actual: i64) -> bool {
    match (value.strip_prefix('+'), value.strip_prefix('-')) {
        (Some(n), _) => n.parse().is_ok_and(|n: i64| actual > n),
        (_, Some(n)) => n.parse().is_ok_and(|n: i64| actual < n),
        _ => value.parse().is_ok_and(|n: i64| actual == n),
    }
}

/// `du`
pub(super) fn du(call: &mut Call) -> i32 {
    let options = Options::new(call.rest(), "d");
    let deepest = if options.has('s') {
        0
    } else {
        options
            .value('d')
            .and_then(|d| d.parse().ok())
            .or_else(|| options.long.iter().find_map(|l| l.strip_prefix("--max-depth=")?.parse().ok()))
            .unwrap_or(usize::MAX)
    };
    let dot = ".".to_owned();
    let places = if options.operands.is_empty() { vec![&dot] } else { options.operands.clone() };
    let mut status = 0;
    let mut grand = 0;
    let size = |kb: u64| {
        if options.has('h') {
            human(kb * 1024)
        } else if options.has('b') {
            (kb * 1024).to_string()
        } else {
            kb.to_string()
        }
    };
    for place in places {
        if let Err(errno) = call.shell.fs.lstat(&call.shell.path(place)) {
            status = call.fail(1, &format!("cannot access '{place}': {errno}"));
            continue;
        }
        let mut found = Vec::new();
        walk(call, place, 0, &mut found);
        let mut lines = Vec::new();
        for (n, (path, depth, meta, fault)) in found.iter().enumerate() {
            if let Some(errno) = fault {
                status = call.fail(1, &format!("cannot read directory '{path}': {errno}"));
            }
            if *depth > deepest || !(meta.is_directory() || options.has('a') || *depth == 0) {
                continue;
            }
            let below = found.iter().skip(n + 1).take_while(|(_, d, _, _)| d > depth);
            let total: u64 = below
                .chain(found.get(n))
                .map(|(_, _, m, _)| if m.is_directory() { 4 } else { m.size.div_ceil(4096) * 4 })
                .sum();
            lines.push((*depth, format!("{}\t{path}\n", size(total))));
            if *depth == 0 {
                grand += total;
            }
        }
        lines.reverse();
        let text: String = lines.into_iter().map(|(_, l)| l).collect();
        call.out(&text);
    }
    if options.has('c') {
        call.out(&format!("{}\ttotal\n", size(grand)));
    }
    status
}

/// `rm`
pub(super) fn rm(call: &mut Call) -> i32 {
    let options = Options::new(call.rest(), "");
    let (recursive, force) = (
        options.has('r') || options.has('R') || options.long.contains(&"--recursive"),
        options.has('f') || options.long.contains(&"--force"),
    );
    if options.operands.is_empty() {
        return if force {
            0
        } else {
            call.fail(1, "missing operand\nTry 'rm --help' for more information.")
        };
    }
    let mut status = 0;
    for name in options.operands {
        if call.shell.path(name).trim_end_matches('/').is_empty()
            && recursive
            && !options.long.contains(&"--no-preserve-root")
        {
            status = call.fail(1, "it is dangerous to operate recursively on '/'\nrm: use --no-preserve-root to override this failsafe");
            continue;
        }
        match call.shell.fs.lstat(&call.shell.path(name)) {
            Err(Errno::NoEntry) if force => {}
            Err(errno) => status = call.fail(1, &format!("cannot remove '{name}': {errno}")),
            Ok(meta) if meta.is_directory() && !recursive => {
                status = call.fail(1, &format!("cannot remove '{name}': Is a directory"))
            }
            Ok(_) => status |= remove(call, name),
        }
    }
    status
}

fn remove(call: &mut Call, name: &str) -> i32 {
    let mut found = Vec::new();
    walk(call, name, 0, &mut found);
    let mut status = 0;
    for (path, _, meta, fault) in found.into_iter().rev() {
        let gone = match fault {
            Some(errno) => Err(errno),
            None => call.shell.fs.remove(&call.shell.path(&path), meta.is_directory()),
        };
        if let Err(errno) = gone {
            if errno == Errno::NotEmpty && status != 0 {
                continue;
            }
            status = call.fail(1, &format!("cannot remove '{path}': {errno}"));
        }
    }
    status
}

/// Where a copy or move of `source` to `target` lands.
fn landing(call: &Call, source: &str, target: &str) -> String {
    let path = call.shell.path(target);
    if call.shell.fs.stat(&path).is_ok_and(|m| m.is_directory()) {
        let name = source.trim_end_matches('/').rsplit('/').next().unwrap_or(source);
        return format!("{}/{name}", path.trim_end_matches('/'));
    }
    path
}

/// `cp`
pub(super) fn cp(call: &mut Call) -> i32 {
    let options = Options::new(call.rest(), "t");
    let recursive = options.has('r') || options.has('R') || options.has('a');
    let Some((target, sources)) = options.operands.split_last() else {
        return call.fail(1, "missing file operand\nTry 'cp --help' for more information.");
    };
    if sources.is_empty() {
        return call.fail(
            1,
            &format!(
                "missing destination file operand after '{target}'\nTry 'cp --help' for more information."
            ),
        );
    }
    let mut status = 0;
    for source in sources {
        let mut found = Vec::new();
        match call.shell.fs.stat(&call.shell.path(source)) {
            Err(errno) => {
                status = call.fail(1, &format!("cannot stat '{source}': {errno}"));
                continue;
            }
            Ok(meta) if meta.is_directory() && !recursive => {
                status = call.fail(1, &format!("-r not specified; omitting directory '{source}'"));
                continue;
            }
            Ok(_) => walk(call, source, 0, &mut found),
        }
        let base = landing(call, source, target);
        for (path, _, meta, _) in found {
            let to = format!("{base}{}", path.strip_prefix(source.as_str()).unwrap_or_default());
            let from = call.shell.path(&path);
            let done = if meta.is_directory() {
                call.shell
                    .fs
                    .make_directory(&to)
                    .or_else(|e| if e == Errno::Exists { Ok(()) } else { Err(e) })
            } else {
                call.shell
                    .fs
                    .read(&from)
                    .map_err(|e| (e, true))
                    .and_then(|b| call.shell.fs.write(&to, &b, false).map(|_| ()).map_err(|e| (e, false)))
                    .map_err(|(errno, reading)| {
                        let text = if reading {
                            format!("cannot open '{path}' for reading: {errno}")
                        } else {
                            format!("cannot create regular file '{target}': {errno}")
                        };
                        status = call.fail(1, &text);
                        Errno::Invalid
                    })
            };
            match done {
                Ok(()) => {
                    let mode = meta.mode;
                    let _ = call.shell.fs.change(&to, |n| n.mode = mode & 0o777);
                }
                Err(Errno::Invalid) => {}
                Err(errno) => status = call.fail(1, &format!("cannot create directory '{to}': {errno}")),
            }
        }
    }
    status
}

/// `mv`
pub(super) fn mv(call: &mut Call) -> i32 {
    let options = Options::new(call.rest(), "t");
    let Some((target, sources)) = options.operands.split_last() else {
        return call.fail(1, "missing file operand\nTry 'mv --help' for more information.");
    };
    if sources.is_empty() {
        return call.fail(
            1,
            &format!(
                "missing destination file operand after '{target}'\nTry 'mv --help' for more information."
            ),
        );
    }
    let mut status = 0;
    for source in sources {
        let from = call.shell.path(source);
        if let Err(errno) = call.shell.fs.lstat(&from) {
            status = call.fail(1, &format!("cannot stat '{source}': {errno}"));
            continue;
        }
        let to = landing(call, source, target);
        if let Err(errno) = call.shell.fs.rename(&from, &to) {
            status = call.fail(1, &format!("cannot move '{source}' to '{target}': {errno}"));
        }
    }
    status
}
