//! `LATERAL` and `DISTINCT ON`, which the engine has none of: the rows of the first become a list, those
//! of the second are numbered.

use std::ops::ControlFlow;

use rusqlite::types::Value as Cell;
use sqlparser::ast::{
    Distinct, Expr, FunctionArg, FunctionArgExpr, Ident, OrderByExpr, OrderByKind, Query, SelectItem,
    SetExpr, Statement, TableFactor, TableFunctionArgs, VisitMut, VisitorMut,
};

use super::sources::{named, table};
use super::{Binder, quoted};
use crate::database::problem::Problem;
use crate::database::rewrite::{call, literal};

/// A subquery that sees the tables before it: what it is called, and its columns.
pub(super) struct Lateral {
    alias: String,
    columns: Vec<String>,
}

/// Puts elements of a list's value in for columns of a lateral subquery.
struct Elements<'a>(&'a [Lateral]);

impl VisitorMut for Elements<'_> {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if let Expr::CompoundIdentifier(parts) = &*expr
            && let [alias, column] = parts.as_slice()
            && let Some(lateral) = self.0.iter().find(|lateral| lateral.alias == alias.value)
            && let Some(at) = lateral.columns.iter().position(|name| *name == column.value)
        {
            let value = Expr::CompoundIdentifier(vec![alias.clone(), quoted("value")]);
            let path = literal(&Cell::Text(format!("$[{at}]")));
            *expr = call("json_extract", vec![value, path]);
        }
        ControlFlow::Continue(())
    }
}

impl Binder<'_> {
    /// A bound lateral subquery as a list of its rows.
    pub(super) fn listed(
        &mut self,
        factor: &mut TableFactor,
        alias: &str,
        columns: Vec<String>,
    ) -> Result<(), Problem> {
        let TableFactor::Derived { subquery, .. } = &*factor else { return Ok(()) };
        let row = columns.iter().map(|name| Expr::Identifier(quoted(name.clone()))).collect();
        let rows = call("json_group_array", vec![call("json_array", row)]);
        let mut list = parsed("SELECT 1 FROM (SELECT 1) AS \"$rows\"")?;
        if let SetExpr::Select(select) = list.body.as_mut() {
            select.projection = vec![SelectItem::UnnamedExpr(rows)];
            if let Some(from) = select.from.first_mut()
                && let TableFactor::Derived { subquery: inner, .. } = &mut from.relation
            {
                inner.clone_from(subquery);
            }
        }
        let args = vec![FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Subquery(Box::new(list))))];
        let args = TableFunctionArgs { args, settings: None };
        let shown = sqlparser::ast::TableAlias {
            explicit: true,
            name: quoted(alias.to_owned()),
            columns: vec![],
            at: None,
        };
        *factor = table(named("json_each"), Some(args), Some(shown));
        self.lateral.push(Lateral { alias: alias.to_owned(), columns });
        Ok(())
    }

    /// The query of some lateral subqueries is bound: their columns are elements of a list.
    pub(super) fn leave_lateral(&mut self, query: &mut Query, before: usize) {
        let own = self.lateral.split_off(before);
        if !own.is_empty() {
            let _ = query.visit(&mut Elements(&own));
        }
    }
}

/// `SELECT DISTINCT ON (a) …`: of each group the first row by the order of the query.
pub(super) fn distinct_on(query: &mut Query) -> Result<(), Problem> {
    let SetExpr::Select(select) = query.body.as_mut() else { return Ok(()) };
    if !matches!(select.distinct, Some(Distinct::On(_))) {
        return Ok(());
    }
    let Some(Distinct::On(by)) = select.distinct.take() else { return Ok(()) };
    let items: Vec<(Expr, Ident)> = select
        .projection
        .iter()
        .filter_map(|item| match item {
            SelectItem::ExprWithAlias { expr, alias } => Some((expr.clone(), alias.clone())),
            _ => None,
        })
        .collect();
    let order: Vec<OrderByExpr> = match query.order_by.take().map(|order| order.kind) {
        Some(OrderByKind::Expressions(all)) => all,
        Some(OrderByKind::All(_)) | None => Vec::new(),
    };
    let meant = |one: &OrderByExpr| OrderByExpr { expr: item_of(&one.expr, &items), ..one.clone() };
    let order: Vec<OrderByExpr> = order.iter().map(meant).collect();
    let mut inner: Vec<SelectItem> = (0..)
        .zip(&items)
        .map(|(at, (expr, _))| SelectItem::ExprWithAlias {
            expr: expr.clone(),
            alias: quoted(format!("$c{at}")),
        })
        .collect();
    let by = by.iter().map(|expr| item_of(expr, &items)).collect();
    inner.push(SelectItem::ExprWithAlias { expr: numbered(by, order.clone()), alias: quoted("$on") });
    inner.extend((0..).zip(&order).map(|(at, one)| SelectItem::ExprWithAlias {
        expr: one.expr.clone(),
        alias: quoted(format!("$o{at}")),
    }));
    select.projection = inner;
    let mut outer = parsed("SELECT 1 FROM (SELECT 1) AS \"$distinct\" WHERE \"$on\" = 1 ORDER BY \"$o0\"")?;
    if let SetExpr::Select(around) = outer.body.as_mut() {
        around.projection = (0..)
            .zip(&items)
            .map(|(at, (_, alias))| SelectItem::ExprWithAlias {
                expr: Expr::Identifier(quoted(format!("$c{at}"))),
                alias: alias.clone(),
            })
            .collect();
        if let Some(from) = around.from.first_mut()
            && let TableFactor::Derived { subquery, .. } = &mut from.relation
            && let Some(body) = Some(query.body.clone())
        {
            subquery.body = body;
        }
    }
    let sorted = (0..)
        .zip(order)
        .map(|(at, one)| OrderByExpr { expr: Expr::Identifier(quoted(format!("$o{at}"))), ..one });
    let sorted: Vec<OrderByExpr> = sorted.collect();
    query.body = outer.body;
    query.order_by = outer.order_by.filter(|_| !sorted.is_empty()).map(|mut order| {
        order.kind = OrderByKind::Expressions(sorted);
        order
    });
    Ok(())
}

/// What a number or a name of the result stands for.
fn item_of(expr: &Expr, items: &[(Expr, Ident)]) -> Expr {
    let found = match expr {
        Expr::Value(value) => {
            let number =
                value.value.to_string().parse::<usize>().ok().and_then(|number| number.checked_sub(1));
            number.and_then(|at| items.get(at))
        }
        Expr::Identifier(ident) => items.iter().find(|(_, alias)| alias.value == ident.value),
        _ => None,
    };
    found.map_or_else(|| expr.clone(), |(meant, _)| meant.clone())
}

/// `row_number() OVER (PARTITION BY … ORDER BY …)`.
fn numbered(partition_by: Vec<Expr>, order_by: Vec<OrderByExpr>) -> Expr {
    let mut made = call("row_number", vec![]);
    if let Expr::Function(function) = &mut made {
        function.over = Some(sqlparser::ast::WindowType::WindowSpec(sqlparser::ast::WindowSpec {
            window_name: None,
            partition_by,
            order_by,
            window_frame: None,
        }));
    }
    made
}

fn parsed(text: &str) -> Result<Query, Problem> {
    let all = sqlparser::parser::Parser::parse_sql(&sqlparser::dialect::PostgreSqlDialect {}, text);
    match all.ok().and_then(|mut all| all.pop()) {
        Some(Statement::Query(query)) => Ok(*query),
        _ => Err(Problem::TooDeep),
    }
}
