//! Arrays: made, of a query's rows, and their elements.

use rusqlite::types::Value as Cell;
use sqlparser::ast::{AccessExpr, Expr, Query, SelectItem, SetExpr, Spanned, Subscript};

use super::expressions::{TEXT, UNKNOWN, taken};
use super::{Binder, folded, quoted};
use crate::database::postgres::types::{PgType, oid};
use crate::database::problem::Problem;
use crate::database::rewrite::{call, literal};

impl Binder<'_> {
    pub(super) fn array(&mut self, expr: &mut Expr) -> Result<PgType, Problem> {
        let span = expr.span();
        let Expr::Array(array) = expr else { return Ok(UNKNOWN) };
        let mut types = Vec::new();
        for one in &mut array.elem {
            types.push(self.expr(one)?);
        }
        let parts = array.elem.iter_mut().map(taken).collect();
        let element = self.common_type(&types, "ARRAY", span)?;
        let element = if element.oid == oid::UNKNOWN { TEXT } else { element };
        let word = literal(&Cell::Text(super::coerce::type_word(element)));
        *expr = call("f_pg_array", std::iter::once(word).chain::<Vec<Expr>>(parts).collect());
        Ok(element.array().unwrap_or(PgType::of(oid::TEXT_ARRAY)))
    }

    /// `ARRAY(SELECT …)`.
    pub(super) fn array_of_query(&mut self, query: &mut Query) -> Result<(Expr, PgType), Problem> {
        let out = self.query(query)?;
        let element = out.first().map_or(TEXT, |out| out.ty);
        let element = if element.oid == oid::UNKNOWN { TEXT } else { element };
        if let SetExpr::Select(select) = query.body.as_mut()
            && let Some(SelectItem::ExprWithAlias { alias, .. }) = select.projection.first_mut()
        {
            *alias = quoted("v");
        }
        let word = super::coerce::type_word(element);
        let text = format!("SELECT coalesce(pg_array_agg('{word}', \"v\"), '{{}}') FROM (SELECT 0)");
        let mut made = sqlparser::parser::Parser::parse_sql(&sqlparser::dialect::SQLiteDialect {}, &text)
            .map_err(|_| Problem::Syntax("ARRAY".to_owned()))?;
        let Some(sqlparser::ast::Statement::Query(mut outer)) = made.pop() else {
            return Err(Problem::Syntax("ARRAY".to_owned()));
        };
        if let SetExpr::Select(select) = outer.body.as_mut()
            && let Some(from) = select.from.first_mut()
            && let sqlparser::ast::TableFactor::Derived { subquery, .. } = &mut from.relation
        {
            std::mem::swap(subquery.as_mut(), query);
        }
        Ok((Expr::Subquery(outer), element.array().unwrap_or(PgType::of(oid::TEXT_ARRAY))))
    }

    /// `a[1]`, `(row).column`.
    pub(super) fn access(&mut self, expr: &mut Expr) -> Result<PgType, Problem> {
        let Expr::CompoundFieldAccess { root, access_chain } = expr else { return Ok(UNKNOWN) };
        if let [AccessExpr::Dot(Expr::Identifier(field))] = access_chain.as_slice()
            && matches!(folded(field).as_str(), "n" | "x")
            && matches!(root.as_ref(), Expr::Nested(_))
        {
            let field = folded(field);
            let mut element = taken(root);
            let ty = self.expr(&mut element)?;
            let (made, ty) = of_expanded(element, ty, &field);
            *expr = made;
            return Ok(ty);
        }
        // `t.a[1]` comes as a name, a dot and a subscript.
        let mut chain = std::mem::take(access_chain).into_iter().peekable();
        let mut root = taken(root);
        while let Some(AccessExpr::Dot(Expr::Identifier(_))) = chain.peek() {
            let Some(AccessExpr::Dot(Expr::Identifier(name))) = chain.next() else { break };
            root = match root {
                Expr::Identifier(table) => Expr::CompoundIdentifier(vec![table, name]),
                Expr::CompoundIdentifier(mut parts) => {
                    parts.push(name);
                    Expr::CompoundIdentifier(parts)
                }
                _ => return Err(Problem::Unsupported(".".to_owned())),
            };
        }
        let mut ty = self.expr(&mut root)?;
        for access in chain {
            let AccessExpr::Subscript(subscript) = access else {
                return Err(Problem::Unsupported(".".to_owned()));
            };
            match subscript {
                Subscript::Index { mut index } => {
                    self.expr(&mut index)?;
                    if ty.oid == oid::NAME {
                        // A name is a list of characters, from 0.
                        let one = || literal(&Cell::Integer(1));
                        let kind = literal(&Cell::Text("int4".to_owned()));
                        let at = call("f_pg_add", vec![index, one(), kind]);
                        root = call("substr", vec![root, at, one()]);
                        ty = PgType::of(oid::CHAR);
                        continue;
                    }
                    let first = i64::from(!matches!(ty.oid, oid::INT2VECTOR | oid::OIDVECTOR));
                    root = call("f_pg_element", vec![root, index, literal(&Cell::Integer(first))]);
                    ty = match ty.oid {
                        oid::INT2VECTOR => PgType::of(oid::INT2),
                        oid::OIDVECTOR => PgType::of(oid::OID),
                        _ => ty.element().unwrap_or(TEXT),
                    };
                    if ty.is_number() || ty.oid == oid::BOOL {
                        root = call("f_pg_number", vec![root]);
                    }
                }
                Subscript::Slice { lower_bound, upper_bound, .. } => {
                    let mut bounds = Vec::new();
                    for bound in [lower_bound, upper_bound] {
                        let mut bound = bound.unwrap_or_else(|| literal(&Cell::Null));
                        self.expr(&mut bound)?;
                        bounds.push(bound);
                    }
                    root = call("f_pg_slice", std::iter::once(root).chain(bounds).collect());
                }
            }
        }
        *expr = root;
        Ok(ty)
    }
}

/// `(information_schema._pg_expandarray(a)).n` is the place of an element, `.x` the element itself; a
/// column that the function gave stands for the element.
fn of_expanded(element: Expr, ty: PgType, field: &str) -> (Expr, PgType) {
    match element {
        Expr::Nested(inner) => of_expanded(*inner, ty, field),
        Expr::CompoundIdentifier(mut parts) if field == "n" => {
            if let Some(last) = parts.last_mut() {
                *last = quoted("key");
            }
            let (key, one) = (Expr::CompoundIdentifier(parts), literal(&Cell::Integer(1)));
            let kind = literal(&Cell::Text("int4".to_owned()));
            (call("f_pg_add", vec![key, one, kind]), PgType::of(oid::INT4))
        }
        other => (other, ty),
    }
}
