//! Values of rows and parameters, in the terms of the column that they stand in.

use jiff::civil::{Date, DateTime, Time};

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// No value.
    Null,
    /// A bit or boolean.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A binary floating point number.
    Float(f64),
    /// An exact number: decimal, numeric, money.
    Decimal(Decimal),
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A date.
    Date(Date),
    /// A time of day.
    Time(Time),
    /// A date with its time, without a zone, as the product shows it.
    DateTime(DateTime),
    /// A GUID in the order of its text.
    Guid([u8; 16]),
}

/// An exact number: `units` / 10^`scale`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decimal {
    /// All digits as one whole number.
    pub units: i128,
    /// How many of the digits stand behind the point, at most 38.
    pub scale: u8,
}

impl Decimal {
    /// Reads `-12.50`; `None` when it is no number or has more than 38 digits.
    pub fn parse(text: &str) -> Option<Decimal> {
        let text = text.trim();
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = whole.trim_start_matches(['-', '+']);
        let plain = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        let length = digits.len() + fraction.len();
        if length == 0 || length > 38 || !plain(digits) || !plain(fraction) || whole.len() > digits.len() + 1
        {
            return None;
        }
        let units: i128 = format!("{digits}{fraction}").parse().ok()?;
        let scale = u8::try_from(fraction.len()).ok()?;
        Some(Decimal { units: if whole.starts_with('-') { -units } else { units }, scale })
    }

    /// The same number with another scale, rounded half away from zero; `None` when it has no room.
    pub fn rescaled(self, scale: u8) -> Option<Decimal> {
        let units = if scale >= self.scale {
            self.units.checked_mul(power(scale - self.scale)?)?
        } else {
            let by = power(self.scale - scale)?;
            let half = by / 2 * self.units.signum();
            self.units.checked_add(half)?.checked_div(by)?
        };
        Some(Decimal { units, scale })
    }
}

fn power(scale: u8) -> Option<i128> {
    10i128.checked_pow(u32::from(scale))
}

impl std::fmt::Display for Decimal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let digits = format!("{:0>width$}", self.units.unsigned_abs(), width = usize::from(self.scale) + 1);
        let (whole, fraction) = digits.split_at(digits.len() - usize::from(self.scale));
        let sign = if self.units < 0 { "-" } else { "" };
        match fraction {
            "" => write!(f, "{sign}{whole}"),
            fraction => write!(f, "{sign}{whole}.{fraction}"),
        }
    }
}

impl Value {
    /// Text made of anything that has some.
    pub fn text(text: impl Into<String>) -> Value {
        Value::Text(text.into())
    }

    /// A text that may be missing.
    pub fn maybe(text: Option<impl Into<String>>) -> Value {
        text.map_or(Value::Null, Value::text)
    }

    /// Whether there is no value.
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// The value as the engine's own text form; `None` for NULL and for bytes.
    pub fn as_text(&self) -> Option<String> {
        Some(match self {
            Value::Null | Value::Bytes(_) => return None,
            Value::Bool(on) => i64::from(*on).to_string(),
            Value::Int(number) => number.to_string(),
            Value::Float(number) => number.to_string(),
            Value::Decimal(number) => number.to_string(),
            Value::Text(text) => text.clone(),
            Value::Date(date) => date.to_string(),
            Value::Time(time) => time.to_string(),
            Value::DateTime(at) => at.strftime("%Y-%m-%d %H:%M:%S%.3f").to_string(),
            Value::Guid(bytes) => guid(bytes),
        })
    }
}

/// Upper-case text of a GUID.
pub fn guid(bytes: &[u8; 16]) -> String {
    let hex = hex::encode_upper(bytes);
    let cut = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    format!("{}-{}-{}-{}-{}", cut(0, 8), cut(8, 12), cut(12, 16), cut(16, 20), cut(20, 32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_keep_every_digit() {
        for text in ["0", "-0.05", "12.50", "99999999999999999999999999999999999999"] {
            assert_eq!(Decimal::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Decimal::parse(".5").unwrap().to_string(), "0.5");
        for text in ["", ".", "1.2.3", "--1", "1e5", "999999999999999999999999999999999999999"] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
        let number = |text| Decimal::parse(text).unwrap();
        assert_eq!(number("-1.005").rescaled(2).unwrap().to_string(), "-1.01");
        assert_eq!(number("7").rescaled(4).unwrap().to_string(), "7.0000");
    }
}
