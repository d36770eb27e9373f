//! Names, types and conversions of a statement: each expression gets the type that PostgreSQL would
//! give it, and what the engine would understand otherwise is written in its own terms.

mod arrays;
mod calls;
mod coerce;
mod expressions;
mod lateral;
mod nearest;
mod operators;
mod queries;
mod sources;
mod statements;

use std::collections::BTreeMap;

use rusqlite::types::Value as Cell;
use sqlparser::ast::{Expr, Ident, Query, SelectItem, TableWithJoins};
use sqlparser::tokenizer::Span;

use super::types::{PgType, oid};
use crate::database::problem::{Problem, Said};
use crate::database::{Column, SqlType};

/// Deepest queries inside of each other.
const MAX_QUERIES: usize = 24;

/// A column of a table, a subquery or a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::database) struct Out {
    pub name: String,
    pub ty: PgType,
    pub nullable: bool,
    /// The table's column that it is: schema, table, column.
    pub origin: Option<(String, String, String)>,
}

impl Out {
    pub(in crate::database) fn new(name: impl Into<String>, ty: PgType) -> Out {
        Out { name: name.into(), ty, nullable: true, origin: None }
    }

    /// As a column of a result.
    pub(in crate::database) fn column(&self) -> Column {
        let ty = if self.ty.oid == oid::UNKNOWN { PgType::of(oid::TEXT) } else { self.ty };
        let mut sql = ty.sql();
        if ty.oid == oid::NUMERIC && self.origin.is_none() {
            // An expression keeps its digits and has no measures.
            sql = SqlType { precision: 0, ..sql };
        }
        Column { name: self.name.clone(), ty: sql, nullable: self.nullable, origin: self.origin.clone() }
    }
}

/// What a table's name stands for.
pub(in crate::database) enum Table {
    /// Its columns.
    Columns(Vec<Out>),
    /// A view's query.
    View(Box<Query>),
}

/// What the binder asks of a connection.
pub(in crate::database) trait Names {
    /// What a table's name stands for.
    fn table(&mut self, parts: &[String]) -> Result<Table, Problem>;
    /// What a function without arguments or a key word gives.
    fn constant(&mut self, name: &str) -> Option<(Cell, PgType)>;
    /// A name as a value of an object identifier type (`'pg_class'::regclass`).
    fn object(&mut self, ty: PgType, name: &str) -> Option<i64>;
    /// Whether the engine has a function of this name.
    fn has_function(&self, name: &str) -> bool;
    /// Whether the role may call it.
    fn may_call(&self, name: &str) -> bool;
    /// Minutes that the hospital is ahead of UTC.
    fn offset_minutes(&self) -> i32;
}

/// A table of a FROM.
struct Item {
    alias: String,
    columns: Vec<Out>,
    /// What the engine calls the one column of a function's rows.
    value: Option<&'static str>,
    /// The table that it is, with its schema if that was given; empty for none.
    relation: String,
}

impl Item {
    /// What the engine calls a column.
    fn own<'a>(&'a self, column: &'a str) -> &'a str {
        match self.value {
            Some(_) if column == "option_name" => "key",
            Some(value) => value,
            None => column,
        }
    }
}

/// Tables that names are looked for in.
#[derive(Default)]
struct Scope {
    items: Vec<Item>,
    /// Columns that USING or NATURAL made one.
    merged: Vec<String>,
    /// Functions of rows in the select list, which become tables.
    added: Vec<TableWithJoins>,
}

/// One binding.
pub(in crate::database) struct Binder<'a> {
    names: &'a mut dyn Names,
    /// The statement's text, for places of errors.
    source: &'a str,
    scopes: Vec<Scope>,
    common: Vec<(String, Vec<Out>)>,
    depth: usize,
    /// Lateral subqueries of the queries that are being bound.
    lateral: Vec<lateral::Lateral>,
    /// Types of parameters, by number from 1.
    pub parameters: BTreeMap<usize, PgType>,
}

impl<'a> Binder<'a> {
    pub(in crate::database) fn new(names: &'a mut dyn Names, source: &'a str) -> Binder<'a> {
        Binder {
            names,
            source,
            scopes: Vec::new(),
            common: Vec::new(),
            depth: 0,
            lateral: Vec::new(),
            parameters: BTreeMap::new(),
        }
    }

    /// Binds a query; gives its columns.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(in crate::database) fn top(&mut self, query: &mut Query) -> Result<Vec<Out>, Problem> {
        let mut out = self.query(query)?;
        self.show_objects(query, &mut out);
        Ok(out)
    }

    /// Binds an expression of a statement that changes a table, for a column of this type.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(in crate::database) fn value(
        &mut self,
        expr: &mut Expr,
        wanted: Option<PgType>,
    ) -> Result<(), Problem> {
        let found = self.expr(expr)?;
        if let Some(wanted) = wanted {
            self.assign(expr, found, wanted)?;
        }
        Ok(())
    }

    /// Columns that names of an expression may have, for statements that change a table.
    pub(in crate::database) fn enter(&mut self, alias: &str, columns: Vec<Out>) {
        let item = Item { alias: alias.to_owned(), columns, value: None, relation: alias.to_owned() };
        self.scopes.push(Scope { items: vec![item], ..Scope::default() });
    }

    fn scope(&mut self) -> Option<&mut Scope> {
        self.scopes.last_mut()
    }

    /// The character of the text that a span begins at, from 1; 0 where it is unknown.
    fn at(&self, span: Span) -> u32 {
        place(self.source, span)
    }

    fn error(&self, code: &'static str, text: impl Into<String>, span: Span) -> Problem {
        Problem::Said(Box::new(Said {
            code,
            text: text.into(),
            detail: String::new(),
            hint: String::new(),
            position: self.at(span),
        }))
    }
}

/// The character of a text that a span begins at, from 1; 0 where it is unknown.
pub(in crate::database) fn place(source: &str, span: Span) -> u32 {
    let (line, column) = (span.start.line, span.start.column);
    if line == 0 {
        return 0;
    }
    let lines = source.split('\n').take(usize::try_from(line - 1).unwrap_or(0));
    let before: usize = lines.map(|line| line.chars().count() + 1).sum();
    u32::try_from(before).unwrap_or(0) + u32::try_from(column).unwrap_or(0)
}

/// A name as PostgreSQL reads it: bare ones in lower case.
fn folded(ident: &Ident) -> String {
    match ident.quote_style {
        Some(_) => ident.value.clone(),
        None => ident.value.to_lowercase(),
    }
}

/// A name in quotes.
fn quoted(name: impl Into<String>) -> Ident {
    Ident::with_quote('"', name)
}

/// The expression of an item of a select list.
fn item_expr(item: &mut SelectItem) -> Option<&mut Expr> {
    match item {
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => Some(expr),
        _ => None,
    }
}
