//! `sort`, `uniq`, `cut` and `tr`.

use crate::decoys::ssh::shell::commands::{Call, Options};

/// Most characters a set of `tr` stands for.
const MAX_SET: usize = 4_096;

/// `sort`
pub(crate) fn sort(call: &mut Call) -> i32 {
    let options = Options::new(call.rest(), "ktoST");
    if let Some(bad) = options.unknown("bdfghinrsuVkztoSTmcC") {
        return call.bad_option(&bad, 2);
    }
    let mut status = 0;
    let inputs = call.inputs(&options.operands, &mut status);
    let all: Vec<u8> = inputs
        .into_iter()
        .flat_map(|(_, mut b)| {
            if b.last().is_some_and(|l| *l != b'\n') {
                b.push(b'\n');
            }
            b
        })
        .collect();
    let text = String::from_utf8_lossy(&all).into_owned();
    let mut rows: Vec<&str> = text.lines().collect();
    let separator = options.value('t').and_then(|t| t.chars().next());
    let key = |row: &str| -> String {
        let Some(spec) = options.value('k') else { return row.to_owned() };
        let from = spec
            .split([',', '.'])
            .next()
            .and_then(|f| f.trim_end_matches(|c: char| c.is_alphabetic()).parse::<usize>().ok())
            .unwrap_or(1);
        let to = spec
            .split_once(',')
            .and_then(|(_, t)| t.trim_end_matches(|c: char| c.is_alphabetic()).parse::<usize>().ok());
        let fields: Vec<&str> = match separator {
            Some(c) => row.split(c).collect(),
            None => row.split_whitespace().collect(),
        };
        let end = to.unwrap_or(fields.len()).min(fields.len());
        fields.get(from.saturating_sub(1).min(end)..end).unwrap_or_default().join(" ")
    };
    let spec = options.value('k').unwrap_or_default();
    let numeric = options.has('n') || options.has('g') || spec.contains('n');
    let human = options.has('h') || spec.contains('h');
    let fold = options.has('f');
    rows.sort_by(|a, b| {
        let (ka, kb) = (key(a), key(b));
        let first = if numeric || human {
            value(&ka, human).total_cmp(&value(&kb, human))
        } else if fold {
            ka.to_lowercase().cmp(&kb.to_lowercase())
        } else {
            ka.cmp(&kb)
        };
        first.then_with(|| a.cmp(b))
    });
    if options.has('r') || spec.contains('r') {
        rows.reverse();
    }
    if options.has('u') {
        rows.dedup_by(|a, b| key(a) == key(b));
    }
    let out: String = rows.into_iter().map(|r| format!("{r}\n")).collect();
    match options.value('o') {
        Some(file) => {
            let _ = call.shell.fs.write(&call.shell.path(file), out.as_bytes(), false);
        }
        None => call.out(&out),
    }
    status
}

fn value(text: &str, human: bool) -> f64 {
    let text = text.trim_start();
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-')).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let scale = match unit.chars().next().filter(|_| human) {
        Some('K') => 1e3,
        Some('M') => 1e6,
        Some('G') => 1e9,
        Some('T') => 1e12,
        _ => 1.0,
    };
    number.parse::<f64>().unwrap_or(0.0) * scale
}

/// `uniq`
pub(crate) fn uniq(call: &mut Call) -> i32 {
    let options = Options::new(call.rest(), "fsw");
    let mut status = 0;
    let first: Vec<&String> = options.operands.iter().take(1).copied().collect();
    let inputs = call.inputs(&first, &mut status);
    let text = inputs.first().map(|(_, b)| String::from_utf8_lossy(b).into_owned()).unwrap_or_default();
    let mut runs: Vec<(usize, &str)> = Vec::new();
    for line in text.lines() {
        let same = |a: &str| if options.has('i') { a.eq_ignore_ascii_case(line) } else { a == line };
        match runs.last_mut() {
            Some((count, last)) if same(last) => *count += 1,
            _ => runs.push((1, line)),
        }
    }
    for (count, line) in runs {
        if (options.has('d') && count < 2) || (options.has('u') && count > 1) {
            continue;
        }
        call.out(&if options.has('c') { format!("{count:>7} {line}\n") } else { format!("{line}\n") });
    }
    status
}

/// Ranges such as `1,3-5,7-`.
fn ranges(text: &str) -> Vec<(usize, usize)> {
    text.split(',')
        .filter_map(|piece| match piece.split_once('-') {
            Some((from, to)) => Some((from.parse().unwrap_or(1), to.parse().unwrap_or(usize::MAX))),
            None => piece.parse().ok().map(|n| (n, n)),
        })
        .collect()
}

/// `cut`
pub(crate) fn cut(call: &mut Call) -> i32 {
    let options = Options::new(call.rest(), "fdcb");
    let list = options.value('f').or(options.value('c')).or(options.value('b'));
    let Some(list) = list else {
        return call.fail(
            1,
            "you must specify a list of bytes, characters, or fields\nTry 'cut --help' for more information.",
        );
    };
    let wanted = ranges(list);
    let inside = |n: usize| wanted.iter().any(|(a, b)| (*a..=*b).contains(&n));
    let delimiter = options.value('d').and_then(|d| d.chars().next()).unwrap_or('\t');
    let mut status = 0;
    for (_, bytes) in call.inputs(&options.operands, &mut status) {
        for line in String::from_utf8_lossy(&bytes).lines() {
            let picked = if options.has('f') {
                if !line.contains(delimiter) {
                    if !options.has('s') {
                        call.out(&format!("{line}\n"));
                    }
                    continue;
                }
                let fields: Vec<&str> = line
                    .split(delimiter)
                    .enumerate()
                    .filter(|(n, _)| inside(n + 1))
                    .map(|(_, f)| f)
                    .collect();
                fields.join(&delimiter.to_string())
            } else {
                line.chars().enumerate().filter(|(n, _)| inside(n + 1)).map(|(_, c)| c).collect()
            };
            call.out(&format!("{picked}\n"));
        }
    }
    status
}

fn set(text: &str) -> Vec<char> {
    let plain =
        String::from_utf8_lossy(&crate::decoys::ssh::shell::text::unescape(text, false).0).into_owned();
    let mut out = Vec::new();
    let mut rest = plain.as_str();
    while let Some(c) = rest.chars().next() {
        if let Some((class, tail)) = rest.strip_prefix("[:").and_then(|r| r.split_once(":]")) {
            out.extend(
                (0..=255_u8)
                    .map(char::from)
                    .filter(|c| c.is_ascii() && crate::decoys::ssh::shell::text::in_class(class, *c)),
            );
            rest = tail;
            continue;
        }
        let mut ahead = rest.chars().skip(1);
        if let (Some('-'), Some(last)) = (ahead.next(), ahead.next()) {
            out.extend((c..=last).take(MAX_SET));
            rest = rest.get(c.len_utf8() + 1 + last.len_utf8()..).unwrap_or_default();
            continue;
        }
        out.push(c);
        rest = rest.get(c.len_utf8()..).unwrap_or_default();
    }
    out
}

/// `tr`
pub(crate) fn tr(call: &mut Call) -> i32 {
    let options = Options::new(call.rest(), "");
    let Some(first) = options.operands.first() else {
        return call.fail(1, "missing operand\nTry 'tr --help' for more information.");
    };
    let from = set(first);
    let to = options.operands.get(1).map(|t| set(t)).unwrap_or_default();
    let complement = options.has('c') || options.has('C');
    let inside = |c: char| from.contains(&c) != complement;
    let text = String::from_utf8_lossy(&std::mem::take(&mut call.input)).into_owned();
    let mut out = String::with_capacity(text.len());
    let mut last = None;
    for c in text.chars() {
        if options.has('d') && inside(c) {
            continue;
        }
        let mapped = if to.is_empty() || options.has('d') || !inside(c) {
            c
        } else {
            let at = if complement { usize::MAX } else { from.iter().position(|f| *f == c).unwrap_or(0) };
            to.get(at).or(to.last()).copied().unwrap_or(c)
        };
        let squeezed = if to.is_empty() { &from } else { &to };
        if options.has('s') && last == Some(mapped) && squeezed.contains(&mapped) {
            continue;
        }
        last = Some(mapped);
        out.push(mapped);
    }
    call.out(&out);
    0
}
