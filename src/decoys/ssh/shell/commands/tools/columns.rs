//! Filters on several files or on a line's columns: `paste`, `join`, `comm`, `fold`, `expand`, `shuf`, `split`.

use super::{bare, lines};
use crate::decoys::ssh::shell::commands::{Call, Options};

/// Most files `split` writes.
const MAX_PIECES: usize = 676;

fn text_lines(bytes: &[u8]) -> Vec<String> {
    lines(bytes).into_iter().map(|line| String::from_utf8_lossy(bare(line)).into_owned()).collect()
}

/// `paste`
pub(crate) fn paste(call: &mut Call) -> i32 {
    let options = Options::new(call.rest(), "d");
    let marks: Vec<char> =
        options.value('d').unwrap_or("\t").replace("\\n", "\n").replace("\\t", "\t").chars().collect();
    let mark = |n: usize| marks.get(n % marks.len().max(1)).map(char::to_string).unwrap_or_default();
    let mut status = 0;
    let files: Vec<Vec<String>> =
        call.inputs(&options.operands, &mut status).iter().map(|(_, b)| text_lines(b)).collect();
    let joined = |cells: Vec<String>| {
        let mut line = String::new();
        for (n, cell) in cells.into_iter().enumerate() {
            if n > 0 {
                line.push_str(&mark(n - 1));
            }
            line.push_str(&cell);
        }
        line + "\n"
    };
    let rows: Vec<Vec<String>> = if options.has('s') {
        files
    } else {
        let longest = files.iter().map(Vec::len).max().unwrap_or(0);
        (0..longest).map(|n| files.iter().map(|f| f.get(n).cloned().unwrap_or_default()).collect()).collect()
    };
    for row in rows {
        call.out(&joined(row));
    }
    status
}

/// The two files of `comm` and `join`; faults are told.
fn pair(call: &mut Call, operands: &[&String]) -> Option<[Vec<String>; 2]> {
    let [a, b] = operands else {
        let why = match operands.last() {
            Some(last) => format!("missing operand after ‘{last}’"),
            None => "missing operand".to_owned(),
        };
        let name = call.name();
        call.fail(1, &format!("{why}\nTry '{name} --help' for more information."));
        return None;
    };
    let mut read = |name: &str| match call.read(name) {
        Ok(bytes) => Some(text_lines(&bytes)),
        Err(errno) => {
            call.fail(1, &format!("{name}: {errno}"));
            None
        }
    };
    Some([read(a)?, read(b)?])
}

/// `comm`
pub(crate) fn comm(call: &mut Call) -> i32 {
    let options = Options::new(call.rest(), "");
    let Some([left, right]) = pair(call, &options.operands) else { return 1 };
    let (mut l, mut r) = (left.iter().peekable(), right.iter().peekable());
    let shown = |column: char| !options.has(column);
    let second = if shown('1') { "\t" } else { "" };
    let third = format!("{second}{}", if shown('2') { "\t" } else { "" });
    loop {
        let order = match (l.peek(), r.peek()) {
            (None, None) => return 0,
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some(a), Some(b)) => a.cmp(b),
        };
        let (line, column, indent) = match order {
            std::cmp::Ordering::Less => (l.next(), '1', ""),
            std::cmp::Ordering::Greater => (r.next(), '2', second),
            std::cmp::Ordering::Equal => {
                r.next();
                (l.next(), '3', third.as_str())
            }
        };
        if shown(column) {
            call.out(&format!("{indent}{}\n", line.map(String::as_str).unwrap_or_default()));
        }
    }
}

/// `join`: on the first field, or where `-1`, `-2` and `-t` say.
pub(crate) fn join(call: &mut Call) -> i32 {
    let options = Options::new(call.rest(), "12tjoae");
    let Some([left, right]) = pair(call, &options.operands) else { return 1 };
    let place = |letter| {
        let text = options.value(letter).or(options.value('j'));
        text.and_then(|n| n.parse::<usize>().ok()).unwrap_or(1).saturating_sub(1)
    };
    let mark = options.value('t').and_then(|t| t.chars().next());
    let cells = |line: &str| -> Vec<String> {
        match mark {
            Some(mark) => line.split(mark).map(str::to_owned).collect(),
            None => line.split_whitespace().map(str::to_owned).collect(),
        }
    };
    let (first, second) = (place('1'), place('2'));
    let rest = |cells: &[String], key: usize| -> Vec<String> {
        cells.iter().enumerate().filter(|(n, _)| *n != key).map(|(_, c)| c.clone()).collect()
    };
    let rows: Vec<Vec<String>> = right.iter().map(|line| cells(line)).collect();
    for line in &left {
        let own = cells(line);
        let Some(key) = own.get(first) else { continue };
        for other in rows.iter().filter(|row| row.get(second) == Some(key)) {
            let whole = [vec![key.clone()], rest(&own, first), rest(other, second)].concat();
            call.out(&format!("{}\n", whole.join(&mark.unwrap_or(' ').to_string())));
        }
    }
    0
}

/// `fold`
pub(crate) fn fold(call: &mut Call) -> i32 {
    let options = Options::new(call.rest(), "w");
    let width = options.value('w').and_then(|w| w.parse::<usize>().ok()).filter(|w| *w > 0).unwrap_or(80);
    super::filter_words(call, "w", |text| {
        let mut out = String::new();
        for line in text.split_inclusive('\n') {
            let (body, end) = line.strip_suffix('\n').map_or((line, ""), |b| (b, "\n"));
            let chars: Vec<char> = body.chars().collect();
            let rows: Vec<String> = chars.chunks(width).map(|row| row.iter().collect()).collect();
            out.push_str(&rows.join("\n"));
            out.push_str(end);
        }
        out
    })
}

/// `expand` and `unexpand`: tabs to blanks, and leading blanks to tabs.
pub(crate) fn expand(call: &mut Call) -> i32 {
    let back = call.name() == "unexpand";
    let options = Options::new(call.rest(), "t");
    let width = options.value('t').and_then(|w| w.parse::<usize>().ok()).filter(|w| *w > 0).unwrap_or(8);
    super::filter_words(call, "t", |text| {
        text.split_inclusive('\n')
            .map(|line| if back { tabs(line, width) } else { blanks(line, width) })
            .collect()
    })
}

fn blanks(line: &str, width: usize) -> String {
    let (mut out, mut column) = (String::new(), 0);
    for c in line.chars() {
        let step = if c == '\t' { width - column % width } else { 1 };
        if c == '\t' {
            out.push_str(&" ".repeat(step))
        } else {
            out.push(c)
        }
        column += step;
    }
    out
}

fn tabs(line: &str, width: usize) -> String {
    let body = line.trim_start_matches([' ', '\t']);
    let lead = line.get(..line.len() - body.len()).unwrap_or_default();
    let column = blanks(lead, width).len();
    format!("{}{}{body}", "\t".repeat(column / width), " ".repeat(column % width))
}

/// `shuf`
pub(crate) fn shuf(call: &mut Call) -> i32 {
    let options = Options::new(call.rest(), "nier");
    let mut status = 0;
    let mut rows: Vec<String> = if let Some(range) = options.value('i') {
        let (from, to) = range.split_once('-').unwrap_or((range, range));
        match (from.parse::<u64>(), to.parse::<u64>()) {
            (Ok(from), Ok(to)) if from <= to => {
                (from..=to.min(from.saturating_add(100_000))).map(|n| n.to_string()).collect()
            }
            _ => return call.fail(1, &format!("invalid input range: ‘{range}’")),
        }
    } else if options.has('e') {
        call.rest().iter().skip_while(|a| *a != "-e").skip(1).cloned().collect()
    } else {
        call.inputs(&options.operands, &mut status).iter().flat_map(|(_, b)| text_lines(b)).collect()
    };
    for at in (1..rows.len()).rev() {
        let other = usize::try_from(call.shell.random()).unwrap_or(0) % (at + 1);
        rows.swap(at, other);
    }
    let most = options.value('n').and_then(|n| n.parse().ok()).unwrap_or(usize::MAX);
    for row in rows.into_iter().take(most) {
        call.out(&format!("{row}\n"));
    }
    status
}

/// `split`
pub(crate) fn split(call: &mut Call) -> i32 {
    let options = Options::new(call.rest(), "lbna");
    let source = options.operands.first().map_or("-", |o| o.as_str()).to_owned();
    let prefix = options.operands.get(1).map_or("x", |o| o.as_str()).to_owned();
    let bytes = match call.read(&source) {
        Ok(bytes) => bytes,
        Err(errno) => return call.fail(1, &format!("cannot open '{source}' for reading: {errno}")),
    };
    let pieces: Vec<Vec<u8>> = match options.value('b') {
        Some(size) => match super::super::blocks::size(size) {
            Some(size) if size > 0 => bytes.chunks(size).map(<[u8]>::to_vec).collect(),
            _ => return call.fail(1, &format!("invalid number of bytes: ‘{size}’")),
        },
        None => {
            let text = options.value('l').unwrap_or("1000");
            let Some(count) = text.parse::<usize>().ok().filter(|n| *n > 0) else {
                return call.fail(1, &format!("invalid number of lines: ‘{text}’"));
            };
            lines(&bytes).chunks(count).map(|rows| rows.concat()).collect()
        }
    };
    for (n, piece) in pieces.into_iter().take(MAX_PIECES).enumerate() {
        let letter = |n: usize| char::from(b'a' + u8::try_from(n % 26).unwrap_or(0));
        let name = format!("{prefix}{}{}", letter(n / 26), letter(n));
        if let Err(errno) = call.shell.fs.write(&call.shell.path(&name), &piece, false) {
            return call.fail(1, &format!("{name}: {errno}"));
        }
    }
    0
}
