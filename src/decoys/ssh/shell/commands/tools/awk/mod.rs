//! `awk`: patterns, `print`, `printf`, assignments and `if`, as one-liners use them.

mod parse;
mod value;

use std::collections::BTreeMap;

use crate::decoys::ssh::shell::commands::{Call, Options};
use crate::decoys::ssh::shell::regex::Regex;
use crate::decoys::ssh::shell::text::unescape;

use parse::parse;
use value::{arithmetic, flag, format, number, show, split, truth};

/// Deepest expression.
const MAX_DEPTH: usize = 50;

/// Most bytes one program prints.
const MAX_OUTPUT: usize = 1 << 20;

/// Most variables and elements of arrays kept.
const MAX_VARIABLES: usize = 20_000;

#[derive(Debug, Clone)]
enum Expression {
    Text(String),
    Number(f64),
    Field(Box<Expression>),
    Name(String),
    Element(String, Box<Expression>),
    Match(String),
    Unary(char, Box<Expression>),
    Binary(&'static str, Box<Expression>, Box<Expression>),
    Assign(Box<Expression>, &'static str, Box<Expression>),
    After(Box<Expression>, f64),
    Call(String, Vec<Expression>),
}

#[derive(Debug, Clone)]
enum Statement {
    Print(Vec<Expression>, bool),
    Do(Expression),
    If(Expression, Vec<Statement>, Vec<Statement>),
    Walk(String, String, Vec<Statement>),
    Next,
    Exit,
}

enum When {
    Begin,
    End,
    Always,
    If(Expression),
}

/// `awk`
pub(crate) fn awk(call: &mut Call) -> i32 {
    let mut options = Options::new(call.rest(), "Fvf");
    if options.operands.is_empty() {
        call.out("Usage: mawk [Options] [Program] [file ...]\n");
        return 0;
    }
    let source = options.operands.remove(0).clone();
    let Ok(rules) = parse(&source) else {
        call.error(&format!(
            "awk: line 1: syntax error at or near {}\n",
            source.split_whitespace().last().unwrap_or("end of file")
        ));
        return 2;
    };
    let mut machine = Machine::default();
    machine.set(
        "FS",
        options
            .value('F')
            .map_or(" ".to_owned(), |f| String::from_utf8_lossy(&unescape(f, false).0).into_owned()),
    );
    machine.set("OFS", " ".into());
    machine.set("ORS", "\n".into());
    for assignment in options.values('v') {
        if let Some((name, value)) = assignment.split_once('=') {
            machine.set(name, value.to_owned());
        }
    }
    let mut status = 0;
    let only_begin = rules.iter().all(|(when, _)| matches!(when, When::Begin));
    let inputs = if only_begin { Vec::new() } else { call.inputs(&options.operands, &mut status) };
    machine.phase(&rules, |w| matches!(w, When::Begin));
    for (_, bytes) in inputs {
        for line in String::from_utf8_lossy(&bytes).lines() {
            if machine.exit {
                break;
            }
            machine.record(line);
            machine.line(&rules);
        }
    }
    machine.exit = false;
    machine.phase(&rules, |w| matches!(w, When::End));
    call.out(&machine.out);
    if status == 0 { 0 } else { 2 }
}

#[derive(Default)]
struct Machine {
    variables: BTreeMap<String, String>,
    fields: Vec<String>,
    record: String,
    number: usize,
    out: String,
    exit: bool,
    next: bool,
    depth: usize,
}

impl Machine {
    fn set(&mut self, name: &str, value: String) {
        if self.variables.len() < MAX_VARIABLES || self.variables.contains_key(name) {
            self.variables.insert(name.to_owned(), value);
        }
    }

    fn record(&mut self, line: &str) {
        self.number += 1;
        self.record = line.to_owned();
        let separator = self.variables.get("FS").cloned().unwrap_or_default();
        self.fields = split(line, &separator);
    }

    fn phase(&mut self, rules: &[(When, Vec<Statement>)], which: impl Fn(&When) -> bool) {
        for (when, body) in rules {
            if which(when) && !self.exit {
                self.run(body);
            }
        }
    }

    fn line(&mut self, rules: &[(When, Vec<Statement>)]) {
        self.next = false;
        for (when, body) in rules {
            let holds = match when {
                When::Begin | When::End => false,
                When::Always => true,
                When::If(expression) => truth(&self.value(expression)),
            };
            if holds && !self.next && !self.exit {
                self.run(body);
            }
        }
    }

    fn run(&mut self, body: &[Statement]) {
        for statement in body {
            if self.next || self.exit || self.out.len() > MAX_OUTPUT {
                return;
            }
            match statement {
                Statement::Print(list, false) => {
                    let values: Vec<String> = if list.is_empty() {
                        vec![self.record.clone()]
                    } else {
                        list.iter().map(|e| self.value(e)).collect()
                    };
                    let (ofs, ors) = (
                        self.variables.get("OFS").cloned().unwrap_or_default(),
                        self.variables.get("ORS").cloned().unwrap_or_default(),
                    );
                    self.out.push_str(&values.join(&ofs));
                    self.out.push_str(&ors);
                }
                Statement::Print(list, true) => {
                    let values: Vec<String> = list.iter().map(|e| self.value(e)).collect();
                    self.out.push_str(&format(&values));
                }
                Statement::Do(expression) => {
                    self.value(expression);
                }
                Statement::If(condition, yes, no) => {
                    let holds = truth(&self.value(condition));
                    self.run(if holds { yes } else { no });
                }
                Statement::Walk(name, array, inner) => {
                    let prefix = format!("{array}\u{1}");
                    let keys: Vec<String> = self
                        .variables
                        .keys()
                        .filter_map(|k| k.strip_prefix(&prefix))
                        .map(str::to_owned)
                        .collect();
                    for key in keys {
                        self.set(name, key);
                        self.run(inner);
                    }
                }
                Statement::Next => self.next = true,
                Statement::Exit => self.exit = true,
            }
        }
    }

    fn value(&mut self, expression: &Expression) -> String {
        self.depth += 1;
        let value = if self.depth > MAX_DEPTH { String::new() } else { self.compute(expression) };
        self.depth -= 1;
        value
    }

    fn compute(&mut self, expression: &Expression) -> String {
        match expression {
            Expression::Text(text) => text.clone(),
            Expression::Number(n) => show(*n),
            Expression::Field(index) => {
                let n = number(&self.value(index));
                self.field(n)
            }
            Expression::Name(name) => match name.as_str() {
                "NR" | "FNR" => self.number.to_string(),
                "NF" => self.fields.len().to_string(),
                _ => self.variables.get(name).cloned().unwrap_or_default(),
            },
            Expression::Element(name, key) => {
                let key = format!("{name}\u{1}{}", self.value(key));
                self.variables.get(&key).cloned().unwrap_or_default()
            }
            Expression::Match(pattern) => {
                flag(Regex::new(pattern, true, false).is_ok_and(|r| r.is_match(&self.record)))
            }
            Expression::Unary('!', inner) => flag(!truth(&self.value(inner))),
            Expression::Unary(_, inner) => show(-number(&self.value(inner))),
            Expression::Binary(operator, left, right) => self.binary(operator, left, right),
            Expression::Assign(place, operator, value) => {
                let right = self.value(value);
                let new = match operator.strip_suffix('=').filter(|o| !o.is_empty()) {
                    Some(o) => show(arithmetic(o, number(&self.value(place)), number(&right))),
                    None => right,
                };
                self.assign(place, &new);
                new
            }
            Expression::After(place, step) => {
                let old = number(&self.value(place));
                self.assign(place, &show(old + step));
                show(old)
            }
            Expression::Call(name, arguments) => self.call(name, arguments),
        }
    }

    fn field(&self, n: f64) -> String {
        if n < 1.0 {
            return self.record.clone();
        }
        let at = format!("{n:.0}").parse::<usize>().unwrap_or(usize::MAX);
        self.fields.get(at.wrapping_sub(1)).cloned().unwrap_or_default()
    }

    fn assign(&mut self, place: &Expression, value: &str) {
        match place {
            Expression::Name(name) => self.set(name, value.to_owned()),
            Expression::Element(name, key) => {
                let key = format!("{name}\u{1}{}", self.value(key));
                self.set(&key, value.to_owned());
            }
            Expression::Field(index) => {
                let at = format!("{:.0}", number(&self.value(index))).parse::<usize>().unwrap_or(0);
                if at == 0 {
                    self.record = value.to_owned();
                } else if at < 200 {
                    self.fields.resize(self.fields.len().max(at), String::new());
                    if let Some(slot) = self.fields.get_mut(at - 1) {
                        *slot = value.to_owned();
                    }
                    self.record = self.fields.join(&self.variables.get("OFS").cloned().unwrap_or_default());
                }
            }
            Expression::Text(_)
            | Expression::Number(_)
            | Expression::Match(_)
            | Expression::Unary(..)
            | Expression::Binary(..)
            | Expression::Assign(..)
            | Expression::After(..)
            | Expression::Call(..) => {}
        }
    }

    fn binary(&mut self, operator: &str, left: &Expression, right: &Expression) -> String {
        let a = self.value(left);
        match operator {
            "&&" => return flag(truth(&a) && truth(&self.value(right))),
            "||" => return flag(truth(&a) || truth(&self.value(right))),
            "~" | "!~" => {
                let pattern = match right {
                    Expression::Match(pattern) => pattern.clone(),
                    other => self.value(other),
                };
                let found = Regex::new(&pattern, true, false).is_ok_and(|r| r.is_match(&a));
                return flag(found == (operator == "~"));
            }
            _ => {}
        }
        let b = self.value(right);
        match operator {
            " " => format!("{a}{b}"),
            "==" | "!=" | "<" | ">" | "<=" | ">=" => {
                let numeric = [&a, &b].iter().all(|t| t.trim().parse::<f64>().is_ok() || t.is_empty());
                let order = if numeric { number(&a).total_cmp(&number(&b)) } else { a.cmp(&b) };
                flag(match operator {
                    "==" => order.is_eq(),
                    "!=" => order.is_ne(),
                    "<" => order.is_lt(),
                    ">" => order.is_gt(),
                    "<=" => order.is_le(),
                    _ => order.is_ge(),
                })
            }
            _ => show(arithmetic(operator, number(&a), number(&b))),
        }
    }

    fn call(&mut self, name: &str, arguments: &[Expression]) -> String {
        let values: Vec<String> = arguments.iter().map(|e| self.value(e)).collect();
        let first = values.first().cloned().unwrap_or_else(|| self.record.clone());
        let at = |n: usize| values.get(n).cloned().unwrap_or_default();
        match name {
            "length" => first.chars().count().to_string(),
            "toupper" => first.to_uppercase(),
            "tolower" => first.to_lowercase(),
            "int" => show(number(&first).trunc()),
            "index" => first.find(&at(1)).map_or(0, |n| n + 1).to_string(),
            "sprintf" => format(&values),
            "substr" => {
                let start = format!("{:.0}", number(&at(1))).parse::<usize>().unwrap_or(1).max(1);
                let length =
                    values.get(2).map_or(usize::MAX, |l| format!("{:.0}", number(l)).parse().unwrap_or(0));
                first.chars().skip(start - 1).take(length).collect()
            }
            "gsub" | "sub" => self.substitute(name == "gsub", arguments, &at(1)),
            _ => String::new(),
        }
    }

    fn substitute(&mut self, all: bool, arguments: &[Expression], with: &str) -> String {
        let pattern = match arguments.first() {
            Some(Expression::Match(pattern)) => pattern.clone(),
            Some(other) => self.value(other),
            None => return "0".into(),
        };
        let Ok(regex) = Regex::new(&pattern, true, false) else { return "0".into() };
        let place = arguments.get(2).cloned().unwrap_or(Expression::Field(Box::new(Expression::Number(0.0))));
        let text: Vec<char> = self.value(&place).chars().collect();
        let (mut out, mut at, mut count) = (String::new(), 0, 0);
        while at <= text.len()
            && let Some((from, to)) = regex.find(&text, at).and_then(|s| s.first().copied().flatten())
        {
            out.extend(text.get(at..from).unwrap_or_default());
            out.push_str(with);
            count += 1;
            at = to;
            if to == from {
                out.extend(text.get(at));
                at += 1;
            }
            if !all {
                break;
            }
        }
        out.extend(text.get(at.min(text.len())..).unwrap_or_default());
        self.assign(&place, &out);
        if matches!(place, Expression::Field(_)) {
            let record = self.record.clone();
            self.fields = split(&record, &self.variables.get("FS").cloned().unwrap_or_default());
        }
        count.to_string()
    }
}
