//! Turns a product's statement into one of the engine: the syntax tree is changed in place and then
//! written out.

mod build;
mod calls;
mod counting;
mod expressions;
mod queries;
mod relations;
mod xml;

pub(super) use build::{call, literal, literal_text, parse_name};
pub(super) use counting::{put_count, whole_table};
pub(super) use queries::{Projected, counts_only, is_plain, projected};
pub(super) use xml::{RAW as XML_RAW, ROW as XML_ROW, VALUE as XML_VALUE};

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use rusqlite::types::Value as Cell;
use sqlparser::ast::{
    Expr, Ident, ObjectName, OrderByExpr, Query, Select, TableFactor, Value, ValueWithSpan, VisitMut,
    VisitorMut,
};

use super::catalog::Product;
use super::problem::Problem;
use crate::event::observation::RecordKind;

/// Most views that stand inside each other, so that one that names itself ends.
const MAX_VIEWS: usize = 8;

/// What a name of a table stands for.
pub(super) enum Named {
    /// A relation of the engine.
    Relation {
        /// Its name there.
        name: String,
        /// The records of the world that its rows are; it has the hidden column of their ids then.
        kind: Option<RecordKind>,
        /// A database that a table of the catalogue is asked about.
        of_database: Option<String>,
    },
    /// A view: its query, all names in it written out.
    View(Box<Query>),
}

/// What a rewriting asks of the connection.
pub(super) trait Names {
    /// What a table's name stands for.
    fn table(&mut self, parts: &[String]) -> Result<Named, Problem>;
    /// The value of a variable (`@x`, `@@x`, `:x`, `$1`, `?`).
    fn variable(&mut self, name: &str) -> Result<Cell, Problem>;
    /// The product.
    fn product(&self) -> Product;
    /// Now, local, as text of the engine.
    fn now(&self) -> String;
    /// Whether a function of this name is the engine's own for this product.
    fn has_function(&self, name: &str) -> bool;
    /// Names of the columns of a relation that has others behind them, which `*` may not give.
    fn columns(&mut self, relation: &str) -> Option<Vec<String>>;
    /// What a function without arguments or a pseudo column gives (`USER`, `SYSDATE`, `DATABASE()`).
    fn constant(&mut self, name: &str) -> Option<Cell>;
}

/// A table that a statement reads, and the records of the world that its rows are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Read {
    pub relation: String,
    pub kind: Option<RecordKind>,
}

/// One rewriting.
pub(super) struct Rewriting<'a> {
    names: &'a mut dyn Names,
    /// Names of common table expressions seen so far.
    common: BTreeSet<String>,
    views: usize,
    /// Tables that were named, in order.
    pub reads: Vec<Read>,
    /// `?` met so far.
    questions: usize,
}

impl<'a> Rewriting<'a> {
    pub(super) fn new(names: &'a mut dyn Names) -> Self {
        Rewriting { names, common: BTreeSet::new(), views: 0, reads: Vec::new(), questions: 0 }
    }

    /// Rewrites a tree in place.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn apply<T: VisitMut>(&mut self, tree: &mut T) -> Result<(), Problem> {
        match tree.visit(self) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(problem) => Err(problem),
        }
    }

    fn product(&self) -> Product {
        self.names.product()
    }
}

fn flow(result: Result<(), Problem>) -> ControlFlow<Problem> {
    match result {
        Ok(()) => ControlFlow::Continue(()),
        Err(problem) => ControlFlow::Break(problem),
    }
}

impl VisitorMut for Rewriting<'_> {
    type Break = Problem;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Problem> {
        if let Some(with) = &query.with {
            self.common.extend(with.cte_tables.iter().map(|cte| cte.alias.name.value.to_lowercase()));
        }
        flow(queries::before(query, self.product()))
    }

    fn post_visit_query(&mut self, query: &mut Query) -> ControlFlow<Problem> {
        flow(queries::after(query))
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<Problem> {
        flow(queries::select(select, self.product()))
    }

    fn post_visit_select(&mut self, select: &mut Select) -> ControlFlow<Problem> {
        self.spell_out(select);
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Problem> {
        flow(self.relation(factor))
    }

    fn post_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Problem> {
        self.leave(factor);
        ControlFlow::Continue(())
    }

    fn post_visit_relation(&mut self, _: &mut ObjectName) -> ControlFlow<Problem> {
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Problem> {
        flow(self.before_expression(expr))
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Problem> {
        flow(self.after_expression(expr))
    }

    fn post_visit_value(&mut self, value: &mut ValueWithSpan) -> ControlFlow<Problem> {
        flow(self.value(&mut value.value))
    }

    fn post_visit_ident(&mut self, ident: &mut Ident) -> ControlFlow<Problem> {
        ident.quote_style = Some('"');
        ControlFlow::Continue(())
    }

    fn post_visit_order_by_expr(&mut self, order: &mut OrderByExpr) -> ControlFlow<Problem> {
        // A number names a column of the result; anything else constant means nothing.
        if let Expr::Value(ValueWithSpan { value: Value::Null, .. }) = order.expr {
            order.expr = literal(&Cell::Integer(1));
        }
        ControlFlow::Continue(())
    }
}
