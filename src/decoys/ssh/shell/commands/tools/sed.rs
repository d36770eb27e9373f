//! `sed`: the commands that are used on one line: s, p, d, q, =, y and addresses.

use crate::decoys::ssh::shell::commands::{Call, Options};
use crate::decoys::ssh::shell::regex::Regex;

/// Most commands of one script.
const MAX_COMMANDS: usize = 200;

enum Address {
    Line(usize),
    Last,
    Match(Regex),
}

enum Action {
    Substitute { regex: Regex, with: String, all: bool, nth: usize, print: bool },
    Print,
    Delete,
    Quit,
    Number,
    Append(String),
    Insert(String),
    Change(String),
    Translate(Vec<char>, Vec<char>),
}

struct Step {
    from: Option<Address>,
    to: Option<Address>,
    negated: bool,
    action: Action,
    inside: bool,
}

/// `sed`
pub(crate) fn sed(call: &mut Call) -> i32 {
    let mut options = Options::new(call.rest(), "ef");
    let mut source = options.values('e').join("\n");
    if source.is_empty() {
        if options.operands.is_empty() {
            call.error("Usage: sed [OPTION]... {script-only-if-no-other-script} [input-file]...\n");
            return 1;
        }
        source = options.operands.remove(0).clone();
    }
    let extended = options.has('E') || options.has('r');
    let mut steps = match compile(&source, extended) {
        Ok(steps) => steps,
        Err(problem) => {
            return call.fail(1, &format!("-e expression #1, char {}: {problem}", source.chars().count()));
        }
    };
    let in_place = call.rest().iter().any(|a| a.starts_with("-i") || a.starts_with("--in-place"));
    let quiet = options.has('n');
    let mut status = 0;
    let mut names = options.operands.clone();
    names.retain(|n| !call.shell.fs.stat(&call.shell.path(n)).is_ok_and(|m| m.is_directory()));
    let inputs: Vec<(String, Vec<u8>)> = if names.is_empty() {
        vec![("-".into(), std::mem::take(&mut call.input))]
    } else {
        let mut found = Vec::new();
        for name in names {
            match call.read(name) {
                Ok(bytes) => found.push((name.clone(), bytes)),
                Err(errno) => status = call.fail(2, &format!("can't read {name}: {errno}")),
            }
        }
        found
    };
    for (name, bytes) in inputs {
        let out = apply(&mut steps, &String::from_utf8_lossy(&bytes), quiet);
        if in_place {
            if let Err(errno) = call.shell.fs.write(&call.shell.path(&name), out.as_bytes(), false) {
                status = call.fail(4, &format!("couldn't open temporary file ./sedXXXXXX: {errno}"));
            }
        } else {
            call.out(&out);
        }
    }
    status
}

fn apply(steps: &mut [Step], text: &str, quiet: bool) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let mut out = String::new();
    for (n, line) in lines.iter().enumerate() {
        let mut space: Vec<char> = line.chars().collect();
        let (mut deleted, mut quit, mut after) = (false, false, String::new());
        for step in steps.iter_mut() {
            if applies(step, n + 1, n + 1 == lines.len(), &space) == step.negated {
                continue;
            }
            match &step.action {
                Action::Substitute { regex, with, all, nth, print } => {
                    if let Some(new) = substitute(regex, &space, with, *all, *nth) {
                        space = new;
                        if *print {
                            out.extend(space.iter());
                            out.push('\n');
                        }
                    }
                }
                Action::Print => {
                    out.extend(space.iter());
                    out.push('\n');
                }
                Action::Delete => deleted = true,
                Action::Quit => quit = true,
                Action::Number => out.push_str(&format!("{}\n", n + 1)),
                Action::Append(text) => after.push_str(&format!("{text}\n")),
                Action::Insert(text) => out.push_str(&format!("{text}\n")),
                Action::Change(text) => {
                    out.push_str(&format!("{text}\n"));
                    deleted = true;
                }
                Action::Translate(from, to) => {
                    for c in &mut space {
                        if let Some(new) = from.iter().position(|f| f == c).and_then(|at| to.get(at)) {
                            *c = *new;
                        }
                    }
                }
            }
            if deleted || quit {
                break;
            }
        }
        if !quiet && !deleted {
            out.extend(space.iter());
            out.push('\n');
        }
        out.push_str(&after);
        if quit {
            break;
        }
    }
    if !text.ends_with('\n') && out.ends_with('\n') {
        out.pop();
    }
    out
}

fn applies(step: &mut Step, line: usize, last: bool, space: &[char]) -> bool {
    let holds = |address: &Address| match address {
        Address::Line(n) => *n == line,
        Address::Last => last,
        Address::Match(regex) => regex.find(space, 0).is_some(),
    };
    match (&step.from, &step.to) {
        (None, _) => true,
        (Some(from), None) => holds(from),
        (Some(from), Some(to)) => {
            if step.inside {
                let past = matches!(to, Address::Line(n) if *n < line);
                step.inside = !(holds(to) || past);
                return !past;
            }
            if holds(from) {
                step.inside = !matches!(to, Address::Line(n) if *n <= line);
                return true;
            }
            false
        }
    }
}

fn substitute(regex: &Regex, space: &[char], with: &str, all: bool, nth: usize) -> Option<Vec<char>> {
    let mut out = Vec::new();
    let (mut at, mut count, mut changed) = (0, 0, false);
    while at <= space.len() {
        let Some(spans) = regex.find(space, at) else { break };
        let Some((from, to)) = spans.first().copied().flatten() else { break };
        count += 1;
        out.extend_from_slice(space.get(at..from)?);
        if count >= nth {
            changed = true;
            insert(&mut out, with, space, &spans);
        } else {
            out.extend_from_slice(space.get(from..to)?);
        }
        at = to;
        if to == from {
            out.extend(space.get(at));
            at += 1;
        }
        if changed && !all {
            break;
        }
    }
    out.extend_from_slice(space.get(at.min(space.len())..)?);
    changed.then_some(out)
}

fn insert(out: &mut Vec<char>, with: &str, space: &[char], spans: &[Option<(usize, usize)>]) {
    let group =
        |n: usize| spans.get(n).copied().flatten().and_then(|(a, b)| space.get(a..b)).unwrap_or_default();
    let mut rest = with.chars();
    while let Some(c) = rest.next() {
        match c {
            '&' => out.extend_from_slice(group(0)),
            '\\' => match rest.next() {
                Some(d) if d.is_ascii_digit() => out.extend_from_slice(group(
                    d.to_digit(10).and_then(|d| usize::try_from(d).ok()).unwrap_or(0),
                )),
                Some('n') => out.push('\n'),
                Some('t') => out.push('\t'),
                Some(other) => out.push(other),
                None => {}
            },
            c => out.push(c),
        }
    }
}

struct Source<'a> {
    rest: &'a str,
    extended: bool,
}

impl<'a> Source<'a> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.rest = self.rest.get(c.len_utf8()..).unwrap_or_default();
        Some(c)
    }

    fn blanks(&mut self, set: &[char]) {
        self.rest = self.rest.trim_start_matches(set);
    }

    /// Text up to an unescaped delimiter, which is taken too.
    fn until(&mut self, delimiter: char) -> Result<String, &'static str> {
        let mut text = String::new();
        loop {
            match self.next() {
                None => return Err("unterminated `s' command"),
                Some(c) if c == delimiter => return Ok(text),
                Some('\\') => {
                    let escaped = self.next().ok_or("unterminated `s' command")?;
                    if escaped != delimiter {
                        text.push('\\');
                    }
                    text.push(escaped);
                }
                Some(c) => text.push(c),
            }
        }
    }

    fn address(&mut self) -> Result<Option<Address>, &'static str> {
        Ok(match self.peek() {
            Some('$') => {
                self.next();
                Some(Address::Last)
            }
            Some('/') => {
                self.next();
                let pattern = self.until('/').map_err(|_| "unterminated address regex")?;
                Some(Address::Match(Regex::new(&pattern, self.extended, false).map_err(|b| b.0)?))
            }
            Some(c) if c.is_ascii_digit() => {
                let end = self.rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.rest.len());
                let (digits, rest) = self.rest.split_at(end);
                self.rest = rest;
                Some(Address::Line(digits.parse().unwrap_or(usize::MAX)))
            }
            _ => None,
        })
    }

    fn text(&mut self) -> String {
        let end = self.rest.find('\n').unwrap_or(self.rest.len());
        let (line, rest) = self.rest.split_at(end);
        self.rest = rest;
        line.trim_start_matches(['\\', ' ', '\t']).to_owned()
    }
}

fn compile(source: &str, extended: bool) -> Result<Vec<Step>, &'static str> {
    let mut source = Source { rest: source, extended };
    let mut steps = Vec::new();
    loop {
        source.blanks(&[' ', '\t', '\n', ';', '}']);
        if source.peek().is_none() || steps.len() >= MAX_COMMANDS {
            return Ok(steps);
        }
        let from = source.address()?;
        source.blanks(&[' ']);
        let to = if source.peek() == Some(',') {
            source.next();
            source.address()?
        } else {
            None
        };
        source.blanks(&[' ']);
        let negated = source.peek() == Some('!');
        if negated {
            source.next();
        }
        let action = action(&mut source)?;
        steps.push(Step { from, to, negated, action, inside: false });
    }
}

fn action(source: &mut Source) -> Result<Action, &'static str> {
    Ok(match source.next() {
        Some('p') => Action::Print,
        Some('d') => Action::Delete,
        Some('q') => Action::Quit,
        Some('=') => Action::Number,
        Some('a') => Action::Append(source.text()),
        Some('i') => Action::Insert(source.text()),
        Some('c') => Action::Change(source.text()),
        Some('y') => {
            let delimiter = source.next().ok_or("unterminated `y' command")?;
            let from = source.until(delimiter)?.chars().collect();
            Action::Translate(from, source.until(delimiter)?.chars().collect())
        }
        Some('s') => {
            let delimiter = source.next().ok_or("unterminated `s' command")?;
            let pattern = source.until(delimiter)?;
            let with = source.until(delimiter)?;
            let (mut all, mut nth, mut print, mut fold) = (false, 1, false, false);
            while let Some(flag) = source.peek() {
                match flag {
                    'g' => all = true,
                    'p' => print = true,
                    'i' | 'I' => fold = true,
                    d if d.is_ascii_digit() => {
                        nth = d.to_digit(10).and_then(|d| usize::try_from(d).ok()).unwrap_or(1)
                    }
                    ';' | '\n' | '}' | ' ' => break,
                    _ => return Err("unknown option to `s'"),
                }
                source.next();
            }
            Action::Substitute {
                regex: Regex::new(&pattern, source.extended, fold).map_err(|b| b.0)?,
                with,
                all,
                nth: nth.max(1),
                print,
            }
        }
        None => return Err("missing command"),
        Some(_) => return Err("unknown command"),
    })
}
