//! Pieces of syntax trees.

use rusqlite::types::Value as Cell;
use sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments, Ident, ObjectName,
    ObjectNamePart, UnaryOperator, Value,
};

use crate::database::cell;

/// A value as an expression.
pub(in crate::database) fn literal(value: &Cell) -> Expr {
    let number = |text: String| Expr::Value(Value::Number(text, false).into());
    match value {
        Cell::Null => Expr::Value(Value::Null.into()),
        Cell::Integer(n) if *n < 0 => {
            let text = n.unsigned_abs().to_string();
            let minus = Expr::UnaryOp { op: UnaryOperator::Minus, expr: Box::new(number(text)) };
            Expr::Nested(Box::new(minus))
        }
        Cell::Integer(n) => number(n.to_string()),
        Cell::Real(n) if *n < 0.0 => {
            let minus = Expr::UnaryOp {
                op: UnaryOperator::Minus,
                expr: Box::new(number(cell::literal(&Cell::Real(-n)))),
            };
            Expr::Nested(Box::new(minus))
        }
        Cell::Real(_) => number(cell::literal(value)),
        Cell::Text(text) => Expr::Value(Value::SingleQuotedString(text.replace('\0', "")).into()),
        Cell::Blob(bytes) => Expr::Value(Value::HexStringLiteral(hex::encode_upper(bytes)).into()),
    }
}

/// A call of a function of the engine.
pub(in crate::database) fn call(name: &str, arguments: Vec<Expr>) -> Expr {
    let args = arguments.into_iter().map(|e| FunctionArg::Unnamed(FunctionArgExpr::Expr(e))).collect();
    Expr::Function(Function {
        name: ObjectName(vec![ObjectNamePart::Identifier(Ident::with_quote('"', name))]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args,
            clauses: vec![],
        }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: vec![],
    })
}

/// The parts of an object's name.
pub(in crate::database) fn parse_name(name: &ObjectName) -> Vec<String> {
    let part = |part: &ObjectNamePart| match part {
        ObjectNamePart::Identifier(ident) => ident.value.clone(),
        ObjectNamePart::Function(_) => String::new(),
    };
    name.0.iter().map(part).collect()
}

/// The plain arguments of a call; `None` when it has others.
pub(super) fn arguments(function: &mut Function) -> Option<Vec<&mut Expr>> {
    match &mut function.args {
        FunctionArguments::List(list) => {
            let plain = list.args.iter_mut().map(|arg| match arg {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
                FunctionArg::Unnamed(_) | FunctionArg::Named { .. } | FunctionArg::ExprNamed { .. } => None,
            });
            plain.collect()
        }
        FunctionArguments::None => Some(Vec::new()),
        FunctionArguments::Subquery(_) => None,
    }
}

/// The text of a literal.
pub(in crate::database) fn literal_text(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) | Value::NationalStringLiteral(text) => Some(text),
            _ => None,
        },
        _ => None,
    }
}

/// Whether it is a number written out.
pub(super) fn is_number(expr: &Expr) -> bool {
    match expr {
        Expr::Value(value) => matches!(value.value, Value::Number(..)),
        Expr::UnaryOp { expr, .. } | Expr::Nested(expr) => is_number(expr),
        _ => false,
    }
}

/// The bare word that stands where a part of a date is named (`day`, `mm`).
pub(super) fn word(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Identifier(ident) => Some(&ident.value),
        other => literal_text(other),
    }
}
