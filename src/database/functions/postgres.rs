//! Functions and operators of PostgreSQL: casts, arithmetic, time and text.

use rusqlite::types::Value as Cell;

use super::{Answer, Function, cell, function, mark, maybe_text, number_of, text, text_of, whole, whole_of};
use crate::database::facts::Facts;
use crate::database::postgres::moments::{self, Interval};
use crate::database::postgres::{PgType, oid, regex};

pub(super) static FUNCTIONS: &[Function] = &[
    function("pg_cast", "p", (4, 4), cast),
    function("pg_add", "p", (3, 3), |_, a| arithmetic(a, |x, y| x + y, i64::checked_add)),
    function("pg_subtract", "p", (3, 3), |_, a| arithmetic(a, |x, y| x - y, i64::checked_sub)),
    function("pg_multiply", "p", (3, 3), |_, a| arithmetic(a, |x, y| x * y, i64::checked_mul)),
    function("pg_divide", "p", (3, 3), divide),
    function("pg_modulo", "p", (3, 3), |_, a| match number_of(a, 1) {
        Some(0.0) => Err(mark("@zero", &[])),
        _ => arithmetic(a, |x, y| x % y, i64::checked_rem),
    }),
    function("pg_power", "p", (2, 3), |_, a| match (number_of(a, 0), number_of(a, 1)) {
        (Some(x), Some(y)) => Ok(Cell::Real(x.powf(y))),
        _ => Ok(Cell::Null),
    }),
    function("pg_lower", "p", (1, 1), |_, a| maybe_text(text_of(a, 0).map(|text| text.to_lowercase()))),
    function("pg_upper", "p", (1, 1), |_, a| maybe_text(text_of(a, 0).map(|text| text.to_uppercase()))),
    function("pg_greatest", "p", (1, 127), |_, a| Ok(extreme(a, std::cmp::Ordering::Greater))),
    function("pg_least", "p", (1, 127), |_, a| Ok(extreme(a, std::cmp::Ordering::Less))),
    function("pg_regex", "p", (3, 3), |_, a| match (text_of(a, 0), text_of(a, 1)) {
        (Some(text), Some(pattern)) => {
            let found = regex::matches(&text, &pattern, whole_of(a, 2) == Some(1));
            found.map(|on| Cell::Integer(i64::from(on))).ok_or_else(|| mark("@regex", &[&pattern]))
        }
        _ => Ok(Cell::Null),
    }),
    function("pg_round", "p", (1, 2), |_, a| match number_of(a, 0) {
        None => Ok(Cell::Null),
        Some(number) => {
            let digits = usize::try_from(whole_of(a, 1).unwrap_or(0)).unwrap_or(0).min(30);
            text(rounded(number, digits))
        }
    }),
    function("pg_trunc", "p", (1, 2), |_, a| match number_of(a, 0) {
        None => Ok(Cell::Null),
        Some(number) => {
            let factor = 10_f64.powi(i32::try_from(whole_of(a, 1).unwrap_or(0)).unwrap_or(0));
            Ok(Cell::Real((number * factor).trunc() / factor))
        }
    }),
    function("pg_interval", "p", (2, 2), |_, a| {
        let Some(words) = text_of(a, 0) else { return Ok(Cell::Null) };
        let unit = text_of(a, 1).unwrap_or_default();
        let made = Interval::read(&words, &unit).ok_or_else(|| mark("@cast", &[&words, "interval"]))?;
        text(made.shown())
    }),
    function("pg_times_interval", "p", (2, 3), |_, a| match (interval(a, 0), number_of(a, 1)) {
        (Some(one), Some(factor)) => {
            let factor = if text_of(a, 2).as_deref() == Some("/") { 1.0 / factor } else { factor };
            text(one.times(factor).shown())
        }
        _ => Ok(Cell::Null),
    }),
    function("pg_sum_interval", "p", (3, 3), |_, a| match (interval(a, 0), interval(a, 1)) {
        (Some(one), Some(other)) => text(one.plus(other.times(sign(a))).shown()),
        _ => Ok(Cell::Null),
    }),
    function("pg_add_interval", "p", (3, 3), |facts, a| match (moment(facts, a, 0), interval(a, 1)) {
        (Some(at), Some(one)) => maybe_text(one.times(sign(a)).after(at).map(moments::written)),
        _ => Ok(Cell::Null),
    }),
    function("pg_add_days", "p", (3, 3), |facts, a| match (moment(facts, a, 0), whole_of(a, 1)) {
        (Some(at), Some(days)) => {
            let days = Interval { days, ..Interval::default() }.times(sign(a));
            maybe_text(days.after(at).map(|at| at.date().to_string()))
        }
        _ => Ok(Cell::Null),
    }),
    function("pg_days_between", "p", (3, 3), |facts, a| match (moment(facts, a, 0), moment(facts, a, 1)) {
        (Some(one), Some(other)) => whole(Interval::between(other, one).days),
        _ => Ok(Cell::Null),
    }),
    function("pg_time_between", "p", (3, 3), |facts, a| match (moment(facts, a, 0), moment(facts, a, 1)) {
        (Some(one), Some(other)) => text(Interval::between(other, one).shown()),
        _ => Ok(Cell::Null),
    }),
    function("pg_age", "p", (1, 2), age),
    function("pg_at_zone", "p", (3, 3), |facts, a| match (moment(facts, a, 0), text_of(a, 1)) {
        (Some(at), Some(zone)) => at_zone(facts, at, &zone, text_of(a, 2).as_deref() == Some("to")),
        _ => Ok(Cell::Null),
    }),
    function("pg_date_trunc", "p", (2, 3), |facts, a| match (text_of(a, 0), moment(facts, a, 1)) {
        (Some(unit), Some(at)) => maybe_text(truncated(&unit, at).map(moments::written)),
        _ => Ok(Cell::Null),
    }),
    function("pg_extract", "p", (2, 2), |facts, a| match (text_of(a, 0), moment(facts, a, 1)) {
        (Some(part), Some(at)) => extract(facts, &part, at),
        _ => Ok(Cell::Null),
    }),
    function("pg_date_part", "p", (2, 2), |facts, a| match (text_of(a, 0), moment(facts, a, 1)) {
        (Some(part), Some(at)) => extract(facts, &part, at),
        _ => Ok(Cell::Null),
    }),
    function("pg_concat", "p", (0, 127), |_, a| {
        text((0..a.len()).filter_map(|at| text_of(a, at)).collect::<String>())
    }),
    function("pg_concat_ws", "p", (1, 127), |_, a| match text_of(a, 0) {
        None => Ok(Cell::Null),
        Some(between) => {
            text((1..a.len()).filter_map(|at| text_of(a, at)).collect::<Vec<_>>().join(&between))
        }
    }),
    function("pg_format", "p", (1, 127), |_, a| format(a)),
    function("pg_quote_ident", "p", (1, 1), |_, a| {
        maybe_text(text_of(a, 0).map(|name| crate::database::postgres::ident(&name)))
    }),
    function("pg_quote_nullable", "p", (1, 1), |_, a| {
        text(text_of(a, 0).map_or("NULL".to_owned(), |text| format!("'{}'", text.replace('\'', "''"))))
    }),
    function("pg_initcap", "p", (1, 1), |_, a| {
        maybe_text(text_of(a, 0).map(|text| {
            let mut begins = true;
            let each = text.chars().map(|c| {
                let c = if begins { c.to_uppercase().next() } else { c.to_lowercase().next() }.unwrap_or(c);
                begins = !c.is_alphanumeric();
                c
            });
            each.collect::<String>()
        }))
    }),
    function("pg_encode", "p", (2, 2), |_, a| match (bytes(a, 0), text_of(a, 1).as_deref()) {
        (Some(bytes), Some("hex")) => text(hex::encode(bytes)),
        (Some(bytes), Some("base64")) => {
            use base64::Engine;
            text(base64::engine::general_purpose::STANDARD.encode(bytes))
        }
        (Some(bytes), Some("escape")) => text(String::from_utf8_lossy(&bytes)),
        _ => Ok(Cell::Null),
    }),
    function("pg_decode", "p", (2, 2), |_, a| match (text_of(a, 0), text_of(a, 1).as_deref()) {
        (Some(words), Some("hex")) => {
            hex::decode(&words).map(Cell::Blob).map_err(|_| mark("@cast", &[&words, "bytea"]))
        }
        (Some(words), Some("base64")) => {
            use base64::Engine;
            let made = base64::engine::general_purpose::STANDARD.decode(words.trim());
            made.map(Cell::Blob).map_err(|_| mark("@cast", &[&words, "bytea"]))
        }
        (Some(words), Some("escape")) => Ok(Cell::Blob(words.into_bytes())),
        _ => Ok(Cell::Null),
    }),
    function("pg_sha256", "p", (1, 1), |_, a| {
        use sha2::Digest;
        Ok(bytes(a, 0).map_or(Cell::Null, |bytes| Cell::Blob(sha2::Sha256::digest(bytes).to_vec())))
    }),
    function("pg_octet_length", "p", (1, 1), |_, a| {
        Ok(bytes(a, 0).map_or(Cell::Null, |b| Cell::Integer(i64::try_from(b.len()).unwrap_or(0))))
    }),
    function("pg_translate", "p", (3, 3), |_, a| match (text_of(a, 0), text_of(a, 1), text_of(a, 2)) {
        (Some(words), Some(from), Some(to)) => {
            let to: Vec<char> = to.chars().collect();
            let each = words.chars().filter_map(|c| match from.chars().position(|known| known == c) {
                Some(at) => to.get(at).copied(),
                None => Some(c),
            });
            text(each.collect::<String>())
        }
        _ => Ok(Cell::Null),
    }),
];

fn sign(arguments: &[Cell]) -> f64 {
    if text_of(arguments, 2).as_deref() == Some("-") { -1.0 } else { 1.0 }
}

fn interval(arguments: &[Cell], at: usize) -> Option<Interval> {
    Interval::read(&text_of(arguments, at)?, "")
}

fn moment(facts: &Facts, arguments: &[Cell], at: usize) -> Option<jiff::civil::DateTime> {
    moments::read(&text_of(arguments, at)?, facts.offset_minutes)
}

fn bytes(arguments: &[Cell], at: usize) -> Option<Vec<u8>> {
    match arguments.get(at)? {
        Cell::Null => None,
        Cell::Blob(bytes) => Some(bytes.clone()),
        other => cell::text(other).map(String::into_bytes),
    }
}

fn extreme(arguments: &[Cell], wanted: std::cmp::Ordering) -> Cell {
    let order = |one: &Cell, other: &Cell| match (cell::number(one), cell::number(other)) {
        (Some(one), Some(other)) => one.total_cmp(&other),
        _ => cell::text(one).cmp(&cell::text(other)),
    };
    let known = arguments.iter().filter(|cell| **cell != Cell::Null);
    let best = known.reduce(|best, one| if order(one, best) == wanted { one } else { best });
    best.cloned().unwrap_or(Cell::Null)
}

fn rounded(number: f64, digits: usize) -> String {
    // Half away from zero, as exact numbers are rounded.
    let factor = 10_f64.powi(i32::try_from(digits).unwrap_or(0));
    let shifted = number * factor;
    let near =
        if shifted.is_finite() { (shifted + shifted.signum() * 1e-9).round() / factor } else { number };
    format!("{near:.digits$}")
}

fn is_whole(kind: &str) -> bool {
    matches!(kind, "int2" | "int4" | "int8" | "oid")
}

fn arithmetic(a: &[Cell], real: fn(f64, f64) -> f64, checked: fn(i64, i64) -> Option<i64>) -> Answer {
    let kind = text_of(a, 2).unwrap_or_default();
    match (a.first(), a.get(1)) {
        (Some(Cell::Null) | None, _) | (_, Some(Cell::Null) | None) => Ok(Cell::Null),
        (Some(Cell::Integer(x)), Some(Cell::Integer(y))) if is_whole(&kind) => {
            let made = checked(*x, *y).filter(|made| fits(&kind, *made));
            made.map(Cell::Integer).ok_or_else(|| mark("@overflow", &[shown(&kind)]))
        }
        _ => match (number_of(a, 0), number_of(a, 1)) {
            (Some(x), Some(y)) => Ok(Cell::Real(real(x, y))),
            _ => Ok(Cell::Null),
        },
    }
}

fn shown(kind: &str) -> &str {
    match kind {
        "int2" => "smallint",
        "int4" => "integer",
        "int8" => "bigint",
        other => other,
    }
}

fn fits(kind: &str, number: i64) -> bool {
    match kind {
        "int2" => i16::try_from(number).is_ok(),
        "int4" => i32::try_from(number).is_ok(),
        _ => true,
    }
}

fn divide(_: &Facts, a: &[Cell]) -> Answer {
    let kind = text_of(a, 2).unwrap_or_default();
    match (number_of(a, 0), number_of(a, 1)) {
        (None, _) | (_, None) => Ok(Cell::Null),
        (_, Some(0.0)) => Err(mark("@zero", &[])),
        (Some(_), Some(_)) if is_whole(&kind) => arithmetic(a, |x, y| (x / y).trunc(), i64::checked_div),
        (Some(x), Some(y)) if kind == "numeric" => {
            // Sixteen digits that count, in groups of four.
            let made = x / y;
            let digits = match made.abs() {
                size if size >= 1e8 => 8,
                size if size >= 1e4 => 12,
                size if size >= 1.0 || size == 0.0 => 16,
                _ => 20,
            };
            text(format!("{made:.digits$}"))
        }
        (Some(x), Some(y)) => Ok(Cell::Real(x / y)),
    }
}

/// A value of one type as one of another: type, value, type it has, modifier.
fn cast(facts: &Facts, a: &[Cell]) -> Answer {
    let (kind, from) = (text_of(a, 0).unwrap_or_default(), text_of(a, 2).unwrap_or_default());
    let Some(value) = a.get(1).filter(|value| **value != Cell::Null) else { return Ok(Cell::Null) };
    let ty = PgType::named(&kind).unwrap_or(PgType::of(oid::TEXT));
    let modifier = whole_of(a, 3).unwrap_or(-1);
    let words = cell::text(value).unwrap_or_default();
    let wrong = || mark("@cast", &[&words, &crate::database::postgres::format_type(ty)]);
    match ty.oid {
        oid::INT2 | oid::INT4 | oid::INT8 | oid::OID | oid::XID => {
            let number = match value {
                Cell::Integer(number) => *number,
                Cell::Real(number) => cell::truncated(number.round_ties_even()),
                _ if from == "regproc" => crate::database::postgres::function_id(&words),
                _ if from == "text" || from == "varchar" || from == "bpchar" || from == "name" => {
                    words.trim().parse().map_err(|_| wrong())?
                }
                _ => cell::truncated(cell::number(value).ok_or_else(wrong)?.round()),
            };
            if fits(&kind, number) { whole(number) } else { Err(mark("@overflow", &[shown(&kind)])) }
        }
        oid::NUMERIC => {
            let number = cell::number(value).ok_or_else(wrong)?;
            if modifier < 4 {
                return Ok(value.clone());
            }
            let digits = usize::try_from((modifier - 4) & 0xff).unwrap_or(0);
            text(rounded(number, digits))
        }
        oid::FLOAT4 | oid::FLOAT8 => cell::number(value).map(Cell::Real).ok_or_else(wrong),
        oid::BOOL => match words.trim().to_lowercase().as_str() {
            "t" | "true" | "y" | "yes" | "on" => whole(1),
            "f" | "false" | "n" | "no" | "off" => whole(0),
            _ => cell::number(value).map(|n| Cell::Integer(i64::from(n != 0.0))).ok_or_else(wrong),
        },
        oid::DATE => match moments::read(&words, facts.offset_minutes) {
            Some(at) => text(at.date().to_string()),
            None => Err(mark("@cast", &[&words, "date"])),
        },
        oid::TIMESTAMP | oid::TIMESTAMPTZ => match moments::read(&words, facts.offset_minutes) {
            Some(at) => text(moments::written(at)),
            None => Err(wrong()),
        },
        oid::TIME => text(words.rsplit_once(' ').map_or(words.as_str(), |(_, time)| time)),
        oid::INTERVAL => Interval::read(&words, "").map_or_else(|| Err(wrong()), |one| text(one.shown())),
        oid::BYTEA => match words.strip_prefix("\\x") {
            Some(digits) => hex::decode(digits).map(Cell::Blob).map_err(|_| wrong()),
            None => Ok(Cell::Blob(words.into_bytes())),
        },
        oid::VARCHAR | oid::BPCHAR | oid::TEXT | oid::NAME | oid::CHAR => {
            let made = as_text(facts, value, &from);
            let most = match ty.oid {
                oid::NAME => Some(63),
                oid::CHAR => Some(1),
                _ => usize::try_from(modifier - 4).ok(),
            };
            text(most.map_or(made.clone(), |most| made.chars().take(most).collect()))
        }
        _ => Ok(value.clone()),
    }
}

fn as_text(facts: &Facts, value: &Cell, from: &str) -> String {
    let words = cell::text(value).unwrap_or_default();
    match (from, value) {
        ("bool", Cell::Integer(on)) => if *on == 0 { "false" } else { "true" }.to_owned(),
        ("bytea", Cell::Blob(bytes)) => format!("\\x{}", hex::encode(bytes)),
        ("timestamp" | "timestamptz", _) => match moments::read(&words, facts.offset_minutes) {
            Some(at) => {
                let shown = moments::written(at);
                let shown = shown.trim_end_matches('0').trim_end_matches('.').to_owned();
                let hours = facts.offset_minutes / 60;
                if from == "timestamptz" { format!("{shown}{hours:+03}") } else { shown }
            }
            None => words,
        },
        _ => words,
    }
}

fn truncated(unit: &str, at: jiff::civil::DateTime) -> Option<jiff::civil::DateTime> {
    let day = at.date();
    let midnight = |date: jiff::civil::Date| date.at(0, 0, 0, 0);
    Some(match unit.to_lowercase().as_str() {
        "year" => midnight(day.first_of_year()),
        "quarter" => midnight(jiff::civil::Date::new(day.year(), (day.month() - 1) / 3 * 3 + 1, 1).ok()?),
        "month" => midnight(day.first_of_month()),
        "week" => {
            let back = i64::from(day.weekday().to_monday_zero_offset());
            midnight(day.checked_sub(jiff::Span::new().days(back)).ok()?)
        }
        "day" => midnight(day),
        "hour" => day.at(at.hour(), 0, 0, 0),
        "minute" => day.at(at.hour(), at.minute(), 0, 0),
        "second" => day.at(at.hour(), at.minute(), at.second(), 0),
        _ => return None,
    })
}

fn extract(facts: &Facts, part: &str, at: jiff::civil::DateTime) -> Answer {
    let seconds = f64::from(at.second()) + f64::from(at.subsec_nanosecond()) / 1e9;
    Ok(match part.to_lowercase().as_str() {
        "year" => Cell::Integer(i64::from(at.year())),
        "month" => Cell::Integer(i64::from(at.month())),
        "day" => Cell::Integer(i64::from(at.day())),
        "hour" => Cell::Integer(i64::from(at.hour())),
        "minute" => Cell::Integer(i64::from(at.minute())),
        "second" => return text(format!("{seconds:.6}")),
        "dow" => Cell::Integer(i64::from(at.weekday().to_sunday_zero_offset())),
        "isodow" => Cell::Integer(i64::from(at.weekday().to_monday_one_offset())),
        "doy" => Cell::Integer(i64::from(at.day_of_year())),
        "quarter" => Cell::Integer(i64::from((at.month() - 1) / 3 + 1)),
        "week" => Cell::Integer(i64::from(at.date().iso_week_date().week())),
        "epoch" => {
            let since = at.duration_since(jiff::civil::date(1970, 1, 1).at(0, 0, 0, 0));
            let micros = since.as_micros() - i128::from(facts.offset_minutes) * 60_000_000;
            return text(format!("{}.{:06}", micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000)));
        }
        _ => Cell::Null,
    })
}

fn age(facts: &Facts, a: &[Cell]) -> Answer {
    let today = facts.now().date().at(0, 0, 0, 0);
    let (to, from) = if a.len() == 1 {
        (Some(today), moment(facts, a, 0))
    } else {
        (moment(facts, a, 0), moment(facts, a, 1))
    };
    let (Some(to), Some(from)) = (to, from) else { return Ok(Cell::Null) };
    let span = from.until((jiff::Unit::Year, to)).unwrap_or_default();
    let micros = i64::from(span.get_hours()) * 3600 + span.get_minutes() * 60 + span.get_seconds();
    let made = Interval {
        months: i64::from(span.get_years()) * 12 + i64::from(span.get_months()),
        days: i64::from(span.get_days()),
        micros: micros * 1_000_000,
    };
    text(made.shown())
}

fn at_zone(facts: &Facts, at: jiff::civil::DateTime, zone: &str, to: bool) -> Answer {
    let Ok(zone) = jiff::tz::TimeZoneDatabase::bundled().get(zone) else {
        return Err(mark("@cast", &[zone, "time zone"]));
    };
    let own = jiff::tz::Offset::from_seconds(facts.offset_minutes * 60).unwrap_or(jiff::tz::Offset::UTC);
    let made = if to {
        own.to_timestamp(at).ok().map(|moment| zone.to_datetime(moment))
    } else {
        zone.to_timestamp(at).ok().map(|moment| own.to_datetime(moment))
    };
    maybe_text(made.map(moments::written))
}

fn format(a: &[Cell]) -> Answer {
    let Some(form) = text_of(a, 0) else { return Ok(Cell::Null) };
    let (mut made, mut next) = (String::new(), 1);
    let mut characters = form.chars();
    while let Some(c) = characters.next() {
        if c != '%' {
            made.push(c);
            continue;
        }
        match characters.next() {
            Some('s') => made.push_str(&text_of(a, next).unwrap_or_default()),
            Some('I') => {
                made.push_str(&crate::database::postgres::ident(&text_of(a, next).unwrap_or_default()))
            }
            Some('L') => {
                let value = text_of(a, next);
                made.push_str(
                    &value.map_or("NULL".to_owned(), |text| format!("'{}'", text.replace('\'', "''"))),
                );
            }
            Some(other) => {
                made.push(other);
                continue;
            }
            None => break,
        }
        next += 1;
    }
    text(made)
}
