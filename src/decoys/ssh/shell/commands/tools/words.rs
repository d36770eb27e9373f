//! `seq`, `yes`, `expr`, `basename` and `dirname`.

use crate::decoys::ssh::shell::commands::Call;

/// Most lines `seq` and `yes` print.
const MAX_LINES: usize = 100_000;

/// `seq`
pub(crate) fn seq(call: &mut Call) -> i32 {
    let separator =
        call.rest().iter().position(|a| a == "-s").and_then(|at| call.rest().get(at + 1)).cloned();
    let skip = usize::from(separator.is_some()) * 2;
    let numbers: Vec<&String> = call.rest().iter().skip(skip).filter(|a| *a != "-w").collect();
    let mut parsed = Vec::new();
    for text in &numbers {
        match text.parse::<i64>() {
            Ok(n) => parsed.push(n),
            Err(_) => {
                return call.fail(
                    1,
                    &format!(
                        "invalid floating point argument: ‘{text}’\nTry 'seq --help' for more information."
                    ),
                );
            }
        }
    }
    let (first, step, last) = match parsed.as_slice() {
        [last] => (1, 1, *last),
        [first, last] => (*first, 1, *last),
        [first, step, last, ..] => (*first, *step, *last),
        [] => return call.fail(1, "missing operand\nTry 'seq --help' for more information."),
    };
    if step == 0 {
        return call.fail(1, "invalid Zero increment value: ‘0’\nTry 'seq --help' for more information.");
    }
    let mut out = Vec::new();
    let mut n = first;
    while out.len() < MAX_LINES && (step > 0 && n <= last || step < 0 && n >= last) {
        out.push(n.to_string());
        n = n.saturating_add(step);
    }
    if !out.is_empty() {
        let text = format!("{}\n", out.join(separator.as_deref().unwrap_or("\n")));
        call.out(&text);
    }
    0
}

/// `yes`
pub(crate) fn yes(call: &mut Call) -> i32 {
    let word = if call.rest().is_empty() { "y".to_owned() } else { call.rest().join(" ") };
    let count = (MAX_LINES / (word.len() + 1)).max(1);
    call.out(&format!("{word}\n").repeat(count));
    0
}

/// `expr`
pub(crate) fn expr(call: &mut Call) -> i32 {
    let words: Vec<&str> = call.rest().iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        [] => return call.fail(2, "missing operand\nTry 'expr --help' for more information."),
        [one] => (*one).to_owned(),
        ["length", text] => text.chars().count().to_string(),
        ["substr", text, at, length] => {
            let (at, length) = (at.parse::<usize>().unwrap_or(0), length.parse::<usize>().unwrap_or(0));
            text.chars().skip(at.saturating_sub(1)).take(length).collect()
        }
        [a, operator @ ("=" | "!=" | "<" | ">" | "<=" | ">="), b] => {
            let order = match (a.parse::<i64>(), b.parse::<i64>()) {
                (Ok(a), Ok(b)) => a.cmp(&b),
                _ => a.cmp(b),
            };
            let holds = match *operator {
                "=" => order.is_eq(),
                "!=" => order.is_ne(),
                "<" => order.is_lt(),
                ">" => order.is_gt(),
                "<=" => order.is_le(),
                _ => order.is_ge(),
            };
            i32::from(holds).to_string()
        }
        _ => {
            struct None;
            impl crate::decoys::ssh::shell::arith::Names for None {
                fn get(&self, _: &str) -> i64 {
                    0
                }
                fn set(&mut self, _: &str, _: i64) {}
            }
            if let Some(bad) = words.iter().find(|w| w.chars().any(|c| c.is_alphabetic())) {
                let _ = bad;
                return call.fail(2, "non-integer argument");
            }
            match crate::decoys::ssh::shell::arith::evaluate(&words.join(" "), &mut None) {
                Ok(value) => value.to_string(),
                Err(bad) if bad.0.starts_with("division") => return call.fail(2, "division by zero"),
                Err(_) => return call.fail(2, "syntax error"),
            }
        }
    };
    call.out(&format!("{result}\n"));
    i32::from(result == "0" || result.is_empty())
}

/// `basename`
pub(crate) fn basename(call: &mut Call) -> i32 {
    let Some(path) = call.rest().first() else {
        return call.fail(1, "missing operand\nTry 'basename --help' for more information.");
    };
    let trimmed = path.trim_end_matches('/');
    let name = trimmed.rsplit('/').next().filter(|n| !n.is_empty()).unwrap_or("/");
    let name = call.rest().get(1).and_then(|s| name.strip_suffix(s.as_str())).unwrap_or(name);
    call.out(&format!("{name}\n"));
    0
}

/// `dirname`
pub(crate) fn dirname(call: &mut Call) -> i32 {
    let Some(path) = call.rest().first() else {
        return call.fail(1, "missing operand\nTry 'dirname --help' for more information.");
    };
    let name = match path.trim_end_matches('/').rsplit_once('/') {
        Some(("", _)) => "/",
        Some((above, _)) => above,
        None if path.starts_with('/') => "/",
        None => ".",
    };
    call.out(&format!("{name}\n"));
    0
}
