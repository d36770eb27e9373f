//! Tables of a FROM: names, subqueries, functions of rows; and columns by their names.

use sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, Ident, JoinConstraint, JoinOperator, ObjectName, ObjectNamePart,
    Spanned, TableAlias, TableFactor, TableFunctionArgs,
};

use super::queries::rename;
use super::{Binder, Item, Out, Table, folded, quoted};
use crate::database::postgres::types::{PgType, oid};
use crate::database::problem::{Problem, Said};
use crate::database::rewrite::call;

/// A column that a name stands for.
pub(super) struct Found {
    pub alias: String,
    pub out: Out,
    /// What the engine calls it.
    pub name: String,
}

impl Binder<'_> {
    pub(super) fn factor(&mut self, factor: &mut TableFactor) -> Result<(), Problem> {
        match factor {
            TableFactor::Table { args: Some(_), .. } => self.called(factor),
            TableFactor::Function { name, args, alias, .. } => {
                let args = TableFunctionArgs { args: std::mem::take(args), settings: None };
                *factor = table(name.clone(), Some(args), alias.take());
                self.called(factor)
            }
            TableFactor::UNNEST { alias, array_exprs, .. } => {
                let args = array_exprs.drain(..).map(|e| FunctionArg::Unnamed(FunctionArgExpr::Expr(e)));
                let args = TableFunctionArgs { args: args.collect(), settings: None };
                *factor = table(named("unnest"), Some(args), alias.take());
                self.called(factor)
            }
            TableFactor::Table { .. } => self.named_table(factor),
            TableFactor::Derived { lateral, subquery, alias, .. } => {
                let is_lateral = std::mem::take(lateral);
                let mut out = self.query(subquery)?;
                let shown = alias.as_ref().map_or_else(String::new, |alias| folded(&alias.name));
                let names = alias.iter().flat_map(|alias| &alias.columns).map(|c| folded(&c.name));
                let names: Vec<String> = names.collect();
                if !names.is_empty() {
                    name_columns(subquery, &names);
                }
                rename(&mut out, &names);
                if let Some(alias) = alias {
                    alias.columns.clear();
                    alias.name = quoted(shown.clone());
                }
                if is_lateral {
                    let columns = out.iter().map(|column| column.name.clone()).collect();
                    self.listed(factor, &shown, columns)?;
                }
                self.add(shown, out, None);
                Ok(())
            }
            TableFactor::NestedJoin { table_with_joins, alias: None } => {
                self.table_with_joins(table_with_joins)
            }
            _ => Err(Problem::Unsupported("(".to_owned())),
        }
    }

    fn add(&mut self, alias: String, columns: Vec<Out>, value: Option<&'static str>) {
        if let Some(scope) = self.scope() {
            scope.items.push(Item { alias, columns, value, relation: String::new() });
        }
    }

    fn named_table(&mut self, factor: &mut TableFactor) -> Result<(), Problem> {
        let TableFactor::Table { name, alias, sample, .. } = factor else { return Ok(()) };
        *sample = None;
        let span = name.span();
        let parts: Vec<String> = name.0.iter().map(part).collect();
        let last = parts.last().cloned().unwrap_or_default();
        let shown = alias.as_ref().map_or_else(|| last.clone(), |alias| folded(&alias.name));
        let names: Vec<String> =
            alias.iter().flat_map(|alias| &alias.columns).map(|column| folded(&column.name)).collect();
        let common = self.common.iter().rev().find(|(known, _)| parts.len() == 1 && *known == last);
        if let Some((_, out)) = common {
            let mut out = out.clone();
            rename(&mut out, &names);
            *name = named(&last);
            *alias = Some(table_alias(&shown));
            self.add(shown, out, None);
            return Ok(());
        }
        let found = self.names.table(&parts).map_err(|problem| self.placed(problem, span))?;
        match found {
            Table::Columns(mut out) => {
                rename(&mut out, &names);
                *name =
                    ObjectName(parts.iter().map(|part| ObjectNamePart::Identifier(quoted(part))).collect());
                *alias = Some(table_alias(&shown));
                self.add(shown, out, None);
                if let Some(item) = self.scope().and_then(|scope| scope.items.last_mut()) {
                    item.relation = parts.join(".");
                }
            }
            Table::View(mut query) => {
                let (scopes, common) = (std::mem::take(&mut self.scopes), std::mem::take(&mut self.common));
                let out = self.query(&mut query);
                (self.scopes, self.common) = (scopes, common);
                let mut out = out?;
                for column in &mut out {
                    column.origin = Some((String::new(), last.clone(), column.name.clone()));
                }
                rename(&mut out, &names);
                let alias = Some(table_alias(&shown));
                *factor = TableFactor::Derived { lateral: false, subquery: query, alias, sample: None };
                self.add(shown, out, None);
            }
        }
        Ok(())
    }

    /// An error of a name, at its place.
    pub(super) fn placed(&self, problem: Problem, span: sqlparser::tokenizer::Span) -> Problem {
        let position = self.at(span);
        match problem {
            Problem::NoObject(name) => Problem::Said(Box::new(Said {
                code: "42P01",
                text: format!("relation \"{name}\" does not exist"),
                position,
                ..Said::default()
            })),
            other => other,
        }
    }

    /// A function in the place of a table.
    fn called(&mut self, factor: &mut TableFactor) -> Result<(), Problem> {
        let TableFactor::Table { name, alias, args: Some(args), with_ordinality, .. } = factor else {
            return Ok(());
        };
        let function = name.0.last().map(part).unwrap_or_default();
        let shown = alias.as_ref().map_or_else(|| function.clone(), |alias| folded(&alias.name));
        let names: Vec<String> =
            alias.iter().flat_map(|alias| &alias.columns).map(|column| folded(&column.name)).collect();
        let numbered = *with_ordinality;
        let mut arguments = Vec::new();
        for arg in std::mem::take(&mut args.args) {
            match arg {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => arguments.push(expr),
                _ => return Err(Problem::Arguments(function)),
            }
        }
        let mut types = Vec::new();
        for expr in &mut arguments {
            types.push(self.expr(expr)?);
        }
        let (expr, mut out) = self.rows_of(&function, arguments, &types, name.span())?;
        if out.len() == 1 && names.is_empty() && alias.is_some() {
            rename(&mut out, std::slice::from_ref(&shown));
        }
        rename(&mut out, &names);
        let args = vec![FunctionArg::Unnamed(FunctionArgExpr::Expr(expr))];
        let args = TableFunctionArgs { args, settings: None };
        *factor = table(named("json_each"), Some(args), Some(table_alias(&shown)));
        if numbered {
            return Err(Problem::Unsupported("ORDINALITY".to_owned()));
        }
        let value = Some("value");
        self.add(shown, out, value);
        Ok(())
    }

    /// A function of rows as a list for the engine, and the columns of its rows; the arguments are bound.
    pub(super) fn rows_of(
        &mut self,
        function: &str,
        arguments: Vec<Expr>,
        types: &[PgType],
        span: sqlparser::tokenizer::Span,
    ) -> Result<(Expr, Vec<Out>), Problem> {
        let first = types.first().copied().unwrap_or(PgType::of(oid::TEXT));
        if function == "pg_options_to_table" {
            let list = call("f_pg_rows_pg_options_to_table", arguments);
            let text = PgType::of(oid::TEXT);
            return Ok((list, vec![Out::new("option_name", text), Out::new("option_value", text)]));
        }
        let element = match function {
            "unnest" | "_pg_expandarray" => match first.oid {
                oid::INT2VECTOR => PgType::of(oid::INT2),
                oid::OIDVECTOR => PgType::of(oid::OID),
                _ => first.element().unwrap_or(PgType::of(oid::TEXT)),
            },
            "generate_series" if first.oid == oid::UNKNOWN => PgType::of(oid::INT4),
            "generate_series" => first,
            "generate_subscripts" => PgType::of(oid::INT4),
            "string_to_table" | "regexp_split_to_table" | "json_array_elements_text" | "pg_ls_dir" => {
                PgType::of(oid::TEXT)
            }
            "json_array_elements" => PgType::of(oid::JSON),
            "jsonb_array_elements" => PgType::of(oid::JSONB),
            "jsonb_array_elements_text" | "jsonb_object_keys" | "json_object_keys" => PgType::of(oid::TEXT),
            other => {
                return Err(self.no_function(other, types, span));
            }
        };
        if !self.names.may_call(function) {
            return Err(self.error(
                "42501",
                format!("permission denied for function {function}"),
                sqlparser::tokenizer::Span::empty(),
            ));
        }
        let list = call(&format!("f_pg_rows_{function}"), arguments);
        Ok((list, vec![Out::new(function, element)]))
    }

    pub(super) fn join(&mut self, operator: &mut JoinOperator) -> Result<(), Problem> {
        let constraint = match operator {
            JoinOperator::Join(c)
            | JoinOperator::Inner(c)
            | JoinOperator::Left(c)
            | JoinOperator::LeftOuter(c)
            | JoinOperator::Right(c)
            | JoinOperator::RightOuter(c)
            | JoinOperator::FullOuter(c)
            | JoinOperator::CrossJoin(c) => c,
            _ => return Err(Problem::Unsupported("JOIN".to_owned())),
        };
        match constraint {
            JoinConstraint::On(condition) => self.condition(condition, "JOIN/ON"),
            JoinConstraint::Using(names) => {
                let merged: Vec<String> = names.iter().filter_map(|name| name.0.last().map(part)).collect();
                *names = merged.iter().map(|name| named(name)).collect();
                if let Some(scope) = self.scope() {
                    scope.merged.extend(merged);
                }
                Ok(())
            }
            JoinConstraint::Natural => {
                if let Some(scope) = self.scope()
                    && let Some((last, before)) = scope.items.split_last()
                {
                    let both =
                        |name: &str| before.iter().any(|item| item.columns.iter().any(|c| c.name == name));
                    let names: Vec<String> =
                        last.columns.iter().map(|c| c.name.clone()).filter(|name| both(name)).collect();
                    scope.merged.extend(names);
                }
                Ok(())
            }
            JoinConstraint::None => Ok(()),
        }
    }

    /// The column that a bare name stands for: that of the innermost query that has one.
    pub(super) fn resolve(&self, name: &str) -> Option<Result<Found, ()>> {
        for scope in self.scopes.iter().rev() {
            let mut found: Option<Found> = None;
            for item in &scope.items {
                let Some(out) = item.columns.iter().find(|column| column.name == name) else { continue };
                if found.is_some() && !scope.merged.contains(&out.name) {
                    return Some(Err(()));
                }
                if found.is_none() {
                    let own = item.own(&out.name).to_owned();
                    found = Some(Found { alias: item.alias.clone(), out: out.clone(), name: own });
                }
            }
            if let Some(found) = found {
                return Some(Ok(found));
            }
        }
        None
    }

    /// The column of a table by the table's name.
    pub(super) fn resolve_in(&self, table: &str, name: &str) -> Option<Option<Found>> {
        for scope in self.scopes.iter().rev() {
            if let Some(item) = scope.items.iter().find(|item| item.alias == table) {
                let out = item.columns.iter().find(|column| column.name == name);
                return Some(out.map(|out| Found {
                    alias: item.alias.clone(),
                    out: out.clone(),
                    name: item.own(&out.name).to_owned(),
                }));
            }
        }
        None
    }

    /// What a plain column of a select list comes from.
    pub(super) fn origin(&self, expr: &Expr) -> Option<Out> {
        match expr {
            Expr::Identifier(ident) => self.resolve(&folded(ident))?.ok().map(|found| found.out),
            Expr::CompoundIdentifier(parts) => {
                let [.., table, column] = parts.as_slice() else { return None };
                self.resolve_in(&folded(table), &folded(column))?.map(|found| found.out)
            }
            _ => None,
        }
    }
}

/// Gives the columns of a subquery other names.
fn name_columns(query: &mut sqlparser::ast::Query, names: &[String]) {
    if let sqlparser::ast::SetExpr::Select(select) = query.body.as_mut() {
        for (item, name) in select.projection.iter_mut().zip(names) {
            if let sqlparser::ast::SelectItem::ExprWithAlias { alias, .. } = item {
                *alias = quoted(name.clone());
            }
        }
        return;
    }
    // VALUES and unions: a select around them names their columns.
    let inner = query.to_string();
    let columns =
        names.iter().zip(1..).map(|(name, at)| format!("column{at} AS \"{}\"", name.replace('"', "\"\"")));
    let text = format!("SELECT {} FROM ({inner})", columns.collect::<Vec<_>>().join(", "));
    let parsed = sqlparser::parser::Parser::parse_sql(&sqlparser::dialect::SQLiteDialect {}, &text);
    if let Some(sqlparser::ast::Statement::Query(made)) = parsed.ok().and_then(|mut all| all.pop()) {
        *query = *made;
    }
}

fn part(part: &ObjectNamePart) -> String {
    match part {
        ObjectNamePart::Identifier(ident) => folded(ident),
        ObjectNamePart::Function(function) => function.to_string(),
    }
}

pub(super) fn named(name: &str) -> ObjectName {
    ObjectName(vec![ObjectNamePart::Identifier(quoted(name))])
}

fn table_alias(name: &str) -> TableAlias {
    TableAlias { explicit: true, name: Ident::with_quote('"', name), columns: vec![], at: None }
}

pub(super) fn table(
    name: ObjectName,
    args: Option<TableFunctionArgs>,
    alias: Option<TableAlias>,
) -> TableFactor {
    TableFactor::Table {
        name,
        alias,
        args,
        with_hints: vec![],
        version: None,
        with_ordinality: false,
        partitions: vec![],
        json_path: None,
        sample: None,
        index_hints: vec![],
    }
}
