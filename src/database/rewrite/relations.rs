//! Names of tables.

use sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, Ident, ObjectName, ObjectNamePart, Query, Select, SelectItem,
    SelectItemQualifiedWildcardKind, SetExpr, Statement, TableAlias, TableAliasColumnDef, TableFactor,
    TableFunctionArgs, Value, WildcardAdditionalOptions,
};

use super::{MAX_VIEWS, Named, Read, Rewriting, build};
use crate::database::problem::Problem;

/// Words that stand in parentheses behind a table in SQL Server and say how it is to be read.
const HINTS: &[&str] = &[
    "nolock",
    "readuncommitted",
    "readpast",
    "rowlock",
    "holdlock",
    "updlock",
    "tablock",
    "tablockx",
    "xlock",
    "paglock",
    "noexpand",
    "readcommitted",
    "repeatableread",
    "serializable",
    "nowait",
    "index",
    "fastfirstrow",
];

/// The engine's own table of a list's elements, which functions of rows become.
const LIST: &str = "json_each";

impl Rewriting<'_> {
    pub(super) fn relation(&mut self, factor: &mut TableFactor) -> Result<(), Problem> {
        if let TableFactor::Derived { lateral, subquery, alias, .. } = factor {
            if *lateral {
                return Err(Problem::Unsupported("LATERAL".to_owned()));
            }
            if let Some(alias) = alias.as_mut().filter(|alias| !alias.columns.is_empty()) {
                name_columns(subquery, &std::mem::take(&mut alias.columns))?;
            }
            self.views += 1;
            return Ok(());
        }
        let TableFactor::Table {
            name,
            alias,
            args,
            with_hints,
            version,
            sample,
            index_hints,
            partitions,
            ..
        } = factor
        else {
            return Ok(());
        };
        with_hints.clear();
        index_hints.clear();
        partitions.clear();
        (*version, *sample) = (None, None);
        if let Some(alias) = alias.as_mut().filter(|alias| names_hints(alias)) {
            alias.columns.clear();
        }
        if args.as_ref().is_some_and(only_hints) {
            *args = None;
        }
        // `ZY_BRSYK a (nolock)`: the parser takes the hints for names of columns.
        if let Some(alias) =
            alias.as_mut().filter(|alias| alias.columns.iter().all(|c| is_hint(&c.name.value)))
        {
            alias.columns.clear();
        }
        let parts = build::parse_name(name);
        let last = parts.last().cloned().unwrap_or_default();
        let of_common = parts.len() == 1 && self.common.contains(&last.to_lowercase());
        if of_common || is_ours(name) || last == LIST && args.is_some() {
            return Ok(());
        }
        let shown = alias.as_ref().map_or_else(|| last.clone(), |alias| alias.name.value.clone());
        match self.names.table(&parts)? {
            Named::Relation { name: relation, kind, of_database } => {
                self.reads.push(Read { relation: relation.clone(), kind });
                *name = ObjectName(vec![ObjectNamePart::Identifier(Ident::with_quote('"', relation))]);
                if let Some(database) = of_database {
                    // What the function is asked about stands in the place of a database.
                    let database = match (last.to_lowercase().as_str(), args.as_ref()) {
                        ("fn_my_permissions", Some(given)) => second_text(given).unwrap_or(database),
                        _ => database,
                    };
                    let text = Expr::Value(Value::SingleQuotedString(database).into());
                    let args_list = vec![FunctionArg::Unnamed(FunctionArgExpr::Expr(text))];
                    *args = Some(TableFunctionArgs { args: args_list, settings: None });
                }
                if alias.is_none() {
                    *alias = Some(table_alias(&shown));
                }
            }
            Named::View(subquery) => {
                if self.views >= MAX_VIEWS {
                    return Err(Problem::TooDeep);
                }
                self.views += 1;
                let alias = alias.take().unwrap_or_else(|| table_alias(&shown));
                *factor = TableFactor::Derived { lateral: false, subquery, alias: Some(alias), sample: None };
            }
        }
        Ok(())
    }

    /// Writes `*` out where a table has columns behind its own.
    pub(super) fn spell_out(&mut self, select: &mut Select) {
        let factors = select.from.iter().flat_map(|from| {
            std::iter::once(&from.relation).chain(from.joins.iter().map(|join| &join.relation))
        });
        let tables: Vec<(Option<Ident>, Option<Vec<String>>)> = factors.map(|f| self.columns_of(f)).collect();
        if tables.iter().all(|(_, columns)| columns.is_none()) {
            return;
        }
        let mut items = Vec::with_capacity(select.projection.len());
        for item in std::mem::take(&mut select.projection) {
            match &item {
                SelectItem::Wildcard(_) if tables.iter().all(|(alias, _)| alias.is_some()) => {
                    items.extend(tables.iter().flat_map(columns_as_items));
                }
                SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), _) => {
                    let name = build::parse_name(name).pop().unwrap_or_default();
                    let meant = |alias: &Option<Ident>| {
                        alias.as_ref().is_some_and(|alias| alias.value.eq_ignore_ascii_case(&name))
                    };
                    match tables.iter().find(|(alias, columns)| meant(alias) && columns.is_some()) {
                        Some(table) => items.extend(columns_as_items(table)),
                        None => items.push(item),
                    }
                }
                _ => items.push(item),
            }
        }
        select.projection = items;
    }

    /// What a table is called, and its columns where they have to be named.
    fn columns_of(&mut self, factor: &TableFactor) -> (Option<Ident>, Option<Vec<String>>) {
        match factor {
            TableFactor::Table { name, alias, .. } => {
                let relation = build::parse_name(name).pop().unwrap_or_default();
                let alias = alias.as_ref().map(|alias| alias.name.clone());
                let columns = if is_ours(name) { self.names.columns(&relation) } else { None };
                (alias, columns)
            }
            TableFactor::Derived { alias, .. } => (alias.as_ref().map(|alias| alias.name.clone()), None),
            _ => (None, None),
        }
    }

    pub(super) fn leave(&mut self, factor: &TableFactor) {
        if matches!(factor, TableFactor::Derived { .. }) {
            self.views = self.views.saturating_sub(1);
        }
    }
}

/// `(VALUES (1, 2)) AS t (a, b)`: the engine takes the names of columns from the query alone.
fn name_columns(query: &mut Query, names: &[TableAliasColumnDef]) -> Result<(), Problem> {
    let quoted = |name: &TableAliasColumnDef| format!("\"{}\"", name.name.value.replace('"', "\"\""));
    if let SetExpr::Select(select) = query.body.as_mut() {
        for (item, name) in select.projection.iter_mut().zip(names) {
            if let SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } = &*item {
                let alias = Ident::with_quote('"', &name.name.value);
                *item = SelectItem::ExprWithAlias { expr: expr.clone(), alias };
            }
        }
        return Ok(());
    }
    if !matches!(query.body.as_ref(), SetExpr::Values(_)) {
        return Ok(());
    }
    let columns = names.iter().zip(1..).map(|(name, at)| format!("\"column{at}\" AS {}", quoted(name)));
    let text = format!("SELECT {} FROM (SELECT 1) AS \"values\"", columns.collect::<Vec<_>>().join(", "));
    let parsed = sqlparser::parser::Parser::parse_sql(&sqlparser::dialect::SQLiteDialect {}, &text);
    let Some(Statement::Query(mut outer)) = parsed.ok().and_then(|mut all| all.pop()) else {
        return Err(Problem::TooDeep);
    };
    if let SetExpr::Select(select) = outer.body.as_mut()
        && let Some(from) = select.from.first_mut()
        && let TableFactor::Derived { subquery, .. } = &mut from.relation
    {
        **subquery = query.clone();
    }
    *query = *outer;
    Ok(())
}

/// A table's columns by name, or all that it has.
fn columns_as_items((alias, columns): &(Option<Ident>, Option<Vec<String>>)) -> Vec<SelectItem> {
    let Some(alias) = alias else { return Vec::new() };
    match columns {
        Some(columns) => columns
            .iter()
            .map(|column| {
                let parts = vec![alias.clone(), Ident::with_quote('"', column)];
                SelectItem::UnnamedExpr(Expr::CompoundIdentifier(parts))
            })
            .collect(),
        None => {
            let name = ObjectName(vec![ObjectNamePart::Identifier(alias.clone())]);
            let kind = SelectItemQualifiedWildcardKind::ObjectName(name);
            vec![SelectItem::QualifiedWildcard(kind, WildcardAdditionalOptions::default())]
        }
    }
}

/// Whether a name was put in by a rewriting.
fn is_ours(name: &ObjectName) -> bool {
    match name.0.as_slice() {
        [ObjectNamePart::Identifier(ident)] => ident.value.contains('\u{1f}'),
        _ => false,
    }
}

fn table_alias(name: &str) -> TableAlias {
    TableAlias { explicit: true, name: Ident::with_quote('"', name), columns: vec![], at: None }
}

/// Whether the columns behind an alias are hints: `YY_KSBMK k (nolock)`.
fn names_hints(alias: &TableAlias) -> bool {
    let mut names = alias.columns.iter().map(|column| column.name.value.to_lowercase());
    names.all(|name| HINTS.contains(&name.as_str()))
}

fn only_hints(args: &TableFunctionArgs) -> bool {
    args.args.iter().all(|arg| match arg {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => {
            expr.to_string().split([' ', '(', '=']).next().is_some_and(is_hint)
        }
        _ => false,
    })
}

/// The second argument, where it is a text.
fn second_text(args: &TableFunctionArgs) -> Option<String> {
    match args.args.get(1)? {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => build::literal_text(expr).map(str::to_owned),
        _ => None,
    }
}

fn is_hint(word: &str) -> bool {
    HINTS.iter().any(|hint| word.eq_ignore_ascii_case(hint))
}
