//! Names of files as Windows takes them.

/// Longest path that is taken, characters: MAX_PATH of the old interfaces is 260, that of the file
/// system 32,767; nothing here lies deeper.
const LONGEST: usize = 2_000;
/// Longest part of a path, characters, as NTFS has it.
const LONGEST_PART: usize = 255;

/// The way to a file or folder: parts as they were written, compared without case.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Path(Vec<String>);

impl Path {
    /// A path below a share, as requests have it: no backslash at its beginning. `None` when it is none.
    pub fn below_share(text: &str) -> Option<Self> {
        let text = text.strip_suffix('\\').unwrap_or(text);
        if text.is_empty() {
            return Some(Path::default());
        }
        if text.chars().count() > LONGEST || text.starts_with('\\') {
            return None;
        }
        let parts: Option<Vec<String>> =
            text.split('\\').map(|part| sound(part).then(|| part.to_owned())).collect();
        parts.map(Path)
    }

    /// A path with its drive: `E:\Backup`.
    pub fn absolute(text: &str) -> Option<Self> {
        let (drive, rest) = text.split_once(':')?;
        let mut letter = drive.chars();
        let drive = letter.next().filter(|c| c.is_ascii_alphabetic() && letter.next().is_none())?;
        let rest = Path::below_share(rest.strip_prefix('\\').unwrap_or(rest))?;
        let mut parts = vec![format!("{}:", drive.to_ascii_uppercase())];
        parts.extend(rest.0);
        Some(Path(parts))
    }

    /// The letter of its drive.
    pub fn drive(&self) -> Option<char> {
        self.0.first()?.strip_suffix(':')?.chars().next()
    }

    /// Its parts.
    pub fn parts(&self) -> &[String] {
        &self.0
    }

    /// Its last part.
    pub fn name(&self) -> &str {
        self.0.last().map_or("", String::as_str)
    }

    /// The folder that it lies in; `None` for a drive.
    pub fn parent(&self) -> Option<Self> {
        let (_, parent) = self.0.split_last()?;
        (!parent.is_empty()).then(|| Path(parent.to_vec()))
    }

    /// One part further.
    pub fn with(&self, name: &str) -> Self {
        let mut parts = self.0.clone();
        parts.push(name.to_owned());
        Path(parts)
    }

    /// Another path behind this one.
    pub fn join(&self, below: &Path) -> Self {
        Path(self.0.iter().chain(&below.0).cloned().collect())
    }

    /// What follows a folder in it; `None` when it does not lie there.
    pub fn below(&self, folder: &Path) -> Option<&[String]> {
        let (first, rest) = self.0.split_at_checked(folder.0.len())?;
        let same = first.iter().zip(&folder.0).all(|(a, b)| folded(a) == folded(b));
        same.then_some(rest)
    }

    /// The same for comparing: without case.
    pub fn key(&self) -> String {
        folded(&self.0.join("\\"))
    }
}

impl std::fmt::Display for Path {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.join("\\"))?;
        if self.0.len() == 1 { f.write_str("\\") } else { Ok(()) }
    }
}

/// A name for comparing.
pub fn folded(name: &str) -> String {
    name.to_lowercase()
}

/// Whether a part of a path may stand there.
fn sound(part: &str) -> bool {
    let forbidden = |c: char| u32::from(c) < 32 || matches!(c, '"' | '*' | '/' | ':' | '<' | '>' | '?' | '|');
    let length = part.chars().count();
    (1..=LONGEST_PART).contains(&length) && part != "." && part != ".." && !part.contains(forbidden)
}

/// Whether a name matches the pattern of a listing (MS-FSA 2.1.4.4): `*`, `?`, and what DOS programs
/// make of them, `<`, `>` and `"`.
pub fn matches(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = folded(pattern).chars().collect();
    let name: Vec<char> = folded(name).chars().collect();
    // One row of the table of what matched so far, for each character of the pattern.
    let mut row = vec![false; name.len() + 1];
    if let Some(first) = row.first_mut() {
        *first = true;
    }
    for sign in pattern {
        row = step(sign, &row, &name);
    }
    row.last().copied().unwrap_or(false)
}

/// The next row: at each place of the name, whether the pattern so far can end there.
fn step(sign: char, row: &[bool], name: &[char]) -> Vec<bool> {
    let was = |at: usize| row.get(at).copied().unwrap_or(false);
    let mut next = vec![false; name.len() + 1];
    let mut open = false;
    for at in 0..=name.len() {
        let before = at.checked_sub(1);
        let letter = before.and_then(|before| name.get(before).copied());
        let came = before.is_some_and(was);
        open |= was(at);
        let reached = match sign {
            // DOS_STAR stops at the last dot, which the dot behind it sees to.
            '*' | '<' => open,
            '?' => came,
            // DOS_QM: one character, or none before a dot or the end.
            '>' => {
                (came && letter != Some('.')) || (was(at) && (at == name.len() || name.get(at) == Some(&'.')))
            }
            // DOS_DOT: a dot, or the end.
            '"' => (came && letter == Some('.')) || (was(at) && at == name.len()),
            letter_of_pattern => came && letter == Some(letter_of_pattern),
        };
        if let Some(slot) = next.get_mut(at) {
            *slot = reached;
        }
    }
    next
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_taken_as_windows_takes_them() {
        assert_eq!(Path::below_share(r"a\b").unwrap().parts(), ["a", "b"]);
        assert!(Path::below_share("").unwrap().parts().is_empty());
        for wrong in [r"\a", r"a\\b", "a/b", r"a\..\b", "..", "a:b", "a*", "a\0", &"x".repeat(256)] {
            assert_eq!(Path::below_share(wrong), None, "{wrong}");
        }
        let path = Path::absolute(r"e:\Backup\x.bak").unwrap();
        assert_eq!(
            (path.drive(), path.name(), path.to_string()),
            (Some('E'), "x.bak", r"E:\Backup\x.bak".into())
        );
        let folder = Path::absolute(r"E:\BACKUP").unwrap();
        assert_eq!(path.below(&folder), Some(&["x.bak".to_owned()][..]));
        assert_eq!(folder.below(&path), None);
        assert_eq!(folder.parent().unwrap().to_string(), r"E:\");
        assert_eq!(folder.parent().unwrap().parent(), None);
    }

    #[test]
    fn patterns_match_as_those_of_windows() {
        for (pattern, name) in [
            ("*", "x"),
            ("*.BAK", "this4.bak"),
            ("a?c", "abc"),
            ("<.txt", "a.b.txt"),
            ("*", ""),
            (">>>.txt", "ab.txt"),
            ("a\"*", "a"),
            ("<", "plain"),
            ("报告*", "报告1.pdf"),
        ] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [("*.bak", "a.txt"), ("a?c", "ac"), ("", "x"), ("?", "")] {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }
}
