//! Values of results as the wire has them: text and binary forms of `pg_type`.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};

use crate::database::{self, Decimal, PgType, Value, oid};

/// Zones of a session's times: the hospital's own, in which the database keeps them, and the client's.
#[derive(Debug, Clone)]
pub(super) struct Zones {
    /// Seconds that the hospital is ahead of UTC.
    pub(super) own: i32,
    /// What the client sees.
    pub(super) shown: TimeZone,
}

impl Zones {
    /// A moment of the hospital as the client's zone has it, with its offset (`+08`).
    fn shown(&self, at: DateTime) -> (DateTime, String) {
        let own = Offset::from_seconds(self.own).unwrap_or(Offset::UTC);
        let Ok(moment) = own.to_timestamp(at) else { return (at, "+00".to_owned()) };
        let shown = moment.to_zoned(self.shown.clone());
        (shown.datetime(), suffix(shown.offset().seconds()))
    }

    /// A moment of the hospital in UTC.
    fn utc(&self, at: DateTime) -> DateTime {
        let own = Offset::from_seconds(self.own).unwrap_or(Offset::UTC);
        own.to_timestamp(at).map_or(at, |moment| Offset::UTC.to_datetime(moment))
    }
}

fn suffix(seconds: i32) -> String {
    let sign = if seconds < 0 { '-' } else { '+' };
    let minutes = seconds.abs() / 60;
    match minutes % 60 {
        0 => format!("{sign}{:02}", minutes / 60),
        rest => format!("{sign}{:02}:{rest:02}", minutes / 60),
    }
}

/// A value in text; `None` for NULL.
pub(super) fn text(value: &Value, ty: PgType, scale: u8, zones: &Zones) -> Option<Vec<u8>> {
    let kind = ty.oid;
    let shown = match value {
        Value::Null => return None,
        Value::Bool(on) if kind == oid::BOOL => (if *on { "t" } else { "f" }).to_owned(),
        Value::Bool(on) => i64::from(*on).to_string(),
        Value::Int(number) if kind == oid::BOOL => (if *number == 0 { "f" } else { "t" }).to_owned(),
        Value::Int(number) if kind == oid::NUMERIC && scale > 0 => {
            let made = Decimal { units: i128::from(*number), scale: 0 }.rescaled(scale);
            made.map_or_else(String::new, |number| number.to_string())
        }
        Value::Int(number) => number.to_string(),
        Value::Float(number) if kind == oid::FLOAT4 => narrow(*number),
        Value::Float(number) => float(*number),
        Value::Decimal(number) => number.to_string(),
        Value::Text(text) => text.clone(),
        Value::Bytes(bytes) => format!("\\x{}", hex::encode(bytes)),
        Value::Date(date) if kind == oid::TIMESTAMP => format!("{date} 00:00:00"),
        Value::Date(date) if kind == oid::TIMESTAMPTZ => moment_text(date.at(0, 0, 0, 0), zones),
        Value::Date(date) => date.to_string(),
        Value::Time(time) => clock(*time),
        Value::DateTime(at) if kind == oid::DATE => at.date().to_string(),
        Value::DateTime(at) if kind == oid::TIMESTAMPTZ => moment_text(*at, zones),
        Value::DateTime(at) => format!("{} {}", at.date(), clock(at.time())),
        Value::Guid(bytes) => database::guid(bytes).to_lowercase(),
    };
    Some(shown.into_bytes())
}

fn moment_text(at: DateTime, zones: &Zones) -> String {
    let (shown, suffix) = zones.shown(at);
    format!("{} {}{suffix}", shown.date(), clock(shown.time()))
}

/// A time of day with as many digits of its fraction as it has.
fn clock(time: Time) -> String {
    let micros = time.subsec_nanosecond() / 1000;
    let whole = time.strftime("%H:%M:%S").to_string();
    if micros == 0 { whole } else { format!("{whole}.{micros:06}").trim_end_matches('0').to_owned() }
}

/// The shortest text that reads back as the same number.
fn float(number: f64) -> String {
    special(number).unwrap_or_else(|| shortest(&number.to_string(), &format!("{number:e}"), 15))
}

fn narrow(number: f64) -> String {
    #[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "a real has four bytes")]
    let small = number as f32;
    special(number).unwrap_or_else(|| shortest(&small.to_string(), &format!("{small:e}"), 6))
}

fn special(number: f64) -> Option<String> {
    let named = if number.is_nan() {
        "NaN"
    } else if number == f64::INFINITY {
        "Infinity"
    } else if number == f64::NEG_INFINITY {
        "-Infinity"
    } else {
        return None;
    };
    Some(named.to_owned())
}

/// Plain digits, or an exponent where the number is far from one.
fn shortest(plain: &str, scientific: &str, digits: i32) -> String {
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    let power: i32 = exponent.parse().unwrap_or(0);
    if (-4..digits).contains(&power) || plain == "0" || plain == "-0" {
        return plain.to_owned();
    }
    let sign = if power < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", power.abs())
}

/// A value in binary; `None` for NULL.
pub(super) fn binary(value: &Value, ty: PgType, scale: u8, zones: &Zones) -> Option<Vec<u8>> {
    let shown = text(value, ty, scale, zones)?;
    let moment = moment(value);
    Some(match ty.oid {
        oid::TIMESTAMP => moment.map_or(0, micros).to_be_bytes().to_vec(),
        oid::TIMESTAMPTZ => moment.map_or(0, |at| micros(zones.utc(at))).to_be_bytes().to_vec(),
        oid::BYTEA => match value {
            Value::Bytes(bytes) => bytes.clone(),
            _ => shown,
        },
        _ => binary_of(&String::from_utf8_lossy(&shown), ty),
    })
}

/// The binary form of a text form.
fn binary_of(shown: &str, ty: PgType) -> Vec<u8> {
    if let Some(element) = ty.element() {
        return array(shown, element);
    }
    match ty.oid {
        oid::BOOL => vec![u8::from(shown == "t" || shown == "true")],
        oid::INT2 => shown.parse::<i16>().unwrap_or_default().to_be_bytes().to_vec(),
        oid::INT4 => shown.parse::<i32>().unwrap_or_default().to_be_bytes().to_vec(),
        oid::OID | oid::XID | oid::CID | oid::REGCLASS | oid::REGTYPE | oid::REGPROC => {
            shown.parse::<u32>().unwrap_or_default().to_be_bytes().to_vec()
        }
        oid::INT8 => shown.parse::<i64>().unwrap_or_default().to_be_bytes().to_vec(),
        oid::FLOAT4 => shown.parse::<f32>().unwrap_or_default().to_be_bytes().to_vec(),
        oid::FLOAT8 => shown.parse::<f64>().unwrap_or_default().to_be_bytes().to_vec(),
        oid::NUMERIC => numeric(shown),
        oid::DATE => date(shown).map_or(0, days).to_be_bytes().to_vec(),
        oid::TIME => shown.parse::<Time>().map_or(0, time_micros).to_be_bytes().to_vec(),
        oid::TIMESTAMP => date_time(shown).map_or(0, micros).to_be_bytes().to_vec(),
        oid::UUID => hex::decode(shown.replace('-', "")).unwrap_or_default(),
        oid::JSONB => [&[1], shown.as_bytes()].concat(),
        oid::INT2VECTOR => vector(shown, PgType::of(oid::INT2)),
        oid::OIDVECTOR => vector(shown, PgType::of(oid::OID)),
        oid::VOID => Vec::new(),
        _ => shown.as_bytes().to_vec(),
    }
}

/// `{a,"b c",NULL}` of one dimension.
fn array(shown: &str, element: PgType) -> Vec<u8> {
    let elements = database::array_elements(shown);
    framed(&elements, element, 1)
}

fn vector(shown: &str, element: PgType) -> Vec<u8> {
    let elements: Vec<_> =
        shown.split(' ').filter(|part| !part.is_empty()).map(|p| Some(p.to_owned())).collect();
    framed(&elements, element, 0)
}

fn framed(elements: &[Option<String>], element: PgType, lower: i32) -> Vec<u8> {
    let nulls = i32::from(elements.iter().any(Option::is_none));
    let count = i32::try_from(elements.len()).unwrap_or(i32::MAX);
    let dimensions = i32::from(count > 0);
    let mut out = [dimensions.to_be_bytes(), nulls.to_be_bytes(), element.oid.to_be_bytes()].concat();
    if count > 0 {
        out.extend([count.to_be_bytes(), lower.to_be_bytes()].concat());
    }
    for one in elements {
        match one {
            None => out.extend(u32::MAX.to_be_bytes()),
            Some(text) => {
                let bytes = binary_of(text, element);
                out.extend(u32::try_from(bytes.len()).unwrap_or_default().to_be_bytes());
                out.extend(bytes);
            }
        }
    }
    out
}

fn date(text: &str) -> Option<DateTime> {
    text.parse::<Date>().ok().map(|date| date.at(0, 0, 0, 0))
}

fn date_time(text: &str) -> Option<DateTime> {
    text.parse().ok().or_else(|| date(text))
}

fn moment(value: &Value) -> Option<DateTime> {
    match value {
        Value::DateTime(at) => Some(*at),
        Value::Date(date) => Some(date.at(0, 0, 0, 0)),
        Value::Text(text) => date_time(text),
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Decimal(_) => None,
        Value::Bytes(_) | Value::Time(_) | Value::Guid(_) => None,
    }
}

/// 2000-01-01, from which the server counts.
const EPOCH: Date = jiff::civil::date(2000, 1, 1);

fn days(at: DateTime) -> i32 {
    EPOCH.until(at.date()).map_or(0, |span| span.get_days())
}

fn micros(at: DateTime) -> i64 {
    let span = at.duration_since(EPOCH.at(0, 0, 0, 0));
    i64::try_from(span.as_micros()).unwrap_or_default()
}

fn time_micros(time: Time) -> i64 {
    i64::try_from(time.duration_since(Time::midnight()).as_micros()).unwrap_or_default()
}

/// Digits to the base of 10000, with the weight of the first, sign and scale.
fn numeric(text: &str) -> Vec<u8> {
    const NEGATIVE: u16 = 0x4000;
    let (sign, plain) = text.strip_prefix('-').map_or((0, text), |rest| (NEGATIVE, rest));
    let (whole, fraction) = plain.split_once('.').unwrap_or((plain, ""));
    let pad = (4 - whole.len() % 4) % 4;
    let padded = format!("{}{whole}{fraction}{}", "0".repeat(pad), "0".repeat((4 - fraction.len() % 4) % 4));
    let group =
        |at: usize| padded.get(at..at + 4).and_then(|part| part.parse::<u16>().ok()).unwrap_or_default();
    let mut digits: Vec<u16> = (0..padded.len() / 4).map(|n| group(n * 4)).collect();
    let mut weight = i16::try_from((whole.len() + pad) / 4).unwrap_or_default() - 1;
    while digits.first() == Some(&0) {
        digits.remove(0);
        weight -= 1;
    }
    while digits.last() == Some(&0) {
        digits.pop();
    }
    let weight = if digits.is_empty() { 0 } else { weight };
    let count = u16::try_from(digits.len()).unwrap_or_default();
    let scale = u16::try_from(fraction.len()).unwrap_or_default();
    let mut out =
        [count.to_be_bytes(), weight.to_be_bytes(), sign.to_be_bytes(), scale.to_be_bytes()].concat();
    out.extend(digits.into_iter().flat_map(u16::to_be_bytes));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn china() -> Zones {
        Zones { own: 8 * 3600, shown: TimeZone::fixed(jiff::tz::offset(8)) }
    }

    /// The bytes that a real server sent for these values.
    #[test]
    fn binary_forms_are_the_servers() {
        let form = |value: Value, kind| hex::encode(binary(&value, PgType::of(kind), 0, &china()).unwrap());
        let decimal = |text| Value::Decimal(Decimal::parse(text).unwrap());
        assert_eq!(form(decimal("1.50"), oid::NUMERIC), "000200000000000200011388");
        assert_eq!(form(decimal("-0.05"), oid::NUMERIC), "0001ffff4000000201f4");
        assert_eq!(form(decimal("12345.678"), oid::NUMERIC), "00030001000000030001".to_owned() + "09291a7c");
        let at: DateTime = "2026-03-02T10:00:00".parse().unwrap();
        assert_eq!(form(Value::Date(at.date()), oid::DATE), "00002555");
        assert_eq!(form(Value::DateTime(at), oid::TIMESTAMP), "0002ef066b274800");
        assert_eq!(form(Value::Bool(true), oid::BOOL), "01");
        assert_eq!(form(Value::Int(1), oid::INT8), "0000000000000001");
        let list = form(Value::text("{1,2}"), oid::INT4_ARRAY);
        let expected = ["00000001", "00000000", "00000017", "00000002", "00000001"].concat();
        assert_eq!(list, expected + "00000004" + "00000001" + "00000004" + "00000002");
        let empty = form(Value::text("{}"), oid::TEXT_ARRAY);
        assert_eq!(empty, ["00000000", "00000000", "00000019"].concat());
    }

    #[test]
    fn text_forms_are_the_servers() {
        let form = |value: Value, kind| {
            String::from_utf8(text(&value, PgType::of(kind), 2, &china()).unwrap()).unwrap()
        };
        let at: DateTime = "2026-03-02T10:00:00.120".parse().unwrap();
        assert_eq!(form(Value::DateTime(at), oid::TIMESTAMPTZ), "2026-03-02 10:00:00.12+08");
        let utc = Zones { shown: TimeZone::UTC, ..china() };
        let shown = text(&Value::DateTime(at), PgType::of(oid::TIMESTAMPTZ), 0, &utc).unwrap();
        assert_eq!(shown, b"2026-03-02 02:00:00.12+00");
        assert_eq!(form(Value::Int(7), oid::NUMERIC), "7.00");
        assert_eq!(form(Value::Float(1e20), oid::FLOAT8), "1e+20");
        assert_eq!(form(Value::Float(0.5), oid::FLOAT8), "0.5");
        assert_eq!(form(Value::Float(1_234_567.0), oid::FLOAT4), "1.234567e+06");
        assert_eq!(form(Value::Bytes(vec![1, 255]), oid::BYTEA), "\\x01ff");
    }
}
