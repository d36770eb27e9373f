//! `~` and names of files.

use super::{Field, MAX_FIELDS};
use crate::decoys::ssh::shell::site::Site;
use crate::decoys::ssh::shell::state::Shell;
use crate::decoys::ssh::shell::text::{Marked, matches};

pub(super) fn tilde(site: &Site, home: &mut Option<String>, text: &str) -> String {
    let (name, rest) = match text.find('/') {
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    match name.strip_prefix('~') {
        Some("") => home.take().map_or_else(|| text.to_owned(), |h| format!("{h}{rest}")),
        Some(user) => site.account(user).map_or_else(|| text.to_owned(), |a| format!("{}{rest}", a.home)),
        None => text.to_owned(),
    }
}

pub(super) fn glob(shell: &Shell, field: &Field) -> Vec<String> {
    let absolute = field.first().is_some_and(|(c, _)| *c == '/');
    let segments: Vec<&[Marked]> = field.split(|(c, _)| *c == '/').filter(|s| !s.is_empty()).collect();
    let mut found = vec![if absolute { "/".to_owned() } else { String::new() }];
    for (n, segment) in segments.iter().enumerate() {
        let last = n + 1 == segments.len();
        let mut next = Vec::new();
        for base in &found {
            step(shell, base, segment, last, &mut next);
            if next.len() > MAX_FIELDS {
                break;
            }
        }
        found = next;
    }
    if field.last().is_some_and(|(c, _)| *c == '/') {
        found.retain(|path| shell.fs.stat(&shell.path(path)).is_ok_and(|m| m.is_directory()));
        found.iter_mut().for_each(|path| path.push('/'));
    }
    found
}

fn step(shell: &Shell, base: &str, segment: &[Marked], last: bool, next: &mut Vec<String>) {
    let join = |name: &str| {
        if base.is_empty() || base.ends_with('/') {
            format!("{base}{name}")
        } else {
            format!("{base}/{name}")
        }
    };
    if !segment.iter().any(|(c, quoted)| !quoted && "*?[".contains(*c)) {
        let path = join(&segment.iter().map(|(c, _)| *c).collect::<String>());
        if shell.fs.lstat(&shell.path(&path)).is_ok() {
            next.push(path);
        }
        return;
    }
    let folder = if base.is_empty() { shell.cwd.clone() } else { shell.path(base) };
    let hidden = segment.first().is_some_and(|(c, _)| *c == '.');
    for (name, meta) in shell.fs.list(&folder).unwrap_or_default() {
        let letters: Vec<char> = name.chars().collect();
        let enters = last || meta.is_directory() || meta.target.is_some();
        if enters && (hidden || !name.starts_with('.')) && matches(segment, &letters) {
            next.push(join(&name));
        }
    }
}
