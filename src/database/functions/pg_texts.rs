//! Functions of texts, codes and numbers that PostgreSQL has and the engine has not.

use rusqlite::types::Value as Cell;

use super::{
    Answer, Function, function, mark, maybe_text, maybe_whole, number_of, real, text, text_of, whole_of,
};
use crate::database::cell;
use crate::database::postgres::regex;

pub(super) static FUNCTIONS: &[Function] = &[
    function("pg_convert_to", "p", (2, 2), |_, a| match (text_of(a, 0), text_of(a, 1)) {
        (Some(words), Some(_)) => Ok(Cell::Blob(words.into_bytes())),
        _ => Ok(Cell::Null),
    }),
    function("pg_convert_from", "p", (2, 2), |_, a| match (a.first(), text_of(a, 1)) {
        (Some(Cell::Blob(bytes)), Some(_)) => text(String::from_utf8_lossy(bytes)),
        (Some(value), Some(_)) => maybe_text(cell::text(value)),
        _ => Ok(Cell::Null),
    }),
    function("pg_to_hex", "p", (1, 1), |_, a| maybe_text(whole_of(a, 0).map(|number| format!("{number:x}")))),
    function("pg_bit_length", "p", (1, 1), |_, a| {
        maybe_whole(text_of(a, 0).and_then(|words| i64::try_from(words.len() * 8).ok()))
    }),
    function("pg_starts_with", "p", (2, 2), |_, a| {
        let both = text_of(a, 0).zip(text_of(a, 1));
        maybe_whole(both.map(|(words, begin)| i64::from(words.starts_with(&begin))))
    }),
    function("pg_regexp_count", "p", (2, 4), |_, a| {
        Ok(found(a, whole_of(a, 2), text_of(a, 3))?
            .map_or(Cell::Null, |spans| Cell::Integer(i64::try_from(spans.len()).unwrap_or(0))))
    }),
    function("pg_regexp_like", "p", (2, 3), |_, a| {
        Ok(found(a, None, text_of(a, 2))?
            .map_or(Cell::Null, |spans| Cell::Integer(i64::from(!spans.is_empty()))))
    }),
    function("pg_regexp_replace", "p", (3, 4), replaced),
    function("pg_regexp_substr", "p", (2, 2), |_, a| {
        let Some(spans) = found(a, None, None)? else { return Ok(Cell::Null) };
        let words = text_of(a, 0).unwrap_or_default();
        maybe_text(spans.first().map(|(from, to)| part(&words, *from, *to)))
    }),
    function("pg_sign", "p", (1, 1), |_, a| {
        Ok(number_of(a, 0).map_or(Cell::Null, |n| match n {
            n if n > 0.0 => Cell::Integer(1),
            n if n < 0.0 => Cell::Integer(-1),
            _ => Cell::Integer(0),
        }))
    }),
    function("pg_div", "p", (2, 2), |_, a| match (number_of(a, 0), number_of(a, 1)) {
        (Some(_), Some(0.0)) => Err(mark("@zero", &[])),
        (Some(one), Some(other)) => Ok(Cell::Integer(cell::truncated(one / other))),
        _ => Ok(Cell::Null),
    }),
    function("pg_pi", "p", (0, 0), |_, _| real(std::f64::consts::PI)),
    function("pg_exp", "p", (1, 1), |_, a| worked(a, f64::exp)),
    function("pg_ln", "p", (1, 1), |_, a| worked(a, f64::ln)),
    function("pg_log", "p", (1, 1), |_, a| worked(a, f64::log10)),
    function("pg_cbrt", "p", (1, 1), |_, a| worked(a, f64::cbrt)),
    function("pg_sin", "p", (1, 1), |_, a| worked(a, f64::sin)),
    function("pg_cos", "p", (1, 1), |_, a| worked(a, f64::cos)),
    function("pg_tan", "p", (1, 1), |_, a| worked(a, f64::tan)),
    function("pg_atan", "p", (1, 1), |_, a| worked(a, f64::atan)),
    function("pg_sinh", "p", (1, 1), |_, a| worked(a, f64::sinh)),
    function("pg_cosh", "p", (1, 1), |_, a| worked(a, f64::cosh)),
    function("pg_tanh", "p", (1, 1), |_, a| worked(a, f64::tanh)),
    function("pg_degrees", "p", (1, 1), |_, a| worked(a, f64::to_degrees)),
    function("pg_radians", "p", (1, 1), |_, a| worked(a, f64::to_radians)),
    // The same of SQL Server.
    function("exp", "s", (1, 1), |_, a| worked(a, f64::exp)),
    function("log", "s", (1, 2), |_, a| match number_of(a, 1) {
        Some(base) => worked(a, |number| number.log(base)),
        None => worked(a, f64::ln),
    }),
    function("log10", "s", (1, 1), |_, a| worked(a, f64::log10)),
    function("sin", "s", (1, 1), |_, a| worked(a, f64::sin)),
    function("cos", "s", (1, 1), |_, a| worked(a, f64::cos)),
    function("tan", "s", (1, 1), |_, a| worked(a, f64::tan)),
    function("asin", "s", (1, 1), |_, a| worked(a, f64::asin)),
    function("acos", "s", (1, 1), |_, a| worked(a, f64::acos)),
    function("atan", "s", (1, 1), |_, a| worked(a, f64::atan)),
    function("degrees", "s", (1, 1), |_, a| worked(a, f64::to_degrees)),
    function("radians", "s", (1, 1), |_, a| worked(a, f64::to_radians)),
    function("square", "s", (1, 1), |_, a| worked(a, |number| number * number)),
    function("pi", "s", (0, 0), |_, _| real(std::f64::consts::PI)),
];

fn worked(arguments: &[Cell], how: impl Fn(f64) -> f64) -> Answer {
    number_of(arguments, 0).map_or(Ok(Cell::Null), |number| real(how(number)))
}

/// Parts of the first argument that fit the second, from a character on.
fn found(
    arguments: &[Cell],
    from: Option<i64>,
    flags: Option<String>,
) -> Result<Option<Vec<(usize, usize)>>, rusqlite::Error> {
    let (Some(words), Some(pattern)) = (text_of(arguments, 0), text_of(arguments, 1)) else {
        return Ok(None);
    };
    let fold = flags.is_some_and(|flags| flags.contains('i'));
    let from = usize::try_from(from.unwrap_or(1) - 1).unwrap_or(0);
    let words: String = words.chars().skip(from).collect();
    let spans = regex::spans(&words, &pattern, fold);
    spans.map(Some).ok_or_else(|| mark("@regex", &[&pattern]))
}

fn part(words: &str, from: usize, to: usize) -> String {
    words.chars().skip(from).take(to - from).collect()
}

/// `regexp_replace(text, pattern, by [, flags])`: the first, or with `g` all; `\\&` is what was found.
fn replaced(_: &super::Facts, arguments: &[Cell]) -> Answer {
    let flags = text_of(arguments, 3);
    let all = flags.as_ref().is_some_and(|flags| flags.contains('g'));
    let Some(spans) = found(arguments, None, flags)? else { return Ok(Cell::Null) };
    let Some(by) = text_of(arguments, 2) else { return Ok(Cell::Null) };
    let words = text_of(arguments, 0).unwrap_or_default();
    let (mut made, mut at) = (String::new(), 0);
    for (from, to) in spans.into_iter().take(if all { usize::MAX } else { 1 }) {
        made.push_str(&part(&words, at, from));
        made.push_str(&by.replace("\\&", &part(&words, from, to)));
        at = to;
    }
    made.extend(words.chars().skip(at));
    text(made)
}
