//! `grep`

use crate::decoys::ssh::shell::commands::{Call, Options};
use crate::decoys::ssh::shell::regex::Regex;

/// Most files one `grep -r` reads.
const MAX_FILES: usize = 4_000;

/// `grep`, `egrep`, `fgrep`
pub(crate) fn grep(call: &mut Call) -> i32 {
    let mut options = Options::new(call.rest(), "efmABC");
    if let Some(bad) = options.unknown("EFGPeficvnHhlLoqrRswxmABCaIUzy") {
        return call.bad_option(&bad, 2);
    }
    let mut patterns: Vec<String> = options.values('e').iter().map(|p| (*p).to_owned()).collect();
    if patterns.is_empty() {
        if options.operands.is_empty() {
            call.error(
                "Usage: grep [OPTION]... PATTERNS [FILE]...\nTry 'grep --help' for more information.\n",
            );
            return 2;
        }
        patterns = options.operands.remove(0).lines().map(str::to_owned).collect();
        if patterns.is_empty() {
            patterns.push(String::new());
        }
    }
    let fold = options.has('i') || options.has('y');
    let fixed = options.has('F') || call.name() == "fgrep";
    let extended = options.has('E') || options.has('P') || call.name() == "egrep";
    let mut regexes = Vec::new();
    for pattern in patterns {
        let pattern = if options.has('w') { format!("\\b{pattern}\\b") } else { pattern };
        let pattern = if options.has('x') { format!("^{pattern}$") } else { pattern };
        if fixed && !options.has('w') && !options.has('x') {
            regexes.push(Regex::literal(&pattern, fold));
            continue;
        }
        match Regex::new(&pattern, extended, fold) {
            Ok(regex) => regexes.push(regex),
            Err(bad) => return call.fail(2, bad.0),
        }
    }
    let recursive = options.has('r') || options.has('R');
    let mut status = 0;
    let inputs = if recursive {
        tree(call, &options.operands)
    } else {
        files(call, &options.operands, options.has('s'), &mut status)
    };
    let named = (inputs.len() > 1 || recursive || options.has('H')) && !options.has('h');
    let mut any = false;
    for (name, bytes) in inputs {
        any |= one(call, &options, &regexes, named.then_some(name.as_str()), &name, &bytes);
    }
    if status == 2 && !options.has('q') { 2 } else { i32::from(!any) }
}

fn files(call: &mut Call, operands: &[&String], silent: bool, status: &mut i32) -> Vec<(String, Vec<u8>)> {
    if operands.is_empty() {
        return vec![("(standard input)".into(), std::mem::take(&mut call.input))];
    }
    let mut found = Vec::new();
    for name in operands {
        match call.read(name) {
            Ok(bytes) => found.push(((*name).clone(), bytes)),
            Err(errno) => {
                *status = 2;
                if !silent {
                    call.fail(2, &format!("{name}: {errno}"));
                }
            }
        }
    }
    found
}

fn tree(call: &mut Call, operands: &[&String]) -> Vec<(String, Vec<u8>)> {
    let mut todo: Vec<String> = if operands.is_empty() {
        vec![String::new()]
    } else {
        operands.iter().rev().map(|o| (*o).clone()).collect()
    };
    let mut found = Vec::new();
    while let Some(name) = todo.pop() {
        if found.len() >= MAX_FILES {
            break;
        }
        let path = if name.is_empty() { call.shell.cwd.clone() } else { call.shell.path(&name) };
        match call.shell.fs.list(&path) {
            Ok(entries) => {
                let join = |n: &str| {
                    if name.is_empty() { n.to_owned() } else { format!("{}/{n}", name.trim_end_matches('/')) }
                };
                todo.extend(entries.iter().rev().filter(|(_, m)| m.target.is_none()).map(|(n, _)| join(n)));
            }
            Err(crate::decoys::ssh::shell::node::Errno::NotDirectory) => match call.shell.fs.read(&path) {
                Ok(bytes) => found.push((name, bytes)),
                Err(errno) => {
                    call.fail(2, &format!("{name}: {errno}"));
                }
            },
            Err(errno) => {
                call.fail(2, &format!("{name}: {errno}"));
            }
        }
    }
    found
}

fn one(
    call: &mut Call,
    options: &Options,
    regexes: &[Regex],
    label: Option<&str>,
    name: &str,
    bytes: &[u8],
) -> bool {
    let binary = bytes.contains(&0) && !options.has('a');
    let most = options.value('m').and_then(|m| m.parse::<usize>().ok()).unwrap_or(usize::MAX);
    let around = |letter: char| {
        options.value(letter).or(options.value('C')).and_then(|n| n.parse::<usize>().ok()).unwrap_or(0)
    };
    let (before, after) = (around('B'), around('A'));
    let text = String::from_utf8_lossy(bytes);
    let lines: Vec<&str> = text.lines().collect();
    let mut hits = Vec::new();
    for (n, line) in lines.iter().enumerate() {
        let letters: Vec<char> = line.chars().collect();
        let found = regexes.iter().any(|r| r.find(&letters, 0).is_some());
        if found != options.has('v') {
            hits.push(n);
            if hits.len() >= most || options.has('q') || binary {
                break;
            }
        }
    }
    let any = !hits.is_empty();
    if options.has('q') {
        return any;
    }
    let prefix = label.map(|l| format!("{l}:")).unwrap_or_default();
    if options.has('c') {
        call.out(&format!("{prefix}{}\n", hits.len()));
    } else if options.has('l') || options.has('L') {
        if any != options.has('L') {
            call.out(&format!("{name}\n"));
        }
    } else if binary {
        if any {
            call.out(&format!("grep: {name}: binary file matches\n"));
        }
    } else {
        print(call, options, regexes, &lines, &hits, label, before, after);
    }
    any
}

#[expect(clippy::too_many_arguments, reason = "one call site, all of it the state of one file's output")]
fn print(
    call: &mut Call,
    options: &Options,
    regexes: &[Regex],
    lines: &[&str],
    hits: &[usize],
    label: Option<&str>,
    before: usize,
    after: usize,
) {
    let head = |n: usize, mark: char| {
        let label = label.map(|l| format!("{l}{mark}")).unwrap_or_default();
        if options.has('n') { format!("{label}{}{mark}", n + 1) } else { label }
    };
    let mut last: Option<usize> = None;
    for hit in hits {
        if options.has('o') {
            let letters: Vec<char> = lines.get(*hit).copied().unwrap_or_default().chars().collect();
            for piece in pieces(regexes, &letters) {
                call.out(&format!("{}{piece}\n", head(*hit, ':')));
            }
            continue;
        }
        let from = hit.saturating_sub(before).max(last.map_or(0, |l| l + 1));
        if (before > 0 || after > 0) && last.is_some_and(|l| from > l + 1) {
            call.out("--\n");
        }
        let to = (hit + after).min(lines.len().saturating_sub(1));
        for n in from..=to {
            let is_hit = hits.binary_search(&n).is_ok();
            call.out(&format!(
                "{}{}\n",
                head(n, if is_hit { ':' } else { '-' }),
                lines.get(n).copied().unwrap_or_default()
            ));
            last = Some(n);
            if is_hit && n > *hit {
                break;
            }
        }
    }
}

fn pieces(regexes: &[Regex], letters: &[char]) -> Vec<String> {
    let mut out = Vec::new();
    let mut at = 0;
    while at <= letters.len() {
        let next = regexes.iter().filter_map(|r| r.find(letters, at)?.first().copied().flatten()).min();
        let Some((from, to)) = next else { break };
        if to > from {
            out.push(letters.get(from..to).unwrap_or_default().iter().collect());
        }
        at = to.max(at + 1).max(from + 1);
    }
    out
}
