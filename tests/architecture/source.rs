//! Sources as text: comments and strings taken out, paths found and resolved.

use std::fs;
use std::path::{Path, PathBuf};

/// One file of `src`.
pub(crate) struct Source {
    pub(crate) name: String,
    /// Module path below the crate: `["record", "packets", "cut"]`.
    pub(crate) module: Vec<String>,
    /// Its text without comments and strings.
    pub(crate) code: String,
    pub(crate) lines: usize,
}

impl Source {
    pub(crate) fn new(name: &str, text: &str) -> Self {
        let stem = name.trim_start_matches("src/").trim_end_matches(".rs");
        let mut module: Vec<String> = stem.split('/').map(str::to_owned).collect();
        module.pop_if(|last| last == "mod");
        Source { name: name.into(), module, code: strip(text), lines: text.lines().count() }
    }

    /// Paths within the crate, from its root on: `crate::a::b` and, resolved, `super::b`.
    ///
    /// `super` in an inline module is taken as if it stood outside of it, so that it may seem to
    /// reach one module further up than it does, never less.
    pub(crate) fn own_paths(&self) -> Vec<Vec<String>> {
        let mut found = paths(&self.code, &["crate"]);
        found.iter_mut().for_each(|path| drop(path.remove(0)));
        for path in paths(&self.code, &["super"]) {
            let up = path.iter().take_while(|part| *part == "super").count();
            let kept = self.module.len().saturating_sub(up);
            found.push(self.module[..kept].iter().chain(&path[up..]).cloned().collect());
        }
        found
    }
}

pub(crate) fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    collect(&root.join("src"), &mut files);
    let read = |path: &PathBuf| {
        let name = path.strip_prefix(root).unwrap().to_str().unwrap();
        Source::new(name, &fs::read_to_string(path).unwrap())
    };
    let sources: Vec<_> = files.iter().map(read).collect();
    assert!(sources.len() > 50, "sources not found");
    sources
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// Blanks comments, strings and character literals; keeps everything else in place.
pub(crate) fn strip(text: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(first) = rest.chars().next() {
        let taken = literal(rest);
        if taken > 0 {
            out.push(' ');
            rest = &rest[taken..];
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    out
}

/// Length of the comment, string or character literal that begins here; 0 for code.
fn literal(text: &str) -> usize {
    if text.starts_with("//") {
        return text.find('\n').unwrap_or(text.len());
    }
    if text.starts_with("/*") {
        return text.find("*/").map_or(text.len(), |end| end + 2);
    }
    if let Some(raw) = text.strip_prefix('r') {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        if raw[hashes..].starts_with('"') {
            let close = format!("\"{}", "#".repeat(hashes));
            let body = &raw[hashes + 1..];
            return body.find(&close).map_or(text.len(), |end| 2 + hashes + end + close.len());
        }
    }
    match text.strip_prefix('"') {
        Some(body) => quoted(body, '"').map_or(text.len(), |end| end + 1),
        None => character(text),
    }
}

/// A character literal, told from a lifetime by its closing quote.
fn character(text: &str) -> usize {
    let Some(body) = text.strip_prefix('\'') else {
        return 0;
    };
    let mut chars = body.chars();
    match (chars.next(), chars.next()) {
        (Some('\\'), _) => quoted(body, '\'').map_or(0, |end| end + 1),
        (Some(one), Some('\'')) => one.len_utf8() + 2,
        _ => 0,
    }
}

/// Where a literal's body ends, past its closing quote.
fn quoted(body: &str, close: char) -> Option<usize> {
    let mut escaped = false;
    for (place, c) in body.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == close => return Some(place + c.len_utf8()),
            _ => {}
        }
    }
    None
}

/// The code without its `#[cfg(test)]` items.
pub(crate) fn without_tests(code: &str) -> String {
    let Some(start) = code.find("#[cfg(test)]") else {
        return code.to_owned();
    };
    let item = &code[start..];
    let (brace, semicolon) = (item.find('{'), item.find(';'));
    let end = match (brace, semicolon) {
        (Some(brace), semicolon) if semicolon.is_none_or(|semicolon| brace < semicolon) => block(item, brace),
        (_, semicolon) => semicolon.map_or(item.len(), |semicolon| semicolon + 1),
    };
    format!("{}{}", &code[..start], without_tests(&item[end..]))
}

/// One past the brace that closes the one at `open`.
fn block(code: &str, open: usize) -> usize {
    let mut depth = 0;
    for (place, c) in code[open..].char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 1 => return open + place + 1,
            '}' => depth -= 1,
            _ => {}
        }
    }
    code.len()
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

pub(crate) fn has_word(code: &str, word: &str) -> bool {
    code.match_indices(word).any(|(place, _)| {
        !code[..place].ends_with(is_word) && !code[place + word.len()..].starts_with(is_word)
    })
}

/// All paths that begin with one of `roots`, groups in braces taken apart.
pub(crate) fn paths(code: &str, roots: &[&str]) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for root in roots {
        for (place, _) in code.match_indices(&format!("{root}::")) {
            let before = &code[..place];
            if !before.ends_with(is_word) && !before.ends_with("::") {
                walk(&code[place..], &[], &mut found);
            }
        }
    }
    found
}

/// Follows one path; returns what comes after it.
fn walk<'a>(code: &'a str, prefix: &[String], found: &mut Vec<Vec<String>>) -> &'a str {
    let mut path = prefix.to_vec();
    let mut rest = code.trim_start();
    loop {
        let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        if end > 0 {
            path.push(rest[..end].to_owned());
        }
        rest = rest[end..].trim_start();
        let Some(next) = rest.strip_prefix("::").map(str::trim_start) else {
            break;
        };
        rest = next;
        if let Some(mut group) = rest.strip_prefix('{') {
            loop {
                group = walk(group, &path, found).trim_start();
                // Past a rename or a star, to the next member or the end of the group.
                let stop = group.find([',', '}']).unwrap_or(group.len());
                match group[stop..].strip_prefix(',') {
                    Some(more) if !more.trim_start().starts_with('}') => group = more,
                    Some(more) => return more.trim_start().strip_prefix('}').unwrap_or(""),
                    None => return group[stop..].strip_prefix('}').unwrap_or(""),
                }
            }
        }
    }
    found.push(path);
    rest
}
