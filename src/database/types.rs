//! Types of columns, under the names of all four products.

/// What a type is, whatever the product calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A bit or boolean.
    Bit,
    /// One byte, unsigned.
    TinyInt,
    /// Two bytes.
    SmallInt,
    /// Four bytes.
    Int,
    /// Eight bytes.
    BigInt,
    /// An exact number with precision and scale.
    Decimal,
    /// Eight bytes of ten-thousandths.
    Money,
    /// Four bytes of ten-thousandths.
    SmallMoney,
    /// Four bytes of floating point.
    Real,
    /// Eight bytes of floating point.
    Float,
    /// Text of fixed length, in the code page.
    Char,
    /// Text of varying length, in the code page.
    VarChar,
    /// Large text, in the code page.
    Text,
    /// Text of fixed length, in Unicode.
    NChar,
    /// Text of varying length, in Unicode.
    NVarChar,
    /// Large text, in Unicode.
    NText,
    /// A date.
    Date,
    /// A time of day.
    Time,
    /// A date and time to the minute.
    SmallDateTime,
    /// A date and time to 1/300 s (SQL Server) or to the second (Oracle's DATE).
    DateTime,
    /// A date and time with a precision of its own.
    DateTime2,
    /// A moment with its zone.
    Moment,
    /// Bytes of fixed length.
    Binary,
    /// Bytes of varying length.
    VarBinary,
    /// Large bytes.
    Blob,
    /// A row's version.
    RowVersion,
    /// A GUID.
    Guid,
    /// XML.
    Xml,
    /// A value with a type of its own.
    Variant,
}

/// A type with its measures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlType {
    /// What it is.
    pub kind: Kind,
    /// The name as the schema writes it, without measures (`varchar2`, `numeric`, `sysname`).
    pub name: String,
    /// Longest length in characters (in bytes for binary kinds); `None` without a limit or where
    /// the kind has no length.
    pub length: Option<u32>,
    /// Digits in all; 0 where the kind has none.
    pub precision: u8,
    /// Digits behind the point, or of a second's fraction.
    pub scale: u8,
}

/// Names of the types that have no measures of their own or one that is given in parentheses.
const NAMES: &[(&str, Kind)] = &[
    ("bit", Kind::Bit),
    ("bool", Kind::Bit),
    ("boolean", Kind::Bit),
    ("tinyint", Kind::TinyInt),
    ("smallint", Kind::SmallInt),
    ("int2", Kind::SmallInt),
    ("smallserial", Kind::SmallInt),
    ("int", Kind::Int),
    ("integer", Kind::Int),
    ("int4", Kind::Int),
    ("mediumint", Kind::Int),
    ("serial", Kind::Int),
    ("oid", Kind::Int),
    ("binary_integer", Kind::Int),
    ("pls_integer", Kind::Int),
    ("bigint", Kind::BigInt),
    ("int8", Kind::BigInt),
    ("bigserial", Kind::BigInt),
    ("decimal", Kind::Decimal),
    ("dec", Kind::Decimal),
    ("numeric", Kind::Decimal),
    ("number", Kind::Decimal),
    ("money", Kind::Money),
    ("smallmoney", Kind::SmallMoney),
    ("real", Kind::Real),
    ("float4", Kind::Real),
    ("float", Kind::Float),
    ("float8", Kind::Float),
    ("double", Kind::Float),
    ("double precision", Kind::Float),
    ("binary_float", Kind::Real),
    ("binary_double", Kind::Float),
    ("char", Kind::Char),
    ("character", Kind::Char),
    ("bpchar", Kind::Char),
    ("enum", Kind::Char),
    ("varchar", Kind::VarChar),
    ("varchar2", Kind::VarChar),
    ("character varying", Kind::VarChar),
    ("name", Kind::VarChar),
    ("rowid", Kind::VarChar),
    ("text", Kind::Text),
    ("tinytext", Kind::Text),
    ("mediumtext", Kind::Text),
    ("longtext", Kind::Text),
    ("clob", Kind::Text),
    ("long", Kind::Text),
    ("json", Kind::Text),
    ("jsonb", Kind::Text),
    ("nchar", Kind::NChar),
    ("nvarchar", Kind::NVarChar),
    ("nvarchar2", Kind::NVarChar),
    ("sysname", Kind::NVarChar),
    ("ntext", Kind::NText),
    ("nclob", Kind::NText),
    ("date", Kind::Date),
    ("time", Kind::Time),
    ("smalldatetime", Kind::SmallDateTime),
    ("datetime", Kind::DateTime),
    ("datetime2", Kind::DateTime2),
    ("timestamp without time zone", Kind::DateTime2),
    ("datetimeoffset", Kind::Moment),
    ("timestamptz", Kind::Moment),
    ("timestamp with time zone", Kind::Moment),
    ("binary", Kind::Binary),
    ("raw", Kind::VarBinary),
    ("varbinary", Kind::VarBinary),
    ("bytea", Kind::Blob),
    ("blob", Kind::Blob),
    ("tinyblob", Kind::Blob),
    ("mediumblob", Kind::Blob),
    ("longblob", Kind::Blob),
    ("image", Kind::Blob),
    ("rowversion", Kind::RowVersion),
    ("timestamp", Kind::DateTime2),
    ("uniqueidentifier", Kind::Guid),
    ("uuid", Kind::Guid),
    ("xml", Kind::Xml),
    ("sql_variant", Kind::Variant),
];

impl SqlType {
    /// Reads `varchar(16)`, `numeric(12, 0)`, `nvarchar(max)`, `VARCHAR2(20 BYTE)`; `None` when no
    /// product has such a type.
    pub fn parse(text: &str) -> Option<SqlType> {
        let text = text.trim().to_ascii_lowercase();
        let (name, measures) = match text.split_once('(') {
            Some((name, rest)) => (name.trim(), rest.strip_suffix(')')?),
            None => (text.as_str(), ""),
        };
        let name = name.trim_end_matches(" unsigned");
        let Some(kind) = NAMES.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind) else {
            // What PostgreSQL alone has: inet, interval, arrays …
            return super::postgres::PgType::named(&text).map(super::postgres::PgType::sql);
        };
        let mut made = SqlType::of(kind);
        name.clone_into(&mut made.name);
        let numbers: Vec<&str> = measures.split(',').map(str::trim).collect();
        made.measure(&numbers)?;
        Some(made)
    }

    /// A kind with the measures that it has when none are given.
    pub fn of(kind: Kind) -> SqlType {
        let (name, length, precision, scale) = match kind {
            Kind::Bit => ("bit", None, 1, 0),
            Kind::TinyInt => ("tinyint", None, 3, 0),
            Kind::SmallInt => ("smallint", None, 5, 0),
            Kind::Int => ("int", None, 10, 0),
            Kind::BigInt => ("bigint", None, 19, 0),
            Kind::Decimal => ("decimal", None, 18, 0),
            Kind::Money => ("money", None, 19, 4),
            Kind::SmallMoney => ("smallmoney", None, 10, 4),
            Kind::Real => ("real", None, 24, 0),
            Kind::Float => ("float", None, 53, 0),
            Kind::Char => ("char", Some(1), 0, 0),
            Kind::VarChar => ("varchar", Some(1), 0, 0),
            Kind::Text => ("text", None, 0, 0),
            Kind::NChar => ("nchar", Some(1), 0, 0),
            Kind::NVarChar => ("nvarchar", Some(1), 0, 0),
            Kind::NText => ("ntext", None, 0, 0),
            Kind::Date => ("date", None, 10, 0),
            Kind::Time => ("time", None, 16, 7),
            Kind::SmallDateTime => ("smalldatetime", None, 16, 0),
            Kind::DateTime => ("datetime", None, 23, 3),
            Kind::DateTime2 => ("datetime2", None, 27, 7),
            Kind::Moment => ("datetimeoffset", None, 34, 7),
            Kind::Binary => ("binary", Some(1), 0, 0),
            Kind::VarBinary => ("varbinary", Some(1), 0, 0),
            Kind::Blob => ("image", None, 0, 0),
            Kind::RowVersion => ("timestamp", Some(8), 0, 0),
            Kind::Guid => ("uniqueidentifier", None, 0, 0),
            Kind::Xml => ("xml", None, 0, 0),
            Kind::Variant => ("sql_variant", None, 0, 0),
        };
        SqlType { kind, name: name.to_owned(), length, precision, scale }
    }

    /// Text of varying length in Unicode, at most so many characters; `None` for `max`.
    pub fn nvarchar(length: Option<u32>) -> SqlType {
        SqlType { length, ..SqlType::of(Kind::NVarChar) }
    }

    /// Text of varying length in the code page.
    pub fn varchar(length: Option<u32>) -> SqlType {
        SqlType { length, ..SqlType::of(Kind::VarChar) }
    }

    /// `sysname`: a name of the catalogue.
    pub fn sysname() -> SqlType {
        SqlType { name: "sysname".to_owned(), ..SqlType::nvarchar(Some(128)) }
    }

    /// An exact number.
    pub fn decimal(precision: u8, scale: u8) -> SqlType {
        SqlType { precision, scale, ..SqlType::of(Kind::Decimal) }
    }

    /// Whether its values are text.
    pub fn is_text(&self) -> bool {
        match self.kind {
            Kind::Char
            | Kind::VarChar
            | Kind::Text
            | Kind::NChar
            | Kind::NVarChar
            | Kind::NText
            | Kind::Xml => true,
            Kind::Bit | Kind::TinyInt | Kind::SmallInt | Kind::Int | Kind::BigInt => false,
            Kind::Decimal | Kind::Money | Kind::SmallMoney | Kind::Real | Kind::Float => false,
            Kind::Date
            | Kind::Time
            | Kind::SmallDateTime
            | Kind::DateTime
            | Kind::DateTime2
            | Kind::Moment => false,
            Kind::Binary | Kind::VarBinary | Kind::Blob | Kind::RowVersion | Kind::Guid | Kind::Variant => {
                false
            }
        }
    }
    /// Whether SQL Server keeps values of it apart from their row.
    pub(super) fn is_large(&self) -> bool {
        let apart = matches!(self.kind, Kind::Text | Kind::NText | Kind::Blob | Kind::Xml);
        let varies = matches!(self.kind, Kind::VarChar | Kind::NVarChar | Kind::VarBinary);
        apart || varies && self.length.is_none()
    }

    /// Whether its values are points in time.
    pub fn is_time(&self) -> bool {
        matches!(
            self.kind,
            Kind::Date | Kind::Time | Kind::SmallDateTime | Kind::DateTime | Kind::DateTime2 | Kind::Moment
        )
    }

    /// The type as a schema writes it: `varchar(16)`, `numeric(12,0)`.
    pub fn display(&self) -> String {
        let name = &self.name;
        match (self.kind, self.length) {
            (Kind::NVarChar, _) if name == "sysname" => name.clone(),
            (Kind::VarChar, _) if name == "name" || name == "rowid" => name.clone(),
            (
                Kind::Char | Kind::VarChar | Kind::NChar | Kind::NVarChar | Kind::Binary | Kind::VarBinary,
                length,
            ) => {
                let length = length.map_or("max".to_owned(), |length| length.to_string());
                format!("{name}({length})")
            }
            (Kind::Decimal, _) if self.precision == 0 => name.clone(),
            (Kind::Decimal, _) => format!("{name}({},{})", self.precision, self.scale),
            _ => name.clone(),
        }
    }

    fn measure(&mut self, numbers: &[&str]) -> Option<()> {
        let first = numbers.first().copied().unwrap_or_default();
        match self.kind {
            Kind::Char | Kind::NChar | Kind::Binary | Kind::VarChar | Kind::NVarChar | Kind::VarBinary => {
                self.length = match (first, self.name.as_str()) {
                    ("", "sysname") => Some(128),
                    ("", "name") => Some(63),
                    ("", "rowid") => Some(18),
                    ("", "varchar" | "character varying") => None,
                    ("", _) => self.length,
                    ("max", _) => None,
                    (length, _) => Some(length.split(' ').next()?.parse().ok().filter(|n| *n > 0)?),
                };
            }
            Kind::Decimal => match numbers {
                [""] if self.name == "number" => self.precision = 0,
                [""] => {}
                [precision] => (self.precision, self.scale) = (precision.parse().ok()?, 0),
                [precision, scale] => {
                    (self.precision, self.scale) = (precision.parse().ok()?, scale.parse().ok()?)
                }
                _ => return None,
            },
            Kind::Time | Kind::DateTime2 | Kind::Moment if !first.is_empty() => {
                self.scale = first.parse().ok().filter(|n| *n <= 9)?;
            }
            _ => {}
        }
        (self.precision <= 53 && self.scale <= 38).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_read_and_shown() {
        for text in [
            "varchar(16)",
            "numeric(12,0)",
            "nvarchar(max)",
            "char(16)",
            "datetime",
            "number(8,2)",
            "sysname",
        ] {
            assert_eq!(SqlType::parse(text).unwrap().display(), text);
        }
        assert_eq!(SqlType::parse("VARCHAR2(20 BYTE)").unwrap().length, Some(20));
        assert_eq!(SqlType::parse("int(11) unsigned"), None, "measures come last");
        assert_eq!(SqlType::parse("varchar(0)"), None);
        assert_eq!(SqlType::parse("numeric(99,0)"), None);
        assert_eq!(SqlType::parse("geography"), None);
    }
}
