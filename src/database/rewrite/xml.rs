//! `FOR XML`: the rows of a query as one text.

use rusqlite::types::Value as Cell;
use sqlparser::ast::{
    Expr, ForClause, ForXml, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, OrderByKind,
    Query, Select, SelectItem, SetExpr, Statement,
};

use super::build::{call, literal, literal_text};
use super::queries::{Projected, projected};
use crate::database::catalog::Product;
use crate::database::problem::Problem;

/// The function that writes one row; no statement of a client can name it.
pub(in crate::database) const ROW: &str = "xml\u{1f}row";

/// The function behind `.value('.', 'nvarchar(max)')`.
pub(in crate::database) const VALUE: &str = "xml\u{1f}value";

/// Stands for the name of a column that is XML already.
pub(in crate::database) const RAW: &str = "\u{1f}";

/// What the product calls the column of the text.
const COLUMN: &str = "XML_F52E2B61-18A1-11d1-B105-00805F49916B";

/// Most columns that a row is written from: the engine takes 127 arguments.
const MAX_COLUMNS: usize = 60;

/// Turns a query with `FOR XML` into one that gives the text.
pub(super) fn apply(query: &mut Query) -> Result<(), Problem> {
    let Some(ForClause::Xml { for_xml, elements, root, .. }) = query.for_clause.take() else { return Ok(()) };
    let unsupported = || Problem::Unsupported("XML".to_owned());
    let names: Vec<(Expr, String)> = projected(query, Product::SqlServer)
        .into_iter()
        .map(|item| match item {
            Projected::One(expr, name) => Some((*expr, name)),
            Projected::All => None,
        })
        .collect::<Option<_>>()
        .ok_or_else(unsupported)?;
    if names.len() > MAX_COLUMNS {
        return Err(unsupported());
    }
    let SetExpr::Select(select) = query.body.as_mut() else { return Err(unsupported()) };
    let row = match &for_xml {
        ForXml::Path(row) => row.clone().unwrap_or_else(|| "row".to_owned()),
        ForXml::Raw(row) => row.clone().unwrap_or_else(|| "row".to_owned()),
        ForXml::Auto => table_name(select),
        ForXml::Explicit => return Err(unsupported()),
    };
    let attributes = !matches!(for_xml, ForXml::Path(_)) && !elements;
    let mut arguments = vec![literal(&Cell::Text(row))];
    for (expr, name) in names {
        let name = if attributes { format!("@{name}") } else { name };
        arguments.extend([literal(&Cell::Text(name)), expr]);
    }
    let alias = Ident::with_quote('"', COLUMN);
    select.projection.push(SelectItem::ExprWithAlias { expr: call(ROW, arguments), alias });
    if query.order_by.as_ref().is_some_and(|order| matches!(order.kind, OrderByKind::All(_))) {
        return Err(unsupported());
    }
    *query = joined(query, root.as_deref()).ok_or_else(unsupported)?;
    Ok(())
}

/// What `FOR XML AUTO` calls a row: the first table.
fn table_name(select: &Select) -> String {
    let Some(from) = select.from.first() else { return "row".to_owned() };
    match &from.relation {
        sqlparser::ast::TableFactor::Table { name, alias, .. } => match alias {
            Some(alias) => alias.name.value.clone(),
            None => name.to_string().replace(['[', ']', '"'], ""),
        },
        _ => "row".to_owned(),
    }
}

/// All rows of a query in one text, in their order.
fn joined(query: &Query, root: Option<&str>) -> Option<Query> {
    let template =
        format!("SELECT \"group_concat\"(\"{COLUMN}\", '') AS \"{COLUMN}\" FROM (SELECT 1) AS \"rows\"");
    let parsed = sqlparser::parser::Parser::parse_sql(&sqlparser::dialect::SQLiteDialect {}, &template);
    let Some(Statement::Query(mut outer)) = parsed.ok()?.pop() else { return None };
    let SetExpr::Select(select) = outer.body.as_mut() else { return None };
    if let sqlparser::ast::TableFactor::Derived { subquery, .. } = &mut select.from.first_mut()?.relation {
        **subquery = query.clone();
    }
    if let (Some(root), Some(SelectItem::ExprWithAlias { expr, .. })) = (root, select.projection.first_mut())
    {
        let text = std::mem::replace(expr, literal(&Cell::Null));
        let (element, raw) = (Cell::Text(root.to_owned()), Cell::Text(RAW.to_owned()));
        *expr = call(ROW, vec![literal(&element), literal(&raw), text]);
    }
    Some(*outer)
}

/// `(SELECT … FOR XML PATH(''), TYPE).value('.', 'nvarchar(max)')`: its text.
pub(super) fn value(root: &Expr, method: &Function) -> Option<Expr> {
    if !method.name.to_string().trim_matches(['[', ']']).eq_ignore_ascii_case("value") {
        return None;
    }
    let FunctionArguments::List(list) = &method.args else { return None };
    let [FunctionArg::Unnamed(FunctionArgExpr::Expr(path)), _] = list.args.as_slice() else { return None };
    let whole = matches!(
        literal_text(path)?,
        "." | "(.)[1]" | "./text()[1]" | "text()[1]" | "(./text())[1]" | "(text())[1]"
    );
    whole.then(|| call(VALUE, vec![root.clone()]))
}
