//! Types as ODBC knows them.

use rusqlite::types::Value as Cell;

use super::{Heads, NAME, maybe, n, t};
use crate::database::procedures::{Arguments, Piece, columns};
use crate::database::{Kind, SqlType};

/// A type as ODBC knows it.
pub(super) struct Odbc {
    /// Of version 2 and of version 3; they differ for points in time.
    pub(super) kind: i64,
    pub(super) precision: i64,
    pub(super) length: i64,
    pub(super) scale: Option<i64>,
    pub(super) radix: Option<i64>,
    /// SQL Server's own: where values may not be missing, and where they may.
    pub(super) own: [i64; 2],
}

pub(super) fn odbc(ty: &SqlType) -> Odbc {
    let size = ty.length.map_or(2_147_483_647, i64::from);
    let (precision, scale) = (i64::from(ty.precision), i64::from(ty.scale));
    let of = |kind, precision, length, scale, radix, own| Odbc { kind, precision, length, scale, radix, own };
    match ty.kind {
        Kind::Bit => of(-7, 1, 1, None, None, [50, 50]),
        Kind::TinyInt => of(-6, 3, 1, Some(0), Some(10), [48, 38]),
        Kind::SmallInt => of(5, 5, 2, Some(0), Some(10), [52, 38]),
        Kind::Int => of(4, 10, 4, Some(0), Some(10), [56, 38]),
        Kind::BigInt => of(-5, 19, 8, Some(0), Some(10), [63, 108]),
        Kind::Decimal if ty.name == "numeric" => {
            of(2, precision, precision + 2, Some(scale), Some(10), [63, 108])
        }
        Kind::Decimal => of(3, precision, precision + 2, Some(scale), Some(10), [55, 106]),
        Kind::Money => of(3, 19, 21, Some(4), Some(10), [60, 110]),
        Kind::SmallMoney => of(3, 10, 12, Some(4), Some(10), [122, 110]),
        Kind::Float => of(6, 15, 8, None, Some(10), [62, 109]),
        Kind::Real => of(7, 7, 4, None, Some(10), [59, 109]),
        Kind::Date => of(-9, 10, 20, None, None, [0, 0]),
        Kind::Time => of(-9, 16, 32, Some(7), None, [0, 0]),
        Kind::SmallDateTime => of(11, 16, 16, Some(0), None, [58, 111]),
        Kind::DateTime => of(11, 23, 16, Some(3), None, [61, 111]),
        Kind::DateTime2 => of(-9, 27, 54, Some(7), None, [0, 0]),
        Kind::Moment => of(-9, 34, 68, Some(7), None, [0, 0]),
        Kind::Char => of(1, size, size, None, None, [47, 39]),
        Kind::VarChar => of(12, size, size, None, None, [39, 39]),
        Kind::Text => of(-1, 2_147_483_647, 2_147_483_647, None, None, [35, 35]),
        Kind::NChar => of(-8, size, size.saturating_mul(2), None, None, [39, 39]),
        Kind::NVarChar => of(-9, size, size.saturating_mul(2).min(2_147_483_646), None, None, [39, 39]),
        Kind::NText => of(-10, 1_073_741_823, 2_147_483_646, None, None, [35, 35]),
        Kind::Binary => of(-2, size, size, None, None, [45, 37]),
        Kind::RowVersion => of(-2, 8, 8, None, None, [45, 37]),
        Kind::VarBinary => of(-3, size, size, None, None, [37, 37]),
        Kind::Blob => of(-4, 2_147_483_647, 2_147_483_647, None, None, [34, 34]),
        Kind::Guid => of(-11, 36, 16, None, None, [37, 37]),
        Kind::Xml => of(-152, 0, 0, None, None, [0, 0]),
        Kind::Variant => of(-150, 8_000, 8_000, Some(0), Some(10), [98, 98]),
    }
}

impl Odbc {
    /// Points in time have other numbers since version 3.
    pub(super) fn kind_in(&self, version: i64) -> i64 {
        if version >= 3 && self.kind == 11 { 93 } else { self.kind }
    }

    /// The kind without, and for points in time the rest.
    pub(super) fn verbose(&self) -> (i64, Option<i64>) {
        if self.kind == 11 { (9, Some(3)) } else { (self.kind, None) }
    }
}

pub(super) fn types(arguments: &Arguments) -> Piece {
    let wanted = arguments.whole(0, "@data_type").filter(|kind| *kind != 0);
    let version = arguments.whole(1, "@ODBCVer").unwrap_or(2);
    let mut all: Vec<(String, Odbc, SqlType)> = crate::database::system::types()
        .filter_map(|(name, _, _)| {
            let mut ty = SqlType::parse(name)?;
            match ty.kind {
                Kind::Char | Kind::VarChar | Kind::Binary | Kind::VarBinary => ty.length = Some(8_000),
                Kind::NChar | Kind::NVarChar => ty.length = Some(if name == "sysname" { 128 } else { 4_000 }),
                Kind::Decimal => ty.precision = 38,
                _ => {}
            }
            let known = odbc(&ty);
            Some((name.to_owned(), known, ty))
        })
        .collect();
    all.retain(|(_, known, _)| wanted.is_none_or(|wanted| known.kind_in(version) == wanted));
    all.sort_by_key(|(name, known, _)| (known.kind_in(version), name.clone()));
    let row = |(name, known, ty): (String, Odbc, SqlType)| {
        let (verbose, rest) = known.verbose();
        let is_quoted = ty.is_text() || ty.is_time() || ty.kind == Kind::Guid;
        let binary = matches!(ty.kind, Kind::Binary | Kind::VarBinary | Kind::Blob | Kind::RowVersion);
        let prefix = match (is_quoted, binary) {
            (true, _) => t("'"),
            (false, true) => t("0x"),
            (false, false) => Cell::Null,
        };
        let parameters = match ty.kind {
            Kind::Decimal => t("precision,scale"),
            Kind::Char | Kind::VarChar | Kind::NChar | Kind::NVarChar if name == "sysname" => Cell::Null,
            Kind::Char | Kind::NChar | Kind::Binary => t("length"),
            Kind::VarChar | Kind::NVarChar | Kind::VarBinary => t("max length"),
            _ => Cell::Null,
        };
        let whole = matches!(ty.kind, Kind::TinyInt | Kind::SmallInt | Kind::Int | Kind::BigInt);
        let exact = whole || matches!(ty.kind, Kind::Decimal | Kind::Money | Kind::SmallMoney);
        let number = exact || matches!(ty.kind, Kind::Float | Kind::Real);
        vec![
            t(&name),
            n(known.kind_in(version)),
            n(known.precision),
            prefix,
            if is_quoted { t("'") } else { Cell::Null },
            parameters,
            n(i64::from(ty.kind != Kind::RowVersion && name != "sysname")),
            n(i64::from(ty.is_text())),
            n(if matches!(ty.kind, Kind::Text | Kind::NText) { 1 } else { 3 }),
            if number { n(i64::from(ty.kind == Kind::TinyInt)) } else { Cell::Null },
            n(i64::from(matches!(ty.kind, Kind::Money | Kind::SmallMoney))),
            if number { n(0) } else { Cell::Null },
            t(&name),
            maybe(known.scale.filter(|_| exact)),
            maybe(known.scale.map(|scale| if ty.kind == Kind::Decimal { 38 } else { scale })),
            n(verbose),
            maybe(rest),
            maybe(known.radix),
            Cell::Null,
            n(0),
        ]
    };
    let heads: Heads = &[
        ("TYPE_NAME", NAME),
        ("DATA_TYPE", "smallint"),
        ("PRECISION", "int"),
        ("LITERAL_PREFIX", "varchar(32)"),
        ("LITERAL_SUFFIX", "varchar(32)"),
        ("CREATE_PARAMS", "varchar(32)"),
        ("NULLABLE", "smallint"),
        ("CASE_SENSITIVE", "smallint"),
        ("SEARCHABLE", "smallint"),
        ("UNSIGNED_ATTRIBUTE", "smallint"),
        ("MONEY", "smallint"),
        ("AUTO_INCREMENT", "smallint"),
        ("LOCAL_TYPE_NAME", NAME),
        ("MINIMUM_SCALE", "smallint"),
        ("MAXIMUM_SCALE", "smallint"),
        ("SQL_DATA_TYPE", "smallint"),
        ("SQL_DATETIME_SUB", "smallint"),
        ("NUM_PREC_RADIX", "int"),
        ("INTERVAL_PRECISION", "smallint"),
        ("USERTYPE", "smallint"),
    ];
    Piece::Set(columns(heads), all.into_iter().map(row).collect())
}
