//! The database's values, columns and messages as MySQL has them.

use encoding_rs::Encoding;

use super::failure::Failure;
use super::resultset::{Column, Kind, NOT_NULL};
use crate::database::{self, Message, Value, guid};

/// A character set of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Charset {
    /// utf8 and utf8mb4, and every set that nobody here writes.
    Utf8(u16),
    /// gbk and gb18030.
    Gbk(u16),
    /// latin1, which is Windows 1252 there.
    Latin1,
}

impl Charset {
    /// By the number of a collation.
    pub(super) fn numbered(collation: u8) -> Charset {
        match collation {
            28 | 87 => Charset::Gbk(28),
            248..=250 => Charset::Gbk(248),
            5 | 8 | 15 | 31 | 47..=49 | 94 => Charset::Latin1,
            33 | 83 | 192..=223 => Charset::Utf8(33),
            _ => Charset::Utf8(45),
        }
    }

    /// By its name.
    pub(super) fn named(name: &str) -> Option<Charset> {
        Some(match name {
            "utf8" | "utf8mb3" => Charset::Utf8(33),
            "utf8mb4" | "binary" | "ascii" => Charset::Utf8(45),
            "gbk" | "gb2312" => Charset::Gbk(28),
            "gb18030" => Charset::Gbk(248),
            "latin1" => Charset::Latin1,
            _ => return None,
        })
    }

    /// The number of its default collation.
    pub(super) fn number(self) -> u16 {
        match self {
            Charset::Utf8(number) | Charset::Gbk(number) => number,
            Charset::Latin1 => 8,
        }
    }

    fn encoding(self) -> &'static Encoding {
        match self {
            Charset::Utf8(_) => encoding_rs::UTF_8,
            Charset::Gbk(_) => encoding_rs::GB18030,
            Charset::Latin1 => encoding_rs::WINDOWS_1252,
        }
    }

    /// Text of the client.
    pub(super) fn decode(self, bytes: &[u8]) -> String {
        self.encoding().decode_without_bom_handling(bytes).0.into_owned()
    }

    /// Text for the client; what it can't write becomes a question mark.
    pub(super) fn encode(self, text: &str) -> Vec<u8> {
        match self {
            Charset::Utf8(_) => text.as_bytes().to_vec(),
            Charset::Gbk(_) => self.encoding().encode(text).0.into_owned(),
            Charset::Latin1 => text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect(),
        }
    }
}

/// A column as the result has it.
pub(super) fn column(column: &database::Column, database: &str) -> Column {
    let kind = kind_of(column.ty.kind);
    let (schema, table) = match &column.origin {
        Some((_, table, _)) => (database.to_owned(), table.clone()),
        None => (String::new(), String::new()),
    };
    let length = match kind {
        Kind::Long => 11,
        Kind::LongLong => 21,
        Kind::Double => 23,
        Kind::NewDecimal => u32::from(column.ty.precision) + 2,
        Kind::Date => 10,
        Kind::DateTime => 19,
        Kind::VarString => column.ty.length.unwrap_or(255).saturating_mul(3),
        Kind::Text | Kind::Bytes => 65_535,
    };
    let decimals = match kind {
        Kind::NewDecimal => column.ty.scale,
        Kind::Double => 31,
        Kind::VarString if table.is_empty() => 31,
        Kind::Long | Kind::LongLong | Kind::Date | Kind::DateTime => 0,
        Kind::VarString | Kind::Text | Kind::Bytes => 0,
    };
    let flags = if column.nullable { 0 } else { NOT_NULL };
    Column { schema, table, name: column.name.clone(), kind, length, flags, decimals }
}

fn kind_of(kind: database::Kind) -> Kind {
    use database::Kind as K;
    match kind {
        K::Bit | K::TinyInt | K::SmallInt | K::Int => Kind::Long,
        K::BigInt => Kind::LongLong,
        K::Decimal | K::Money | K::SmallMoney => Kind::NewDecimal,
        K::Real | K::Float => Kind::Double,
        K::Date => Kind::Date,
        K::SmallDateTime | K::DateTime | K::DateTime2 | K::Moment => Kind::DateTime,
        K::Text | K::NText | K::Xml => Kind::Text,
        K::Char | K::VarChar | K::NChar | K::NVarChar | K::Time | K::Guid | K::Variant => Kind::VarString,
        K::Binary | K::VarBinary | K::RowVersion | K::Blob => Kind::Bytes,
    }
}

/// A value in text; `None` for NULL.
pub(super) fn text(value: &Value, kind: Kind, charset: Charset) -> Option<Vec<u8>> {
    let shown = match value {
        Value::Null => return None,
        Value::Bytes(bytes) => return Some(bytes.clone()),
        Value::Text(text) => return Some(charset.encode(text)),
        Value::Bool(on) => u8::from(*on).to_string(),
        Value::Int(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Decimal(number) => number.to_string(),
        Value::Date(date) if kind == Kind::DateTime => format!("{date} 00:00:00"),
        Value::Date(date) => date.to_string(),
        Value::Time(time) => time.strftime("%H:%M:%S").to_string(),
        Value::DateTime(at) if kind == Kind::Date => at.date().to_string(),
        Value::DateTime(at) => at.strftime("%Y-%m-%d %H:%M:%S").to_string(),
        Value::Guid(bytes) => guid(bytes).to_lowercase(),
    };
    Some(shown.into_bytes())
}

/// An error of the database, for this account.
pub(super) fn failure(message: &Message, account: &str) -> Failure {
    let code = u16::try_from(message.number).ok().filter(|code| *code >= 1000).unwrap_or(1105);
    let text = message.text.replacen("denied to user for", &format!("denied to user {account} for"), 1);
    Failure::new(code, message.sqlstate.clone(), text)
}
