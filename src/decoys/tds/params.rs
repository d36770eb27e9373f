//! Parameters of calls: a type and a value, MS-TDS 2.2.5.5, 2.2.5.6 and 2.2.6.6.

use encoding_rs::Encoding;
use jiff::civil::{Date, DateTime, Time, date};
use jiff::{SignedDuration, Span};

use super::columns::{MAX, ty};
use super::read::{Reader, utf16};
use super::version::Version;
use crate::database::{Decimal, Kind, Parameter, SqlType, Value};

/// Most bytes of one value: that of a message, which it is part of.
const MAX_VALUE: usize = super::packet::MAX_MESSAGE;
/// A large value without a length of its own.
const UNKNOWN_LENGTH: u64 = 0xffff_ffff_ffff_fffe;
/// A large value that is NULL.
const NULL_LENGTH: u64 = u64::MAX;
/// Status of a parameter: it comes back.
const OUTPUT: u8 = 0x01;

/// What reading a parameter ended by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The bytes end, or a length is impossible.
    Broken,
    /// No such type.
    Unknown(u8),
}

/// A type as it was sent.
#[derive(Debug, Clone)]
struct Sent {
    token: u8,
    ty: SqlType,
    /// The longest value, which says how lengths are written.
    most: usize,
}

/// Reads one parameter.
///
/// # Errors
/// When it is broken or of no known type.
pub fn read(reader: &mut Reader<'_>, version: Version, page: &'static Encoding) -> Result<Parameter, Fault> {
    let name = reader.short_text().ok_or(Fault::Broken)?;
    let status = reader.u8().ok_or(Fault::Broken)?;
    let sent = type_info(reader, version)?;
    let value = value(reader, &sent, page).ok_or(Fault::Broken)?;
    Ok(Parameter { name, ty: sent.ty, value, output: status & OUTPUT != 0 })
}

fn type_info(reader: &mut Reader<'_>, version: Version) -> Result<Sent, Fault> {
    let token = reader.u8().ok_or(Fault::Broken)?;
    measured(reader, token, version).ok_or(Fault::Broken)?.ok_or(Fault::Unknown(token))
}

/// The outer `None`: the bytes end; the inner one: no such type.
fn measured(reader: &mut Reader<'_>, token: u8, version: Version) -> Option<Option<Sent>> {
    let of = |kind, most| Some(Some(Sent { token, ty: SqlType::of(kind), most }));
    let with_length = |kind, most: usize, width: usize| {
        let length = u32::try_from(most / width).ok();
        Some(Some(Sent { token, ty: SqlType { length, ..SqlType::of(kind) }, most }))
    };
    match token {
        ty::NULL => of(Kind::Int, 0),
        ty::BIT => of(Kind::Bit, 1),
        ty::INT1 => of(Kind::TinyInt, 1),
        ty::INT2 => of(Kind::SmallInt, 2),
        ty::INT4 => of(Kind::Int, 4),
        ty::INT8 => of(Kind::BigInt, 8),
        ty::FLT4 => of(Kind::Real, 4),
        ty::FLT8 => of(Kind::Float, 8),
        ty::MONEY4 => of(Kind::SmallMoney, 4),
        ty::MONEY => of(Kind::Money, 8),
        ty::DATETIM4 => of(Kind::SmallDateTime, 4),
        ty::DATETIME => of(Kind::DateTime, 8),
        ty::BITN | ty::INTN | ty::FLTN | ty::MONEYN | ty::DATETIMN | ty::GUID => {
            let most = reader.u8()?;
            match nullable(token, most) {
                Some(kind) => of(kind, usize::from(most)),
                None => Some(None),
            }
        }
        ty::DATEN => of(Kind::Date, 3),
        ty::TIMEN | ty::DATETIME2N | ty::OFFSETN => {
            let scale = reader.u8().filter(|scale| *scale <= 7)?;
            let kind = match token {
                ty::TIMEN => Kind::Time,
                ty::DATETIME2N => Kind::DateTime2,
                _ => Kind::Moment,
            };
            Some(Some(Sent { token, ty: SqlType { scale, ..SqlType::of(kind) }, most: 10 }))
        }
        ty::DECIMAL | ty::NUMERIC | ty::OLD_DECIMAL | ty::OLD_NUMERIC => {
            let (most, precision, scale) = (reader.u8()?, reader.u8()?, reader.u8()?);
            let known = precision <= 38 && scale <= precision;
            let made = Sent { token, ty: SqlType::decimal(precision, scale), most: usize::from(most) };
            Some(known.then_some(made))
        }
        ty::OLD_CHAR | ty::OLD_VARCHAR => with_length(Kind::VarChar, usize::from(reader.u8()?), 1),
        ty::OLD_BINARY | ty::OLD_VARBINARY => with_length(Kind::VarBinary, usize::from(reader.u8()?), 1),
        ty::BINARY | ty::VARBINARY => long(token, Kind::VarBinary, reader.u16()?, 1),
        ty::CHAR | ty::VARCHAR | ty::NCHAR | ty::NVARCHAR => {
            let most = reader.u16()?;
            collation(reader, version)?;
            let wide = matches!(token, ty::NCHAR | ty::NVARCHAR);
            let (kind, width) = if wide { (Kind::NVarChar, 2) } else { (Kind::VarChar, 1) };
            long(token, kind, most, width)
        }
        ty::TEXT | ty::NTEXT => {
            let most = usize::try_from(reader.u32()?).ok()?;
            collation(reader, version)?;
            of(if token == ty::TEXT { Kind::Text } else { Kind::NText }, most)
        }
        ty::IMAGE => {
            let most = usize::try_from(reader.u32()?).ok()?;
            of(Kind::Blob, most)
        }
        ty::VARIANT => {
            let most = usize::try_from(reader.u32()?).ok()?;
            of(Kind::Variant, most)
        }
        ty::XML => {
            if reader.u8()? != 0 {
                let (_, _) = (reader.short_text()?, reader.short_text()?);
                let length = usize::from(reader.u16()?);
                reader.take(length * 2)?;
            }
            of(Kind::Xml, usize::from(MAX))
        }
        _ => Some(None),
    }
}

fn long(token: u8, kind: Kind, most: u16, width: u32) -> Option<Option<Sent>> {
    let length = (most != MAX).then(|| u32::from(most) / width);
    Some(Some(Sent { token, ty: SqlType { length, ..SqlType::of(kind) }, most: usize::from(most) }))
}

fn collation(reader: &mut Reader<'_>, version: Version) -> Option<()> {
    if version >= Version::V71 {
        reader.take(5)?;
    }
    Some(())
}

fn nullable(token: u8, most: u8) -> Option<Kind> {
    Some(match (token, most) {
        (ty::BITN, 1) => Kind::Bit,
        (ty::INTN, 1) => Kind::TinyInt,
        (ty::INTN, 2) => Kind::SmallInt,
        (ty::INTN, 4) => Kind::Int,
        (ty::INTN, 8) => Kind::BigInt,
        (ty::FLTN, 4) => Kind::Real,
        (ty::FLTN, 8) => Kind::Float,
        (ty::MONEYN, 4) => Kind::SmallMoney,
        (ty::MONEYN, 8) => Kind::Money,
        (ty::DATETIMN, 4) => Kind::SmallDateTime,
        (ty::DATETIMN, 8) => Kind::DateTime,
        (ty::GUID, 16) => Kind::Guid,
        _ => return None,
    })
}

fn value(reader: &mut Reader<'_>, sent: &Sent, page: &'static Encoding) -> Option<Value> {
    let bytes = match sent.token {
        ty::NULL => return Some(Value::Null),
        ty::BIT
        | ty::INT1
        | ty::INT2
        | ty::INT4
        | ty::INT8
        | ty::FLT4
        | ty::FLT8
        | ty::MONEY4
        | ty::MONEY
        | ty::DATETIM4
        | ty::DATETIME => Some(reader.take(sent.most)?.to_vec()),
        ty::VARCHAR | ty::NVARCHAR | ty::VARBINARY | ty::XML if sent.most == usize::from(MAX) => {
            pieces(reader)?
        }
        ty::CHAR | ty::VARCHAR | ty::NCHAR | ty::NVARCHAR | ty::BINARY | ty::VARBINARY => {
            match reader.u16()? {
                MAX => None,
                length => Some(reader.take(usize::from(length))?.to_vec()),
            }
        }
        ty::TEXT | ty::NTEXT | ty::IMAGE => match reader.u32()? {
            u32::MAX => None,
            length => Some(reader.take(usize::try_from(length).ok()?)?.to_vec()),
        },
        ty::VARIANT => return variant(reader, page),
        // Their length stands in one byte; 0 is NULL, but for old text, which may be empty.
        _ => match reader.u8()? {
            0 => None,
            length => Some(reader.take(usize::from(length))?.to_vec()),
        },
    };
    match bytes {
        None => Some(Value::Null),
        Some(bytes) => decode(sent, &bytes, page),
    }
}

/// A value of a `max` type. The outer `None`: the bytes end; the inner one: NULL.
fn pieces(reader: &mut Reader<'_>) -> Option<Option<Vec<u8>>> {
    let whole = reader.u64()?;
    if whole == NULL_LENGTH {
        return Some(None);
    }
    let mut value = Vec::new();
    loop {
        let length = usize::try_from(reader.u32()?).ok()?;
        if length == 0 {
            break;
        }
        value.extend_from_slice(reader.take(length)?);
        if value.len() > MAX_VALUE {
            return None;
        }
    }
    let agrees = whole == UNKNOWN_LENGTH || usize::try_from(whole) == Ok(value.len());
    agrees.then_some(Some(value))
}

fn variant(reader: &mut Reader<'_>, page: &'static Encoding) -> Option<Value> {
    let length = usize::try_from(reader.u32()?).ok()?;
    if length == 0 {
        return Some(Value::Null);
    }
    let mut body = Reader(reader.take(length)?);
    let (token, measures) = (body.u8()?, usize::from(body.u8()?));
    let mut measures = Reader(body.take(measures)?);
    let ty = match token {
        ty::DECIMAL | ty::NUMERIC => SqlType::decimal(measures.u8()?, measures.u8()?),
        ty::CHAR | ty::VARCHAR => SqlType::of(Kind::VarChar),
        ty::NCHAR | ty::NVARCHAR => SqlType::of(Kind::NVarChar),
        ty::BINARY | ty::VARBINARY => SqlType::of(Kind::VarBinary),
        ty::TIMEN | ty::DATETIME2N | ty::OFFSETN => {
            let kind = match token {
                ty::TIMEN => Kind::Time,
                ty::DATETIME2N => Kind::DateTime2,
                _ => Kind::Moment,
            };
            SqlType { scale: measures.u8().filter(|scale| *scale <= 7)?, ..SqlType::of(kind) }
        }
        _ => measured(&mut Reader(&[]), token, Version::V74)??.ty,
    };
    let sent = Sent { token, ty, most: body.0.len() };
    decode(&sent, body.0, page)
}

fn decode(sent: &Sent, bytes: &[u8], page: &'static Encoding) -> Option<Value> {
    Some(match sent.ty.kind {
        Kind::Bit => Value::Bool(integer(bytes) != 0),
        // The only one without a sign.
        Kind::TinyInt => Value::Int(i64::from(*bytes.first()?)),
        Kind::SmallInt | Kind::Int | Kind::BigInt => Value::Int(integer(bytes)),
        Kind::Real => Value::Float(f64::from(f32::from_le_bytes(*bytes.first_chunk()?))),
        Kind::Float => match bytes.len() {
            4 => Value::Float(f64::from(f32::from_le_bytes(*bytes.first_chunk()?))),
            _ => Value::Float(f64::from_le_bytes(*bytes.first_chunk()?)),
        },
        Kind::Money | Kind::SmallMoney => {
            Value::Decimal(Decimal { units: i128::from(money(bytes)?), scale: 4 })
        }
        Kind::Decimal => decimal(bytes, sent.ty.scale)?,
        Kind::DateTime | Kind::SmallDateTime => Value::DateTime(date_time(bytes)?),
        Kind::Date => Value::Date(day(bytes)?),
        Kind::Time => Value::Time(clock(bytes, sent.ty.scale)?),
        Kind::DateTime2 => {
            let (time, day_bytes) = bytes.split_at_checked(bytes.len().checked_sub(3)?)?;
            Value::DateTime(day(day_bytes)?.to_datetime(clock(time, sent.ty.scale)?))
        }
        Kind::Moment => moment(bytes, sent.ty.scale)?,
        Kind::Guid => guid(bytes)?,
        Kind::Char | Kind::VarChar | Kind::Text => {
            Value::Text(page.decode_without_bom_handling(bytes).0.into_owned())
        }
        Kind::NChar | Kind::NVarChar | Kind::NText => Value::Text(utf16(bytes)),
        Kind::Xml => Value::Text(utf16(bytes).trim_start_matches('\u{feff}').to_owned()),
        Kind::Binary | Kind::VarBinary | Kind::Blob | Kind::RowVersion | Kind::Variant => {
            Value::Bytes(bytes.to_vec())
        }
    })
}

fn integer(bytes: &[u8]) -> i64 {
    let negative = bytes.last().is_some_and(|byte| *byte & 0x80 != 0) && bytes.len() > 1;
    let mut wide = [if negative { 0xff } else { 0 }; 8];
    for (slot, byte) in wide.iter_mut().zip(bytes) {
        *slot = *byte;
    }
    i64::from_le_bytes(wide)
}

fn money(bytes: &[u8]) -> Option<i64> {
    match bytes.split_first_chunk::<4>()? {
        (low, []) => Some(i64::from(i32::from_le_bytes(*low))),
        (high, low) => {
            let low = u32::from_le_bytes(*low.first_chunk()?);
            Some(i64::from(i32::from_le_bytes(*high)) << 32 | i64::from(low))
        }
    }
}

fn decimal(bytes: &[u8], scale: u8) -> Option<Value> {
    let (sign, magnitude) = bytes.split_first()?;
    let mut wide = [0; 16];
    for (slot, byte) in wide.iter_mut().zip(magnitude) {
        *slot = *byte;
    }
    let units = i128::try_from(u128::from_le_bytes(wide)).ok()?;
    Some(Value::Decimal(Decimal { units: if *sign == 0 { -units } else { units }, scale }))
}

fn date_time(bytes: &[u8]) -> Option<DateTime> {
    let (day, rest) = match bytes.len() {
        4 => {
            let (day, minutes) = bytes.split_first_chunk::<2>()?;
            let minutes = u16::from_le_bytes(*minutes.first_chunk()?);
            (i64::from(u16::from_le_bytes(*day)), SignedDuration::from_mins(i64::from(minutes)))
        }
        _ => {
            let (day, ticks) = bytes.split_first_chunk::<4>()?;
            let ticks = i64::from(u32::from_le_bytes(*ticks.first_chunk()?));
            // The product shows thirds of ten milliseconds rounded to the millisecond.
            let milliseconds = ticks.checked_mul(10)?.checked_add(1)? / 3;
            (i64::from(i32::from_le_bytes(*day)), SignedDuration::from_millis(milliseconds))
        }
    };
    let midnight =
        date(1900, 1, 1).checked_add(Span::new().try_days(day).ok()?).ok()?.to_datetime(Time::midnight());
    midnight.checked_add(rest).ok()
}

fn day(bytes: &[u8]) -> Option<Date> {
    let [a, b, c] = *bytes.first_chunk()?;
    let days = i64::from(u32::from_le_bytes([a, b, c, 0]));
    date(1, 1, 1).checked_add(Span::new().try_days(days).ok()?).ok()
}

fn clock(bytes: &[u8], scale: u8) -> Option<Time> {
    let mut wide = [0; 8];
    for (slot, byte) in wide.iter_mut().zip(bytes.get(..bytes.len().min(5))?) {
        *slot = *byte;
    }
    let unit = 10u64.checked_pow(9u32.checked_sub(u32::from(scale))?)?;
    let nanoseconds = i64::try_from(u64::from_le_bytes(wide).checked_mul(unit)?).ok()?;
    Time::midnight().checked_add(SignedDuration::from_nanos(nanoseconds)).ok()
}

fn moment(bytes: &[u8], scale: u8) -> Option<Value> {
    let (utc, offset) = bytes.split_at_checked(bytes.len().checked_sub(2)?)?;
    let (time, day_bytes) = utc.split_at_checked(utc.len().checked_sub(3)?)?;
    let minutes = i64::from(i16::from_le_bytes(*offset.first_chunk()?));
    let utc = day(day_bytes)?.to_datetime(clock(time, scale)?);
    utc.checked_add(SignedDuration::from_mins(minutes)).ok().map(Value::DateTime)
}

fn guid(bytes: &[u8]) -> Option<Value> {
    let [d, c, b, a, f, e, h, g, rest @ ..] = *bytes.first_chunk::<16>()?;
    let mut text = [a, b, c, d, e, f, g, h, 0, 0, 0, 0, 0, 0, 0, 0];
    for (slot, byte) in text.iter_mut().skip(8).zip(rest) {
        *slot = byte;
    }
    Some(Value::Guid(text))
}
