//! Types by their object ids: what each is in the engine, on the wire and in text.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::builtin::builtin;
use crate::database::{Kind, SqlType};

/// Object ids of types that are named here.
pub mod oid {
    #![allow(missing_docs, reason = "the names of pg_type")]
    pub const BOOL: u32 = 16;
    pub const BYTEA: u32 = 17;
    pub const CHAR: u32 = 18;
    pub const NAME: u32 = 19;
    pub const INT8: u32 = 20;
    pub const INT2: u32 = 21;
    pub const INT2VECTOR: u32 = 22;
    pub const INT4: u32 = 23;
    pub const REGPROC: u32 = 24;
    pub const TEXT: u32 = 25;
    pub const OID: u32 = 26;
    pub const TID: u32 = 27;
    pub const XID: u32 = 28;
    pub const CID: u32 = 29;
    pub const OIDVECTOR: u32 = 30;
    pub const JSON: u32 = 114;
    pub const XML: u32 = 142;
    pub const FLOAT4: u32 = 700;
    pub const FLOAT8: u32 = 701;
    pub const UNKNOWN: u32 = 705;
    pub const INET: u32 = 869;
    pub const TEXT_ARRAY: u32 = 1009;
    pub const INT4_ARRAY: u32 = 1007;
    pub const NAME_ARRAY: u32 = 1003;
    pub const OID_ARRAY: u32 = 1028;
    pub const BPCHAR: u32 = 1042;
    pub const VARCHAR: u32 = 1043;
    pub const DATE: u32 = 1082;
    pub const TIME: u32 = 1083;
    pub const TIMESTAMP: u32 = 1114;
    pub const TIMESTAMPTZ: u32 = 1184;
    pub const INTERVAL: u32 = 1186;
    pub const NUMERIC: u32 = 1700;
    pub const REGCLASS: u32 = 2205;
    pub const REGTYPE: u32 = 2206;
    pub const RECORD: u32 = 2249;
    pub const VOID: u32 = 2278;
    pub const UUID: u32 = 2950;
    pub const JSONB: u32 = 3802;
    pub const REGROLE: u32 = 4096;
    pub const REGNAMESPACE: u32 = 4089;
}

/// A type as results name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PgType {
    /// Its object id.
    pub oid: u32,
    /// Its modifier: length of text or digits of a number, each with four added; -1 for none.
    pub modifier: i32,
}

/// What `pg_type` says of a type.
#[derive(Debug, Clone, Copy)]
pub(in crate::database) struct Known {
    pub oid: u32,
    pub name: &'static str,
    pub length: i16,
    /// The type of the elements; 0 for none.
    pub element: u32,
    /// The type of arrays of it; 0 for none.
    pub array: u32,
    pub category: char,
}

struct All {
    by_oid: BTreeMap<u32, Known>,
    by_name: BTreeMap<&'static str, u32>,
}

fn all() -> &'static All {
    static ALL: LazyLock<All> = LazyLock::new(|| {
        let mut all = All { by_oid: BTreeMap::new(), by_name: BTreeMap::new() };
        let Some(types) = builtin().get("pg_catalog.pg_type") else { return all };
        for row in &types.rows {
            let text = |name| types.value(row, name).unwrap_or_default();
            let number = |name| text(name).parse().unwrap_or(0);
            let known = Known {
                oid: number("oid"),
                name: text("typname"),
                length: text("typlen").parse().unwrap_or(-1),
                element: number("typelem"),
                array: number("typarray"),
                category: text("typcategory").chars().next().unwrap_or('U'),
            };
            all.by_name.entry(known.name).or_insert(known.oid);
            all.by_oid.insert(known.oid, known);
        }
        all
    });
    &ALL
}

/// Names in SQL that are none of `pg_type`.
const ALIASES: &[(&str, u32)] = &[
    ("boolean", oid::BOOL),
    ("bit", oid::BOOL),
    ("smallint", oid::INT2),
    ("smallserial", oid::INT2),
    ("tinyint", oid::INT2),
    ("integer", oid::INT4),
    ("int", oid::INT4),
    ("serial", oid::INT4),
    ("bigint", oid::INT8),
    ("bigserial", oid::INT8),
    ("real", oid::FLOAT4),
    ("float", oid::FLOAT8),
    ("double precision", oid::FLOAT8),
    ("double", oid::FLOAT8),
    ("decimal", oid::NUMERIC),
    ("dec", oid::NUMERIC),
    ("character varying", oid::VARCHAR),
    ("nvarchar", oid::TEXT),
    ("character", oid::BPCHAR),
    ("char", oid::BPCHAR),
    ("\"char\"", oid::CHAR),
    ("timestamp without time zone", oid::TIMESTAMP),
    ("timestamp with time zone", oid::TIMESTAMPTZ),
    ("datetime", oid::TIMESTAMP),
    ("datetime2", oid::TIMESTAMP),
    ("time without time zone", oid::TIME),
    ("time with time zone", 1266),
    ("bit varying", 1562),
];

impl PgType {
    /// A type without measures.
    pub const fn of(oid: u32) -> PgType {
        PgType { oid, modifier: -1 }
    }

    /// By a name as SQL writes it, without quotes and schema: `varchar(20)`, `int4[]`, `_text`.
    pub fn named(text: &str) -> Option<PgType> {
        let text = text.trim();
        let text = text.strip_prefix("pg_catalog.").unwrap_or(text);
        if text == "\"char\"" {
            return Some(PgType::of(oid::CHAR));
        }
        let lower = text.replace('"', "").to_lowercase();
        if let Some(element) = lower.strip_suffix(']') {
            let element = PgType::named(element.rsplit_once('[')?.0)?;
            return Some(PgType::of(element.known()?.array));
        }
        let (name, measures) = match lower.split_once('(') {
            Some((name, rest)) => {
                let (measures, behind) = rest.split_once(')')?;
                (format!("{}{behind}", name.trim()), measures.to_owned())
            }
            None => (lower.clone(), String::new()),
        };
        let alias = ALIASES.iter().find(|(known, _)| *known == name).map(|(_, oid)| *oid);
        let found = alias.or_else(|| all().by_name.get(name.as_str()).copied())?;
        Some(PgType { oid: found, modifier: modifier(found, &name, &measures) })
    }

    /// What `pg_type` says of it.
    pub(in crate::database) fn known(self) -> Option<Known> {
        all().by_oid.get(&self.oid).copied()
    }

    /// Its name in `pg_type`.
    pub fn name(self) -> &'static str {
        self.known().map_or("text", |known| known.name)
    }

    /// Bytes that a value takes; -1 where they vary.
    pub fn length(self) -> i16 {
        self.known().map_or(-1, |known| known.length)
    }

    /// The type of its elements, for arrays.
    pub fn element(self) -> Option<PgType> {
        let known = self.known()?;
        let vector = matches!(self.oid, oid::INT2VECTOR | oid::OIDVECTOR);
        (known.category == 'A' && known.element != 0 && !vector).then(|| PgType::of(known.element))
    }

    /// The type of arrays of it.
    pub(in crate::database) fn array(self) -> Option<PgType> {
        self.known().map(|known| known.array).filter(|array| *array != 0).map(PgType::of)
    }

    /// Whether it is a number.
    pub(in crate::database) fn is_number(self) -> bool {
        self.known().is_some_and(|known| known.category == 'N')
    }

    /// Whether it is text of some kind.
    pub(in crate::database) fn is_text(self) -> bool {
        self.known().is_some_and(|known| known.category == 'S' || known.oid == oid::CHAR)
    }

    /// As the engine keeps it.
    pub(in crate::database) fn sql(self) -> SqlType {
        let kind = match self.oid {
            oid::BOOL => Kind::Bit,
            oid::BYTEA => Kind::Blob,
            oid::INT2 => Kind::SmallInt,
            oid::INT4 => Kind::Int,
            oid::INT8 | oid::OID | oid::XID | oid::CID => Kind::BigInt,
            oid::FLOAT4 => Kind::Real,
            oid::FLOAT8 => Kind::Float,
            oid::BPCHAR if self.modifier > 4 => Kind::Char,
            oid::VARCHAR => Kind::VarChar,
            oid::DATE => Kind::Date,
            oid::TIME => Kind::Time,
            oid::TIMESTAMP => Kind::DateTime2,
            oid::TIMESTAMPTZ => Kind::Moment,
            oid::NUMERIC if self.modifier > 4 => Kind::Decimal,
            oid::UUID => Kind::Guid,
            _ => Kind::Text,
        };
        let mut made = SqlType::of(kind);
        made.name = match self.oid {
            oid::CHAR => "\"char\"".to_owned(),
            oid::BPCHAR => "char".to_owned(),
            _ => self.known().map_or("text", |known| known.name).to_owned(),
        };
        let measure = self.modifier - 4;
        match kind {
            Kind::VarChar | Kind::Char => made.length = u32::try_from(measure).ok(),
            Kind::Decimal => {
                made.precision = u8::try_from(measure >> 16 & 0xff).unwrap_or(38);
                made.scale = u8::try_from(measure & 0xff).unwrap_or(0);
            }
            _ => {}
        }
        made
    }
}

impl From<&SqlType> for PgType {
    /// The type of a column of a schema file or result.
    fn from(ty: &SqlType) -> PgType {
        if let Some(found) = PgType::named(&ty.name) {
            let length = ty.length.and_then(|length| i32::try_from(length).ok());
            let modifier = match found.oid {
                oid::VARCHAR | oid::BPCHAR => length.map_or(-1, |length| length + 4),
                oid::NUMERIC if ty.kind == Kind::Decimal && ty.precision > 0 => {
                    (i32::from(ty.precision) << 16 | i32::from(ty.scale)) + 4
                }
                _ => -1,
            };
            return PgType { modifier, ..found };
        }
        PgType::of(match ty.kind {
            Kind::Bit => oid::BOOL,
            Kind::TinyInt | Kind::SmallInt => oid::INT2,
            Kind::Int => oid::INT4,
            Kind::BigInt => oid::INT8,
            Kind::Decimal | Kind::Money | Kind::SmallMoney => oid::NUMERIC,
            Kind::Real => oid::FLOAT4,
            Kind::Float => oid::FLOAT8,
            Kind::Char | Kind::VarChar | Kind::Text | Kind::NChar | Kind::NVarChar | Kind::NText => oid::TEXT,
            Kind::Variant => oid::TEXT,
            Kind::Date => oid::DATE,
            Kind::Time => oid::TIME,
            Kind::SmallDateTime | Kind::DateTime | Kind::DateTime2 => oid::TIMESTAMP,
            Kind::Moment => oid::TIMESTAMPTZ,
            Kind::Binary | Kind::VarBinary | Kind::Blob | Kind::RowVersion => oid::BYTEA,
            Kind::Guid => oid::UUID,
            Kind::Xml => oid::XML,
        })
    }
}

fn modifier(found: u32, name: &str, measures: &str) -> i32 {
    let mut numbers = measures.split(',').filter_map(|part| part.trim().parse::<i32>().ok());
    match (found, numbers.next(), numbers.next()) {
        (oid::VARCHAR | oid::BPCHAR, Some(length), _) => length.saturating_add(4),
        (oid::BPCHAR, None, _) if name != "bpchar" => 5,
        (oid::NUMERIC, Some(precision), scale) => {
            (precision.clamp(1, 1000) << 16 | scale.unwrap_or(0).clamp(0, 255)) + 4
        }
        (oid::TIMESTAMP | oid::TIMESTAMPTZ | oid::TIME, Some(digits), _) => digits.clamp(0, 6),
        _ => -1,
    }
}

/// A type as `format_type` shows it.
pub(in crate::database) fn format_type(ty: PgType) -> String {
    let Some(known) = ty.known() else { return "???".to_owned() };
    if let Some(element) = ty.element() {
        return format!("{}[]", format_type(PgType { modifier: ty.modifier, ..element }));
    }
    let measure = ty.modifier - 4;
    let with = |name: &str, behind: &str, given: bool, measure: String| {
        if given { format!("{name}({measure}){behind}") } else { format!("{name}{behind}") }
    };
    match ty.oid {
        oid::BOOL => "boolean".to_owned(),
        oid::CHAR => "\"char\"".to_owned(),
        oid::INT2 => "smallint".to_owned(),
        oid::INT4 => "integer".to_owned(),
        oid::INT8 => "bigint".to_owned(),
        oid::FLOAT4 => "real".to_owned(),
        oid::FLOAT8 => "double precision".to_owned(),
        oid::VARCHAR => with("character varying", "", measure >= 0, measure.to_string()),
        oid::BPCHAR if measure >= 0 => with("character", "", true, measure.to_string()),
        oid::BPCHAR => "bpchar".to_owned(),
        oid::NUMERIC => with("numeric", "", measure >= 0, format!("{},{}", measure >> 16, measure & 0xffff)),
        oid::TIMESTAMP => with("timestamp", " without time zone", ty.modifier >= 0, ty.modifier.to_string()),
        oid::TIMESTAMPTZ => with("timestamp", " with time zone", ty.modifier >= 0, ty.modifier.to_string()),
        oid::TIME => with("time", " without time zone", ty.modifier >= 0, ty.modifier.to_string()),
        1266 => with("time", " with time zone", ty.modifier >= 0, ty.modifier.to_string()),
        1562 => "bit varying".to_owned(),
        1560 => "bit".to_owned(),
        _ if known.name == "any" => "\"any\"".to_owned(),
        _ => known.name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_found_by_all_their_names() {
        for (name, shown) in [
            ("varchar(20)", "character varying(20)"),
            ("character varying", "character varying"),
            ("numeric(12,2)", "numeric(12,2)"),
            ("int4[]", "integer[]"),
            ("_text", "text[]"),
            ("pg_catalog.regtype", "regtype"),
            ("timestamp(3) with time zone", "timestamp(3) with time zone"),
            ("\"char\"", "\"char\""),
            ("char", "character(1)"),
            ("oidvector", "oidvector"),
        ] {
            assert_eq!(format_type(PgType::named(name).unwrap()), shown, "{name}");
        }
        assert_eq!(PgType::named("geography"), None);
        assert_eq!(PgType::named("int4[]").unwrap().element(), Some(PgType::of(oid::INT4)));
        let ty = SqlType::parse("numeric(12,2)").unwrap();
        assert_eq!(PgType::from(&ty).sql(), SqlType { name: "numeric".to_owned(), ..ty });
    }
}
