//! Small programs on files and text.

use std::time::Duration;

use super::{Call, Options, find};
use crate::decoys::ssh::shell::node::Errno;
use crate::decoys::ssh::shell::text::logical;

/// Longest sleep that is played: a day.
const MAX_SLEEP: f64 = 86_400.0;

/// `cat`
pub(super) fn cat(call: &mut Call) -> i32 {
    let options = Options::new(call.rest(), "");
    if let Some(bad) = options.unknown("nbAETvsuet") {
        return call.bad_option(&bad, 1);
    }
    let mut status = 0;
    let inputs = call.inputs(&options.operands, &mut status);
    let numbered = options.has('n') || options.has('b');
    let mut line = 0;
    for (_, bytes) in inputs {
        if !numbered && !options.has('A') && !options.has('E') {
            call.bytes(&bytes);
            continue;
        }
        for piece in bytes.split_inclusive(|b| *b == b'\n') {
            if numbered && !(options.has('b') && piece == b"\n") {
                line += 1;
                call.out(&format!("{line:>6}\t"));
            }
            let (body, end) = piece.strip_suffix(b"\n").map_or((piece, ""), |b| (b, "\n"));
            call.bytes(body);
            if options.has('A') || options.has('E') {
                call.out("$");
            }
            call.out(end);
        }
    }
    status
}

/// `pwd`
pub(super) fn pwd(call: &mut Call) -> i32 {
    let line = format!("{}\n", call.shell.cwd);
    call.out(&line);
    0
}

/// `mkdir`
pub(super) fn mkdir(call: &mut Call) -> i32 {
    let options = Options::new(call.rest(), "m");
    let parents = options.has('p') || options.long.contains(&"--parents");
    if options.operands.is_empty() {
        return call.fail(1, "missing operand\nTry 'mkdir --help' for more information.");
    }
    let mut status = 0;
    for name in &options.operands {
        let path = call.shell.path(name);
        let made = if parents { make_all(call, &path) } else { call.shell.fs.make_directory(&path) };
        match made {
            Ok(()) => {
                if options.has('v') {
                    call.out(&format!("mkdir: created directory '{name}'\n"));
                }
            }
            Err(errno) => status = call.fail(1, &format!("cannot create directory ‘{name}’: {errno}")),
        }
    }
    status
}

fn make_all(call: &Call, path: &str) -> Result<(), Errno> {
    let mut above = String::new();
    for part in path.split('/').filter(|p| !p.is_empty()) {
        above = format!("{above}/{part}");
        match call.shell.fs.stat(&above) {
            Ok(meta) if meta.is_directory() => {}
            Ok(_) => return Err(Errno::Exists),
            Err(_) => call.shell.fs.make_directory(&above)?,
        }
    }
    Ok(())
}

/// `rmdir`
pub(super) fn rmdir(call: &mut Call) -> i32 {
    let mut status = 0;
    for name in Options::new(call.rest(), "").operands {
        if let Err(errno) = call.shell.fs.remove(&call.shell.path(name), true) {
            status = call.fail(1, &format!("failed to remove '{name}': {errno}"));
        }
    }
    status
}

/// `touch`
pub(super) fn touch(call: &mut Call) -> i32 {
    let options = Options::new(call.rest(), "dtr");
    if options.operands.is_empty() {
        return call.fail(1, "missing file operand\nTry 'touch --help' for more information.");
    }
    let mut time = call.shell.session.now().as_second();
    if let Some(reference) = options.value('r')
        && let Ok(meta) = call.shell.fs.stat(&call.shell.path(reference))
    {
        time = meta.mtime;
    }
    let mut status = 0;
    for name in &options.operands {
        let path = call.shell.path(name);
        let done = match call.shell.fs.stat(&path) {
            Ok(_) => call.shell.fs.change(&path, |n| n.mtime = time),
            Err(Errno::NoEntry) if options.has('c') => Ok(()),
            Err(Errno::NoEntry) => call.shell.fs.write(&path, b"", false).map(|_| ()),
            Err(errno) => Err(errno),
        };
        if let Err(errno) = done {
            let errno = if errno == Errno::NotPermitted { Errno::Access } else { errno };
            status = call.fail(1, &format!("cannot touch '{name}': {errno}"));
        }
    }
    status
}

/// `chmod`
pub(super) fn chmod(call: &mut Call) -> i32 {
    let rest: Vec<&String> =
        call.rest().iter().filter(|a| !matches!(a.as_str(), "-R" | "-v" | "-f" | "--")).collect();
    let Some((mode, names)) = rest.split_first() else {
        return call.fail(1, "missing operand\nTry 'chmod --help' for more information.");
    };
    if names.is_empty() {
        return call
            .fail(1, &format!("missing operand after ‘{mode}’\nTry 'chmod --help' for more information."));
    }
    let mut status = 0;
    for name in names {
        let path = call.shell.path(name);
        let old = match call.shell.fs.stat(&path) {
            Ok(meta) => meta.mode,
            Err(errno) => {
                status = call.fail(1, &format!("cannot access '{name}': {errno}"));
                continue;
            }
        };
        let Some(new) = new_mode(mode, old) else {
            return call
                .fail(1, &format!("invalid mode: ‘{mode}’\nTry 'chmod --help' for more information."));
        };
        if let Err(errno) = call.shell.fs.change(&path, |n| n.mode = new) {
            status = call.fail(1, &format!("changing permissions of '{name}': {errno}"));
        }
    }
    status
}

fn new_mode(text: &str, old: u32) -> Option<u32> {
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return u32::from_str_radix(text, 8).ok().filter(|m| *m <= 0o7777);
    }
    let mut mode = old;
    for clause in text.split(',') {
        let at = clause.find(['+', '-', '='])?;
        let (who, action) = clause.split_at(at);
        let (operator, letters) = action.split_at(1);
        let mut bits = 0;
        for letter in letters.chars() {
            bits |= match letter {
                'r' => 4,
                'w' => 2,
                'x' | 'X' => 1,
                's' | 't' => 0,
                _ => return None,
            };
        }
        let who = if who.is_empty() { "a" } else { who };
        for (letter, shift) in [('u', 6), ('g', 3), ('o', 0)] {
            if !who.contains(letter) && !who.contains('a') {
                continue;
            }
            mode = match operator {
                "+" => mode | bits << shift,
                "-" => mode & !(bits << shift),
                _ => mode & !(7 << shift) | bits << shift,
            };
        }
        if letters.contains('s') && who.contains(['u', 'a']) {
            mode = if operator == "-" { mode & !0o4000 } else { mode | 0o4000 };
        }
    }
    Some(mode)
}

/// `chown` and `chgrp`
pub(super) fn chown(call: &mut Call) -> i32 {
    let operands = Options::new(call.rest(), "").operands;
    let Some((owner, names)) = operands.split_first() else {
        return call.fail(1, &format!("missing operand\nTry '{} --help' for more information.", call.name()));
    };
    let user = owner.split([':', '.']).next().unwrap_or_default();
    let group = call.name() == "chgrp";
    if !group && !user.is_empty() && user.parse::<u32>().is_err() && call.shell.site.account(user).is_none() {
        return call.fail(1, &format!("invalid user: ‘{owner}’"));
    }
    let mut status = 0;
    for name in names {
        let errno = match call.shell.fs.stat(&call.shell.path(name)) {
            Ok(meta) if meta.uid == call.shell.account.uid && user == call.shell.account.name => continue,
            Ok(_) => Errno::NotPermitted,
            Err(errno) => {
                status = call.fail(1, &format!("cannot access '{name}': {errno}"));
                continue;
            }
        };
        let what = if group { "group" } else { "ownership" };
        status = call.fail(1, &format!("changing {what} of '{name}': {errno}"));
    }
    status
}

/// `ln`
pub(super) fn ln(call: &mut Call) -> i32 {
    let options = Options::new(call.rest(), "");
    let symbolic = options.has('s');
    let (target, name) = match options.operands.as_slice() {
        [] => return call.fail(1, "missing file operand\nTry 'ln --help' for more information."),
        [target] => ((*target).clone(), target.rsplit('/').next().unwrap_or(target).to_owned()),
        [target, name, ..] => ((*target).clone(), (*name).clone()),
    };
    let mut path = call.shell.path(&name);
    if call.shell.fs.stat(&path).is_ok_and(|m| m.is_directory()) {
        path = format!("{path}/{}", target.rsplit('/').next().unwrap_or(&target));
    }
    if options.has('f') {
        let _ = call.shell.fs.remove(&path, false);
    }
    let made = if symbolic {
        call.shell.fs.link(&target, &path)
    } else {
        call.shell.fs.read(&call.shell.path(&target)).and_then(|bytes| match call.shell.fs.lstat(&path) {
            Ok(_) => Err(Errno::Exists),
            Err(_) => call.shell.fs.write(&path, &bytes, false).map(|_| ()),
        })
    };
    match made {
        Ok(()) => 0,
        Err(errno) if symbolic => call.fail(1, &format!("failed to create symbolic link '{name}': {errno}")),
        Err(errno) => call.fail(1, &format!("failed to access '{target}': {errno}")),
    }
}

/// `readlink` and `realpath`
pub(super) fn readlink(call: &mut Call) -> i32 {
    let options = Options::new(call.rest(), "");
    let follow = call.name() == "realpath" || options.has('f') || options.has('e');
    let mut status = 0;
    for name in &options.operands {
        let path = call.shell.path(name);
        if follow {
            let found = match call.shell.fs.real_path(&path) {
                Err(_) if options.has('m') => Ok(logical(&path)),
                other => other,
            };
            match found {
                Ok(real) => call.out(&format!("{real}\n")),
                Err(errno) => status = call.fail(1, &format!("{name}: {errno}")),
            }
            continue;
        }
        match call.shell.fs.lstat(&path).ok().and_then(|m| m.target) {
            Some(target) => call.out(&format!("{target}\n")),
            None => status = 1,
        }
    }
    status
}

/// `mktemp`
pub(super) fn mktemp(call: &mut Call) -> i32 {
    let options = Options::new(call.rest(), "p");
    let template = options.operands.first().map_or("/tmp/tmp.XXXXXXXXXX".to_owned(), |t| (*t).clone());
    let letters = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    let mut name = String::new();
    for c in template.chars() {
        let pick = usize::try_from(call.shell.random()).unwrap_or(0) % letters.len();
        name.push(if c == 'X' { letters.get(pick).map_or('x', |b| char::from(*b)) } else { c });
    }
    let path = call.shell.path(&name);
    let made = if options.has('d') {
        call.shell.fs.make_directory(&path)
    } else {
        call.shell.fs.write(&path, b"", false).map(|_| ())
    };
    match made {
        Ok(()) => {
            let _ = call.shell.fs.change(&path, |n| n.mode = if n.mode & 0o111 != 0 { 0o700 } else { 0o600 });
            call.out(&format!("{name}\n"));
            0
        }
        Err(errno) => call.fail(1, &format!("failed to create file via template ‘{template}’: {errno}")),
    }
}

/// `sleep`
pub(super) fn sleep(call: &mut Call) -> i32 {
    if call.rest().is_empty() {
        return call.fail(1, "missing operand\nTry 'sleep --help' for more information.");
    }
    let mut total = 0.0;
    for word in call.rest() {
        let (number, factor) = match word.char_indices().last() {
            Some((at, 's')) => (word.get(..at).unwrap_or_default(), 1.0),
            Some((at, 'm')) => (word.get(..at).unwrap_or_default(), 60.0),
            Some((at, 'h')) => (word.get(..at).unwrap_or_default(), 3600.0),
            Some((at, 'd')) => (word.get(..at).unwrap_or_default(), 86_400.0),
            _ => (word.as_str(), 1.0),
        };
        match number.parse::<f64>() {
            Ok(seconds) if seconds >= 0.0 => total += seconds * factor,
            Ok(_) | Err(_) => {
                return call.fail(
                    1,
                    &format!("invalid time interval ‘{word}’\nTry 'sleep --help' for more information."),
                );
            }
        }
    }
    call.pause(Duration::try_from_secs_f64(total.min(MAX_SLEEP)).unwrap_or_default());
    0
}

/// `clear`
pub(super) fn clear(call: &mut Call) -> i32 {
    if call.shell.screen.is_none() {
        call.error("TERM environment variable not set.\n");
        return 1;
    }
    call.out("\x1b[H\x1b[2J\x1b[3J");
    0
}

/// `which`
pub(super) fn which(call: &mut Call) -> i32 {
    let mut status = 0;
    for name in Options::new(call.rest(), "").operands {
        match find(call.shell, name) {
            Some(path) => call.out(&format!("{path}\n")),
            None => status = 1,
        }
    }
    status
}
