//! Queries: TOP, FETCH, ROWNUM, FOR XML, and what a result's columns are called.

use rusqlite::types::Value as Cell;
use sqlparser::ast::{
    BinaryOperator, Expr, Fetch, ForClause, FunctionArguments, GroupByExpr, Ident, LimitClause, Offset,
    OffsetRows, Query, Select, SelectItem, SetExpr, Top, TopQuantity, Visit, Visitor,
};
use std::ops::ControlFlow;

use super::build::{call, literal};
use crate::database::catalog::Product;
use crate::database::problem::Problem;

/// Aggregates of all products, as the engine and the products call them.
const AGGREGATES: &[&str] = &[
    "count",
    "count_big",
    "sum",
    "avg",
    "min",
    "max",
    "total",
    "group_concat",
    "string_agg",
    "listagg",
    "wm_concat",
    "stdev",
    "var",
    "checksum_agg",
    "array_agg",
    "bool_or",
    "bool_and",
];

/// What is known of a column of a result before it runs.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::database) enum Projected {
    /// `*` or `t.*`.
    All,
    /// An expression, as it was written, under this name.
    One(Box<Expr>, String),
}

/// Before the parts of a query are looked at.
pub(super) fn before(query: &mut Query, product: Product) -> Result<(), Problem> {
    query.locks.clear();
    match &query.for_clause {
        Some(ForClause::Xml { .. }) => super::xml::apply(query)?,
        // The product has it since 2016.
        Some(ForClause::Json { .. }) => return Err(Problem::Syntax("JSON".to_owned())),
        Some(ForClause::Browse) | None => query.for_clause = None,
    }
    if product == Product::Oracle
        && let SetExpr::Select(select) = query.body.as_mut()
        && let Some(limit) = take_rownum(&mut select.selection)
        && query.limit_clause.is_none()
    {
        let inner = if query.order_by.is_some() { None } else { Some(limit) };
        query.limit_clause = inner.map(|limit| limited(Some(limit), None));
    }
    Ok(())
}

/// Takes `ROWNUM <= n` out of a condition.
fn take_rownum(selection: &mut Option<Expr>) -> Option<Expr> {
    match selection.take() {
        Some(Expr::BinaryOp { left, op: BinaryOperator::And, right }) => {
            let (mut first, mut second) = (Some(*left), Some(*right));
            let limit = take_rownum(&mut first).or_else(|| take_rownum(&mut second));
            *selection = match (first, second) {
                (Some(left), Some(right)) => Some(Expr::BinaryOp {
                    left: Box::new(left),
                    op: BinaryOperator::And,
                    right: Box::new(right),
                }),
                (one, None) | (None, one) => one,
            };
            limit
        }
        Some(Expr::BinaryOp { left, op, right }) if is_rownum(&left) => match op {
            BinaryOperator::LtEq => Some(*right),
            BinaryOperator::Lt => Some(minus_one(*right)),
            BinaryOperator::Eq => Some(*right),
            _ => {
                *selection = Some(Expr::BinaryOp { left, op, right });
                None
            }
        },
        other => {
            *selection = other;
            None
        }
    }
}

fn is_rownum(expr: &Expr) -> bool {
    matches!(expr, Expr::Identifier(ident) if ident.value.eq_ignore_ascii_case("rownum"))
}

fn minus_one(expr: Expr) -> Expr {
    let one = Box::new(literal(&Cell::Integer(1)));
    Expr::BinaryOp { left: Box::new(expr), op: BinaryOperator::Minus, right: one }
}

fn limited(limit: Option<Expr>, offset: Option<Offset>) -> LimitClause {
    LimitClause::LimitOffset { limit, offset, limit_by: vec![] }
}

/// After the parts of a query were looked at: TOP and FETCH become LIMIT.
pub(super) fn after(query: &mut Query) -> Result<(), Problem> {
    if let Some(Fetch { quantity, .. }) = query.fetch.take() {
        let offset = match query.limit_clause.take() {
            Some(LimitClause::LimitOffset { offset, .. }) => offset,
            Some(LimitClause::OffsetCommaLimit { .. }) | None => None,
        };
        let limit = quantity.unwrap_or_else(|| literal(&Cell::Integer(1)));
        query.limit_clause = Some(limited(Some(limit), offset));
    }
    if let Some(LimitClause::LimitOffset { limit: limit @ None, offset: Some(_), .. }) =
        &mut query.limit_clause
    {
        *limit = Some(Expr::Nested(Box::new(literal(&Cell::Integer(-1)))));
    }
    if let Some(LimitClause::LimitOffset { offset: Some(Offset { rows, .. }), .. }) = &mut query.limit_clause
    {
        *rows = OffsetRows::None;
    }
    if let SetExpr::Select(select) = query.body.as_mut()
        && let Some(top) = select.top.take()
    {
        let limit = top_limit(top, select, query.order_by.is_some())?;
        query.limit_clause = Some(limited(Some(limit), None));
    }
    wrap_tops(&mut query.body)
}

fn top_limit(top: Top, select: &Select, _: bool) -> Result<Expr, Problem> {
    let quantity = match top.quantity {
        Some(TopQuantity::Constant(n)) => literal(&Cell::Integer(i64::try_from(n).unwrap_or(i64::MAX))),
        Some(TopQuantity::Expr(expr)) => expr,
        None => return Err(Problem::Syntax("TOP".to_owned())),
    };
    if !top.percent {
        return Ok(quantity);
    }
    let mut counted = select.clone();
    (counted.top, counted.into) = (None, None);
    let text = format!("SELECT ((SELECT count(*) FROM ({counted})) * ({quantity}) + 99) / 100");
    let mut parsed = sqlparser::parser::Parser::parse_sql(&sqlparser::dialect::SQLiteDialect {}, &text)
        .map_err(|_| Problem::Syntax("PERCENT".to_owned()))?;
    match parsed.pop() {
        Some(sqlparser::ast::Statement::Query(query)) => Ok(Expr::Subquery(query)),
        _ => Err(Problem::Syntax("PERCENT".to_owned())),
    }
}

/// A TOP inside of a union stands in a query of its own.
fn wrap_tops(body: &mut SetExpr) -> Result<(), Problem> {
    match body {
        SetExpr::SetOperation { left, right, .. } => {
            wrap_tops(left)?;
            wrap_tops(right)
        }
        SetExpr::Select(select) if select.top.is_some() => {
            let top = select.top.take().ok_or(Problem::TooDeep)?;
            let limit = top_limit(top, select, false)?;
            let text = format!("SELECT * FROM ({select} LIMIT {limit})");
            let parsed = sqlparser::parser::Parser::parse_sql(&sqlparser::dialect::SQLiteDialect {}, &text);
            if let Some(sqlparser::ast::Statement::Query(query)) = parsed.ok().and_then(|mut all| all.pop()) {
                *body = *query.body;
            }
            Ok(())
        }
        // The engine has no parentheses inside of a union.
        SetExpr::Query(query)
            if query.order_by.is_none() && query.limit_clause.is_none() && query.with.is_none() =>
        {
            let inner = std::mem::replace(
                query.body.as_mut(),
                SetExpr::Values(sqlparser::ast::Values {
                    explicit_row: false,
                    value_keyword: false,
                    rows: vec![],
                }),
            );
            *body = inner;
            wrap_tops(body)
        }
        _ => Ok(()),
    }
}

/// Before the parts of a select are looked at.
pub(super) fn select(select: &mut Select, product: Product) -> Result<(), Problem> {
    select.optimizer_hints.clear();
    select.select_modifiers = None;
    select.into = None;
    if select.from.len() == 1 && matches!(product, Product::Oracle | Product::MySql) {
        let dual = select
            .from
            .first()
            .is_some_and(|from| from.joins.is_empty() && from.relation.to_string().to_lowercase() == "dual");
        if dual {
            select.from.clear();
        }
    }
    if !select.connect_by.is_empty() {
        return Err(Problem::Unsupported("CONNECT BY".to_owned()));
    }
    if product == Product::Oracle {
        for item in &mut select.projection {
            if let SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } = item
                && is_rownum(expr)
            {
                *expr = running_number();
            }
        }
    }
    name_derived(select);
    Ok(())
}

/// `row_number() over ()`.
fn running_number() -> Expr {
    let mut made = call("row_number", vec![]);
    if let Expr::Function(function) = &mut made {
        function.over = Some(sqlparser::ast::WindowType::WindowSpec(sqlparser::ast::WindowSpec {
            window_name: None,
            partition_by: vec![],
            order_by: vec![],
            window_frame: None,
        }));
    }
    made
}

/// Keeps the names of columns that the rewriting would change: `SELECT ISNULL(a, 0)` has none.
fn name_derived(select: &mut Select) {
    for item in &mut select.projection {
        if let SelectItem::UnnamedExpr(expr) = item
            && let Some(name) = written_name(expr)
        {
            *item = SelectItem::ExprWithAlias { expr: expr.clone(), alias: Ident::with_quote('"', name) };
        }
    }
}

/// The name of a plain column, as it was written.
fn written_name(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Identifier(ident) if !ident.value.starts_with('@') => Some(ident.value.clone()),
        Expr::CompoundIdentifier(parts) => parts.last().map(|ident| ident.value.clone()),
        _ => None,
    }
}

/// What is known of the columns of a query's result.
pub(in crate::database) fn projected(query: &Query, product: Product) -> Vec<Projected> {
    let Some(select) = first_select(&query.body) else { return vec![Projected::All] };
    let item = |item: &SelectItem| match item {
        SelectItem::UnnamedExpr(expr) => {
            let name = written_name(expr).unwrap_or_else(|| unnamed(expr, product));
            Projected::One(Box::new(expr.clone()), name)
        }
        SelectItem::ExprWithAlias { expr, alias } => {
            Projected::One(Box::new(expr.clone()), alias.value.clone())
        }
        SelectItem::ExprWithAliases { .. } | SelectItem::QualifiedWildcard(..) | SelectItem::Wildcard(_) => {
            Projected::All
        }
    };
    select.projection.iter().map(item).collect()
}

/// What the product calls a column that has no name.
fn unnamed(expr: &Expr, product: Product) -> String {
    match product {
        Product::SqlServer => String::new(),
        Product::MySql => expr.to_string(),
        Product::Oracle => expr.to_string().to_uppercase().replace(' ', ""),
        Product::Postgres => match expr {
            Expr::Function(function) => build_name(function).unwrap_or_else(|| "?column?".to_owned()),
            Expr::Cast { expr, data_type, .. } => match written_name(expr) {
                Some(name) => name,
                None => data_type.to_string().to_lowercase(),
            },
            Expr::Case { .. } => "case".to_owned(),
            Expr::Exists { .. } => "exists".to_owned(),
            _ => "?column?".to_owned(),
        },
    }
}

fn build_name(function: &sqlparser::ast::Function) -> Option<String> {
    super::parse_name(&function.name).pop().map(|name| name.to_lowercase())
}

fn first_select(body: &SetExpr) -> Option<&Select> {
    match body {
        SetExpr::Select(select) => Some(select),
        SetExpr::Query(query) => first_select(&query.body),
        SetExpr::SetOperation { left, .. } => first_select(left),
        _ => None,
    }
}

/// Whether a select's rows are records: no grouping, no DISTINCT.
pub(in crate::database) fn is_plain(select: &Select) -> bool {
    let aggregate = select.projection.iter().any(has_aggregate);
    select.distinct.is_none()
        && !is_grouped(select)
        && select.having.is_none()
        && !aggregate
        && !select.from.is_empty()
}

fn is_grouped(select: &Select) -> bool {
    match &select.group_by {
        GroupByExpr::Expressions(by, _) => !by.is_empty(),
        GroupByExpr::All(_) => true,
    }
}

/// Whether all that a select gives is how many rows there are.
pub(in crate::database) fn counts_only(select: &Select) -> bool {
    let counts = |item: &SelectItem| match item {
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => is_count(expr),
        SelectItem::ExprWithAliases { .. } | SelectItem::QualifiedWildcard(..) | SelectItem::Wildcard(_) => {
            false
        }
    };
    !is_grouped(select) && select.projection.iter().any(has_aggregate) && select.projection.iter().all(counts)
}

/// A number of rows, or a constant.
fn is_count(expr: &Expr) -> bool {
    match expr {
        Expr::Value(_) => true,
        Expr::Nested(inner) | Expr::Cast { expr: inner, .. } => is_count(inner),
        Expr::Function(function) => {
            let name = build_name(function).unwrap_or_default();
            let plain = match &function.args {
                FunctionArguments::List(list) => list.duplicate_treatment.is_none(),
                FunctionArguments::None | FunctionArguments::Subquery(_) => true,
            };
            match name.as_str() {
                "count" | "count_big" => plain && function.over.is_none(),
                // Injected questions wrap the number so that it fits a column of text.
                "f_convert" | "f_isnull" | "f_ifnull" | "f_concat" | "f_cast" | "f_char" => {
                    inner_arguments(function).all(is_count)
                }
                _ => false,
            }
        }
        _ => false,
    }
}

fn inner_arguments(function: &sqlparser::ast::Function) -> impl Iterator<Item = &Expr> {
    use sqlparser::ast::{FunctionArg, FunctionArgExpr};
    let list = match &function.args {
        FunctionArguments::List(list) => list.args.as_slice(),
        FunctionArguments::None | FunctionArguments::Subquery(_) => &[],
    };
    list.iter().filter_map(|arg| match arg {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
        _ => None,
    })
}

fn has_aggregate(item: &SelectItem) -> bool {
    struct Finder(usize);
    impl Visitor for Finder {
        type Break = ();
        fn pre_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
            self.0 += 1;
            ControlFlow::Continue(())
        }
        fn post_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
            self.0 -= 1;
            ControlFlow::Continue(())
        }
        fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
            match expr {
                Expr::Function(function) if self.0 == 0 && function.over.is_none() => {
                    let name = build_name(function).unwrap_or_default();
                    let alone = match &function.args {
                        FunctionArguments::List(list) => list.args.len() <= 1,
                        FunctionArguments::None | FunctionArguments::Subquery(_) => true,
                    };
                    let aggregate = AGGREGATES.contains(&name.as_str())
                        && (alone || !matches!(name.as_str(), "min" | "max"));
                    if aggregate { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
                }
                _ => ControlFlow::Continue(()),
            }
        }
    }
    item.visit(&mut Finder(0)).is_break()
}
