//! COLMETADATA and the types in it, MS-TDS 2.2.5.4 and 2.2.7.4.

use super::tokens::short_text;
use super::version::Version;
use crate::database::{Column, Kind, SqlType};

const COLMETADATA: u8 = 0x81;

/// Data types, 2.2.5.4.
pub(super) mod ty {
    pub(in super::super) const NULL: u8 = 0x1f;
    pub(in super::super) const INT1: u8 = 0x30;
    pub(in super::super) const BIT: u8 = 0x32;
    pub(in super::super) const INT2: u8 = 0x34;
    pub(in super::super) const INT4: u8 = 0x38;
    pub(in super::super) const DATETIM4: u8 = 0x3a;
    pub(in super::super) const FLT4: u8 = 0x3b;
    pub(in super::super) const MONEY: u8 = 0x3c;
    pub(in super::super) const DATETIME: u8 = 0x3d;
    pub(in super::super) const FLT8: u8 = 0x3e;
    pub(in super::super) const MONEY4: u8 = 0x7a;
    pub(in super::super) const INT8: u8 = 0x7f;
    pub(in super::super) const GUID: u8 = 0x24;
    pub(in super::super) const INTN: u8 = 0x26;
    pub(in super::super) const DATEN: u8 = 0x28;
    pub(in super::super) const TIMEN: u8 = 0x29;
    pub(in super::super) const DATETIME2N: u8 = 0x2a;
    pub(in super::super) const OFFSETN: u8 = 0x2b;
    pub(in super::super) const BITN: u8 = 0x68;
    pub(in super::super) const DECIMAL: u8 = 0x6a;
    pub(in super::super) const NUMERIC: u8 = 0x6c;
    pub(in super::super) const OLD_DECIMAL: u8 = 0x37;
    pub(in super::super) const OLD_NUMERIC: u8 = 0x3f;
    pub(in super::super) const FLTN: u8 = 0x6d;
    pub(in super::super) const MONEYN: u8 = 0x6e;
    pub(in super::super) const DATETIMN: u8 = 0x6f;
    pub(in super::super) const OLD_CHAR: u8 = 0x2f;
    pub(in super::super) const OLD_VARCHAR: u8 = 0x27;
    pub(in super::super) const OLD_BINARY: u8 = 0x2d;
    pub(in super::super) const OLD_VARBINARY: u8 = 0x25;
    pub(in super::super) const VARBINARY: u8 = 0xa5;
    pub(in super::super) const VARCHAR: u8 = 0xa7;
    pub(in super::super) const BINARY: u8 = 0xad;
    pub(in super::super) const CHAR: u8 = 0xaf;
    pub(in super::super) const NVARCHAR: u8 = 0xe7;
    pub(in super::super) const NCHAR: u8 = 0xef;
    pub(in super::super) const XML: u8 = 0xf1;
    pub(in super::super) const TEXT: u8 = 0x23;
    pub(in super::super) const IMAGE: u8 = 0x22;
    pub(in super::super) const NTEXT: u8 = 0x63;
    pub(in super::super) const VARIANT: u8 = 0x62;
}

/// A length of `max` types.
pub(super) const MAX: u16 = 0xffff;
/// Longest row value outside of large types, bytes.
const LONGEST: u32 = 8000;
/// Length of an sql_variant as columns give it.
const VARIANT: u32 = 8009;
/// The type of a row version in the catalogue of types.
const USER_ROWVERSION: u32 = 80;

/// Flags of a column.
const NULLABLE: u16 = 0x01;
const MAY_BE_UPDATED: u16 = 0x08;
const COMPUTED: u16 = 0x20;
/// Since 7.2.
const HIDDEN: u16 = 0x2000;

/// How a column's values stand on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// A fixed length without its own length byte.
    Fixed(Number),
    /// A length byte before it; 0 for NULL.
    Sized(Number),
    /// An exact number: bytes of magnitude, scale.
    Decimal(u8, u8),
    /// Text of the code page, at most so many bytes; fixed when padded.
    Chars {
        /// Most bytes.
        most: u16,
        /// Whether it is filled up with blanks.
        padded: bool,
    },
    /// Text in UTF-16, at most so many bytes.
    Wide {
        /// Most bytes.
        most: u16,
        /// Whether it is filled up with blanks.
        padded: bool,
    },
    /// Bytes.
    Bytes {
        /// Most bytes.
        most: u16,
        /// Whether it is filled up with zeros.
        padded: bool,
    },
    /// Large text of the code page, in pieces.
    LargeChars,
    /// Large text in UTF-16, in pieces.
    LargeWide,
    /// Large bytes, in pieces.
    LargeBytes,
    /// Text of the code page behind a text pointer.
    Text,
    /// Text in UTF-16 behind a text pointer.
    WideText,
    /// Bytes behind a text pointer.
    Image,
    /// A value with its type.
    Variant,
}

/// Numbers, dates and other values of a known length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Number {
    /// A bit.
    Bit,
    /// A whole number of so many bytes.
    Int(u8),
    /// A floating point number of so many bytes.
    Float(u8),
    /// Money of so many bytes.
    Money(u8),
    /// A date and time to 1/300 s.
    DateTime,
    /// A date and time to the minute.
    SmallDateTime,
    /// A GUID.
    Guid,
    /// A date.
    Date,
    /// A time of this scale.
    Time(u8),
    /// A date and time of this scale.
    DateTime2(u8),
    /// A date, time and zone of this scale.
    Offset(u8),
}

/// The layout of a type in a version of TDS.
pub fn layout(ty: &SqlType, nullable: bool, version: Version) -> Layout {
    let number = |number| if nullable { Layout::Sized(number) } else { Layout::Fixed(number) };
    let chars = |padded| match sized(ty, 1) {
        Some(most) => Layout::Chars { most, padded },
        None => large(version, Layout::LargeChars, Layout::Text),
    };
    let wide = |padded| match sized(ty, 2) {
        Some(most) => Layout::Wide { most, padded },
        None => large(version, Layout::LargeWide, Layout::WideText),
    };
    let bytes = |padded| match sized(ty, 1) {
        Some(most) => Layout::Bytes { most, padded },
        None => large(version, Layout::LargeBytes, Layout::Image),
    };
    // Before 7.3 clients are given the newer types as text.
    let new = |number, characters: u16| match version >= Version::V73A {
        true => Layout::Sized(number),
        false => Layout::Wide { most: characters * 2, padded: false },
    };
    match ty.kind {
        Kind::Bit => number(Number::Bit),
        Kind::TinyInt => number(Number::Int(1)),
        Kind::SmallInt => number(Number::Int(2)),
        Kind::Int => number(Number::Int(4)),
        Kind::BigInt => number(Number::Int(8)),
        Kind::Real => number(Number::Float(4)),
        Kind::Float => number(Number::Float(8)),
        Kind::Money => number(Number::Money(8)),
        Kind::SmallMoney => number(Number::Money(4)),
        Kind::DateTime => number(Number::DateTime),
        Kind::SmallDateTime => number(Number::SmallDateTime),
        Kind::Guid => Layout::Sized(Number::Guid),
        Kind::Decimal => Layout::Decimal(magnitude(ty.precision), ty.scale),
        Kind::Date => new(Number::Date, 10),
        Kind::Time => new(Number::Time(ty.scale.min(7)), 16),
        Kind::DateTime2 => new(Number::DateTime2(ty.scale.min(7)), 27),
        Kind::Moment => new(Number::Offset(ty.scale.min(7)), 34),
        Kind::Char => chars(true),
        Kind::VarChar => chars(false),
        Kind::NChar => wide(true),
        Kind::NVarChar => wide(false),
        Kind::Binary => bytes(true),
        Kind::VarBinary => bytes(false),
        Kind::RowVersion => Layout::Bytes { most: 8, padded: true },
        Kind::Text => Layout::Text,
        Kind::NText => Layout::WideText,
        Kind::Blob => Layout::Image,
        Kind::Xml => large(version, Layout::LargeWide, Layout::WideText),
        Kind::Variant => match version >= Version::V71 {
            true => Layout::Variant,
            false => Layout::Wide { most: 8000, padded: false },
        },
    }
}

fn large(version: Version, pieces: Layout, pointer: Layout) -> Layout {
    if version >= Version::V72 { pieces } else { pointer }
}

fn sized(ty: &SqlType, width: u32) -> Option<u16> {
    let bytes = ty.length?.checked_mul(width)?;
    u16::try_from(bytes).ok().filter(|_| bytes <= LONGEST)
}

/// Bytes of a decimal's magnitude, 2.2.5.5.1.6.
fn magnitude(precision: u8) -> u8 {
    match precision {
        0..=9 => 4,
        10..=19 => 8,
        20..=28 => 12,
        _ => 16,
    }
}

/// Writes COLMETADATA and gives the layouts of the rows that follow.
pub fn describe(
    out: &mut Vec<u8>,
    columns: &[Column],
    hides_last: bool,
    collation: [u8; 5],
    version: Version,
) -> Vec<Layout> {
    out.push(COLMETADATA);
    out.extend(u16::try_from(columns.len()).unwrap_or(0).to_le_bytes());
    columns
        .iter()
        .enumerate()
        .map(|(place, column)| {
            user_type(out, &column.ty, version);
            let origin = if column.origin.is_some() { MAY_BE_UPDATED } else { COMPUTED };
            let nullable = if column.nullable { NULLABLE } else { 0 };
            let is_hidden = hides_last && place + 1 == columns.len() && version >= Version::V72;
            let hidden = if is_hidden { HIDDEN } else { 0 };
            out.extend((origin | nullable | hidden).to_le_bytes());
            let layout = layout(&column.ty, column.nullable, version);
            type_info(out, &column.ty, layout, collation, version);
            if matches!(layout, Layout::Text | Layout::WideText | Layout::Image) {
                table_name(out, column, version);
            }
            short_text(out, &column.name);
            layout
        })
        .collect()
}

pub(super) fn user_type(out: &mut Vec<u8>, ty: &SqlType, version: Version) {
    let user = if ty.kind == Kind::RowVersion { USER_ROWVERSION } else { 0 };
    if version >= Version::V72 {
        out.extend(user.to_le_bytes());
    } else {
        out.extend(u16::try_from(user).unwrap_or(0).to_le_bytes());
    }
}

/// The table of a column that is behind a text pointer.
fn table_name(out: &mut Vec<u8>, column: &Column, version: Version) {
    let origin = column.origin.as_ref();
    let name = |out: &mut Vec<u8>, text: &str| {
        let units: Vec<u16> = text.encode_utf16().collect();
        out.extend(u16::try_from(units.len()).unwrap_or(0).to_le_bytes());
        out.extend(units.iter().flat_map(|unit| unit.to_le_bytes()));
    };
    match (version >= Version::V72, origin) {
        (true, Some((schema, table, _))) => {
            out.push(2);
            name(out, schema);
            name(out, table);
        }
        (true, None) => out.push(0),
        (false, Some((_, table, _))) => name(out, table),
        (false, None) => name(out, ""),
    }
}

/// TYPE_INFO, 2.2.5.6.
pub(super) fn type_info(
    out: &mut Vec<u8>,
    of: &SqlType,
    layout: Layout,
    collation: [u8; 5],
    version: Version,
) {
    let collation: &[u8] = if version >= Version::V71 { &collation } else { &[] };
    let long = |out: &mut Vec<u8>, token: u8, most: u16| {
        out.push(token);
        out.extend(most.to_le_bytes());
    };
    match layout {
        Layout::Fixed(number) => out.push(fixed(number)),
        Layout::Sized(number) => out.extend(nullable(number)),
        Layout::Decimal(bytes, scale) => {
            let token = if of.name.starts_with("numeric") { ty::NUMERIC } else { ty::DECIMAL };
            out.extend([token, bytes + 1, of.precision, scale]);
        }
        Layout::Chars { most, padded } => {
            long(out, if padded { ty::CHAR } else { ty::VARCHAR }, most);
            out.extend(collation);
        }
        Layout::Wide { most, padded } => {
            long(out, if padded { ty::NCHAR } else { ty::NVARCHAR }, most);
            out.extend(collation);
        }
        Layout::Bytes { most, padded } => long(out, if padded { ty::BINARY } else { ty::VARBINARY }, most),
        Layout::LargeChars => {
            long(out, ty::VARCHAR, MAX);
            out.extend(collation);
        }
        // XML, without a schema.
        Layout::LargeWide if of.kind == Kind::Xml => out.extend([ty::XML, 0]),
        Layout::LargeWide => {
            long(out, ty::NVARCHAR, MAX);
            out.extend(collation);
        }
        Layout::LargeBytes => long(out, ty::VARBINARY, MAX),
        Layout::Text => {
            out.push(ty::TEXT);
            out.extend(0x7fff_ffffu32.to_le_bytes());
            out.extend(collation);
        }
        Layout::WideText => {
            out.push(ty::NTEXT);
            out.extend(0x7fff_fffeu32.to_le_bytes());
            out.extend(collation);
        }
        Layout::Image => {
            out.push(ty::IMAGE);
            out.extend(0x7fff_ffffu32.to_le_bytes());
        }
        Layout::Variant => {
            out.push(ty::VARIANT);
            out.extend(VARIANT.to_le_bytes());
        }
    }
}

fn fixed(number: Number) -> u8 {
    match number {
        Number::Bit => ty::BIT,
        Number::Int(1) => ty::INT1,
        Number::Int(2) => ty::INT2,
        Number::Int(8) => ty::INT8,
        Number::Int(_) => ty::INT4,
        Number::Float(4) => ty::FLT4,
        Number::Float(_) => ty::FLT8,
        Number::Money(4) => ty::MONEY4,
        Number::Money(_) => ty::MONEY,
        Number::SmallDateTime => ty::DATETIM4,
        Number::DateTime => ty::DATETIME,
        // These have no form without a length.
        Number::Guid => ty::GUID,
        Number::Date => ty::DATEN,
        Number::Time(_) => ty::TIMEN,
        Number::DateTime2(_) => ty::DATETIME2N,
        Number::Offset(_) => ty::OFFSETN,
    }
}

fn nullable(number: Number) -> Vec<u8> {
    match number {
        Number::Bit => vec![ty::BITN, 1],
        Number::Int(bytes) => vec![ty::INTN, bytes],
        Number::Float(bytes) => vec![ty::FLTN, bytes],
        Number::Money(bytes) => vec![ty::MONEYN, bytes],
        Number::SmallDateTime => vec![ty::DATETIMN, 4],
        Number::DateTime => vec![ty::DATETIMN, 8],
        Number::Guid => vec![ty::GUID, 16],
        Number::Date => vec![ty::DATEN],
        Number::Time(scale) => vec![ty::TIMEN, scale],
        Number::DateTime2(scale) => vec![ty::DATETIME2N, scale],
        Number::Offset(scale) => vec![ty::OFFSETN, scale],
    }
}
