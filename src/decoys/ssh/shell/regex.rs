//! POSIX regular expressions, basic and extended, by backtracking with a bound on the work.

use super::text::in_set;

/// Steps one search may take before it counts as no match.
const STEPS: usize = 400_000;

/// Deepest recursion of the matcher, against stack exhaustion.
const DEPTH: usize = 2_000;

/// Most times a bounded repeat may stand for.
const MAX_REPEAT: usize = 255;

/// Longest pattern.
const MAX_PATTERN: usize = 4_096;

/// Why a pattern is refused, in grep's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadPattern(pub &'static str);

#[derive(Debug, Clone)]
enum Node {
    Char(char),
    Any,
    Set(Vec<char>, bool),
    Start,
    End,
    WordEdge,
    Group(Box<Node>, usize),
    Back(usize),
    Repeat(Box<Node>, usize, usize),
    All(Vec<Node>),
    Either(Vec<Node>),
}

/// A compiled expression.
#[derive(Debug, Clone)]
pub struct Regex {
    root: Node,
    fold: bool,
    groups: usize,
}

/// Where groups matched: group 0 is the whole.
pub type Spans = Vec<Option<(usize, usize)>>;

impl Regex {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// [`BadPattern`] with the tool's words.
    pub fn new(pattern: &str, extended: bool, fold: bool) -> Result<Self, BadPattern> {
        if pattern.len() > MAX_PATTERN {
            return Err(BadPattern("Regular expression too big"));
        }
        let pattern: Vec<char> = pattern.chars().map(|c| if fold { lower(c) } else { c }).collect();
        let mut reader = Reader { pattern, at: 0, extended, groups: 0, depth: 0 };
        let root = reader.either()?;
        if reader.at < reader.pattern.len() {
            return Err(BadPattern("Unmatched ) or \\)"));
        }
        Ok(Regex { root, fold, groups: reader.groups })
    }

    /// A pattern that stands for itself.
    pub fn literal(text: &str, fold: bool) -> Self {
        let nodes = text.chars().map(|c| Node::Char(if fold { lower(c) } else { c })).collect();
        Regex { root: Node::All(nodes), fold, groups: 0 }
    }

    /// The first, longest match at or behind `from`.
    pub fn find(&self, text: &[char], from: usize) -> Option<Spans> {
        let folded: Vec<char>;
        let text = if self.fold {
            folded = text.iter().map(|c| lower(*c)).collect();
            &folded
        } else {
            text
        };
        let mut run = Run { text, steps: STEPS, groups: vec![None; self.groups + 1], depth: 0 };
        for start in from..=text.len() {
            run.groups.iter_mut().for_each(|g| *g = None);
            let mut best: Option<(usize, Spans)> = None;
            run.go(&self.root, start, &mut |run, end| {
                if best.as_ref().is_none_or(|(longest, _)| end > *longest) {
                    best = Some((end, run.groups.clone()));
                }
                false
            });
            if let Some((end, mut spans)) = best {
                if let Some(whole) = spans.first_mut() {
                    *whole = Some((start, end));
                }
                return Some(spans);
            }
            if run.steps == 0 {
                return None;
            }
        }
        None
    }

    /// Whether it matches anywhere.
    pub fn is_match(&self, text: &str) -> bool {
        self.find(&text.chars().collect::<Vec<_>>(), 0).is_some()
    }
}

fn lower(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}

struct Reader {
    pattern: Vec<char>,
    at: usize,
    extended: bool,
    groups: usize,
    depth: usize,
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.pattern.get(self.at).copied()
    }

    /// Whether an operator stands here: bare in extended, behind a backslash in basic expressions.
    fn operator(&self, c: char) -> bool {
        let escaped = self.peek() == Some('\\') && self.pattern.get(self.at + 1) == Some(&c);
        if self.extended { self.peek() == Some(c) } else { escaped }
    }

    fn take(&mut self, c: char) -> bool {
        let found = self.operator(c);
        if found {
            self.at += if self.extended { 1 } else { 2 };
        }
        found
    }

    fn either(&mut self) -> Result<Node, BadPattern> {
        self.depth += 1;
        if self.depth > 40 {
            return Err(BadPattern("Regular expression too big"));
        }
        let mut arms = vec![self.all()?];
        while self.take('|') {
            arms.push(self.all()?);
        }
        self.depth -= 1;
        Ok(if arms.len() == 1 { arms.remove(0) } else { Node::Either(arms) })
    }

    fn all(&mut self) -> Result<Node, BadPattern> {
        let mut nodes = Vec::new();
        while self.peek().is_some() && !self.operator('|') && !self.operator(')') {
            let first = nodes.is_empty();
            let node = self.one(first)?;
            nodes.push(self.repeated(node)?);
        }
        Ok(Node::All(nodes))
    }

    fn one(&mut self, first: bool) -> Result<Node, BadPattern> {
        if self.take('(') {
            self.groups += 1;
            let number = self.groups;
            let inner = self.either()?;
            return if self.take(')') {
                Ok(Node::Group(Box::new(inner), number))
            } else {
                Err(BadPattern("Unmatched ( or \\("))
            };
        }
        let c = self.peek().unwrap_or_default();
        self.at += 1;
        Ok(match c {
            '.' => Node::Any,
            '^' if self.extended || first => Node::Start,
            '$' if self.extended || self.peek().is_none() || self.operator(')') || self.operator('|') => {
                Node::End
            }
            '[' => self.set()?,
            '\\' => self.escaped()?,
            c => Node::Char(c),
        })
    }

    fn escaped(&mut self) -> Result<Node, BadPattern> {
        let c = self.peek().ok_or(BadPattern("Trailing backslash"))?;
        self.at += 1;
        Ok(match c {
            'n' => Node::Char('\n'),
            't' => Node::Char('\t'),
            'w' => Node::Set("[:alnum:]_".chars().collect(), false),
            'W' => Node::Set("[:alnum:]_".chars().collect(), true),
            's' => Node::Set("[:space:]".chars().collect(), false),
            'S' => Node::Set("[:space:]".chars().collect(), true),
            'd' => Node::Set("0-9".chars().collect(), false),
            'b' | '<' | '>' => Node::WordEdge,
            '1'..='9' => Node::Back(c.to_digit(10).and_then(|d| usize::try_from(d).ok()).unwrap_or(0)),
            c => Node::Char(c),
        })
    }

    fn set(&mut self) -> Result<Node, BadPattern> {
        let negated = self.peek() == Some('^');
        self.at += usize::from(negated);
        let start = self.at;
        if self.peek() == Some(']') {
            self.at += 1;
        }
        loop {
            match self.peek() {
                None => return Err(BadPattern("Unmatched [, [^, [:, [., or [=")),
                Some(']') => break,
                Some('[') if self.pattern.get(self.at + 1) == Some(&':') => {
                    while self.peek().is_some_and(|c| c != ']') {
                        self.at += 1;
                    }
                    self.at += 1;
                }
                Some(_) => self.at += 1,
            }
        }
        let set = self.pattern.get(start..self.at).unwrap_or_default().to_vec();
        self.at += 1;
        Ok(Node::Set(set, negated))
    }

    fn repeated(&mut self, mut node: Node) -> Result<Node, BadPattern> {
        loop {
            let (low, high) = if self.peek() == Some('*') {
                self.at += 1;
                (0, usize::MAX)
            } else if self.take('+') {
                (1, usize::MAX)
            } else if self.take('?') {
                (0, 1)
            } else if self.take('{') {
                self.bounds()?
            } else {
                return Ok(node);
            };
            node = Node::Repeat(Box::new(node), low, high);
        }
    }

    fn bounds(&mut self) -> Result<(usize, usize), BadPattern> {
        let low = self.number().unwrap_or(0);
        let high = if self.peek() == Some(',') {
            self.at += 1;
            self.number().unwrap_or(usize::MAX)
        } else {
            low
        };
        if !self.take('}') {
            return Err(BadPattern("Unmatched { or \\{"));
        }
        if low > MAX_REPEAT || (high != usize::MAX && high > MAX_REPEAT) {
            return Err(BadPattern("Regular expression too big"));
        }
        Ok((low, high))
    }

    fn number(&mut self) -> Option<usize> {
        let mut digits = String::new();
        while let Some(c) = self.peek().filter(char::is_ascii_digit) {
            digits.push(c);
            self.at += 1;
        }
        digits.parse().ok()
    }
}

struct Run<'a> {
    text: &'a [char],
    steps: usize,
    groups: Spans,
    depth: usize,
}

/// What follows a part that matched up to a place; `true` ends the search.
type Then<'f, 'a> = &'f mut dyn FnMut(&mut Run<'a>, usize) -> bool;

impl<'a> Run<'a> {
    fn go(&mut self, node: &Node, at: usize, then: Then<'_, 'a>) -> bool {
        if self.steps == 0 || self.depth > DEPTH {
            return true;
        }
        self.steps -= 1;
        self.depth += 1;
        let done = self.node(node, at, then);
        self.depth -= 1;
        done
    }

    fn node(&mut self, node: &Node, at: usize, then: Then<'_, 'a>) -> bool {
        let here = self.text.get(at).copied();
        match node {
            Node::Char(c) => here == Some(*c) && then(self, at + 1),
            Node::Any => here.is_some() && then(self, at + 1),
            Node::Set(set, negated) => here.is_some_and(|c| in_set(set, c) != *negated) && then(self, at + 1),
            Node::Start => at == 0 && then(self, at),
            Node::End => here.is_none() && then(self, at),
            Node::WordEdge => {
                let word = |c: Option<&char>| c.is_some_and(|c| c.is_alphanumeric() || *c == '_');
                let before = at.checked_sub(1).and_then(|i| self.text.get(i));
                word(before) != word(here.as_ref()) && then(self, at)
            }
            Node::Group(inner, number) => {
                let number = *number;
                let before = self.groups.get(number).copied().flatten();
                let done = self.go(inner, at, &mut |run, end| {
                    let old = run.groups.get(number).copied().flatten();
                    run.set(number, Some((at, end)));
                    let done = then(run, end);
                    run.set(number, old);
                    done
                });
                self.set(number, before);
                done
            }
            Node::Back(number) => {
                let Some((from, to)) = self.groups.get(*number).copied().flatten() else { return false };
                let length = to - from;
                self.text.get(from..to) == self.text.get(at..at + length) && then(self, at + length)
            }
            Node::Repeat(inner, low, high) => self.repeat(inner, *low, *high, at, then),
            Node::All(nodes) => self.all(nodes, at, then),
            Node::Either(arms) => arms.iter().any(|arm| self.go(arm, at, then)),
        }
    }

    fn set(&mut self, number: usize, span: Option<(usize, usize)>) {
        if let Some(slot) = self.groups.get_mut(number) {
            *slot = span;
        }
    }

    fn all(&mut self, nodes: &[Node], at: usize, then: Then<'_, 'a>) -> bool {
        match nodes.split_first() {
            None => then(self, at),
            Some((first, rest)) => self.go(first, at, &mut |run, next| run.all(rest, next, then)),
        }
    }

    fn repeat(&mut self, inner: &Node, low: usize, high: usize, at: usize, then: Then<'_, 'a>) -> bool {
        if let Some(length) = self.simple_run(inner, at, high) {
            return (low..=length).rev().any(|n| then(self, at + n));
        }
        if high > 0
            && self.go(inner, at, &mut |run, next| {
                (next > at || low > 0)
                    && run.repeat(
                        inner,
                        low.saturating_sub(1),
                        if high == usize::MAX { high } else { high - 1 },
                        next,
                        then,
                    )
            })
        {
            return true;
        }
        low == 0 && then(self, at)
    }

    /// How often a one-character node matches in a row, without recursion.
    fn simple_run(&mut self, node: &Node, at: usize, high: usize) -> Option<usize> {
        let holds = |c: char| match node {
            Node::Char(want) => Some(c == *want),
            Node::Any => Some(true),
            Node::Set(set, negated) => Some(in_set(set, c) != *negated),
            Node::Start
            | Node::End
            | Node::WordEdge
            | Node::Group(..)
            | Node::Back(_)
            | Node::Repeat(..)
            | Node::All(_)
            | Node::Either(_) => None,
        };
        holds('a')?;
        let rest = self.text.get(at..).unwrap_or_default();
        Some(rest.iter().take(high).take_while(|c| holds(**c) == Some(true)).count())
    }
}
