//! Which records the rows of a query are made of: hidden columns and conditions that say so.
//!
//! A select whose rows are records gives their ids in columns of its own behind the visible ones; they
//! pass through views and derived tables. Where rows are grouped, made one or joined by UNION, a
//! condition behind all others notes the ids of the rows that it meets.

use std::collections::BTreeMap;

use sqlparser::ast::{
    BinaryOperator, Expr, Ident, Query, Select, SelectItem, SetExpr, TableFactor, TableWithJoins,
};

use crate::database::records::WORLD_ID;
use crate::database::rewrite::{Read, call, counts_only, is_plain, literal, parse_name};
use crate::event::observation::RecordKind;

/// What names of hidden columns begin with; a number follows.
pub(super) const HIDDEN: char = '\u{1f}';

/// Function of the engine that notes ids.
pub(super) const NOTE: &str = "f_note";

/// Most hidden columns of a query: one for each table that its rows come from.
const MAX_MARKS: usize = 24;

/// Deepest derived tables that are followed.
const MAX_DEPTH: usize = 10;

/// A query with its marks.
pub(super) struct Marked {
    pub query: Query,
    /// Kinds by the number of a hidden column, or of a noting condition.
    pub kinds: Vec<RecordKind>,
}

/// Adds marks to a query that was rewritten; `None` where none can be added.
pub(super) fn marked(query: &Query, reads: &[Read]) -> Option<Marked> {
    let world = reads.iter().filter_map(|read| Some((read.relation.as_str(), read.kind?))).collect();
    let mut marks = Marks { world, common: BTreeMap::new(), kinds: Vec::new() };
    if marks.world.is_empty() || is_counting(query) {
        return None;
    }
    let mut query = query.clone();
    marks.query(&mut query, 0);
    (!marks.kinds.is_empty()).then_some(Marked { query, kinds: marks.kinds })
}

/// Whether a query only counts: its rows say nothing of any record.
pub(super) fn is_counting(query: &Query) -> bool {
    match query.body.as_ref() {
        SetExpr::Select(select) => counts_only(select),
        SetExpr::Query(query) => is_counting(query),
        _ => false,
    }
}

/// A column that gives ids: its number and the expression that names it.
type Id = (usize, Expr);

struct Marks<'a> {
    /// Kinds of records by relation.
    world: BTreeMap<&'a str, RecordKind>,
    /// Ids that common table expressions give.
    common: BTreeMap<String, Vec<usize>>,
    kinds: Vec<RecordKind>,
}

impl Marks<'_> {
    /// Marks a query; gives the numbers of the hidden columns that it has from now on.
    fn query(&mut self, query: &mut Query, depth: usize) -> Vec<usize> {
        if depth > MAX_DEPTH {
            return Vec::new();
        }
        if let Some(with) = query.with.as_mut().filter(|with| !with.recursive) {
            for cte in &mut with.cte_tables {
                if cte.alias.columns.is_empty() {
                    let numbers = self.query(&mut cte.query, depth + 1);
                    self.common.insert(cte.alias.name.value.to_lowercase(), numbers);
                }
            }
        }
        self.body(&mut query.body, depth)
    }

    fn body(&mut self, body: &mut SetExpr, depth: usize) -> Vec<usize> {
        match body {
            SetExpr::Select(select) if is_plain(select) => self.rows(select, depth),
            SetExpr::Query(query) => self.query(query, depth + 1),
            other => {
                self.noted(other, depth);
                Vec::new()
            }
        }
    }

    /// A select whose rows are records: their ids stand beside them.
    fn rows(&mut self, select: &mut Select, depth: usize) -> Vec<usize> {
        let ids = self.ids(&mut select.from, depth, true);
        let column = |(number, expr): Id| {
            let alias = Ident::with_quote('"', format!("{HIDDEN}{number}"));
            select.projection.push(SelectItem::ExprWithAlias { expr, alias });
            number
        };
        ids.into_iter().map(column).collect()
    }

    /// What is no such select notes the ids of all rows that it is made of.
    fn noted(&mut self, body: &mut SetExpr, depth: usize) {
        match body {
            SetExpr::Select(select) => {
                // A hidden column would come out with the others.
                let all = select
                    .projection
                    .iter()
                    .any(|item| matches!(item, SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..)));
                let ids = self.ids(&mut select.from, depth, !all);
                if ids.is_empty() {
                    return;
                }
                let number = |number: usize| i64::try_from(number).unwrap_or(0);
                let arguments = ids
                    .into_iter()
                    .flat_map(|(at, expr)| [literal(&rusqlite::types::Value::Integer(number(at))), expr]);
                let note = call(NOTE, arguments.collect());
                select.selection = Some(match select.selection.take() {
                    None => note,
                    Some(condition) => Expr::BinaryOp {
                        left: Box::new(Expr::Nested(Box::new(condition))),
                        op: BinaryOperator::And,
                        right: Box::new(note),
                    },
                });
            }
            SetExpr::SetOperation { left, right, .. } => {
                self.noted(left, depth);
                self.noted(right, depth);
            }
            SetExpr::Query(query) if depth <= MAX_DEPTH => self.noted(&mut query.body, depth + 1),
            _ => {}
        }
    }

    /// Ids of the rows that stand in a FROM; `columns` says whether derived tables may give theirs in
    /// columns of their own.
    fn ids(&mut self, from: &mut [TableWithJoins], depth: usize, columns: bool) -> Vec<Id> {
        let factors = from.iter_mut().flat_map(|from| {
            std::iter::once(&mut from.relation).chain(from.joins.iter_mut().map(|join| &mut join.relation))
        });
        let mut ids = Vec::new();
        for factor in factors {
            match factor {
                TableFactor::Table { name, alias, .. } => {
                    let name = parse_name(name).pop().unwrap_or_default();
                    let shown = alias.as_ref().map_or_else(|| name.clone(), |alias| alias.name.value.clone());
                    if let Some(kind) = self.world.get(name.as_str()).copied() {
                        if self.kinds.len() < MAX_MARKS {
                            ids.push((self.kinds.len(), column(Some(&shown), WORLD_ID)));
                            self.kinds.push(kind);
                        }
                    } else if let (Some(numbers), true) = (self.common.get(&name.to_lowercase()), columns) {
                        ids.extend(
                            numbers.iter().map(|at| (*at, column(Some(&shown), &format!("{HIDDEN}{at}")))),
                        );
                    }
                }
                TableFactor::Derived { subquery, alias, .. } => {
                    let renamed = alias.as_ref().is_some_and(|alias| !alias.columns.is_empty());
                    if !columns || renamed {
                        self.noted(&mut subquery.body, depth + 1);
                        continue;
                    }
                    let shown = alias.as_ref().map(|alias| alias.name.value.clone());
                    let numbers = self.query(subquery, depth + 1);
                    let of = |at: usize| (at, column(shown.as_deref(), &format!("{HIDDEN}{at}")));
                    ids.extend(numbers.into_iter().map(of));
                }
                TableFactor::NestedJoin { table_with_joins, .. } => {
                    ids.extend(self.ids(std::slice::from_mut(table_with_joins), depth, columns));
                }
                _ => {}
            }
        }
        ids
    }
}

fn column(table: Option<&str>, name: &str) -> Expr {
    let name = Ident::with_quote('"', name);
    match table {
        Some(table) => Expr::CompoundIdentifier(vec![Ident::with_quote('"', table), name]),
        None => Expr::Identifier(name),
    }
}
