//! PostgreSQL's messages.

use super::{Words, last, words};
use crate::database::problem::Problem;

pub(super) fn words_of(problem: &Problem) -> Words {
    let error = |sqlstate, text: String| words(0, 16, 1, sqlstate, text);
    match problem {
        Problem::Syntax(near) if near.is_empty() => error("42601", "syntax error at end of input".into()),
        Problem::Syntax(near) | Problem::Unsupported(near) => {
            error("42601", format!("syntax error at or near \"{near}\""))
        }
        Problem::Unclosed(text) => {
            error("42601", format!("unterminated quoted string at or near \"'{text}\""))
        }
        Problem::TooDeep => error("54001", "stack depth limit exceeded".into()),
        Problem::NoObject(name) => {
            error("42P01", format!("relation \"{}\" does not exist", name.trim_start_matches("public.")))
        }
        Problem::NoColumn(name) => error(
            "42703",
            match name.contains('.') {
                true => format!("column {name} does not exist"),
                false => format!("column \"{name}\" does not exist"),
            },
        ),
        Problem::Ambiguous(name) => {
            error("42702", format!("column reference \"{}\" is ambiguous", last(name)))
        }
        Problem::NoFunction(name) | Problem::Arguments(name) => {
            error("42883", format!("function {name} does not exist"))
        }
        Problem::NoProcedure(name) => error("42883", format!("procedure {name}() does not exist")),
        Problem::Offline(name) | Problem::NoDatabase(name) => {
            error("3D000", format!("database \"{name}\" does not exist"))
        }
        Problem::NoVariable(name) => error("42P02", format!("there is no parameter {name}")),
        Problem::NoParameter(name, _) => error("42883", format!("procedure {name} does not exist")),
        Problem::Exists(name) => error("42P07", format!("relation \"{}\" already exists", last(name))),
        Problem::NotDropped(name) => error("42P01", format!("table \"{}\" does not exist", last(name))),
        Problem::Zero => error("22012", "division by zero".into()),
        Problem::Conversion(value, ty) => {
            error("22P02", format!("invalid input syntax for type {ty}: \"{value}\""))
        }
        Problem::NoDate => error("22007", "invalid input syntax for type timestamp".into()),
        Problem::Overflow(ty) => error("22003", format!("{ty} out of range")),
        Problem::ManyRows => {
            error("21000", "more than one row returned by a subquery used as an expression".into())
        }
        Problem::Columns => error("42601", "each UNION query must have the same number of columns".into()),
        Problem::NotNull(column, table) => error(
            "23502",
            format!(
                "null value in column \"{column}\" of relation \"{}\" violates not-null constraint",
                last(table)
            ),
        ),
        Problem::Duplicate(_, table) => {
            error("23505", format!("duplicate key value violates unique constraint \"{}_pkey\"", last(table)))
        }
        Problem::NotMade { .. } => error("42501", "permission denied for schema public".into()),
        Problem::Denied { object, .. } => {
            error("42501", format!("permission denied for table {}", last(object)))
        }
        Problem::NoRight(what) => error("42501", format!("must be superuser to {what}")),
        Problem::Interrupted => error("57014", "canceling statement due to user request".into()),
        Problem::Killed => error("57P01", "terminating connection due to administrator command".into()),
        Problem::Resources => error("57014", "canceling statement due to statement timeout".into()),
        Problem::Full(_) => error("53100", "could not extend file: No space left on device".into()),
        Problem::Disabled(what) | Problem::NoOption(what) => {
            error("42704", format!("unrecognized configuration parameter \"{what}\""))
        }
        Problem::NoLogin(name) => error("42704", format!("role \"{name}\" does not exist")),
        Problem::NoServer(name) | Problem::Unreachable(name) => {
            error("42704", format!("server \"{name}\" does not exist"))
        }
        Problem::NoFile(path) => {
            error("58P01", format!("could not open file \"{path}\" for reading: No such file or directory"))
        }
        Problem::NotGrouped(name) => error(
            "42803",
            format!(
                "column \"{name}\" must appear in the GROUP BY clause or be used in an aggregate function"
            ),
        ),
        Problem::NoTransaction(_) => words(0, 10, 1, "25P01", "there is no transaction in progress"),
        Problem::Raised(_, _, _, text) => error("P0001", text.clone()),
        Problem::NotFirst(word) => error("42601", format!("syntax error at or near \"{word}\"")),
        Problem::Unterminated => error("42601", "syntax error at end of input".into()),
        Problem::Thrown(thrown) => error("P0001", thrown.3.clone()),
        Problem::Said(said) => Words {
            detail: said.detail.clone(),
            hint: said.hint.clone(),
            ..error(said.code, said.text.clone())
        },
    }
}
