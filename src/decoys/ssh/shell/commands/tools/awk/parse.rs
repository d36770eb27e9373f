//! Reads a program.

use super::{Expression, MAX_DEPTH, Statement, When};
use crate::decoys::ssh::shell::text::unescape;

/// The program could not be read.
pub(super) struct Bad;

struct Reader<'a> {
    rest: &'a str,
    depth: usize,
}

pub(super) fn parse(source: &str) -> Result<Vec<(When, Vec<Statement>)>, Bad> {
    let mut reader = Reader { rest: source, depth: 0 };
    let mut rules = Vec::new();
    loop {
        reader.space(true);
        if reader.rest.is_empty() {
            return if rules.is_empty() { Err(Bad) } else { Ok(rules) };
        }
        let when = if reader.word("BEGIN") {
            When::Begin
        } else if reader.word("END") {
            When::End
        } else if reader.rest.starts_with('{') {
            When::Always
        } else {
            When::If(reader.expression()?)
        };
        reader.space(false);
        let body = if reader.rest.starts_with('{') {
            reader.block()?
        } else {
            vec![Statement::Print(Vec::new(), false)]
        };
        rules.push((when, body));
    }
}

impl Reader<'_> {
    fn space(&mut self, newlines: bool) {
        self.rest = self.rest.trim_start_matches(|c| {
            c == ' ' || c == '\t' || newlines && (c == '\n' || c == ';' || c == '\r')
        });
    }

    fn eat(&mut self, text: &str) -> bool {
        self.space(false);
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn word(&mut self, word: &str) -> bool {
        self.space(false);
        match self.rest.strip_prefix(word) {
            Some(rest) if !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_') => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    fn name(&mut self) -> String {
        let end = self.rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        name.to_owned()
    }

    fn block(&mut self) -> Result<Vec<Statement>, Bad> {
        self.depth += 1;
        if self.depth > MAX_DEPTH || !self.eat("{") {
            return Err(Bad);
        }
        let mut body = Vec::new();
        loop {
            self.space(true);
            if self.eat("}") {
                self.depth -= 1;
                return Ok(body);
            }
            if self.rest.is_empty() {
                return Err(Bad);
            }
            body.push(self.statement()?);
        }
    }

    fn one_or_block(&mut self) -> Result<Vec<Statement>, Bad> {
        self.space(true);
        if self.rest.starts_with('{') { self.block() } else { Ok(vec![self.statement()?]) }
    }

    fn statement(&mut self) -> Result<Statement, Bad> {
        if self.word("printf") {
            return Ok(Statement::Print(self.list()?, true));
        }
        if self.word("print") {
            return Ok(Statement::Print(self.list()?, false));
        }
        if self.word("next") {
            return Ok(Statement::Next);
        }
        if self.word("exit") {
            return Ok(Statement::Exit);
        }
        if self.word("for") {
            if !self.eat("(") {
                return Err(Bad);
            }
            self.space(false);
            let name = self.name();
            if !self.word("in") {
                return Err(Bad);
            }
            self.space(false);
            let array = self.name();
            if !self.eat(")") {
                return Err(Bad);
            }
            return Ok(Statement::Walk(name, array, self.one_or_block()?));
        }
        if self.word("if") {
            if !self.eat("(") {
                return Err(Bad);
            }
            let condition = self.expression()?;
            if !self.eat(")") {
                return Err(Bad);
            }
            let yes = self.one_or_block()?;
            let before = self.rest;
            self.space(true);
            let no = if self.word("else") {
                self.one_or_block()?
            } else {
                self.rest = before;
                Vec::new()
            };
            return Ok(Statement::If(condition, yes, no));
        }
        Ok(Statement::Do(self.expression()?))
    }

    fn list(&mut self) -> Result<Vec<Expression>, Bad> {
        let mut list = Vec::new();
        self.space(false);
        if self.rest.is_empty() || self.rest.starts_with(['}', ';', '\n']) {
            return Ok(list);
        }
        loop {
            list.push(self.expression()?);
            if !self.eat(",") {
                return Ok(list);
            }
        }
    }

    fn expression(&mut self) -> Result<Expression, Bad> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Bad);
        }
        let left = self.level(0)?;
        self.depth -= 1;
        let place = matches!(left, Expression::Name(_) | Expression::Element(..) | Expression::Field(_));
        if place {
            for operator in ["+=", "-=", "*=", "/=", "="] {
                if operator == "=" && self.rest.trim_start().starts_with("==") {
                    break;
                }
                if self.eat(operator) {
                    return Ok(Expression::Assign(Box::new(left), operator, Box::new(self.expression()?)));
                }
            }
        }
        Ok(left)
    }

    fn level(&mut self, level: usize) -> Result<Expression, Bad> {
        const LEVELS: [&[&str]; 7] = [
            &["||"],
            &["&&"],
            &["!~", "~"],
            &["==", "!=", "<=", ">=", "<", ">"],
            &[" "],
            &["+", "-"],
            &["*", "/", "%", "^"],
        ];
        let Some(operators) = LEVELS.get(level) else { return self.primary() };
        let mut left = self.level(level + 1)?;
        loop {
            self.space(false);
            let found = if operators.contains(&" ") {
                let joins = self.rest.starts_with(|c: char| c.is_alphanumeric() || "\"$(_".contains(c))
                    && !["in ", "in\t"].iter().any(|k| self.rest.starts_with(k));
                joins.then_some(" ")
            } else {
                operators.iter().copied().find(|o| {
                    self.rest.starts_with(o)
                        && !self
                            .rest
                            .get(o.len()..)
                            .is_some_and(|r| r.starts_with('=') && "+-*/%^".contains(o))
                        && !(self.rest.starts_with("++") || self.rest.starts_with("--"))
                })
            };
            let Some(operator) = found else { return Ok(left) };
            if operator != " " {
                self.eat(operator);
            }
            left = Expression::Binary(operator, Box::new(left), Box::new(self.level(level + 1)?));
        }
    }

    fn primary(&mut self) -> Result<Expression, Bad> {
        self.space(false);
        let value = match self.rest.chars().next().ok_or(Bad)? {
            '(' => {
                self.eat("(");
                let inner = self.expression()?;
                return if self.eat(")") { Ok(inner) } else { Err(Bad) };
            }
            '$' => {
                self.eat("$");
                Expression::Field(Box::new(self.primary()?))
            }
            '!' | '-' => {
                let sign = if self.eat("!") { '!' } else { '-' };
                self.eat("-");
                return Ok(Expression::Unary(sign, Box::new(self.primary()?)));
            }
            '"' => {
                return self
                    .quoted('"')
                    .map(|t| Expression::Text(String::from_utf8_lossy(&unescape(&t, false).0).into_owned()));
            }
            '/' => return self.quoted('/').map(Expression::Match),
            c if c.is_ascii_digit() || c == '.' => {
                let end =
                    self.rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(self.rest.len());
                let (digits, rest) = self.rest.split_at(end);
                self.rest = rest;
                return Ok(Expression::Number(digits.parse().unwrap_or(0.0)));
            }
            c if c.is_alphabetic() || c == '_' => {
                let name = self.name();
                if self.rest.starts_with('(') {
                    self.eat("(");
                    let arguments =
                        if self.rest.trim_start().starts_with(')') { Vec::new() } else { self.list()? };
                    return if self.eat(")") { Ok(Expression::Call(name, arguments)) } else { Err(Bad) };
                }
                if self.rest.starts_with('[') {
                    self.eat("[");
                    let key = self.expression()?;
                    if !self.eat("]") {
                        return Err(Bad);
                    }
                    Expression::Element(name, Box::new(key))
                } else if name == "length" {
                    return Ok(Expression::Call(name, Vec::new()));
                } else {
                    Expression::Name(name)
                }
            }
            _ => return Err(Bad),
        };
        for (text, step) in [("++", 1.0), ("--", -1.0)] {
            if self.rest.starts_with(text) {
                self.eat(text);
                return Ok(Expression::After(Box::new(value), step));
            }
        }
        Ok(value)
    }

    fn quoted(&mut self, end: char) -> Result<String, Bad> {
        let mut text = String::new();
        let mut letters = self.rest.char_indices().skip(1);
        while let Some((at, c)) = letters.next() {
            if c == end {
                self.rest = self.rest.get(at + 1..).unwrap_or_default();
                return Ok(text);
            }
            text.push(c);
            if c == '\\'
                && let Some((_, escaped)) = letters.next()
            {
                if escaped == end {
                    text.pop();
                }
                text.push(escaped);
            }
        }
        Err(Bad)
    }
}
