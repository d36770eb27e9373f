//! A batch as steps: what the parser of statements does not know of scripts is read here.

mod reader;

use sqlparser::ast::{Expr, Statement};

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
    /// `RETURN`.
    Return,
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
