//! The catalogue procedures that drivers of ODBC, OLE DB and JDBC call, in the columns that their
//! documentation promises.

mod types;

use rusqlite::types::Value as Cell;

use super::{Answer, Arguments, Piece, columns};
use crate::database::catalog::ColumnSpec;
use crate::database::facts::{Facts, Object};
use crate::database::functions::is_like;
use crate::database::{Kind, SqlType};
use types::odbc;

/// Runs one of them; `None` when it is none.
pub(super) fn run(name: &str, arguments: &Arguments, facts: &Facts) -> Option<Answer> {
    let name = name.trim_end_matches("_100").trim_end_matches("_90").trim_end_matches("_rowset");
    Some(Ok(vec![match name {
        "sp_tables" => tables(arguments, facts),
        "sp_columns" => table_columns(arguments, facts),
        "sp_pkeys" => primary_keys(arguments, facts),
        "sp_statistics" => statistics(arguments, facts),
        "sp_special_columns" => special_columns(arguments, facts),
        "sp_table_privileges" => table_privileges(arguments, facts),
        "sp_column_privileges" => column_privileges(arguments, facts),
        "sp_datatype_info" => types::types(arguments),
        "sp_sproc_columns" => procedure_columns(arguments, facts),
        // None of the product's tables refers to another: its programs see to that.
        "sp_fkeys" => Piece::Set(columns(FOREIGN), Vec::new()),
        _ => return None,
    }]))
}

type Heads = &'static [(&'static str, &'static str)];

const NAME: &str = "nvarchar(128)";

const FOREIGN: Heads = &[
    ("PKTABLE_QUALIFIER", NAME),
    ("PKTABLE_OWNER", NAME),
    ("PKTABLE_NAME", NAME),
    ("PKCOLUMN_NAME", NAME),
    ("FKTABLE_QUALIFIER", NAME),
    ("FKTABLE_OWNER", NAME),
    ("FKTABLE_NAME", NAME),
    ("FKCOLUMN_NAME", NAME),
    ("KEY_SEQ", "smallint"),
    ("UPDATE_RULE", "smallint"),
    ("DELETE_RULE", "smallint"),
    ("FK_NAME", NAME),
    ("PK_NAME", NAME),
    ("DEFERRABILITY", "smallint"),
];

fn t(text: impl Into<String>) -> Cell {
    Cell::Text(text.into())
}

fn n(number: impl Into<i64>) -> Cell {
    Cell::Integer(number.into())
}

fn maybe(number: Option<i64>) -> Cell {
    number.map_or(Cell::Null, Cell::Integer)
}

/// Whether a name fits a pattern; none fits all.
fn fits(pattern: Option<&String>, name: &str) -> bool {
    pattern.is_none_or(|pattern| is_like(pattern, name))
}

/// Tables and views that a call's first two arguments name.
fn named(arguments: &Arguments, facts: &Facts) -> Vec<Object> {
    let (name, owner) = (arguments.text(0, "@table_name"), arguments.text(1, "@table_owner"));
    let mut objects = facts.objects(&facts.database());
    objects.retain(|object| {
        object.kind != 'P' && fits(name.as_ref(), &object.name) && fits(owner.as_ref(), &object.schema)
    });
    objects
}

fn tables(arguments: &Arguments, facts: &Facts) -> Piece {
    let asked = |at, name| arguments.text(at, name);
    let (name, owner) = (asked(0, "@table_name"), asked(1, "@table_owner"));
    let (database, kinds) = (asked(2, "@table_qualifier"), asked(3, "@table_type"));
    let is = |value: &Option<String>, wanted: &str| value.as_deref() == Some(wanted);
    let row =
        |database: Cell, owner: Cell, name: Cell, kind: Cell| vec![database, owner, name, kind, Cell::Null];
    let none = || Cell::Null;
    // A lone percent sign asks for what there is of one thing alone.
    let rows = if is(&database, "%") && is(&name, "") && is(&owner, "") {
        facts.databases().into_iter().map(|(name, _)| row(t(name), none(), none(), none())).collect()
    } else if is(&owner, "%") && is(&name, "") && is(&database, "") {
        let owners = ["dbo", "guest", "INFORMATION_SCHEMA", "sys"];
        owners.map(|owner| row(none(), t(owner), none(), none())).into()
    } else if is(&kinds, "%") && is(&name, "") && is(&owner, "") {
        ["SYSTEM TABLE", "TABLE", "VIEW"].map(|kind| row(none(), none(), none(), t(kind))).into()
    } else {
        let wanted = |kind: &str| kinds.as_ref().is_none_or(|kinds| kinds.contains(&format!("'{kind}'")));
        let kind = |object: &Object| if object.kind == 'V' { "VIEW" } else { "TABLE" };
        let mut objects = named(arguments, facts);
        objects.retain(|object| wanted(kind(object)));
        objects.sort_by_key(|object| (kind(object), object.name.to_lowercase()));
        let here = facts.database();
        objects
            .iter()
            .map(|object| row(t(&here), t(&object.schema), t(&object.name), t(kind(object))))
            .collect()
    };
    let heads: Heads = &[
        ("TABLE_QUALIFIER", NAME),
        ("TABLE_OWNER", NAME),
        ("TABLE_NAME", NAME),
        ("TABLE_TYPE", "varchar(32)"),
        ("REMARKS", "varchar(254)"),
    ];
    Piece::Set(columns(heads), rows)
}

fn table_columns(arguments: &Arguments, facts: &Facts) -> Piece {
    let wanted = arguments.text(3, "@column_name");
    let version = arguments.whole(4, "@ODBCVer").unwrap_or(2);
    let here = facts.database();
    let mut rows = Vec::new();
    for object in named(arguments, facts) {
        let listed = object.table.iter().flat_map(|table| &table.columns);
        for (at, column) in (1i64..).zip(listed).filter(|(_, column)| fits(wanted.as_ref(), &column.name)) {
            let ty = odbc(&column.ty);
            let (verbose, rest) = ty.verbose();
            let nullable = i64::from(column.nullable);
            let [fixed, missing] = ty.own;
            rows.push(vec![
                t(&here),
                t(&object.schema),
                t(&object.name),
                t(&column.name),
                n(ty.kind_in(version)),
                t(&column.ty.name),
                n(ty.precision),
                n(ty.length),
                maybe(ty.scale),
                maybe(ty.radix),
                n(nullable),
                Cell::Null,
                Cell::Null,
                n(verbose),
                maybe(rest),
                if column.ty.is_text() { n(ty.length) } else { Cell::Null },
                n(at),
                t(if column.nullable { "YES" } else { "NO" }),
                n(if column.nullable { missing } else { fixed }),
            ]);
        }
    }
    let heads: Heads = &[
        ("TABLE_QUALIFIER", NAME),
        ("TABLE_OWNER", NAME),
        ("TABLE_NAME", NAME),
        ("COLUMN_NAME", NAME),
        ("DATA_TYPE", "smallint"),
        ("TYPE_NAME", NAME),
        ("PRECISION", "int"),
        ("LENGTH", "int"),
        ("SCALE", "smallint"),
        ("RADIX", "smallint"),
        ("NULLABLE", "smallint"),
        ("REMARKS", "varchar(254)"),
        ("COLUMN_DEF", "nvarchar(4000)"),
        ("SQL_DATA_TYPE", "smallint"),
        ("SQL_DATETIME_SUB", "smallint"),
        ("CHAR_OCTET_LENGTH", "int"),
        ("ORDINAL_POSITION", "int"),
        ("IS_NULLABLE", "varchar(254)"),
        ("SS_DATA_TYPE", "tinyint"),
    ];
    Piece::Set(columns(heads), rows)
}

fn keys(object: &Object) -> impl Iterator<Item = (i64, &ColumnSpec)> {
    (1i64..).zip(object.table.iter().flat_map(|table| &table.columns).filter(|column| column.key))
}

fn primary_keys(arguments: &Arguments, facts: &Facts) -> Piece {
    let here = facts.database();
    let mut rows = Vec::new();
    for object in named(arguments, facts) {
        rows.extend(keys(&object).map(|(at, column)| {
            let name = t(format!("PK_{}", object.name));
            vec![t(&here), t(&object.schema), t(&object.name), t(&column.name), n(at), name]
        }));
    }
    let heads: Heads = &[
        ("TABLE_QUALIFIER", NAME),
        ("TABLE_OWNER", NAME),
        ("TABLE_NAME", NAME),
        ("COLUMN_NAME", NAME),
        ("KEY_SEQ", "smallint"),
        ("PK_NAME", NAME),
    ];
    Piece::Set(columns(heads), rows)
}

fn statistics(arguments: &Arguments, facts: &Facts) -> Piece {
    let here = facts.database();
    let only_unique = arguments.text(4, "@is_unique").is_some_and(|answer| answer.eq_ignore_ascii_case("y"));
    let mut rows = Vec::new();
    for object in named(arguments, facts) {
        let Some(table) = &object.table else { continue };
        let count = facts.count(table);
        let pages = crate::database::system::pages(table, count);
        let of = |unique: Cell, index: Cell, kind: i64, at: Cell, column: Cell, sorted: Cell| {
            let qualifier = if index == Cell::Null { Cell::Null } else { t(&object.name) };
            let place = vec![t(&here), t(&object.schema), t(&object.name), unique, qualifier, index];
            let rest = vec![n(kind), at, column, sorted, n(count), n(pages), Cell::Null];
            [place, rest].concat()
        };
        rows.push(of(Cell::Null, Cell::Null, 0, Cell::Null, Cell::Null, Cell::Null));
        let key = || t(format!("PK_{}", object.name));
        rows.extend(keys(&object).map(|(at, column)| of(n(0), key(), 1, n(at), t(&column.name), t("A"))));
        for (name, listed) in table.indexes.iter().filter(|_| !only_unique) {
            let each = (1i64..).zip(listed);
            rows.extend(each.map(|(at, column)| of(n(1), t(name), 3, n(at), t(column), t("A"))));
        }
    }
    let heads: Heads = &[
        ("TABLE_QUALIFIER", NAME),
        ("TABLE_OWNER", NAME),
        ("TABLE_NAME", NAME),
        ("NON_UNIQUE", "smallint"),
        ("INDEX_QUALIFIER", NAME),
        ("INDEX_NAME", NAME),
        ("TYPE", "smallint"),
        ("SEQ_IN_INDEX", "smallint"),
        ("COLUMN_NAME", NAME),
        ("COLLATION", "char(1)"),
        ("CARDINALITY", "int"),
        ("PAGES", "int"),
        ("FILTER_CONDITION", "varchar(128)"),
    ];
    Piece::Set(columns(heads), rows)
}

fn special_columns(arguments: &Arguments, facts: &Facts) -> Piece {
    let mut rows = Vec::new();
    for object in named(arguments, facts) {
        rows.extend(keys(&object).map(|(_, column)| {
            let ty = odbc(&column.ty);
            let name = t(&column.ty.name);
            vec![
                n(1),
                t(&column.name),
                n(ty.kind),
                name,
                n(ty.precision),
                n(ty.length),
                maybe(ty.scale),
                n(1),
            ]
        }));
    }
    let heads: Heads = &[
        ("SCOPE", "smallint"),
        ("COLUMN_NAME", NAME),
        ("DATA_TYPE", "smallint"),
        ("TYPE_NAME", NAME),
        ("PRECISION", "int"),
        ("LENGTH", "int"),
        ("SCALE", "smallint"),
        ("PSEUDO_COLUMN", "smallint"),
    ];
    Piece::Set(columns(heads), rows)
}

const RIGHTS: [&str; 5] = ["DELETE", "INSERT", "REFERENCES", "SELECT", "UPDATE"];

fn table_privileges(arguments: &Arguments, facts: &Facts) -> Piece {
    let here = facts.database();
    let mut rows = Vec::new();
    for object in named(arguments, facts) {
        rows.extend(RIGHTS.map(|right| {
            let place = [t(&here), t(&object.schema), t(&object.name)];
            place.into_iter().chain([t("dbo"), t("dbo"), t(right), t("YES")]).collect()
        }));
    }
    let heads: Heads = &[
        ("TABLE_QUALIFIER", NAME),
        ("TABLE_OWNER", NAME),
        ("TABLE_NAME", NAME),
        ("GRANTOR", NAME),
        ("GRANTEE", NAME),
        ("PRIVILEGE", "varchar(32)"),
        ("IS_GRANTABLE", "varchar(3)"),
    ];
    Piece::Set(columns(heads), rows)
}

fn column_privileges(arguments: &Arguments, facts: &Facts) -> Piece {
    let here = facts.database();
    let wanted = arguments.text(3, "@column_name");
    let mut rows = Vec::new();
    for object in named(arguments, facts) {
        let listed = object.table.iter().flat_map(|table| &table.columns);
        for column in listed.filter(|column| fits(wanted.as_ref(), &column.name)) {
            rows.extend(RIGHTS.iter().skip(1).map(|right| {
                let place = [t(&here), t(&object.schema), t(&object.name), t(&column.name)];
                place.into_iter().chain([t("dbo"), t("dbo"), t(*right), t("YES")]).collect()
            }));
        }
    }
    let heads: Heads = &[
        ("TABLE_QUALIFIER", NAME),
        ("TABLE_OWNER", NAME),
        ("TABLE_NAME", NAME),
        ("COLUMN_NAME", NAME),
        ("GRANTOR", NAME),
        ("GRANTEE", NAME),
        ("PRIVILEGE", "varchar(32)"),
        ("IS_GRANTABLE", "varchar(3)"),
    ];
    Piece::Set(columns(heads), rows)
}

fn procedure_columns(arguments: &Arguments, facts: &Facts) -> Piece {
    let wanted = arguments.text(0, "@procedure_name");
    let here = facts.database();
    let mut rows = Vec::new();
    let mut procedures: Vec<_> = facts.catalog.procedures.values().collect();
    procedures.retain(|made| made.database.eq_ignore_ascii_case(&here) && fits(wanted.as_ref(), &made.name));
    for made in procedures {
        let returned = ("@RETURN_VALUE".to_owned(), SqlType::of(Kind::Int));
        let all = std::iter::once((0i64, &returned)).chain((1i64..).zip(&made.parameters));
        for (at, (name, ty)) in all {
            let known = odbc(ty);
            let (verbose, rest) = known.verbose();
            rows.push(vec![
                t(&here),
                t(&made.schema),
                t(format!("{};1", made.name)),
                t(name),
                n(if at == 0 { 5 } else { 1 }),
                n(known.kind),
                t(&ty.name),
                n(known.precision),
                n(known.length),
                maybe(known.scale),
                maybe(known.radix),
                n(i64::from(at > 0)),
                Cell::Null,
                Cell::Null,
                n(verbose),
                maybe(rest),
                if ty.is_text() { n(known.length) } else { Cell::Null },
                n(at),
                t(if at == 0 { "NO" } else { "YES" }),
                n(known.own[1]),
            ]);
        }
    }
    let heads: Heads = &[
        ("PROCEDURE_QUALIFIER", NAME),
        ("PROCEDURE_OWNER", NAME),
        ("PROCEDURE_NAME", "nvarchar(134)"),
        ("COLUMN_NAME", NAME),
        ("COLUMN_TYPE", "smallint"),
        ("DATA_TYPE", "smallint"),
        ("TYPE_NAME", NAME),
        ("PRECISION", "int"),
        ("LENGTH", "int"),
        ("SCALE", "smallint"),
        ("RADIX", "smallint"),
        ("NULLABLE", "smallint"),
        ("REMARKS", "varchar(254)"),
        ("COLUMN_DEF", "nvarchar(4000)"),
        ("SQL_DATA_TYPE", "smallint"),
        ("SQL_DATETIME_SUB", "smallint"),
        ("CHAR_OCTET_LENGTH", "int"),
        ("ORDINAL_POSITION", "int"),
        ("IS_NULLABLE", "varchar(254)"),
        ("SS_DATA_TYPE", "tinyint"),
    ];
    Piece::Set(columns(heads), rows)
}
