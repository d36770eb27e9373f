//! Escapes, globs and columns: what several commands share.

use unicode_width_of as width;

/// Undoes backslash escapes as `echo -e` and `printf` do; the flag says that `\c` ended the output.
pub fn unescape(text: &str, octal_needs_zero: bool) -> (Vec<u8>, bool) {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        if c != '\\' {
            out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            continue;
        }
        let Some(escape) = rest.next() else {
            out.push(b'\\');
            break;
        };
        match escape {
            'n' => out.push(b'\n'),
            't' => out.push(b'\t'),
            'r' => out.push(b'\r'),
            'a' => out.push(7),
            'b' => out.push(8),
            'e' | 'E' => out.push(27),
            'f' => out.push(12),
            'v' => out.push(11),
            '\\' => out.push(b'\\'),
            '"' if !octal_needs_zero => out.push(b'"'),
            'c' => return (out, true),
            'x' => match number(&mut rest, 16, 2) {
                Some(value) => out.push(value),
                None => out.extend_from_slice(b"\\x"),
            },
            '0' => out.push(number(&mut rest, 8, 3).unwrap_or(0)),
            digit @ '1'..='7' if !octal_needs_zero => {
                let first = u8::try_from(digit.to_digit(8).unwrap_or(0)).unwrap_or(0);
                out.push(more(&mut rest, first));
            }
            other => {
                out.push(b'\\');
                out.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
    }
    (out, false)
}

fn number(rest: &mut std::iter::Peekable<std::str::Chars<'_>>, base: u32, most: usize) -> Option<u8> {
    let mut value = None;
    for _ in 0..most {
        let Some(digit) = rest.peek().and_then(|c| c.to_digit(base)) else { break };
        rest.next();
        value = Some((value.unwrap_or(0_u32) * base + digit) & 0xff);
    }
    value.and_then(|v| u8::try_from(v).ok())
}

fn more(rest: &mut std::iter::Peekable<std::str::Chars<'_>>, first: u8) -> u8 {
    let mut value = u32::from(first);
    for _ in 0..2 {
        let Some(digit) = rest.peek().and_then(|c| c.to_digit(8)) else { break };
        rest.next();
        value = (value * 8 + digit) & 0xff;
    }
    u8::try_from(value).unwrap_or(0)
}

/// One character of a pattern, with whether it was quoted.
pub type Marked = (char, bool);

/// Most steps one match may take: patterns are an intruder's.
const MATCH_STEPS: usize = 200_000;

/// Whether `text` matches a shell pattern; quoted characters stand for themselves.
pub fn matches(pattern: &[Marked], text: &[char]) -> bool {
    glob(pattern, text, &mut MATCH_STEPS.clone())
}

/// The same for a pattern without quotes.
pub fn matches_plain(pattern: &str, text: &str) -> bool {
    let pattern: Vec<Marked> = pattern.chars().map(|c| (c, false)).collect();
    matches(&pattern, &text.chars().collect::<Vec<_>>())
}

fn glob(pattern: &[Marked], text: &[char], steps: &mut usize) -> bool {
    if *steps == 0 {
        return false;
    }
    *steps -= 1;
    let Some((&(c, quoted), rest)) = pattern.split_first() else { return text.is_empty() };
    if !quoted && c == '*' {
        return (0..=text.len()).any(|n| text.get(n..).is_some_and(|tail| glob(rest, tail, steps)));
    }
    let Some((&first, tail)) = text.split_first() else { return false };
    if !quoted && c == '?' {
        return glob(rest, tail, steps);
    }
    if !quoted
        && c == '['
        && let Some((found, length)) = bracket(rest, first)
    {
        return found && rest.get(length..).is_some_and(|rest| glob(rest, tail, steps));
    }
    if !quoted
        && c == '\\'
        && let Some((&(literal, _), rest)) = rest.split_first()
    {
        return literal == first && glob(rest, tail, steps);
    }
    c == first && glob(rest, tail, steps)
}

/// Reads a bracket expression behind its `[`: whether it holds for `c`, and how long it is.
fn bracket(pattern: &[Marked], c: char) -> Option<(bool, usize)> {
    let end = pattern.iter().skip(1).position(|(c, _)| *c == ']')? + 1;
    let mut inside: Vec<char> = pattern.get(..end)?.iter().map(|(c, _)| *c).collect();
    let negated = matches!(inside.first(), Some('!' | '^'));
    if negated {
        inside.remove(0);
    }
    Some((in_set(&inside, c) != negated, end + 1))
}

/// Whether a character is in a set such as `a-z[:digit:]_`.
pub fn in_set(set: &[char], c: char) -> bool {
    let mut rest = set;
    while let Some((&first, tail)) = rest.split_first() {
        if first == '['
            && tail.first() == Some(&':')
            && let Some(end) = tail.iter().position(|c| *c == ']')
        {
            let class: String = tail.get(1..end.saturating_sub(1)).unwrap_or_default().iter().collect();
            if in_class(&class, c) {
                return true;
            }
            rest = tail.get(end + 1..).unwrap_or_default();
            continue;
        }
        if let [&dash, &last] = [tail.first(), tail.get(1)].map(|c| c.unwrap_or(&'\0'))
            && dash == '-'
            && last != '\0'
        {
            if (first..=last).contains(&c) {
                return true;
            }
            rest = tail.get(2..).unwrap_or_default();
            continue;
        }
        if first == c {
            return true;
        }
        rest = tail;
    }
    false
}

/// POSIX character classes.
pub fn in_class(class: &str, c: char) -> bool {
    match class {
        "alpha" => c.is_alphabetic(),
        "digit" => c.is_ascii_digit(),
        "alnum" => c.is_alphanumeric(),
        "upper" => c.is_uppercase(),
        "lower" => c.is_lowercase(),
        "space" => c.is_whitespace(),
        "blank" => c == ' ' || c == '\t',
        "punct" => c.is_ascii_punctuation(),
        "xdigit" => c.is_ascii_hexdigit(),
        "cntrl" => c.is_control(),
        "print" => !c.is_control(),
        "graph" => !c.is_control() && c != ' ',
        _ => false,
    }
}

/// Columns a text takes on a terminal: ideographs and full-width forms take two.
pub fn unicode_width_of(text: &str) -> usize {
    text.chars()
        .map(|c| match u32::from(c) {
            0..0x20 => 0,
            0x1100..0x1160
            | 0x2e80..0xa4d0
            | 0xac00..0xd7a4
            | 0xf900..0xfb00
            | 0xfe30..0xfe70
            | 0xff00..0xff61 => 2,
            _ => 1,
        })
        .sum()
}

/// Sets names in columns, down then across, as `ls` does: (text, shown form) pairs.
pub fn columns(names: &[(String, String)], line: usize) -> String {
    let widths: Vec<usize> = names.iter().map(|(plain, _)| width(plain)).collect();
    let count = names.len();
    for rows in 1..=count.max(1) {
        let across = count.div_ceil(rows.max(1));
        let column: Vec<usize> = (0..across)
            .map(|c| widths.iter().skip(c * rows).take(rows).max().copied().unwrap_or(0))
            .collect();
        let total: usize = column.iter().map(|w| w + 2).sum::<usize>().saturating_sub(2);
        if total < line || rows == count {
            return lay_out(names, &widths, &column, rows);
        }
    }
    String::new()
}

fn lay_out(names: &[(String, String)], widths: &[usize], column: &[usize], rows: usize) -> String {
    let mut out = String::new();
    for row in 0..rows {
        for (c, wide) in column.iter().enumerate() {
            let index = c * rows + row;
            let Some((_, shown)) = names.get(index) else { break };
            out.push_str(shown);
            if names.get(index + rows).is_some() {
                let pad = wide + 2 - widths.get(index).copied().unwrap_or(0);
                out.extend(std::iter::repeat_n(' ', pad));
            }
        }
        out.push('\n');
    }
    out
}

/// Sizes as `-h` prints them: one digit behind the point below ten, rounded up.
pub fn human(size: u64) -> String {
    if size < 1024 {
        return size.to_string();
    }
    let (mut unit, mut scale) = (0, 1_u64);
    while size.div_ceil(scale) >= 1024 && unit < 5 {
        scale *= 1024;
        unit += 1;
    }
    let letter = ["", "K", "M", "G", "T", "P"].get(unit).copied().unwrap_or("P");
    let tenths = (size * 10).div_ceil(scale);
    if tenths < 100 {
        format!("{}.{}{letter}", tenths / 10, tenths % 10)
    } else {
        format!("{}{letter}", size.div_ceil(scale))
    }
}

/// A path without `.` and `..`, links kept: as `cd` tracks it.
pub fn logical(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    format!("/{}", parts.join("/"))
}
