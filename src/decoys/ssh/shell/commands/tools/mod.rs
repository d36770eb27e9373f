//! Filters on lines.

pub(super) mod awk;
pub(super) mod columns;
pub(super) mod fields;
pub(super) mod grep;
pub(super) mod sed;
pub(super) mod words;

use super::{Call, Options};

/// The lines of some bytes, each with its newline.
fn lines(bytes: &[u8]) -> Vec<&[u8]> {
    bytes.split_inclusive(|b| *b == b'\n').collect()
}

fn bare(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\n").unwrap_or(line)
}

fn count_of(call: &Call, options: &Options) -> Option<(String, char)> {
    if let Some(value) = options.value('n') {
        return Some((value.to_owned(), 'n'));
    }
    if let Some(value) = options.value('c') {
        return Some((value.to_owned(), 'c'));
    }
    let old = call
        .rest()
        .iter()
        .find_map(|a| a.strip_prefix('-').filter(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit())));
    Some((old.unwrap_or("10").to_owned(), 'n'))
}

fn edge(call: &mut Call, take: impl Fn(&[u8], &str, char) -> Option<Vec<u8>>) -> i32 {
    let options = Options::new(call.rest(), "nc");
    let (count, unit) = count_of(call, &options).unwrap_or_default();
    let mut status = 0;
    let what = if unit == 'c' { "bytes" } else { "lines" };
    let mut operands = options.operands.clone();
    if options.has('f') {
        operands.truncate(1);
    }
    let inputs = call.inputs(&operands, &mut status);
    let many = (operands.len() > 1 || options.has('v')) && !options.has('q');
    for (n, (name, bytes)) in inputs.iter().enumerate() {
        let Some(piece) = take(bytes, &count, unit) else {
            return call.fail(1, &format!("invalid number of {what}: ‘{count}’"));
        };
        if many {
            let gap = if n > 0 { "\n" } else { "" };
            call.out(&format!("{gap}==> {name} <==\n"));
        }
        call.bytes(&piece);
    }
    if options.has('f') || options.has('F') {
        call.pause(std::time::Duration::from_secs(86_400));
    }
    status
}

/// `head`
pub(super) fn head(call: &mut Call) -> i32 {
    edge(call, |bytes, count, unit| {
        let (number, from_end) = match count.strip_prefix('-') {
            Some(n) => (n.parse::<usize>().ok()?, true),
            None => (count.parse::<usize>().ok()?, false),
        };
        if unit == 'c' {
            let end = if from_end { bytes.len().saturating_sub(number) } else { number.min(bytes.len()) };
            return bytes.get(..end).map(<[u8]>::to_vec);
        }
        let all = lines(bytes);
        let end = if from_end { all.len().saturating_sub(number) } else { number.min(all.len()) };
        Some(all.get(..end)?.concat())
    })
}

/// `tail`
pub(super) fn tail(call: &mut Call) -> i32 {
    edge(call, |bytes, count, unit| {
        let (number, from_start) = match count.strip_prefix('+') {
            Some(n) => (n.parse::<usize>().ok()?, true),
            None => (count.trim_start_matches('-').parse::<usize>().ok()?, false),
        };
        let start = |length: usize| {
            if from_start { number.saturating_sub(1).min(length) } else { length.saturating_sub(number) }
        };
        if unit == 'c' {
            return bytes.get(start(bytes.len())..).map(<[u8]>::to_vec);
        }
        let all = lines(bytes);
        Some(all.get(start(all.len())..)?.concat())
    })
}

/// `wc`
pub(super) fn wc(call: &mut Call) -> i32 {
    let options = Options::new(call.rest(), "");
    let mut status = 0;
    let inputs = call.inputs(&options.operands, &mut status);
    let all = !"lwcmL".chars().any(|l| options.has(l));
    let mut rows: Vec<(Vec<usize>, String)> = inputs
        .iter()
        .map(|(name, bytes)| {
            let text = String::from_utf8_lossy(bytes);
            let mut row = Vec::new();
            if all || options.has('l') {
                row.push(bytes.iter().filter(|b| **b == b'\n').count());
            }
            if all || options.has('w') {
                row.push(text.split_whitespace().count());
            }
            if options.has('m') {
                row.push(text.chars().count());
            }
            if all || options.has('c') {
                row.push(bytes.len());
            }
            (row, if options.operands.is_empty() { String::new() } else { name.clone() })
        })
        .collect();
    if rows.len() > 1 {
        let columns = rows.first().map_or(0, |(r, _)| r.len());
        let total = (0..columns).map(|c| rows.iter().filter_map(|(r, _)| r.get(c)).sum()).collect();
        rows.push((total, "total".into()));
    }
    let single = rows.len() == 1 && rows.first().is_some_and(|(r, _)| r.len() == 1);
    let from_input = options.operands.is_empty();
    let widest = inputs.iter().map(|(_, b)| b.len()).sum::<usize>().to_string().len();
    let width = if single {
        1
    } else if from_input {
        7
    } else {
        widest
    };
    for (row, name) in rows {
        let numbers: Vec<String> = row.iter().map(|n| format!("{n:>width$}")).collect();
        let gap = if name.is_empty() { "" } else { " " };
        call.out(&format!("{}{gap}{name}\n", numbers.join(" ")));
    }
    status
}

/// `rev`
pub(super) fn rev(call: &mut Call) -> i32 {
    filter(call, |text| text.lines().map(|l| l.chars().rev().collect::<String>() + "\n").collect())
}

/// `tac`
pub(super) fn tac(call: &mut Call) -> i32 {
    filter(call, |text| text.lines().rev().map(|l| format!("{l}\n")).collect())
}

/// `nl`
pub(super) fn nl(call: &mut Call) -> i32 {
    filter(call, |text| {
        let mut n = 0;
        text.lines()
            .map(|l| {
                if l.is_empty() {
                    return "       \n".to_owned();
                }
                n += 1;
                format!("{n:>6}\t{l}\n")
            })
            .collect()
    })
}

/// `strings`
pub(super) fn strings(call: &mut Call) -> i32 {
    filter(call, |text| {
        let runs = text.split(|c: char| !(c.is_ascii_graphic() || c == ' ' || c == '\t'));
        runs.filter(|r| r.len() >= 4).map(|r| format!("{r}\n")).collect()
    })
}

fn filter(call: &mut Call, work: impl Fn(&str) -> String) -> i32 {
    filter_words(call, "n", work)
}

/// A filter on text; letters in `valued` take a word.
fn filter_words(call: &mut Call, valued: &str, work: impl Fn(&str) -> String) -> i32 {
    let options = Options::new(call.rest(), valued);
    let mut status = 0;
    for (_, bytes) in call.inputs(&options.operands, &mut status) {
        let out = work(&String::from_utf8_lossy(&bytes));
        call.out(&out);
    }
    status
}

/// `tee`
pub(super) fn tee(call: &mut Call) -> i32 {
    let options = Options::new(call.rest(), "");
    let bytes = std::mem::take(&mut call.input);
    call.bytes(&bytes);
    let mut status = 0;
    for name in &options.operands {
        if let Err(errno) = call.shell.fs.write(&call.shell.path(name), &bytes, options.has('a')) {
            status = call.fail(1, &format!("{name}: {errno}"));
        }
    }
    status
}

/// `diff` and `cmp`: whether files differ, and a plain listing of how.
pub(super) fn diff(call: &mut Call) -> i32 {
    let options = Options::new(call.rest(), "U");
    let [a, b] = options.operands.as_slice() else {
        return call.fail(2, "missing operand after 'diff'\ndiff: Try 'diff --help' for more information.");
    };
    let mut read = |name: &str| call.read(name).map_err(|e| call.fail(2, &format!("{name}: {e}")));
    let (Ok(left), Ok(right)) = (read(a), read(b)) else { return 2 };
    if left == right {
        return 0;
    }
    if options.has('q') || call.name() == "cmp" {
        call.out(&format!("Files {a} and {b} differ\n"));
        return 1;
    }
    let (left, right) = (lines(&left), lines(&right));
    let same = left.iter().zip(&right).take_while(|(l, r)| l == r).count();
    let tail = left
        .iter()
        .rev()
        .zip(right.iter().rev())
        .take_while(|(l, r)| l == r)
        .count()
        .min(left.len().min(right.len()) - same);
    let (old, new) = (
        left.get(same..left.len() - tail).unwrap_or_default(),
        right.get(same..right.len() - tail).unwrap_or_default(),
    );
    let span = |from: usize, n: usize| {
        if n <= 1 { (from + n).to_string() } else { format!("{},{}", from + 1, from + n) }
    };
    let letter = if old.is_empty() {
        'a'
    } else if new.is_empty() {
        'd'
    } else {
        'c'
    };
    call.out(&format!("{}{letter}{}\n", span(same, old.len()), span(same, new.len())));
    for line in old {
        call.out(&format!("< {}\n", String::from_utf8_lossy(bare(line))));
    }
    if letter == 'c' {
        call.out("---\n");
    }
    for line in new {
        call.out(&format!("> {}\n", String::from_utf8_lossy(bare(line))));
    }
    1
}
