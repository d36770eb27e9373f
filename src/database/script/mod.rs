//! A batch as steps: what the parser of statements does not know of scripts is read here.

mod reader;

use sqlparser::ast::{ColumnDef, Expr, Query, Statement};

use super::catalog::Product;
use super::problem::Problem;
use super::{SqlType, Verb};

/// Longest batch: the product's own limit is 65,536 packets; no client of a hospital comes near.
pub(super) const MAX_TEXT: usize = 4 << 20;

/// Most steps of one batch.
const MAX_STEPS: usize = 5_000;

/// Most words and operators of one statement beside names, literals and commas: each may nest the
/// tree once more, and trees are walked and dropped by recursion.
const MAX_OPERATORS: usize = 600;

/// Deepest parentheses and blocks.
const MAX_DEPTH: usize = 40;

/// A step with its place in the batch.
#[derive(Debug, Clone)]
pub(super) struct Placed {
    pub step: Step,
    pub line: u32,
    pub text: String,
}

/// One step.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// A statement for the engine.
    Statement(Box<Statement>),
    /// `DECLARE @x int = 1, …`.
    Declare(Vec<(String, Option<SqlType>, Option<Expr>)>),
    /// `SET @x = …`.
    Assign(String, Box<Expr>),
    /// `SET NOCOUNT ON` and the like, in words.
    Option(Vec<String>),
    /// `IF`.
    If(Box<Expr>, Vec<Placed>, Vec<Placed>),
    /// `WHILE`.
    While(Box<Expr>, Vec<Placed>),
    /// `BEGIN TRY … END TRY BEGIN CATCH … END CATCH`.
    Try(Vec<Placed>, Vec<Placed>),
    /// `PRINT`.
    Print(Box<Expr>),
    /// `RAISERROR`.
    Raise(Vec<Expr>),
    /// `USE`.
    Use(String),
    /// `EXEC name …`.
    Call(Call),
    /// `EXEC ('…')`.
    Text(Box<Expr>),
    /// `RETURN`, with a number or without.
    Return(Option<Box<Expr>>),
    /// `THROW`: with number, text and state, or again what was caught.
    Throw(Vec<Expr>),
    /// `DECLARE c CURSOR …`, `OPEN`, `FETCH`, `CLOSE`, `DEALLOCATE`.
    Cursor(CursorStep),
    /// `DECLARE @t TABLE (…)`.
    TableVariable(String, Vec<ColumnDef>),
    /// `CREATE` or `ALTER` of a view, a procedure, a function or a trigger.
    Define(Box<Definition>),
    /// `INSERT t EXEC …`: the table, the columns named, and the call.
    InsertCalled(Vec<String>, Vec<String>, Box<Step>),
    /// `BREAK` (or, when false, `CONTINUE`).
    Leave(bool),
    /// `BEGIN TRAN`, `COMMIT`, `ROLLBACK`: the last two in that order.
    Transaction(Transaction),
    /// Anything that is no query: its words.
    Words(Verb, Vec<String>),
}

/// Beginning or end of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transaction {
    Begin,
    Commit,
    Rollback,
}

/// A call of a procedure.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub result: Option<String>,
    pub name: Vec<String>,
    pub arguments: Vec<Argument>,
    /// `AT server`.
    pub at: Option<String>,
}

/// An argument of a call.
#[derive(Debug, Clone)]
pub(super) struct Argument {
    /// With `@`; empty by place.
    pub name: String,
    pub value: Expr,
    /// The variable that takes the output.
    pub output: Option<String>,
}

/// What is done with a cursor of a script.
#[derive(Debug, Clone)]
pub(super) enum CursorStep {
    Declare(String, CursorQuery),
    /// `SET @c = CURSOR FOR …`.
    Assign(String, CursorQuery),
    Open(String),
    Fetch(Fetch),
    Close(String),
    Deallocate(String),
}

/// What a cursor goes through.
#[derive(Debug, Clone)]
pub(super) struct CursorQuery {
    pub query: Box<Query>,
    /// Whether it goes backward, too.
    pub scrolls: bool,
    /// Whether its number of rows is known when it is opened.
    pub is_static: bool,
    /// Whether it ends with the batch or procedure.
    pub local: bool,
}

/// `FETCH`: which row, of which cursor, into which variables.
#[derive(Debug, Clone)]
pub(super) struct Fetch {
    pub name: String,
    pub way: Way,
    pub into: Vec<String>,
}

/// Where a cursor goes.
#[derive(Debug, Clone)]
pub(super) enum Way {
    Next,
    Prior,
    First,
    Last,
    Absolute(Box<Expr>),
    Relative(Box<Expr>),
}

/// What an object is that a script defines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DefinedKind {
    View,
    Procedure,
    Function,
    Trigger,
}

impl DefinedKind {
    /// As statements name it.
    pub(super) fn word(self) -> &'static str {
        match self {
            DefinedKind::View => "VIEW",
            DefinedKind::Procedure => "PROCEDURE",
            DefinedKind::Function => "FUNCTION",
            DefinedKind::Trigger => "TRIGGER",
        }
    }
}

/// A definition of an object.
#[derive(Debug, Clone)]
pub(super) struct Definition {
    pub kind: DefinedKind,
    pub alters: bool,
    pub name: Vec<String>,
    pub parameters: Vec<Formal>,
    /// The whole statement as it was written.
    pub text: String,
    /// What stands behind `AS`; of a view, the query.
    pub body: String,
    /// The assembly of a procedure or function in another language.
    pub assembly: Option<String>,
}

/// A parameter of a procedure.
#[derive(Debug, Clone)]
pub(super) struct Formal {
    pub name: String,
    pub ty: SqlType,
    pub default: Option<Expr>,
}

/// Reads a batch.
///
/// # Errors
/// What is wrong with it and the line.
pub(super) fn read(text: &str, product: Product) -> Result<Vec<Placed>, (Problem, u32)> {
    if text.len() > MAX_TEXT {
        return Err((Problem::TooDeep, 1));
    }
    reader::Reader::new(text, product)?.batch()
}
