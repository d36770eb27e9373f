//! Operators with two sides.

use rusqlite::types::Value as Cell;
use sqlparser::ast::{BinaryOperator, Expr};
use sqlparser::tokenizer::Span;

use super::Binder;
use super::expressions::taken;
use crate::database::postgres::format_type;
use crate::database::postgres::types::{PgType, oid};
use crate::database::problem::{Problem, Said};
use crate::database::rewrite::{call, literal};

const BOOL: PgType = PgType::of(oid::BOOL);

impl Binder<'_> {
    pub(super) fn operator(&mut self, expr: &mut Expr, _: Span) -> Result<PgType, Problem> {
        let span = between(expr);
        let Expr::BinaryOp { left, op, right } = expr else { return Ok(BOOL) };
        match op {
            BinaryOperator::And | BinaryOperator::Or => {
                let word = op.to_string();
                self.condition(left, &word)?;
                self.condition(right, &word)?;
                Ok(BOOL)
            }
            BinaryOperator::Eq
            | BinaryOperator::NotEq
            | BinaryOperator::Lt
            | BinaryOperator::LtEq
            | BinaryOperator::Gt
            | BinaryOperator::GtEq => {
                let word = op.to_string();
                self.alike(left, right, &word, span)?;
                Ok(BOOL)
            }
            BinaryOperator::Plus
            | BinaryOperator::Minus
            | BinaryOperator::Multiply
            | BinaryOperator::Divide
            | BinaryOperator::Modulo
            | BinaryOperator::PGExp => self.arithmetic(expr, span),
            BinaryOperator::StringConcat => self.concatenation(expr, span),
            BinaryOperator::PGRegexMatch => self.regex(expr, false, false),
            BinaryOperator::PGRegexIMatch => self.regex(expr, true, false),
            BinaryOperator::PGRegexNotMatch => self.regex(expr, false, true),
            BinaryOperator::PGRegexNotIMatch => self.regex(expr, true, true),
            BinaryOperator::PGLikeMatch
            | BinaryOperator::PGILikeMatch
            | BinaryOperator::PGNotLikeMatch
            | BinaryOperator::PGNotILikeMatch => {
                let negated = matches!(op, BinaryOperator::PGNotLikeMatch | BinaryOperator::PGNotILikeMatch);
                let fold = matches!(op, BinaryOperator::PGILikeMatch | BinaryOperator::PGNotILikeMatch);
                self.expr(left)?;
                self.expr(right)?;
                let name = if fold { "f_like_nocase" } else { "f_like" };
                let found = call(name, vec![taken(right), taken(left)]);
                *expr = if negated { not(found) } else { found };
                Ok(BOOL)
            }
            BinaryOperator::PGCustomBinaryOperator(name) => {
                let name = name.last().cloned().unwrap_or_default();
                let known = match name.as_str() {
                    "~" => Some((false, false)),
                    "~*" => Some((true, false)),
                    "!~" => Some((false, true)),
                    "!~*" => Some((true, true)),
                    _ => None,
                };
                if let Some((fold, negated)) = known {
                    return self.regex(expr, fold, negated);
                }
                *op = match name.as_str() {
                    "=" => BinaryOperator::Eq,
                    "<>" => BinaryOperator::NotEq,
                    "||" => BinaryOperator::StringConcat,
                    "+" => BinaryOperator::Plus,
                    "~~" => BinaryOperator::PGLikeMatch,
                    "!~~" => BinaryOperator::PGNotLikeMatch,
                    "<" => BinaryOperator::Lt,
                    ">" => BinaryOperator::Gt,
                    other => return Err(Problem::Syntax(other.to_owned())),
                };
                self.operator(expr, span)
            }
            BinaryOperator::Arrow | BinaryOperator::LongArrow => {
                let long = *op == BinaryOperator::LongArrow;
                let ty = self.expr(left)?;
                self.expr(right)?;
                Ok(if long { PgType::of(oid::TEXT) } else { ty })
            }
            BinaryOperator::BitwiseAnd
            | BinaryOperator::BitwiseOr
            | BinaryOperator::PGBitwiseShiftLeft
            | BinaryOperator::PGBitwiseShiftRight => {
                let ty = self.expr(left)?;
                self.expr(right)?;
                Ok(ty)
            }
            BinaryOperator::PGBitwiseXor => {
                let ty = self.expr(left)?;
                self.expr(right)?;
                *expr = call("f_xor", vec![taken(left), taken(right)]);
                Ok(ty)
            }
            BinaryOperator::AtArrow | BinaryOperator::ArrowAt | BinaryOperator::PGOverlap => {
                let word = op.to_string();
                let ty = self.expr(left)?;
                let found = self.expr(right)?;
                self.meet(left, ty, right, found, &word, span)?;
                let word = literal(&Cell::Text(word));
                *expr = call("f_pg_array_compare", vec![taken(left), taken(right), word]);
                Ok(BOOL)
            }
            other => Err(Problem::Syntax(other.to_string())),
        }
    }

    /// Both sides of a comparison.
    pub(super) fn alike(
        &mut self,
        left: &mut Expr,
        right: &mut Expr,
        op: &str,
        span: Span,
    ) -> Result<(), Problem> {
        let one = self.expr(left)?;
        let other = self.expr(right)?;
        self.meet(left, one, right, other, op, span)
    }

    /// Makes two sides comparable.
    pub(super) fn meet(
        &mut self,
        left: &mut Expr,
        one: PgType,
        right: &mut Expr,
        other: PgType,
        op: &str,
        span: Span,
    ) -> Result<(), Problem> {
        let (unknown, not_known) = (one.oid == oid::UNKNOWN, other.oid == oid::UNKNOWN);
        match (unknown, not_known) {
            (true, false) => self.assign(left, one, other),
            (false, true) => self.assign(right, other, one),
            (true, true) => {
                self.assign(left, one, PgType::of(oid::TEXT))?;
                self.assign(right, other, PgType::of(oid::TEXT))
            }
            (false, false) => {
                if comparable(one, other) {
                    return Ok(());
                }
                Err(self.no_operator(op, one, other, span))
            }
        }
    }

    pub(super) fn no_operator(&self, op: &str, one: PgType, other: PgType, span: Span) -> Problem {
        let text = format!("operator does not exist: {} {op} {}", format_type(one), format_type(other));
        let hint = "No operator matches the given name and argument types. You might need to add explicit type casts.";
        let position = self.at(span);
        Problem::Said(Box::new(Said {
            code: "42883",
            text,
            hint: hint.to_owned(),
            position,
            ..Said::default()
        }))
    }

    fn arithmetic(&mut self, expr: &mut Expr, span: Span) -> Result<PgType, Problem> {
        let Expr::BinaryOp { left, op, right } = expr else { return Ok(BOOL) };
        let mut one = self.expr(left)?;
        let mut other = self.expr(right)?;
        let word = op.to_string();
        if one.oid == oid::UNKNOWN && other.oid != oid::UNKNOWN {
            let wanted = if super::coerce::is_time(other) { PgType::of(oid::INTERVAL) } else { other };
            self.assign(left, one, wanted)?;
            one = wanted;
        }
        if other.oid == oid::UNKNOWN {
            let wanted = if super::coerce::is_time(one) && word == "-" {
                one
            } else if super::coerce::is_time(one) {
                PgType::of(oid::INTERVAL)
            } else {
                one
            };
            self.assign(right, other, wanted)?;
            other = wanted;
        }
        let times = |ty: PgType| super::coerce::is_time(ty) || ty.oid == oid::INTERVAL;
        if times(one) || times(other) {
            return self.with_time(expr, one, other, &word, span);
        }
        if !one.is_number() || !other.is_number() {
            return Err(self.no_operator(&word, one, other, span));
        }
        let ty = if super::queries::widens(one, other) { other } else { one };
        let ty = if ty.oid == oid::FLOAT4 && one != other { PgType::of(oid::FLOAT8) } else { ty };
        let mut ty = PgType { modifier: -1, ..ty };
        let Expr::BinaryOp { left, op, right } = expr else { return Ok(ty) };
        let whole = matches!(ty.oid, oid::INT2 | oid::INT4 | oid::INT8 | oid::OID);
        let kind = literal(&Cell::Text(super::coerce::type_word(ty)));
        let name = match op {
            BinaryOperator::Plus => "f_pg_add",
            BinaryOperator::Minus => "f_pg_subtract",
            BinaryOperator::Multiply => "f_pg_multiply",
            BinaryOperator::Divide => "f_pg_divide",
            BinaryOperator::Modulo => "f_pg_modulo",
            _ => {
                if whole {
                    ty = PgType::of(oid::FLOAT8);
                }
                "f_pg_power"
            }
        };
        *expr = call(name, vec![taken(left), taken(right), kind]);
        Ok(ty)
    }

    /// Points in time and intervals.
    fn with_time(
        &mut self,
        expr: &mut Expr,
        one: PgType,
        other: PgType,
        word: &str,
        span: Span,
    ) -> Result<PgType, Problem> {
        let Expr::BinaryOp { left, right, .. } = expr else { return Ok(one) };
        let time = super::coerce::is_time;
        let (name, ty) = match (word, time(one), time(other)) {
            ("-", true, true) if one.oid == oid::DATE && other.oid == oid::DATE => {
                ("f_pg_days_between", PgType::of(oid::INT4))
            }
            ("-", true, true) => ("f_pg_time_between", PgType::of(oid::INTERVAL)),
            ("+" | "-", true, false) if other.is_number() => {
                ("f_pg_add_days", PgType::of(if one.oid == oid::DATE { oid::DATE } else { one.oid }))
            }
            ("+" | "-", true, false) => {
                ("f_pg_add_interval", if one.oid == oid::DATE { PgType::of(oid::TIMESTAMP) } else { one })
            }
            ("+", false, true) => {
                let (a, b) = (taken(left), taken(right));
                (**left, **right) = (b, a);
                let ty = if other.oid == oid::DATE { PgType::of(oid::TIMESTAMP) } else { other };
                ("f_pg_add_interval", ty)
            }
            ("*" | "/", false, false) => {
                if other.oid == oid::INTERVAL {
                    let (a, b) = (taken(left), taken(right));
                    (**left, **right) = (b, a);
                }
                ("f_pg_times_interval", PgType::of(oid::INTERVAL))
            }
            ("+" | "-", false, false) => ("f_pg_sum_interval", PgType::of(oid::INTERVAL)),
            _ => return Err(self.no_operator(word, one, other, span)),
        };
        let word = literal(&Cell::Text(word.to_owned()));
        let Expr::BinaryOp { left, right, .. } = expr else { return Ok(ty) };
        *expr = call(name, vec![taken(left), taken(right), word]);
        Ok(ty)
    }

    fn concatenation(&mut self, expr: &mut Expr, span: Span) -> Result<PgType, Problem> {
        let Expr::BinaryOp { left, right, .. } = expr else { return Ok(BOOL) };
        let one = self.expr(left)?;
        let other = self.expr(right)?;
        let array = one.element().map(|_| one).or(other.element().map(|_| other));
        if let Some(array) = array {
            *expr = call("f_pg_array_cat", vec![taken(left), taken(right)]);
            return Ok(array);
        }
        let text = |ty: PgType| ty.is_text() || ty.oid == oid::UNKNOWN;
        if !text(one) && !text(other) {
            return Err(self.no_operator("||", one, other, span));
        }
        for (side, ty) in [(left, one), (right, other)] {
            if !text(ty) {
                let made = self.converted(taken(side), ty, PgType::of(oid::TEXT));
                **side = made;
            }
        }
        Ok(PgType::of(oid::TEXT))
    }

    fn regex(&mut self, expr: &mut Expr, fold: bool, negated: bool) -> Result<PgType, Problem> {
        let Expr::BinaryOp { left, right, .. } = expr else { return Ok(BOOL) };
        self.expr(left)?;
        self.expr(right)?;
        let fold = literal(&Cell::Integer(i64::from(fold)));
        let found = call("f_pg_regex", vec![taken(left), taken(right), fold]);
        *expr = if negated { not(found) } else { found };
        Ok(BOOL)
    }
}

fn not(expr: Expr) -> Expr {
    Expr::UnaryOp { op: sqlparser::ast::UnaryOperator::Not, expr: Box::new(Expr::Nested(Box::new(expr))) }
}

/// Where an operator stands: behind its left side.
fn between(expr: &Expr) -> Span {
    use sqlparser::ast::Spanned;
    let Expr::BinaryOp { left, .. } = expr else { return Span::empty() };
    let end = left.span().end;
    let start = sqlparser::tokenizer::Location { line: end.line, column: end.column + 1 };
    if end.line == 0 { Span::empty() } else { Span { start, end: start } }
}

fn comparable(one: PgType, other: PgType) -> bool {
    let category = |ty: PgType| match ty.known().map(|known| known.category) {
        Some('Z') => 'S',
        // Object identifiers are numbers, and shown as names.
        Some('N') => 'N',
        Some(category) => category,
        None => 'U',
    };
    if super::coerce::is_object(one) || super::coerce::is_object(other) {
        return true;
    }
    match (category(one), category(other)) {
        ('P', _) | (_, 'P') => true,
        (a, b) => a == b || one.oid == other.oid,
    }
}
