//! Queries, their tables and their select lists.

use rusqlite::types::Value as Cell;
use sqlparser::ast::{
    BinaryOperator, Distinct, Expr, Fetch, FunctionArguments, GroupByExpr, LimitClause, OrderByExpr,
    OrderByKind, OrderBySort, Query, Select, SelectItem, SelectItemQualifiedWildcardKind, SetExpr,
};
use sqlparser::ast::{Spanned, TableWithJoins};

use super::{Binder, MAX_QUERIES, Out, Scope, folded, item_expr, quoted};
use crate::database::postgres::types::{PgType, oid};
use crate::database::problem::Problem;
use crate::database::rewrite::{call, literal, parse_name};

impl Binder<'_> {
    /// Binds a query; its columns.
    pub(super) fn query(&mut self, query: &mut Query) -> Result<Vec<Out>, Problem> {
        self.depth += 1;
        if self.depth > MAX_QUERIES {
            return Err(Problem::TooDeep);
        }
        let (known, lateral) = (self.common.len(), self.lateral.len());
        self.with(query)?;
        let scopes = self.scopes.len();
        let out = self.body(&mut query.body, true)?;
        self.order(query, &out)?;
        self.limit(query)?;
        super::lateral::distinct_on(query)?;
        self.leave_lateral(query, lateral);
        self.scopes.truncate(scopes);
        self.common.truncate(known);
        self.depth -= 1;
        Ok(out)
    }

    fn with(&mut self, query: &mut Query) -> Result<(), Problem> {
        let Some(with) = &mut query.with else { return Ok(()) };
        for cte in &mut with.cte_tables {
            let name = folded(&cte.alias.name);
            cte.alias.name = quoted(name.clone());
            let named: Vec<String> = cte.alias.columns.iter().map(|column| folded(&column.name)).collect();
            cte.materialized = None;
            if with.recursive
                && let SetExpr::SetOperation { left, .. } = cte.query.body.as_ref()
            {
                // What the first part gives is what the second one sees.
                let mut first = left.clone();
                let scopes = self.scopes.len();
                let mut out = self.body(&mut first, false)?;
                self.scopes.truncate(scopes);
                rename(&mut out, &named);
                self.common.push((name.clone(), out));
            }
            let mut out = self.query(&mut cte.query)?;
            rename(&mut out, &named);
            self.common.retain(|(known, _)| *known != name);
            self.common.push((name, out));
        }
        Ok(())
    }

    /// Binds a select, a union or VALUES; a select's tables stay in scope where `stays`.
    fn body(&mut self, body: &mut SetExpr, stays: bool) -> Result<Vec<Out>, Problem> {
        match body {
            SetExpr::Select(select) => {
                let scopes = self.scopes.len();
                let out = self.select(select)?;
                if !stays {
                    self.scopes.truncate(scopes);
                }
                Ok(out)
            }
            SetExpr::Query(query) => self.query(query),
            SetExpr::SetOperation { left, right, .. } => {
                let (one, other) = (self.body(left, false)?, self.body(right, false)?);
                if one.len() != other.len() {
                    return Err(Problem::Columns);
                }
                let merge = |(one, other): (Out, Out)| {
                    let unknown = one.ty.oid == oid::UNKNOWN;
                    let ty = if unknown || widens(one.ty, other.ty) { other.ty } else { one.ty };
                    Out { ty, origin: None, ..one }
                };
                Ok(one.into_iter().zip(other).map(merge).collect())
            }
            SetExpr::Values(values) => {
                let mut out: Vec<Out> = Vec::new();
                for row in &mut values.rows {
                    for (at, expr) in row.content.iter_mut().enumerate() {
                        let ty = self.expr(expr)?;
                        match out.get_mut(at) {
                            Some(known) if known.ty.oid == oid::UNKNOWN || widens(known.ty, ty) => {
                                known.ty = ty
                            }
                            Some(_) => {}
                            None => out.push(Out::new(format!("column{}", at + 1), ty)),
                        }
                    }
                }
                Ok(out)
            }
            _ => Err(Problem::Unsupported("TABLE".to_owned())),
        }
    }

    fn select(&mut self, select: &mut Select) -> Result<Vec<Out>, Problem> {
        self.scopes.push(Scope::default());
        let mut from = std::mem::take(&mut select.from);
        for table in &mut from {
            self.table_with_joins(table)?;
        }
        select.from = from;
        if let Some(condition) = &mut select.selection {
            self.condition(condition, "WHERE")?;
        }
        let out = self.projection(select)?;
        if let GroupByExpr::Expressions(by, _) = &mut select.group_by {
            for expr in by {
                self.by(expr, &out)?;
            }
        }
        if let Some(condition) = &mut select.having {
            self.condition(condition, "HAVING")?;
        }
        if let Some(Distinct::On(by)) = &mut select.distinct {
            for expr in by {
                self.by(expr, &out)?;
            }
        }
        for window in &mut select.named_window {
            window.0 = quoted(folded(&window.0));
            if let sqlparser::ast::NamedWindowExpr::WindowSpec(spec) = &mut window.1 {
                self.window(spec)?;
            }
        }
        let added = self.scope().map(|scope| std::mem::take(&mut scope.added)).unwrap_or_default();
        in_step(&mut select.selection, added.len());
        select.from.extend(added);
        Ok(out)
    }

    /// A condition must be a boolean.
    pub(super) fn condition(&mut self, expr: &mut Expr, clause: &str) -> Result<(), Problem> {
        let span = expr.span();
        let found = self.expr(expr)?;
        match found.oid {
            oid::BOOL => Ok(()),
            oid::UNKNOWN => self.assign(expr, found, PgType::of(oid::BOOL)),
            _ => {
                let ty = crate::database::postgres::format_type(found);
                let text = format!("argument of {clause} must be type boolean, not type {ty}");
                Err(self.error("42804", text, span))
            }
        }
    }

    fn projection(&mut self, select: &mut Select) -> Result<Vec<Out>, Problem> {
        let mut out = Vec::new();
        let mut made = Vec::new();
        for item in std::mem::take(&mut select.projection) {
            match item {
                SelectItem::Wildcard(_) => self.all(None, &mut made, &mut out)?,
                SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), _) => {
                    let alias = parse_name(&name).pop().unwrap_or_default();
                    self.all(Some((&alias, name.span())), &mut made, &mut out)?;
                }
                mut item => {
                    let name = match &item {
                        SelectItem::ExprWithAlias { alias, .. } => folded(alias),
                        SelectItem::UnnamedExpr(expr) => {
                            figured(expr).unwrap_or_else(|| "?column?".to_owned())
                        }
                        _ => "?column?".to_owned(),
                    };
                    let Some(expr) = item_expr(&mut item) else {
                        return Err(Problem::Syntax("*".to_owned()));
                    };
                    let origin = self.origin(expr);
                    let ty = self.expr(expr)?;
                    let (nullable, origin) = origin.map_or((true, None), |o| (o.nullable, o.origin));
                    let expr = super::expressions::taken(expr);
                    made.push(SelectItem::ExprWithAlias { expr, alias: quoted(name.clone()) });
                    out.push(Out { name, ty, nullable, origin });
                }
            }
        }
        if made.is_empty() {
            let expr = literal(&Cell::Null);
            made.push(SelectItem::ExprWithAlias { expr, alias: quoted("") });
        }
        select.projection = made;
        Ok(out)
    }

    /// `*` and `t.*`: the columns, one by one.
    fn all(
        &mut self,
        of: Option<(&str, sqlparser::tokenizer::Span)>,
        made: &mut Vec<SelectItem>,
        out: &mut Vec<Out>,
    ) -> Result<(), Problem> {
        let Some(scope) = self.scopes.last() else { return Ok(()) };
        let mut merged: Vec<&str> = Vec::new();
        let mut found = false;
        for item in scope.items.iter().filter(|item| of.is_none_or(|(alias, _)| item.alias == alias)) {
            found = true;
            for column in &item.columns {
                if of.is_none() && scope.merged.contains(&column.name) {
                    if merged.contains(&column.name.as_str()) {
                        continue;
                    }
                    merged.push(&column.name);
                }
                let name = item.own(&column.name);
                let expr = Expr::CompoundIdentifier(vec![quoted(item.alias.clone()), quoted(name)]);
                made.push(SelectItem::ExprWithAlias { expr, alias: quoted(column.name.clone()) });
                out.push(column.clone());
            }
        }
        match of {
            Some((alias, span)) if !found => {
                let text = format!("missing FROM-clause entry for table \"{alias}\"");
                Err(self.error("42P01", text, span))
            }
            None if !found => Err(Problem::Said(Box::new(crate::database::problem::Said {
                code: "42601",
                text: "SELECT * with no tables specified is not valid".to_owned(),
                ..Default::default()
            }))),
            _ => Ok(()),
        }
    }

    /// A number or a name of the result stays; anything else is bound.
    fn by(&mut self, expr: &mut Expr, out: &[Out]) -> Result<(), Problem> {
        match expr {
            Expr::Value(value) if matches!(value.value, sqlparser::ast::Value::Number(..)) => Ok(()),
            Expr::Identifier(ident) if out.iter().any(|column| column.name == folded(ident)) => {
                // A column of a table goes before one of the result where both are there.
                if self.resolve(&folded(ident)).is_some() {
                    return self.expr(expr).map(|_| ());
                }
                *ident = quoted(folded(ident));
                Ok(())
            }
            expr => self.expr(expr).map(|_| ()),
        }
    }

    fn order(&mut self, query: &mut Query, out: &[Out]) -> Result<(), Problem> {
        let plain = matches!(query.body.as_ref(), SetExpr::Select(_));
        let Some(order) = &mut query.order_by else { return Ok(()) };
        let OrderByKind::Expressions(all) = &mut order.kind else { return Ok(()) };
        for one in all {
            match &mut one.expr {
                Expr::Identifier(ident) if out.iter().any(|column| column.name == folded(ident)) => {
                    *ident = quoted(folded(ident));
                }
                Expr::Value(_) => {}
                expr if plain => {
                    self.expr(expr)?;
                }
                _ => {}
            }
            nulls(one);
        }
        Ok(())
    }

    pub(super) fn window(&mut self, spec: &mut sqlparser::ast::WindowSpec) -> Result<(), Problem> {
        spec.window_name = spec.window_name.take().map(|name| quoted(folded(&name)));
        for expr in &mut spec.partition_by {
            self.expr(expr)?;
        }
        for one in &mut spec.order_by {
            self.expr(&mut one.expr)?;
            nulls(one);
        }
        Ok(())
    }

    fn limit(&mut self, query: &mut Query) -> Result<(), Problem> {
        let wanted = PgType::of(oid::INT8);
        if let Some(LimitClause::LimitOffset { limit, offset, .. }) = &mut query.limit_clause {
            if let Some(limit) = limit {
                let found = self.expr(limit)?;
                self.assign(limit, found, wanted)?;
                let all = literal(&Cell::Integer(-1));
                *limit = call("coalesce", vec![super::expressions::taken(limit), all]);
            }
            if let Some(offset) = offset {
                let found = self.expr(&mut offset.value)?;
                self.assign(&mut offset.value, found, wanted)?;
            }
        }
        if let Some(Fetch { quantity: Some(quantity), .. }) = &mut query.fetch {
            let found = self.expr(quantity)?;
            self.assign(quantity, found, wanted)?;
        }
        Ok(())
    }

    /// Object identifiers of a result are shown by their names.
    pub(super) fn show_objects(&mut self, query: &mut Query, out: &mut [Out]) {
        let Some(select) = first_select(&mut query.body) else { return };
        for (item, column) in select.projection.iter_mut().zip(out) {
            if super::coerce::is_object(column.ty)
                && let Some(expr) = item_expr(item)
            {
                let name = literal(&Cell::Text(super::coerce::type_word(column.ty)));
                *expr = call("f_pg_object_name", vec![name, super::expressions::taken(expr)]);
            }
        }
    }

    pub(super) fn table_with_joins(&mut self, table: &mut TableWithJoins) -> Result<(), Problem> {
        self.factor(&mut table.relation)?;
        for join in &mut table.joins {
            self.factor(&mut join.relation)?;
            self.join(&mut join.join_operator)?;
        }
        Ok(())
    }
}

fn first_select(body: &mut SetExpr) -> Option<&mut Select> {
    match body {
        SetExpr::Select(select) => Some(select),
        SetExpr::Query(query) => first_select(&mut query.body),
        _ => None,
    }
}

pub(super) fn rename(out: &mut [Out], names: &[String]) {
    for (column, name) in out.iter_mut().zip(names) {
        column.name.clone_from(name);
    }
}

/// NULL is the greatest value of all.
fn nulls(one: &mut OrderByExpr) {
    let down = matches!(one.options.sort, Some(OrderBySort::Desc));
    one.options.nulls_first.get_or_insert(down);
}

/// Whether a union of two types is the second one.
pub(super) fn widens(one: PgType, other: PgType) -> bool {
    const RANKS: [u32; 6] = [oid::INT2, oid::INT4, oid::INT8, oid::NUMERIC, oid::FLOAT4, oid::FLOAT8];
    let rank = |ty: PgType| RANKS.iter().position(|oid| *oid == ty.oid);
    rank(one).zip(rank(other)).is_some_and(|(one, other)| other > one)
        || matches!(
            (one.oid, other.oid),
            (oid::DATE, oid::TIMESTAMP | oid::TIMESTAMPTZ) | (oid::TIMESTAMP, oid::TIMESTAMPTZ)
        )
        || matches!((one.oid, other.oid), (oid::NAME | oid::VARCHAR | oid::BPCHAR | oid::CHAR, oid::TEXT))
}

/// The name of a column of a result that is not given one.
fn figured(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Identifier(ident) => Some(folded(ident)),
        Expr::CompoundIdentifier(parts) => parts.last().map(folded),
        Expr::Function(function) => {
            let name = parse_name(&function.name).pop()?.to_lowercase();
            Some(if matches!(function.args, FunctionArguments::Subquery(_)) {
                "array".to_owned()
            } else {
                name
            })
        }
        Expr::Cast { expr, data_type, .. } => figured(expr).or_else(|| {
            let ty = PgType::named(&data_type.to_string())?;
            Some(ty.known()?.name.to_owned())
        }),
        Expr::TypedString(typed) => {
            Some(PgType::named(&typed.data_type.to_string())?.known()?.name.to_owned())
        }
        Expr::Case { else_result, .. } => {
            Some(else_result.as_deref().and_then(figured_name).unwrap_or_else(|| "case".to_owned()))
        }
        Expr::Exists { .. } => Some("exists".to_owned()),
        Expr::Array(_) => Some("array".to_owned()),
        Expr::Tuple(_) => Some("row".to_owned()),
        Expr::Nested(inner) => figured(inner),
        Expr::Collate { expr, .. } => figured(expr),
        Expr::CompoundFieldAccess { root, .. } => figured(root),
        Expr::Extract { .. } => Some("extract".to_owned()),
        Expr::Substring { .. } => Some("substring".to_owned()),
        Expr::Position { .. } => Some("position".to_owned()),
        Expr::Trim { .. } => Some("btrim".to_owned()),
        Expr::Ceil { .. } => Some("ceil".to_owned()),
        Expr::Floor { .. } => Some("floor".to_owned()),
        Expr::AtTimeZone { .. } => Some("timezone".to_owned()),
        Expr::Interval(_) => Some("interval".to_owned()),
        Expr::Value(value) => match &value.value {
            sqlparser::ast::Value::Boolean(_) => Some("bool".to_owned()),
            _ => None,
        },
        Expr::Subquery(query) => match query.body.as_ref() {
            SetExpr::Select(select) => match select.projection.first()? {
                SelectItem::ExprWithAlias { alias, .. } => Some(folded(alias)),
                SelectItem::UnnamedExpr(expr) => figured(expr),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    }
}

/// A name that is stronger than that of a CASE.
fn figured_name(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) | Expr::Function(_) => figured(expr),
        _ => None,
    }
}

/// Functions of rows in one select list give their rows side by side.
fn in_step(selection: &mut Option<Expr>, functions: usize) {
    for at in 1..functions {
        let key = |at: usize| Expr::CompoundIdentifier(vec![quoted(format!("$rows{at}")), quoted("key")]);
        let same = |left, op, right| Expr::BinaryOp { left: Box::new(left), op, right: Box::new(right) };
        let step = same(key(at), BinaryOperator::Eq, key(0));
        *selection = Some(match selection.take() {
            Some(before) => same(Expr::Nested(Box::new(before)), BinaryOperator::And, step),
            None => step,
        });
    }
}
