//! Functions that MySQL alone has.

use std::cmp::Ordering;
use std::net::Ipv4Addr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::civil::DateTime;
use rusqlite::types::Value as Cell;
use sha1::{Digest, Sha1};
use sha2::{Sha224, Sha256, Sha384, Sha512};

use super::{
    Answer, Function, cell, function, mark, maybe_text, maybe_whole, number_of, real, text, text_of, whole,
    whole_of,
};

pub(super) static FUNCTIONS: &[Function] = &[
    function("ucase", "m", (1, 1), |_, a| maybe_text(text_of(a, 0).map(|text| text.to_uppercase()))),
    function("upper", "m", (1, 1), |_, a| maybe_text(text_of(a, 0).map(|text| text.to_uppercase()))),
    function("lcase", "m", (1, 1), |_, a| maybe_text(text_of(a, 0).map(|text| text.to_lowercase()))),
    function("lower", "m", (1, 1), |_, a| maybe_text(text_of(a, 0).map(|text| text.to_lowercase()))),
    function("isnull", "m", (1, 1), |_, a| whole(i64::from(a.first() == Some(&Cell::Null)))),
    function("instr", "m", (2, 2), |_, a| {
        let found = text_of(a, 0).zip(text_of(a, 1));
        maybe_whole(found.map(|(text, part)| place(&text.to_lowercase(), &part.to_lowercase())))
    }),
    function("position_in", "m", (2, 2), |_, a| {
        let found = text_of(a, 1).zip(text_of(a, 0));
        maybe_whole(found.map(|(text, part)| place(&text.to_lowercase(), &part.to_lowercase())))
    }),
    function("logical_xor", "m", (2, 2), |_, a| {
        let both = number_of(a, 0).zip(number_of(a, 1));
        maybe_whole(both.map(|(one, other)| i64::from((one != 0.0) != (other != 0.0))))
    }),
    function("json_quote", "m", (1, 1), |_, a| {
        maybe_text(text_of(a, 0).map(|words| serde_json::Value::from(words).to_string()))
    }),
    // What a text's collation comes from: a function of the system, a column, a literal.
    function("coercibility", "m", (1, 1), |_, _| whole(4)),
    function("to_seconds", "m", (1, 1), |_, a| {
        let at = text_of(a, 0).and_then(|words| cell::parse_moment(&words));
        let epoch = DateTime::constant(0, 1, 1, 0, 0, 0, 0);
        maybe_whole(at.map(|at| at.duration_since(epoch).as_secs()))
    }),
    function("strcmp", "m", (2, 2), |_, a| {
        let both = text_of(a, 0).zip(text_of(a, 1));
        maybe_whole(both.map(|(one, other)| match super::compare(&one, &other) {
            Ordering::Less => -1,
            Ordering::Equal => 0,
            Ordering::Greater => 1,
        }))
    }),
    function("field", "m", (2, 200), |_, a| {
        let wanted = text_of(a, 0);
        let at = a.iter().skip(1).position(|value| wanted.is_some() && cell::text(value) == wanted);
        whole(at.map_or(0, |at| i64::try_from(at + 1).unwrap_or(0)))
    }),
    function("find_in_set", "m", (2, 2), |_, a| {
        let both = text_of(a, 0).zip(text_of(a, 1));
        maybe_whole(both.map(|(wanted, set)| {
            let at = set.split(',').position(|one| one == wanted);
            at.map_or(0, |at| i64::try_from(at + 1).unwrap_or(0))
        }))
    }),
    function("bin", "m", (1, 1), |_, a| maybe_text(whole_of(a, 0).map(|number| format!("{number:b}")))),
    function("oct", "m", (1, 1), |_, a| maybe_text(whole_of(a, 0).map(|number| format!("{number:o}")))),
    function("conv", "m", (3, 3), |_, a| conv(a)),
    function("unhex", "m", (1, 1), |_, a| {
        Ok(text_of(a, 0).and_then(|text| hex::decode(text).ok()).map_or(Cell::Null, readable))
    }),
    function("to_base64", "m", (1, 1), |_, a| maybe_text(bytes_of(a, 0).map(|bytes| STANDARD.encode(bytes)))),
    function("from_base64", "m", (1, 1), |_, a| {
        Ok(text_of(a, 0).and_then(|text| STANDARD.decode(text.trim()).ok()).map_or(Cell::Null, readable))
    }),
    function("crc32", "m", (1, 1), |_, a| {
        let sum = |bytes: Vec<u8>| {
            let mut crc = flate2::Crc::new();
            crc.update(&bytes);
            i64::from(crc.sum())
        };
        maybe_whole(bytes_of(a, 0).map(sum))
    }),
    function("sha", "m", (1, 1), |_, a| {
        maybe_text(bytes_of(a, 0).map(|bytes| hex::encode(Sha1::digest(bytes))))
    }),
    function("sha2", "m", (2, 2), |_, a| {
        maybe_text(bytes_of(a, 0).and_then(|bytes| match whole_of(a, 1)? {
            224 => Some(hex::encode(Sha224::digest(bytes))),
            0 | 256 => Some(hex::encode(Sha256::digest(bytes))),
            384 => Some(hex::encode(Sha384::digest(bytes))),
            512 => Some(hex::encode(Sha512::digest(bytes))),
            _ => None,
        }))
    }),
    function("password", "m", (1, 1), |_, a| {
        let kept = |bytes: Vec<u8>| format!("*{}", hex::encode_upper(Sha1::digest(Sha1::digest(bytes))));
        maybe_text(bytes_of(a, 0).map(|bytes| if bytes.is_empty() { String::new() } else { kept(bytes) }))
    }),
    function("inet_aton", "m", (1, 1), |_, a| {
        let address = text_of(a, 0).and_then(|text| text.parse::<Ipv4Addr>().ok());
        maybe_whole(address.map(|address| i64::from(address.to_bits())))
    }),
    function("inet_ntoa", "m", (1, 1), |_, a| {
        let number = whole_of(a, 0).and_then(|number| u32::try_from(number).ok());
        maybe_text(number.map(|number| Ipv4Addr::from_bits(number).to_string()))
    }),
    function("format", "m", (2, 3), |_, a| format_number(a)),
    function("quote", "m", (1, 1), |_, a| match text_of(a, 0) {
        Some(plain) => text(format!("'{}'", plain.replace('\\', "\\\\").replace('\'', "\\'"))),
        None => text("NULL"),
    }),
    function("pow", "m", (2, 2), |_, a| {
        number_of(a, 0).zip(number_of(a, 1)).map_or(Ok(Cell::Null), |(base, to)| real(base.powf(to)))
    }),
    function("exp", "m", (1, 1), |_, a| match number_of(a, 0) {
        Some(number) if number.exp().is_infinite() => {
            Err(mark("@said", &["22003", &format!("DOUBLE value is out of range in 'exp({number})'")]))
        }
        number => number.map_or(Ok(Cell::Null), |number| real(number.exp())),
    }),
    function("ln", "m", (1, 1), |_, a| logarithm(a, f64::ln)),
    function("log10", "m", (1, 1), |_, a| logarithm(a, f64::log10)),
    function("log2", "m", (1, 1), |_, a| logarithm(a, f64::log2)),
    function("pi", "m", (0, 0), |_, _| real(std::f64::consts::PI)),
    function("from_unixtime", "m", (1, 1), |facts, a| {
        let at = number_of(a, 0).and_then(|seconds| {
            let at = jiff::Timestamp::from_second(cell::truncated(seconds)).ok()?;
            Some(facts.state().view.local(at))
        });
        maybe_text(at.map(moment))
    }),
    function("dayofmonth", "m", (1, 1), |_, a| of_date(a, |at| i64::from(at.day()))),
    function("dayofyear", "m", (1, 1), |_, a| of_date(a, |at| i64::from(at.day_of_year()))),
    function("dayofweek", "m", (1, 1), |_, a| {
        of_date(a, |at| i64::from(at.weekday().to_sunday_one_offset()))
    }),
    function("weekday", "m", (1, 1), |_, a| of_date(a, |at| i64::from(at.weekday().to_monday_zero_offset()))),
    function("quarter", "m", (1, 1), |_, a| of_date(a, |at| (i64::from(at.month()) + 2) / 3)),
    function("to_days", "m", (1, 1), |_, a| {
        // Days since the year 0 of a calendar that never was.
        let epoch = jiff::civil::date(1970, 1, 1);
        of_date(a, |at| at.date().duration_since(epoch).as_hours() / 24 + 719_528)
    }),
    function("dayname", "m", (1, 1), |_, a| maybe_text(date_of(a).map(|at| at.strftime("%A").to_string()))),
    function("monthname", "m", (1, 1), |_, a| maybe_text(date_of(a).map(|at| at.strftime("%B").to_string()))),
    function("last_day", "m", (1, 1), |_, a| {
        maybe_text(date_of(a).map(|at| at.date().last_of_month().to_string()))
    }),
    function("timestamp", "m", (1, 1), |_, a| maybe_text(date_of(a).map(moment))),
    function("time", "m", (1, 1), |_, a| {
        maybe_text(date_of(a).map(|at| at.strftime("%H:%M:%S").to_string()))
    }),
    function("sec_to_time", "m", (1, 1), |_, a| {
        let shown = |seconds: i64| {
            let (sign, seconds) = if seconds < 0 { ("-", -seconds) } else { ("", seconds) };
            format!("{sign}{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
        };
        maybe_text(whole_of(a, 0).map(|seconds| shown(seconds.clamp(-3_020_399, 3_020_399))))
    }),
    // What error messages are made of, which is what they are called for.
    function("extractvalue", "m", (2, 2), |_, a| xpath(a)),
    function("updatexml", "m", (3, 3), |_, a| xpath(a)),
    function("name_const", "m", (2, 2), |_, a| Ok(a.get(1).cloned().unwrap_or(Cell::Null))),
    function("charset", "m", (1, 1), |_, a| {
        text(if matches!(a.first(), Some(Cell::Text(_))) { "utf8mb4" } else { "binary" })
    }),
    function("collation", "m", (1, 1), |_, a| {
        text(if matches!(a.first(), Some(Cell::Text(_))) { "utf8mb4_general_ci" } else { "binary" })
    }),
    function("row_count", "m", (0, 0), |facts, _| whole(facts.state().row_count)),
    function("found_rows", "m", (0, 0), |facts, _| whole(facts.state().row_count)),
    function("last_insert_id", "m", (0, 1), |facts, a| {
        let given = whole_of(a, 0);
        let mut state = facts.state();
        if given.is_some() {
            state.first_identity = given;
        }
        whole(state.first_identity.unwrap_or(0))
    }),
    function("get_lock", "m", (2, 2), |_, _| whole(1)),
    function("release_lock", "m", (1, 1), |_, _| whole(1)),
    function("is_free_lock", "m", (1, 1), |_, _| whole(1)),
    function("uuid_short", "m", (0, 0), |facts, _| {
        let at = facts.state().view.now().as_second();
        whole((1 << 56) + (at << 24) + i64::from(facts.session))
    }),
];

/// Place of a part, counted in characters from one; zero where it is not.
fn place(text: &str, part: &str) -> i64 {
    let before = text.find(part).and_then(|at| text.get(..at));
    before.map_or(0, |before| i64::try_from(before.chars().count() + 1).unwrap_or(0))
}

fn bytes_of(arguments: &[Cell], at: usize) -> Option<Vec<u8>> {
    match arguments.get(at)? {
        Cell::Blob(bytes) => Some(bytes.clone()),
        other => cell::text(other).map(String::into_bytes),
    }
}

/// Bytes as a text where they are one.
fn readable(bytes: Vec<u8>) -> Cell {
    String::from_utf8(bytes).map_or_else(|error| Cell::Blob(error.into_bytes()), Cell::Text)
}

fn conv(arguments: &[Cell]) -> Answer {
    let base = |at| whole_of(arguments, at).and_then(|base| u32::try_from(base.abs()).ok());
    let bases = base(1).zip(base(2)).filter(|(from, to)| (2..=36).contains(from) && (2..=36).contains(to));
    let Some(((from, to), digits)) = bases.zip(text_of(arguments, 0)) else { return Ok(Cell::Null) };
    let valid: String = digits.trim().chars().take_while(|digit| digit.is_digit(from)).take(64).collect();
    let mut number = u64::from_str_radix(&valid, from).unwrap_or(if valid.is_empty() { 0 } else { u64::MAX });
    let mut shown = Vec::new();
    loop {
        let digit = u32::try_from(number % u64::from(to)).ok().and_then(|digit| char::from_digit(digit, to));
        shown.extend(digit);
        number /= u64::from(to);
        if number == 0 {
            break;
        }
    }
    text(shown.into_iter().rev().map(|digit| digit.to_ascii_uppercase()).collect::<String>())
}

fn format_number(arguments: &[Cell]) -> Answer {
    let Some(number) = number_of(arguments, 0) else { return Ok(Cell::Null) };
    let digits = usize::try_from(whole_of(arguments, 1).unwrap_or(0).clamp(0, 30)).unwrap_or(0);
    let plain = format!("{:.digits$}", number.abs());
    let (whole, rest) = plain.split_at(plain.find('.').unwrap_or(plain.len()));
    let length = whole.len();
    let mut shown = String::from(if number < 0.0 { "-" } else { "" });
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (length - at).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    text(shown + rest)
}

fn logarithm(arguments: &[Cell], of: fn(f64) -> f64) -> Answer {
    number_of(arguments, 0).filter(|number| *number > 0.0).map_or(Ok(Cell::Null), |number| real(of(number)))
}

fn date_of(arguments: &[Cell]) -> Option<DateTime> {
    text_of(arguments, 0).and_then(|text| cell::parse_moment(&text))
}

fn of_date(arguments: &[Cell], part: impl Fn(DateTime) -> i64) -> Answer {
    maybe_whole(date_of(arguments).map(part))
}

fn moment(at: DateTime) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// The second argument as an XPath: what is none is quoted in the error from where it goes wrong.
fn xpath(arguments: &[Cell]) -> Answer {
    let Some(path) = text_of(arguments, 1) else { return Ok(Cell::Null) };
    let is_step = |c: char| c.is_alphanumeric() || "/@*._-:[]()=' \"".contains(c);
    match path.char_indices().find(|(_, c)| !is_step(*c)) {
        Some((at, _)) => {
            let wrong: String = path.get(at..).unwrap_or_default().chars().take(32).collect();
            Err(mark("@said", &["HY000", &format!("XPATH syntax error: '{wrong}'")]))
        }
        None => text(""),
    }
}
