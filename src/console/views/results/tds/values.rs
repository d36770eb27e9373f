//! Types of columns and their values, MS-TDS 2.2.5.4 and 2.2.5.5.

use jiff::ToSpan;
use jiff::civil::{Date, date};

use super::super::{Cursor, float, hexadecimal, signed, text};

/// First days of the types.
const DATETIME: Date = date(1900, 1, 1);
const DATE: Date = date(1, 1, 1);

/// How values of a column stand on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// So many bytes.
    Fixed(usize),
    /// A length of one byte; 0 is NULL.
    Short,
    /// A length of two bytes; 0xffff is NULL.
    Long,
    /// In pieces, with the whole length in front.
    Pieces,
    /// Behind a text pointer; without one it is NULL.
    Pointer,
    /// With its own type.
    Variant,
}

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kind {
    token: u8,
    form: Form,
    scale: u8,
}

impl Kind {
    pub(super) fn is_behind_pointer(&self) -> bool {
        self.form == Form::Pointer
    }
}

/// TYPE_INFO, 2.2.5.6; whether texts have a collation.
pub(super) fn kind(rest: &mut Cursor<'_>, collated: bool) -> Option<Kind> {
    let token = rest.byte()?;
    let collation = if collated { 5 } else { 0 };
    let mut scale = 0;
    let form = match token {
        0x1f => Form::Fixed(0),
        0x30 | 0x32 => Form::Fixed(1),
        0x34 => Form::Fixed(2),
        0x38 | 0x3a | 0x3b | 0x7a => Form::Fixed(4),
        0x3c | 0x3d | 0x3e | 0x7f => Form::Fixed(8),
        0x24 | 0x26 | 0x68 | 0x6d | 0x6e | 0x6f | 0x25 | 0x27 | 0x2d | 0x2f => {
            rest.byte()?;
            Form::Short
        }
        0x28 => Form::Short,
        0x29..=0x2b => {
            scale = rest.byte()?;
            Form::Short
        }
        0x37 | 0x3f | 0x6a | 0x6c => {
            rest.take(2)?;
            scale = rest.byte()?;
            Form::Short
        }
        0xa5 | 0xad | 0xa7 | 0xaf | 0xe7 | 0xef => {
            let most = rest.little(2)?;
            rest.take(if matches!(token, 0xa5 | 0xad) { 0 } else { collation })?;
            if most == 0xffff { Form::Pieces } else { Form::Long }
        }
        0xf1 => {
            // With a schema there would be its names.
            (rest.byte()? == 0).then_some(Form::Pieces)?
        }
        0x22 | 0x23 | 0x63 => {
            rest.take(4 + if token == 0x22 { 0 } else { collation })?;
            Form::Pointer
        }
        0x62 => {
            rest.take(4)?;
            Form::Variant
        }
        _ => return None,
    };
    Some(Kind { token, form, scale })
}

/// A value as people write it.
pub(super) fn value(rest: &mut Cursor<'_>, kind: &Kind) -> Option<String> {
    let null = || Some("NULL".to_owned());
    let bytes = match kind.form {
        Form::Fixed(0) => return null(),
        Form::Fixed(length) => rest.take(length)?,
        Form::Short => match usize::from(rest.byte()?) {
            0 => return null(),
            length => rest.take(length)?,
        },
        Form::Long => match rest.length(2)? {
            0xffff => return null(),
            length => rest.take(length)?,
        },
        Form::Pieces => {
            if rest.little(8)? == u64::MAX {
                return null();
            }
            let mut whole = Vec::new();
            loop {
                let length = rest.length(4)?;
                if length == 0 {
                    return Some(shown(kind, &whole));
                }
                whole.extend_from_slice(rest.take(length)?);
            }
        }
        Form::Pointer => {
            let pointer = usize::from(rest.byte()?);
            if pointer == 0 {
                return null();
            }
            // The pointer and its time stamp.
            rest.take(pointer + 8)?;
            let length = rest.length(4)?;
            rest.take(length)?
        }
        Form::Variant => match rest.length(4)? {
            0 => return null(),
            length => return variant(rest.take(length)?),
        },
    };
    Some(shown(kind, bytes))
}

/// 2.2.5.5.4: type, length of its measures, measures, value.
fn variant(bytes: &[u8]) -> Option<String> {
    let mut rest = Cursor(bytes);
    let token = rest.byte()?;
    let measures = usize::from(rest.byte()?);
    let measures = rest.take(measures)?;
    let scale = match token {
        0x6a | 0x6c => *measures.get(1)?,
        0x29..=0x2b => *measures.first()?,
        _ => 0,
    };
    Some(shown(&Kind { token, form: Form::Short, scale }, rest.0))
}

pub(super) fn wide(bytes: &[u8]) -> String {
    let units: Vec<u16> = bytes.chunks_exact(2).map(|two| u16::from_le_bytes([two[0], two[1]])).collect();
    String::from_utf16_lossy(&units)
}

fn shown(kind: &Kind, bytes: &[u8]) -> String {
    match kind.token {
        0x30 => bytes.first().copied().unwrap_or_default().to_string(),
        0x26 if bytes.len() == 1 => bytes[0].to_string(),
        0x26 | 0x32 | 0x34 | 0x38 | 0x68 | 0x7f => signed(bytes).to_string(),
        0x3b | 0x3e | 0x6d => float(bytes),
        0x3c | 0x6e | 0x7a => money(bytes),
        0x3a | 0x3d | 0x6f => moment(bytes).unwrap_or_else(|| hexadecimal(bytes)),
        0x24 => guid(bytes),
        0x28 => day(bytes).map_or_else(|| hexadecimal(bytes), |day| day.to_string()),
        0x29 => time(bytes, kind.scale),
        0x2a => dated(bytes, kind.scale),
        0x2b => zoned(bytes, kind.scale),
        0x37 | 0x3f | 0x6a | 0x6c => decimal(bytes, kind.scale),
        0x27 | 0x2f | 0x23 | 0xa7 | 0xaf => text(bytes).trim_end().to_owned(),
        0x63 | 0xe7 | 0xef | 0xf1 => wide(bytes).trim_end().to_owned(),
        _ => hexadecimal(bytes),
    }
}

fn money(bytes: &[u8]) -> String {
    let units = match *bytes {
        // The higher four bytes come first.
        [e, f, g, h, a, b, c, d] => signed(&[a, b, c, d, e, f, g, h]),
        _ => signed(bytes),
    };
    let sign = if units < 0 { "-" } else { "" };
    format!("{sign}{}.{:04}", units.unsigned_abs() / 10_000, units.unsigned_abs() % 10_000)
}

fn decimal(bytes: &[u8], scale: u8) -> String {
    let Some((sign, magnitude)) = bytes.split_first().filter(|(_, rest)| rest.len() <= 16) else {
        return hexadecimal(bytes);
    };
    let units = magnitude.iter().rev().fold(0u128, |sum, byte| sum << 8 | u128::from(*byte));
    let (digits, scale) = (units.to_string(), usize::from(scale));
    let digits = format!("{digits:0>width$}", width = scale + 1);
    let (whole, part) = digits.split_at(digits.len() - scale);
    let sign = if *sign == 0 { "-" } else { "" };
    if part.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{part}") }
}

fn moment(bytes: &[u8]) -> Option<String> {
    let (days, seconds) = match bytes.len() {
        4 => (signed(&bytes[..2]) & 0xffff, (signed(&bytes[2..]) & 0xffff) * 60),
        8 => (signed(&bytes[..4]), signed(&bytes[4..]) / 300),
        _ => return None,
    };
    let day = DATETIME.checked_add(days.days()).ok()?;
    Some(format!("{day} {:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60))
}

fn day(bytes: &[u8]) -> Option<Date> {
    let days = i64::try_from(Cursor(bytes).little(3)?).ok()?;
    DATE.checked_add(days.days()).ok()
}

fn time(bytes: &[u8], scale: u8) -> String {
    let units = Cursor(bytes).little(bytes.len().min(8)).unwrap_or_default();
    let unit = 10u64.pow(u32::from(scale.min(7)));
    let seconds = units / unit;
    let clock = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    if scale == 0 { clock } else { format!("{clock}.{:0width$}", units % unit, width = usize::from(scale)) }
}

fn dated(bytes: &[u8], scale: u8) -> String {
    let split = bytes.len().checked_sub(3).map(|at| bytes.split_at(at));
    match split.and_then(|(clock, date)| Some((clock, day(date)?))) {
        Some((clock, day)) => format!("{day} {}", time(clock, scale)),
        None => hexadecimal(bytes),
    }
}

fn zoned(bytes: &[u8], scale: u8) -> String {
    match bytes.len().checked_sub(2).map(|at| bytes.split_at(at)) {
        Some((at, minutes)) => {
            let minutes = signed(minutes);
            let sign = if minutes < 0 { '-' } else { '+' };
            let minutes = minutes.unsigned_abs();
            // In UTC, with the zone beside it.
            format!("{}Z ({sign}{:02}:{:02})", dated(at, scale), minutes / 60, minutes % 60)
        }
        None => hexadecimal(bytes),
    }
}

fn guid(bytes: &[u8]) -> String {
    match <[u8; 16]>::try_from(bytes) {
        Ok(bytes) => uuid::Uuid::from_bytes_le(bytes).to_string().to_uppercase(),
        Err(_) => hexadecimal(bytes),
    }
}
