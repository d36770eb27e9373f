//! Expressions: variables, operators and special forms.

use rusqlite::types::Value as Cell;
use sqlparser::ast::{
    AccessExpr, BinaryOperator, CastKind, DataType, Expr, TrimWhereField, UnaryOperator, Value,
};

use super::build::{call, is_number, literal, literal_text};
use super::{Rewriting, calls};
use crate::database::catalog::Product;
use crate::database::problem::Problem;

impl Rewriting<'_> {
    /// Before an expression's parts are looked at: names that are none of columns.
    pub(super) fn before_expression(&mut self, expr: &mut Expr) -> Result<(), Problem> {
        match expr {
            Expr::Identifier(ident) if ident.value.starts_with('@') && ident.quote_style.is_none() => {
                *expr = literal(&self.names.variable(&ident.value)?);
            }
            Expr::Identifier(ident)
                if ident.quote_style.is_none() && is_bare(&ident.value, self.product()) =>
            {
                if let Some(value) = self.names.constant(&ident.value) {
                    *expr = literal(&value);
                }
            }
            Expr::CompoundIdentifier(parts) if parts.len() > 2 => {
                *parts = parts.split_off(parts.len() - 2);
            }
            Expr::Function(function) => {
                if let Some(made) = calls::before(function, &mut *self.names)? {
                    *expr = made;
                }
            }
            Expr::CompoundFieldAccess { root, access_chain } => {
                if let [AccessExpr::Dot(Expr::Function(method))] = access_chain.as_slice()
                    && let Some(made) = super::xml::value(root, method)
                {
                    *expr = made;
                }
            }
            Expr::Trim { trim_where: None, .. }
                if self.product() == Product::SqlServer && !self.names.has_function("trim") =>
            {
                return Err(Problem::NoFunction("TRIM".to_owned()));
            }
            Expr::Collate { expr: inner, .. } => *expr = std::mem::replace(inner, nothing()),
            Expr::AtTimeZone { timestamp, .. } => *expr = std::mem::replace(timestamp, nothing()),
            _ => {}
        }
        Ok(())
    }

    /// After an expression's parts were looked at.
    pub(super) fn after_expression(&mut self, expr: &mut Expr) -> Result<(), Problem> {
        let product = self.product();
        let made = match expr {
            Expr::BinaryOp { left, op, right } => operator(left, op, right, product),
            Expr::Convert { expr, data_type, styles, is_try, .. } => {
                let ty = data_type.as_ref().map_or("varchar".to_owned(), type_name);
                let style = styles.first_mut().map_or_else(|| literal(&Cell::Null), take);
                Some(convert(take(expr), &ty, style, *is_try))
            }
            Expr::Cast { kind, expr, data_type, .. } => {
                let is_try = matches!(kind, CastKind::TryCast | CastKind::SafeCast);
                Some(convert(take(expr), &type_name(data_type), literal(&Cell::Null), is_try))
            }
            Expr::TypedString(typed) => {
                let text = match &typed.value.value {
                    Value::SingleQuotedString(text) => text.clone(),
                    other => other.to_string(),
                };
                let ty = type_name(&typed.data_type);
                Some(convert(literal(&Cell::Text(text)), &ty, literal(&Cell::Null), false))
            }
            Expr::Like { negated, expr, pattern, escape_char, .. } => {
                Some(like(*negated, take(expr), take(pattern), escape_char.as_deref_mut().map(take), product))
            }
            Expr::ILike { negated, expr, pattern, escape_char, .. } => Some(like(
                *negated,
                take(expr),
                take(pattern),
                escape_char.as_deref_mut().map(take),
                Product::MySql,
            )),
            Expr::RLike { negated, expr, pattern, .. } => {
                let found = call("f_regexp", vec![take(pattern), take(expr)]);
                Some(if *negated { not(found) } else { found })
            }
            Expr::Substring { expr, substring_from, substring_for, .. } => {
                let one = || literal(&Cell::Integer(1));
                let mut arguments = vec![take(expr), substring_from.as_deref_mut().map_or_else(one, take)];
                arguments.extend(substring_for.as_deref_mut().map(take));
                Some(call("f_substring", arguments))
            }
            Expr::Trim { trim_where, trim_what, expr, trim_characters } => {
                let name = match trim_where {
                    Some(TrimWhereField::Leading) => "ltrim",
                    Some(TrimWhereField::Trailing) => "rtrim",
                    Some(TrimWhereField::Both) | None => "trim",
                };
                let what = trim_what.as_deref_mut().or_else(|| trim_characters.as_mut()?.first_mut());
                let what = what.map(take);
                Some(call(name, std::iter::once(take(expr)).chain(what).collect()))
            }
            Expr::Extract { field, expr, .. } => {
                let part = literal(&Cell::Text(field.to_string().to_lowercase()));
                Some(call("f_datepart", vec![part, take(expr)]))
            }
            Expr::Ceil { expr, .. } => Some(call("f_ceiling", vec![take(expr)])),
            Expr::Floor { expr, .. } => Some(call("f_floor", vec![take(expr)])),
            Expr::Position { expr, r#in } => Some(call("instr", vec![take(r#in), take(expr)])),
            Expr::Interval(interval) => {
                let unit = interval.leading_field.as_ref().map(ToString::to_string).unwrap_or_default();
                let value = take(&mut interval.value);
                Some(call("f_interval", vec![value, literal(&Cell::Text(unit.to_lowercase()))]))
            }
            Expr::AnyOp { left, compare_op: BinaryOperator::Eq, right, .. } => {
                Some(call("f_any", vec![take(left), take(right)]))
            }
            Expr::Array(array) => {
                let parts = array.elem.iter_mut().map(take).collect();
                Some(call("json_array", parts))
            }
            Expr::Prefixed { value, .. } => Some(take(value)),
            Expr::OuterJoin(inner) => Some(take(inner)),
            Expr::CompoundFieldAccess { root, access_chain } => match access_chain.as_slice() {
                [AccessExpr::Subscript(_)] => Some(take(root)),
                _ => None,
            },
            Expr::Function(function) => calls::after(function, &*self.names)?,
            _ => None,
        };
        if let Some(made) = made {
            *expr = made;
        }
        Ok(())
    }

    /// A literal: texts of all kinds are one kind in the engine, and placeholders have values.
    pub(super) fn value(&mut self, value: &mut Value) -> Result<(), Problem> {
        let made = match value {
            Value::NationalStringLiteral(text)
            | Value::EscapedStringLiteral(text)
            | Value::UnicodeStringLiteral(text)
            | Value::DoubleQuotedString(text)
            | Value::SingleQuotedRawStringLiteral(text)
            | Value::SingleQuotedByteStringLiteral(text) => Value::SingleQuotedString(std::mem::take(text)),
            Value::DollarQuotedString(text) => Value::SingleQuotedString(text.value.clone()),
            Value::Boolean(on) if self.product() == Product::Postgres => {
                Value::Number(if *on { "1" } else { "0" }.to_owned(), false)
            }
            Value::Number(digits, _) => Value::Number(digits.trim_end_matches('L').to_owned(), false),
            Value::Placeholder(name) => {
                let name = if name == "?" {
                    self.questions += 1;
                    format!("?{}", self.questions)
                } else {
                    name.clone()
                };
                match self.names.variable(&name)? {
                    Cell::Null => Value::Null,
                    Cell::Integer(n) => Value::Number(n.to_string(), false),
                    Cell::Real(n) => Value::Number(format!("{n:?}"), false),
                    Cell::Text(text) => Value::SingleQuotedString(text.replace('\0', "")),
                    Cell::Blob(bytes) => Value::HexStringLiteral(hex::encode_upper(bytes)),
                }
            }
            _ => return Ok(()),
        };
        *value = made;
        Ok(())
    }
}

/// Whether a word means a value without parentheses behind it; elsewhere it may name a column.
fn is_bare(word: &str, product: Product) -> bool {
    let word = word.to_lowercase();
    match product {
        Product::SqlServer => matches!(
            word.as_str(),
            "current_timestamp" | "current_user" | "session_user" | "system_user" | "user"
        ),
        Product::MySql => matches!(
            word.as_str(),
            "current_timestamp"
                | "current_user"
                | "current_date"
                | "current_time"
                | "localtime"
                | "localtimestamp"
        ),
        Product::Postgres => !matches!(word.as_str(), "now" | "version" | "current_database"),
        Product::Oracle => true,
    }
}

/// The expression, with nothing left in its place.
pub(super) fn take(expr: &mut Expr) -> Expr {
    std::mem::replace(expr, nothing())
}

fn nothing() -> Expr {
    Expr::Value(Value::Null.into())
}

fn not(expr: Expr) -> Expr {
    Expr::UnaryOp { op: UnaryOperator::Not, expr: Box::new(expr) }
}

fn type_name(ty: &DataType) -> String {
    ty.to_string().replace(['"', '[', ']', '`'], "").to_lowercase()
}

fn convert(expr: Expr, ty: &str, style: Expr, is_try: bool) -> Expr {
    let name = if is_try { "f_try_convert" } else { "f_convert" };
    call(name, vec![literal(&Cell::Text(ty.to_owned())), expr, style])
}

fn like(negated: bool, expr: Expr, pattern: Expr, escape: Option<Expr>, product: Product) -> Expr {
    let name = match product {
        Product::SqlServer => "f_like_classes",
        Product::MySql => "f_like_nocase",
        Product::Oracle | Product::Postgres => "f_like",
    };
    let found = call(name, [pattern, expr].into_iter().chain(escape).collect());
    if negated { not(found) } else { found }
}

fn read_as_number(text: &mut Expr, beside_number: bool) {
    let number = literal_text(text).and_then(|text| text.trim().parse::<f64>().ok());
    if let (Some(number), true) = (number, beside_number) {
        *text = literal(&Cell::Real(number));
    }
}

/// Operators that the engine understands otherwise.
fn operator(left: &mut Expr, op: &mut BinaryOperator, right: &mut Expr, product: Product) -> Option<Expr> {
    if matches!(op, BinaryOperator::Eq | BinaryOperator::NotEq | BinaryOperator::Lt | BinaryOperator::Gt) {
        // A text beside a number is read as a number.
        read_as_number(left, is_number(right));
        read_as_number(right, is_number(left));
        return None;
    }
    let name = match (&*op, product) {
        (BinaryOperator::Plus, Product::SqlServer) if is_number(left) && is_number(right) => return None,
        (BinaryOperator::Plus, Product::SqlServer) => "f_add",
        (BinaryOperator::Plus, _) => "f_plus",
        (BinaryOperator::Minus, _) if is_number(right) && is_number(left) => return None,
        (BinaryOperator::Minus, _) => "f_subtract",
        (BinaryOperator::Divide, _) => "f_divide",
        (BinaryOperator::MyIntegerDivide, _) => "f_int_divide",
        (BinaryOperator::Modulo, _) => "f_modulo",
        (BinaryOperator::BitwiseXor, _) => "f_xor",
        (BinaryOperator::Xor, Product::MySql) => "f_logical_xor",
        (BinaryOperator::PGExp, _) => "f_power",
        (BinaryOperator::PGRegexMatch | BinaryOperator::PGRegexIMatch, _) => "f_matches",
        (BinaryOperator::PGRegexNotMatch | BinaryOperator::PGRegexNotIMatch, _) => {
            return Some(not(call("f_matches", vec![take(left), take(right)])));
        }
        (BinaryOperator::PGLikeMatch, _) => return Some(call("f_like", vec![take(right), take(left)])),
        (BinaryOperator::Spaceship, _) => {
            return Some(Expr::IsNotDistinctFrom(Box::new(take(left)), Box::new(take(right))));
        }
        (BinaryOperator::PGCustomBinaryOperator(name), _) => {
            let name = name.last().map(String::as_str).unwrap_or_default();
            let found = if name.contains('~') { "f_matches" } else { return None };
            let found = call(found, vec![take(left), take(right)]);
            return Some(if name.starts_with('!') { not(found) } else { found });
        }
        (BinaryOperator::StringConcat, Product::MySql) => {
            *op = BinaryOperator::Or;
            return None;
        }
        (BinaryOperator::StringConcat, Product::Oracle) => "f_concat_nulls",
        _ => return None,
    };
    Some(call(name, vec![take(left), take(right)]))
}
