//! System procedures that belong to the protocol: statements that are prepared, and cursors.

use std::collections::BTreeMap;

use super::answer;
use super::behaviour::number;
use super::engine::Ask;
use super::requests::Call;
use crate::database::{Column, Kind, Parameter, SqlType, Value};

/// Most statements that one connection keeps prepared.
const MAX_PREPARED: usize = 1024;
/// Most cursors open on one connection.
const MAX_CURSORS: usize = 32;
/// Most rows that a cursor holds: what a client scrolls through.
pub(super) const MAX_CURSOR_ROWS: usize = 20_000;
/// Most rows of one fetch.
const MAX_FETCH: usize = 2_000;
/// Handles of cursors, as the product counts them.
const FIRST_CURSOR: i32 = 180_150_003;

/// Kind of fetch that fetches nothing.
const INFO: i64 = 0x100;

/// What a call comes to.
pub(super) enum Plan {
    /// Something is run.
    Run(Ask),
    /// The same, and its rows become a cursor's.
    Open(Ask),
    /// Rows of a cursor go out.
    Fetch(i32, Vec<Vec<Value>>),
    /// Done already.
    Done,
    /// A message of the table, with its words.
    Error(u32, Vec<String>),
}

/// A cursor.
pub(super) struct Cursor {
    /// Its columns, the rows' state behind them.
    pub(super) columns: Vec<Column>,
    rows: Vec<Vec<Value>>,
    /// The place before the row that is next.
    at: usize,
    /// The rows of the last fetch.
    fetched: usize,
}

/// What a connection keeps by handle.
#[derive(Default)]
pub(super) struct Kept {
    /// Declaration of parameters, and text.
    prepared: BTreeMap<i32, (String, String)>,
    cursors: BTreeMap<i32, Cursor>,
    handles: i32,
    opened: i32,
}

impl Kept {
    /// Says what a call comes to; handles that come back are put in `outputs`.
    pub(super) fn plan(&mut self, call: Call, outputs: &mut Vec<Parameter>) -> Plan {
        let mut given = call.parameters;
        let name = call.name.rsplit('.').next().unwrap_or_default().trim_matches(['[', ']']);
        match name.to_ascii_lowercase().as_str() {
            "sp_executesql" => {
                let statement = text(&given, 0);
                Plan::Run(Ask::Prepared(
                    statement,
                    named(&text(&given, 1), given.split_off(2.min(given.len()))),
                ))
            }
            "sp_prepare" => {
                let handle = self.prepare(text(&given, 1), text(&given, 2));
                outputs.push(answer::number(&name_of(&given, 0), i64::from(handle)));
                Plan::Done
            }
            "sp_prepexec" | "sp_prepexecrpc" => {
                let (declared, statement) = (text(&given, 1), text(&given, 2));
                let handle = self.prepare(declared.clone(), statement.clone());
                outputs.push(answer::number(&name_of(&given, 0), i64::from(handle)));
                Plan::Run(Ask::Prepared(statement, named(&declared, given.split_off(3.min(given.len())))))
            }
            "sp_execute" => self.execute(&mut given),
            "sp_unprepare" | "sp_cursorunprepare" => match self.prepared.remove(&handle(&given, 0)) {
                Some(_) => Plan::Done,
                None => Plan::Error(number::NO_HANDLE, vec![handle(&given, 0).to_string()]),
            },
            "sp_cursoropen" => {
                let (statement, declared) = (text(&given, 1), text(&given, 5));
                Plan::Open(Ask::Prepared(statement, named(&declared, given.split_off(6.min(given.len())))))
            }
            "sp_cursorprepexec" => {
                let (declared, statement) = (text(&given, 2), text(&given, 3));
                let handle = self.prepare(declared.clone(), statement.clone());
                outputs.push(answer::number(&name_of(&given, 0), i64::from(handle)));
                Plan::Open(Ask::Prepared(statement, named(&declared, given.split_off(7.min(given.len())))))
            }
            "sp_cursorprepare" => {
                let handle = self.prepare(text(&given, 1), text(&given, 2));
                outputs.push(answer::number(&name_of(&given, 0), i64::from(handle)));
                Plan::Done
            }
            "sp_cursorexecute" => match self.prepared.get(&handle(&given, 0)).cloned() {
                Some((declared, statement)) => Plan::Open(Ask::Prepared(
                    statement,
                    named(&declared, given.split_off(5.min(given.len()))),
                )),
                None => Plan::Error(number::NO_HANDLE, vec![handle(&given, 0).to_string()]),
            },
            "sp_cursorfetch" if integer(&given, 1) == Some(INFO) => self.told(&given, outputs),
            "sp_cursorfetch" => self.fetch(&given),
            "sp_cursorclose" => self.close(&given),
            "sp_cursoroption" => self.known("sp_cursoroption", &given),
            "sp_cursor" => match self.cursors.contains_key(&handle(&given, 0)) {
                true => Plan::Error(number::READ_ONLY, Vec::new()),
                false => no_cursor("sp_cursor", &given),
            },
            _ => Plan::Run(Ask::Call(call.name, given)),
        }
    }

    fn prepare(&mut self, declared: String, statement: String) -> i32 {
        while self.prepared.len() >= MAX_PREPARED {
            self.prepared.pop_first();
        }
        self.handles = self.handles.wrapping_add(1).max(1);
        self.prepared.insert(self.handles, (declared, statement));
        self.handles
    }

    fn execute(&mut self, given: &mut Vec<Parameter>) -> Plan {
        let handle = handle(given, 0);
        match self.prepared.get(&handle) {
            Some((declared, statement)) => Plan::Run(Ask::Prepared(
                statement.clone(),
                named(declared, given.split_off(1.min(given.len()))),
            )),
            None => Plan::Error(number::NO_HANDLE, vec![handle.to_string()]),
        }
    }

    /// Keeps what was opened; gives its handle, or `None` when too many are open.
    pub(super) fn open(&mut self, mut columns: Vec<Column>, rows: Vec<Vec<Value>>) -> Option<i32> {
        if self.cursors.len() >= MAX_CURSORS {
            return None;
        }
        columns.push(Column {
            name: "ROWSTAT".to_owned(),
            ty: SqlType::of(Kind::Int),
            nullable: false,
            origin: None,
        });
        let handle = FIRST_CURSOR + self.opened * 2;
        self.opened = self.opened.wrapping_add(1) & 0xffff;
        self.cursors.insert(handle, Cursor { columns, rows, at: 0, fetched: 0 });
        Some(handle)
    }

    /// A cursor by its handle.
    pub(super) fn cursor(&self, handle: i32) -> Option<&Cursor> {
        self.cursors.get(&handle)
    }

    /// Where a cursor is and how many rows it has.
    fn told(&mut self, given: &[Parameter], outputs: &mut Vec<Parameter>) -> Plan {
        let Some(cursor) = self.cursors.get(&handle(given, 0)) else {
            return no_cursor("sp_cursorfetch", given);
        };
        let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        let row = if cursor.fetched == 0 { 0 } else { cursor.at - cursor.fetched + 1 };
        outputs.push(answer::number(&name_of(given, 2), count(row)));
        outputs.push(answer::number(&name_of(given, 3), count(cursor.rows.len())));
        Plan::Done
    }

    fn fetch(&mut self, given: &[Parameter]) -> Plan {
        let (handle, kind) = (handle(given, 0), integer(given, 1).unwrap_or(2));
        let (number, count) = (integer(given, 2).unwrap_or(0), integer(given, 3).unwrap_or(1));
        let Some(cursor) = self.cursors.get_mut(&handle) else { return no_cursor("sp_cursorfetch", given) };
        let count = usize::try_from(count).unwrap_or(0).min(MAX_FETCH);
        Plan::Fetch(handle, cursor.fetch(kind, number, count))
    }

    fn close(&mut self, given: &[Parameter]) -> Plan {
        const ALL: i32 = -1;
        let handle = handle(given, 0);
        if handle == ALL {
            self.cursors.clear();
            return Plan::Done;
        }
        match self.cursors.remove(&handle) {
            Some(_) => Plan::Done,
            None => no_cursor("sp_cursorclose", given),
        }
    }

    fn known(&self, procedure: &str, given: &[Parameter]) -> Plan {
        match self.cursors.contains_key(&handle(given, 0)) {
            true => Plan::Done,
            false => no_cursor(procedure, given),
        }
    }
}

impl Cursor {
    /// How many rows it has.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Rows by the kinds of sp_cursorfetch: 1 first, 2 next, 4 before, 8 last, 16 absolute,
    /// 32 relative, 128 again.
    fn fetch(&mut self, kind: i64, number: i64, count: usize) -> Vec<Vec<Value>> {
        const SUCCESS: i64 = 1;
        let rows = self.rows.len();
        let signed = |place: usize| i64::try_from(place).unwrap_or(i64::MAX);
        let begin = match kind & 0xff {
            1 => 0,
            4 => signed(self.at).saturating_sub(signed(self.fetched)).saturating_sub(signed(count)),
            8 => signed(rows.saturating_sub(count)),
            16 if number < 0 => signed(rows).saturating_add(number),
            16 => number.saturating_sub(1),
            32 => signed(self.at).saturating_sub(signed(self.fetched)).saturating_add(number),
            128 => signed(self.at).saturating_sub(signed(self.fetched)),
            _ => signed(self.at),
        };
        let begin = usize::try_from(begin.max(0)).unwrap_or(0).min(rows);
        let end = begin.saturating_add(count).min(rows);
        (self.at, self.fetched) = (end, end - begin);
        let state = |row: &Vec<Value>| {
            let mut row = row.clone();
            row.push(Value::Int(SUCCESS));
            row
        };
        self.rows.get(begin..end).unwrap_or_default().iter().map(state).collect()
    }
}

fn no_cursor(procedure: &str, given: &[Parameter]) -> Plan {
    Plan::Error(number::NO_CURSOR, vec![procedure.to_owned(), format!("{:x}", handle(given, 0))])
}

fn text(given: &[Parameter], at: usize) -> String {
    given.get(at).and_then(|parameter| parameter.value.as_text()).unwrap_or_default()
}

fn integer(given: &[Parameter], at: usize) -> Option<i64> {
    match given.get(at)?.value {
        Value::Int(number) => Some(number),
        _ => None,
    }
}

fn handle(given: &[Parameter], at: usize) -> i32 {
    integer(given, at).and_then(|number| i32::try_from(number).ok()).unwrap_or(0)
}

fn name_of(given: &[Parameter], at: usize) -> String {
    given.get(at).map(|parameter| parameter.name.clone()).unwrap_or_default()
}

/// Gives parameters that come by place the names of their declaration (`@P0 int,@P1 nvarchar(20)`).
fn named(declared: &str, mut given: Vec<Parameter>) -> Vec<Parameter> {
    let names = declarations(declared);
    for (parameter, name) in given.iter_mut().zip(names) {
        if parameter.name.is_empty() {
            parameter.name = name;
        }
    }
    given
}

/// The names in a declaration: words with `@` at its beginning and behind commas outside of parentheses.
fn declarations(declared: &str) -> Vec<String> {
    let mut depth = 0u32;
    let parts = declared.split(|c: char| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    });
    let name = |part: &str| part.split_whitespace().next().map(str::to_owned);
    parts.filter_map(name).filter(|name| name.starts_with('@')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_get_the_names_of_their_declaration() {
        let declared = "@P0 decimal(12, 2), @P1 nvarchar(4000) output,@P2 int";
        assert_eq!(declarations(declared), ["@P0", "@P1", "@P2"]);
        assert!(declarations("").is_empty());
    }

    #[test]
    fn a_cursor_is_scrolled() {
        let rows = (1..=5).map(|n| vec![Value::Int(n)]).collect();
        let mut kept = Kept::default();
        let handle = kept.open(Vec::new(), rows).unwrap();
        let cursor = kept.cursors.get_mut(&handle).unwrap();
        let mut fetch = |kind, number, count| {
            let rows = cursor.fetch(kind, number, count);
            rows.iter().map(|row| row[0].as_text().unwrap()).collect::<String>()
        };
        assert_eq!(fetch(2, 0, 2), "12");
        assert_eq!(fetch(2, 0, 2), "34");
        assert_eq!(fetch(4, 0, 2), "12");
        assert_eq!(fetch(8, 0, 2), "45");
        assert_eq!(fetch(2, 0, 2), "");
        assert_eq!(fetch(16, 3, 1), "3");
        assert_eq!(fetch(16, -1, 1), "5");
        assert_eq!(fetch(1, 0, 1), "1");
        assert_eq!(fetch(32, 3, 1), "4");
        assert_eq!(fetch(128, 0, 1), "4");
        assert_eq!(fetch(16, i64::MAX, usize::MAX), "");
    }
}
