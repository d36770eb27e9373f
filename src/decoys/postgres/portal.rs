//! The answer to one statement on its way out, some rows at a time.

use std::collections::VecDeque;
use std::sync::Arc;

use super::backend::{Backend, Column};
use super::charset::Charset;
use super::statement::Statement;
use super::values::{self, Zones};
use crate::database::{self, PgType, Value, oid};

/// Most rows of a portal that are kept aside while another statement runs.
pub(super) const MAX_PARKED: usize = 50_000;

/// Where the rest of an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rest {
    /// The database gives it.
    Running,
    /// Nothing more comes.
    Ended,
    /// More rows than may be kept aside: the rest is lost.
    Lost,
}

/// An answer on its way.
#[derive(Debug)]
pub(super) struct Portal {
    pub(super) statement: Statement,
    pub(super) columns: Vec<Column>,
    types: Vec<(PgType, u8)>,
    pub(super) formats: Vec<u16>,
    pub(super) rows: VecDeque<Vec<Value>>,
    pub(super) rest: Rest,
    /// Rows changed by a statement without a result.
    pub(super) changed: u64,
    /// Whether RowDescription is still to go out before the first row.
    pub(super) undescribed: bool,
    /// Rows that went out since it was told to go on.
    pub(super) sent: u64,
}

impl Portal {
    /// An answer that has just begun.
    pub(super) fn new(statement: Statement, formats: Vec<u16>) -> Self {
        Portal {
            statement,
            columns: Vec::new(),
            types: Vec::new(),
            formats,
            rows: VecDeque::new(),
            rest: Rest::Ended,
            changed: 0,
            undescribed: false,
            sent: 0,
        }
    }

    /// An answer that is at hand: a table of text.
    pub(super) fn table(statement: Statement, names: &[&str], rows: Vec<Vec<String>>) -> Self {
        let column = |name: &&str| database::Column {
            name: (*name).to_owned(),
            ty: database::SqlType::of(database::Kind::Text),
            nullable: true,
            origin: None,
        };
        let columns: Vec<_> = names.iter().map(column).collect();
        let mut made = Portal::new(statement, Vec::new());
        made.describe_as(&columns.into(), |_| None);
        made.rows = rows.into_iter().map(|row| row.into_iter().map(Value::Text).collect()).collect();
        made
    }

    /// Takes the columns that the database names.
    pub(super) fn describe_as(
        &mut self,
        columns: &Arc<[database::Column]>,
        place: impl Fn(&database::Column) -> Option<(u32, u16)>,
    ) {
        self.columns = columns.iter().map(|one| column(one, place(one))).collect();
        self.types = columns.iter().map(|column| (PgType::from(&column.ty), column.ty.scale)).collect();
    }

    /// RowDescription of a simple query, once its columns are known.
    pub(super) fn describe_once(&mut self, charset: Charset, out: &mut Backend) {
        let known = !self.columns.is_empty() || self.rest != Rest::Running;
        if self.undescribed && known && self.statement.gives_rows() {
            self.undescribed = false;
            self.describe(charset, out);
        }
    }

    /// RowDescription, or NoData.
    pub(super) fn describe(&self, charset: Charset, out: &mut Backend) {
        if self.columns.is_empty() && !self.statement.gives_rows() {
            out.message(b'n', &[]);
            return;
        }
        let encoded =
            |column: &Column| Column { name: charset.encode(column.name.clone()), ..column.clone() };
        let shown: Vec<Column> = self.columns.iter().map(encoded).collect();
        out.describe(&shown, |at| format(&self.formats, at));
    }

    /// The values of a row as they go out.
    pub(super) fn shown(&self, row: &[Value], charset: Charset, zones: &Zones) -> Vec<Option<Vec<u8>>> {
        let value = |(at, value): (usize, &Value)| {
            let (ty, scale) = self.types.get(at).copied().unwrap_or((PgType::of(oid::TEXT), 0));
            if format(&self.formats, at) == 1 {
                values::binary(value, ty, scale, zones)
            } else {
                values::text(value, ty, scale, zones).map(|text| charset.encode(text))
            }
        };
        row.iter().enumerate().map(value).collect()
    }

    /// The command's tag at its end.
    pub(super) fn tag(&self) -> String {
        let rows = if self.columns.is_empty() { self.changed } else { self.sent };
        self.statement.tag(rows)
    }
}

/// The format of a column: one for all, or one for each; text where none is given.
fn format(formats: &[u16], at: usize) -> u16 {
    match formats {
        [] => 0,
        [all] => *all,
        each => each.get(at).copied().unwrap_or_default(),
    }
}

/// The column as RowDescription has it; `place` is object id and number of a table's column.
fn column(column: &database::Column, place: Option<(u32, u16)>) -> Column {
    let ty = PgType::from(&column.ty);
    let (table, number) = place.unwrap_or_default();
    Column {
        name: column.name.clone().into_bytes(),
        table,
        number,
        kind: ty.oid,
        length: ty.length(),
        modifier: ty.modifier,
    }
}
