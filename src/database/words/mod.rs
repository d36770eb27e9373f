//! What the products say when something goes wrong, in their own numbers and languages.

mod mssql;
mod mysql;
mod oracle;
mod postgres;

pub(super) use mssql::{changed_database, changed_language, configured};

use super::catalog::Product;
use super::problem::Problem;
use super::{Language, Message};

/// Number, class, state, SQLSTATE and text of a problem.
struct Words {
    number: u32,
    class: u8,
    state: u8,
    sqlstate: &'static str,
    text: String,
    detail: String,
    hint: String,
}

fn words(number: u32, class: u8, state: u8, sqlstate: &'static str, text: impl Into<String>) -> Words {
    let (detail, hint) = (String::new(), String::new());
    Words { number, class, state, sqlstate, text: text.into(), detail, hint }
}

/// A problem as a product says it.
pub(super) fn message(problem: &Problem, product: Product, language: Language, line: u32) -> Message {
    let said = match product {
        Product::SqlServer => mssql::words_of(problem, language),
        Product::MySql => mysql::words_of(problem),
        Product::Oracle => oracle::words_of(problem, language),
        Product::Postgres => postgres::words_of(problem),
    };
    let line = match problem {
        Problem::Said(said) => said.position,
        _ if product == Product::Postgres => 0,
        _ => line,
    };
    Message {
        number: said.number,
        class: said.class,
        state: said.state,
        sqlstate: said.sqlstate.to_owned(),
        line,
        procedure: String::new(),
        text: said.text,
        detail: said.detail,
        hint: said.hint,
    }
}

/// The last part of a name that the engine knows by its place.
fn last(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}
