//! Values on their way into the engine and out of it.
//!
//! The engine knows whole numbers, floating point, text and bytes. Points in time are text there
//! (`2026-03-01 08:15:00.000`), compared by a collation that reads them as points in time.

use jiff::civil::{Date, DateTime, Time};
use rusqlite::types::Value as Cell;

use super::catalog::ColumnSpec;
use super::{Decimal, Kind, SqlType, Value};

/// Collation of text columns.
pub(super) const TEXT: &str = "house";

/// Collation of points in time.
pub(super) const TIME: &str = "moment";

/// Declarations of columns; the declared type names the column, so that a result's columns are known.
pub(super) fn declarations(columns: &[ColumnSpec], table: usize) -> Vec<String> {
    let column = |(at, spec): (usize, &ColumnSpec)| {
        let (affinity, collation) = match spec.ty.kind {
            _ if spec.ty.is_text() => ("TEXT", TEXT),
            _ if spec.ty.is_time() => ("TEXT", TIME),
            Kind::Guid | Kind::Variant => ("TEXT", TEXT),
            Kind::Bit | Kind::TinyInt | Kind::SmallInt | Kind::Int | Kind::BigInt => ("INTEGER", "BINARY"),
            Kind::Binary | Kind::VarBinary | Kind::Blob | Kind::RowVersion => ("BLOB", "BINARY"),
            _ => ("NUMERIC", "BINARY"),
        };
        format!("{} K{table}_{at} {affinity} COLLATE {collation}", quoted(&spec.name))
    };
    columns.iter().enumerate().map(column).collect()
}

/// The same for a table whose columns are known by another one's.
pub(super) fn plain_declarations(columns: &[ColumnSpec]) -> Vec<String> {
    let all = declarations(columns, 0).into_iter().zip(columns).enumerate();
    all.map(|(at, (line, column))| {
        line.replacen(&format!("{} K0_{at} ", quoted(&column.name)), &format!("{} ", quoted(&column.name)), 1)
    })
    .collect()
}

/// Table and column of a declared type.
pub(super) fn declared(text: &str) -> Option<(usize, usize)> {
    let (table, column) = text.strip_prefix('K')?.split(' ').next()?.split_once('_')?;
    Some((table.parse().ok()?, column.parse().ok()?))
}

/// A name in double quotes.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A value for a column of this type.
pub(super) fn of(value: &Value, ty: &SqlType) -> Cell {
    match value {
        Value::Null => Cell::Null,
        Value::Bytes(bytes) => Cell::Blob(bytes.clone()),
        Value::Date(date) if ty.is_time() && ty.kind != Kind::Date => time_text(&date.at(0, 0, 0, 0)),
        Value::DateTime(at) if ty.kind == Kind::Date => Cell::Text(at.date().to_string()),
        Value::DateTime(at) => time_text(at),
        Value::Bool(on) => Cell::Integer(i64::from(*on)),
        Value::Int(number) if !ty.is_text() => Cell::Integer(*number),
        Value::Float(number) => Cell::Real(*number),
        Value::Decimal(number) if !ty.is_text() => number.to_string().parse().map_or(Cell::Null, Cell::Real),
        Value::Text(text) if !ty.is_text() && !ty.is_time() => match text.trim().parse::<i64>() {
            Ok(number) => Cell::Integer(number),
            Err(_) => Cell::Text(text.clone()),
        },
        other => other.as_text().map_or(Cell::Null, Cell::Text),
    }
}

fn time_text(at: &DateTime) -> Cell {
    Cell::Text(at.strftime("%Y-%m-%d %H:%M:%S.%3f").to_string())
}

/// What a cell is in a column of this type.
pub(super) fn value(cell: Cell, ty: &SqlType) -> Value {
    match (ty.kind, cell) {
        (_, Cell::Null) => Value::Null,
        (Kind::Bit, cell) => Value::Bool(number(&cell).is_some_and(|n| n != 0.0)),
        (Kind::TinyInt | Kind::SmallInt | Kind::Int | Kind::BigInt, Cell::Integer(n)) => Value::Int(n),
        (Kind::TinyInt | Kind::SmallInt | Kind::Int | Kind::BigInt, cell) => {
            number(&cell).map_or(Value::Null, |n| Value::Int(truncated(n)))
        }
        (Kind::Decimal | Kind::Money | Kind::SmallMoney, cell) => decimal(&cell, ty.scale),
        (Kind::Real | Kind::Float, cell) => number(&cell).map_or(Value::Null, Value::Float),
        (Kind::Date, cell) => moment(&cell).map_or(Value::Null, |at| Value::Date(at.date())),
        (Kind::Time, cell) => {
            let text = text(&cell).unwrap_or_default();
            let clock = text.trim().parse::<Time>().ok().or_else(|| Some(parse_moment(&text)?.time()));
            clock.map_or(Value::Null, Value::Time)
        }
        (Kind::SmallDateTime | Kind::DateTime | Kind::DateTime2 | Kind::Moment, cell) => {
            moment(&cell).map_or(Value::Null, Value::DateTime)
        }
        (Kind::Binary | Kind::VarBinary | Kind::Blob | Kind::RowVersion, cell) => match cell {
            Cell::Blob(bytes) => Value::Bytes(bytes),
            other => Value::Bytes(text(&other).unwrap_or_default().into_bytes()),
        },
        (Kind::Guid, cell) => guid(&text(&cell).unwrap_or_default()),
        (Kind::Variant, Cell::Integer(n)) => Value::Int(n),
        (Kind::Variant, Cell::Real(n)) => Value::Float(n),
        (Kind::Char | Kind::NChar, cell) => Value::Text(padded(text(&cell).unwrap_or_default(), ty)),
        (_, Cell::Blob(bytes)) => Value::Text(String::from_utf8_lossy(&bytes).into_owned()),
        (_, cell) => Value::Text(text(&cell).unwrap_or_default()),
    }
}

/// Fixed text is as long as its column: in bytes of the code page, or in characters of Unicode.
fn padded(mut text: String, ty: &SqlType) -> String {
    let length = usize::try_from(ty.length.unwrap_or(0)).unwrap_or(0);
    let has = match ty.kind {
        Kind::NChar => text.chars().count(),
        _ => text.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum(),
    };
    if ty.name == "enum" {
        return text;
    }
    text.extend(std::iter::repeat_n(' ', length.saturating_sub(has)));
    text
}

/// The type that a cell shows when nothing else says it.
pub(super) fn natural_type(cell: &Cell) -> SqlType {
    match cell {
        Cell::Null => SqlType::of(Kind::Int),
        Cell::Integer(n) if i32::try_from(*n).is_ok() => SqlType::of(Kind::Int),
        Cell::Integer(_) => SqlType::of(Kind::BigInt),
        Cell::Real(_) => SqlType::of(Kind::Float),
        Cell::Text(_) => SqlType::nvarchar(Some(4000)),
        Cell::Blob(_) => SqlType { length: Some(8000), ..SqlType::of(Kind::VarBinary) },
    }
}

/// The text of a cell; `None` for NULL.
pub(super) fn text(cell: &Cell) -> Option<String> {
    match cell {
        Cell::Null => None,
        Cell::Integer(n) => Some(n.to_string()),
        Cell::Real(n) => Some(real_text(*n)),
        Cell::Text(text) => Some(text.clone()),
        Cell::Blob(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
    }
}

/// A floating point number as text, whole ones without a point.
pub(super) fn real_text(number: f64) -> String {
    let text = format!("{number:.10}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A number, if the cell is one or reads as one.
pub(super) fn number(cell: &Cell) -> Option<f64> {
    match cell {
        Cell::Null | Cell::Blob(_) => None,
        #[expect(clippy::as_conversions, reason = "what the engine does too")]
        Cell::Integer(n) => Some(*n as f64),
        Cell::Real(n) => Some(*n),
        Cell::Text(text) => text.trim().parse().ok().filter(|n: &f64| n.is_finite()),
    }
}

/// The whole part of a number.
pub(super) fn truncated(number: f64) -> i64 {
    #[expect(clippy::as_conversions, reason = "saturates, as is wanted")]
    let whole = number.trunc() as i64;
    whole
}

fn decimal(cell: &Cell, scale: u8) -> Value {
    let parsed = match cell {
        Cell::Integer(n) => Some(Decimal { units: i128::from(*n), scale: 0 }),
        cell => number(cell).and_then(|n| Decimal::parse(&format!("{n:.*}", usize::from(scale.max(4)) + 2))),
    };
    parsed.and_then(|number| number.rescaled(scale)).map_or(Value::Null, Value::Decimal)
}

fn guid(text: &str) -> Value {
    let digits: String = text.chars().filter(|c| *c != '-' && *c != '{' && *c != '}').collect();
    let bytes = hex::decode(digits).ok().and_then(|bytes| <[u8; 16]>::try_from(bytes).ok());
    bytes.map_or(Value::Null, Value::Guid)
}

fn moment(cell: &Cell) -> Option<DateTime> {
    match cell {
        // Days since 1900, as a number in a column of points in time is read.
        Cell::Integer(days) => Date::constant(1900, 1, 1)
            .at(0, 0, 0, 0)
            .checked_add(jiff::Span::new().try_days(*days).ok()?)
            .ok(),
        cell => parse_moment(&text(cell)?),
    }
}

/// Reads the forms in which clients write points in time: `2026-03-01`, `20260301`, `2026/3/1 8:15`,
/// `2026-03-01T08:15:00.123`, `2026030108:15:00`.
pub(super) fn parse_moment(text: &str) -> Option<DateTime> {
    let text = text.trim();
    let (date, rest) = split_date(text)?;
    let rest = rest.trim_start_matches(['T', 't', ' ']);
    if rest.is_empty() {
        return Some(date.at(0, 0, 0, 0));
    }
    let rest = rest.trim_end_matches(['Z', 'z']);
    if rest.len() == 6 && rest.bytes().all(|b| b.is_ascii_digit()) {
        let part = |from: usize| rest.get(from..from + 2)?.parse::<i8>().ok();
        return Some(
            date.at(0, 0, 0, 0).date().to_datetime(Time::new(part(0)?, part(2)?, part(4)?, 0).ok()?),
        );
    }
    let (clock, fraction) = rest.split_once('.').unwrap_or((rest, "0"));
    let mut parts = clock.split(':').map(|part| part.trim().parse::<i8>().ok());
    let (hour, minute) = (parts.next()??, parts.next()??);
    let second = parts.next().unwrap_or(Some(0))?;
    let digits: String = fraction.chars().chain("000000000".chars()).take(9).collect();
    let time = Time::new(hour, minute, second, digits.parse().ok()?).ok()?;
    Some(date.to_datetime(time))
}

fn split_date(text: &str) -> Option<(Date, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 8 || (digits == 10 && text.as_bytes().get(10) == Some(&b':')) || digits == 14 {
        let (date, rest) = (text.get(..8)?, text.get(8..)?);
        let part = |from: usize, to: usize| date.get(from..to);
        let date = Date::new(part(0, 4)?.parse().ok()?, part(4, 6)?.parse().ok()?, part(6, 8)?.parse().ok()?)
            .ok()?;
        return Some((date, rest));
    }
    let end = text.find([' ', 'T', 't']).unwrap_or(text.len());
    let (date, rest) = text.split_at(end);
    let mut parts = date.split(['-', '/', '.']);
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let date =
        Date::new(year.parse().ok().filter(|y| *y > 1000)?, month.parse().ok()?, day.parse().ok()?).ok()?;
    parts.next().is_none().then_some((date, rest))
}

/// The first (or last) day that a bound on a text or point in time lets through; `None` when it says
/// nothing. Wider than the bound at most.
pub(super) fn day(text: &str, lower: bool) -> Option<Date> {
    if let Some(at) = parse_moment(text) {
        // A bound on text that is written with dashes means another order of characters.
        let digits = text.trim().bytes().take(8).all(|b| b.is_ascii_digit());
        if digits {
            return Some(at.date());
        }
        let first = Date::new(at.year(), 1, 1).ok()?;
        let last = Date::new(at.year(), 12, 31).ok()?;
        return Some(if lower { first.min(at.date()) } else { last.max(at.date()) });
    }
    let digits: String = text.trim().chars().take_while(char::is_ascii_digit).take(8).collect();
    let year: i16 = digits.get(..4)?.parse().ok()?;
    if lower { Date::new(year, 1, 1).ok() } else { Date::new(year, 12, 31).ok() }
}

/// The value as a literal of the engine.
pub(super) fn literal(cell: &Cell) -> String {
    match cell {
        Cell::Null => "NULL".to_owned(),
        Cell::Integer(n) => n.to_string(),
        Cell::Real(n) if n.is_finite() => format!("{n:?}"),
        Cell::Real(_) => "NULL".to_owned(),
        Cell::Text(text) => format!("'{}'", text.replace('\0', "").replace('\'', "''")),
        Cell::Blob(bytes) => format!("X'{}'", hex::encode_upper(bytes)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_in_time_are_read_as_clients_write_them() {
        let at = "2026-03-01T08:15:00".parse::<DateTime>().unwrap();
        for text in [
            "2026-03-01 08:15",
            "2026-3-1 8:15:00",
            "20260301 08:15:00.000",
            "2026030108:15:00",
            "20260301081500",
        ] {
            assert_eq!(parse_moment(text), Some(at), "{text}");
        }
        assert_eq!(parse_moment("2026/03/01").unwrap().date(), at.date());
        for text in ["", "20260231", "abc", "1234", "2026-13-01", "12:00"] {
            assert_eq!(parse_moment(text), None, "{text}");
        }
    }

    #[test]
    fn bounds_are_never_too_narrow() {
        let date = |text: &str| text.parse::<Date>().unwrap();
        assert_eq!(day("2026030108:00:00", true), Some(date("2026-03-01")));
        assert_eq!(day("2026-03-01", true), Some(date("2026-01-01")));
        assert_eq!(day("202603", false), Some(date("2026-12-31")));
        assert_eq!(day("x", false), None);
    }

    #[test]
    fn cells_come_out_as_their_column_says() {
        let ty = |text| SqlType::parse(text).unwrap();
        assert_eq!(value(Cell::Text("张三".into()), &ty("char(6)")), Value::text("张三  "));
        assert_eq!(value(Cell::Real(12.345), &ty("numeric(8,2)")).as_text().unwrap(), "12.35");
        assert_eq!(value(Cell::Integer(1), &ty("bit")), Value::Bool(true));
        assert!(matches!(value(Cell::Text("2026-03-01".into()), &ty("datetime")), Value::DateTime(_)));
        assert_eq!(declared("K3_12 TEXT"), Some((3, 12)));
    }
}
