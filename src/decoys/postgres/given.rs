//! Parameters that a client binds: their values as literals.

use super::failure::Failure;
use super::frontend::Body;
use super::text;
use crate::database::{PgType, oid};

/// Most elements of an array that is bound.
const MAX_ELEMENTS: u32 = 100_000;

/// A value that Bind gave.
pub(super) struct Given<'a> {
    /// Its type.
    pub(super) ty: PgType,
    /// Its number, from 1.
    pub(super) number: usize,
    /// Whether it is in binary.
    pub(super) binary: bool,
    /// As it came; `None` for NULL.
    pub(super) bytes: Option<&'a [u8]>,
    /// Decoded, where it is text.
    pub(super) text: Option<&'a str>,
}

impl Given<'_> {
    /// The value as SQL.
    pub(super) fn literal(&self) -> Result<String, Failure> {
        let Some(bytes) = self.bytes else { return Ok("NULL".to_owned()) };
        let value = match (self.text, self.binary) {
            (Some(text), false) => text.to_owned(),
            _ => read(bytes, self.ty).ok_or_else(|| self.wrong())?,
        };
        let number = matches!(
            self.ty.oid,
            oid::INT2 | oid::INT4 | oid::INT8 | oid::OID | oid::NUMERIC | oid::FLOAT4 | oid::FLOAT8
        );
        let bare = value.trim();
        if number && bare.parse::<f64>().is_ok_and(f64::is_finite) {
            let shown = if bare.starts_with('-') { format!("({bare})") } else { bare.to_owned() };
            return Ok(format!("{shown}::{}", self.ty.name()));
        }
        if number && !bare.eq_ignore_ascii_case("nan") {
            return Err(self.invalid(&value));
        }
        if self.ty.oid == oid::BOOL {
            let word = bare.to_ascii_lowercase();
            return match word.as_str() {
                "t" | "true" | "on" | "yes" | "y" | "1" => Ok("TRUE".to_owned()),
                "f" | "false" | "off" | "no" | "n" | "0" => Ok("FALSE".to_owned()),
                _ => Err(self.invalid(&value)),
            };
        }
        let shown = text::literal(&value.replace('\0', ""));
        let plain =
            matches!(self.ty.oid, oid::TEXT | oid::VARCHAR | oid::BPCHAR | oid::NAME | oid::UNKNOWN | 0);
        Ok(if plain { shown } else { format!("{shown}::{}", self.ty.name()) })
    }

    fn wrong(&self) -> Failure {
        let message = format!("incorrect binary data format in bind parameter {}", self.number);
        Failure::error("22P03", message, ("postgres.c", 1841, "exec_bind_message"))
    }

    fn invalid(&self, text: &str) -> Failure {
        let (name, place) = match self.ty.oid {
            oid::BOOL => ("boolean", ("bool.c", 151, "boolin")),
            oid::INT2 => ("smallint", ("numutils.c", 129, "pg_strtoint16")),
            oid::INT4 => ("integer", ("numutils.c", 232, "pg_strtoint32")),
            oid::INT8 => ("bigint", ("numutils.c", 335, "pg_strtoint64")),
            oid::OID => ("oid", ("numutils.c", 419, "uint32in_subr")),
            oid::NUMERIC => ("numeric", ("numeric.c", 7098, "set_var_from_str")),
            _ => ("double precision", ("float.c", 420, "float8in_internal_opt_error")),
        };
        Failure::error("22P02", format!("invalid input syntax for type {name}: \"{text}\""), place)
    }
}

/// The text of a binary value; `None` where its length is wrong.
fn read(bytes: &[u8], ty: PgType) -> Option<String> {
    if let Some(element) = ty.element() {
        return array(bytes, element);
    }
    Some(match ty.oid {
        oid::BOOL => (bytes.first()? != &0).to_string(),
        oid::INT2 => i16::from_be_bytes(bytes.try_into().ok()?).to_string(),
        oid::INT4 => i32::from_be_bytes(bytes.try_into().ok()?).to_string(),
        oid::OID | oid::XID | oid::REGCLASS | oid::REGTYPE => {
            u32::from_be_bytes(bytes.try_into().ok()?).to_string()
        }
        oid::INT8 => i64::from_be_bytes(bytes.try_into().ok()?).to_string(),
        oid::FLOAT4 => f32::from_be_bytes(bytes.try_into().ok()?).to_string(),
        oid::FLOAT8 => f64::from_be_bytes(bytes.try_into().ok()?).to_string(),
        oid::DATE => {
            let days = i32::from_be_bytes(bytes.try_into().ok()?);
            let span = jiff::Span::new().try_days(days).ok()?;
            jiff::civil::date(2000, 1, 1).checked_add(span).ok()?.to_string()
        }
        oid::TIME => {
            let micros = i64::from_be_bytes(bytes.try_into().ok()?);
            let span = jiff::Span::new().try_microseconds(micros).ok()?;
            jiff::civil::Time::midnight().checked_add(span).ok()?.to_string()
        }
        oid::TIMESTAMP | oid::TIMESTAMPTZ => {
            let micros = i64::from_be_bytes(bytes.try_into().ok()?);
            let epoch = jiff::civil::date(2000, 1, 1).at(0, 0, 0, 0);
            let at = epoch.checked_add(jiff::Span::new().try_microseconds(micros).ok()?).ok()?;
            let zone = if ty.oid == oid::TIMESTAMPTZ { "+00" } else { "" };
            format!("{}{zone}", at.strftime("%Y-%m-%d %H:%M:%S%.f"))
        }
        oid::NUMERIC => numeric(bytes)?,
        oid::UUID => {
            let digits = hex::encode(<[u8; 16]>::try_from(bytes).ok()?);
            let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
            format!("{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32))
        }
        oid::BYTEA => format!("\\x{}", hex::encode(bytes)),
        oid::JSONB => String::from_utf8(bytes.strip_prefix(&[1])?.to_vec()).ok()?,
        _ => String::from_utf8(bytes.to_vec()).ok()?,
    })
}

/// An array of at most one dimension, as `{…}`.
fn array(bytes: &[u8], element: PgType) -> Option<String> {
    let mut body = Body(bytes);
    let dimensions = body.u32()?;
    body.take(8)?;
    if dimensions == 0 {
        return Some("{}".to_owned());
    }
    let count = body.u32().filter(|count| dimensions == 1 && *count <= MAX_ELEMENTS)?;
    body.take(4)?;
    let mut parts = Vec::new();
    for _ in 0..count {
        parts.push(match body.value()? {
            None => "NULL".to_owned(),
            Some(bytes) => {
                let text = read(bytes, element)?;
                format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
            }
        });
    }
    Some(format!("{{{}}}", parts.join(",")))
}

/// A number of digits to the base of 10000.
fn numeric(bytes: &[u8]) -> Option<String> {
    let mut body = Body(bytes);
    let (count, weight) = (body.u16()?, body.u16()?.cast_signed());
    let (sign, scale) = (body.u16()?, usize::from(body.u16()?));
    let digits: Vec<u16> = (0..count).map_while(|_| body.u16()).collect();
    // No schema has a number of more than 38 digits.
    if !(-12..=12).contains(&weight) || scale > 40 || digits.len() > 24 {
        return None;
    }
    let digit = |place: i16| {
        usize::try_from(weight - place).ok().and_then(|at| digits.get(at)).copied().unwrap_or_default()
    };
    let whole: String = (0..=weight.max(0)).rev().map(|place| format!("{:04}", digit(place))).collect();
    let fraction: String = (1..=10).map(|place| format!("{:04}", digit(-place))).collect();
    let whole = whole.trim_start_matches('0');
    let sign = if sign == 0x4000 { "-" } else { "" };
    let whole = if whole.is_empty() { "0" } else { whole };
    match scale {
        0 => Some(format!("{sign}{whole}")),
        _ => Some(format!("{sign}{whole}.{}", fraction.get(..scale)?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(kind: u32, bytes: &[u8]) -> String {
        let ty = PgType::of(kind);
        Given { ty, number: 1, binary: true, bytes: Some(bytes), text: None }.literal().unwrap()
    }

    #[test]
    fn binary_values_become_literals() {
        assert_eq!(given(oid::INT4, &[0xff, 0xff, 0xff, 0xfe]), "(-2)::int4");
        assert_eq!(given(oid::BOOL, &[1]), "TRUE");
        assert_eq!(given(oid::TEXT, "a'b".as_bytes()), "'a''b'");
        assert_eq!(given(oid::DATE, &[0, 0, 0x25, 0x55]), "'2026-03-02'::date");
        assert_eq!(given(oid::NUMERIC, &[0, 1, 0xff, 0xff, 0x40, 0, 0, 2, 1, 0xf4]), "(-0.05)::numeric");
        assert_eq!(
            given(oid::NUMERIC, &hex::decode("0003000100000003000109291a7c").unwrap()),
            "12345.678::numeric"
        );
        let list = ["00000001", "00000000", "00000017", "00000001", "00000001", "00000004", "00000007"];
        assert_eq!(given(oid::INT4_ARRAY, &hex::decode(list.concat()).unwrap()), "'{\"7\"}'::_int4");
        let ty = PgType::of(oid::INT8);
        let text = Given { ty, number: 1, binary: false, bytes: Some(b"x"), text: Some("x") };
        assert_eq!(text.literal().unwrap_err().code, "22P02");
    }
}
