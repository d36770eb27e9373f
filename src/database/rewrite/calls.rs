//! Calls of functions.

use rusqlite::types::Value as Cell;
use sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, ObjectName, ObjectNamePart,
};

use super::Names;
use super::build::{arguments, call, literal, parse_name, word};
use super::expressions::take;
use crate::database::catalog::Product;
use crate::database::problem::Problem;

/// Functions whose first argument is the bare name of a part of a date.
const WITH_PART: &[&str] =
    &["dateadd", "datediff", "datepart", "datename", "datediff_big", "timestampdiff", "timestampadd"];

/// Before its arguments are looked at.
pub(super) fn before(function: &mut Function, names: &mut dyn Names) -> Result<Option<Expr>, Problem> {
    let mut parts = parse_name(&function.name);
    let name = parts.pop().unwrap_or_default().to_lowercase();
    function.within_group.clear();
    // What is bound has been looked at, and stands in the engine's own terms.
    if names.product() == Product::Postgres {
        return Ok(None);
    }
    // Those are the engine's own; what the rewriting puts in is quoted.
    let typed = |name: &ObjectName| match name.0.last() {
        Some(ObjectNamePart::Identifier(ident)) => ident.quote_style.is_none(),
        _ => true,
    };
    let concat = name == "group_concat" && names.product() == Product::SqlServer && typed(&function.name);
    if name.starts_with("f_") || concat {
        return Err(Problem::NoFunction(name));
    }
    let mysql_difference = names.product() == Product::MySql && name == "datediff";
    if WITH_PART.contains(&name.as_str()) && !mysql_difference {
        let Some(mut arguments) = arguments(function) else { return Err(Problem::Syntax(name)) };
        if let Some(first) = arguments.first_mut() {
            let part = word(first).map(str::to_lowercase);
            **first = part.map_or_else(|| literal(&Cell::Null), |part| literal(&Cell::Text(part)));
        }
        return Ok(None);
    }
    let bare = match &function.args {
        FunctionArguments::None => true,
        FunctionArguments::List(list) => list.args.is_empty(),
        FunctionArguments::Subquery(_) => false,
    };
    if bare
        && function.over.is_none()
        && let Some(value) = names.constant(&name)
    {
        return Ok(Some(literal(&value)));
    }
    if names.product() == Product::MySql && name == "if" {
        return Ok(
            arguments(function).and_then(|arguments| choice(arguments.into_iter().map(take).collect()))
        );
    }
    if names.product() == Product::MySql && name == "benchmark" {
        let text = function.args.to_string().to_lowercase();
        if let FunctionArguments::List(list) = &mut function.args {
            let cost = literal(&Cell::Integer(nanoseconds(&text)));
            list.args.push(FunctionArg::Unnamed(FunctionArgExpr::Expr(cost)));
        }
        return Ok(None);
    }
    if name == "decode" && names.product() == Product::Oracle {
        return Ok(
            arguments(function).and_then(|arguments| decode(arguments.into_iter().map(take).collect()))
        );
    }
    Ok(None)
}

/// `IF(a, b, c)` as CASE, which works out only what it gives.
fn choice(arguments: Vec<Expr>) -> Option<Expr> {
    let [condition, result, otherwise] = <[Expr; 3]>::try_from(arguments).ok()?;
    Some(Expr::Case {
        case_token: sqlparser::ast::helpers::attached_token::AttachedToken::empty(),
        end_token: sqlparser::ast::helpers::attached_token::AttachedToken::empty(),
        operand: None,
        conditions: vec![sqlparser::ast::CaseWhen { condition, result }],
        else_result: Some(Box::new(otherwise)),
    })
}

/// About how long a server of the product's time takes for what `BENCHMARK` is mostly asked to repeat.
fn nanoseconds(text: &str) -> i64 {
    const KNOWN: &[(&str, i64)] = &[
        ("sha2(", 620),
        ("sha1(", 330),
        ("sha(", 330),
        ("md5(", 240),
        ("aes_encrypt(", 410),
        ("encode(", 760),
    ];
    KNOWN.iter().find(|(name, _)| text.contains(name)).map_or(45, |(_, cost)| *cost)
}

/// `DECODE(x, a, 1, b, 2, 0)` as CASE.
fn decode(arguments: Vec<Expr>) -> Option<Expr> {
    let mut arguments = arguments.into_iter();
    let operand = arguments.next()?;
    let rest: Vec<Expr> = arguments.collect();
    let otherwise = if rest.len() % 2 == 1 { rest.last().cloned() } else { None };
    let conditions = rest.chunks_exact(2).filter_map(|pair| match pair {
        [when, then] => {
            let same = Expr::IsNotDistinctFrom(Box::new(operand.clone()), Box::new(when.clone()));
            Some(sqlparser::ast::CaseWhen { condition: same, result: then.clone() })
        }
        _ => None,
    });
    Some(Expr::Case {
        case_token: sqlparser::ast::helpers::attached_token::AttachedToken::empty(),
        end_token: sqlparser::ast::helpers::attached_token::AttachedToken::empty(),
        operand: None,
        conditions: conditions.collect(),
        else_result: otherwise.map(Box::new),
    })
}

/// After its arguments were looked at: the engine's name of it.
pub(super) fn after(function: &mut Function, names: &dyn Names) -> Result<Option<Expr>, Problem> {
    let mut parts = parse_name(&function.name);
    let written = parts.pop().unwrap_or_default();
    let name = written.to_lowercase();
    if name.starts_with("f_") || matches!(name.as_str(), "row_number" | "group_concat" | "json_array") {
        return Ok(None);
    }
    if let FunctionArguments::None = function.args {
        function.args = FunctionArguments::List(sqlparser::ast::FunctionArgumentList {
            duplicate_treatment: None,
            args: vec![],
            clauses: vec![],
        });
    }
    let engine = match name.as_str() {
        "count_big" => "count".to_owned(),
        "wm_concat" | "listagg" => "group_concat".to_owned(),
        "convert" if names.product() == Product::SqlServer => return convert(function),
        name if names.has_function(name) => format!("f_{name}"),
        name if lacks(names.product(), name) => return Err(Problem::NoFunction(written)),
        name => name.to_owned(),
    };
    if names.product() == Product::SqlServer && !parts.is_empty() && !names.has_function(&name) {
        return Err(Problem::NoFunction(written));
    }
    function.name = ObjectName(vec![ObjectNamePart::Identifier(Ident::with_quote('"', engine))]);
    Ok(None)
}

/// Functions of the engine that SQL Server has under the same name.
const OF_SQL_SERVER: &[&str] = &[
    "abs",
    "acos",
    "asin",
    "atan",
    "avg",
    "coalesce",
    "cos",
    "count",
    "cume_dist",
    "degrees",
    "dense_rank",
    "exp",
    "first_value",
    "iif",
    "lag",
    "last_value",
    "lead",
    "log",
    "log10",
    "lower",
    "ltrim",
    "max",
    "min",
    "ntile",
    "nullif",
    "percent_rank",
    "pi",
    "radians",
    "rank",
    "replace",
    "round",
    "rtrim",
    "sign",
    "sin",
    "sum",
    "tan",
    "upper",
];

/// Functions of the engine that no product has.
const OF_THE_ENGINE: &[&str] = &[
    "changes",
    "glob",
    "iif",
    "julianday",
    "last_insert_rowid",
    "likelihood",
    "likely",
    "load_extension",
    "printf",
    "randomblob",
    "sqlite_compileoption_get",
    "sqlite_compileoption_used",
    "sqlite_log",
    "sqlite_offset",
    "sqlite_source_id",
    "sqlite_version",
    "strftime",
    "total",
    "total_changes",
    "typeof",
    "unixepoch",
    "unlikely",
    "zeroblob",
];

/// Whether a product has no function of this name that the engine has, or has it otherwise.
fn lacks(product: Product, name: &str) -> bool {
    match product {
        Product::SqlServer => !OF_SQL_SERVER.contains(&name),
        Product::MySql | Product::Oracle => OF_THE_ENGINE.contains(&name),
        Product::Postgres => false,
    }
}

/// `CONVERT(int, x)` where the parser took the type for an expression.
fn convert(function: &mut Function) -> Result<Option<Expr>, Problem> {
    let FunctionArguments::List(list) = &mut function.args else { return Ok(None) };
    let mut texts = list.args.iter_mut().map(|arg| match arg {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(take(expr)),
        _ => None,
    });
    match (texts.next().flatten(), texts.next().flatten(), texts.next().flatten()) {
        (Some(ty), Some(value), style) => {
            let ty = literal(&Cell::Text(ty.to_string().replace('"', "").to_lowercase()));
            Ok(Some(call("f_convert", vec![ty, value, style.unwrap_or_else(|| literal(&Cell::Null))])))
        }
        _ => Err(Problem::Arguments("convert".to_owned())),
    }
}
