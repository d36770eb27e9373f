//! What the server says of itself and of types.

use rusqlite::types::Value as Cell;

use crate::database::facts::Facts;
use crate::database::{Kind, SqlType};

/// SQL Server's ids of its types.
const TYPE_IDS: &[(&str, i64, i64)] = &[
    // name, user type id, length
    ("image", 34, 16),
    ("text", 35, 16),
    ("uniqueidentifier", 36, 16),
    ("date", 40, 3),
    ("time", 41, 5),
    ("datetime2", 42, 8),
    ("datetimeoffset", 43, 10),
    ("tinyint", 48, 1),
    ("smallint", 52, 2),
    ("int", 56, 4),
    ("smalldatetime", 58, 4),
    ("real", 59, 4),
    ("money", 60, 8),
    ("datetime", 61, 8),
    ("float", 62, 8),
    ("sql_variant", 98, 8016),
    ("ntext", 99, 16),
    ("bit", 104, 1),
    ("decimal", 106, 17),
    ("numeric", 108, 17),
    ("smallmoney", 122, 4),
    ("bigint", 127, 8),
    ("varbinary", 165, 8000),
    ("varchar", 167, 8000),
    ("binary", 173, 8000),
    ("char", 175, 8000),
    ("timestamp", 189, 8),
    ("nvarchar", 231, 8000),
    ("nchar", 239, 8000),
    ("xml", 241, -1),
    ("sysname", 256, 256),
];

/// All types of SQL Server: name, user type id, longest length.
pub(in crate::database) fn types() -> impl Iterator<Item = (&'static str, i64, i64)> {
    TYPE_IDS.iter().copied()
}

/// The id of a type.
pub(in crate::database) fn type_id(ty: &SqlType) -> i64 {
    TYPE_IDS.iter().find(|(name, _, _)| *name == ty.name).map_or(231, |(_, id, _)| *id)
}

/// The name of a type by its id.
pub(in crate::database) fn type_name(id: i64) -> Option<String> {
    TYPE_IDS.iter().find(|(_, known, _)| *known == id).map(|(name, _, _)| (*name).to_owned())
}

/// Bytes that a column may take, as `syscolumns.length` has it; -1 for `max`.
pub(in crate::database) fn byte_length(ty: &SqlType) -> i32 {
    let length =
        |factor: u32| ty.length.map_or(-1, |n| i32::try_from(n.saturating_mul(factor)).unwrap_or(8000));
    match ty.kind {
        Kind::Bit | Kind::TinyInt => 1,
        Kind::SmallInt => 2,
        Kind::Int | Kind::Real | Kind::SmallMoney | Kind::SmallDateTime => 4,
        Kind::BigInt | Kind::Float | Kind::Money | Kind::DateTime | Kind::DateTime2 | Kind::RowVersion => 8,
        Kind::Date => 3,
        Kind::Time => 5,
        Kind::Moment => 10,
        Kind::Decimal if ty.precision <= 9 => 5,
        Kind::Decimal if ty.precision <= 19 => 9,
        Kind::Decimal if ty.precision <= 28 => 13,
        Kind::Decimal => 17,
        Kind::Char | Kind::VarChar | Kind::Binary | Kind::VarBinary => length(1),
        Kind::NChar | Kind::NVarChar => length(2),
        Kind::Text | Kind::NText | Kind::Blob | Kind::Guid => 16,
        Kind::Xml => -1,
        Kind::Variant => 8016,
    }
}

/// `SERVERPROPERTY`.
pub(in crate::database) fn server_property(facts: &Facts, name: &str) -> Result<Cell, rusqlite::Error> {
    let server = &facts.catalog.server;
    let text = |text: &str| Cell::Text(text.to_owned());
    let major = server.version.split('.').next().unwrap_or("11");
    Ok(match name.to_lowercase().as_str() {
        "productversion" | "resourceversion" => text(&server.version),
        "productlevel" => text(level(&server.banner)),
        "productmajorversion" => text(major),
        "edition" => text(&server.edition),
        "editionid" => Cell::Integer(1_804_890_536),
        "engineedition" => Cell::Integer(3),
        "machinename" | "servername" | "computernamephysicalnetbios" => text(&server.name),
        "instancename" => Cell::Null,
        "collation" => text(&server.collation),
        "collationid" => Cell::Integer(53_284),
        "lcid" => Cell::Integer(2052),
        "comparisonstyle" => Cell::Integer(196_609),
        "sqlcharset" => Cell::Integer(1),
        "sqlcharsetname" => text("iso_1"),
        "sqlsortorder" => Cell::Integer(0),
        "isclustered" | "ishadrenabled" | "isfulltextinstalled" | "islocaldb" | "issingleuser" => {
            Cell::Integer(0)
        }
        "isintegratedsecurityonly" => Cell::Integer(0),
        "licensetype" => text("DISABLED"),
        "numlicenses" => Cell::Null,
        "processid" => Cell::Integer(1884),
        "buildclrversion" => text("v4.0.30319"),
        "instancedefaultdatapath" | "instancedefaultlogpath" => text(&format!("{}\\", server.data_folder)),
        "filestreamconfiguredlevel" | "filestreameffectivelevel" => Cell::Integer(0),
        "isxtpsupported" => Cell::Integer(0),
        _ => Cell::Null,
    })
}

fn level(banner: &str) -> &'static str {
    ["SP4", "SP3", "SP2", "SP1"].into_iter().find(|level| banner.contains(level)).unwrap_or("RTM")
}
