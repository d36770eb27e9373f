//! ROW and NBCROW, and the values in them, MS-TDS 2.2.5.5 and 2.2.7.19.

use encoding_rs::Encoding;
use jiff::civil::{Date, DateTime, Time};

use super::columns::{Layout, Number, ty};
use super::version::Version;
use crate::database::{Decimal, Value};

const ROW: u8 = 0xd1;
const NBCROW: u8 = 0xd2;

/// What stands where a text pointer and its time stamp would be.
const POINTER: &[u8] = b"\x10dummy textptr\0\0\0dummyTS\0";

/// Writes rows of one result set.
#[derive(Debug)]
pub(super) struct Rows {
    /// How each column's values stand.
    pub(super) layouts: Vec<Layout>,
    /// The code page.
    pub(super) page: &'static Encoding,
    /// The collation that texts carry.
    pub(super) collation: [u8; 5],
    /// The version of TDS.
    pub(super) version: Version,
}

impl Rows {
    /// Writes a row. Missing values are NULL, values too many are left out.
    pub(super) fn write(&self, out: &mut Vec<u8>, row: &[Value]) {
        let value = |index: usize| row.get(index).unwrap_or(&Value::Null);
        let missing = (0..self.layouts.len()).any(|index| value(index).is_null());
        let bitmap = missing && self.version >= Version::V73B;
        out.push(if bitmap { NBCROW } else { ROW });
        if bitmap {
            let mut bits = vec![0u8; self.layouts.len().div_ceil(8)];
            for index in (0..self.layouts.len()).filter(|index| value(*index).is_null()) {
                if let Some(byte) = bits.get_mut(index / 8) {
                    *byte |= 1 << (index % 8);
                }
            }
            out.extend(bits);
        }
        for (index, layout) in self.layouts.iter().enumerate() {
            let value = value(index);
            if !(bitmap && value.is_null()) {
                self.value(out, *layout, value);
            }
        }
    }

    /// Writes one value as its layout has it.
    pub(super) fn value(&self, out: &mut Vec<u8>, layout: Layout, value: &Value) {
        if value.is_null() {
            return null(out, layout);
        }
        let text = || value.as_text().unwrap_or_default();
        match layout {
            Layout::Fixed(number) => out.extend(number_bytes(number, value)),
            Layout::Sized(number) => {
                let bytes = number_bytes(number, value);
                out.push(u8::try_from(bytes.len()).unwrap_or(0));
                out.extend(bytes);
            }
            Layout::Decimal(length, scale) => decimal(out, length, scale, value),
            Layout::Chars { most, padded } => {
                let bytes = cut_chars(&text(), self.page, usize::from(most));
                counted(out, bytes, most, padded.then_some(b" "));
            }
            Layout::Wide { most, padded } => {
                let mut bytes = wide(&text());
                bytes.truncate(usize::from(most));
                counted(out, bytes, most, padded.then_some(b" \0"));
            }
            Layout::Bytes { most, padded } => {
                let mut bytes = raw(value);
                bytes.truncate(usize::from(most));
                counted(out, bytes, most, padded.then_some(b"\0"));
            }
            Layout::LargeChars => pieces(out, &self.page.encode(&text()).0),
            Layout::LargeWide => pieces(out, &wide(&text())),
            Layout::LargeBytes => pieces(out, &raw(value)),
            Layout::Text => behind_pointer(out, &self.page.encode(&text()).0),
            Layout::WideText => behind_pointer(out, &wide(&text())),
            Layout::Image => behind_pointer(out, &raw(value)),
            Layout::Variant => self.variant(out, value),
        }
    }

    /// An sql_variant: its length, its type, the type's measures, the value, 2.2.5.5.4.
    fn variant(&self, out: &mut Vec<u8>, value: &Value) {
        let mut body = Vec::new();
        match value {
            Value::Null => {}
            Value::Bool(_) => variant_of(&mut body, ty::BIT, &[], &number_bytes(Number::Bit, value)),
            Value::Int(number) => match i32::try_from(*number) {
                Ok(_) => variant_of(&mut body, ty::INT4, &[], &number_bytes(Number::Int(4), value)),
                Err(_) => variant_of(&mut body, ty::INT8, &[], &number_bytes(Number::Int(8), value)),
            },
            Value::Float(_) => variant_of(&mut body, ty::FLT8, &[], &number_bytes(Number::Float(8), value)),
            Value::DateTime(_) | Value::Date(_) | Value::Time(_) => {
                variant_of(&mut body, ty::DATETIME, &[], &number_bytes(Number::DateTime, value));
            }
            Value::Guid(_) => variant_of(&mut body, ty::GUID, &[], &number_bytes(Number::Guid, value)),
            Value::Decimal(number) => {
                let mut bytes = Vec::new();
                decimal(&mut bytes, 16, number.scale, value);
                bytes.remove(0);
                variant_of(&mut body, ty::NUMERIC, &[38, number.scale], &bytes);
            }
            Value::Bytes(bytes) => {
                let most = u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_le_bytes();
                variant_of(&mut body, ty::VARBINARY, &most, bytes);
            }
            Value::Text(text) => {
                let bytes = wide(text);
                let most = u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_le_bytes();
                variant_of(&mut body, ty::NVARCHAR, &[&self.collation[..], &most].concat(), &bytes);
            }
        }
        out.extend(u32::try_from(body.len()).unwrap_or(0).to_le_bytes());
        out.extend(body);
    }
}

fn variant_of(body: &mut Vec<u8>, token: u8, measures: &[u8], value: &[u8]) {
    body.extend([token, u8::try_from(measures.len()).unwrap_or(0)]);
    body.extend(measures);
    body.extend(value);
}

fn null(out: &mut Vec<u8>, layout: Layout) {
    match layout {
        // A column that can't be NULL shows the value's zero.
        Layout::Fixed(number) => out.extend(number_bytes(number, &Value::Int(0))),
        Layout::Sized(_) | Layout::Decimal(..) => out.push(0),
        Layout::Chars { .. } | Layout::Wide { .. } | Layout::Bytes { .. } => out.extend([0xff; 2]),
        Layout::LargeChars | Layout::LargeWide | Layout::LargeBytes => out.extend([0xff; 8]),
        Layout::Text | Layout::WideText | Layout::Image => out.push(0),
        Layout::Variant => out.extend([0; 4]),
    }
}

/// A value with its length in two bytes, filled up where its column is.
fn counted(out: &mut Vec<u8>, mut bytes: Vec<u8>, most: u16, filler: Option<&[u8]>) {
    if let Some(filler) = filler {
        while bytes.len() < usize::from(most) {
            bytes.extend(filler);
        }
    }
    out.extend(u16::try_from(bytes.len()).unwrap_or(0).to_le_bytes());
    out.extend(bytes);
}

/// A large value: its whole length, one piece, the end.
fn pieces(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend(u64::try_from(bytes.len()).unwrap_or(0).to_le_bytes());
    if !bytes.is_empty() {
        out.extend(u32::try_from(bytes.len()).unwrap_or(0).to_le_bytes());
        out.extend(bytes);
    }
    out.extend([0; 4]);
}

fn behind_pointer(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend(POINTER);
    out.extend(u32::try_from(bytes.len()).unwrap_or(0).to_le_bytes());
    out.extend(bytes);
}

fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// Text in the code page, cut at whole characters.
fn cut_chars(text: &str, page: &'static Encoding, most: usize) -> Vec<u8> {
    let (bytes, _, _) = page.encode(text);
    if bytes.len() <= most {
        return bytes.into_owned();
    }
    let mut cut = Vec::new();
    for character in text.chars() {
        let mut buffer = [0; 4];
        let (bytes, _, _) = page.encode(character.encode_utf8(&mut buffer));
        if cut.len() + bytes.len() > most {
            break;
        }
        cut.extend_from_slice(&bytes);
    }
    cut
}

fn raw(value: &Value) -> Vec<u8> {
    match value {
        Value::Bytes(bytes) => bytes.clone(),
        Value::Int(number) => number.to_be_bytes().to_vec(),
        Value::Guid(bytes) => bytes.to_vec(),
        other => other.as_text().unwrap_or_default().into_bytes(),
    }
}

fn decimal(out: &mut Vec<u8>, length: u8, scale: u8, value: &Value) {
    let number = exact(value).and_then(|number| number.rescaled(scale)).map_or(0, |number| number.units);
    out.push(length + 1);
    out.push(u8::from(number >= 0));
    out.extend(number.unsigned_abs().to_le_bytes().iter().take(usize::from(length)));
}

fn exact(value: &Value) -> Option<Decimal> {
    match value {
        Value::Decimal(number) => Some(*number),
        Value::Int(number) => Some(Decimal { units: i128::from(*number), scale: 0 }),
        Value::Bool(on) => Some(Decimal { units: i128::from(*on), scale: 0 }),
        Value::Float(number) => Decimal::parse(&format!("{number:.6}")),
        Value::Text(text) => Decimal::parse(text),
        Value::Null
        | Value::Bytes(_)
        | Value::Date(_)
        | Value::Time(_)
        | Value::DateTime(_)
        | Value::Guid(_) => None,
    }
}

fn number_bytes(number: Number, value: &Value) -> Vec<u8> {
    match number {
        Number::Bit => vec![u8::from(whole(value) != 0)],
        Number::Int(bytes) => whole(value).to_le_bytes().into_iter().take(usize::from(bytes)).collect(),
        Number::Float(4) => {
            let number: f32 = float(value).to_string().parse().unwrap_or(0.0);
            number.to_le_bytes().to_vec()
        }
        Number::Float(_) => float(value).to_le_bytes().to_vec(),
        Number::Money(bytes) => money(bytes, value),
        Number::DateTime => date_time(value),
        Number::SmallDateTime => small_date_time(value),
        Number::Guid => guid(value),
        Number::Date => days(moment(value).date()),
        Number::Time(scale) => time(scale, moment(value).time()),
        Number::DateTime2(scale) => {
            let at = moment(value);
            [time(scale, at.time()), days(at.date())].concat()
        }
        Number::Offset(scale) => offset(scale, moment(value)),
    }
}

fn whole(value: &Value) -> i64 {
    match value {
        Value::Int(number) => *number,
        Value::Bool(on) => i64::from(*on),
        other => exact(other)
            .and_then(|number| number.rescaled(0))
            .and_then(|number| i64::try_from(number.units).ok())
            .unwrap_or(0),
    }
}

fn float(value: &Value) -> f64 {
    match value {
        Value::Float(number) => *number,
        other => other.as_text().and_then(|text| text.trim().parse().ok()).unwrap_or(0.0),
    }
}

/// Ten-thousandths; of eight bytes the higher four stand first.
fn money(bytes: u8, value: &Value) -> Vec<u8> {
    let units = exact(value).and_then(|number| number.rescaled(4)).map_or(0, |number| number.units);
    let units = i64::try_from(units).unwrap_or(0).to_le_bytes();
    let (low, high) = units.split_at(4);
    if bytes == 4 { low.to_vec() } else { [high, low].concat() }
}

fn moment(value: &Value) -> DateTime {
    match value {
        Value::DateTime(at) => *at,
        Value::Date(date) => date.to_datetime(Time::midnight()),
        Value::Time(time) => EPOCH.to_datetime(*time),
        other => {
            let text = other.as_text().unwrap_or_default();
            text.trim().parse().unwrap_or_else(|_| EPOCH.to_datetime(Time::midnight()))
        }
    }
}

/// The first day of datetime.
const EPOCH: Date = jiff::civil::date(1900, 1, 1);
/// The first day of date.
const FIRST: Date = jiff::civil::date(1, 1, 1);

fn since(day: Date, epoch: Date) -> i32 {
    day.since(epoch).map_or(0, |span| span.get_days())
}

/// Nanoseconds since midnight.
fn nanoseconds(time: Time) -> u64 {
    let span = time.duration_since(Time::midnight());
    u64::try_from(span.as_nanos()).unwrap_or(0)
}

fn date_time(value: &Value) -> Vec<u8> {
    const DAY: u64 = 86_400 * 300;
    let at = moment(value);
    // Three ticks in ten milliseconds, rounded.
    let ticks = (nanoseconds(at.time()) * 3 + 5_000_000) / 10_000_000;
    let (more, ticks) = (i32::from(ticks >= DAY), ticks % DAY);
    let days = since(at.date(), EPOCH).saturating_add(more);
    [days.to_le_bytes(), u32::try_from(ticks).unwrap_or(0).to_le_bytes()].concat()
}

fn small_date_time(value: &Value) -> Vec<u8> {
    let at = moment(value);
    let minutes = (nanoseconds(at.time()) / 1_000_000_000 + 30) / 60;
    let days = i64::from(since(at.date(), EPOCH)) + i64::from(minutes >= 1440);
    let short = |number: i64| u16::try_from(number).unwrap_or(0).to_le_bytes();
    [short(days), short(i64::try_from(minutes % 1440).unwrap_or(0))].concat()
}

fn days(day: Date) -> Vec<u8> {
    since(day, FIRST).to_le_bytes().into_iter().take(3).collect()
}

fn time(scale: u8, time: Time) -> Vec<u8> {
    let unit = 10u64.pow(9u32.saturating_sub(u32::from(scale)));
    let bytes = match scale {
        0..=2 => 3,
        3..=4 => 4,
        _ => 5,
    };
    (nanoseconds(time) / unit).to_le_bytes().into_iter().take(bytes).collect()
}

/// The moment in UTC and the offset in minutes: civil values are those of the server's zone.
fn offset(scale: u8, at: DateTime) -> Vec<u8> {
    const CHINA: i16 = 480;
    let utc = at.checked_sub(jiff::Span::new().minutes(CHINA)).unwrap_or(at);
    [time(scale, utc.time()), days(utc.date()), CHINA.to_le_bytes().to_vec()].concat()
}

/// The first three parts of a GUID stand in the order of Intel.
fn guid(value: &Value) -> Vec<u8> {
    let Value::Guid([a, b, c, d, e, f, g, h, rest @ ..]) = value else { return vec![0; 16] };
    [&[*d, *c, *b, *a, *f, *e, *h, *g][..], rest].concat()
}
