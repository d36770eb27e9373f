//! Functions of texts and numbers.

use md5::Md5;
use rusqlite::types::Value as Cell;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use super::{
    Answer, Function, MAX_TEXT, cell, function, mark, maybe_text, maybe_whole, number_of, real, size, text,
    text_of, whole, whole_of,
};
use crate::database::facts::Facts;

pub(super) static FUNCTIONS: &[Function] = &[
    function("isnull", "s", (2, 2), |_, a| first_of(a)),
    function("choose", "s", (2, 126), |_, a| {
        let at = whole_of(a, 0).and_then(|at| usize::try_from(at).ok()).filter(|at| *at > 0);
        Ok(at.and_then(|at| a.get(at)).cloned().unwrap_or(Cell::Null))
    }),
    function("difference", "s", (2, 2), |_, a| {
        let codes = (text_of(a, 0).map(|t| soundex(&t)), text_of(a, 1).map(|t| soundex(&t)));
        let (Some(one), Some(other)) = codes else { return Ok(Cell::Null) };
        size(one.chars().zip(other.chars()).filter(|(a, b)| a == b).count())
    }),
    function("soundex", "s", (1, 1), |_, a| maybe_text(text_of(a, 0).map(|t| soundex(&t)))),
    function("parsename", "s", (2, 2), |_, a| {
        let (name, part) = (text_of(a, 0).unwrap_or_default(), whole_of(a, 1).unwrap_or(0));
        let parts: Vec<&str> = name.split('.').collect();
        let at = usize::try_from(part).ok().and_then(|part| parts.len().checked_sub(part));
        maybe_text(at.filter(|_| part > 0 && parts.len() <= 4).and_then(|at| parts.get(at)).copied())
    }),
    function("nvl", "o", (2, 2), |_, a| first_of(a)),
    function("nvl2", "o", (3, 3), |_, a| {
        let given = a.first().is_some_and(|value| *value != Cell::Null);
        Ok(a.get(if given { 1 } else { 2 }).cloned().unwrap_or(Cell::Null))
    }),
    function("fn_varbintohexstr", "s", (1, 1), |_, a| hex_of(a)),
    function("fn_sqlvarbasetostr", "s", (1, 1), |_, a| hex_of(a)),
    function("len", "s", (1, 1), |_, a| {
        text_of(a, 0).map_or(Ok(Cell::Null), |text| size(text.trim_end_matches(' ').chars().count()))
    }),
    function("datalength", "s", (1, 1), |_, a| match a.first() {
        Some(Cell::Text(text)) => size(text.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum()),
        Some(Cell::Blob(bytes)) => size(bytes.len()),
        Some(Cell::Integer(_)) => whole(4),
        Some(Cell::Real(_)) => whole(8),
        Some(Cell::Null) | None => Ok(Cell::Null),
    }),
    function("length", "m", (1, 1), |_, a| text_of(a, 0).map_or(Ok(Cell::Null), |text| size(text.len()))),
    function("octet_length", "mp", (1, 1), |_, a| {
        text_of(a, 0).map_or(Ok(Cell::Null), |text| size(text.len()))
    }),
    function("char_length", "mp", (1, 1), |_, a| characters(a)),
    function("character_length", "mp", (1, 1), |_, a| characters(a)),
    function("lengthb", "o", (1, 1), |_, a| text_of(a, 0).map_or(Ok(Cell::Null), |text| size(text.len()))),
    function("substring", "*smpo", (2, 3), |_, a| substring(a)),
    function("mid", "m", (2, 3), |_, a| substring(a)),
    function("left", "smp", (2, 2), |_, a| ends(a, true)),
    function("right", "smp", (2, 2), |_, a| ends(a, false)),
    function("charindex", "s", (2, 3), |_, a| find(text_of(a, 0), text_of(a, 1), whole_of(a, 2))),
    function("locate", "m", (2, 3), |_, a| find(text_of(a, 0), text_of(a, 1), whole_of(a, 2))),
    function("strpos", "p", (2, 2), |_, a| find(text_of(a, 1), text_of(a, 0), None)),
    function("instr", "o", (2, 4), |_, a| find(text_of(a, 1), text_of(a, 0), whole_of(a, 2))),
    function("stuff", "s", (4, 4), |_, a| stuff(a)),
    function("insert", "m", (4, 4), |_, a| stuff(a)),
    function("replicate", "s", (2, 2), |_, a| repeat(text_of(a, 0), whole_of(a, 1))),
    function("repeat", "mp", (2, 2), |_, a| repeat(text_of(a, 0), whole_of(a, 1))),
    function("space", "sm", (1, 1), |_, a| repeat(Some(" ".to_owned()), whole_of(a, 0))),
    function("reverse", "smpo", (1, 1), |_, a| {
        maybe_text(text_of(a, 0).map(|t| t.chars().rev().collect::<String>()))
    }),
    function("lpad", "mpo", (2, 3), |_, a| pad(a, true)),
    function("rpad", "mpo", (2, 3), |_, a| pad(a, false)),
    function("concat", "sp", (0, 200), |_, a| text(a.iter().filter_map(cell::text).collect::<String>())),
    function("concat_nulls", "o", (2, 2), |_, a| text(a.iter().filter_map(cell::text).collect::<String>())),
    function("concat", "mo", (0, 200), |_, a| {
        maybe_text(a.iter().map(cell::text).collect::<Option<Vec<_>>>().map(|parts| parts.concat()))
    }),
    function("str", "s", (1, 3), |_, a| {
        let (width, digits) =
            (whole_of(a, 1).unwrap_or(10).clamp(1, 60), whole_of(a, 2).unwrap_or(0).clamp(0, 16));
        let (width, digits) = (usize::try_from(width).unwrap_or(10), usize::try_from(digits).unwrap_or(0));
        maybe_text(number_of(a, 0).map(|number| format!("{number:>width$.digits$}")))
    }),
    function("char", "sm", (1, 1), |_, a| character(a)),
    function("nchar", "s", (1, 1), |_, a| character(a)),
    function("chr", "po", (1, 1), |_, a| character(a)),
    function("ascii", "smpo", (1, 1), |_, a| {
        let first = text_of(a, 0).and_then(|text| text.bytes().next());
        maybe_whole(first.map(i64::from))
    }),
    function("ord", "m", (1, 1), |_, a| {
        maybe_whole(text_of(a, 0).and_then(|t| t.bytes().next()).map(i64::from))
    }),
    function("unicode", "s", (1, 1), |_, a| {
        maybe_whole(text_of(a, 0).and_then(|text| text.chars().next()).map(|c| i64::from(u32::from(c))))
    }),
    function("quotename", "s", (1, 2), |_, a| {
        maybe_text(text_of(a, 0).map(|name| match text_of(a, 1).as_deref() {
            Some("'") => format!("'{}'", name.replace('\'', "''")),
            Some("\"") => format!("\"{}\"", name.replace('"', "\"\"")),
            Some(_) | None => format!("[{}]", name.replace(']', "]]")),
        }))
    }),
    function("quote_ident", "p", (1, 1), |_, a| maybe_text(text_of(a, 0))),
    function("quote_literal", "p", (1, 1), |_, a| {
        maybe_text(text_of(a, 0).map(|text| format!("'{}'", text.replace('\'', "''"))))
    }),
    function("ceiling", "*smpo", (1, 1), |_, a| {
        maybe_whole(number_of(a, 0).map(|n| cell::truncated(n.ceil())))
    }),
    function("ceil", "mpo", (1, 1), |_, a| maybe_whole(number_of(a, 0).map(|n| cell::truncated(n.ceil())))),
    function("floor", "*smpo", (1, 1), |_, a| {
        maybe_whole(number_of(a, 0).map(|n| cell::truncated(n.floor())))
    }),
    function("sqrt", "smpo", (1, 1), |_, a| number_of(a, 0).map_or(Ok(Cell::Null), |n| real(n.sqrt()))),
    function("power", "*smpo", (2, 2), |_, a| {
        number_of(a, 0).zip(number_of(a, 1)).map_or(Ok(Cell::Null), |(n, by)| match n.powf(by) {
            made if made.fract() == 0.0 && made.abs() < 9e15 => whole(cell::truncated(made)),
            made => real(made),
        })
    }),
    function("truncate", "m", (2, 2), |_, a| {
        let scale = 10f64.powi(i32::try_from(whole_of(a, 1).unwrap_or(0).clamp(-18, 18)).unwrap_or(0));
        number_of(a, 0).map_or(Ok(Cell::Null), |n| real((n * scale).trunc() / scale))
    }),
    function("rand", "sm", (0, 1), |facts, _| real(facts.chance())),
    function("random", "p", (0, 0), |facts, _| real(facts.chance())),
    function("newid", "s", (0, 0), |facts, _| text(facts.new_guid())),
    function("uuid", "m", (0, 0), |facts, _| text(facts.new_guid().to_lowercase())),
    function("gen_random_uuid", "p", (0, 0), |facts, _| text(facts.new_guid().to_lowercase())),
    function("checksum", "s", (1, 200), |_, a| {
        let all: String = a.iter().filter_map(cell::text).collect();
        let sum = all.bytes().fold(0u32, |sum, byte| sum.rotate_left(4) ^ u32::from(byte));
        whole(i64::from(sum) - (1 << 31))
    }),
    function("hashbytes", "s", (2, 2), |_, a| {
        let kind = text_of(a, 0).unwrap_or_default().to_uppercase();
        let bytes = match a.get(1) {
            Some(Cell::Blob(bytes)) => bytes.clone(),
            other => other.and_then(cell::text).unwrap_or_default().into_bytes(),
        };
        Ok(match kind.as_str() {
            "MD5" => Cell::Blob(Md5::digest(bytes).to_vec()),
            "SHA" | "SHA1" => Cell::Blob(Sha1::digest(bytes).to_vec()),
            "SHA2_256" => Cell::Blob(Sha256::digest(bytes).to_vec()),
            "SHA2_512" => Cell::Blob(Sha512::digest(bytes).to_vec()),
            _ => Cell::Null,
        })
    }),
    function("md5", "mp", (1, 1), |_, a| {
        maybe_text(text_of(a, 0).map(|t| hex::encode(Md5::digest(t.as_bytes()))))
    }),
    function("sha1", "m", (1, 1), |_, a| {
        maybe_text(text_of(a, 0).map(|t| hex::encode(Sha1::digest(t.as_bytes()))))
    }),
    function("elt", "m", (2, 60), |_, a| {
        Ok(whole_of(a, 0).and_then(|at| a.get(usize::try_from(at).ok()?)).cloned().unwrap_or(Cell::Null))
    }),
    function("substring_index", "m", (3, 3), |_, a| substring_index(a)),
    function("split_part", "p", (3, 3), |_, a| {
        let at = usize::try_from(whole_of(a, 2).unwrap_or(1) - 1).unwrap_or(0);
        let (whole, by) = (text_of(a, 0).unwrap_or_default(), text_of(a, 1).unwrap_or_default());
        text(whole.split(by.as_str()).nth(at).unwrap_or_default())
    }),
    function("greatest", "mpo", (1, 60), |_, a| extreme(a, true)),
    function("least", "mpo", (1, 60), |_, a| extreme(a, false)),
    function("isnumeric", "s", (1, 1), |_, a| whole(i64::from(number_of(a, 0).is_some()))),
    function("add", "*", (2, 2), |_, a| add(a)),
    function("plus", "*", (2, 2), |_, a| arithmetic(a, |x, y| x + y, i64::checked_add)),
    function("subtract", "*", (2, 2), |_, a| arithmetic(a, |x, y| x - y, i64::checked_sub)),
    function("divide", "*", (2, 2), divide),
    function("int_divide", "*", (2, 2), |_, a| match (number_of(a, 0), number_of(a, 1)) {
        (Some(_), Some(0.0)) | (None, _) | (_, None) => Ok(Cell::Null),
        (Some(x), Some(y)) => whole(cell::truncated(x / y)),
    }),
    function("modulo", "*", (2, 2), |facts, a| match (whole_of(a, 0), whole_of(a, 1)) {
        (Some(_), Some(0)) if facts.catalog.product == crate::database::Product::MySql => Ok(Cell::Null),
        (Some(_), Some(0)) => Err(mark("@zero", &[])),
        (Some(x), Some(y)) => maybe_whole(x.checked_rem(y)),
        _ => Ok(Cell::Null),
    }),
    function("mod", "mpo", (2, 2), |_, a| match (whole_of(a, 0), whole_of(a, 1)) {
        (Some(x), Some(y)) => maybe_whole(x.checked_rem(y)),
        _ => Ok(Cell::Null),
    }),
    function("xor", "*", (2, 2), |_, a| maybe_whole(whole_of(a, 0).zip(whole_of(a, 1)).map(|(x, y)| x ^ y))),
];

fn first_of(arguments: &[Cell]) -> Answer {
    Ok(arguments.iter().find(|value| **value != Cell::Null).cloned().unwrap_or(Cell::Null))
}

fn characters(arguments: &[Cell]) -> Answer {
    text_of(arguments, 0).map_or(Ok(Cell::Null), |text| size(text.chars().count()))
}

fn character(arguments: &[Cell]) -> Answer {
    let code = whole_of(arguments, 0).and_then(|code| u32::try_from(code).ok());
    maybe_text(code.and_then(char::from_u32))
}

/// Places count from 1; one before the text takes from the length, as the standard says.
fn substring(arguments: &[Cell]) -> Answer {
    let (Some(whole), Some(start)) = (text_of(arguments, 0), whole_of(arguments, 1)) else {
        return Ok(Cell::Null);
    };
    let start = if start < 0 { i64::try_from(whole.chars().count()).unwrap_or(0) + start + 1 } else { start };
    let end = whole_of(arguments, 2).map_or(i64::MAX, |length| start.saturating_add(length.max(0)));
    let skip = usize::try_from(start.max(1) - 1).unwrap_or(0);
    let count = usize::try_from(end.saturating_sub(start.max(1))).unwrap_or(0);
    text(whole.chars().skip(skip).take(count).collect::<String>())
}

fn ends(arguments: &[Cell], left: bool) -> Answer {
    let (Some(whole), Some(count)) = (text_of(arguments, 0), whole_of(arguments, 1)) else {
        return Ok(Cell::Null);
    };
    let count = usize::try_from(count).unwrap_or(0);
    let skip = if left { 0 } else { whole.chars().count().saturating_sub(count) };
    text(whole.chars().skip(skip).take(count).collect::<String>())
}

fn find(what: Option<String>, within: Option<String>, from: Option<i64>) -> Answer {
    let (Some(what), Some(within)) = (what, within) else { return Ok(Cell::Null) };
    let (what, within) = (what.to_lowercase(), within.to_lowercase());
    let skip = usize::try_from(from.unwrap_or(1) - 1).unwrap_or(0);
    let start = within.char_indices().nth(skip).map_or(within.len(), |(at, _)| at);
    let found = within.get(start..).and_then(|rest| rest.find(&what));
    match found.and_then(|at| within.get(..start + at)) {
        Some(before) if !what.is_empty() => size(before.chars().count() + 1),
        _ => whole(0),
    }
}

fn stuff(arguments: &[Cell]) -> Answer {
    let (Some(base), Some(start), Some(count)) =
        (text_of(arguments, 0), whole_of(arguments, 1), whole_of(arguments, 2))
    else {
        return Ok(Cell::Null);
    };
    let length = base.chars().count();
    let (Ok(start), Ok(count)) = (usize::try_from(start - 1), usize::try_from(count)) else {
        return Ok(Cell::Null);
    };
    if start >= length {
        return Ok(Cell::Null);
    }
    let before: String = base.chars().take(start).collect();
    let after: String = base.chars().skip(start.saturating_add(count)).collect();
    text(format!("{before}{}{after}", text_of(arguments, 3).unwrap_or_default()))
}

fn repeat(part: Option<String>, times: Option<i64>) -> Answer {
    let (Some(part), Some(times)) = (part, times) else { return Ok(Cell::Null) };
    let Ok(times) = usize::try_from(times) else { return Ok(Cell::Null) };
    // The product's own end of such a text.
    let most = 8000usize.min(MAX_TEXT) / part.len().max(1);
    text(part.repeat(times.min(most)))
}

fn pad(arguments: &[Cell], left: bool) -> Answer {
    let (Some(base), Some(width)) = (text_of(arguments, 0), whole_of(arguments, 1)) else {
        return Ok(Cell::Null);
    };
    let width = usize::try_from(width).unwrap_or(0).min(8000);
    let filler = text_of(arguments, 2).unwrap_or_else(|| " ".to_owned());
    let length = base.chars().count();
    if length >= width || filler.is_empty() {
        return text(base.chars().take(width).collect::<String>());
    }
    let fill: String = filler.chars().cycle().take(width - length).collect();
    text(if left { fill + &base } else { base + &fill })
}

fn substring_index(arguments: &[Cell]) -> Answer {
    let (Some(whole), Some(by), Some(count)) =
        (text_of(arguments, 0), text_of(arguments, 1), whole_of(arguments, 2))
    else {
        return Ok(Cell::Null);
    };
    let parts: Vec<&str> = if by.is_empty() { vec![] } else { whole.split(by.as_str()).collect() };
    let take = usize::try_from(count.unsigned_abs()).unwrap_or(0).min(parts.len());
    let (from, to) = if count >= 0 { (0, take) } else { (parts.len() - take, parts.len()) };
    text(parts.get(from..to).unwrap_or_default().join(&by))
}

fn extreme(arguments: &[Cell], greatest: bool) -> Answer {
    let mut best: Option<&Cell> = None;
    for value in arguments {
        let better = match (best, value) {
            (_, Cell::Null) => return Ok(Cell::Null),
            (None, _) => true,
            (Some(best), value) => match (cell::number(best), cell::number(value)) {
                (Some(x), Some(y)) => (y > x) == greatest,
                _ => (cell::text(value) > cell::text(best)) == greatest,
            },
        };
        if better {
            best = Some(value);
        }
    }
    Ok(best.cloned().unwrap_or(Cell::Null))
}

/// `+` of SQL Server: sum, joined text, or days after a date.
fn add(arguments: &[Cell]) -> Answer {
    let (Some(left), Some(right)) = (arguments.first(), arguments.get(1)) else { return Ok(Cell::Null) };
    match (left, right) {
        (Cell::Null, _) | (_, Cell::Null) => Ok(Cell::Null),
        (Cell::Text(left), Cell::Text(right)) => text(format!("{left}{right}")),
        (Cell::Text(words), number) | (number, Cell::Text(words))
            if cell::number(left).is_none() || cell::number(right).is_none() =>
        {
            let days = cell::number(number).unwrap_or(0.0);
            match cell::parse_moment(words) {
                Some(at) => super::dates::after(at, days),
                None => Err(mark("@cast", &[words, "int"])),
            }
        }
        _ => arithmetic(arguments, |x, y| x + y, i64::checked_add),
    }
}

fn arithmetic(
    arguments: &[Cell],
    real_op: fn(f64, f64) -> f64,
    whole_op: fn(i64, i64) -> Option<i64>,
) -> Answer {
    match (arguments.first(), arguments.get(1)) {
        (Some(Cell::Integer(x)), Some(Cell::Integer(y))) => match whole_op(*x, *y) {
            Some(sum) => whole(sum),
            None => Err(mark("@overflow", &["bigint"])),
        },
        (Some(Cell::Text(words)), Some(right)) if cell::number(&Cell::Text(words.clone())).is_none() => {
            super::dates::shifted(words, right, real_op(0.0, 1.0))
        }
        _ => match (number_of(arguments, 0), number_of(arguments, 1)) {
            (Some(x), Some(y)) => real(real_op(x, y)),
            _ => Ok(Cell::Null),
        },
    }
}

fn divide(facts: &Facts, arguments: &[Cell]) -> Answer {
    use crate::database::Product;
    let product = facts.catalog.product;
    let whole_numbers = matches!(product, Product::SqlServer | Product::Postgres);
    match (arguments.first(), arguments.get(1)) {
        (Some(Cell::Null) | None, _) | (_, Some(Cell::Null) | None) => Ok(Cell::Null),
        (Some(Cell::Integer(x)), Some(Cell::Integer(y))) if whole_numbers && *y != 0 => {
            maybe_whole(x.checked_div(*y))
        }
        _ => match (number_of(arguments, 0), number_of(arguments, 1)) {
            (Some(_), Some(0.0)) if product == Product::MySql => Ok(Cell::Null),
            (Some(_), Some(0.0)) => Err(mark("@zero", &[])),
            (Some(x), Some(y)) => real(x / y),
            _ => Err(mark("@cast", &[&text_of(arguments, 0).unwrap_or_default(), "int"])),
        },
    }
}

/// The letter and three digits by which similar words are alike.
fn soundex(word: &str) -> String {
    let digit = |c: char| match c {
        'B' | 'F' | 'P' | 'V' => '1',
        'C' | 'G' | 'J' | 'K' | 'Q' | 'S' | 'X' | 'Z' => '2',
        'D' | 'T' => '3',
        'L' => '4',
        'M' | 'N' => '5',
        'R' => '6',
        'H' | 'W' => '-',
        _ => '0',
    };
    let mut letters = word.chars().map(|c| c.to_ascii_uppercase()).take_while(char::is_ascii_alphabetic);
    let Some(first) = letters.next() else { return "0000".to_owned() };
    let (mut code, mut last) = (first.to_string(), digit(first));
    for found in letters.map(digit) {
        if found != '-' {
            if found != '0' && found != last {
                code.push(found);
            }
            last = found;
        }
    }
    code.extend(std::iter::repeat_n('0', 4));
    code.chars().take(4).collect()
}

/// Bytes as the product's own function writes them.
fn hex_of(arguments: &[Cell]) -> Answer {
    match arguments.first() {
        Some(Cell::Blob(bytes)) => text(format!("0x{}", hex::encode(bytes))),
        _ => Ok(Cell::Null),
    }
}
