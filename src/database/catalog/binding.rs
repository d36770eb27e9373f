//! What fills a column: a field of the world's record, a fixed value, or nothing.

use crate::database::records::{Field, Record};
use crate::database::{Decimal, Value};

/// What fills a column.
#[derive(Debug, Clone)]
pub enum Binding {
    /// A field of the record, as text in a format of its own, through a table of codes.
    Field {
        /// Which field.
        field: Field,
        /// How a point in time is written in a column of text.
        format: Format,
        /// Values that the schema writes otherwise; `*` stands for all others.
        codes: Vec<(String, String)>,
    },
    /// Always the same.
    Fixed(Value),
}

/// How a point in time is written in a column of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `2026-03-01 08:15:00`.
    Iso,
    /// `2026030108:15:00`: sixteen characters, as fat clients of the nineties keep it.
    Char16,
    /// `20260301081500`.
    Digits,
    /// `20260301`.
    Day,
    /// `08:15:00`.
    Clock,
}

impl Binding {
    /// Reads `patient.sex{M:1,F:2}`, `encounter.started|char16`, `'01'`, `12`, `null`.
    ///
    /// # Errors
    /// What was expected.
    pub fn parse(text: &str) -> Result<Binding, String> {
        if text == "null" {
            return Ok(Binding::Fixed(Value::Null));
        }
        if let Some(literal) = text.strip_prefix('\'') {
            let literal = literal.strip_suffix('\'').ok_or("a literal ends with a quote")?;
            return Ok(Binding::Fixed(Value::text(literal.replace("''", "'"))));
        }
        if let Some(number) = Decimal::parse(text) {
            let whole = (number.scale == 0).then(|| i64::try_from(number.units).ok()).flatten();
            return Ok(Binding::Fixed(whole.map_or(Value::Decimal(number), Value::Int)));
        }
        let (rest, codes) = match text.split_once('{') {
            Some((rest, codes)) => (rest, codes.strip_suffix('}').ok_or("codes end with `}`")?),
            None => (text, ""),
        };
        let (name, format) = rest.split_once('|').unwrap_or((rest, "iso"));
        let field = Field::by_name(name).ok_or_else(|| format!("there is no field `{name}`"))?;
        Ok(Binding::Field { field, format: Format::parse(format)?, codes: parse_codes(codes)? })
    }

    /// The value for a record.
    pub fn value(&self, record: &Record) -> Value {
        match self {
            Binding::Fixed(value) => value.clone(),
            Binding::Field { field, format, codes } => {
                let value = field.of(record);
                if codes.is_empty() { format.write(value) } else { coded(&value, codes) }
            }
        }
    }

    /// The field, where the column shows it unchanged but for its format.
    pub fn plain_field(&self) -> Option<(Field, Format)> {
        match self {
            Binding::Field { field, format, codes } if codes.is_empty() => Some((*field, *format)),
            Binding::Field { .. } | Binding::Fixed(_) => None,
        }
    }
}

fn parse_codes(text: &str) -> Result<Vec<(String, String)>, String> {
    let pairs = text.split(',').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (from, to) =
                pair.split_once(':').ok_or_else(|| format!("`{pair}`: expected `value:code`"))?;
            Ok((from.trim().to_owned(), to.trim().to_owned()))
        })
        .collect()
}

fn coded(value: &Value, codes: &[(String, String)]) -> Value {
    let text = value.as_text().unwrap_or_default();
    let code = codes.iter().find(|(from, _)| *from == text || from == "*");
    match code {
        Some((_, to)) if to == "null" => Value::Null,
        Some((_, to)) => Value::text(to),
        None => value.clone(),
    }
}

impl Format {
    fn parse(text: &str) -> Result<Format, String> {
        match text {
            "iso" => Ok(Format::Iso),
            "char16" => Ok(Format::Char16),
            "digits" => Ok(Format::Digits),
            "day" => Ok(Format::Day),
            "clock" => Ok(Format::Clock),
            _ => Err(format!("`{text}` is no format: expected iso, char16, digits, day or clock")),
        }
    }

    /// Writes a point in time as text; [`Format::Iso`] leaves it to the column's type.
    fn write(self, value: Value) -> Value {
        let at = match (&value, self) {
            (_, Format::Iso) => return value,
            (Value::DateTime(at), _) => *at,
            (Value::Date(date), _) => date.at(0, 0, 0, 0),
            _ => return value,
        };
        let form = match self {
            Format::Iso | Format::Char16 => "%Y%m%d%H:%M:%S",
            Format::Digits => "%Y%m%d%H%M%S",
            Format::Day => "%Y%m%d",
            Format::Clock => "%H:%M:%S",
        };
        Value::Text(at.strftime(form).to_string())
    }
}
