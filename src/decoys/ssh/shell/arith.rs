//! Shell arithmetic: 64-bit, as bash has it.

use std::iter::Peekable;
use std::str::Chars;

/// Deepest nesting of brackets.
const MAX_DEPTH: usize = 64;

/// What bash says about a bad expression, behind the expression itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bad(pub String);

/// Names read and written by an expression.
pub trait Names {
    /// The value of a variable, 0 when unset or no number.
    fn get(&self, name: &str) -> i64;
    /// Assigns a variable.
    fn set(&mut self, name: &str, value: i64);
}

/// Evaluates an expression.
///
/// # Errors
/// [`Bad`] in bash's words.
pub fn evaluate(source: &str, names: &mut dyn Names) -> Result<i64, Bad> {
    let mut state = State { rest: source.chars().peekable(), names, depth: 0 };
    let value = state.comma()?;
    state.blanks();
    match state.rest.clone().collect::<String>() {
        rest if rest.is_empty() => Ok(value),
        rest => Err(Bad(format!("syntax error in expression (error token is \"{rest}\")"))),
    }
}

struct State<'a> {
    rest: Peekable<Chars<'a>>,
    names: &'a mut dyn Names,
    depth: usize,
}

const LEVELS: [&[&str]; 10] = [
    &["||"],
    &["&&"],
    &["|"],
    &["^"],
    &["&"],
    &["==", "!="],
    &["<=", ">=", "<", ">"],
    &["<<", ">>"],
    &["+", "-"],
    &["*", "/", "%"],
];

impl State<'_> {
    fn blanks(&mut self) {
        while self.rest.peek().is_some_and(|c| c.is_whitespace()) {
            self.rest.next();
        }
    }

    fn starts(&self, text: &str) -> bool {
        let mut ahead = self.rest.clone();
        text.chars().all(|c| ahead.next() == Some(c))
    }

    fn eat(&mut self, text: &str) -> bool {
        self.blanks();
        let found = self.starts(text);
        if found {
            for _ in text.chars() {
                self.rest.next();
            }
        }
        found
    }

    fn comma(&mut self) -> Result<i64, Bad> {
        let mut value = self.choice()?;
        while self.eat(",") {
            value = self.choice()?;
        }
        Ok(value)
    }

    fn choice(&mut self) -> Result<i64, Bad> {
        let value = self.binary(0)?;
        if !self.eat("?") {
            return Ok(value);
        }
        let yes = self.choice()?;
        if !self.eat(":") {
            return Err(self.operand());
        }
        let no = self.choice()?;
        Ok(if value != 0 { yes } else { no })
    }

    fn operator(&mut self, level: &[&'static str]) -> Option<&'static str> {
        self.blanks();
        let found = level.iter().copied().find(|o| self.starts(o))?;
        let longer = ["||", "&&", "<<", ">>", "<=", ">=", "==", "!=", "**"];
        let clash = longer.iter().any(|l| l.len() > found.len() && l.starts_with(found) && self.starts(l));
        if clash {
            return None;
        }
        self.eat(found);
        Some(found)
    }

    fn binary(&mut self, level: usize) -> Result<i64, Bad> {
        let Some(operators) = LEVELS.get(level) else { return self.power() };
        let mut left = self.binary(level + 1)?;
        while let Some(operator) = self.operator(operators) {
            let right = self.binary(level + 1)?;
            left = apply(operator, left, right)?;
        }
        Ok(left)
    }

    fn power(&mut self) -> Result<i64, Bad> {
        let base = self.unary()?;
        if !self.eat("**") {
            return Ok(base);
        }
        let exponent = u32::try_from(self.power()?).map_err(|_| Bad("exponent less than 0".into()))?;
        Ok(base.wrapping_pow(exponent))
    }

    fn unary(&mut self) -> Result<i64, Bad> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Bad("expression recursion level exceeded".into()));
        }
        self.blanks();
        let value = if self.eat("++") {
            self.step(1)
        } else if self.eat("--") {
            self.step(-1)
        } else if self.eat("!") {
            Ok(i64::from(self.unary()? == 0))
        } else if self.eat("~") {
            Ok(!self.unary()?)
        } else if self.eat("-") {
            Ok(self.unary()?.wrapping_neg())
        } else if self.eat("+") {
            self.unary()
        } else {
            self.primary()
        };
        self.depth -= 1;
        value
    }

    fn step(&mut self, by: i64) -> Result<i64, Bad> {
        self.blanks();
        let name = self.name();
        if name.is_empty() {
            return self.unary();
        }
        let value = self.names.get(&name).wrapping_add(by);
        self.names.set(&name, value);
        Ok(value)
    }

    fn primary(&mut self) -> Result<i64, Bad> {
        if self.eat("(") {
            let value = self.comma()?;
            return if self.eat(")") {
                Ok(value)
            } else {
                Err(Bad("missing `)' (error token is \"\")".into()))
            };
        }
        self.blanks();
        match self.rest.peek() {
            Some(c) if c.is_ascii_digit() => self.number(),
            Some(c) if *c == '_' || c.is_ascii_alphabetic() => self.variable(),
            _ => Err(self.operand()),
        }
    }

    fn operand(&mut self) -> Bad {
        let rest: String = self.rest.clone().collect();
        Bad(format!("syntax error: operand expected (error token is \"{rest}\")"))
    }

    fn number(&mut self) -> Result<i64, Bad> {
        let mut text = String::new();
        while let Some(c) = self.rest.peek()
            && (c.is_ascii_alphanumeric() || *c == '#' || *c == '_')
        {
            text.push(*c);
            self.rest.next();
        }
        let parsed = if let Some((base, digits)) = text.split_once('#') {
            base.parse()
                .ok()
                .filter(|b| (2..=36).contains(b))
                .and_then(|b| i64::from_str_radix(digits, b).ok())
        } else if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
            i64::from_str_radix(digits, 16).ok()
        } else if text.len() > 1 && text.starts_with('0') {
            i64::from_str_radix(&text, 8).ok()
        } else {
            text.parse().ok()
        };
        parsed.ok_or_else(|| Bad(format!("value too great for base (error token is \"{text}\")")))
    }

    fn name(&mut self) -> String {
        let mut name = String::new();
        while let Some(c) = self.rest.peek()
            && (*c == '_' || c.is_ascii_alphanumeric())
        {
            name.push(*c);
            self.rest.next();
        }
        if !name.is_empty() && self.rest.peek() == Some(&'[') {
            let mut level = 0_usize;
            for c in self.rest.by_ref() {
                name.push(c);
                level = match c {
                    '[' => level + 1,
                    ']' => level - 1,
                    _ => level,
                };
                if level == 0 {
                    break;
                }
            }
        }
        name
    }

    fn variable(&mut self) -> Result<i64, Bad> {
        let name = self.name();
        let old = self.names.get(&name);
        for by in ["++", "--"] {
            if self.eat(by) {
                self.names.set(&name, old.wrapping_add(if by == "++" { 1 } else { -1 }));
                return Ok(old);
            }
        }
        for operator in ["+", "-", "*", "/", "%", "<<", ">>", "&", "|", "^"] {
            if self.eat(&format!("{operator}=")) {
                let right = self.choice()?;
                let value = apply(operator, old, right)?;
                self.names.set(&name, value);
                return Ok(value);
            }
        }
        self.blanks();
        if self.starts("=") && !self.starts("==") {
            self.eat("=");
            let value = self.choice()?;
            self.names.set(&name, value);
            return Ok(value);
        }
        Ok(old)
    }
}

fn apply(operator: &str, a: i64, b: i64) -> Result<i64, Bad> {
    let shift = u32::try_from(b & 63).unwrap_or(0);
    Ok(match operator {
        "||" => i64::from(a != 0 || b != 0),
        "&&" => i64::from(a != 0 && b != 0),
        "|" => a | b,
        "^" => a ^ b,
        "&" => a & b,
        "==" => i64::from(a == b),
        "!=" => i64::from(a != b),
        "<=" => i64::from(a <= b),
        ">=" => i64::from(a >= b),
        "<" => i64::from(a < b),
        ">" => i64::from(a > b),
        "<<" => a.wrapping_shl(shift),
        ">>" => a.wrapping_shr(shift),
        "+" => a.wrapping_add(b),
        "-" => a.wrapping_sub(b),
        "*" => a.wrapping_mul(b),
        _ if b == 0 => return Err(Bad("division by 0 (error token is \"0\")".into())),
        "/" => a.wrapping_div(b),
        _ => a.wrapping_rem(b),
    })
}
