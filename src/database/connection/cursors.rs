//! Cursors of T-SQL scripts: all rows are read when one is opened.

use std::sync::Arc;

use rusqlite::types::Value as Cell;
use sqlparser::ast::Query;

use super::Connection;
use crate::database::problem::Problem;
use crate::database::script::{CursorQuery, CursorStep, Fetch, Way};
use crate::database::{Column, Item, Language, Seen, cell};

/// Most cursors of one connection.
const MAX_CURSORS: usize = 32;

/// A cursor.
pub(super) struct Cursor {
    query: Box<Query>,
    scrolls: bool,
    is_static: bool,
    /// How deep the procedure is that it belongs to; `None` where it is the connection's.
    pub level: Option<usize>,
    open: Option<Held>,
}

/// The rows of a cursor that is open.
struct Held {
    columns: Arc<[Column]>,
    rows: Vec<Vec<Cell>>,
    /// 0 before the first row, 1 at it.
    at: usize,
}

impl Connection {
    pub(super) fn cursor(&mut self, step: &CursorStep, seen: &mut Seen) -> Result<(), Problem> {
        match step {
            CursorStep::Declare(name, query) => self.declare_cursor(name, query),
            CursorStep::Assign(name, query) => {
                if !self.variables.contains_key(name) {
                    return Err(Problem::NoVariable(name.clone()));
                }
                self.cursors.remove(name);
                self.declare_cursor(name, query)
            }
            CursorStep::Open(name) => self.open_cursor(name, seen),
            CursorStep::Fetch(fetch) => self.fetch(fetch),
            CursorStep::Close(name) => {
                let closed = self.cursor_named(name)?.open.take();
                closed.map(|_| ()).ok_or_else(|| self.cursor_fault(16_917, "CLOSE", ""))
            }
            CursorStep::Deallocate(name) => {
                self.cursor_named(name)?;
                self.cursors.remove(name);
                self.cursor_rows = 0;
                Ok(())
            }
        }
    }

    fn declare_cursor(&mut self, name: &str, query: &CursorQuery) -> Result<(), Problem> {
        if self.cursors.contains_key(name) {
            return Err(self.cursor_fault(16_915, name, ""));
        }
        if self.cursors.len() >= MAX_CURSORS {
            return Err(Problem::Resources);
        }
        let CursorQuery { query, scrolls, is_static, local } = query.clone();
        let level = local.then_some(self.within.len());
        self.cursors.insert(name.to_owned(), Cursor { query, scrolls, is_static, level, open: None });
        Ok(())
    }

    fn cursor_named(&mut self, name: &str) -> Result<&mut Cursor, Problem> {
        if !self.cursors.contains_key(name) {
            let number = if name.starts_with('@') { 16_950 } else { 16_916 };
            return Err(self.cursor_fault(number, name, ""));
        }
        self.cursors.get_mut(name).ok_or(Problem::Resources)
    }

    fn open_cursor(&mut self, name: &str, seen: &mut Seen) -> Result<(), Problem> {
        let cursor = self.cursor_named(name)?;
        let (query, is_static, is_open) = (cursor.query.clone(), cursor.is_static, cursor.open.is_some());
        if is_open {
            return Err(self.cursor_fault(16_905, name, ""));
        }
        let (columns, rows) = self.read_whole(&query, seen)?;
        seen.rows = u64::try_from(rows.len()).unwrap_or(0);
        self.cursor_rows = if is_static { i64::try_from(rows.len()).unwrap_or(0) } else { -1 };
        self.cursor_named(name)?.open = Some(Held { columns, rows, at: 0 });
        Ok(())
    }

    fn fetch(&mut self, fetch: &Fetch) -> Result<(), Problem> {
        let kind = match &fetch.way {
            Way::Next => None,
            Way::Prior => Some("prior"),
            Way::First => Some("first"),
            Way::Last => Some("last"),
            Way::Absolute(_) => Some("absolute"),
            Way::Relative(_) => Some("relative"),
        };
        let scrolls = self.cursor_named(&fetch.name)?.scrolls;
        if let (Some(kind), false) = (kind, scrolls) {
            return Err(self.cursor_fault(16_911, "fetch", kind));
        }
        let (to, by) = match &fetch.way {
            Way::Absolute(count) => (Some(self.whole(count)?), 0),
            Way::Relative(count) => (None, self.whole(count)?),
            Way::Prior => (None, -1),
            Way::First => (Some(1), 0),
            Way::Last => (Some(-1), 0),
            Way::Next => (None, 1),
        };
        let Some(held) = &mut self.cursor_named(&fetch.name)?.open else {
            return Err(self.cursor_fault(16_917, "FETCH", ""));
        };
        let (columns, row) = (Arc::clone(&held.columns), held.go(to, by));
        if !fetch.into.is_empty() && fetch.into.len() != columns.len() {
            return Err(self.cursor_fault(16_924, "", ""));
        }
        self.fetch_status = if row.is_some() { 0 } else { -1 };
        if fetch.into.is_empty() {
            self.give(columns.to_vec(), row.into_iter().collect());
            return Ok(());
        }
        for (name, value) in fetch.into.iter().zip(row.unwrap_or_default()) {
            if !self.variables.contains_key(name) {
                return Err(Problem::NoVariable(name.clone()));
            }
            self.set(name, value);
        }
        Ok(())
    }

    fn whole(&mut self, count: &sqlparser::ast::Expr) -> Result<i64, Problem> {
        Ok(cell::number(&self.evaluate(count)?).map_or(0, cell::truncated))
    }

    fn cursor_fault(&self, number: u32, name: &str, kind: &str) -> Problem {
        let zh = self.facts.language() == Language::Chinese;
        let (state, chinese, english) = match number {
            16_905 => (1, "游标已打开。".to_owned(), "The cursor is already open.".to_owned()),
            16_911 => (
                1,
                format!("{name}: 提取类型 {kind} 不能与只进游标一起使用。"),
                format!("{name}: The fetch type {kind} cannot be used with forward only cursors."),
            ),
            16_915 => (
                1,
                format!("名为 '{name}' 的游标已存在。"),
                format!("A cursor with the name '{name}' already exists."),
            ),
            16_916 => (
                1,
                format!("名为 '{name}' 的游标不存在。"),
                format!("A cursor with the name '{name}' does not exist."),
            ),
            16_917 => (1, "游标未打开。".to_owned(), "Cursor is not open.".to_owned()),
            16_950 => (
                2,
                format!("变量 '{name}' 当前没有分配给它的游标。"),
                format!("The variable '{name}' does not currently have a cursor allocated to it."),
            ),
            _ => (
                1,
                "Cursorfetch: 在 INTO 列表中声明的变量个数必须与所选列的个数匹配。".to_owned(),
                "Cursorfetch: The number of variables declared in the INTO list must match that of selected columns."
                    .to_owned(),
            ),
        };
        Problem::Raised(number, 16, state, if zh { chinese } else { english })
    }

    /// `CURSOR_STATUS`: 1 open, 0 open without rows, -1 closed, -3 none.
    pub(super) fn cursor_statuses(&self) -> Vec<(String, i64)> {
        let status = |cursor: &Cursor| match &cursor.open {
            Some(held) if held.rows.is_empty() && cursor.is_static => 0,
            Some(_) => 1,
            None => -1,
        };
        self.cursors.iter().map(|(name, cursor)| (name.clone(), status(cursor))).collect()
    }
}

impl Held {
    /// Goes to a place counted from the beginning, or from the end where it is negative, or on by so many rows.
    fn go(&mut self, to: Option<i64>, by: i64) -> Option<Vec<Cell>> {
        let count = i64::try_from(self.rows.len()).unwrap_or(i64::MAX);
        let place = match to {
            Some(to) if to < 0 => count.saturating_add(1).saturating_add(to),
            Some(to) => to,
            None => i64::try_from(self.at).unwrap_or(i64::MAX).saturating_add(by),
        };
        self.at = usize::try_from(place.clamp(0, count.saturating_add(1))).unwrap_or(0);
        self.rows.get(self.at.checked_sub(1)?).cloned()
    }
}

impl Connection {
    /// Rows that are given while an `INSERT … EXEC` runs belong to it.
    pub(super) fn capture(&mut self) {
        let Some(capture) = self.captures.last_mut() else { return };
        for item in std::mem::take(&mut self.out) {
            match item {
                Item::Row(row) => capture.rows.push(row),
                Item::Columns(columns) => capture.columns = Some(columns),
                Item::Done(_) => {}
                other => self.out.push_back(other),
            }
        }
    }
}
