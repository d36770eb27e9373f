//! Literals and casts: values of one type as those of another.

use rusqlite::types::Value as Cell;
use sqlparser::ast::{Expr, Spanned, Value};

use super::Binder;
use super::expressions::taken;
use crate::database::postgres::format_type;
use crate::database::postgres::types::{PgType, oid};
use crate::database::problem::{Problem, Said};
use crate::database::rewrite::{call, literal, literal_text};

/// Whether a type's values are object ids that are shown as names.
pub(super) fn is_object(ty: PgType) -> bool {
    matches!(ty.oid, oid::REGCLASS | oid::REGTYPE | oid::REGROLE | oid::REGNAMESPACE)
}

/// Whether a type's values are points in time.
pub(super) fn is_time(ty: PgType) -> bool {
    matches!(ty.oid, oid::DATE | oid::TIMESTAMP | oid::TIMESTAMPTZ)
}

/// The name of a type in `pg_type`, for functions of the engine.
pub(super) fn type_word(ty: PgType) -> String {
    ty.known().map_or("text", |known| known.name).to_owned()
}

impl Binder<'_> {
    /// An expression where a value of another type is wanted.
    pub(super) fn assign(&mut self, expr: &mut Expr, found: PgType, wanted: PgType) -> Result<(), Problem> {
        if let Expr::Nested(inner) = expr {
            return self.assign(inner, found, wanted);
        }
        if found.oid != oid::UNKNOWN {
            if found.oid != wanted.oid {
                let made = self.converted(taken(expr), found, wanted);
                *expr = made;
            }
            return Ok(());
        }
        if let Expr::Value(value) = expr
            && let Value::Placeholder(name) = &value.value
        {
            let number = name.trim_start_matches('$').parse().unwrap_or(0);
            self.parameters.entry(number).or_insert(PgType { modifier: -1, ..wanted });
            return Ok(());
        }
        let Some(text) = text_of(expr) else { return Ok(()) };
        let span = expr.span();
        let position = self.at(span);
        let made = self.read(&text, wanted).map_err(|(code, text)| {
            Problem::Said(Box::new(Said { code, text, position, ..Said::default() }))
        })?;
        *expr = literal(&made);
        Ok(())
    }

    /// The value of a literal of a type.
    fn read(&mut self, text: &str, wanted: PgType) -> Result<Cell, (&'static str, String)> {
        let name = || {
            let shown = format_type(PgType { modifier: -1, ..wanted });
            ("22P02", format!("invalid input syntax for type {shown}: \"{text}\""))
        };
        let trimmed = text.trim();
        match wanted.oid {
            oid::INT2 | oid::INT4 | oid::INT8 | oid::OID | oid::XID => {
                let number: i64 = trimmed.parse().map_err(|_| name())?;
                let range = match wanted.oid {
                    oid::INT2 => i64::from(i16::MIN)..=i64::from(i16::MAX),
                    oid::INT4 => i64::from(i32::MIN)..=i64::from(i32::MAX),
                    _ => i64::MIN..=i64::MAX,
                };
                let shown = format_type(wanted);
                let message = || ("22003", format!("value \"{text}\" is out of range for type {shown}"));
                if range.contains(&number) { Ok(Cell::Integer(number)) } else { Err(message()) }
            }
            oid::NUMERIC | oid::FLOAT4 | oid::FLOAT8 => {
                let number: f64 = trimmed.parse().map_err(|_| name())?;
                Ok(Cell::Real(number))
            }
            oid::BOOL => match trimmed.to_lowercase().as_str() {
                "t" | "true" | "y" | "yes" | "on" | "1" => Ok(Cell::Integer(1)),
                "f" | "false" | "n" | "no" | "off" | "0" => Ok(Cell::Integer(0)),
                _ => Err(name()),
            },
            oid::DATE | oid::TIMESTAMP | oid::TIMESTAMPTZ => self.moment(trimmed, wanted).ok_or_else(|| {
                let shown = format_type(PgType { modifier: -1, ..wanted });
                ("22007", format!("invalid input syntax for type {shown}: \"{text}\""))
            }),
            _ if is_object(wanted) => {
                if let Ok(number) = trimmed.parse::<i64>() {
                    return Ok(Cell::Integer(number));
                }
                let found = self.names.object(wanted, trimmed);
                found.map(Cell::Integer).ok_or_else(|| no_object(wanted, trimmed))
            }
            oid::REGPROC => Ok(Cell::Text(trimmed.trim_start_matches("pg_catalog.").to_owned())),
            oid::UUID => {
                let digits = trimmed.replace(['-', '{', '}'], "").to_lowercase();
                let right = digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
                if right { Ok(Cell::Text(text.to_owned())) } else { Err(name()) }
            }
            _ if wanted.element().is_some() && !trimmed.starts_with('{') => {
                Err(("22P02", format!("malformed array literal: \"{text}\"")))
            }
            _ => Ok(Cell::Text(text.to_owned())),
        }
    }

    fn moment(&mut self, text: &str, wanted: PgType) -> Option<Cell> {
        let word = text.to_lowercase();
        let now = self.names.constant("now").map(|(cell, _)| cell);
        let day = |days: i64| {
            let Some(Cell::Text(now)) = &now else { return None };
            let date: jiff::civil::Date = now.get(..10)?.parse().ok()?;
            date.checked_add(jiff::Span::new().days(days)).ok().map(|date| Cell::Text(date.to_string()))
        };
        match word.as_str() {
            "now" => return now,
            "today" => return day(0),
            "yesterday" => return day(-1),
            "tomorrow" => return day(1),
            "infinity" => return Some(Cell::Text("9999-12-31 23:59:59.999".to_owned())),
            "-infinity" => return Some(Cell::Text("1001-01-01 00:00:00.000".to_owned())),
            "epoch" => return Some(Cell::Text("1970-01-01 08:00:00.000".to_owned())),
            _ => {}
        }
        let at = crate::database::postgres::moments::read(text, self.names.offset_minutes())?;
        Some(Cell::Text(if wanted.oid == oid::DATE {
            at.date().to_string()
        } else {
            crate::database::postgres::moments::written(at)
        }))
    }

    /// `x::type`, `CAST(x AS type)`, `type 'x'`.
    pub(super) fn cast(&mut self, expr: &mut Expr) -> Result<PgType, Problem> {
        let span = expr.span();
        let (name, mut inner) = match expr {
            Expr::Cast { data_type, expr: inner, .. } => (data_type.to_string(), taken(inner)),
            Expr::TypedString(typed) => (typed.data_type.to_string(), Expr::Value(typed.value.clone())),
            _ => return Ok(PgType::of(oid::UNKNOWN)),
        };
        let Some(wanted) = PgType::named(&name) else {
            let shown = name.replace('"', "").to_lowercase();
            return Err(self.error("42704", format!("type \"{shown}\" does not exist"), span));
        };
        let found = self.expr(&mut inner)?;
        if found.oid == oid::UNKNOWN && (text_of(&inner).is_some() || is_placeholder(&inner)) {
            self.assign(&mut inner, found, wanted)?;
            if wanted.modifier >= 0 && wanted.oid != oid::NUMERIC {
                inner = self.converted(inner, PgType::of(oid::TEXT), wanted);
            }
            if wanted.oid == oid::INTERVAL {
                inner = call("f_pg_interval", vec![inner, literal(&Cell::Text(String::new()))]);
            }
            *expr = Expr::Nested(Box::new(inner));
            return Ok(wanted);
        }
        if !may_cast(found, wanted) {
            let text = format!("cannot cast type {} to {}", format_type(found), format_type(wanted));
            return Err(self.error("42846", text, span));
        }
        *expr = self.converted(inner, found, wanted);
        Ok(wanted)
    }

    /// A value of one type as one of another.
    pub(super) fn converted(&mut self, expr: Expr, found: PgType, wanted: PgType) -> Expr {
        if found == wanted || (found.oid == wanted.oid && wanted.modifier < 0) {
            return expr;
        }
        let word = |ty: PgType| literal(&Cell::Text(type_word(ty)));
        if is_object(found) && (wanted.is_text() || wanted.oid == oid::UNKNOWN) {
            return call("f_pg_object_name", vec![word(found), expr]);
        }
        if is_object(found) && (is_object(wanted) || wanted.is_number()) {
            return expr;
        }
        if wanted.is_number() && found.is_number() && wanted.modifier < 0 {
            let narrower = super::queries::widens(wanted, found) || wanted.oid == oid::INT2;
            if !narrower {
                return expr;
            }
        }
        if wanted.oid == oid::TEXT && found.is_text() && found.oid != oid::BPCHAR {
            return expr;
        }
        let modifier = literal(&Cell::Integer(i64::from(wanted.modifier)));
        call("f_pg_cast", vec![word(wanted), expr, word(found), modifier])
    }
}

/// The text of a literal, in parentheses or not.
fn text_of(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Nested(inner) => text_of(inner),
        Expr::Value(value) => match &value.value {
            Value::EscapedStringLiteral(text) | Value::UnicodeStringLiteral(text) => Some(text.clone()),
            Value::DollarQuotedString(text) => Some(text.value.clone()),
            _ => literal_text(expr).map(str::to_owned),
        },
        _ => None,
    }
}

fn is_placeholder(expr: &Expr) -> bool {
    matches!(expr, Expr::Value(value) if matches!(value.value, Value::Placeholder(_)))
}

fn no_object(ty: PgType, name: &str) -> (&'static str, String) {
    match ty.oid {
        oid::REGCLASS => ("42P01", format!("relation \"{name}\" does not exist")),
        oid::REGTYPE => ("42704", format!("type \"{name}\" does not exist")),
        oid::REGROLE => ("42704", format!("role \"{name}\" does not exist")),
        _ => ("3F000", format!("schema \"{name}\" does not exist")),
    }
}

/// Whether there is a cast between two types.
fn may_cast(found: PgType, wanted: PgType) -> bool {
    let category = |ty: PgType| ty.known().map_or('U', |known| known.category);
    if found.oid == oid::UNKNOWN || found.is_text() || wanted.is_text() {
        return true;
    }
    match (category(found), category(wanted)) {
        ('B', 'N') => wanted.oid == oid::INT4,
        ('N', 'B') => found.oid == oid::INT4,
        ('D', 'N') | ('N', 'D') | ('D', 'B') | ('B', 'D') => false,
        _ => true,
    }
}
