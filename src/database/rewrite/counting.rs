//! `SELECT COUNT(*)` of a whole table, which needs no look at its rows.

use std::ops::ControlFlow;

use sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Query, SelectItem, SetExpr, TableFactor,
    VisitMut, VisitorMut,
};

use super::parse_name;

/// The relation that a rewritten query reads, where it is one table, whole.
pub(in crate::database) fn whole_table(query: &Query) -> Option<String> {
    let SetExpr::Select(select) = query.body.as_ref() else { return None };
    let whole = query.with.is_none() && select.selection.is_none() && select.having.is_none();
    let [from] = select.from.as_slice() else { return None };
    match &from.relation {
        TableFactor::Table { name, args: None, .. } if whole && from.joins.is_empty() => {
            parse_name(name).pop()
        }
        _ => None,
    }
}

/// Puts a number in the place of all counts of rows; whether there is nothing else in the list.
pub(in crate::database) fn put_count(projection: &mut [SelectItem], number: &Expr) -> bool {
    struct Put<'a>(&'a Expr);
    impl VisitorMut for Put<'_> {
        type Break = ();
        fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
            match expr {
                Expr::Function(function) if counts_rows(function) => *expr = self.0.clone(),
                // The count of a column leaves out those that are NULL.
                Expr::Identifier(_) | Expr::CompoundIdentifier(_) => return ControlFlow::Break(()),
                _ => {}
            }
            ControlFlow::Continue(())
        }
    }
    let mut changed = projection.to_vec();
    let done = changed.iter_mut().all(|item| item.visit(&mut Put(number)).is_continue());
    if done {
        projection.clone_from_slice(&changed);
    }
    done
}

fn counts_rows(function: &Function) -> bool {
    let name = parse_name(&function.name).pop().unwrap_or_default();
    let FunctionArguments::List(list) = &function.args else { return false };
    let of_rows = match list.args.as_slice() {
        [FunctionArg::Unnamed(FunctionArgExpr::Wildcard)] => true,
        [FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Value(value)))] => {
            !matches!(value.value, sqlparser::ast::Value::Null)
        }
        _ => false,
    };
    name.eq_ignore_ascii_case("count")
        && of_rows
        && function.over.is_none()
        && list.duplicate_treatment.is_none()
}
