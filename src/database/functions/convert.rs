//! CONVERT and CAST.

use jiff::civil::DateTime;
use rusqlite::types::Value as Cell;

use super::{Answer, Function, cell, function, mark, text, text_of, whole_of};
use crate::database::{Kind, SqlType};

pub(super) static FUNCTIONS: &[Function] = &[
    function("convert", "*", (2, 3), |_, a| convert(a)),
    function("try_convert", "*", (2, 3), |_, a| Ok(convert(a).unwrap_or(Cell::Null))),
    function("to_number", "po", (1, 2), |_, a| {
        convert(&[Cell::Text("number".to_owned()), a.first().cloned().unwrap_or(Cell::Null)])
    }),
    function("hex", "m", (1, 1), |_, a| match a.first() {
        Some(Cell::Null) | None => Ok(Cell::Null),
        Some(Cell::Integer(number)) => text(format!("{number:X}")),
        Some(Cell::Blob(bytes)) => text(hex::encode_upper(bytes)),
        Some(other) => text(hex::encode_upper(cell::text(other).unwrap_or_default())),
    }),
];

fn convert(arguments: &[Cell]) -> Answer {
    let name = text_of(arguments, 0).unwrap_or_default();
    let name = match name.as_str() {
        "signed" | "signed integer" | "unsigned" | "unsigned integer" => "bigint".to_owned(),
        _ => name,
    };
    let Some(mut ty) = SqlType::parse(&name) else { return Err(mark("@arguments", &[&name])) };
    // Without a length, text has room for thirty characters.
    if !name.contains('(')
        && matches!(ty.kind, Kind::Char | Kind::VarChar | Kind::NChar | Kind::NVarChar)
        && ty.length == Some(1)
    {
        ty.length = Some(30);
    }
    if !name.contains('(') && ty.kind == Kind::VarChar && ty.length.is_none() && name == "varchar" {
        ty.length = Some(30);
    }
    let value = arguments.get(1).cloned().unwrap_or(Cell::Null);
    convert_to(value, &ty, whole_of(arguments, 2).unwrap_or(0))
}

/// A value as one of another type.
pub(in crate::database) fn convert_to(value: Cell, ty: &SqlType, style: i64) -> Answer {
    if value == Cell::Null {
        return Ok(Cell::Null);
    }
    let words = cell::text(&value).unwrap_or_default();
    let wrong = || mark("@cast", &[&words, &ty.name]);
    match ty.kind {
        Kind::Char | Kind::VarChar | Kind::Text | Kind::NChar | Kind::NVarChar | Kind::NText | Kind::Xml => {
            let made = match &value {
                Cell::Blob(bytes) if style == 1 => format!("0x{}", hex::encode_upper(bytes)),
                Cell::Blob(bytes) if style == 2 => hex::encode_upper(bytes),
                Cell::Text(_) if looks_like_time(&words) && style != 0 => styled(&words, style),
                _ => words.clone(),
            };
            text(cut(made, ty))
        }
        Kind::Bit => match words.to_lowercase().as_str() {
            "true" | "t" => Ok(Cell::Integer(1)),
            "false" | "f" => Ok(Cell::Integer(0)),
            _ => cell::number(&value).map(|n| Cell::Integer(i64::from(n != 0.0))).ok_or_else(wrong),
        },
        Kind::TinyInt | Kind::SmallInt | Kind::Int | Kind::BigInt => {
            if words.trim().is_empty() {
                return Ok(Cell::Integer(0));
            }
            let number = match &value {
                Cell::Integer(number) => *number,
                Cell::Text(text) => text.trim().parse().map_err(|_| wrong())?,
                other => cell::truncated(cell::number(other).ok_or_else(wrong)?),
            };
            let (low, high) = match ty.kind {
                Kind::TinyInt => (0, 255),
                Kind::SmallInt => (i64::from(i16::MIN), i64::from(i16::MAX)),
                Kind::Int => (i64::from(i32::MIN), i64::from(i32::MAX)),
                _ => (i64::MIN, i64::MAX),
            };
            if (low..=high).contains(&number) {
                Ok(Cell::Integer(number))
            } else {
                Err(mark("@overflow", &[&ty.name]))
            }
        }
        Kind::Decimal | Kind::Money | Kind::SmallMoney => {
            let number = cell::number(&value).ok_or_else(wrong)?;
            let scale = if ty.precision == 0 { 10 } else { ty.scale };
            let rounded = format!("{number:.*}", usize::from(scale)).parse::<f64>().map_err(|_| wrong())?;
            Ok(if scale == 0 || (rounded.fract() == 0.0 && ty.precision == 0) {
                Cell::Integer(cell::truncated(rounded))
            } else {
                Cell::Real(rounded)
            })
        }
        Kind::Real | Kind::Float => cell::number(&value).map(Cell::Real).ok_or_else(wrong),
        Kind::Date | Kind::Time | Kind::SmallDateTime | Kind::DateTime | Kind::DateTime2 | Kind::Moment => {
            let at = match cell::value(value, &SqlType::of(Kind::DateTime)) {
                crate::database::Value::DateTime(at) => at,
                _ => return Err(mark("@date", &[])),
            };
            text(match ty.kind {
                Kind::Date => at.date().to_string(),
                Kind::Time => at.time().to_string(),
                _ => at.strftime("%Y-%m-%d %H:%M:%S.%3f").to_string(),
            })
        }
        Kind::Binary | Kind::VarBinary | Kind::Blob | Kind::RowVersion => Ok(match value {
            Cell::Blob(bytes) => Cell::Blob(bytes),
            Cell::Integer(number) => {
                let length = usize::try_from(ty.length.unwrap_or(8)).unwrap_or(8).clamp(1, 8);
                Cell::Blob(number.to_be_bytes().into_iter().skip(8 - length).collect())
            }
            // Bytes of the text as Unicode, as the product keeps it.
            _ => Cell::Blob(words.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        }),
        Kind::Guid | Kind::Variant => Ok(value),
    }
}

fn cut(text: String, ty: &SqlType) -> String {
    match ty.length.map(usize::try_from) {
        Some(Ok(length)) if text.chars().count() > length => text.chars().take(length).collect(),
        _ => text,
    }
}

fn looks_like_time(text: &str) -> bool {
    text.len() >= 10 && text.as_bytes().get(4) == Some(&b'-') && cell::parse_moment(text).is_some()
}

/// The styles of CONVERT that clients use.
fn styled(words: &str, style: i64) -> String {
    let Some(at) = cell::parse_moment(words) else { return words.to_owned() };
    let form = match style {
        1 => "%m/%d/%y",
        2 => "%y.%m.%d",
        3 => "%d/%m/%y",
        8 | 24 | 108 => "%H:%M:%S",
        10 => "%m-%d-%y",
        11 => "%y/%m/%d",
        12 => "%y%m%d",
        14 | 114 => "%H:%M:%S:%3f",
        20 | 120 => "%Y-%m-%d %H:%M:%S",
        21 | 25 | 121 => "%Y-%m-%d %H:%M:%S.%3f",
        23 => "%Y-%m-%d",
        101 => "%m/%d/%Y",
        102 => "%Y.%m.%d",
        103 => "%d/%m/%Y",
        104 => "%d.%m.%Y",
        110 => "%m-%d-%Y",
        111 => "%Y/%m/%d",
        112 => "%Y%m%d",
        126 | 127 => "%Y-%m-%dT%H:%M:%S.%3f",
        _ => return default_style(at),
    };
    at.strftime(form).to_string()
}

fn default_style(at: DateTime) -> String {
    at.strftime("%m %e %Y %I:%M%p").to_string()
}
