//! Names of tables.

use sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, Ident, ObjectName, ObjectNamePart, TableAlias, TableFactor,
    TableFunctionArgs, Value,
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

impl Rewriting<'_> {
    pub(super) fn relation(&mut self, factor: &mut TableFactor) -> Result<(), Problem> {
        if let TableFactor::Derived { lateral, .. } = factor {
            if *lateral {
                return Err(Problem::Unsupported("LATERAL".to_owned()));
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
        if of_common || is_ours(name) {
            return Ok(());
        }
        let shown = alias.as_ref().map_or_else(|| last.clone(), |alias| alias.name.value.clone());
        match self.names.table(&parts)? {
            Named::Relation { name: relation, with_ids, of_database } => {
                self.reads.push(Read { alias: shown.clone(), relation: relation.clone(), with_ids });
                *name = ObjectName(vec![ObjectNamePart::Identifier(Ident::with_quote('"', relation))]);
                if let Some(database) = of_database {
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

    pub(super) fn leave(&mut self, factor: &TableFactor) {
        if matches!(factor, TableFactor::Derived { .. }) {
            self.views = self.views.saturating_sub(1);
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

fn is_hint(word: &str) -> bool {
    HINTS.iter().any(|hint| word.eq_ignore_ascii_case(hint))
}
