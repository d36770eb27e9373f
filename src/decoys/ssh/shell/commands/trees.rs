//! Programs that walk directories.

use super::{Call, Options};
use crate::decoys::ssh::shell::node::{Errno, Form, Meta};
use crate::decoys::ssh::shell::text::{human, matches_plain};

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

struct Search<'a> {
    tests: Vec<(&'a str, &'a str, bool)>,
    deepest: usize,
    shallowest: usize,
    delete: bool,
    list: bool,
    zero: bool,
}

/// `find`
pub(super) fn find(call: &mut Call) -> i32 {
    let rest = call.rest();
    let split = rest.iter().position(|a| a.starts_with('-') || a == "!" || a == "(").unwrap_or(rest.len());
    let (places, tests) = rest.split_at(split);
    let mut search = Search {
        tests: Vec::new(),
        deepest: usize::MAX,
        shallowest: 0,
        delete: false,
        list: false,
        zero: false,
    };
    if let Err(text) = conditions(tests, &mut search) {
        return call.fail(1, &text);
    }
    let here = [".".to_owned()];
    let places = if places.is_empty() { &here[..] } else { places };
    let mut status = 0;
    for place in places {
        if let Err(errno) = call.shell.fs.lstat(&call.shell.path(place)) {
            status = call.fail(1, &format!("‘{place}’: {errno}"));
            continue;
        }
        let mut found = Vec::new();
        walk(call, place, 0, &mut found);
        for (path, depth, meta, fault) in found {
            if depth >= search.shallowest && depth <= search.deepest && holds(call, &search, &path, &meta) {
                if search.delete {
                    let _ = call.shell.fs.remove(&call.shell.path(&path), meta.is_directory());
                } else if search.list {
                    let owner = call.shell.site.user_name(meta.uid);
                    call.out(&format!(
                        "{:>9} {:>6} {} {:>3} {owner:<8} {owner:<8} {:>8} {path}\n",
                        131_072 + depth,
                        meta.size.div_ceil(1024),
                        meta.mode_text(),
                        1,
                        meta.size
                    ));
                } else {
                    call.out(&format!("{path}{}", if search.zero { '\0' } else { '\n' }));
                }
            }
            if let Some(errno) = fault.filter(|_| depth < search.deepest) {
                status = call.fail(1, &format!("‘{path}’: {errno}"));
            }
        }
    }
    status
}

fn conditions<'a>(tests: &'a [String], search: &mut Search<'a>) -> Result<(), String> {
    let mut words = tests.iter().map(String::as_str);
    let mut negated = false;
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or_else(|| format!("missing argument to `{word}'"));
        match word {
            "!" | "-not" => {
                negated = true;
                continue;
            }
            "-name" | "-iname" | "-path" | "-type" | "-size" | "-mtime" | "-mmin" | "-user" | "-perm"
            | "-newer" | "-group" | "-uid" => {
                search.tests.push((word, value()?, negated));
            }
            "-writable" | "-readable" | "-executable" | "-empty" => search.tests.push((word, "", negated)),
            "-maxdepth" => search.deepest = value()?.parse().unwrap_or(usize::MAX),
            "-mindepth" => search.shallowest = value()?.parse().unwrap_or(0),
            "-delete" => search.delete = true,
            "-ls" => search.list = true,
            "-print0" => search.zero = true,
            "-o" | "-or" => search.tests.push(("-o", "", false)),
            "-exec" | "-execdir" | "-ok" => {
                for inner in words.by_ref() {
                    if inner == ";" || inner == "+" {
                        break;
                    }
                }
            }
            "-print" | "-a" | "-and" | "(" | ")" | "-xdev" | "-mount" | "-L" | "-P" | "-depth" | "-prune" => {
            }
            other => return Err(format!("unknown predicate `{other}'")),
        }
        negated = false;
    }
    Ok(())
}

fn holds(call: &Call, search: &Search, path: &str, meta: &Meta) -> bool {
    let groups = search.tests.split(|(t, _, _)| *t == "-o");
    groups.into_iter().any(|group| {
        group.iter().all(|(test, value, negated)| one(call, test, value, path, meta) != *negated)
    })
}

fn one(call: &Call, test: &str, value: &str, path: &str, meta: &Meta) -> bool {
    let name = path.rsplit('/').next().filter(|n| !n.is_empty()).unwrap_or(path);
    let full = call.shell.path(path);
    let age = call.shell.session.now().as_second() - meta.mtime;
    match test {
        "-name" => matches_plain(value, name),
        "-iname" => matches_plain(&value.to_lowercase(), &name.to_lowercase()),
        "-path" => matches_plain(value, path),
        "-type" => {
            let letter = match meta.form {
                Form::Directory => 'd',
                Form::File => 'f',
                Form::Link => 'l',
                Form::Character => 'c',
                Form::Block => 'b',
            };
            value.contains(letter)
        }
        "-size" => {
            let unit = match value.chars().last() {
                Some('c') => 1,
                Some('k') => 1024,
                Some('M') => 1 << 20,
                Some('G') => 1 << 30,
                _ => 512,
            };
            compare(
                value.trim_end_matches(|c: char| c.is_alphabetic()),
                i64::try_from(meta.size.div_ceil(unit)).unwrap_or(0),
            )
        }
        "-mtime" => compare(value, age / 86_400),
        "-mmin" => compare(value, age / 60),
        "-user" => call.shell.site.user_name(meta.uid) == value || meta.uid.to_string() == value,
        "-group" => call.shell.site.group_name(meta.gid) == value,
        "-uid" => meta.uid.to_string() == value,
        "-perm" => permission(value, meta.mode),
        "-newer" => call.shell.fs.stat(&call.shell.path(value)).is_ok_and(|m| meta.mtime > m.mtime),
        "-writable" => call.shell.fs.may(&full, 'w'),
        "-readable" => call.shell.fs.may(&full, 'r'),
        "-executable" => call.shell.fs.may(&full, 'x'),
        "-empty" => {
            if meta.is_directory() {
                call.shell.fs.list(&full).is_ok_and(|l| l.is_empty())
            } else {
                meta.size == 0
            }
        }
        _ => false,
    }
}

fn permission(value: &str, mode: u32) -> bool {
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

fn compare(value: &str, actual: i64) -> bool {
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
