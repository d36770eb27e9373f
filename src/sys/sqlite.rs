//! What SQLite offers and its safe library does not: tables whose rows are made while they are read,
//! and statements that stay open between calls without borrowing their connection.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ffi::{CStr, CString, c_int};
use std::marker::PhantomData;
use std::ptr;
use std::sync::Arc;

use rusqlite::types::{Value as Cell, ValueRef};
use rusqlite::vtab::{
    Context, Filters, IndexConstraintOp, IndexInfo, Module, VTab, VTabConnection, VTabCursor, sqlite3_vtab,
    sqlite3_vtab_cursor,
};
use rusqlite::{Connection, Error, ffi};

/// A table whose rows are made while they are read.
pub trait Table: Send + Sync {
    /// `CREATE TABLE x(…)`: names, types and collations of its columns.
    fn declaration(&self) -> String;
    /// How to find rows for these conditions, all of which have a value at that time.
    fn plan(&self, terms: &[Term]) -> Plan;
    /// Starts reading.
    fn open(&self) -> Box<dyn Rows>;
}

/// A condition on a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Term {
    /// Which column.
    pub column: usize,
    /// Which comparison.
    pub test: Test,
}

/// Comparisons that a table may use to find rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Test {
    /// Equal.
    Equal,
    /// Greater, or greater or equal.
    AtLeast,
    /// Less, or less or equal.
    AtMost,
}

/// How a table will find rows. Conditions are checked again by the engine, so that rows beyond them
/// do no harm.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plan {
    /// Handed to [`Rows::start`].
    pub number: i32,
    /// Places of the terms whose values are handed to [`Rows::start`], in this order.
    pub arguments: Vec<usize>,
    /// How much work it is, in rows made.
    pub cost: f64,
    /// How many rows to expect.
    pub rows: i64,
}

/// A reading of a table.
pub trait Rows: Send {
    /// Goes to the first row.
    ///
    /// # Errors
    /// A text that ends the statement.
    fn start(&mut self, plan: i32, arguments: Vec<Cell>) -> Result<(), String>;
    /// Goes to the next row.
    ///
    /// # Errors
    /// A text that ends the statement.
    fn next(&mut self) -> Result<(), String>;
    /// Whether the last row was left.
    fn ended(&self) -> bool;
    /// A value of the row.
    ///
    /// # Errors
    /// A text that ends the statement.
    fn value(&mut self, column: usize) -> Result<Cell, String>;
    /// The row's own number.
    fn number(&self) -> i64;
}

#[repr(C)]
struct Shown {
    base: sqlite3_vtab,
    table: Arc<dyn Table>,
}

#[repr(C)]
struct Reading<'a> {
    base: sqlite3_vtab_cursor,
    rows: std::cell::RefCell<Box<dyn Rows>>,
    of: PhantomData<&'a Shown>,
}

fn fault(text: String) -> Error {
    Error::ModuleError(text)
}

// SAFETY: `Shown` is `repr(C)` and begins with the base class.
unsafe impl<'t> VTab<'t> for Shown {
    type Aux = Arc<dyn Table>;
    type Cursor = Reading<'t>;

    fn connect(
        _: &mut VTabConnection,
        aux: Option<&Self::Aux>,
        _: &[u8],
        _: &[u8],
        _: &[u8],
        _: &[&[u8]],
    ) -> rusqlite::Result<(Cow<'static, CStr>, Self)> {
        let table = Arc::clone(aux.ok_or_else(|| fault("no table".to_owned()))?);
        let declaration =
            CString::new(table.declaration()).map_err(|_| fault("a name with NUL".to_owned()))?;
        Ok((Cow::Owned(declaration), Shown { base: sqlite3_vtab::default(), table }))
    }

    fn best_index(&self, info: &mut IndexInfo) -> rusqlite::Result<bool> {
        let mut places = Vec::new();
        let mut terms = Vec::new();
        for (place, constraint) in info.constraints().enumerate() {
            let test = match constraint.operator() {
                IndexConstraintOp::SQLITE_INDEX_CONSTRAINT_EQ => Test::Equal,
                IndexConstraintOp::SQLITE_INDEX_CONSTRAINT_GT
                | IndexConstraintOp::SQLITE_INDEX_CONSTRAINT_GE => Test::AtLeast,
                IndexConstraintOp::SQLITE_INDEX_CONSTRAINT_LT
                | IndexConstraintOp::SQLITE_INDEX_CONSTRAINT_LE => Test::AtMost,
                _ => continue,
            };
            if let (true, Ok(column)) = (constraint.is_usable(), usize::try_from(constraint.column())) {
                places.push(place);
                terms.push(Term { column, test });
            }
        }
        let plan = self.table.plan(&terms);
        for (argument, term) in (1..).zip(&plan.arguments) {
            if let Some(place) = places.get(*term) {
                info.constraint_usage(*place).set_argv_index(argument);
            }
        }
        info.set_idx_num(plan.number);
        info.set_estimated_cost(plan.cost);
        info.set_estimated_rows(plan.rows);
        Ok(true)
    }

    fn open(&'t mut self) -> rusqlite::Result<Reading<'t>> {
        let rows = std::cell::RefCell::new(self.table.open());
        Ok(Reading { base: sqlite3_vtab_cursor::default(), rows, of: PhantomData })
    }
}

// SAFETY: `Reading` is `repr(C)` and begins with the base class.
unsafe impl VTabCursor for Reading<'_> {
    fn filter(&mut self, number: c_int, _: Option<&str>, arguments: &Filters<'_>) -> rusqlite::Result<()> {
        let arguments = arguments.iter().map(owned).collect();
        self.rows.get_mut().start(number, arguments).map_err(fault)
    }

    fn next(&mut self) -> rusqlite::Result<()> {
        self.rows.get_mut().next().map_err(fault)
    }

    fn eof(&self) -> bool {
        self.rows.borrow().ended()
    }

    fn column(&self, context: &mut Context, column: c_int) -> rusqlite::Result<()> {
        let column = usize::try_from(column).unwrap_or(usize::MAX);
        context.set_result(self.rows.borrow_mut().value(column).map_err(fault)?)
    }

    fn rowid(&self) -> rusqlite::Result<i64> {
        Ok(self.rows.borrow().number())
    }
}

fn owned(value: ValueRef<'_>) -> Cell {
    match value {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(number) => Cell::Integer(number),
        ValueRef::Real(number) => Cell::Real(number),
        ValueRef::Text(text) => Cell::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => Cell::Blob(bytes.to_vec()),
    }
}

/// What SQLite said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Its primary result code.
    pub code: i32,
    /// Its text.
    pub text: String,
}

/// A column of an open statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Its name.
    pub name: String,
    /// The declared type, where it is a column of a table.
    pub declared: Option<String>,
}

/// An open statement's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Opened(u64);

struct Raw(*mut ffi::sqlite3_stmt);

// SAFETY: SQLite is built for use from several threads (`SQLITE_THREADSAFE=1`), and a statement is
// only reached through its engine, which is used by one thread at a time.
unsafe impl Send for Raw {}

impl Drop for Raw {
    fn drop(&mut self) {
        // SAFETY: the pointer came from sqlite3_prepare_v2, its connection still stands (the engine
        // drops statements first), and it is finalised once.
        unsafe { ffi::sqlite3_finalize(self.0) };
    }
}

/// A connection with the statements that are open on it.
pub struct Engine {
    // Dropped before the connection, since fields are dropped in order.
    open: BTreeMap<Opened, Raw>,
    next: u64,
    connection: Connection,
}

impl Engine {
    /// Takes over a connection.
    pub fn new(connection: Connection) -> Engine {
        Engine { open: BTreeMap::new(), next: 0, connection }
    }

    /// The connection.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Shows a table under a name, without `CREATE`.
    ///
    /// # Errors
    /// SQLite's own.
    pub fn show(&self, name: &str, table: Arc<dyn Table>) -> rusqlite::Result<()> {
        const MODULE: &Module<'static, Shown> = &Module::eponymous_only_module();
        self.connection.create_module(name, MODULE, Some(table))
    }

    /// Opens the first statement of a text; `None` when it holds none.
    ///
    /// # Errors
    /// What SQLite said of it.
    pub fn open(&mut self, sql: &str) -> Result<Option<Opened>, Failure> {
        let length = c_int::try_from(sql.len()).map_err(|_| self.failure(ffi::SQLITE_TOOBIG))?;
        let mut raw = ptr::null_mut();
        // SAFETY: the connection stands, the text is as long as is said, and the place for the
        // statement is a live local.
        let code = unsafe {
            ffi::sqlite3_prepare_v2(
                self.connection.handle(),
                sql.as_ptr().cast(),
                length,
                &raw mut raw,
                ptr::null_mut(),
            )
        };
        if code != ffi::SQLITE_OK {
            return Err(self.failure(code));
        }
        if raw.is_null() {
            return Ok(None);
        }
        self.next += 1;
        self.open.insert(Opened(self.next), Raw(raw));
        Ok(Some(Opened(self.next)))
    }

    /// The columns of an open statement; none when it gives no rows.
    pub fn heads(&self, opened: Opened) -> Vec<Head> {
        let Some(Raw(raw)) = self.open.get(&opened) else { return Vec::new() };
        // SAFETY: the statement is open; names are copied before any other call on it.
        unsafe {
            (0..ffi::sqlite3_column_count(*raw))
                .map(|column| Head {
                    name: copied(ffi::sqlite3_column_name(*raw, column)).unwrap_or_default(),
                    declared: copied(ffi::sqlite3_column_decltype(*raw, column)),
                })
                .collect()
        }
    }

    /// The next row; `None` when there is none left.
    ///
    /// # Errors
    /// What SQLite said; the statement should be closed.
    pub fn step(&mut self, opened: Opened) -> Result<Option<Vec<Cell>>, Failure> {
        let Some(Raw(raw)) = self.open.get(&opened) else { return Ok(None) };
        // SAFETY: the statement is open.
        match unsafe { ffi::sqlite3_step(*raw) } {
            ffi::SQLITE_DONE => Ok(None),
            ffi::SQLITE_ROW => {
                // SAFETY: the statement stands on a row.
                let columns = unsafe { ffi::sqlite3_data_count(*raw) };
                Ok(Some((0..columns).map(|column| cell(*raw, column)).collect()))
            }
            code => Err(self.failure(code)),
        }
    }

    /// Ends a statement.
    pub fn close(&mut self, opened: Opened) {
        self.open.remove(&opened);
    }

    fn failure(&self, code: c_int) -> Failure {
        // SAFETY: the connection stands; the text is copied before any other call on it.
        let text = unsafe { copied(ffi::sqlite3_errmsg(self.connection.handle())) };
        Failure { code: code & 0xff, text: text.unwrap_or_default() }
    }
}

/// Copies a text of SQLite's.
///
/// # Safety
/// The pointer is null or leads to text that ends with NUL.
unsafe fn copied(text: *const std::ffi::c_char) -> Option<String> {
    // SAFETY: as the caller says.
    (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned())
}

/// A value of the row on which a statement stands.
fn cell(raw: *mut ffi::sqlite3_stmt, column: c_int) -> Cell {
    // SAFETY: the statement stands on a row that has this column; bytes are copied before any other
    // call on it, and the length is asked after the pointer, as SQLite wants it.
    unsafe {
        let bytes = |start: *const u8| match usize::try_from(ffi::sqlite3_column_bytes(raw, column)) {
            Ok(length) if !start.is_null() => std::slice::from_raw_parts(start, length).to_vec(),
            _ => Vec::new(),
        };
        match ffi::sqlite3_column_type(raw, column) {
            ffi::SQLITE_INTEGER => Cell::Integer(ffi::sqlite3_column_int64(raw, column)),
            ffi::SQLITE_FLOAT => Cell::Real(ffi::sqlite3_column_double(raw, column)),
            ffi::SQLITE_TEXT => {
                let text = bytes(ffi::sqlite3_column_text(raw, column));
                Cell::Text(String::from_utf8_lossy(&text).into_owned())
            }
            ffi::SQLITE_BLOB => Cell::Blob(bytes(ffi::sqlite3_column_blob(raw, column).cast())),
            _ => Cell::Null,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Squares;
    struct At(i64, i64);

    impl Table for Squares {
        fn declaration(&self) -> String {
            "CREATE TABLE x(n INTEGER, square INTEGER)".to_owned()
        }
        fn plan(&self, terms: &[Term]) -> Plan {
            match terms.iter().position(|t| t.column == 0 && t.test == Test::Equal) {
                Some(term) => Plan { number: 1, arguments: vec![term], cost: 1.0, rows: 1 },
                None => Plan { cost: 100.0, rows: 100, ..Plan::default() },
            }
        }
        fn open(&self) -> Box<dyn Rows> {
            Box::new(At(0, 0))
        }
    }

    impl Rows for At {
        fn start(&mut self, plan: i32, arguments: Vec<Cell>) -> Result<(), String> {
            let only = match (plan, arguments.first()) {
                (1, Some(Cell::Integer(n))) => Some(*n),
                _ => None,
            };
            (self.0, self.1) = (only.unwrap_or(0), only.unwrap_or(99) + 1);
            Ok(())
        }
        fn next(&mut self) -> Result<(), String> {
            self.0 += 1;
            if self.0 == 77 { Err("seventy-seven".to_owned()) } else { Ok(()) }
        }
        fn ended(&self) -> bool {
            self.0 >= self.1
        }
        fn value(&mut self, column: usize) -> Result<Cell, String> {
            Ok(Cell::Integer(if column == 0 { self.0 } else { self.0 * self.0 }))
        }
        fn number(&self) -> i64 {
            self.0
        }
    }

    #[test]
    fn statements_stay_open_beside_each_other() {
        let mut engine = Engine::new(Connection::open_in_memory().unwrap());
        engine.show("squares", Arc::new(Squares)).unwrap();
        let all = engine.open("select square from squares").unwrap().unwrap();
        let one = engine.open("select n, square from squares where n = 80").unwrap().unwrap();
        assert_eq!(engine.heads(all)[0].declared.as_deref(), Some("INTEGER"));
        assert_eq!(engine.step(one).unwrap().unwrap(), [Cell::Integer(80), Cell::Integer(6400)]);
        for n in 0..77 {
            assert_eq!(engine.step(all).unwrap().unwrap(), [Cell::Integer(n * n)]);
        }
        assert_eq!(engine.step(all).unwrap_err().text, "seventy-seven");
        engine.close(all);
        assert_eq!(engine.step(one).unwrap(), None);
        assert!(engine.open("select nothing").is_err());
        assert!(engine.open("  ").unwrap().is_none());
    }
}
