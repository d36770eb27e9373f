//! SQL Server's own procedures.

mod catalogue;
mod extended;
mod odbc;
mod windows;

use rusqlite::types::Value as Cell;

use super::facts::Facts;
use super::problem::Problem;
use super::{Column, Seen, SqlType, cell};

/// A piece of a procedure's answer.
pub(super) enum Piece {
    /// A batch that gives it.
    Query(String),
    /// A message: number, class, text.
    Notice(u32, u8, String),
    /// A result set at hand.
    Set(Vec<Column>, Vec<Vec<Cell>>),
    /// The value of an output parameter.
    Output(String, Cell),
}

/// What a procedure gives.
pub(super) type Answer = Result<Vec<Piece>, Problem>;

/// Arguments of a call, by name or place.
pub(super) struct Arguments(Vec<(String, Cell)>);

impl Arguments {
    pub(super) fn new(arguments: Vec<(String, Cell)>) -> Arguments {
        Arguments(arguments)
    }

    pub(super) fn get(&self, place: usize, name: &str) -> Option<Cell> {
        let by_name = self.0.iter().find(|(given, _)| !given.is_empty() && given.eq_ignore_ascii_case(name));
        let by_place = self.0.get(place).filter(|(given, _)| given.is_empty());
        by_name.or(by_place).map(|(_, value)| value.clone())
    }

    pub(super) fn text(&self, place: usize, name: &str) -> Option<String> {
        self.get(place, name).as_ref().and_then(cell::text)
    }

    pub(super) fn whole(&self, place: usize, name: &str) -> Option<i64> {
        self.get(place, name).as_ref().and_then(cell::number).map(cell::truncated)
    }

    /// All from a place on.
    pub(super) fn rest(&self, place: usize) -> Vec<(String, Cell)> {
        self.0.iter().skip(place).cloned().collect()
    }
}

/// Runs a procedure of the product; `None` when it has none of this name.
pub(super) fn run(name: &str, arguments: &Arguments, facts: &Facts, seen: &mut Seen) -> Option<Answer> {
    if facts.product() != super::Product::SqlServer {
        return None;
    }
    if let Some(answer) = odbc::run(name, arguments, facts) {
        seen.catalogue = true;
        return Some(answer);
    }
    catalogue::run(name, arguments, facts, seen).or_else(|| extended::run(name, arguments, facts, seen))
}

/// Whether the machine has a file.
pub(super) fn file_exists(path: &str, facts: &Facts) -> bool {
    windows::exists(path, facts).0
}

fn columns(lines: &[(&str, &str)]) -> Vec<Column> {
    let column = |(name, ty): &(&str, &str)| Column {
        name: (*name).to_owned(),
        ty: SqlType::parse(ty).unwrap_or_else(|| SqlType::nvarchar(Some(255))),
        nullable: true,
        origin: None,
    };
    lines.iter().map(column).collect()
}

/// A text as a literal.
fn quoted(text: &str) -> String {
    format!("N'{}'", text.replace('\'', "''"))
}
