//! Regular expressions as the server matches them, in time that grows with the text alone.

/// Most steps of a compiled expression.
const MAX_STEPS: usize = 4_000;

/// Deepest groups.
const MAX_DEPTH: usize = 40;

#[derive(Debug, Clone)]
enum Step {
    Any,
    Char(char),
    Set(Vec<(char, char)>, bool),
    Split(usize, usize),
    Jump(usize),
    Start,
    End,
    Word(bool),
    Done,
}

/// Whether a text has a part that fits; `None` where the pattern is none.
pub(in crate::database) fn matches(text: &str, pattern: &str, fold: bool) -> Option<bool> {
    let (pattern, fold) = match pattern.strip_prefix("(?i)") {
        Some(rest) => (rest.to_owned(), true),
        None => (pattern.to_owned(), fold),
    };
    let lower = |text: &str| if fold { text.to_lowercase() } else { text.to_owned() };
    let mut reader =
        Reader { pattern: lower(&pattern).chars().collect(), at: 0, steps: Vec::new(), depth: 0 };
    reader.alternatives()?;
    if reader.at < reader.pattern.len() {
        return None;
    }
    reader.steps.push(Step::Done);
    let text: Vec<char> = lower(text).chars().collect();
    Some(run(&reader.steps, &text))
}

/// Longest text in which each part that fits is looked for: the time grows with its square.
const MAX_SPANNED: usize = 4_000;

/// Parts of a text that fit, as ranges of characters, none inside of another; `None` where the pattern is
/// none or the text too long.
pub(in crate::database) fn spans(text: &str, pattern: &str, fold: bool) -> Option<Vec<(usize, usize)>> {
    let lower = |text: &str| if fold { text.to_lowercase() } else { text.to_owned() };
    let pattern: Vec<char> = lower(pattern).chars().collect();
    let mut reader = Reader { pattern, at: 0, steps: Vec::new(), depth: 0 };
    reader.alternatives()?;
    if reader.at < reader.pattern.len() {
        return None;
    }
    reader.steps.push(Step::Done);
    let text: Vec<char> = lower(text).chars().collect();
    if text.len() > MAX_SPANNED {
        return None;
    }
    let (mut found, mut at) = (Vec::new(), 0);
    while at <= text.len() {
        match longest(&reader.steps, &text, at) {
            Some(end) => {
                found.push((at, end));
                at = end.max(at + 1);
            }
            None => at += 1,
        }
    }
    Some(found)
}

/// Where the longest part ends that fits from a place on.
fn longest(steps: &[Step], text: &[char], start: usize) -> Option<usize> {
    let (mut states, mut end) = (vec![0], None);
    for at in start..=text.len() {
        let (mut seen, mut here) = (vec![false; steps.len()], Vec::new());
        for state in states.drain(..) {
            if follow(steps, state, text, at, &mut seen, &mut here) {
                end = Some(at);
            }
        }
        let Some(c) = text.get(at) else { return end };
        let next = here.into_iter().filter(|state| steps.get(*state).is_some_and(|step| fits(step, *c)));
        states = next.map(|state| state + 1).collect();
        if states.is_empty() {
            return end;
        }
    }
    end
}

fn fits(step: &Step, c: char) -> bool {
    match step {
        Step::Any => true,
        Step::Char(wanted) => *wanted == c,
        Step::Set(ranges, negated) => {
            ranges.iter().any(|(low, high)| (*low..=*high).contains(&c)) != *negated
        }
        Step::Split(..) | Step::Jump(_) | Step::Start | Step::End | Step::Word(_) | Step::Done => false,
    }
}

fn run(steps: &[Step], text: &[char]) -> bool {
    let mut states: Vec<usize> = Vec::new();
    for at in 0..=text.len() {
        // A match may begin anywhere.
        let mut seen = vec![false; steps.len()];
        let mut here = Vec::new();
        for state in states.drain(..).chain([0]) {
            if follow(steps, state, text, at, &mut seen, &mut here) {
                return true;
            }
        }
        let Some(c) = text.get(at) else { return false };
        states = here
            .into_iter()
            .filter(|state| steps.get(*state).is_some_and(|step| fits(step, *c)))
            .map(|state| state + 1)
            .collect();
    }
    false
}

/// All states that are reached without a character; `true` at the end of the expression.
fn follow(
    steps: &[Step],
    from: usize,
    text: &[char],
    at: usize,
    seen: &mut [bool],
    here: &mut Vec<usize>,
) -> bool {
    let mut open = vec![from];
    while let Some(state) = open.pop() {
        let Some(known) = seen.get_mut(state) else { continue };
        if std::mem::replace(known, true) {
            continue;
        }
        match steps.get(state) {
            Some(Step::Done) => return true,
            Some(Step::Split(one, other)) => open.extend([*other, *one]),
            Some(Step::Jump(to)) => open.push(*to),
            Some(Step::Start) if at == 0 => open.push(state + 1),
            Some(Step::End) if at == text.len() => open.push(state + 1),
            Some(Step::Word(wanted)) if edge(text, at) == *wanted => open.push(state + 1),
            Some(Step::Start | Step::End | Step::Word(_)) | None => {}
            Some(Step::Any | Step::Char(_) | Step::Set(..)) => here.push(state),
        }
    }
    false
}

/// Whether a word begins or ends here.
fn edge(text: &[char], at: usize) -> bool {
    let word = |c: Option<&char>| c.is_some_and(|c| c.is_alphanumeric() || *c == '_');
    word(at.checked_sub(1).and_then(|at| text.get(at))) != word(text.get(at))
}

struct Reader {
    pattern: Vec<char>,
    at: usize,
    steps: Vec<Step>,
    depth: usize,
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.pattern.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += 1;
        Some(c)
    }

    fn add(&mut self, step: Step) -> Option<()> {
        self.steps.push(step);
        (self.steps.len() <= MAX_STEPS).then_some(())
    }

    fn alternatives(&mut self) -> Option<()> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        let start = self.steps.len();
        self.sequence()?;
        let mut ends = Vec::new();
        while self.peek() == Some('|') {
            self.at += 1;
            // What was read so far moves one step down, behind a choice.
            let one = self.steps.split_off(start);
            let length = one.len();
            self.add(Step::Split(start + 1, start + length + 2))?;
            self.steps.extend(one.into_iter().map(|step| moved(step, start, 1)));
            ends.iter_mut().for_each(|end| *end += 1);
            ends.push(self.steps.len());
            self.add(Step::Jump(0))?;
            self.sequence()?;
        }
        let after = self.steps.len();
        for end in ends {
            if let Some(step) = self.steps.get_mut(end) {
                *step = Step::Jump(after);
            }
        }
        self.depth -= 1;
        Some(())
    }

    fn sequence(&mut self) -> Option<()> {
        while let Some(c) = self.peek() {
            if c == '|' || c == ')' {
                return Some(());
            }
            let start = self.steps.len();
            self.atom()?;
            self.repeats(start)?;
        }
        Some(())
    }

    fn atom(&mut self) -> Option<()> {
        match self.next()? {
            '(' => {
                if self.peek() == Some('?') {
                    self.at += 1;
                    if self.next()? != ':' {
                        return None;
                    }
                }
                self.alternatives()?;
                (self.next()? == ')').then_some(())
            }
            '[' => self.set(),
            '.' => self.add(Step::Any),
            '^' => self.add(Step::Start),
            '$' => self.add(Step::End),
            '\\' => {
                let c = self.next()?;
                self.escape(c)
            }
            '*' | '+' | '?' => None,
            c => self.add(Step::Char(c)),
        }
    }

    fn escape(&mut self, c: char) -> Option<()> {
        let step = match c {
            'd' | 's' | 'w' => Step::Set(class(c), false),
            'n' => Step::Char('\n'),
            't' => Step::Char('\t'),
            'r' => Step::Char('\r'),
            'm' | 'y' => Step::Word(true),
            'a' => Step::Start,
            'z' => Step::End,
            c => Step::Char(c),
        };
        self.add(step)
    }

    fn set(&mut self) -> Option<()> {
        let negated = self.peek() == Some('^');
        self.at += usize::from(negated);
        let mut ranges = Vec::new();
        let mut first = true;
        loop {
            let c = self.next()?;
            if c == ']' && !first {
                return self.add(Step::Set(ranges, negated));
            }
            first = false;
            if c == '[' && self.peek() == Some(':') {
                let rest: String =
                    self.pattern.get(self.at + 1..)?.iter().take_while(|c| **c != ':').collect();
                self.at += rest.chars().count() + 3;
                ranges.extend(named(&rest)?);
                continue;
            }
            let low = if c == '\\' { self.next()? } else { c };
            if c == '\\' && matches!(low, 'd' | 's' | 'w') {
                ranges.extend(class(low));
                continue;
            }
            let range = self.peek() == Some('-') && self.pattern.get(self.at + 1).is_some_and(|c| *c != ']');
            if range {
                self.at += 1;
                let high = self.next()?;
                ranges.push((low, high));
            } else {
                ranges.push((low, low));
            }
        }
    }

    /// `*`, `+`, `?` and `{m,n}` behind what begins at `start`.
    fn repeats(&mut self, start: usize) -> Option<()> {
        loop {
            let (least, most) = match self.peek() {
                Some('*') => (0, None),
                Some('+') => (1, None),
                Some('?') => (0, Some(1)),
                Some('{') => self.counted()?,
                _ => return Some(()),
            };
            self.at += 1;
            if self.peek() == Some('?') {
                self.at += 1;
            }
            let one = self.steps.split_off(start);
            for _ in 0..least {
                self.again(&one, start)?;
            }
            match most {
                None => {
                    let here = self.steps.len();
                    self.add(Step::Split(here + 1, here + one.len() + 2))?;
                    self.again(&one, start)?;
                    self.add(Step::Jump(here))?;
                }
                Some(most) => {
                    for _ in least..most {
                        let here = self.steps.len();
                        self.add(Step::Split(here + 1, here + one.len() + 1))?;
                        self.again(&one, start)?;
                    }
                }
            }
        }
    }

    fn counted(&mut self) -> Option<(usize, Option<usize>)> {
        let rest: String = self.pattern.get(self.at + 1..)?.iter().take_while(|c| **c != '}').collect();
        self.at += rest.chars().count() + 1;
        let (low, high) = rest.split_once(',').map_or((rest.as_str(), Some(rest.as_str())), |(low, high)| {
            (low, (!high.is_empty()).then_some(high))
        });
        let high = high
            .map(|high| high.parse::<usize>().ok().filter(|n| *n <= 255))
            .map_or(Some(None), |n| n.map(Some))?;
        Some((low.parse().ok().filter(|n| *n <= 255)?, high))
    }

    fn again(&mut self, one: &[Step], start: usize) -> Option<()> {
        let by = self.steps.len() - start;
        one.iter().try_for_each(|step| self.add(moved(step.clone(), start, by)))
    }
}

/// A step of a part that now stands further behind.
fn moved(step: Step, start: usize, by: usize) -> Step {
    let to = |place: usize| if place >= start { place + by } else { place };
    match step {
        Step::Split(one, other) => Step::Split(to(one), to(other)),
        Step::Jump(place) => Step::Jump(to(place)),
        other => other,
    }
}

fn class(c: char) -> Vec<(char, char)> {
    match c {
        'd' => vec![('0', '9')],
        's' => vec![(' ', ' '), ('\t', '\r')],
        _ => vec![('a', 'z'), ('A', 'Z'), ('0', '9'), ('_', '_'), ('\u{80}', char::MAX)],
    }
}

fn named(name: &str) -> Option<Vec<(char, char)>> {
    Some(match name {
        "alpha" => vec![('a', 'z'), ('A', 'Z')],
        "digit" => vec![('0', '9')],
        "alnum" => vec![('a', 'z'), ('A', 'Z'), ('0', '9')],
        "upper" => vec![('A', 'Z')],
        "lower" => vec![('a', 'z')],
        "space" => class('s'),
        "punct" => vec![('!', '/'), (':', '@'), ('[', '`'), ('{', '~')],
        "xdigit" => vec![('0', '9'), ('a', 'f'), ('A', 'F')],
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_fit_what_they_fit_on_the_server() {
        let fits = |text, pattern| matches(text, pattern, false).unwrap();
        assert!(fits("patient", "^(patient)$") && !fits("patients", "^(patient)$"));
        assert!(fits("patients", "^(pat.*)$"));
        assert!(fits("pg_toast_1", "^pg_toast") && !fits("x", "^pg_"));
        assert!(fits("abc", "a|b|c") && fits("c", "^(a|b|c)$") && !fits("d", "^(a|b|c)$"));
        assert!(fits("aaa", "^a{2,3}$") && !fits("a", "^a{2}$") && fits("", "^x?$"));
        assert!(fits("x1", "[[:digit:]]") && fits("x_1", r"^\w+$") && !fits("x", r"\d"));
        assert!(fits("]", "[]]") && fits("b", "[^a]") && fits("患者", "患.*"));
        assert!(matches("ABC", "abc", true).unwrap());
        assert_eq!(matches("a", "(", false), None);
        assert_eq!(matches("a", "*", false), None);
        // Time grows with the text alone.
        let evil = "a".repeat(3000);
        assert!(!matches(&evil, "^(a*)*b$", false).unwrap());
        assert_eq!(matches("a", &"(".repeat(1000), false), None);
    }
}
