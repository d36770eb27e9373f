//! Tables of the products' catalogues: made from the schema, the login and what the intruder changed.

mod listing;
mod mssql;
mod mysql;
mod oracle;
mod properties;

pub(super) use mssql::{SYSTEM_FOLDER, backups, is_listed as is_session, logical_file, physical_file};
pub(super) use mysql::{column_type, status, visible};
pub(super) use properties::{byte_length, server_property, type_name, types};

use std::sync::{Arc, LazyLock};

use rusqlite::types::Value as Cell;

use super::catalog::{ColumnSpec, Product, Table};
use super::facts::{Facts, columns};
use crate::sys::sqlite;
use crate::sys::sqlite::{Plan, Term, Test};

use super::cell;

/// A value of a row, some of which cost work that a statement may not need.
#[derive(Debug, Clone)]
pub(super) enum Late {
    Now(Cell),
    /// How many rows a table has.
    Rows(Arc<Table>),
    /// How many pages of 8 KiB it takes.
    Pages(Arc<Table>),
    /// How many bytes it takes in pages of 16 KiB.
    Bytes(Arc<Table>),
}

/// A table of a catalogue.
pub(super) struct System {
    /// Its schema and name, lower case (`sys.databases`).
    pub name: &'static str,
    pub product: Product,
    lines: &'static [&'static str],
    rows: fn(&Facts, &str) -> Vec<Vec<Late>>,
}

const fn table(
    product: Product,
    name: &'static str,
    lines: &'static [&'static str],
    rows: fn(&Facts, &str) -> Vec<Vec<Late>>,
) -> System {
    System { name, product, lines, rows }
}

/// All of them with their columns.
static ALL: LazyLock<Vec<(&'static System, Vec<ColumnSpec>)>> = LazyLock::new(|| {
    let all = mssql::TABLES.into_iter().chain(mysql::TABLES).chain([oracle::TABLES]).flatten();
    all.map(|table| (table, columns(table.lines))).collect()
});

/// A table of a product's catalogue by schema and name.
pub(super) fn find(product: Product, name: &str) -> Option<&'static (&'static System, Vec<ColumnSpec>)> {
    ALL.iter().find(|(table, _)| table.product == product && table.name == name)
}

/// All tables of a product's catalogue, with their columns.
fn of_product(product: Product) -> impl Iterator<Item = &'static (&'static System, Vec<ColumnSpec>)> {
    ALL.iter().filter(move |(table, _)| table.product == product)
}

/// A table of a catalogue, shown to the engine.
pub(super) struct Shown {
    pub table: &'static (&'static System, Vec<ColumnSpec>),
    pub number: usize,
    pub facts: Arc<Facts>,
}

impl sqlite::Table for Shown {
    fn declaration(&self) -> String {
        let mut columns = cell::declarations(&self.table.1, self.number);
        columns.push("\"$database\" TEXT HIDDEN".to_owned());
        format!("CREATE TABLE x({})", columns.join(", "))
    }

    fn plan(&self, terms: &[Term]) -> Plan {
        let hidden = self.table.1.len();
        let of = terms.iter().position(|term| term.column == hidden && term.test == Test::Equal);
        Plan { number: 0, arguments: of.into_iter().collect(), cost: 1_000.0, rows: 300 }
    }

    fn open(&self) -> Box<dyn sqlite::Rows> {
        Box::new(Cursor {
            table: self.table.0,
            facts: Arc::clone(&self.facts),
            rows: Vec::new(),
            database: String::new(),
            at: 0,
        })
    }
}

struct Cursor {
    table: &'static System,
    facts: Arc<Facts>,
    rows: Vec<Vec<Late>>,
    /// What the hidden column says.
    database: String,
    at: usize,
}

impl Cursor {
    /// SQL Server counts its rows; the others guess by their statistics.
    fn count(&self, table: &Table) -> i64 {
        match self.facts.product() {
            Product::SqlServer => self.facts.count(table),
            Product::MySql | Product::Oracle | Product::Postgres => self.facts.estimate(table),
        }
    }
}

impl sqlite::Rows for Cursor {
    fn start(&mut self, _: i32, arguments: Vec<Cell>) -> Result<(), String> {
        let database = arguments.first().and_then(cell::text).unwrap_or_else(|| self.facts.database());
        self.rows = (self.table.rows)(&self.facts, &database);
        self.database = database;
        self.at = 0;
        Ok(())
    }

    fn next(&mut self) -> Result<(), String> {
        self.at += 1;
        Ok(())
    }

    fn ended(&self) -> bool {
        self.at >= self.rows.len()
    }

    fn value(&mut self, column: usize) -> Result<Cell, String> {
        Ok(match self.rows.get(self.at).and_then(|row| row.get(column)) {
            Some(Late::Now(value)) => value.clone(),
            Some(Late::Rows(table)) => Cell::Integer(self.count(table)),
            Some(Late::Pages(table)) => Cell::Integer(pages(table, self.count(table))),
            Some(Late::Bytes(table)) => {
                Cell::Integer(((pages(table, self.count(table)) + 1) / 2).saturating_mul(16_384))
            }
            None => Cell::Text(self.database.clone()),
        })
    }

    fn number(&self) -> i64 {
        i64::try_from(self.at).unwrap_or(i64::MAX)
    }
}

/// Pages that so many rows take.
pub(super) fn pages(table: &Table, rows: i64) -> i64 {
    let width: i64 =
        table.columns.iter().map(|column| i64::from(byte_length(&column.ty)).clamp(1, 120)).sum();
    (rows * (width / 2 + 9) / 8_060 + 1).max(1)
}

/// A text.
fn t(text: impl Into<String>) -> Late {
    Late::Now(Cell::Text(text.into()))
}

/// A number.
fn n(number: impl Into<i64>) -> Late {
    Late::Now(Cell::Integer(number.into()))
}

/// A number of things.
fn count(number: usize) -> Late {
    Late::Now(Cell::Integer(i64::try_from(number).unwrap_or(i64::MAX)))
}

/// A point in time.
fn at(moment: jiff::civil::DateTime) -> Late {
    t(moment.strftime("%Y-%m-%d %H:%M:%S.%3f").to_string())
}

/// Nothing.
fn none() -> Late {
    Late::Now(Cell::Null)
}
