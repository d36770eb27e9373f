//! Queries: opened, typed, and read row by row.

use std::sync::Arc;

use rusqlite::types::Value as Cell;
use sqlparser::ast::{Expr, Ident, Query, SelectItem, SetExpr};

use super::names::Lookup;
use super::{Connection, MAX_ROWS, marks};
use crate::database::postgres::bind::Out;
use crate::database::problem::Problem;
use crate::database::records::{Tally, WORLD_ID};
use crate::database::rewrite::{Projected, Read, Rewriting, literal, projected, put_count, whole_table};
use crate::database::{Column, Item, Kind, Product, Records, SqlType, Value, cell};
use crate::event::observation::RecordKind;
use crate::sys::sqlite::{Failure, Head, Opened};

/// A query that is being read.
pub(super) struct Open {
    pub opened: Opened,
    pub columns: Arc<[Column]>,
    /// What each column of the engine is: one to be seen, or ids of records of a kind.
    roles: Vec<Role>,
    /// Kinds whose records are told exactly.
    marked: Vec<RecordKind>,
    /// Whether it only counts.
    pub counts: bool,
    seen: Tally,
    /// A row that was read to learn the types.
    first: Option<Vec<Cell>>,
    pub rows: u64,
    pub most: u64,
    /// Relations that it reads.
    pub reads: Vec<Read>,
    pub has_where: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Visible,
    Ids(RecordKind),
    /// Of no use to anybody.
    Nothing,
}

impl Open {
    /// Ids of records in a row's hidden columns; the others stay.
    fn take_ids(&mut self, row: Vec<Cell>) -> Vec<Cell> {
        let mut visible = Vec::with_capacity(self.columns.len());
        for (cell, role) in row.into_iter().zip(&self.roles) {
            match role {
                Role::Visible => visible.push(cell),
                Role::Ids(kind) => {
                    if let Some(id) = cell::text(&cell) {
                        self.seen.note(*kind, &id);
                    }
                }
                Role::Nothing => {}
            }
        }
        visible
    }
}

fn role(head: &Head, marked: &[RecordKind]) -> Role {
    let mark = head.name.strip_prefix(marks::HIDDEN).and_then(|mark| mark.parse::<usize>().ok());
    match (mark, head.name.as_str()) {
        (Some(mark), _) => marked.get(mark).map_or(Role::Nothing, |kind| Role::Ids(*kind)),
        (None, WORLD_ID) => Role::Nothing,
        (None, _) => Role::Visible,
    }
}

fn failed(failure: Failure) -> Problem {
    Problem::of_engine(failure.code, &failure.text)
}

impl Connection {
    /// Rewrites and opens a query; variables that it assigns are given back.
    pub(super) fn open_query(&mut self, query: &Query) -> Result<(Open, Vec<String>), Problem> {
        let mut query = query.clone();
        let assigned = assignments(&mut query);
        let bound = match self.facts.product() {
            Product::Postgres => Some(self.bind_query(&mut query)?),
            Product::SqlServer | Product::MySql | Product::Oracle => None,
        };
        let open = self.open_bound(query, bound.as_deref())?;
        Ok((open, assigned))
    }

    /// Rewrites and opens a query whose names and types are known, where the product asks for them.
    pub(super) fn open_bound(&mut self, mut query: Query, bound: Option<&[Out]>) -> Result<Open, Problem> {
        let product = self.facts.product();
        let has_where = has_condition(&query);
        let before = projected(&query, product);
        let mut names = Lookup { connection: self };
        let mut rewriting = Rewriting::new(&mut names);
        rewriting.apply(&mut query)?;
        let reads = std::mem::take(&mut rewriting.reads);
        // A `*` that was written out has names now; all else is called as it was written.
        let projected = match projected(&query, product) {
            after if after.len() > before.len() => after,
            _ => before,
        };
        let counts = marks::is_counting(&query);
        if counts {
            self.count_known(&mut query);
        }
        let (opened, marked) = self.open_marked(&query, &reads)?;
        let tables = self.tables()?;
        let heads = tables.engine.heads(opened);
        let first = match tables.engine.step(opened) {
            Ok(first) => first,
            Err(failure) => {
                tables.engine.close(opened);
                return Err(failed(failure));
            }
        };
        let roles: Vec<Role> = heads.iter().map(|head| role(head, &marked)).collect();
        let shown: Vec<usize> =
            roles.iter().enumerate().filter(|(_, role)| **role == Role::Visible).map(|(at, _)| at).collect();
        let mut columns = Vec::with_capacity(shown.len());
        for (place, at) in shown.iter().enumerate() {
            let known = known(&projected, place, shown.len());
            let sample = first.as_ref().and_then(|row| row.get(*at));
            if let Some(head) = heads.get(*at) {
                columns.push(self.column(head, known, sample, &reads));
            }
        }
        if let Some(bound) = bound {
            columns = bound.iter().map(Out::column).collect();
        }
        let open = Open {
            opened,
            columns: columns.into(),
            roles,
            marked,
            counts,
            seen: Tally::default(),
            first,
            rows: 0,
            most: MAX_ROWS,
            reads,
            has_where,
        };
        Ok(open)
    }

    /// Puts in the number of rows where the world knows how many a whole table has.
    fn count_known(&self, query: &mut Query) {
        let Some(tables) = &self.engine else { return };
        let place = whole_table(query).and_then(|relation| tables.original_place(&relation));
        let table = place.and_then(|place| self.facts.catalog.tables.get(&place));
        let Some(table) = table.filter(|table| table.is_counted()) else { return };
        let number = Cell::Integer(self.facts.count(table));
        if let SetExpr::Select(select) = query.body.as_mut()
            && put_count(&mut select.projection, &literal(&number))
        {
            select.from.clear();
        }
    }

    /// Opens a rewritten query with marks on the records that its rows are made of, or without where
    /// the engine has none of them.
    fn open_marked(&mut self, query: &Query, reads: &[Read]) -> Result<(Opened, Vec<RecordKind>), Problem> {
        let nothing = || Problem::Syntax(String::new());
        let marked = marks::marked(query, reads);
        let tables = self.tables()?;
        if let Some(marked) = marked
            && let Ok(Some(opened)) = tables.engine.open(&marked.query.to_string())
        {
            tables.begin(marked.kinds.clone());
            return Ok((opened, marked.kinds));
        }
        let opened = tables.engine.open(&query.to_string()).map_err(failed)?.ok_or_else(nothing)?;
        tables.begin(Vec::new());
        Ok((opened, Vec::new()))
    }

    /// Records that a query read, with their ids where they are known.
    pub(super) fn records(&self, open: &mut Open) -> Vec<Records> {
        let Some(tables) = &self.engine else { return Vec::new() };
        open.seen.add(tables.noted());
        let mut told = open.seen.take();
        if !open.counts && open.rows > 0 {
            told.extend(tables.unmarked(&open.marked, open.rows));
        }
        told
    }

    fn column(
        &self,
        head: &Head,
        known: Option<&Projected>,
        sample: Option<&Cell>,
        reads: &[Read],
    ) -> Column {
        let product = self.facts.product();
        let table_column =
            head.declared.as_deref().and_then(|declared| self.engine.as_ref()?.column(declared));
        let name = match known {
            Some(Projected::One(_, name)) => name.clone(),
            Some(Projected::All) | None => head.name.clone(),
        };
        let name = if product == Product::Oracle { name.to_uppercase() } else { name };
        if let Some((spec, place)) = table_column {
            let origin = place.map(|place| (place.schema.clone(), place.name.clone(), spec.name.clone()));
            return Column { name, ty: spec.ty.clone(), nullable: spec.nullable, origin };
        }
        let inferred = match known {
            Some(Projected::One(expr, _)) => self.infer(expr, reads),
            Some(Projected::All) | None => {
                self.infer(&Expr::Identifier(Ident::new(head.name.as_str())), reads)
            }
        };
        let ty = inferred
            .or_else(|| Some(cell::natural_type(sample?)))
            .unwrap_or_else(|| SqlType::nvarchar(Some(4000)));
        Column { name, ty, nullable: true, origin: None }
    }

    /// Reads at most so many rows of an open query into the answer; `false` when it has ended.
    pub(super) fn read(&mut self, open: &mut Open, rows: usize) -> Result<bool, Problem> {
        for _ in 0..rows {
            if open.rows >= open.most {
                return Ok(false);
            }
            let Some(row) = self.next_row(open)? else { return Ok(false) };
            let mut values: Vec<Value> = row
                .into_iter()
                .zip(open.columns.iter())
                .map(|(cell, column)| cell::value(cell, &column.ty))
                .collect();
            if self.facts.product() == Product::MySql {
                let fixed = values.iter_mut().zip(open.columns.iter());
                fixed.filter(|(_, column)| column.ty.kind == Kind::Char).for_each(|(value, _)| unpad(value));
            }
            self.wait();
            self.out.push_back(Item::Row(values));
        }
        Ok(true)
    }

    /// The next row, without the hidden columns.
    pub(super) fn next_row(&mut self, open: &mut Open) -> Result<Option<Vec<Cell>>, Problem> {
        let tables = self.tables()?;
        tables.rest();
        let row = match open.first.take() {
            Some(row) => Some(row),
            None if open.rows == 0 => None,
            None => tables.engine.step(open.opened).map_err(failed)?,
        };
        let Some(row) = row else { return Ok(None) };
        open.rows += 1;
        Ok(Some(open.take_ids(row)))
    }

    /// The value of an expression.
    pub(super) fn evaluate(&mut self, expr: &Expr) -> Result<Cell, Problem> {
        let mut expr = expr.clone();
        let mut names = Lookup { connection: self };
        Rewriting::new(&mut names).apply(&mut expr)?;
        let sql = format!("SELECT {expr}");
        let tables = self.tables()?;
        tables.rest();
        tables.begin(Vec::new());
        let Some(opened) = tables.engine.open(&sql).map_err(failed)? else { return Ok(Cell::Null) };
        let row = tables.engine.step(opened).map_err(failed);
        tables.engine.close(opened);
        let given = match &row {
            Ok(_) => true,
            Err(problem) => problem.quotes_a_value(),
        };
        if given {
            let read = tables.unmarked(&[], 1);
            self.glimpsed.extend(read);
        }
        Ok(row?.and_then(|row| row.into_iter().next()).unwrap_or(Cell::Null))
    }

    /// The type of an expression as far as it shows.
    pub(super) fn infer(&self, expr: &Expr, reads: &[Read]) -> Option<SqlType> {
        let column = |name: &str| {
            let tables = self.engine.as_ref()?;
            let mut found = reads.iter().filter_map(|read| tables.columns_of(&read.relation));
            found
                .find_map(|columns| columns.iter().find(|c| c.name.eq_ignore_ascii_case(name)))
                .map(|c| c.ty.clone())
        };
        match expr {
            Expr::Identifier(ident) if ident.value.starts_with("@@") => {
                match ident.value.to_lowercase().as_str() {
                    "@@version" => Some(SqlType::nvarchar(Some(300))),
                    "@@servername" | "@@servicename" | "@@language" => Some(SqlType::nvarchar(Some(128))),
                    "@@spid" => Some(SqlType::of(Kind::SmallInt)),
                    _ => None,
                }
            }
            Expr::Identifier(ident) if ident.value.starts_with('@') => {
                self.variables.get(&ident.value.to_lowercase())?.1.clone()
            }
            Expr::Identifier(ident) => column(&ident.value),
            Expr::CompoundIdentifier(parts) => column(&parts.last()?.value),
            Expr::Nested(inner) => self.infer(inner, reads),
            Expr::Cast { data_type, .. } => SqlType::parse(&data_type.to_string().replace(['[', ']'], "")),
            Expr::Convert { data_type, .. } => {
                SqlType::parse(&data_type.as_ref()?.to_string().replace(['[', ']'], ""))
            }
            Expr::Case { conditions, .. } => self.infer(&conditions.first()?.result, reads),
            Expr::Value(value) => literal_type(&value.value, self.facts.product()),
            Expr::Function(function) => {
                let name = crate::database::rewrite::parse_name(&function.name).pop()?.to_lowercase();
                match name.as_str() {
                    "count" if self.facts.product() == Product::SqlServer => Some(SqlType::of(Kind::Int)),
                    "count" | "count_big" | "row_number" => Some(SqlType::of(Kind::BigInt)),
                    "getdate" | "dateadd" | "current_timestamp" | "now" | "sysdate" => {
                        Some(SqlType::of(Kind::DateTime))
                    }
                    "db_name" | "suser_sname" | "suser_name" | "user_name" | "host_name" | "app_name"
                    | "object_name" | "schema_name" | "original_login" => Some(SqlType::nvarchar(Some(128))),
                    "max" | "min" | "isnull" | "coalesce" | "nvl" | "upper" | "lower" | "rtrim" | "ltrim"
                    | "sum" | "avg" | "ifnull" => self.infer(argument(function)?, reads).map(widened(&name)),
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

/// SUM of small numbers is an int; text functions give texts of varying length.
fn widened(name: &str) -> impl Fn(SqlType) -> SqlType + '_ {
    move |ty| match (name, ty.kind) {
        ("sum" | "avg", Kind::TinyInt | Kind::SmallInt | Kind::Bit) => SqlType::of(Kind::Int),
        ("sum" | "avg", Kind::Decimal) => SqlType { precision: 38, ..ty },
        ("upper" | "lower" | "rtrim" | "ltrim" | "isnull" | "coalesce", Kind::Char) => {
            SqlType::varchar(ty.length)
        }
        _ => ty,
    }
}

fn argument(function: &sqlparser::ast::Function) -> Option<&Expr> {
    use sqlparser::ast::{FunctionArg, FunctionArgExpr, FunctionArguments};
    match &function.args {
        FunctionArguments::List(list) => match list.args.first()? {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
            _ => None,
        },
        FunctionArguments::None | FunctionArguments::Subquery(_) => None,
    }
}

fn literal_type(value: &sqlparser::ast::Value, product: Product) -> Option<SqlType> {
    use sqlparser::ast::Value as Literal;
    let length = |text: &str| u32::try_from(text.chars().count().max(1)).ok();
    match value {
        Literal::SingleQuotedString(text) if product == Product::SqlServer => {
            Some(SqlType::varchar(length(text)))
        }
        Literal::SingleQuotedString(text) | Literal::NationalStringLiteral(text) => {
            Some(SqlType::nvarchar(length(text)))
        }
        Literal::Number(text, _) if text.contains('.') => {
            let scale = text.split('.').nth(1).map_or(0, str::len);
            let digits = text.bytes().filter(u8::is_ascii_digit).count();
            Some(SqlType::decimal(u8::try_from(digits).ok()?, u8::try_from(scale).ok()?))
        }
        _ => None,
    }
}

/// What is known of the column at a place, when at most one `*` stands in the list.
fn known(projected: &[Projected], at: usize, columns: usize) -> Option<&Projected> {
    let star = projected.iter().position(|item| *item == Projected::All);
    match star {
        None => projected.get(at),
        Some(star) if at < star => projected.get(at),
        Some(star) => {
            let after = projected.len() - star - 1;
            let from_end = columns.checked_sub(at + 1)?;
            let last_star = projected.iter().rposition(|item| *item == Projected::All);
            (from_end < after && last_star == Some(star))
                .then(|| projected.get(projected.len() - 1 - from_end))
                .flatten()
        }
    }
}

fn has_condition(query: &Query) -> bool {
    match query.body.as_ref() {
        SetExpr::Select(select) => {
            select.selection.is_some() || select.top.is_some() || query.limit_clause.is_some()
        }
        _ => false,
    }
}

/// `SELECT @x = col`: the variables that take the columns.
fn assignments(query: &mut Query) -> Vec<String> {
    let SetExpr::Select(select) = query.body.as_mut() else { return Vec::new() };
    let mut names = Vec::new();
    for item in &mut select.projection {
        match item {
            SelectItem::ExprWithAlias { alias, .. }
                if alias.value.starts_with('@') && alias.quote_style.is_none() =>
            {
                names.push(alias.value.to_lowercase());
                alias.value = alias.value.trim_start_matches('@').to_owned();
            }
            SelectItem::UnnamedExpr(Expr::BinaryOp {
                left,
                op: sqlparser::ast::BinaryOperator::Eq,
                right,
            }) => {
                let name = match left.as_ref() {
                    Expr::Identifier(ident) if ident.value.starts_with('@') => ident.value.to_lowercase(),
                    _ => return Vec::new(),
                };
                names.push(name);
                *item = SelectItem::UnnamedExpr(*right.clone());
            }
            _ => return Vec::new(),
        }
    }
    names
}

/// MySQL takes the blanks at the end of a CHAR off when it is read.
fn unpad(value: &mut Value) {
    if let Value::Text(text) = value {
        text.truncate(text.trim_end_matches(' ').len());
    }
}
