//! `OUTPUT` and `RETURNING`: the rows of a change are given back.

use std::ops::ControlFlow;

use rusqlite::types::Value as Cell;
use sqlparser::ast::{
    Expr, Ident, OutputClause, Query, SelectItem, SelectItemQualifiedWildcardKind, SetExpr, Statement, Value,
    VisitMut, VisitorMut,
};

use super::Target;
use super::tables::inserts;
use crate::database::catalog::ColumnSpec;
use crate::database::connection::Connection;
use crate::database::postgres::{PgType, format_type};
use crate::database::problem::Problem;
use crate::database::rewrite::parse_name;
use crate::database::{Item, SqlType, Verb, cell};

/// The relation of the rows that are given back.
const ROWS: &str = "#\u{1f}output";

/// Most rows that PostgreSQL's face gives back: each stands in the text of a query.
const MAX_RETURNED: usize = 2_000;

/// A row that was changed.
pub(super) struct Given {
    pub action: &'static str,
    pub old: Option<Vec<Cell>>,
    pub new: Option<Vec<Cell>>,
}

impl Connection {
    /// Gives the rows of a change back, to the client or into a table.
    pub(super) fn give_back(
        &mut self,
        target: &Target,
        alias: &str,
        output: Option<&OutputClause>,
        returning: Option<&[SelectItem]>,
        rows: Vec<Given>,
    ) -> Result<(), Problem> {
        match (output, returning) {
            (Some(OutputClause::Output { select_items, into_table, .. }), _) => {
                let into = into_table.as_ref().and_then(|into| into.targets.first());
                self.output(target, select_items, into, &rows)
            }
            (Some(OutputClause::Returning { select_items, .. }), _) => {
                self.returned_rows(target, alias, select_items, rows)
            }
            (None, Some(items)) => self.returned_rows(target, alias, items, rows),
            (None, None) => Ok(()),
        }
    }

    /// SQL Server's `OUTPUT inserted.a, deleted.* [INTO t]`.
    fn output(
        &mut self,
        target: &Target,
        items: &[SelectItem],
        into: Option<&Expr>,
        rows: &[Given],
    ) -> Result<(), Problem> {
        let mut columns = vec![column("$action", &SqlType::nvarchar(Some(10)))];
        for side in ["inserted", "deleted"] {
            columns.extend(target.columns.iter().map(|c| column(&format!("{side}.{}", c.name), &c.ty)));
        }
        self.drop_own(ROWS);
        let number = self.tables()?.enter(ROWS, columns.clone(), None);
        let declared = cell::declarations(&columns, number).join(", ");
        self.execute(&format!("CREATE TABLE {} ({declared})", cell::quoted(ROWS)))?;
        let nothing = || vec![Cell::Null; target.columns.len()];
        let made = rows.iter().map(|row| {
            let (new, old) =
                (row.new.clone().unwrap_or_else(nothing), row.old.clone().unwrap_or_else(nothing));
            std::iter::once(Cell::Text(row.action.to_owned())).chain(new).chain(old).collect()
        });
        let made: Vec<Vec<Cell>> = made.collect();
        for sql in inserts(ROWS, "", &made) {
            self.execute(&sql)?;
        }
        let query = query_of(items, target)?;
        let mut seen = self.seen_text("", Verb::Select);
        let (columns, rows) = self.read_whole(&query, &mut seen)?;
        let Some(into) = into else {
            self.out.push_back(Item::Columns(std::sync::Arc::clone(&columns)));
            for row in rows {
                let values = row.into_iter().zip(columns.iter()).map(|(value, c)| cell::value(value, &c.ty));
                self.out.push_back(Item::Row(values.collect()));
            }
            return Ok(());
        };
        let parts: Vec<String> =
            into.to_string().split('.').map(|p| p.replace(['[', ']', '"'], "")).collect();
        let into = self.target(&parts, "INSERT", &mut seen)?;
        self.put_rows(&into, &[], rows, &mut seen).map(|_| ())
    }

    /// PostgreSQL's `RETURNING a, b + 1`: the rows stand in a query of their own.
    fn returned_rows(
        &mut self,
        target: &Target,
        alias: &str,
        items: &[SelectItem],
        rows: Vec<Given>,
    ) -> Result<(), Problem> {
        if rows.len() > MAX_RETURNED {
            return Err(Problem::Resources);
        }
        let types: Vec<String> =
            target.columns.iter().map(|column| format_type(PgType::from(&column.ty))).collect();
        let line = |row: &[Cell]| {
            let values = row.iter().zip(&types);
            let values = values.map(|(value, ty)| format!("CAST({} AS {ty})", written(value, ty)));
            format!("({})", values.collect::<Vec<_>>().join(", "))
        };
        let none = rows.is_empty();
        let mut lines: Vec<String> =
            rows.into_iter().filter_map(|row| row.new.or(row.old)).map(|row| line(&row)).collect();
        if none {
            lines.push(line(&vec![Cell::Null; types.len()]));
        }
        let names: Vec<String> = target.columns.iter().map(|column| cell::quoted(&column.name)).collect();
        let text = format!(
            "SELECT 1 FROM (VALUES {}) AS {} ({}){}",
            lines.join(", "),
            cell::quoted(alias),
            names.join(", "),
            if none { " WHERE false" } else { "" }
        );
        let dialect = sqlparser::dialect::PostgreSqlDialect {};
        let parsed = sqlparser::parser::Parser::parse_sql(&dialect, &text);
        let Some(Statement::Query(mut query)) = parsed.ok().and_then(|mut all| all.pop()) else {
            return Err(Problem::Syntax("RETURNING".to_owned()));
        };
        if let SetExpr::Select(select) = query.body.as_mut() {
            select.projection = items.to_vec();
        }
        let mut seen = self.seen_text("", Verb::Select);
        let (columns, rows) = self.read_whole(&query, &mut seen)?;
        self.out.push_back(Item::Columns(std::sync::Arc::clone(&columns)));
        for row in rows {
            let values = row.into_iter().zip(columns.iter()).map(|(value, c)| cell::value(value, &c.ty));
            self.out.push_back(Item::Row(values.collect()));
        }
        Ok(())
    }
}

/// A value as PostgreSQL reads it.
fn written(value: &Cell, ty: &str) -> String {
    match value {
        Cell::Integer(number) if ty == "boolean" => if *number == 0 { "false" } else { "true" }.to_owned(),
        Cell::Blob(bytes) => format!("'\\x{}'", hex::encode(bytes)),
        other => cell::literal(other),
    }
}

fn column(name: &str, ty: &SqlType) -> ColumnSpec {
    ColumnSpec {
        name: name.to_owned(),
        ty: ty.clone(),
        nullable: true,
        key: false,
        identity: false,
        binding: None,
        title: String::new(),
    }
}

/// The items over the relation of the rows.
fn query_of(items: &[SelectItem], target: &Target) -> Result<Query, Problem> {
    let mut made = Vec::new();
    for item in items {
        match item {
            SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), _) => {
                let side = parse_name(name).pop().unwrap_or_default();
                made.extend(target.columns.iter().map(|column| named(&side, &column.name)));
            }
            SelectItem::UnnamedExpr(Expr::CompoundIdentifier(parts)) => match parts.as_slice() {
                [side, name] => made.push(named(&side.value, &name.value)),
                _ => return Err(Problem::Syntax("OUTPUT".to_owned())),
            },
            SelectItem::UnnamedExpr(Expr::Value(value)) if is_action(&value.value) => {
                made.push(SelectItem::ExprWithAlias {
                    expr: action(),
                    alias: Ident::with_quote('"', "$action"),
                });
            }
            item => {
                let mut item = item.clone();
                let _ = item.visit(&mut Sides);
                made.push(item);
            }
        }
    }
    let text = format!("SELECT 1 FROM {}", cell::quoted(ROWS));
    let parsed = sqlparser::parser::Parser::parse_sql(&sqlparser::dialect::GenericDialect {}, &text);
    let Some(Statement::Query(mut query)) = parsed.ok().and_then(|mut all| all.pop()) else {
        return Err(Problem::Syntax("OUTPUT".to_owned()));
    };
    if let SetExpr::Select(select) = query.body.as_mut() {
        select.projection = made;
    }
    Ok(*query)
}

fn is_action(value: &Value) -> bool {
    matches!(value, Value::Placeholder(name) if name.eq_ignore_ascii_case("$action"))
}

fn action() -> Expr {
    Expr::Identifier(Ident::with_quote('"', "$action"))
}

/// `inserted.a`, which is a column of the relation.
fn side_of(side: &str, name: &str) -> Expr {
    Expr::Identifier(Ident::with_quote('"', format!("{}.{name}", side.to_lowercase())))
}

fn named(side: &str, name: &str) -> SelectItem {
    SelectItem::ExprWithAlias { expr: side_of(side, name), alias: Ident::with_quote('"', name) }
}

/// Puts columns of the relation in for `inserted.a` and `deleted.a`.
struct Sides;

impl VisitorMut for Sides {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        match expr {
            Expr::CompoundIdentifier(parts) => {
                if let [side, name] = parts.as_slice() {
                    *expr = side_of(&side.value, &name.value);
                }
            }
            Expr::Value(value) if is_action(&value.value) => *expr = action(),
            _ => {}
        }
        ControlFlow::Continue(())
    }
}
