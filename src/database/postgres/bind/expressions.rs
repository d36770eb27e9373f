//! Expressions: what each is, part by part.

use rusqlite::types::Value as Cell;
use sqlparser::ast::{BinaryOperator, CastKind, Expr, Spanned, UnaryOperator, Value};

use super::{Binder, Out, folded, quoted};
use crate::database::postgres::format_type;
use crate::database::postgres::types::{PgType, oid};
use crate::database::problem::Problem;
use crate::database::rewrite::{call, literal};

const BOOL: PgType = PgType::of(oid::BOOL);
pub(super) const TEXT: PgType = PgType::of(oid::TEXT);
pub(super) const UNKNOWN: PgType = PgType::of(oid::UNKNOWN);

impl Binder<'_> {
    /// Binds an expression; its type.
    pub(super) fn expr(&mut self, expr: &mut Expr) -> Result<PgType, Problem> {
        let span = expr.span();
        match expr {
            Expr::Identifier(_) | Expr::CompoundIdentifier(_) => self.column(expr),
            Expr::Value(_) => self.literal(expr),
            Expr::Nested(inner) => self.expr(inner),
            Expr::BinaryOp { .. } => self.operator(expr, span),
            Expr::UnaryOp { .. } => self.unary(expr),
            Expr::Function(_) => self.function(expr),
            Expr::Cast { kind: CastKind::Cast | CastKind::DoubleColon, .. } | Expr::TypedString(_) => {
                self.cast(expr)
            }
            Expr::IsNull(inner) | Expr::IsNotNull(inner) => self.expr(inner).map(|_| BOOL),
            Expr::IsTrue(inner) | Expr::IsNotTrue(inner) | Expr::IsFalse(inner) | Expr::IsNotFalse(inner) => {
                self.expr(inner).map(|_| BOOL)
            }
            Expr::IsUnknown(inner) => {
                self.expr(inner)?;
                *expr = Expr::IsNull(Box::new(taken(inner)));
                Ok(BOOL)
            }
            Expr::IsNotUnknown(inner) => {
                self.expr(inner)?;
                *expr = Expr::IsNotNull(Box::new(taken(inner)));
                Ok(BOOL)
            }
            Expr::IsDistinctFrom(left, right) | Expr::IsNotDistinctFrom(left, right) => {
                self.alike(left, right, "=", span).map(|()| BOOL)
            }
            Expr::Between { expr: inner, low, high, .. } => {
                let ty = self.expr(inner)?;
                for bound in [low, high] {
                    let found = self.expr(bound)?;
                    self.meet(inner, ty, bound, found, ">=", span)?;
                }
                Ok(BOOL)
            }
            Expr::InList { expr: inner, list, .. } => {
                let ty = self.expr(inner)?;
                for one in list {
                    let found = self.expr(one)?;
                    self.meet(inner, ty, one, found, "=", span)?;
                }
                Ok(BOOL)
            }
            Expr::InSubquery { expr: inner, subquery, .. } => {
                self.expr(inner)?;
                self.query(subquery)?;
                Ok(BOOL)
            }
            Expr::Exists { subquery, .. } => self.query(subquery).map(|_| BOOL),
            Expr::Subquery(query) => {
                let out = self.query(query)?;
                if out.len() > 1 {
                    return Err(self.error("42601", "subquery must return only one column", span));
                }
                Ok(out.first().map_or(UNKNOWN, |out| out.ty))
            }
            Expr::Like { expr: inner, pattern, .. }
            | Expr::ILike { expr: inner, pattern, .. }
            | Expr::SimilarTo { expr: inner, pattern, .. }
            | Expr::RLike { expr: inner, pattern, .. } => {
                let ty = self.expr(inner)?;
                let found = self.expr(pattern)?;
                for (ty, other) in [(ty, found), (found, ty)] {
                    if !(ty.is_text() || ty.oid == oid::UNKNOWN || ty.oid == oid::BYTEA) {
                        return Err(self.no_operator("~~", ty, other, span));
                    }
                }
                Ok(BOOL)
            }
            Expr::AnyOp { .. } | Expr::AllOp { .. } => self.of_many(expr, span),
            Expr::Case { .. } => self.case(expr),
            Expr::Array(_) => self.array(expr),
            Expr::CompoundFieldAccess { .. } => self.access(expr),
            Expr::Collate { expr: inner, .. } => {
                let ty = self.expr(inner)?;
                *expr = taken(inner);
                Ok(ty)
            }
            Expr::AtTimeZone { .. } => self.at_zone(expr),
            Expr::Extract { expr: inner, .. } => {
                self.expr(inner)?;
                Ok(PgType::of(oid::NUMERIC))
            }
            Expr::Interval(interval) => {
                let value = taken(&mut interval.value);
                let unit = interval.leading_field.as_ref().map(ToString::to_string).unwrap_or_default();
                let unit = literal(&Cell::Text(unit.to_lowercase()));
                *expr = call("f_pg_interval", vec![value, unit]);
                Ok(PgType::of(oid::INTERVAL))
            }
            Expr::Position { expr: inner, r#in } => {
                self.expr(inner)?;
                self.expr(r#in)?;
                Ok(PgType::of(oid::INT4))
            }
            Expr::Substring { expr: inner, substring_from, substring_for, .. } => {
                self.expr(inner)?;
                for part in [substring_from, substring_for].into_iter().flatten() {
                    self.expr(part)?;
                }
                Ok(TEXT)
            }
            Expr::Trim { expr: inner, trim_what, trim_characters, .. } => {
                self.expr(inner)?;
                for part in
                    trim_what.iter_mut().map(AsMut::as_mut).chain(trim_characters.iter_mut().flatten())
                {
                    self.expr(part)?;
                }
                Ok(TEXT)
            }
            Expr::Ceil { expr: inner, .. } | Expr::Floor { expr: inner, .. } => {
                let ty = self.expr(inner)?;
                Ok(if ty.oid == oid::FLOAT8 { ty } else { PgType::of(oid::NUMERIC) })
            }
            Expr::Tuple(parts) => {
                for part in parts {
                    self.expr(part)?;
                }
                Ok(PgType::of(oid::RECORD))
            }
            other => {
                let word = other.to_string().split([' ', '(']).next().unwrap_or_default().to_owned();
                Err(Problem::Unsupported(word))
            }
        }
    }

    /// A column, or a key word that looks like one.
    fn column(&mut self, expr: &mut Expr) -> Result<PgType, Problem> {
        let span = expr.span();
        match expr {
            Expr::Identifier(ident) => {
                let name = folded(ident);
                let bare = ident.quote_style.is_none();
                match self.resolve(&name) {
                    Some(Ok(found)) => {
                        *expr = Expr::CompoundIdentifier(vec![quoted(found.alias), quoted(found.name)]);
                        if let Expr::CompoundIdentifier(parts) = expr
                            && parts.first().is_some_and(|alias| alias.value.is_empty())
                        {
                            parts.remove(0);
                        }
                        Ok(found.out.ty)
                    }
                    Some(Err(())) => {
                        Err(self.error("42702", format!("column reference \"{name}\" is ambiguous"), span))
                    }
                    None => {
                        if bare
                            && let Some((value, ty)) =
                                self.names.constant(&name).filter(|_| is_keyword(&name))
                        {
                            *expr = literal(&value);
                            return Ok(ty);
                        }
                        if name == "tableoid"
                            && let Some(value) = self.table_oid(None)
                        {
                            *expr = literal(&Cell::Integer(value));
                            return Ok(PgType::of(oid::OID));
                        }
                        Err(self.no_column(&name, None, span))
                    }
                }
            }
            Expr::CompoundIdentifier(parts) => {
                let names: Vec<String> = parts.iter().map(folded).collect();
                let [.., table, name] = names.as_slice() else { return Ok(UNKNOWN) };
                match self.resolve_in(table, name) {
                    Some(Some(found)) => {
                        *expr = Expr::CompoundIdentifier(vec![quoted(found.alias), quoted(found.name)]);
                        Ok(found.out.ty)
                    }
                    Some(None) => {
                        if name == "tableoid"
                            && let Some(value) = self.table_oid(Some(table))
                        {
                            *expr = literal(&Cell::Integer(value));
                            return Ok(PgType::of(oid::OID));
                        }
                        Err(self.no_column(name, Some(table), span))
                    }
                    None => {
                        let text = format!("missing FROM-clause entry for table \"{table}\"");
                        Err(self.error("42P01", text, span))
                    }
                }
            }
            _ => Ok(UNKNOWN),
        }
    }

    /// The id of a table, which each of its rows has too.
    fn table_oid(&mut self, table: Option<&str>) -> Option<i64> {
        let mut items = self.scopes.iter().rev().flat_map(|scope| &scope.items);
        let found = items.find(|item| table.is_none_or(|table| item.alias == table))?;
        let relation = found.relation.clone();
        self.names.object(PgType::of(oid::REGCLASS), &relation)
    }

    fn literal(&mut self, expr: &mut Expr) -> Result<PgType, Problem> {
        let Expr::Value(value) = expr else { return Ok(UNKNOWN) };
        Ok(match &mut value.value {
            Value::Number(digits, _) => {
                let plain = digits.trim_end_matches('L').replace('_', "");
                let kind = match plain.parse::<i64>() {
                    Ok(number) if i32::try_from(number).is_ok() => oid::INT4,
                    Ok(_) => oid::INT8,
                    Err(_) => oid::NUMERIC,
                };
                *digits = plain;
                PgType::of(kind)
            }
            Value::Boolean(on) => {
                *expr = literal(&Cell::Integer(i64::from(*on)));
                BOOL
            }
            Value::Placeholder(name) => {
                let number = name.trim_start_matches('$').parse().unwrap_or(0);
                self.parameters.get(&number).copied().unwrap_or(UNKNOWN)
            }
            Value::HexStringLiteral(_) | Value::SingleQuotedByteStringLiteral(_) => PgType::of(1560),
            _ => UNKNOWN,
        })
    }

    fn case(&mut self, expr: &mut Expr) -> Result<PgType, Problem> {
        let Expr::Case { operand, conditions, else_result, .. } = expr else { return Ok(UNKNOWN) };
        let of = match operand {
            Some(operand) => Some(self.expr(operand)?),
            None => None,
        };
        let mut types = Vec::new();
        for when in conditions.iter_mut() {
            match (of, operand.as_deref_mut()) {
                (Some(ty), Some(operand)) => {
                    let span = when.condition.span();
                    let found = self.expr(&mut when.condition)?;
                    self.meet(operand, ty, &mut when.condition, found, "=", span)?;
                }
                _ => self.condition(&mut when.condition, "CASE/WHEN")?,
            }
            types.push(self.expr(&mut when.result)?);
        }
        if let Some(other) = else_result {
            types.push(self.expr(other)?);
        }
        let ty = self.common_type(&types, "CASE", expr.span())?;
        let Expr::Case { conditions, else_result, .. } = expr else { return Ok(ty) };
        let results = conditions.iter_mut().map(|when| &mut when.result).chain(else_result.as_deref_mut());
        for (result, found) in results.zip(types) {
            if found.oid == oid::UNKNOWN && ty.oid != oid::UNKNOWN {
                self.assign(result, found, ty)?;
            }
        }
        Ok(ty)
    }

    /// The type that several expressions have together.
    pub(super) fn common_type(
        &self,
        types: &[PgType],
        what: &str,
        span: sqlparser::tokenizer::Span,
    ) -> Result<PgType, Problem> {
        let mut common = UNKNOWN;
        for ty in types.iter().filter(|ty| ty.oid != oid::UNKNOWN) {
            let (one, other) = (common.known(), ty.known());
            let apart = one.zip(other).is_some_and(|(one, other)| one.category != other.category);
            let objects = super::coerce::is_object(common) || super::coerce::is_object(*ty);
            if common.oid != oid::UNKNOWN && apart && !objects && !(common.is_text() && ty.is_text()) {
                let text = format!(
                    "{what} types {} and {} cannot be matched",
                    format_type(common),
                    format_type(*ty)
                );
                return Err(self.error("42804", text, span));
            }
            if common.oid == oid::UNKNOWN || super::queries::widens(common, *ty) {
                common = *ty;
            } else if common != *ty {
                common.modifier = -1;
            }
        }
        Ok(common)
    }

    fn at_zone(&mut self, expr: &mut Expr) -> Result<PgType, Problem> {
        let Expr::AtTimeZone { timestamp, time_zone } = expr else { return Ok(UNKNOWN) };
        let ty = self.expr(timestamp)?;
        self.expr(time_zone)?;
        let (way, made) = if ty.oid == oid::TIMESTAMPTZ {
            ("to", PgType::of(oid::TIMESTAMP))
        } else {
            ("from", PgType::of(oid::TIMESTAMPTZ))
        };
        let way = literal(&Cell::Text(way.to_owned()));
        *expr = call("f_pg_at_zone", vec![taken(timestamp), taken(time_zone), way]);
        Ok(made)
    }

    fn unary(&mut self, expr: &mut Expr) -> Result<PgType, Problem> {
        let span = expr.span();
        let Expr::UnaryOp { op, expr: inner } = expr else { return Ok(UNKNOWN) };
        match op {
            UnaryOperator::Not => {
                self.condition(inner, "NOT")?;
                Ok(BOOL)
            }
            UnaryOperator::Minus | UnaryOperator::Plus => {
                let ty = self.expr(inner)?;
                if ty.is_text() || ty.oid == oid::BOOL {
                    let text = format!("operator does not exist: - {}", format_type(ty));
                    return Err(self.error("42883", text, span));
                }
                if ty.oid == oid::INTERVAL {
                    let minus = literal(&Cell::Integer(-1));
                    *expr = call("f_pg_times_interval", vec![taken(inner), minus]);
                }
                Ok(ty)
            }
            UnaryOperator::BitwiseNot => self.expr(inner),
            _ => {
                let ty = self.expr(inner)?;
                Ok(ty)
            }
        }
    }

    /// `x = ANY (array)`, `x <> ALL (array)`, and the same with a query.
    fn of_many(&mut self, expr: &mut Expr, span: sqlparser::tokenizer::Span) -> Result<PgType, Problem> {
        let (left, op, right, any) = match expr {
            Expr::AnyOp { left, compare_op, right, .. } => (left, compare_op, right, true),
            Expr::AllOp { left, compare_op, right } => (left, compare_op, right, false),
            _ => return Ok(BOOL),
        };
        let ty = self.expr(left)?;
        if let Expr::Subquery(query) = unnested(right) {
            self.query(query)?;
            let negated = match (&*op, any) {
                (BinaryOperator::Eq, true) => false,
                (BinaryOperator::NotEq, false) => true,
                _ => return Err(Problem::Unsupported("ANY".to_owned())),
            };
            let subquery = query.clone();
            *expr = Expr::InSubquery { expr: Box::new(taken(left)), subquery, negated };
            return Ok(BOOL);
        }
        let found = self.expr(right)?;
        if found.oid == oid::UNKNOWN && ty.oid != oid::UNKNOWN {
            if let Some(array) = ty.array() {
                self.assign(right, found, array)?;
            }
        } else if found.element().is_none()
            && !matches!(found.oid, oid::INT2VECTOR | oid::OIDVECTOR | oid::UNKNOWN)
        {
            let text = "op ANY/ALL (array) requires array on right side";
            return Err(self.error("42809", text, span));
        }
        let word = literal(&Cell::Text(op.to_string()));
        let all = literal(&Cell::Integer(i64::from(!any)));
        let kind = literal(&Cell::Text(super::coerce::type_word(ty)));
        *expr = call("f_pg_many", vec![taken(left), taken(right), word, all, kind]);
        Ok(BOOL)
    }

    /// Columns of a table that a name of an INSERT or UPDATE means.
    pub(in crate::database) fn column_of(columns: &[Out], name: &str) -> Option<PgType> {
        columns.iter().find(|column| column.name == name).map(|column| column.ty)
    }
}

fn unnested(expr: &mut Expr) -> &mut Expr {
    match expr {
        Expr::Nested(inner) => unnested(inner),
        other => other,
    }
}

/// Key words that stand for a value without parentheses.
fn is_keyword(name: &str) -> bool {
    matches!(
        name,
        "current_user"
            | "session_user"
            | "user"
            | "current_role"
            | "current_date"
            | "current_time"
            | "current_timestamp"
            | "localtime"
            | "localtimestamp"
            | "current_catalog"
            | "current_schema"
    )
}

/// The expression, with nothing left in its place.
pub(super) fn taken(expr: &mut Expr) -> Expr {
    std::mem::replace(expr, literal(&Cell::Null))
}
