//! `MERGE`: what it does to each row is worked out before any is changed.

use std::collections::BTreeSet;

use rusqlite::types::Value as Cell;
use sqlparser::ast::{
    AssignmentTarget, CaseWhen, Expr, Join, JoinConstraint, JoinOperator, Merge, MergeAction, MergeClause,
    MergeClauseKind, MergeInsertExpr, MergeInsertKind, MergeUpdateKind, ObjectName, TableWithJoins,
    helpers::attached_token::AttachedToken,
};

use super::Target;
use super::frozen::{Frozen, Row, called, place_of, select_of};
use super::output::Given;
use crate::database::connection::Connection;
use crate::database::problem::Problem;
use crate::database::rewrite::literal;
use crate::database::{Seen, cell};

/// What a clause does to a row that is there: the columns it sets, or takes it away.
enum Act {
    Set(Vec<(usize, Expr)>),
    Remove,
    Nothing,
}

impl Connection {
    pub(super) fn merge(&mut self, merge: &Merge, seen: &mut Seen) -> Result<Option<u64>, Problem> {
        let (parts, alias) = called(&merge.table).ok_or_else(|| Problem::Syntax("MERGE".to_owned()))?;
        let target = self.target(&parts, "UPDATE", seen)?;
        let of = |kinds: &[MergeClauseKind]| -> Vec<MergeClause> {
            merge.clauses.iter().filter(|clause| kinds.contains(&clause.clause_kind)).cloned().collect()
        };
        let mut frozen = Frozen { changed: Vec::new(), inserted: Vec::new() };
        let matched = of(&[MergeClauseKind::Matched]);
        if !matched.is_empty() {
            let on = JoinConstraint::On(*merge.on.clone());
            let join = Join {
                relation: merge.source.clone(),
                global: false,
                join_operator: JoinOperator::Inner(on),
            };
            let from = vec![TableWithJoins { relation: merge.table.clone(), joins: vec![join] }];
            self.act(&target, &alias, &matched, (from, None), &mut frozen, seen)?;
        }
        let alone = of(&[MergeClauseKind::NotMatchedBySource]);
        if !alone.is_empty() {
            let from = vec![TableWithJoins { relation: merge.table.clone(), joins: Vec::new() }];
            let missing = missing(&merge.source, &merge.on)?;
            self.act(&target, &alias, &alone, (from, Some(missing)), &mut frozen, seen)?;
        }
        for clause in of(&[MergeClauseKind::NotMatched, MergeClauseKind::NotMatchedByTarget]) {
            if let MergeAction::Insert(insert) = &clause.action {
                let rows = self.new_rows(&target, merge, insert, clause.predicate.as_ref(), seen)?;
                frozen.inserted.extend(rows);
            }
        }
        self.change_frozen(&target, &frozen, seen)?;
        let changed = frozen.changed.iter().map(|(row, new)| Given {
            action: if new.is_some() { "UPDATE" } else { "DELETE" },
            old: Some(row.old.clone()),
            new: new.clone(),
        });
        let inserted = frozen.inserted.iter();
        let inserted = inserted.map(|row| Given { action: "INSERT", old: None, new: Some(row.clone()) });
        self.give_back(&target, &alias, merge.output.as_ref(), None, changed.chain(inserted).collect())?;
        Ok(u64::try_from(frozen.changed.len() + frozen.inserted.len()).ok())
    }

    /// Works out what clauses do to rows that are there.
    fn act(
        &mut self,
        target: &Target,
        alias: &str,
        clauses: &[MergeClause],
        (from, selection): (Vec<TableWithJoins>, Option<Expr>),
        frozen: &mut Frozen,
        seen: &mut Seen,
    ) -> Result<(), Problem> {
        let acts =
            clauses.iter().map(|clause| act_of(target, &clause.action)).collect::<Result<Vec<_>, _>>()?;
        let mut values = vec![which(clauses)];
        for act in &acts {
            if let Act::Set(set) = act {
                values.extend(set.iter().map(|(_, value)| value.clone()));
            }
        }
        let rows = self.frozen_rows(target, alias, values, from, selection, seen)?;
        let mut known: BTreeSet<String> = frozen.changed.iter().map(|(row, _)| row.key()).collect();
        for row in rows {
            let Some((done, new)) = outcome(&acts, &row) else { continue };
            if !done {
                continue;
            }
            if !known.insert(row.key()) {
                return Err(self.say(
                    8672,
                    16,
                    1,
                    "MERGE 语句试图多次更新或删除同一行。当目标行与多个源行匹配时会发生这种情况。MERGE 语句无法多次更新/删除目标表中的同一行。请优化 ON 子句以确保目标行最多只与一个源行匹配，或者使用 GROUP BY 子句对源行进行分组。",
                    "The MERGE statement attempted to UPDATE or DELETE the same row more than once. This happens when a target row matches more than one source row. A MERGE statement cannot UPDATE/DELETE the same row of the target table multiple times. Refine the ON clause to ensure a target row matches at most one source row, or use the GROUP BY clause to group the source rows.",
                ));
            }
            frozen.changed.push((row, new));
        }
        Ok(())
    }

    /// Rows of the source that no row of the target matches, as the target takes them.
    fn new_rows(
        &mut self,
        target: &Target,
        merge: &Merge,
        insert: &MergeInsertExpr,
        predicate: Option<&Expr>,
        seen: &mut Seen,
    ) -> Result<Vec<Vec<Cell>>, Problem> {
        let MergeInsertKind::Values(values) = &insert.kind else {
            return Err(Problem::Syntax("INSERT".to_owned()));
        };
        let row = values.rows.first().map(|row| row.content.clone()).unwrap_or_default();
        let places: Vec<usize> = match insert.columns.as_slice() {
            [] => (0..target.columns.len()).collect(),
            named => named.iter().map(|name| place_of(target, name)).collect::<Result<_, _>>()?,
        };
        if row.len() != places.len() {
            return Err(Problem::Columns);
        }
        let mut condition = missing(&merge.table, &merge.on)?;
        if let Some(predicate) = predicate {
            condition = and(condition, predicate.clone());
        }
        let from = vec![TableWithJoins { relation: merge.source.clone(), joins: Vec::new() }];
        let query = select_of(row, from, Some(condition))?;
        let (_, rows) = self.read_whole(&query, seen)?;
        let made = rows.into_iter().map(|row| {
            let mut new = vec![Cell::Null; target.columns.len()];
            for (place, value) in places.iter().zip(row) {
                if let Some(cell) = new.get_mut(*place) {
                    *cell = value;
                }
            }
            new
        });
        Ok(made.collect())
    }
}

fn act_of(target: &Target, action: &MergeAction) -> Result<Act, Problem> {
    match action {
        MergeAction::Update(update) => {
            let MergeUpdateKind::Set(assignments) = &update.kind else {
                return Err(Problem::Syntax("UPDATE".to_owned()));
            };
            let set = assignments.iter().map(|assignment| match &assignment.target {
                AssignmentTarget::ColumnName(name) => Ok((column(target, name)?, assignment.value.clone())),
                AssignmentTarget::Tuple(_) => Err(Problem::Syntax("SET".to_owned())),
            });
            Ok(Act::Set(set.collect::<Result<_, _>>()?))
        }
        MergeAction::Delete { .. } => Ok(Act::Remove),
        MergeAction::Insert(_) => Err(Problem::Syntax("INSERT".to_owned())),
        MergeAction::DoNothing { .. } => Ok(Act::Nothing),
    }
}

fn column(target: &Target, name: &ObjectName) -> Result<usize, Problem> {
    place_of(target, name)
}

/// The number of the first clause whose condition holds, from 1; 0 for none.
fn which(clauses: &[MergeClause]) -> Expr {
    let number = |number: i64| literal(&Cell::Integer(number));
    let conditions = clauses.iter().zip(1..).map(|(clause, at)| {
        let always = Expr::BinaryOp {
            left: Box::new(number(1)),
            op: sqlparser::ast::BinaryOperator::Eq,
            right: Box::new(number(1)),
        };
        CaseWhen { condition: clause.predicate.clone().unwrap_or(always), result: number(at) }
    });
    Expr::Case {
        case_token: AttachedToken::empty(),
        end_token: AttachedToken::empty(),
        operand: None,
        conditions: conditions.collect(),
        else_result: Some(Box::new(number(0))),
    }
}

/// Whether something is done to a row, and what becomes of it.
fn outcome(acts: &[Act], row: &Row) -> Option<(bool, Option<Vec<Cell>>)> {
    let number = row.more.first().and_then(cell::number).map(cell::truncated)?;
    let chosen = usize::try_from(number).ok()?.checked_sub(1)?;
    let mut values = row.more.get(1..)?;
    for act in acts.get(..chosen)? {
        if let Act::Set(set) = act {
            values = values.get(set.len()..)?;
        }
    }
    Some(match acts.get(chosen)? {
        Act::Set(set) => {
            let mut new = row.old.clone();
            for ((place, _), value) in set.iter().zip(values) {
                if let Some(cell) = new.get_mut(*place) {
                    *cell = value.clone();
                }
            }
            (true, Some(new))
        }
        Act::Remove => (true, None),
        Act::Nothing => (false, None),
    })
}

/// That no row of a table meets the condition.
fn missing(table: &sqlparser::ast::TableFactor, on: &Expr) -> Result<Expr, Problem> {
    let from = vec![TableWithJoins { relation: table.clone(), joins: Vec::new() }];
    let one = vec![literal(&Cell::Integer(1))];
    let subquery = Box::new(select_of(one, from, Some(on.clone()))?);
    Ok(Expr::Exists { subquery, negated: true })
}

fn and(left: Expr, right: Expr) -> Expr {
    let nested = |expr| Box::new(Expr::Nested(Box::new(expr)));
    Expr::BinaryOp { left: nested(left), op: sqlparser::ast::BinaryOperator::And, right: nested(right) }
}
