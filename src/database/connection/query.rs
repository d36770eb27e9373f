//! Queries: opened, typed, and read row by row.

use std::collections::BTreeMap;
use std::sync::Arc;

use rusqlite::types::Value as Cell;
use sqlparser::ast::{Expr, Query, SelectItem, SetExpr};

use super::names::Lookup;
use super::{Connection, MAX_ROWS};
use crate::database::problem::Problem;
use crate::database::records::WORLD_ID;
use crate::database::rewrite::{Projected, Read, Rewriting, add_column, is_plain, projected};
use crate::database::{Column, Item, Kind, Product, Records, SqlType, Value, cell};
use crate::event::observation::{MAX_IDS, RecordKind};
use crate::sys::sqlite::Opened;

/// Most tables of one query whose records are told.
const MAX_TOLD_TABLES: usize = 8;

/// A query that is being read.
pub(super) struct Open {
    pub opened: Opened,
    pub columns: Arc<[Column]>,
    /// What the hidden columns behind the visible ones say the ids of.
    kinds: Vec<RecordKind>,
    seen: BTreeMap<RecordKind, Records>,
    /// A row that was read to learn the types.
    first: Option<Vec<Cell>>,
    pub rows: u64,
    pub most: u64,
    /// Relations that it reads.
    pub reads: Vec<Read>,
    pub has_where: bool,
}

impl Open {
    /// Records that went out.
    pub(super) fn records(&mut self) -> Vec<Records> {
        std::mem::take(&mut self.seen).into_values().collect()
    }

    fn note(&mut self, hidden: &[Cell]) {
        for (kind, id) in self.kinds.iter().zip(hidden) {
            let Some(id) = cell::text(id) else { continue };
            let records =
                self.seen.entry(*kind).or_insert(Records { kind: *kind, count: 0, ids: Vec::new() });
            let known = records.ids.contains(&id);
            // One patient in many rows is one record.
            if !known {
                records.count += 1;
                if records.ids.len() < MAX_IDS {
                    records.ids.push(id);
                }
            }
        }
    }
}

impl Connection {
    /// Rewrites and opens a query; variables that it assigns are given back.
    pub(super) fn open_query(&mut self, query: &Query) -> Result<(Open, Vec<String>), Problem> {
        let product = self.facts.product();
        let mut query = query.clone();
        let assigned = assignments(&mut query);
        let projected = projected(&query, product);
        let has_where = has_condition(&query);
        let plain = is_plain(&mut query).is_some();
        let mut rewriting_names = Lookup { connection: self };
        let mut rewriting = Rewriting::new(&mut rewriting_names);
        rewriting.apply(&mut query)?;
        let reads = std::mem::take(&mut rewriting.reads);
        let kinds = if plain { self.add_ids(&mut query, &reads) } else { Vec::new() };
        let tables = self.tables()?;
        let opened = tables
            .engine
            .open(&query.to_string())
            .map_err(|failure| Problem::of_engine(failure.code, &failure.text))?
            .ok_or_else(|| Problem::Syntax(String::new()))?;
        let heads = tables.engine.heads(opened);
        let first = match tables.engine.step(opened) {
            Ok(first) => first,
            Err(failure) => {
                tables.engine.close(opened);
                return Err(Problem::of_engine(failure.code, &failure.text));
            }
        };
        let visible = heads.len().saturating_sub(kinds.len());
        let mut columns = Vec::with_capacity(visible);
        for (at, head) in heads.iter().take(visible).enumerate() {
            let known = known(&projected, at, visible);
            let sample = first.as_ref().and_then(|row| row.get(at));
            columns.push(self.column(head, known, sample, &reads));
        }
        let open = Open {
            opened,
            columns: columns.into(),
            kinds,
            seen: BTreeMap::new(),
            first,
            rows: 0,
            most: MAX_ROWS,
            reads,
            has_where,
        };
        Ok((open, assigned))
    }

    /// Asks for the ids of the records that the rows are made of.
    fn add_ids(&mut self, query: &mut Query, reads: &[Read]) -> Vec<RecordKind> {
        let kind = |read: &Read| {
            let place = self.engine.as_ref()?.changed.values().any(|name| *name == read.relation);
            let table = self
                .facts
                .catalog
                .tables
                .values()
                .find(|table| format!("{}\u{1f}", table.place().relation()) == read.relation)?;
            match (&table.source, place) {
                (crate::database::Source::World { rows, .. }, false) => rows.kind(),
                _ => None,
            }
        };
        let told: Vec<(&Read, RecordKind)> = reads
            .iter()
            .filter(|read| read.with_ids)
            .filter_map(|read| Some((read, kind(read)?)))
            .take(MAX_TOLD_TABLES)
            .collect();
        let Some(select) = is_plain(query) else { return Vec::new() };
        // Only tables that stand in the FROM of this select itself have their aliases here.
        let direct: Vec<String> = select
            .from
            .iter()
            .flat_map(|from| {
                std::iter::once(&from.relation).chain(from.joins.iter().map(|join| &join.relation))
            })
            .filter_map(alias_of)
            .collect();
        let mut kinds = Vec::new();
        for (read, kind) in told {
            if direct.contains(&read.alias) {
                add_column(select, &read.alias, WORLD_ID);
                kinds.push(kind);
            }
        }
        kinds
    }

    fn column(
        &self,
        head: &crate::sys::sqlite::Head,
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
            Some(Projected::All) | None => None,
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
            let values: Vec<Value> = row
                .into_iter()
                .zip(open.columns.iter())
                .map(|(cell, column)| cell::value(cell, &column.ty))
                .collect();
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
            None => tables
                .engine
                .step(open.opened)
                .map_err(|failure| Problem::of_engine(failure.code, &failure.text))?,
        };
        let Some(mut row) = row else { return Ok(None) };
        open.rows += 1;
        let hidden = row.split_off(open.columns.len().min(row.len()));
        open.note(&hidden);
        Ok(Some(row))
    }

    /// The value of an expression.
    pub(super) fn evaluate(&mut self, expr: &Expr) -> Result<Cell, Problem> {
        let mut expr = expr.clone();
        let mut names = Lookup { connection: self };
        Rewriting::new(&mut names).apply(&mut expr)?;
        let sql = format!("SELECT {expr}");
        let tables = self.tables()?;
        tables.rest();
        let failed = |failure: crate::sys::sqlite::Failure| Problem::of_engine(failure.code, &failure.text);
        let Some(opened) = tables.engine.open(&sql).map_err(failed)? else { return Ok(Cell::Null) };
        let row = tables.engine.step(opened).map_err(failed);
        tables.engine.close(opened);
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

fn alias_of(factor: &sqlparser::ast::TableFactor) -> Option<String> {
    match factor {
        sqlparser::ast::TableFactor::Table { alias, .. } => {
            alias.as_ref().map(|alias| alias.name.value.clone())
        }
        _ => None,
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
            SelectItem::ExprWithAlias { alias, .. } if alias.value.starts_with('@') => {
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
